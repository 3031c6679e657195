"""Look-ups of the system: set-based, without a scope; never hand their answers to people unfiltered."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from juqun.domains.members import rules
from juqun.domains.members.models import ErasedContact, FriendLink, Member, MemberIdentity
from juqun.domains.members.types import FriendView, IdentityKind, TakenUpFriend
from juqun.kernel.secrets import keyed_hashes, unseal

CHUNK = 10_000  # values named in one statement; SQLite allows 32,766

Value = TypeVar("Value")


def chunked(values: Sequence[Value], size: int = CHUNK) -> Iterator[Sequence[Value]]:
    """Consecutive parts of a sequence."""
    return (values[start : start + size] for start in range(0, len(values), size))


def find_member_id(*, kind: IdentityKind, value: str) -> int | None:
    """The member known by an identity, or None (also for a value that cannot be one). (System look-up.)"""
    return find_member_ids(kind=kind, values=[value]).get(value)


def find_member_ids(*, kind: IdentityKind, values: Iterable[str]) -> dict[str, int]:
    """Member ids by the values as given; unknown and impossible ones are left out. (System look-up, set-based.)"""
    kind = IdentityKind(kind)
    normal: dict[str, str] = {}
    for value in set(values):
        try:
            normal[value] = rules.normalise(kind, value)
        except ValueError:
            continue
    hashes = dict(zip(normal, keyed_hashes(kind, normal.values()), strict=True))
    known: dict[bytes, int] = {}
    for part in chunked(list(set(hashes.values()))):
        rows = MemberIdentity.objects.filter(kind=kind, hash__in=part).values_list("hash", "member_id")
        known.update({bytes(found): member_id for found, member_id in rows})
    return {value: known[found] for value, found in hashes.items() if found in known}


def resolve_member_ids(*, member_ids: Iterable[int]) -> dict[int, int]:
    """The kept member behind each id: itself, or the one that absorbed it (over any number of merges). (System look-up.)"""
    given = list(dict.fromkeys(member_ids))
    absorbed_into: dict[int, int] = {}
    asked: set[int] = set()
    open_ids = given
    while open_ids:
        asked.update(open_ids)
        for part in chunked(open_ids):
            rows = Member.unscoped.filter(pk__in=part, absorbed_into__isnull=False).values_list(
                "pk", "absorbed_into_id"
            )
            absorbed_into.update(dict(rows))
        open_ids = [at for at in set(absorbed_into.values()) if at not in asked]
    return rules.resolve_aliases(given, absorbed_into)


def list_friend_links(*, member_ids: Sequence[int]) -> list[FriendView]:
    """Active friendships of some members with staff who are still there, by member, most recent first. (System look-up.)"""
    resolved = resolve_member_ids(member_ids=member_ids)
    asked_as: dict[int, list[int]] = {}
    for given, kept in resolved.items():
        asked_as.setdefault(kept, []).append(given)
    found: dict[int, list[FriendView]] = {}
    for part in chunked(list(asked_as)):
        rows = FriendLink.objects.filter(member_id__in=part, lost_at__isnull=True, staff__is_active=True).order_by(
            "member_id", "-added_at", "-pk"
        )
        for member_id, staff_id, userid, sealed in rows.values_list(
            "member_id", "staff_id", "staff__userid", "identity__sealed"
        ):
            external_userid = unseal(sealed)
            for given in asked_as[member_id]:
                found.setdefault(given, []).append(
                    FriendView(member_id=given, staff_id=staff_id, userid=userid, external_userid=external_userid)
                )
    return [view for given in resolved for view in found.get(given, [])]


def list_befriended_userids() -> list[str]:
    """The userids of staff who are there and have active friendships. (System look-up.)"""
    rows = FriendLink.objects.filter(lost_at__isnull=True, staff__is_active=True)
    return list(rows.values_list("staff__userid", flat=True).distinct())


def list_taken_up(*, friends: str) -> list[TakenUpFriend]:
    """The friendships that a FriendsTakenUp tells of (its `friends`); those erased meanwhile are left out. (System look-up.)"""
    told = [tuple(map(int, one.split(":"))) for one in friends.split(",") if one]
    links = FriendLink.objects.filter(pk__in=[link_id for link_id, *_facts in told])
    rows = {
        pk: (member_id, staff_id, state, sealed)
        for pk, member_id, staff_id, state, sealed in links.values_list(
            "pk", "member_id", "staff_id", "state", "identity__sealed"
        )
    }
    return [
        TakenUpFriend(
            member_id=rows[link_id][0],
            staff_id=rows[link_id][1],
            external_userid=unseal(rows[link_id][3]),
            state=rows[link_id][2],
            at=datetime.fromtimestamp(seconds, UTC),
            is_first=bool(is_first),
            is_handed_over=any(handed_over),
        )
        for link_id, seconds, is_first, *handed_over in told
        if link_id in rows
    ]


def erased_contacts(*, external_userids: Iterable[str]) -> dict[str, datetime]:
    """When the member of each WeCom id was erased; those never erased are left out. (System look-up, set-based.)"""
    kind = IdentityKind.EXTERNAL_USERID
    given = [one for one in dict.fromkeys(external_userids) if one.strip()]
    digests = keyed_hashes(kind, [rules.normalise(kind, one) for one in given])
    erased: dict[bytes, datetime] = {}
    for part in chunked(digests):
        rows = ErasedContact.objects.filter(hash__in=part).values_list("hash", "erased_at")
        erased.update({bytes(found): at for found, at in rows})
    return {one: erased[found] for one, found in zip(given, digests, strict=True) if found in erased}


def is_erased_contact(*, external_userid: str) -> bool:
    """Whether the member of this WeCom id was erased and has not come back since. (System look-up.)"""
    if find_member_id(kind=IdentityKind.EXTERNAL_USERID, value=external_userid) is not None:
        return False
    (found,) = keyed_hashes(IdentityKind.EXTERNAL_USERID, [external_userid.strip()])
    return ErasedContact.objects.filter(hash=found).exists()


def member_stores(*, member_ids: Iterable[int]) -> dict[int, int | None]:
    """The store of each member (None: not assigned yet); unknown ids are left out. (System look-up, set-based.)"""
    resolved = resolve_member_ids(member_ids=member_ids)
    stores: dict[int, int | None] = {}
    for part in chunked(list(set(resolved.values()))):
        stores.update(dict(Member.unscoped.filter(pk__in=part).values_list("pk", "store_id")))
    return {given: stores[kept] for given, kept in resolved.items() if kept in stores}
