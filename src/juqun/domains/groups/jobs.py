"""Queue entry points of the groups room."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomError
from juqun.channels.wecom.types import FindingKind, SyncFinding, SyncShard, SyncStep, SyncTaken
from juqun.domains.groups import operations, queries
from juqun.kernel import clock
from juqun.kernel.jobs import Request, RetryLater, enqueue, enqueue_many, enqueue_requests, job
from juqun.kernel.secrets import mask

SECOND_LOOK = timedelta(seconds=60)  # the channel's details may lag behind its own callback
BUSY_SECONDS = 2
BATCH = 1000
CHATS_PER_SHARD = 100
BEHIND_OTHER_CALLS = -10


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


def ask_plan(*, run_id: int) -> None:
    """Ask for a reading of all groups to be cut into shards, or to go on where it stands."""
    enqueue_requests(plan_chats, [Request(kwargs={"run_id": run_id}, dedupe_key=f"groups.plan:{run_id}")])


@job(queue="send", atomic=False, lease_seconds=300)
def plan_chats(*, run_id: int) -> None:
    """Cut a run into shards of chats: those the channel lists, and those of ours that it does not, to see what became of them."""
    if wecom.needs_plan(run_id=run_id):
        with wecom.failing_run(run_id=run_id):
            listed = list(dict.fromkeys(wecom.iter_group_chat_ids()))
            known = set(listed)
            missing = [chat_id for chat_id in queries.open_chat_ids() if chat_id not in known]
            calls = max(1, -(-len(listed) // BATCH))
            wecom.plan_sync(run_id=run_id, subjects=[*listed, *missing], most=CHATS_PER_SHARD, calls=calls)
    _ask_walks(wecom.list_open_shards(run_id=run_id))


def _ask_walks(shard_ids: Sequence[int]) -> None:
    requests = [
        Request(kwargs={"shard_id": one}, dedupe_key=f"groups.walk:{one}", priority=BEHIND_OTHER_CALLS)
        for one in shard_ids
    ]
    enqueue_requests(walk_chats, requests)


@job(queue="send", atomic=False, lease_seconds=120)
def walk_chats(*, shard_id: int) -> None:
    """Walk on with one shard for some seconds: one chat, one call."""
    _ask_walks(wecom.walk_shard(shard_id=shard_id, next_step=_next_step))


def ask_welcome(welcome_id: int) -> None:
    """Ask for a group welcome to be written; requests that wait for the same one are one."""
    enqueue(apply_group_welcome, dedupe_key=f"groups.welcome:{welcome_id}", welcome_id=welcome_id)


def _next_step(shard: SyncShard) -> SyncStep:
    position, at = int(shard.cursor or 0), clock.now()
    chat_id = shard.subjects[position]
    is_done = position + 1 >= len(shard.subjects)
    taken: SyncTaken | None = None
    reading: operations.ChatReading | None = None
    try:
        reading = operations.read_chat(chat_id=chat_id)
    except WecomError as error:
        code = wecom.refusal_code(error)
        if code is None:
            raise
        found = SyncFinding(kind=FindingKind.REFUSED, subject=mask(chat_id), code=code)
        taken = SyncTaken(checked=1, findings=(found,))

    def apply() -> SyncTaken:
        stored = operations.reconcile_chat(reading=reading, at=at) if reading is not None else taken
        if stored is None:
            raise RetryLater(BUSY_SECONDS)
        return stored

    return SyncStep(apply=apply, cursor=str(position + 1), is_read=is_done, is_done=is_done, reached=position + 1)
