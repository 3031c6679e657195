"""Pure decisions of the organisation room: who may stand where, who sees what, and which policy holds."""

from collections.abc import Mapping, Sequence

from juqun.domains.org.types import EffectivePolicy, NodeKind, PolicyKey, PolicyMode, PolicyRow, Role
from juqun.kernel.scope import DataScope

STEP = 4  # characters of a path per tier

TIERS = (NodeKind.CHAIN, NodeKind.PROVINCE, NodeKind.CITY, NodeKind.STORE)

STORE_ROLES = frozenset({Role.STORE_MANAGER, Role.STORE_OPERATOR, Role.GUIDE, Role.CASHIER})

ROLE_PLACES: Mapping[Role, frozenset[NodeKind]] = {
    Role.HQ_LEAD: frozenset({NodeKind.CHAIN, NodeKind.PROVINCE}),
    Role.CITY_OPERATOR: frozenset({NodeKind.PROVINCE, NodeKind.CITY}),
    **{role: frozenset({NodeKind.STORE}) for role in STORE_ROLES},
}

POLICY_ROLES = frozenset({Role.HQ_LEAD, Role.CITY_OPERATOR, Role.STORE_MANAGER})

# key -> (default, low, high). One mass message per customer and day, four a month: WeCom's own long-standing cap.
# 200 members is the group size that chains report as healthy; 500 is WeCom's technical limit. Quiet at night, 22 to 8.
# One WeCom account holds up to 20,000 customers; a proposed hand-over fills it to 5,000. Zero hours: a person approves.
POLICY_BOUNDS: Mapping[PolicyKey, tuple[int, int, int]] = {
    PolicyKey.MESSAGES_PER_DAY: (1, 0, 10),
    PolicyKey.MESSAGES_PER_MONTH: (4, 0, 100),
    PolicyKey.QUIET_FROM_HOUR: (22, 0, 24),
    PolicyKey.QUIET_TO_HOUR: (8, 0, 24),
    PolicyKey.GROUP_CAPACITY: (200, 2, 500),
    PolicyKey.HOLDOUT_BASIS_POINTS: (1000, 0, 10_000),
    PolicyKey.CUSTOMERS_PER_KEEPER: (5_000, 1, 20_000),
    PolicyKey.HANDOVER_AUTO_APPROVE_HOURS: (0, 0, 720),
    PolicyKey.KEEPERLESS_DAYS: (7, 0, 90),
}


def may_hang_under(kind: NodeKind, parent: NodeKind) -> bool:
    """Whether a node of `kind` may hang under `parent`: any higher tier (small chains have no provinces)."""
    return TIERS.index(kind) > TIERS.index(parent)


def may_work_at(role: Role, kind: NodeKind) -> bool:
    """Whether `role` can be held at a node of `kind`."""
    return kind in ROLE_PLACES[role]


def scope_of(role: Role, node_kind: NodeKind, node_path: str, staff_id: int) -> DataScope:
    """The DataScope of a member of staff: the subtree of their node; a guide sees only their own customers in it."""
    if node_kind is NodeKind.CHAIN:
        return DataScope.whole_chain()
    if role is Role.GUIDE:
        return DataScope(paths=(node_path,), staff_id=staff_id)
    return DataScope(paths=(node_path,))


def may_set_policy(role: Role, actor_path: str, node_path: str) -> bool:
    """Whether a member of staff may set policies at a node: the right role, and the node in their own subtree."""
    return role in POLICY_ROLES and node_path.startswith(actor_path)


def ancestor_paths(path: str) -> list[str]:
    """The paths of a node and all above it, from the root down."""
    return [path[: end + STEP] for end in range(0, len(path), STEP)]


def tiers_between(upper: str, lower: str) -> int:
    """How many nodes the path `lower` lies below the path `upper` on the same way."""
    return (len(lower) - len(upper)) // STEP


def resolve_policy(key: PolicyKey, path: str, rows: Mapping[str, PolicyRow]) -> EffectivePolicy:
    """What holds at `path`. `rows` maps the path of a node to what was set there; only the way down matters.

    From the root down each row is pressed into the guard-rail so far: below a fixed value nothing counts; inside a
    range the value is clamped and the range it gives on can only narrow. So a guard-rail that headquarters tighten
    later holds at once, and a store's own wish comes back by itself when they loosen it.
    """
    default, low, high = POLICY_BOUNDS[key]
    value, mode = default, PolicyMode.FREE
    set_at: int | None = None
    bound: PolicyRow | None = None
    standing = (mode, low, high, bound)
    for step in ancestor_paths(path):
        standing = (mode, low, high, bound)
        row = rows.get(step)
        if row is None or mode is PolicyMode.FIXED:
            continue
        value = clamp(row.value, low, high)
        set_at = row.node_id
        if row.mode is PolicyMode.FIXED:
            mode, low, high, bound = PolicyMode.FIXED, value, value, row
        elif row.mode is PolicyMode.RANGE:
            mode, bound = PolicyMode.RANGE, row
            low, high = clamp(row.low, low, high), clamp(row.high, low, high)
    mode, low, high, bound = standing
    return EffectivePolicy(
        key=key,
        value=value,
        low=low,
        high=high,
        mode=mode,
        set_at_node_id=set_at,
        bound_by_node_id=bound.node_id if bound else None,
        bound_by_node_name=bound.node_name if bound else "",
        bound_by=bound.set_by if bound else "",
    )


def clamp(value: int, low: int, high: int) -> int:
    """`value` pressed into low..high."""
    return min(max(value, low), high)


def holds_range(value: int, low: int, high: int) -> bool:
    """Whether low <= value <= high."""
    return low <= value <= high


def bounds_given(key: PolicyKey, mode: PolicyMode, value: int, low: int | None, high: int | None) -> tuple[int, int]:
    """The range that a new row leaves to the nodes below: a point when fixed, the technical bounds when free."""
    _, technical_low, technical_high = POLICY_BOUNDS[key]
    if mode is PolicyMode.FIXED:
        return value, value
    if mode is PolicyMode.FREE:
        return technical_low, technical_high
    return (technical_low if low is None else low, technical_high if high is None else high)


def paths_needed(paths: Sequence[str]) -> set[str]:
    """All paths on the ways from the root to each of `paths`."""
    return {step for path in paths for step in ancestor_paths(path)}
