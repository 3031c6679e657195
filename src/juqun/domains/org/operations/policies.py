"""Policies with guard-rails."""

from django.db import transaction

from juqun.domains.org import queries, rules
from juqun.domains.org.errors import (
    NodeNotFoundError,
    PolicyActorError,
    PolicyFixedError,
    PolicyOutOfRangeError,
    PolicyRangeError,
    StaffNotFoundError,
)
from juqun.domains.org.events import PolicyChanged
from juqun.domains.org.models import OrgNode, Policy, Staff
from juqun.domains.org.types import EffectivePolicy, PolicyKey, PolicyMode, Role
from juqun.kernel import clock
from juqun.kernel.events import publish


def set_policy(
    *,
    actor_staff_id: int,
    node_id: int,
    key: PolicyKey,
    mode: PolicyMode,
    value: int,
    low: int | None = None,
    high: int | None = None,
) -> EffectivePolicy:
    """Set `key` at a node: the value there and what it leaves to the nodes below (`low`, `high` only with RANGE).

    Answers with what now holds at the node. Raises StaffNotFoundError, NodeNotFoundError, PolicyActorError (not their
    part of the tree, or not their role), PolicyFixedError and PolicyOutOfRangeError (the guard-rail above forbids it;
    both say the range and who set it) and PolicyRangeError (low <= value <= high does not hold).
    """
    key, mode = PolicyKey(key), PolicyMode(mode)
    with transaction.atomic():
        actor = Staff.unscoped.select_related("node").filter(pk=actor_staff_id, is_active=True).first()
        if actor is None:
            raise StaffNotFoundError(staff=str(actor_staff_id))
        node = OrgNode.unscoped.filter(pk=node_id).first()
        if node is None:
            raise NodeNotFoundError(node=str(node_id))
        if not rules.may_set_policy(Role(actor.role), actor.node.path, node.path):
            raise PolicyActorError(actor=actor.name, node=node.name)
        _lock_way(node.path)
        given_low, given_high = rules.bounds_given(key, mode, value, low, high)
        _check(queries.get_policy(node_id=node_id, key=key), mode, value, given_low, given_high)
        Policy.unscoped.update_or_create(
            node=node,
            key=key,
            defaults={
                "mode": mode,
                "value": value,
                "low": given_low,
                "high": given_high,
                "set_by": actor,
                "set_at": clock.now(),
            },
        )
        publish(PolicyChanged(node_id=node_id, key=key))
    return queries.get_policy(node_id=node_id, key=key)


def _lock_way(path: str) -> None:
    """Lock the nodes from the root to `path`, so that two tiers cannot set against each other's old guard-rail."""
    list(OrgNode.unscoped.select_for_update().filter(path__in=rules.ancestor_paths(path)).order_by("path"))


def _check(standing: EffectivePolicy, mode: PolicyMode, value: int, low: int, high: int) -> None:
    if not rules.holds_range(value, low, high):
        raise PolicyRangeError(value=value, low=low, high=high)
    if standing.mode is PolicyMode.FIXED:
        raise PolicyFixedError(
            key=standing.key, value=standing.value, set_by=standing.bound_by, set_at=standing.bound_by_node_name
        )
    given = (value,) if mode is PolicyMode.FREE else (value, low, high)
    for number in given:
        if not rules.holds_range(number, standing.low, standing.high):
            raise PolicyOutOfRangeError(
                key=standing.key,
                value=number,
                low=standing.low,
                high=standing.high,
                set_by=standing.bound_by or "Juqun",
                set_at=standing.bound_by_node_name or "Juqun",
            )
