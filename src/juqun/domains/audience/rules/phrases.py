"""The words in which segments are described, per language."""

from collections.abc import Mapping
from dataclasses import dataclass

from juqun.domains.audience.types import Measure, Op


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """One language's words; ``{}`` takes the value."""

    open: str
    close: str
    sentence: str
    and_: str
    or_: str
    not_: str
    comma: str
    to: str
    more: str
    yuan: str
    ops: Mapping[Op, str]
    fields: Mapping[str, str]
    values: Mapping[str, str]
    within: str
    since_until: str
    since: str
    until: str
    ever: str
    filters: Mapping[str, str]
    tags: Mapping[str, str]
    friend: Mapping[bool, str]
    in_group: Mapping[bool, str]
    guided: str
    group_kind: str
    any_group: str
    group_role: str
    consent: Mapping[bool, str]
    org: str
    measures: Mapping[Measure, str]
    last_order: str
    first_order: str
    edge_within: str
    edge_before: str
    not_since: str
    events: Mapping[str, str]
    grades: Mapping[str, str]
    by_thresholds: str
    by_quintiles: str
    rfm: str
    touches: str
    source: str


ENGLISH = Phrases(
    open="(",
    close=")",
    sentence="Members: {}.",
    and_=" and ",
    or_=" or ",
    not_="not {}",
    comma=", ",
    to=" to ",
    more="{} more",
    yuan="¥{}",
    ops={
        Op.EQ: " = {}",
        Op.NE: " other than {}",
        Op.LT: " below {}",
        Op.LTE: " at most {}",
        Op.GT: " above {}",
        Op.GTE: " at least {}",
        Op.BETWEEN: " between {}",
        Op.IN: " one of {}",
        Op.NOT_IN: " none of {}",
        Op.KNOWN: " known",
        Op.UNKNOWN: " not known",
    },
    fields={"gender": "gender", "tier": "tier", "birth_year": "year of birth", "created_date": "member since"},
    values={"female": "female", "male": "male"},
    within="in the last {} days",
    since_until="from {} to {}",
    since="since {}",
    until="until {}",
    ever="ever",
    filters={
        "product": " of product {}",
        "category": " of category {}",
        "department": " of department {}",
        "store": " at store {}",
    },
    tags={"any_of": "tagged with one of: {}", "all_of": "tagged with all of: {}", "none_of": "tagged with none of: {}"},
    friend={True: "friend of staff", False: "no friend of staff"},
    in_group={True: "in a group", False: "in no group"},
    guided="guided by {}",
    group_kind="in a group of kind {}",
    any_group="in a group",
    group_role=" as {}",
    consent={True: "consented to marketing", False: "not consented to marketing"},
    org="in the area of {}",
    measures={
        Measure.COUNT: "orders{products} {window}{compared}",
        Measure.SUM_FEN: "spending{products} {window}{compared}",
        Measure.DISTINCT_PRODUCTS: "different products{products} bought {window}{compared}",
        Measure.DISTINCT_STORES: "stores bought at{products} {window}{compared}",
    },
    last_order="last order{products} {when}",
    first_order="first order{products} {when}",
    edge_within="within the last {} days",
    edge_before="before the last {} days",
    not_since="no {event} in the last {days} days",
    events={
        "order": "order",
        "scan": "scan of a code",
        "friend": "becoming a friend",
        "friend_lost": "loss as a friend",
        "group_join": "joining a group",
        "group_left": "leaving a group",
        "message": "message received",
        "link": "link opened",
        "coupon_issued": "coupon received",
        "coupon_redeemed": "coupon redeemed",
        "wrote": "message written",
    },
    grades={"r": "recency grade {}", "f": "frequency grade {}", "m": "money grade {}"},
    by_thresholds="by thresholds",
    by_quintiles="by quintiles",
    rfm="{grades} (orders of {days} days, {by})",
    touches="times of {kinds}{source} {window}{compared}",
    source=" from {}",
)

CHINESE = Phrases(
    open="（",
    close="）",
    sentence="会员：{}。",
    and_="，并且",
    or_="或",
    not_="不满足{}",
    comma="、",
    to="至",
    more="等另外{}项",
    yuan="{}元",
    ops={
        Op.EQ: "为{}",
        Op.NE: "不为{}（且已知）",
        Op.LT: "小于{}",
        Op.LTE: "不超过{}",
        Op.GT: "大于{}",
        Op.GTE: "至少{}",
        Op.BETWEEN: "在{}之间",
        Op.IN: "为以下之一：{}",
        Op.NOT_IN: "已知且不是：{}",
        Op.KNOWN: "已知",
        Op.UNKNOWN: "未知",
    },
    fields={"gender": "性别", "tier": "等级", "birth_year": "出生年份", "created_date": "入会日期"},
    values={"female": "女", "male": "男"},
    within="最近{}天",
    since_until="{}至{}",
    since="{}以来",
    until="截至{}",
    ever="历来",
    filters={"product": "商品{}的", "category": "品类{}的", "department": "部类{}的", "store": "在门店{}的"},
    tags={"any_of": "有以下任一标签：{}", "all_of": "有以下全部标签：{}", "none_of": "没有以下任何标签：{}"},
    friend={True: "是员工好友", False: "不是员工好友"},
    in_group={True: "在社群中", False: "不在任何社群"},
    guided="导购为{}",
    group_kind="在{}类社群中",
    any_group="在社群中",
    group_role="担任{}",
    consent={True: "已同意营销", False: "未同意营销"},
    org="属于{}",
    measures={
        Measure.COUNT: "{window}{products}订单数{compared}",
        Measure.SUM_FEN: "{window}{products}消费金额{compared}",
        Measure.DISTINCT_PRODUCTS: "{window}购买{products}不同商品数{compared}",
        Measure.DISTINCT_STORES: "{window}{products}消费门店数{compared}",
    },
    last_order="{products}最后一次下单{when}",
    first_order="{products}首次下单{when}",
    edge_within="在最近{}天之内",
    edge_before="早于最近{}天",
    not_since="最近{days}天没有{event}",
    events={
        "order": "下单",
        "scan": "扫码",
        "friend": "加好友",
        "friend_lost": "删好友",
        "group_join": "入群",
        "group_left": "退群",
        "message": "收到消息",
        "link": "打开链接",
        "coupon_issued": "领券",
        "coupon_redeemed": "核销优惠券",
        "wrote": "发言",
    },
    grades={"r": "最近消费等级{}", "f": "消费频率等级{}", "m": "消费金额等级{}"},
    by_thresholds="按阈值",
    by_quintiles="按五分位",
    rfm="{grades}（{days}天订单，{by}）",
    touches="{window}{source}{kinds}次数{compared}",
    source="来自{}的",
)

PHRASES: Mapping[str, Phrases] = {"zh": CHINESE, "en": ENGLISH}
