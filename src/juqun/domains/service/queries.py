"""Reads of the service room. Those without a scope are look-ups of the system and say so."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from juqun.domains.groups import queries as groups
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.domains.org.types import PolicyKey
from juqun.domains.service.errors import HandoverNotFoundError
from juqun.domains.service.models import OPEN, Handover, HandoverItem
from juqun.domains.service.operations.transferring import is_due
from juqun.domains.service.types import (
    HandoverItemView,
    HandoverProgress,
    HandoverReason,
    HandoverState,
    HandoverView,
    ItemKind,
    ItemNote,
    ItemState,
    KeeperShare,
    Why,
)
from juqun.kernel.scope import DataScope

RUNNING = (HandoverState.COLLECTING, HandoverState.PROPOSED, HandoverState.RUNNING)
NOT_CANCELLED = (*RUNNING, HandoverState.DONE)


def list_handovers(
    *, scope: DataScope, state: HandoverState | None = None, limit: int | None = None, offset: int = 0
) -> list[HandoverView]:
    """Hand-overs in scope, the latest first, all or of one state."""
    rows = Handover.objects.within(scope).order_by("-created_at", "-pk")
    if state is not None:
        rows = rows.filter(state=state)
    return _views(list(rows.select_related("giver", "node")[offset : None if limit is None else offset + limit]))


def count_handovers(*, scope: DataScope) -> dict[HandoverState, int]:
    """How many hand-overs of each state lie in scope."""
    rows = Handover.objects.within(scope).order_by().values_list("state").annotate(number=Count("pk", distinct=True))
    counts = dict(rows)
    return {state: counts.get(state, 0) for state in HandoverState}


def get_handover(*, scope: DataScope, handover_id: int) -> HandoverView:
    """One hand-over in scope. Raises HandoverNotFoundError."""
    found = _views(list(Handover.objects.within(scope).select_related("giver", "node").filter(pk=handover_id)))
    if not found:
        raise HandoverNotFoundError(handover_id=handover_id)
    return found[0]


def list_items(
    *,
    scope: DataScope,
    handover_id: int,
    state: ItemState | None = None,
    keeper_id: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[HandoverItemView]:
    """Customers and groups of one hand-over, groups first; `keeper_id` 0: those without a keeper."""
    rows = HandoverItem.objects.within(scope).filter(handover_id=handover_id).order_by("-kind", "pk")
    if state is not None:
        rows = rows.filter(state=state)
    if keeper_id is not None:
        rows = rows.filter(keeper_id=keeper_id or None)
    return _item_views(list(rows.select_related("keeper")[offset : None if limit is None else offset + limit]))


def keeper_shares(*, scope: DataScope, handover_id: int) -> list[KeeperShare]:
    """What each keeper gets out of one hand-over, the most first; those without a keeper come first of all."""
    rows = list(
        HandoverItem.objects.within(scope)
        .filter(handover_id=handover_id)
        .order_by()
        .values("keeper_id", "keeper__name", "keeper__node__name")
        .annotate(
            customers=Count("pk", filter=Q(kind=ItemKind.CUSTOMER)),
            groups=Count("pk", filter=Q(kind=ItemKind.GROUP)),
            done=Count("pk", filter=Q(state=ItemState.DONE)),
        )
    )
    loads = members.count_customers(staff_ids=[row["keeper_id"] for row in rows if row["keeper_id"]])
    shares = [
        KeeperShare(
            keeper_id=row["keeper_id"],
            keeper_name=row["keeper__name"] or "",
            node_name=row["keeper__node__name"] or "",
            customers=row["customers"],
            groups=row["groups"],
            done=row["done"],
            load=loads.get(row["keeper_id"], 0),
        )
        for row in rows
    ]
    return sorted(shares, key=lambda one: (one.keeper_id is not None, -one.customers - one.groups, one.keeper_name))


def progress(*, scope: DataScope, at: datetime) -> HandoverProgress:
    """All hand-overs of a scope together; what is over stays counted."""
    counts = count_handovers(scope=scope)
    items = _items_of(scope, NOT_CANCELLED)
    states = dict(items.order_by().values_list("state").annotate(number=Count("pk", distinct=True)))
    return HandoverProgress(
        open_handovers=sum(counts[state] for state in RUNNING),
        to_decide=counts[HandoverState.PROPOSED],
        items=sum(states.values()),
        done=states.get(ItemState.DONE, 0),
        refused=states.get(ItemState.REFUSED, 0),
        unreachable=states.get(ItemState.UNREACHABLE, 0),
        keeperless=count_keeperless(scope=scope, at=at),
    )


def count_keeperless(*, scope: DataScope, at: datetime) -> int:
    """How many customers of people who left have had no keeper for longer than the policy of their node allows."""
    waiting = _keeperless(scope)
    nodes = list(waiting.order_by().values_list("handover__node_id", flat=True).distinct())
    if not nodes:
        return 0
    policies = org.get_policies(node_ids=nodes, key=PolicyKey.KEEPERLESS_DAYS)
    late = Q(pk__in=())
    for node_id, policy in policies.items():
        late |= Q(handover__node_id=node_id, handover__created_at__lt=at - timedelta(days=policy.value))
    return waiting.filter(late).values("member_id").distinct().count()


def _keeperless(scope: DataScope) -> QuerySet[HandoverItem]:
    items = _items_of(scope, NOT_CANCELLED).filter(kind=ItemKind.CUSTOMER, handover__giver__is_active=False)
    return items.exclude(state=ItemState.DONE)


def _items_of(scope: DataScope, states: Sequence[HandoverState]) -> QuerySet[HandoverItem]:
    return HandoverItem.objects.within(scope).filter(handover__state__in=states)


def list_collecting_ids() -> list[int]:
    """The hand-overs for which keepers are to be looked for. (System look-up.)"""
    return list(Handover.unscoped.filter(state=HandoverState.COLLECTING).order_by("pk").values_list("pk", flat=True))


def list_due_ids(*, at: datetime, wall: datetime) -> list[int]:
    """The running hand-overs about which something can be done now, or of which nothing is open: their last customers were
    erased. (System look-up.)"""
    items = HandoverItem.unscoped.filter(handover_id=OuterRef("pk"))
    running = Handover.unscoped.filter(state=HandoverState.RUNNING)
    due = running.filter(Exists(items.filter(is_due(at, wall))) | ~Exists(items.filter(OPEN)))
    return list(due.order_by("pk").values_list("pk", flat=True))


def list_win_back_ids() -> list[int]:
    """The hand-overs with customers who refused and whom nobody was asked to win back yet. (System look-up.)"""
    lost = HandoverItem.unscoped.filter(
        kind=ItemKind.CUSTOMER, state=ItemState.REFUSED, giver__is_active=False,
        offered_at__isnull=True, keeper__isnull=False,
    )  # fmt: skip
    return list(lost.order_by("handover_id").values_list("handover_id", flat=True).distinct())


def _views(rows: Sequence[Handover]) -> list[HandoverView]:
    counted = (
        HandoverItem.unscoped.filter(handover__in=[row.pk for row in rows])
        .order_by()
        .values_list("handover_id", "state", "kind")
        .annotate(number=Count("pk"))
    )
    states: dict[int, dict[ItemState, int]] = {}
    kinds: dict[tuple[int, str], int] = {}
    for handover_id, state, kind, number in counted:
        mine = states.setdefault(handover_id, {})
        mine[ItemState(state)] = mine.get(ItemState(state), 0) + number
        kinds[handover_id, kind] = kinds.get((handover_id, kind), 0) + number
    return [
        HandoverView(
            id=row.pk,
            giver_id=row.giver_id,
            giver_name=row.giver.name,
            node_id=row.node_id,
            node_name=row.node.name,
            reason=HandoverReason(row.reason),
            state=HandoverState(row.state),
            message=row.message,
            created_by=row.created_by,
            created_at=row.created_at,
            approved_by=row.approved_by,
            approved_at=row.approved_at,
            auto_approve_at=row.auto_approve_at,
            finished_at=row.finished_at,
            counts=states.get(row.pk, {}),
            customers=kinds.get((row.pk, ItemKind.CUSTOMER), 0),
            groups=kinds.get((row.pk, ItemKind.GROUP), 0),
        )
        for row in rows
    ]


def _item_views(rows: Sequence[HandoverItem]) -> list[HandoverItemView]:
    people = members.member_names(member_ids=_given(row.member_id for row in rows))
    chats = groups.group_names(group_ids=_given(row.group_id for row in rows))
    return [
        HandoverItemView(
            id=row.pk,
            kind=ItemKind(row.kind),
            member_id=row.member_id,
            group_id=row.group_id,
            name=people.get(row.member_id or 0, "") or chats.get(row.group_id or 0, ""),
            proposed_id=row.proposed_id,
            keeper_id=row.keeper_id,
            keeper_name=row.keeper.name if row.keeper is not None else "",
            why=Why(row.why),
            state=ItemState(row.state),
            note=ItemNote(row.note),
            detail=row.detail,
            deadline_at=row.deadline_at,
            next_try_at=row.next_try_at,
            taken_over_at=row.taken_over_at,
            win_back_code_id=row.win_back_code_id,
        )
        for row in rows
    ]


def _given(ids: Iterable[int | None]) -> list[int]:
    return [pk for pk in ids if pk is not None]
