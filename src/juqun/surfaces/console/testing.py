"""Plain factories for tests of the console: a small chain in full swing, every fact of it made through the rooms' doors.

Whatever belongs to Guangzhou carries 天河, 越秀 or 广州 in its name, whatever belongs to Shenzhen 南山 or 深圳, so that a test
can tell at a glance what leaked where.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from juqun.domains.audience import operations as audience
from juqun.domains.campaigns import operations as campaigns
from juqun.domains.commerce import operations as commerce
from juqun.domains.groups import operations as groups
from juqun.domains.groups.testing import make_group, make_way
from juqun.domains.growth import operations as growth
from juqun.domains.growth.testing import make_live_code
from juqun.domains.growth.types import SourceKind
from juqun.domains.members import operations as members
from juqun.domains.members.types import ConsentPurpose, Identity, IdentityKind
from juqun.domains.org import operations as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import Role, StaffView
from juqun.domains.promotions import operations as promotions
from juqun.domains.promotions.types import CouponKind
from juqun.domains.robot import operations as robot
from juqun.domains.robot.testing import make_conversation
from juqun.domains.service.testing import make_handover
from juqun.kernel import clock
from juqun.lake import feed, writer

SURNAMES: Final = "赵钱孙李周吴郑王冯陈"
GIVEN: Final = ("晓明", "丽", "建国", "秀英", "伟", "芳", "娜", "磊", "静", "敏")
CAMPAIGN_DAYS: Final = 12
SOURCES: Final = (SourceKind.TILL, SourceKind.POSTER, SourceKind.MOMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What belongs to one store."""

    members: tuple[int, ...]
    group_id: int
    code_id: int
    segment_id: int
    template_id: int
    coupon_code: str
    campaign_id: int
    reply_id: int
    way_id: int
    waiting_way_id: int
    key_id: int
    handover_id: int
    account_id: int
    session_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The chain, its people with logins (password `juqun-<name>`), and what belongs to Tianhe and to Nanshan."""

    chain: SmallChain
    cai: StaffView
    tianhe: Part
    nanshan: Part
    chain_segment_id: int
    merge_id: int
    at: datetime


def make_world(*, size: int = 24) -> World:
    """Build the world with `size` members per store, as of now; needs a lake of its own (`lake.testing.fresh_lake`)."""
    at = clock.now()
    chain = make_small_chain(with_accounts=True)
    cai = org.add_staff(
        node_id=chain.tianhe.id,
        name="Cai",
        userid="cai",
        role=Role.CASHIER,
        account_username="cai",
        password="juqun-cai",
    )
    groups.create_kind(code="deals", name="福利群", theme="每周三、五特价", capacity=200)
    groups.create_kind(code="parents", name="妈妈群", theme="亲子", capacity=120, member_tags=["young family"])
    friend = {"type": "relation", "is_friend": True}
    loyal = audience.create_segment(
        name="老客户", tree={"version": 1, "all": [friend, {"type": "consent", "purpose": "marketing"}]}, actor="Hong"
    )
    tianhe = _part(chain, chain.tianhe, chain.wang, "天河", size, at)
    nanshan = _part(chain, chain.nanshan, chain.zhao, "南山", size, at)
    feed.refresh_dims()
    _orders(chain, tianhe, nanshan, at)
    feed.flush()
    twin = members.identify(
        identities=[Identity(kind=IdentityKind.PHONE, value="13900009999")], display_name="天河重复", source="import",
        store_id=chain.tianhe.id, at=at,
    )  # fmt: skip
    merge_id = members.merge_members(keep_id=tianhe.members[0], absorb_id=twin.member_id, actor="Li", reason="同一人")
    started = _campaign_start(at)
    for part in (tianhe, nanshan):
        campaigns.plan_campaign(campaign_id=part.campaign_id, at=started)
    feed.refresh_dims()
    feed.flush()
    return World(
        chain=chain, cai=cai, tianhe=tianhe, nanshan=nanshan, chain_segment_id=loyal.id, merge_id=merge_id, at=at
    )


def _part(chain: SmallChain, store: Any, guide: StaffView, word: str, size: int, at: datetime) -> Part:
    people = [_member(store.id, guide.id, word, n, at) for n in range(size)]
    codes = [make_live_code(store_id=store.id, staff_ids=[guide.id], source=source) for source in SOURCES]
    for place, code in enumerate(codes):
        growth.update_live_code(
            live_code_id=code.id,
            label=f"{word}店 {code.source}",
            staff_ids=[guide.id],
            welcome_text=f"欢迎来到{word}店",
        )
        for n, member_id in enumerate(people[place::4]):
            growth.record_scan(
                member_id=member_id, staff_id=guide.id, external_userid=f"wm{word}{place}{n}", state=code.state,
                at=at - timedelta(days=40 - n), is_first=True,
            )  # fmt: skip
    growth.record_scan(
        member_id=people[-1],
        staff_id=guide.id,
        external_userid=f"wm{word}x",
        state=f"old-{store.code}",
        at=at,
        is_first=True,
    )
    group_id = make_group(store_id=store.id, owner_staff_id=guide.id, at=at, member_ids=people[: size // 2])
    segment = audience.create_segment(
        name=f"{word}店好友",
        tree={"version": 1, "all": [{"type": "relation", "is_friend": True}, {"type": "org", "node_id": store.id}]},
        actor="Li",
        node_id=store.id,
    )
    template_id = promotions.create_template(
        name=f"{word}店满50减8", kind=CouponKind.AMOUNT, amount_fen=800, threshold_fen=5_000, store_id=store.id,
        valid_from=at - timedelta(days=1), valid_until=at + timedelta(days=14), total=500, actor="Li",
    )  # fmt: skip
    coupon = promotions.issue_coupon(
        template_id=template_id, member_id=people[0], source="test", intent_key=f"{word}-1", at=at
    )
    campaign_id = campaigns.create_campaign(
        name=f"{word}店周末回访", segment_id=segment.id, text="周末好，进店有礼", node_id=store.id, holdout_bp=5_000,
        starts_at=_campaign_start(at), link_url="https://shop.example/weekend", actor_staff_id=chain.hong.id,
    )  # fmt: skip
    reply = robot.set_keyword_reply(words=[f"{word}营业"], text=f"{word}店每天 7 点到 23 点", store_id=store.id)
    home: dict[str, Any] = {"store_id": store.id, "owner_staff_id": guide.id, "at": at}
    key = commerce.create_till_key(store_id=store.id, name=f"{word}店收银台 1")
    keeper = chain.li if guide is chain.wang else chain.hong
    handover_id = make_handover(giver_staff_id=guide.id, keeper_id=keeper.id, member_ids=people[:2])
    account_id, session_id = make_conversation(
        open_kfid=f"wk{store.code}",
        store_id=store.id,
        at=at,
        text=f"{word}店有停车场吗",
        member_id=people[1],
        name=f"{word}客服",
    )
    return Part(
        account_id=account_id, session_id=session_id,
        way_id=make_way(group_id=group_id, **home), key_id=key.id,
        waiting_way_id=groups.open_entry(kind_code="parents", **home).id,
        members=tuple(people), group_id=group_id, code_id=codes[0].id, segment_id=segment.id, template_id=template_id,
        coupon_code=coupon.code, campaign_id=campaign_id, reply_id=reply.id, handover_id=handover_id,
    )  # fmt: skip


def _campaign_start(at: datetime) -> datetime:
    """Noon in Shanghai some days ago: planned in quiet hours, a campaign writes to nobody."""
    return (at - timedelta(days=CAMPAIGN_DAYS)).replace(hour=4, minute=0, second=0, microsecond=0)


def _member(store_id: int, staff_id: int, word: str, n: int, at: datetime) -> int:
    name = f"{word}{SURNAMES[n % 10]}{GIVEN[(n * 7) % 10]}"
    userid = f"wm{store_id:04d}{n:04d}"
    joined = at - timedelta(days=60 - n)
    member_id = members.identify(
        identities=[
            Identity(kind=IdentityKind.EXTERNAL_USERID, value=userid),
            Identity(kind=IdentityKind.PHONE, value=f"138{store_id:04d}{n:04d}"),
        ],
        display_name=name,
        store_id=store_id,
        source="live_code",
        at=joined,
    ).member_id
    if n % 4 != 3:
        members.add_friend(member_id=member_id, staff_id=staff_id, external_userid=userid, state="", at=joined)
        purpose = ConsentPurpose.MARKETING
        members.set_consent(member_id=member_id, purpose=purpose, granted=n % 5 != 4, source="h5", at=joined)
    if n % 3 == 0:
        members.tag_members(member_ids=[member_id], tag="young family", source="manual")
    return member_id


def _orders(chain: SmallChain, tianhe: Part, nanshan: Part, at: datetime) -> None:
    """Some weeks of orders, straight into the lake as an import would put them."""
    rng = random.Random(7)
    rows = []
    for store_id, part in ((chain.tianhe.id, tianhe), (chain.nanshan.id, nanshan)):
        for member_id in part.members:
            for days_ago in range(rng.randrange(1, 6), 50, rng.randrange(4, 12)):
                rows.append(
                    {
                        "order_key": f"import:{store_id}-{member_id}-{days_ago}", "member_id": member_id,
                        "store_id": store_id, "ts": clock.business_time(at - timedelta(days=days_ago)),
                        "amount_fen": rng.randrange(2_000, 20_000), "source": "import",
                    }
                )  # fmt: skip
    writer.append("orders", pa.Table.from_pylist(rows), "world")
