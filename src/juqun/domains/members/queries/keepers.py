"""Who keeps whom: the customers of one member of staff, and how many each has. Look-ups of the system, without a scope."""

from collections.abc import Iterable, Sequence

from django.db.models import Count

from juqun.domains.members.models import FriendLink, Member
from juqun.domains.members.queries.lookups import chunked, resolve_member_ids
from juqun.domains.members.types import KeptCustomer
from juqun.kernel.secrets import unseal


def list_customers_of(*, staff_id: int, member_ids: Iterable[int] | None = None) -> list[KeptCustomer]:
    """The members with whom somebody is friends, then those whose guide they are without being friends, by id.

    `member_ids`: only these (absorbed ids stand for the kept member). (System look-up.)
    """
    wanted = None if member_ids is None else set(resolve_member_ids(member_ids=member_ids).values())
    links = FriendLink.objects.filter(staff_id=staff_id, lost_at__isnull=True).order_by("member_id", "pk")
    rows = [
        (link_id, member_id, sealed)
        for link_id, member_id, sealed in links.values_list("pk", "member_id", "identity__sealed")
        if wanted is None or member_id in wanted
    ]
    friends = {member_id for _link_id, member_id, _sealed in rows}
    guided = Member.unscoped.filter(staff_id=staff_id, absorbed_into__isnull=True, erased_at__isnull=True)
    alone = [
        pk
        for pk in guided.order_by("pk").values_list("pk", flat=True)
        if pk not in friends and (wanted is None or pk in wanted)
    ]
    others = _other_friends(staff_id, [*friends, *alone])
    return [
        KeptCustomer(
            member_id=member_id,
            link_id=link_id,
            external_userid=unseal(sealed),
            other_staff_ids=tuple(others.get(member_id, ())),
        )
        for link_id, member_id, sealed in rows
    ] + [
        KeptCustomer(member_id=pk, link_id=None, external_userid="", other_staff_ids=tuple(others.get(pk, ())))
        for pk in alone
    ]


def _other_friends(staff_id: int, member_ids: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for part in chunked(member_ids):
        rows = FriendLink.objects.filter(member_id__in=part, lost_at__isnull=True, staff__is_active=True)
        rows = rows.exclude(staff_id=staff_id).order_by("member_id", "-added_at", "-pk")
        for member_id, other_id in rows.values_list("member_id", "staff_id"):
            if other_id not in found.setdefault(member_id, []):
                found[member_id].append(other_id)
    return found


def link_external_userids(*, link_ids: Sequence[int]) -> dict[int, str]:
    """The WeCom id of the customer of each friendship; those that are gone are left out. (System look-up.)"""
    found: dict[int, str] = {}
    for part in chunked(link_ids):
        rows = FriendLink.objects.filter(pk__in=part).values_list("pk", "identity__sealed")
        found.update({pk: unseal(sealed) for pk, sealed in rows})
    return found


def count_customers(*, staff_ids: Iterable[int]) -> dict[int, int]:
    """How many active friendships each member of staff has. (System look-up.)"""
    given = dict.fromkeys(staff_ids, 0)
    rows = FriendLink.objects.filter(staff_id__in=list(given), lost_at__isnull=True)
    return {**given, **dict(rows.values_list("staff_id").annotate(number=Count("pk")).order_by())}


def member_names(*, member_ids: Iterable[int]) -> dict[int, str]:
    """What members are called: their name, or their public id. (System look-up; ask for ids in the reader's scope only.)"""
    found: dict[int, str] = {}
    for part in chunked(list(set(member_ids))):
        rows = Member.unscoped.filter(pk__in=part).values_list("pk", "display_name", "public_id")
        found.update({pk: name or public_id for pk, name, public_id in rows})
    return found
