"""What people at their desks decide: kinds of groups, codes, replies, coupons, the segment and the campaign. Through the rooms' doors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from juqun.domains.audience import operations as audience
from juqun.domains.audience import queries as audience_queries
from juqun.domains.campaigns import operations as campaigns
from juqun.domains.campaigns.types import PlanResult
from juqun.domains.commerce import operations as commerce
from juqun.domains.groups import operations as groups
from juqun.domains.groups import queries as group_queries
from juqun.domains.growth import operations as growth
from juqun.domains.growth import queries as growth_queries
from juqun.domains.growth.types import CodeState, SourceKind
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind
from juqun.domains.promotions import operations as promotions
from juqun.domains.promotions import queries as coupons
from juqun.domains.promotions.types import CouponKind
from juqun.domains.robot import operations as robot
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.lake import feed
from juqun_town import plan, truth, year
from juqun_town.files import Household, StoreSpec, Town
from juqun_town.streets import Streets, TownError

WHOLE: Final = DataScope.whole_chain()
KF_ACCOUNT: Final = "wkEmulatorDefaultAccount00000001"
GROUP_CAPACITY: Final = 25
FAMILY_STORES: Final = 20
WELCOME: Final = "{nickname}，欢迎来到{store}！点下面的卡片进群，每天有福利。"
REPLIES: Final = (
    (("营业时间", "几点开门", "几点关门"), "每天 8:00 到 22:00 营业，节假日不休息。"),
    (("退货", "退款"), "七天内凭小票到门店服务台退换，生鲜请在当天。"),
    (("停车",), "门店停车场消费满 38 元免两小时停车费。"),
    (("优惠", "活动"), "今天的优惠在群公告里，您也可以点“我的优惠券”查看。"),
)
CAMPAIGN_NAME: Final = "年末回访"
CAMPAIGN_TEXT: Final = "好久不见！送您一张 8 元券，满 30 元可用，到任一门店都行，有效期四周。"
STORE_COUPON_OFF_FEN: Final = 500
STORE_COUPON_THRESHOLD_FEN: Final = 2_000
STORE_COUPON_DAYS: Final = 14
SEGMENT: Final[dict[str, Any]] = {
    "version": 1,
    "all": [
        {"type": "orders", "measure": "count", "op": "gte", "value": truth.FEWEST_ORDERS, "within_days": truth.ORDERS_WITHIN_DAYS},
        {"type": "last_order", "within_days": truth.LAST_ORDER_DAYS},
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The live codes that customers can meet: the picture's address by store code and source."""

    pictures: Mapping[tuple[str, str], str]

    def of(self, store_code: str, source: str) -> str:
        """The picture of a store's code of a source."""
        return self.pictures[store_code, source]


def staff_ids() -> dict[str, int]:
    """Staff ids by userid."""
    return {one.userid: one.id for one in org.list_staff(scope=WHOLE)}


def store_ids() -> dict[str, int]:
    """Store ids by code."""
    return {node.code: node.id for node in org.list_nodes(scope=WHOLE, kind=NodeKind.STORE)}


def member_ids(households: Sequence[Household]) -> dict[int, int]:
    """Member ids by household, found by the card."""
    found = members.find_member_ids(kind=IdentityKind.CARD, values=[one.card for one in households])
    return {one.id: found[one.card] for one in households}


def open_groups(town: Town, streets: Streets) -> int:
    """Two kinds of groups; the owner 小步 makes the first group of each in WeCom, then its way in is opened. Answers how many."""
    groups.create_kind(code="deals", name="福利群", theme="每天的特价和接龙", capacity=GROUP_CAPACITY)
    groups.create_kind(
        code="family", name="亲子群", theme="辅食、零食和周末活动", capacity=GROUP_CAPACITY, member_tags=["有孩家庭"], priority=1
    )  # fmt: skip
    gathering = [store for store in town.stores if store.gathers]
    wanted = [(store, "deals", "福利群") for store in gathering]
    wanted += [(store, "family", "亲子群") for store in gathering[:FAMILY_STORES]]
    made = streets.emulator.act(
        [
            {"actor": "staff", "id": store.operator, "do": "create_group", "name": f"{store.name}{kind_name}"}
            for store, _, kind_name in wanted
        ]
    )
    streets.settle()
    stores, staff = store_ids(), staff_ids()
    for (store, kind_code, _), answer in zip(wanted, made, strict=True):
        groups.open_entry(
            store_id=stores[store.code], kind_code=kind_code, owner_staff_id=staff[store.operator], chat_id=answer["chat_id"]
        )  # fmt: skip
    streets.settle()
    closed = [entry for entry in group_queries.list_entries(scope=WHOLE) if not entry.qr_code]
    if closed:
        msg = f"{len(closed)} ways into groups were not opened: {closed[0].refusal or closed[0].state}"
        raise TownError(msg)
    return len(wanted)


def open_codes(town: Town, streets: Streets, extra_guides: Mapping[str, Sequence[str]]) -> Codes:
    """One live code per gathering store and source; `extra_guides` are further userids by store code."""
    stores, staff = store_ids(), staff_ids()
    gathering = [store for store in town.stores if store.gathers]
    wanted: dict[int, tuple[str, str]] = {}
    for rank, store in enumerate(gathering):
        guides = [*store.guides, *extra_guides.get(store.code, ())]
        for source in plan.SOURCES:
            code = growth.create_live_code(
                store_id=stores[store.code],
                source=SourceKind(source),
                label=plan.CODE_LABELS[source],
                staff_ids=[staff[userid] for userid in guides],
                welcome_text=WELCOME.replace("{store}", store.name),
                kind_code="family" if source == "community" and rank < FAMILY_STORES else None,
                actor=store.operator,
            )
            wanted[code.id] = (store.code, source)
    streets.settle()
    views = growth_queries.list_live_codes(scope=WHOLE)
    unready = [view for view in views if view.status != CodeState.READY]
    if unready:
        msg = f"{len(unready)} live codes were not opened: {unready[0].refusal or unready[0].status}"
        raise TownError(msg)
    return Codes(pictures={wanted[view.id]: view.qr_code for view in views})


def teach_robot(keeper_userid: str) -> None:
    """Keyword replies of the chain, and who hears what the robot cannot answer."""
    robot.set_service_account(open_kfid=KF_ACCOUNT, name="聚群客服", keeper_staff_id=staff_ids()[keeper_userid])
    for words, text in REPLIES:
        robot.set_keyword_reply(words=words, text=text)


def issue_store_coupon(
    store: StoreSpec, member_ids: Sequence[int], actor: str, at: datetime
) -> tuple[int, dict[int, str]]:
    """A coupon of one store, valid there alone, for the people of its groups; answers the template and the codes by member."""
    template_id = promotions.create_template(
        name=f"{store.name}群友券",
        kind=CouponKind.AMOUNT,
        amount_fen=STORE_COUPON_OFF_FEN,
        threshold_fen=STORE_COUPON_THRESHOLD_FEN,
        store_id=store_ids()[store.code],
        valid_from=at,
        valid_until=at + timedelta(days=STORE_COUPON_DAYS),
        total=len(member_ids),
        actor=actor,
    )
    codes = promotions.issue_coupons(
        template_id=template_id, member_ids=member_ids, source="group", campaign_id=None, at=at
    )
    return template_id, codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """The campaign of headquarters, planned and released."""

    campaign_id: int
    template_id: int
    segment_size: int
    plan: PlanResult


def launch_campaign(actor_userid: str, seed: int, at: datetime) -> Launched:
    """Headquarters save a segment, make a coupon, draw the holdout and release the tasks to staff."""
    feed.flush()
    feed.refresh_dims()
    actor = org.get_staff_by_userid(userid=actor_userid)
    if actor is None:
        msg = f"nobody is called {actor_userid}"
        raise TownError(msg)
    segment = audience.create_segment(name="近期常客", tree=SEGMENT, actor=actor.name)
    today = clock.day_number(clock.business_day(at))
    count = audience_queries.count_segment(scope=WHOLE, tree=SEGMENT, as_of_day=today)
    template_id = promotions.create_template(
        name="回访 8 元券",
        kind=CouponKind.AMOUNT,
        amount_fen=plan.COUPON_OFF_FEN,
        threshold_fen=plan.COUPON_THRESHOLD_FEN,
        valid_from=clock.start_of_day(year.CAMPAIGN_DAY),
        valid_until=clock.start_of_day(year.CAMPAIGN_DAY + timedelta(days=year.MEASURE_DAYS)),
        total=10_000,
        actor=actor.name,
    )
    campaign_id = campaigns.create_campaign(
        name=CAMPAIGN_NAME,
        segment_id=segment.id,
        text=CAMPAIGN_TEXT,
        coupon_template_id=template_id,
        node_id=actor.node_id,
        starts_at=at,
        holdout_bp=truth.HOLDOUT_BP,
        measure_days=year.MEASURE_DAYS,
        actor_staff_id=actor.id,
        salt=f"town-{seed}",
    )
    planned = campaigns.plan_campaign(campaign_id=campaign_id, at=at)
    campaigns.launch_campaign(campaign_id=campaign_id, at=at)
    return Launched(campaign_id=campaign_id, template_id=template_id, segment_size=count.members, plan=planned)


def make_till_key() -> str:
    """A key for the tills of the whole chain."""
    (chain,) = org.list_nodes(scope=WHOLE, kind=NodeKind.CHAIN)
    return commerce.create_till_key(store_id=chain.id, name="demo tills").secret


def coupons_by_state(template_id: int) -> dict[str, int]:
    """How the coupons of a template stand."""
    counts = coupons.count_by_state(scope=WHOLE, template_id=template_id, at=clock.now())
    return {one.state.value: one.coupons for one in counts if one.coupons}
