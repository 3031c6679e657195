"""From a segment tree to a predicate over one member's facts, for events as they happen; equal to the query by test."""

import re
from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any

from juqun.domains.audience.rules.conditions import CUSTOM_PREFIX, compare
from juqun.domains.audience.rules.rfm import grade_by_thresholds
from juqun.domains.audience.rules.sql import NUMERIC_PATTERN
from juqun.domains.audience.rules.windows import boundary, day_number, first_day, window
from juqun.domains.audience.types import (
    All,
    AnyOf,
    Attribute,
    Consent,
    FirstOrder,
    Group,
    LastOrder,
    LineFact,
    Measure,
    MemberFacts,
    Node,
    Not,
    NotSince,
    Op,
    OrderFact,
    Orders,
    Org,
    Relation,
    Rfm,
    Segment,
    Tag,
    Touches,
)

Predicate = Callable[[MemberFacts], bool]
_NUMERIC = re.compile(NUMERIC_PATTERN, re.ASCII)


def compile_predicate(segment: Segment, *, as_of_day: int, node_paths: Mapping[int, str] | None = None) -> Predicate:
    """Return a function of one member's facts; the window bounds are worked out once, here."""
    return _predicate(segment.root, as_of_day, node_paths or {})


def matches(
    segment: Segment, facts: MemberFacts, *, as_of_day: int, node_paths: Mapping[int, str] | None = None
) -> bool:
    """Return whether the member with these facts is in the segment on that day (the data scope is not its business)."""
    return compile_predicate(segment, as_of_day=as_of_day, node_paths=node_paths)(facts)


@singledispatch
def _predicate(node: Node, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    raise TypeError(type(node).__name__)


@_predicate.register
def _(node: All, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    parts = [_predicate(child, as_of_day, paths) for child in node.children]
    return lambda facts: all(part(facts) for part in parts)


@_predicate.register
def _(node: AnyOf, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    parts = [_predicate(child, as_of_day, paths) for child in node.children]
    return lambda facts: any(part(facts) for part in parts)


@_predicate.register
def _(node: Not, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    part = _predicate(node.child, as_of_day, paths)
    return lambda facts: not part(facts)


@_predicate.register
def _(node: Attribute, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    read = _reader(node)
    value: Any = node.value
    if node.field == "created_date" and value is not None:
        value = tuple(map(day_number, value)) if isinstance(value, tuple) else day_number(value)
    if node.op is Op.KNOWN:
        return lambda facts: read(facts) is not None
    if node.op is Op.UNKNOWN:
        return lambda facts: read(facts) is None
    if node.op in (Op.IN, Op.NOT_IN):
        wanted, inside = frozenset(value), node.op is Op.IN
        return lambda facts: (found := read(facts)) is not None and (found in wanted) is inside
    return lambda facts: (found := read(facts)) is not None and compare(node.op, found, value)


def _reader(node: Attribute) -> Callable[[MemberFacts], Any]:
    """Return how the member's property is read; None when it is not known."""
    if node.field == "birth_year":
        return lambda facts: facts.birth_year if facts.birth_year and facts.birth_year > 0 else None
    if node.field == "created_date":
        return lambda facts: facts.created_day if facts.created_day and facts.created_day > 0 else None
    if not node.field.startswith(CUSTOM_PREFIX):
        return lambda facts: getattr(facts, node.field) or None
    name = node.field.removeprefix(CUSTOM_PREFIX)
    sample = node.value[0] if isinstance(node.value, tuple) else node.value
    if isinstance(sample, int | float):
        return lambda facts: _as_number(_as_text(facts.attributes.get(name)))
    return lambda facts: _as_text(facts.attributes.get(name))


def _as_text(value: object) -> str | None:
    """Return an attribute as the text the engines extract from its JSON."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _as_number(text: str | None) -> float | None:
    return float(text) if text is not None and _NUMERIC.match(text) else None


@_predicate.register
def _(node: Tag, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    any_of, all_of, none_of = map(frozenset, (node.any_of, node.all_of, node.none_of))
    return lambda facts: (
        (not any_of or not any_of.isdisjoint(facts.tags)) and all_of <= facts.tags and none_of.isdisjoint(facts.tags)
    )


@_predicate.register
def _(node: Relation, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    return lambda facts: (
        (node.is_friend is None or facts.is_friend is node.is_friend)
        and (node.in_group is None or facts.in_group is node.in_group)
        and (not node.staff_id or facts.staff_id in node.staff_id)
    )


@_predicate.register
def _(node: Group, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    return lambda facts: any(
        (not node.kind or kind in node.kind) and (not node.role or role in node.role) for kind, role in facts.groups
    )


@_predicate.register
def _(node: Consent, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    return lambda facts: facts.consent_marketing is node.granted


@_predicate.register
def _(node: Org, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    prefix = paths[node.node_id]
    return lambda facts: facts.org_path.startswith(prefix)


def _rows(
    node: Orders | LastOrder | FirstOrder, first: int | None, last: int, *, lines: bool = False
) -> Callable[[MemberFacts], list[OrderFact | LineFact]]:
    """Return the member's orders, or order lines when products are named, that a condition looks at."""
    low = -(10**9) if first is None else first

    def live(facts: MemberFacts) -> list[OrderFact]:
        return [
            o for o in facts.orders
            if not o.refunded and low <= o.day <= last and (not node.store or o.store_id in node.store)
        ]  # fmt: skip

    if not (lines or node.product or node.category or node.department):
        return live  # type: ignore[return-value]  # a list of orders is one of orders or lines

    def live_lines(facts: MemberFacts) -> list[OrderFact | LineFact]:
        refunded = {o.order_key for o in facts.orders if o.refunded}
        return [
            line for line in facts.lines
            if low <= line.day <= last
            and line.order_key not in refunded
            and (not node.store or line.store_id in node.store)
            and (not node.product or line.product_ref in node.product)
            and (not node.category or line.category in node.category)
            and (not node.department or line.department in node.department)
        ]  # fmt: skip

    return live_lines


@_predicate.register
def _(node: Orders, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    rows = _rows(node, *window(node, as_of_day), lines=node.measure is Measure.DISTINCT_PRODUCTS)
    measure = _MEASURES[node.measure]
    return lambda facts: compare(node.op, measure(rows(facts)), node.value)


_MEASURES: Mapping[Measure, Callable[[list[Any]], int]] = {
    Measure.COUNT: lambda rows: len({row.order_key for row in rows}),
    Measure.SUM_FEN: lambda rows: sum(row.amount_fen for row in rows),
    Measure.DISTINCT_PRODUCTS: lambda rows: len({row.product_ref for row in rows}),
    Measure.DISTINCT_STORES: lambda rows: len({row.store_id for row in rows}),
}


@_predicate.register
def _(node: LastOrder, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    return _edge(node, as_of_day, max)


@_predicate.register
def _(node: FirstOrder, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    return _edge(node, as_of_day, min)


def _edge(node: LastOrder | FirstOrder, as_of_day: int, pick: Callable[[list[int]], int]) -> Predicate:
    first, inside = boundary(node, as_of_day)
    rows = _rows(node, None, as_of_day)
    return lambda facts: bool(found := rows(facts)) and (pick([row.day for row in found]) >= first) is inside


@_predicate.register
def _(node: NotSince, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    first = first_day(node.days, as_of_day)
    if node.event == "order":
        return lambda facts: not any(not o.refunded and first <= o.day <= as_of_day for o in facts.orders)
    return lambda facts: not any(t.kind == node.event and first <= t.day <= as_of_day for t in facts.touches)


@_predicate.register
def _(node: Touches, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    first, last = window(node, as_of_day)
    low = -(10**9) if first is None else first
    return lambda facts: compare(
        node.op,
        sum(
            low <= t.day <= last and t.kind in node.kind and (not node.source or t.source in node.source)
            for t in facts.touches
        ),
        node.value,
    )


@_predicate.register
def _(node: Rfm, as_of_day: int, paths: Mapping[int, str]) -> Predicate:
    wanted = (node.r, node.f, node.m)
    first, last = window(node, as_of_day)
    low = -(10**9) if first is None else first

    def grades(facts: MemberFacts) -> tuple[int, int, int] | None:
        if node.thresholds is None:
            score = facts.rfm.get(node.within_days)
            return (score.r, score.f, score.m) if score else None
        orders = [o for o in facts.orders if not o.refunded and low <= o.day <= last]
        if not orders:
            return None
        return grade_by_thresholds(
            node.thresholds,
            last_day=max(o.day for o in orders),
            orders=len(orders),
            amount_fen=sum(o.amount_fen for o in orders),
            as_of_day=as_of_day,
        )

    def holds(facts: MemberFacts) -> bool:
        found = grades(facts)
        return found is not None and all(not want or grade in want for want, grade in zip(wanted, found, strict=True))

    return holds
