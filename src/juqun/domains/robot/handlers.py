"""Reactions of the robot room; each is safe to repeat.

Those on the way to a waiting customer call the channel themselves (wire them with ``atomic=False`` into the queue ``now``).
"""

from juqun.channels.wecom.events import ArchiveWaiting, ContactAdded, KfMessagesWaiting
from juqun.domains.groups.events import EntryReady
from juqun.domains.growth.events import LiveCodeChanged
from juqun.domains.members.events import MemberErased
from juqun.domains.robot import jobs, operations, queries
from juqun.domains.robot.events import (
    ServiceCustomerRefused,
    ServiceCustomerSeen,
    ServiceMessageArrived,
    ServiceSendPlanned,
)
from juqun.kernel import clock
from juqun.kernel.jobs import RetryLater, enqueue


def on_contact_added(event: ContactAdded) -> None:
    if not event.welcome_code:
        return
    again = operations.send_welcome(
        userid=event.userid,
        external_userid=event.external_userid,
        state=event.state or "",
        welcome_code=event.welcome_code,
        at=event.at,
    )
    if again is not None:
        raise RetryLater(again)


def on_archive_waiting(event: ArchiveWaiting) -> None:
    """Ask for the archive to be read on; bells that wait for the same reading are one."""
    enqueue(jobs.read_archive, dedupe_key="robot.read_archive")


def on_kf_messages_waiting(event: KfMessagesWaiting) -> None:
    operations.pull_messages(open_kfid=event.open_kfid, token=event.token, at=event.at)


def on_service_message_arrived(event: ServiceMessageArrived) -> None:
    again = operations.answer_message(message_id=event.message_id)
    if again is not None:
        raise RetryLater(again)


def on_service_send_planned(event: ServiceSendPlanned) -> None:
    again = operations.send_planned(send_id=event.send_id)
    if again is not None:
        raise RetryLater(again)


def on_service_customer_seen(event: ServiceCustomerSeen) -> None:
    operations.identify_customer(session_id=event.session_id)


def on_service_customer_refused(event: ServiceCustomerRefused) -> None:
    operations.note_refusal(session_id=event.session_id)


def on_live_code_changed(event: LiveCodeChanged) -> None:
    operations.prepare_welcome(live_code_id=event.live_code_id, at=clock.now())
    jobs.ask_media(queries.list_image_hashes(live_code_id=event.live_code_id))


def on_entry_ready(event: EntryReady) -> None:
    operations.prepare_store_welcomes(store_id=event.store_id, at=clock.now())


def on_member_erased(event: MemberErased) -> None:
    operations.forget_member(member_id=event.member_id)
