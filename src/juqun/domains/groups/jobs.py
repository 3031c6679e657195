"""Queue entry points of the groups room."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from juqun.channels.wecom import operations as wecom
from juqun.domains.groups import operations, queries
from juqun.kernel import clock
from juqun.kernel.jobs import RetryLater, enqueue, enqueue_many, job

SECOND_LOOK = timedelta(seconds=60)  # the channel's details may lag behind its own callback
BUSY_SECONDS = 2
BATCH = 1000


def ask_sync(*, chat_id: str, at: datetime, version: str = "", is_second_look: bool = False) -> None:
    """Ask for a chat to be read; requests that wait for the same chat are one.

    ``version`` is the version after the change that was told of; a reading that shows another is repeated once later.
    """
    enqueue(
        sync_group_chat,
        dedupe_key=f"groups.sync{2 if is_second_look else ''}:{chat_id}",
        run_at=at + SECOND_LOOK if is_second_look else None,
        chat_id=chat_id,
        at=at.isoformat(),
        version=version,
        is_second_look=is_second_look,
    )


@job(queue="send", atomic=False, lease_seconds=60)
def sync_group_chat(*, chat_id: str, at: str, version: str = "", is_second_look: bool = False) -> None:
    result = operations.sync_group(chat_id=chat_id, at=datetime.fromisoformat(at))
    is_behind = bool(version) and result.member_version != version and not result.is_stale
    if is_behind and not is_second_look and result.group_id is not None:
        ask_sync(chat_id=chat_id, at=clock.now(), is_second_look=True)


@job(queue="send", atomic=False, lease_seconds=60)
def apply_entry(*, entry_id: int) -> None:
    if not operations.apply_entry(entry_id=entry_id):
        raise RetryLater(BUSY_SECONDS)


@job(queue="send", atomic=False, lease_seconds=60)
def compare_entry(*, entry_id: int) -> None:
    """Read one join way back and compare it with what is wanted."""
    if not operations.apply_entry(entry_id=entry_id, is_check=True):
        raise RetryLater(BUSY_SECONDS)


@job(queue="send", atomic=False, lease_seconds=60)
def apply_group_welcome(*, welcome_id: int, is_check: bool = False) -> None:
    """Make one template of WeCom's library equal to its kind's welcome, or compare it."""
    if not operations.apply_group_welcome(welcome_id=welcome_id, is_check=is_check):
        raise RetryLater(BUSY_SECONDS)


@job(queue="bulk")
def compare_entries() -> None:
    """Ask for every join way and group welcome to be read back: neither a hand edit nor WeCom's own next group calls back."""
    welcome_ids = queries.list_welcome_ids()
    enqueue_many(
        apply_group_welcome,
        [{"welcome_id": one, "is_check": True} for one in welcome_ids],
        dedupe_keys=[f"groups.compare_welcome:{one}" for one in welcome_ids],
    )
    ids = queries.list_written_entry_ids()
    enqueue_many(
        compare_entry,
        [{"entry_id": entry_id} for entry_id in ids],
        dedupe_keys=[f"groups.compare:{entry_id}" for entry_id in ids],
    )


@job(queue="send", atomic=False, lease_seconds=60)
def ask_for_next_group(*, planned_group_id: int) -> None:
    """Tell the owner in WeCom which group to create; twice is a nuisance, never would be worse."""
    found = queries.get_planned_group(planned_group_id=planned_group_id)
    if found is None:
        return
    planned, owner_userid = found
    wecom.send_staff_notice(
        userids=[owner_userid],
        title=_("Please create the next group"),
        description=_("Please create a customer group named %(name)s in WeCom; customers are led to it at once.")
        % {"name": planned.name},
        url=f"{settings.PUBLIC_URL}/console/",
    )


@job(queue="bulk")
def refresh_states() -> None:
    operations.refresh_states(now=clock.now())


@job(queue="bulk", atomic=False)
def reconcile_entries() -> None:
    """Plan every way in again, and write those and the group welcomes that the channel has not taken yet."""
    at = clock.now()
    for entry_id in queries.entry_ids():
        operations.reconcile_entry(entry_id=entry_id, at=at)
    for welcome_id in queries.list_unwritten_welcome_ids():
        ask_welcome(welcome_id)


@job(queue="send", atomic=False, lease_seconds=120)
def read_all_chats() -> None:
    """Ask for the reading of every chat that the channel knows: what callbacks were lost is found here."""
    at = clock.now()
    batch: list[str] = []
    for chat_id in wecom.iter_group_chat_ids():
        batch.append(chat_id)
        if len(batch) == BATCH:
            _ask_many(batch, at)
            batch = []
    _ask_many(batch, at)


def ask_welcome(welcome_id: int) -> None:
    """Ask for a group welcome to be written; requests that wait for the same one are one."""
    enqueue(apply_group_welcome, dedupe_key=f"groups.welcome:{welcome_id}", welcome_id=welcome_id)


def _ask_many(chat_ids: list[str], at: datetime) -> None:
    enqueue_many(
        sync_group_chat,
        [{"chat_id": chat_id, "at": at.isoformat(), "is_second_look": True} for chat_id in chat_ids],
        dedupe_keys=[f"groups.sync:{chat_id}" for chat_id in chat_ids],
    )
