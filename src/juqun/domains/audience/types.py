"""Values of the audience room: the nodes of a segment tree, and what the doors hand out.

Windows. ``within_days=n`` means the n calendar days (Asia/Shanghai) that end with the day of the question, that day
included; nothing after the day of the question ever counts. "More than n days ago" is the exact complement: no such
event inside that window, but one before it.

Unknown. A condition on a value that is not known is false, for ``ne`` and ``not_in`` too; ``not`` turns it round.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

LANGUAGE_VERSION = 1
"""Version of the segment language; stored in each tree as ``version``."""

DEFAULT_RFM_DAYS = 365
"""Window of RFM grades when the question names none: one retail year, so that every season is in it once."""


class Op(enum.StrEnum):
    """Comparison in a condition."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    BETWEEN = "between"
    IN = "in"
    NOT_IN = "not_in"
    KNOWN = "known"
    UNKNOWN = "unknown"


class Measure(enum.StrEnum):
    """What is measured over a member's orders."""

    COUNT = "count"
    SUM_FEN = "sum_fen"
    DISTINCT_PRODUCTS = "distinct_products"
    DISTINCT_STORES = "distinct_stores"


class TouchKind(enum.StrEnum):
    """Kinds of the lake's touches."""

    SCAN = "scan"
    FRIEND = "friend"
    FRIEND_LOST = "friend_lost"
    GROUP_JOIN = "group_join"
    GROUP_LEFT = "group_left"
    MESSAGE = "message"
    LINK = "link"
    COUPON_ISSUED = "coupon_issued"
    COUPON_REDEEMED = "coupon_redeemed"
    WROTE = "wrote"


Scalar = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Every child holds."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """At least one child holds."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The child does not hold."""

    child: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A property of the member: gender, tier, birth_year, created_date, or ``attributes.<name>`` from an import."""

    field: str
    op: Op
    value: Scalar | date | tuple[Scalar | date, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """The member's tags; the lists given must all be satisfied."""

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How the chain knows the member: friend of staff, member of a group, guided by one of these staff."""

    is_friend: bool | None = None
    in_group: bool | None = None
    staff_id: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Member of at least one group of such a kind and with such a role."""

    kind: tuple[str, ...] = ()
    role: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The member has (or has not) consented to a purpose."""

    purpose: str
    granted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Org:
    """The member's store stands at or below this node of the organisation."""

    node_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """A measure over the orders that were not refunded, in a window, perhaps only of some products or stores.

    With a filter on product, category or department the measure is taken over matching order lines: ``count`` counts
    the orders with such a line, ``sum_fen`` what was paid for those lines.
    """

    measure: Measure
    op: Op
    value: int | tuple[int, ...]
    within_days: int | None = None
    since: date | None = None
    until: date | None = None
    product: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    store: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastOrder:
    """The day of the member's last order (of these products or stores); a member without one never matches."""

    within_days: int | None = None
    more_than_days_ago: int | None = None
    product: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    store: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOrder:
    """The day of the member's first order (of these products or stores); a member without one never matches."""

    within_days: int | None = None
    more_than_days_ago: int | None = None
    product: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    store: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSince:
    """No such event in the last ``days`` days; a member who never had one matches."""

    event: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RfmThresholds:
    """Four rising cut points per letter that replace quintiles: the grade is 1 + how many cuts are passed.

    ``r_days`` counts days since the last order and is passed from below: at most ``r_days[0]`` days ago is grade 5.
    ``f`` is a number of orders, ``m_fen`` money in fen.
    """

    r_days: tuple[int, ...]
    f: tuple[int, ...]
    m_fen: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rfm:
    """RFM grades, 5 the best: quintiles of all buyers of the chain in the window, or by thresholds."""

    r: tuple[int, ...] = ()
    f: tuple[int, ...] = ()
    m: tuple[int, ...] = ()
    within_days: int = DEFAULT_RFM_DAYS
    thresholds: RfmThresholds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touches:
    """How many touches of these kinds (from these sources) the member had in a window."""

    kind: tuple[str, ...]
    op: Op
    value: int | tuple[int, ...]
    source: tuple[str, ...] = ()
    within_days: int | None = None
    since: date | None = None
    until: date | None = None


Leaf = Attribute | Tag | Relation | Group | Consent | Org | Orders | LastOrder | FirstOrder | NotSince | Rfm | Touches
Node = All | AnyOf | Not | Leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A parsed segment tree."""

    root: Node
    version: int = LANGUAGE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFact:
    """One order of a member, as the predicate sees it."""

    order_key: str
    store_id: int
    day: int
    amount_fen: int
    refunded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFact:
    """One order line of a member with the product's place in the catalogue."""

    order_key: str
    store_id: int
    day: int
    amount_fen: int
    product_ref: str
    category: str | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchFact:
    """One touch of a member."""

    kind: str
    source: str
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RfmScore:
    """A member's RFM: the raw values over the window and the grades 1..5 (5 the best)."""

    member_id: int
    last_day: int
    orders: int
    amount_fen: int
    r: int
    f: int
    m: int
    as_of_day: int
    within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """All that the per-member predicate needs to know about one member.

    ``rfm`` holds the member's quintile grades by window length; they depend on all other buyers and so cannot be
    worked out from one member's orders.
    """

    member_id: int
    org_path: str = ""
    staff_id: int | None = None
    is_friend: bool = False
    in_group: bool = False
    gender: str | None = None
    birth_year: int | None = None
    tier: str | None = None
    created_day: int | None = None
    consent_marketing: bool = False
    attributes: Mapping[str, object] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    groups: frozenset[tuple[str, str]] = frozenset()
    orders: tuple[OrderFact, ...] = ()
    lines: tuple[LineFact, ...] = ()
    touches: tuple[TouchFact, ...] = ()
    rfm: Mapping[int, RfmScore] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many members a segment holds inside a scope, and how many of them can be reached now, by channel.

    ``reachable_friend``: friend of a member of staff and consent to marketing (a one-to-one message may go out);
    ``reachable_group``: in at least one group; ``consented`` and ``friends`` are the two parts of the first.
    """

    members: int
    friends: int
    in_group: int
    consented: int
    reachable_friend: int
    reachable_group: int
    reachable: int
    as_of_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentView:
    """A saved segment as pages and other rooms see it; counts are those of the last counting, chain-wide."""

    id: int
    public_id: str
    name: str
    tree: Mapping[str, object]
    version: int
    count: int | None
    reachable: int | None
    counted_at: datetime | None
    description_zh: str
    description_en: str
    owner: str
    node_id: int | None
    is_archived: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotView:
    """The members of a segment at one moment, stored for good; ``digest`` proves that a repeat gave the same set."""

    id: int
    segment_id: int
    size: int
    as_of_day: int
    taken_at: datetime
    digest: str
