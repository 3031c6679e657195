"""Queue entry points of the members room: what WeCom's callbacks did not bring is found by reading all friends of all staff.

WeCom repeats a callback for some seconds only; whoever added a member of staff while this server was away would otherwise
stay unknown for ever, and whoever left would stay a friend.
"""

from collections.abc import Sequence

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomError
from juqun.channels.wecom.types import FindingKind, SyncFinding, SyncMode, SyncShard, SyncStep, SyncTaken
from juqun.domains.members import operations, queries, rules
from juqun.domains.members.tag_jobs import (
    apply_corp_tag,
    ask_push,
    compare_tags,
    plan_marks,
    read_corp_tags,
    reconcile_tags,
)
from juqun.kernel import clock
from juqun.kernel.jobs import Request, enqueue_requests, job

__all__ = [
    "apply_corp_tag",
    "ask_plan",
    "ask_push",
    "compare_tags",
    "plan_contacts",
    "plan_marks",
    "read_corp_tags",
    "reconcile_tags",
    "walk_contacts",
]

USERIDS_PER_SHARD = 100
ENDED_AT_ONCE = 200
BEHIND_OTHER_CALLS = -10
NOT_LISTED = "not_listed"


def ask_plan(*, run_id: int) -> None:
    """Ask for a run to be cut into shards, or to go on where it stands."""
    enqueue_requests(plan_contacts, [Request(kwargs={"run_id": run_id}, dedupe_key=f"members.plan:{run_id}")])


@job(queue="send", atomic=False, lease_seconds=120)
def plan_contacts(*, run_id: int) -> None:
    """Cut a run into shards: every member of staff with customer contact, up to 100 to a shard so that pages are full."""
    if wecom.needs_plan(run_id=run_id):
        with wecom.failing_run(run_id=run_id):
            userids = wecom.list_follow_userids()
            wecom.plan_sync(
                run_id=run_id, subjects=userids, most=USERIDS_PER_SHARD, calls=1, findings=_left_out(userids)
            )
    _ask_walks(wecom.list_open_shards(run_id=run_id))


def _left_out(userids: Sequence[str]) -> list[SyncFinding]:
    """Staff whose friends nobody can compare: WeCom does not list them among those with customer contact."""
    missing = sorted(set(queries.list_befriended_userids()) - set(userids))
    return [SyncFinding(kind=FindingKind.REFUSED, subject=userid, code=NOT_LISTED) for userid in missing]


def _ask_walks(shard_ids: Sequence[int]) -> None:
    enqueue_requests(
        walk_contacts,
        [
            Request(kwargs={"shard_id": one}, dedupe_key=f"members.walk:{one}", priority=BEHIND_OTHER_CALLS)
            for one in shard_ids
        ],
    )


@job(queue="send", atomic=False, lease_seconds=120)
def walk_contacts(*, shard_id: int) -> None:
    """Walk on with one shard for some seconds."""
    _ask_walks(wecom.walk_shard(shard_id=shard_id, next_step=_ContactWalk().next_step))


class _ContactWalk:
    """The steps of one shard: its pages one after the other, then each member of staff whose friends were not all seen."""

    def __init__(self) -> None:
        self._doubted: dict[str, list[operations.DoubtedFriend]] | None = None

    def next_step(self, shard: SyncShard) -> SyncStep:
        """Do the calls of the next step. Raises the WecomError tree."""
        return self._settle(shard) if shard.is_read else self._read(shard)

    def _read(self, shard: SyncShard) -> SyncStep:
        read_at = clock.wall()
        page = wecom.get_contact_page(userids=shard.subjects, cursor=shard.cursor)
        is_read = not page.next_cursor

        def apply() -> SyncTaken:
            taken = operations.take_up_contacts(contacts=page.contacts)
            operations.take_contact_marks(contacts=page.contacts, read_at=read_at)
            return taken

        return SyncStep(
            apply=apply,
            cursor=page.next_cursor,
            is_read=is_read,
            is_done=is_read and shard.mode is SyncMode.TAKE_UP,
            reached=page.reached,
        )

    def _settle(self, shard: SyncShard) -> SyncStep:
        if self._doubted is None:
            seen = wecom.read_seen(shard_id=shard.id)
            self._doubted = operations.doubted_friends(userids=shard.subjects, seen=seen)
        userid = next((one for one in self._doubted if one > shard.settled), None)
        if userid is None:
            return SyncStep(apply=SyncTaken, is_read=True, is_done=True, is_page=False, calls=0)
        return self._verify(userid, self._doubted[userid], shard)

    def _verify(self, userid: str, doubted: list[operations.DoubtedFriend], shard: SyncShard) -> SyncStep:
        """Rows may have moved from page to page while these were read, so WeCom is asked once more before anything ends."""
        at = clock.now().replace(microsecond=0) - rules.A_MOMENT
        calls = 1
        try:
            listed = wecom.list_contact_ids(userid=userid)
            if not listed:
                calls += 1
                if userid not in wecom.list_follow_userids():
                    return self._set_aside(userid, NOT_LISTED, shard, calls)
        except WecomError as error:
            code = wecom.refusal_code(error)
            if code is None:
                raise
            return self._set_aside(userid, code, shard, calls)
        batch, rest = doubted[:ENDED_AT_ONCE], doubted[ENDED_AT_ONCE:]
        doubted[:] = rest
        return SyncStep(
            apply=lambda: operations.end_missing_friends(doubted=batch, listed=listed, userid=userid, at=at),
            is_read=True,
            settled=shard.settled if rest else userid,
            is_page=False,
            reached=len(shard.subjects),
            calls=calls,
        )

    @staticmethod
    def _set_aside(userid: str, code: str, shard: SyncShard, calls: int) -> SyncStep:
        found = SyncFinding(kind=FindingKind.REFUSED, subject=userid, code=code)
        return SyncStep(
            apply=lambda: SyncTaken(findings=(found,)),
            is_read=True,
            settled=userid,
            is_page=False,
            reached=len(shard.subjects),
            calls=calls,
        )
