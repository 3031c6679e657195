"""Customers who refused the new keeper are offered to the store: with a code that leads to the keeper, and a notice."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from juqun.channels.wecom import operations as wecom
from juqun.domains.growth import operations as growth
from juqun.domains.growth import queries as growth_queries
from juqun.domains.growth.types import SourceKind
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind, Role, StaffView
from juqun.domains.service.models import HandoverItem
from juqun.domains.service.types import ItemKind, ItemState
from juqun.kernel import clock
from juqun.kernel.scope import DataScope

EVERYTHING = DataScope.whole_chain()
BY_SERVICE = "service"


def offer_win_back(*, handover_id: int) -> int:
    """Ask keepers and store managers to win back whoever refused; how many customers. Twice is a nuisance, never would be worse."""
    lost = HandoverItem.unscoped.filter(
        handover_id=handover_id, kind=ItemKind.CUSTOMER, state=ItemState.REFUSED, giver__is_active=False
    )
    items = list(lost.filter(offered_at__isnull=True, keeper__isnull=False).order_by("pk"))
    stores = members.member_stores(member_ids=[item.customer_id for item in items])
    offers: dict[tuple[int, int | None], list[HandoverItem]] = {}
    for item in items:
        offers.setdefault((item.taker_id, stores.get(item.customer_id)), []).append(item)
    for (keeper_id, store_id), mine in offers.items():
        _offer(handover_id, org.get_staff(scope=EVERYTHING, staff_id=keeper_id), store_id, mine)
    return len(items)


def _offer(handover_id: int, keeper: StaffView, store_id: int | None, items: Sequence[HandoverItem]) -> None:
    store_id = store_id or _store_of(keeper)
    code_id = None if store_id is None else _code(keeper, store_id)
    managers = [] if store_id is None else org.list_staff(scope=EVERYTHING, node_id=store_id, role=Role.STORE_MANAGER)
    receivers = dict.fromkeys(one.userid for one in [keeper, *managers] if one.is_active)
    if receivers:
        wecom.send_staff_notice(
            userids=list(receivers),
            title=_("Please win customers back"),
            description=_(
                "%(number)s customers did not want to be handed over to %(keeper)s. Invite them with the live code."
            )
            % {"number": len(items), "keeper": keeper.name},
            url=f"{settings.PUBLIC_URL}/console/handovers/{handover_id}/?state=refused",
        )
    HandoverItem.unscoped.filter(pk__in=[item.pk for item in items]).update(
        offered_at=clock.now(), win_back_code_id=code_id
    )


def _store_of(keeper: StaffView) -> int | None:
    node = org.get_node(scope=EVERYTHING, node_id=keeper.node_id)
    return node.id if node.kind is NodeKind.STORE else None


def _code(keeper: StaffView, store_id: int) -> int:
    """The live code of a keeper alone at a store, made if there is none."""
    codes = growth_queries.list_live_codes(scope=EVERYTHING, store_id=store_id, is_active=True)
    mine = [code.id for code in codes if code.staff_userids == (keeper.userid,)]
    if mine:
        return min(mine)
    return growth.create_live_code(
        store_id=store_id,
        source=SourceKind.SMS,
        label=_("Win back: %(name)s") % {"name": keeper.name},
        staff_ids=[keeper.id],
        welcome_text="",
        actor=BY_SERVICE,
    ).id
