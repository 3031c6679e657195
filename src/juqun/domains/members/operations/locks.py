"""Taking hold of members: the kept row behind an id, locked."""

from collections.abc import Iterable

from juqun.domains.members.errors import ConcurrentIdentifyError, MemberErasedError, MemberNotFoundError
from juqun.domains.members.models import Member
from juqun.domains.members.queries.lookups import resolve_member_ids

TRIES = 5


def lock_member(member_id: int) -> Member:
    """Lock the member that is kept behind `member_id`, in the caller's transaction.

    Raises MemberNotFoundError, MemberErasedError, and ConcurrentIdentifyError when merges keep overtaking.
    """
    for _try in range(TRIES):
        kept = resolve_member_ids(member_ids=[member_id])[member_id]
        row = Member.unscoped.select_for_update().filter(pk=kept).first()
        if row is None:
            raise MemberNotFoundError(member=str(member_id))
        if row.erased_at is not None:
            raise MemberErasedError(member_id=row.pk)
        if row.absorbed_into_id is None:
            return row
    raise ConcurrentIdentifyError


def lock_rows(member_ids: Iterable[int]) -> dict[int, Member]:
    """Lock several rows in the order of their ids, so that two such calls cannot wait for each other."""
    rows = Member.unscoped.select_for_update().filter(pk__in=set(member_ids)).order_by("pk")
    return {row.pk: row for row in rows}
