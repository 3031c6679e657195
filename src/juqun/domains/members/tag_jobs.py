"""Queue entry points for WeCom's corp tags; apart from `jobs`, because handlers ask for these."""

from juqun.channels.wecom.errors import WecomBusyError
from juqun.domains.members import operations, queries
from juqun.domains.members.errors import ManagedTagGoneError
from juqun.kernel import clock
from juqun.kernel.jobs import RetryLater, enqueue, enqueue_many, job

LINKS_PER_JOB = 5_000


@job(queue="send", atomic=False, lease_seconds=60)
def apply_corp_tag(*, tag_id: int) -> None:
    """Write one managed tag."""
    operations.apply_corp_tag(tag_id=tag_id)


@job(queue="send", atomic=False, lease_seconds=60)
def read_corp_tags() -> None:
    """Read WeCom's tags and follow them."""
    operations.read_corp_tags(at=clock.now())


@job(queue="send", atomic=False, lease_seconds=120)
def push_marks(*, staff_id: int) -> None:
    """Push a hundred friends' marks, then stand in line again, so that one busy member of staff holds up nobody."""
    try:
        is_waiting = operations.push_marks(staff_id=staff_id)
    except WecomBusyError as busy:
        raise RetryLater(busy.seconds) from busy
    except ManagedTagGoneError:
        enqueue(read_corp_tags, dedupe_key="members.read_corp_tags")
        return
    if is_waiting:
        ask_push([staff_id])


@job(queue="bulk")
def plan_marks(*, after_link_id: int = 0) -> None:
    """Plan all friendships part by part: what an import or a merge changed is found here; then push what waits."""
    last = operations.plan_part(after_link_id=after_link_id, count=LINKS_PER_JOB)
    if last is None:
        ask_push(queries.list_waiting_staff_ids())
    else:
        enqueue(plan_marks, after_link_id=last)


@job(queue="bulk")
def reconcile_tags() -> None:
    """Ask again for tags and marks that WeCom has not taken: a job may have died in a long outage."""
    ids = queries.list_unwritten_tag_ids()
    enqueue_many(
        apply_corp_tag, [{"tag_id": one} for one in ids], dedupe_keys=[f"members.corp_tag:{one}" for one in ids]
    )
    ask_push(queries.list_waiting_staff_ids())


@job(queue="bulk")
def compare_tags() -> None:
    """The night's round: read WeCom's tags, and plan every friendship anew."""
    enqueue(read_corp_tags, dedupe_key="members.read_corp_tags")
    if queries.has_managed_tags():
        enqueue(plan_marks, dedupe_key="members.plan_marks")


def ask_push(staff_ids: list[int]) -> None:
    """Ask for the waiting marks of some staff to be pushed; requests that wait for the same person are one."""
    enqueue_many(
        push_marks,
        [{"staff_id": one} for one in staff_ids],
        dedupe_keys=[f"members.marks:{one}" for one in staff_ids],
    )
