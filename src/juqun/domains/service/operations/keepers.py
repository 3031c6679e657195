"""Who may take customers: near, active, with the customer-contact feature, and not refused by WeCom before."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Count

from juqun.domains.groups import queries as groups
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.domains.org.types import PolicyKey, Role, StaffView
from juqun.domains.service import rules
from juqun.domains.service.errors import KeeperUnfitError
from juqun.domains.service.models import Handover, HandoverItem, KeeperFault
from juqun.domains.service.rules import Candidate
from juqun.domains.service.types import ItemKind, ItemState
from juqun.kernel import clock
from juqun.kernel.scope import DataScope

GROUPS_CAP = 1_000_000  # WeCom knows no bound for the groups of one owner, only for the groups of a day
FULL_ERRCODE = 40099
FULL_FOR = timedelta(days=1)
UNFIT_FOR = timedelta(days=7)
COMING = (ItemState.PLANNED, ItemState.REQUESTED, ItemState.WAITING, ItemState.BLOCKED)


def may_keep(person: StaffView) -> bool:
    """Whether somebody's role talks to customers, and they are there."""
    return person.is_active and person.role != Role.CASHIER


def check_keeper(*, staff_id: int, giver_id: int) -> StaffView:
    """The member of staff whom a person chose as keeper. Raises KeeperUnfitError and StaffNotFoundError of org."""
    person = org.get_staff(scope=DataScope.whole_chain(), staff_id=staff_id)
    if not may_keep(person) or person.id == giver_id:
        raise KeeperUnfitError(name=person.name)
    return person


def find_candidates(handover: Handover, follow_userids: Iterable[str]) -> list[tuple[int, int]]:
    """[(staff id, tiers up)] of those who may take what a hand-over gives: the wanted ones, else by nearness."""
    able = set(follow_userids)
    if handover.wanted_keepers:
        people = [
            (0, org.get_staff(scope=DataScope.whole_chain(), staff_id=staff_id)) for staff_id in handover.wanted_keepers
        ]
    else:
        people = org.list_staff_upwards(node_id=handover.node_id)
    return [
        (one.id, tiers) for tiers, one in people if may_keep(one) and one.id != handover.giver_id and one.userid in able
    ]


def candidates_now(handover: Handover, *, kind: ItemKind, at: datetime) -> list[Candidate]:
    """The candidates of a hand-over with their present loads, without those whom WeCom refuses at the moment."""
    tiers: dict[int, int] = dict(handover.candidates)
    refused = KeeperFault.objects.filter(staff_id__in=list(tiers), until__gt=at)
    if kind is ItemKind.GROUP:
        refused = refused.exclude(errcode=FULL_ERRCODE)
    unfit = set(refused.values_list("staff_id", flat=True))
    people = org.get_staff_by_ids(ids=[*tiers, handover.giver_id])
    ids = [staff_id for staff_id in tiers if staff_id not in unfit and people[staff_id].is_active]
    loads = rules.loads_with_plans(_loads(kind, ids), _planned(kind, ids))
    return [
        Candidate(
            staff_id=staff_id,
            tiers=tiers[staff_id],
            load=loads[staff_id],
            has_same_role=people[staff_id].role == people[handover.giver_id].role,
        )
        for staff_id in ids
    ]


def _loads(kind: ItemKind, staff_ids: Sequence[int]) -> dict[int, int]:
    if kind is ItemKind.GROUP:
        return groups.count_owned_groups(staff_ids=staff_ids)
    return members.count_customers(staff_ids=staff_ids)


def _planned(kind: ItemKind, staff_ids: Sequence[int]) -> dict[int, int]:
    coming = HandoverItem.unscoped.filter(keeper_id__in=list(staff_ids), kind=kind, state__in=COMING)
    return dict(coming.values_list("keeper_id").annotate(number=Count("pk")).order_by())


def cap_of(handover: Handover, kind: ItemKind) -> int:
    """How many customers (or groups) one keeper may come to have."""
    if kind is ItemKind.GROUP:
        return GROUPS_CAP
    return org.get_policy(node_id=handover.node_id, key=PolicyKey.CUSTOMERS_PER_KEEPER).value


def remember_fault(*, staff_id: int, errcode: int) -> None:
    """Propose somebody no more for a while: a day when they are full, a week when WeCom does not accept them."""
    until = clock.now() + (FULL_FOR if errcode == FULL_ERRCODE else UNFIT_FOR)
    KeeperFault.objects.update_or_create(staff_id=staff_id, defaults={"errcode": errcode, "until": until})
