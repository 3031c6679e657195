"""Queue entry points of the organisation: the address book is read as a whole, for callbacks that never came."""

from collections.abc import Sequence

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomError
from juqun.channels.wecom.types import FindingKind, SyncFinding, SyncMode, SyncShard, SyncStep, SyncTaken
from juqun.domains.org import operations
from juqun.kernel import clock
from juqun.kernel.jobs import Request, enqueue_requests, job

ONE_SHARD = 1_000_000  # somebody may move from one department to another: who is missing shows only at the end of all
BEHIND_OTHER_CALLS = -10


def ask_plan(*, run_id: int) -> None:
    """Ask for a run to be planned, or to go on where it stands."""
    enqueue_requests(plan_staff, [Request(kwargs={"run_id": run_id}, dedupe_key=f"org.plan:{run_id}")])


@job(queue="send", atomic=False, lease_seconds=120)
def plan_staff(*, run_id: int) -> None:
    """Plan a run: all departments, one call each."""
    if wecom.needs_plan(run_id=run_id):
        with wecom.failing_run(run_id=run_id):
            departments = [str(one) for one in wecom.list_department_ids()]
            wecom.plan_sync(run_id=run_id, subjects=departments, most=ONE_SHARD, least_shards=1, calls=1)
    _ask_walks(wecom.list_open_shards(run_id=run_id))


def _ask_walks(shard_ids: Sequence[int]) -> None:
    requests = [
        Request(kwargs={"shard_id": one}, dedupe_key=f"org.walk:{one}", priority=BEHIND_OTHER_CALLS)
        for one in shard_ids
    ]
    enqueue_requests(walk_staff, requests)


@job(queue="send", atomic=False, lease_seconds=120)
def walk_staff(*, shard_id: int) -> None:
    """Walk on with one shard for some seconds."""
    _ask_walks(wecom.walk_shard(shard_id=shard_id, next_step=_next_step))


def _next_step(shard: SyncShard) -> SyncStep:
    return _settle(shard) if shard.is_read else _read(shard)


def _read(shard: SyncShard) -> SyncStep:
    at, position = clock.now(), int(shard.cursor or 0)
    department = shard.subjects[position]
    is_read = position + 1 == len(shard.subjects)
    findings: tuple[SyncFinding, ...] = ()
    userids: list[str] = []
    try:
        userids = [user.userid for user in wecom.list_department_users(department_id=int(department))]
    except WecomError as error:
        code = wecom.refusal_code(error)
        if code is None:
            raise
        findings = (SyncFinding(kind=FindingKind.REFUSED, subject=department, code=code),)
    return SyncStep(
        apply=lambda: operations.take_up_staff(userids=userids, at=at, findings=findings),
        cursor=str(position + 1),
        is_read=is_read,
        is_done=is_read and shard.mode is SyncMode.TAKE_UP,
        reached=position + 1,
    )


def _settle(shard: SyncShard) -> SyncStep:
    """Ask about the next one who was in no department; what the app may not see stays as it is and is noted."""
    missing = operations.missing_staff(seen=wecom.read_seen(shard_id=shard.id))
    userid = next((one for one in missing if one > shard.settled), None)
    if userid is None:
        return SyncStep(apply=SyncTaken, is_read=True, is_done=True, is_page=False, calls=0)
    at = clock.now()
    try:
        is_employed = wecom.is_employed(userid=userid)
    except WecomError as error:
        code = wecom.refusal_code(error)
        if code is None:
            raise
        found = SyncFinding(kind=FindingKind.REFUSED, subject=userid, code=code)
        return _settled(shard, userid, SyncTaken(findings=(found,)))
    if is_employed:
        return _settled(shard, userid, SyncTaken())
    return SyncStep(
        apply=lambda: operations.end_missing_staff(userid=userid, at=at),
        is_read=True,
        settled=userid,
        is_page=False,
        reached=len(shard.subjects),
    )


def _settled(shard: SyncShard, userid: str, taken: SyncTaken) -> SyncStep:
    return SyncStep(apply=lambda: taken, is_read=True, settled=userid, is_page=False, reached=len(shard.subjects))
