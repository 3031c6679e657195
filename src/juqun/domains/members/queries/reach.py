"""Who of many members may be written to: consent and friendship, set-based, for the rooms above."""

from collections.abc import Iterable

from juqun.domains.members.models import Member
from juqun.domains.members.queries.lookups import chunked, resolve_member_ids
from juqun.domains.members.types import ConsentPurpose

_CONSENT_FIELDS = {
    ConsentPurpose.MARKETING: "consent_marketing",
    ConsentPurpose.PROFILING: "consent_profiling",
}


def list_consenting_ids(*, member_ids: Iterable[int], purpose: ConsentPurpose) -> set[int]:
    """Those of the given ids whose member (the kept one behind an absorbed id) agrees to `purpose`. (System look-up.)"""
    return _with_flag(member_ids, _CONSENT_FIELDS[ConsentPurpose(purpose)])


def list_friend_ids(*, member_ids: Iterable[int]) -> set[int]:
    """Those of the given ids who are friends of anybody, also of staff who have left since. (System look-up.)"""
    return _with_flag(member_ids, "is_friend")


def _with_flag(member_ids: Iterable[int], field: str) -> set[int]:
    resolved = resolve_member_ids(member_ids=member_ids)
    holding: set[int] = set()
    for part in chunked(sorted(set(resolved.values()))):
        rows = Member.unscoped.filter(pk__in=part, erased_at__isnull=True, **{field: True})
        holding.update(rows.values_list("pk", flat=True))
    return {given for given, kept in resolved.items() if kept in holding}
