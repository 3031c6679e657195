"""The dashboard of a tier: how the reader's part of the chain does, and the way down to each store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from juqun.domains.insight import queries as insight
from juqun.domains.insight.types import DashboardView, DayFigures, FunnelTier, Tier
from juqun.domains.org import queries as org
from juqun.domains.org.types import Node, NodeKind
from juqun.domains.service import queries as service
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.surfaces.console import charts
from juqun.surfaces.console.access import Area, reader_of
from juqun.surfaces.console.page import Page

PERIODS = (7, 28, 90, 365)
COHORT_WEEKS = 10
BELOW: Mapping[NodeKind, NodeKind] = {
    NodeKind.CHAIN: NodeKind.PROVINCE,
    NodeKind.PROVINCE: NodeKind.CITY,
    NodeKind.CITY: NodeKind.STORE,
    NodeKind.STORE: NodeKind.STORE,
}
MOST_ROWS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure: of now, or of the last seven days beside the seven before."""

    title: Promise | str
    value: int
    unit: str
    change: float | None
    note: Promise | str
    icon: str


class DashboardPage(Page):
    """KPI cards, days, funnel by tier, sources by three models, weekly cohorts."""

    area = Area.DASHBOARD
    title = _("Dashboard")
    template_name = "console/dashboard.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Lead whoever has no dashboard to their own first page."""
        reader = reader_of(request)
        if reader is not None and not reader.may(Area.DASHBOARD):
            return HttpResponseRedirect(reverse(f"console:{reader.home.value}"))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the tier asked for, the reader's own by default."""
        node = org.get_node(scope=self.scope, node_id=self.number("node", self.reader.staff.node_id))
        days = self.number("days", 28)
        return self.show(**self.figures(node, days if days in PERIODS else 28))

    def figures(self, node: Node, days: int) -> dict[str, Any]:
        """All that the page tells of one node over some days."""
        scope = narrowed(self.scope, node)
        board = insight.dashboard(scope=scope)
        since = board.day - days + 1
        tier = _tier_below(scope, node)
        tiers = insight.funnel(scope=scope, since_day=since, until_day=board.day, tier=Tier(tier.value))
        credits_ = insight.orders_by_source(scope=scope, since_day=since, until_day=board.day)
        cohorts = insight.weekly_cohorts(scope=scope, weeks=COHORT_WEEKS)
        return {
            "node": node,
            "crumbs": way_to(self.scope, node),
            "days": days,
            "periods": PERIODS,
            "board": board,
            "is_empty": board.members == 0,
            "keeperless": self._keeperless(scope),
            "cards": _cards(board),
            "tier": tier,
            "tiers": sorted(tiers, key=_by_money)[:MOST_ROWS],
            "tiers_left_out": max(0, len(tiers) - MOST_ROWS),
            "is_bottom": node.kind is NodeKind.STORE,
            "credits": credits_,
            "cohorts": cohorts,
            "cohort_weeks": range(COHORT_WEEKS),
            "days_chart": charts.days(board.series),
            "funnel_chart": charts.funnel(tiers),
            "sources_chart": charts.sources(credits_),
        }

    def _keeperless(self, scope: DataScope) -> int:
        """Customers whom nobody has kept for too long, for those who can do something about it."""
        return service.count_keeperless(scope=scope, at=clock.now()) if self.reader.may(Area.HANDOVERS) else 0


class SourceModels(Page):
    """The fold-out of the card of sources: six models of credit side by side, computed when somebody asks."""

    area = Area.DASHBOARD

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the models of one node over some days."""
        node = org.get_node(scope=self.scope, node_id=self.number("node", self.reader.staff.node_id))
        days = self.number("days", 28)
        until = clock.day_number(clock.business_day(clock.now()))
        since = until - (days if days in PERIODS else 28) + 1
        models = insight.attribution_models(scope=narrowed(self.scope, node), since_day=since, until_day=until)
        by_credit = sorted(models, key=lambda one: (-one.last, one.channel))
        return self.part("console/parts/source_models.html", models=by_credit)


def narrowed(scope: DataScope, node: Node) -> DataScope:
    """The reader's scope below one of its nodes."""
    if node.kind is NodeKind.CHAIN:
        return scope
    return DataScope(paths=(node.path,), staff_id=scope.staff_id)


def way_to(scope: DataScope, node: Node) -> list[Node]:
    """The nodes from the reader's own down to `node`; those above the reader's part stay out of sight."""
    if node.parent_id is None:
        return [node]
    visible = {one.id: one for one in org.list_nodes(scope=scope) if node.path.startswith(one.path)}
    return sorted(visible.values(), key=lambda one: one.path)


def _tier_below(scope: DataScope, node: Node) -> NodeKind:
    """The tier that the node's children are of; small chains leave tiers out."""
    below = BELOW[node.kind]
    counts = org.count_nodes(scope=scope)
    while not counts[below] and below is not NodeKind.STORE:
        below = BELOW[below]
    return below


def _by_money(one: FunnelTier) -> tuple[int, int]:
    return (-one.amount_fen, -one.scans)


def _cards(board: DashboardView) -> list[Card]:
    now, before = board.series[-7:], board.series[-14:-7]
    week = _("last 7 days, against the 7 before")

    def flow(title: Promise | str, icon: str, field: str, unit: str = "count") -> Card:
        value, was = _total(now, field), _total(before, field)
        return Card(title=title, value=value, unit=unit, change=_change(value, was), note=week, icon=icon)

    def stock(title: Promise | str, icon: str, value: int, note: Promise | str) -> Card:
        return Card(title=title, value=value, unit="count", change=None, note=note, icon=icon)

    return [
        flow(_("Recruits"), "person_add", "friends_gained"),
        stock(_("Friends"), "handshake", board.friends, _("members who are friends of staff now")),
        stock(_("Group members"), "forum", board.in_groups, _("members in at least one group now")),
        flow(_("Messages delivered"), "send", "messages"),
        flow(_("Orders"), "shopping_bag", "orders"),
        flow(_("Redemptions"), "redeem", "redemptions"),
    ]


def _total(series: tuple[DayFigures, ...], field: str) -> int:
    return sum(getattr(one, field) for one in series)


def _change(value: int, was: int) -> float | None:
    return None if was == 0 else value / was - 1
