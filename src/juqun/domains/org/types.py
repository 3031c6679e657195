"""Values that cross the border of the organisation room."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NodeKind(StrEnum):
    """The four tiers of the tree."""

    CHAIN = "chain"
    PROVINCE = "province"
    CITY = "city"
    STORE = "store"


class Role(StrEnum):
    """What a member of staff does; with the node it decides what they see."""

    HQ_LEAD = "hq_lead"
    CITY_OPERATOR = "city_operator"
    STORE_MANAGER = "store_manager"
    STORE_OPERATOR = "store_operator"
    GUIDE = "guide"
    CASHIER = "cashier"


class PolicyMode(StrEnum):
    """What a node leaves to the nodes below it: nothing, a range, or everything."""

    FIXED = "fixed"
    RANGE = "range"
    FREE = "free"


class PolicyKey(StrEnum):
    """The policies that are resolved down the tree; each value is an integer (see `rules.POLICY_BOUNDS`)."""

    MESSAGES_PER_DAY = "messages_per_day"
    MESSAGES_PER_MONTH = "messages_per_month"
    QUIET_FROM_HOUR = "quiet_from_hour"
    QUIET_TO_HOUR = "quiet_to_hour"
    GROUP_CAPACITY = "group_capacity"
    HOLDOUT_BASIS_POINTS = "holdout_basis_points"
    CUSTOMERS_PER_KEEPER = "customers_per_keeper"
    HANDOVER_AUTO_APPROVE_HOURS = "handover_auto_approve_hours"
    KEEPERLESS_DAYS = "keeperless_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of the tree. `path` is its materialised path; names of tiers above are "" where there is none."""

    id: int
    kind: NodeKind
    name: str
    code: str
    path: str
    parent_id: int | None
    longitude: float | None
    latitude: float | None
    province_name: str
    city_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffView:
    """One member of staff with the node that they work at."""

    id: int
    name: str
    userid: str
    role: Role
    node_id: int
    node_name: str
    node_path: str
    is_active: bool
    account_id: int | None = None
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """What one node set for one key, as the resolver reads it."""

    node_id: int
    node_name: str
    path: str
    mode: PolicyMode
    value: int
    low: int
    high: int
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectivePolicy:
    """What holds at a node.

    `value` is in force and was set at `set_at_node_id` (None: nobody set it, it is the product's default).
    `mode`, `low`, `high` are the guard-rail under which the node itself stands, set at `bound_by_node_id`
    by `bound_by` (None and "": only the technical bounds of the key): fixed means that the node may not move at all.
    """

    key: PolicyKey
    value: int
    low: int
    high: int
    mode: PolicyMode
    set_at_node_id: int | None
    bound_by_node_id: int | None = None
    bound_by_node_name: str = ""
    bound_by: str = ""
