"""What insight hands out. Money is fen (float where it is a mean or an estimate), days and weeks are lake numbers."""

from dataclasses import dataclass
from enum import StrEnum


class DrawUnit(StrEnum):
    """What was drawn into treated or holdout: the same unit must be compared."""

    MEMBER = "member"
    STORE = "store"
    GROUP = "group"


class Tier(StrEnum):
    """The level of the organisation that a funnel is told for."""

    CHAIN = "chain"
    PROVINCE = "province"
    CITY = "city"
    STORE = "store"


class CohortEntry(StrEnum):
    """What makes a member enter a cohort: the first time they became a friend, joined a group, or bought."""

    FRIEND = "friend"
    GROUP_JOIN = "group_join"
    ORDER = "order"


class GroupTrend(StrEnum):
    """How a group moved within the period."""

    EMPTY = "empty"
    GROWING = "growing"
    STEADY = "steady"
    SHRINKING = "shrinking"


class UpliftMethod(StrEnum):
    """How an effect was estimated; both adjust for spending before the campaign (CUPED)."""

    MEMBERS = "members_cuped"
    UNIT_TOTALS = "unit_totals_cuped"


class UpliftWarning(StrEnum):
    """What a reader must know beside an effect; `queries.describe_warning` gives the sentence."""

    WINDOW_OPEN = "window_open"
    SAMPLE_RATIO = "sample_ratio"
    FEW_UNITS = "few_units"
    NO_PAST = "no_past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelTier:
    """One node's way from recruiting over serving to converting. `node_id` -1: the chain, or what no known store claims."""

    node_id: int
    name: str
    kind: str
    scans: int
    friends: int
    group_members: int
    messages: int
    buyers: int
    orders: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCredit:
    """What one source is credited with, by four models side by side.

    `orders` are those whose last touch it was, `touched_orders` those it had any part in. Each `…_fen` column sums, over
    all sources, to the money of all orders.
    """

    source: str
    orders: int
    first_orders: int
    touched_orders: int
    first_fen: int
    last_fen: int
    position_fen: int
    linear_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCredit:
    """Orders credited to one channel by each model; every column sums to the number of orders with a touch."""

    channel: str
    first: float
    last: float
    linear: float
    position: float
    markov: float
    shapley: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRow:
    """A weekly cohort: `active[k]` bought in week k after entering, `retained[k]` is that share, `retained_or_later[k]`
    the share that bought in week k or any later one. Only weeks that are over are told.
    """

    week: int
    size: int
    active: list[int]
    retained: list[Interval]
    active_or_later: list[int]
    retained_or_later: list[Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpliftResult:
    """The measured effect of a campaign per member, in fen over the window, against its holdout.

    `treated_mean_fen` and `holdout_mean_fen` are adjusted for spending before the campaign: their difference is the effect.
    `cuped_gain` says how many times more members would be needed without that adjustment (1 = none).
    `srm_p_value` is None when the planned split is not known.
    """

    campaign_id: int
    unit: str
    treated_n: int
    holdout_n: int
    treated_units: int
    holdout_units: int
    treated_mean_fen: float
    holdout_mean_fen: float
    effect_fen: Interval
    relative: Interval | None
    p_value: float
    method: str
    cuped_gain: float
    srm_p_value: float | None
    since_day: int
    until_day: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """What happened on one day."""

    day: int
    friends_gained: int = 0
    friends_lost: int = 0
    group_joins: int = 0
    group_leaves: int = 0
    messages: int = 0
    orders: int = 0
    buyers: int = 0
    amount_fen: int = 0
    redemptions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardView:
    """The state of things on a day: totals, that day, the same weekday a week before, and the last 28 days."""

    day: int
    members: int
    friends: int
    in_groups: int
    consenting: int
    today: DayFigures
    week_before: DayFigures
    series: tuple[DayFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """One group: members now, how it moved in the period and how many of its members bought in it."""

    group_id: int
    store_id: int
    members: int
    joined: int
    left: int
    buyers: int
    trend: str
