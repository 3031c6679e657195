"""What the organisation does about news from WeCom."""

from juqun.channels.wecom.events import StaffUserJoined, StaffUserLeft, SyncAsked
from juqun.channels.wecom.types import SyncKind
from juqun.domains.org import jobs, operations, queries


def on_staff_user_joined(event: StaffUserJoined) -> None:
    """Take up again who left and is in the company's address book anew; newcomers are entered with their place by people."""
    person = queries.get_staff_by_userid(userid=event.userid)
    if person is not None:
        operations.staff_returned(staff_id=person.id, at=event.at)


def on_staff_user_left(event: StaffUserLeft) -> None:
    """Close the entry and the login of somebody who was deleted from the company's address book."""
    person = queries.get_staff_by_userid(userid=event.userid)
    if person is not None:
        operations.staff_left(staff_id=person.id, at=event.at, by_wecom=True)


def on_sync_asked(event: SyncAsked) -> None:
    """The whole address book is to be read."""
    if event.kind == SyncKind.STAFF:
        jobs.ask_plan(run_id=event.run_id)
