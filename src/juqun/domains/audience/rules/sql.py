"""From a segment tree to one set-based query over the lake's views, in DuckDB SQL that sqlglot turns into Spark SQL.

Shape: each condition on events becomes one CTE that names the members whose events pass (or, when a member without any
event passes too, those whose events fail), joined once to ``members``; the tree becomes the WHERE clause. What members'
own properties and a narrow scope decide comes first (CTE ``base``), so that only events of members still in question are
counted; for the whole chain that costs more than it saves (measured at 1 million members). Every value is a bound
parameter; the text holds only our own words. Days are integers; unknown values are false.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial, singledispatchmethod
from typing import Any

from juqun.domains.audience.errors import SegmentNodeUnknownError
from juqun.domains.audience.rules.conditions import CUSTOM_PREFIX, TEXT_FIELDS, compare
from juqun.domains.audience.rules.language import walk
from juqun.domains.audience.rules.rfm import rfm_ctes
from juqun.domains.audience.rules.windows import boundary, day_number, first_day, window
from juqun.domains.audience.types import (
    All,
    AnyOf,
    Attribute,
    Consent,
    FirstOrder,
    Group,
    LastOrder,
    Measure,
    Node,
    Not,
    NotSince,
    Op,
    Orders,
    Org,
    Relation,
    Rfm,
    Segment,
    Tag,
    Touches,
)
from juqun.kernel.scope import DataScope

_SIGNS: Mapping[Op, str] = {Op.EQ: "=", Op.NE: "<>", Op.LT: "<", Op.LTE: "<=", Op.GT: ">", Op.GTE: ">="}
NUMERIC_PATTERN = "^-?[0-9]{1,15}([.][0-9]{1,6})?$"
"""Texts of imported attributes that count as numbers; the predicate uses the same pattern."""
_MEMBER_COLUMN = re.compile(r"\bm\.(\w+)")
_LIVE = "NOT coalesce(refunded, FALSE)"


def compile_sql(
    segment: Segment, *, as_of_day: int, scope: DataScope, node_paths: Mapping[int, str] | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the query (one column ``member_id``, each member once, no order) and its named parameters.

    ``node_paths`` holds the organisation path of each node that the tree names; one that is missing raises
    SegmentNodeUnknownError. The scope is always part of the query.
    """
    body, params = _compile(segment, as_of_day, scope, node_paths)
    return body("m.member_id AS member_id"), params


def compile_count_sql(
    segment: Segment, *, as_of_day: int, scope: DataScope, node_paths: Mapping[int, str] | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the query of one row: members, friends, in_group, consented, reachable_friend, reachable (all BIGINT)."""
    body, params = _compile(segment, as_of_day, scope, node_paths)
    friend, group, consent = ("coalesce(m.is_friend, FALSE)", "coalesce(m.in_group, FALSE)", _CONSENTED)
    columns = {
        "members": "TRUE",
        "friends": friend,
        "in_group": group,
        "consented": consent,
        "reachable_friend": f"{friend} AND {consent}",
        "reachable": f"({friend} AND {consent}) OR {group}",
    }
    counted = ", ".join(f"count(CASE WHEN {test} THEN 1 END) AS {name}" for name, test in columns.items())
    return body(counted), params


_OWN = (Attribute, Tag, Relation, Group, Consent, Org)
_CONSENTED = "coalesce(m.consent_marketing, FALSE)"


def _compile(
    segment: Segment, as_of_day: int, scope: DataScope, node_paths: Mapping[int, str] | None
) -> tuple[Callable[[str], str], dict[str, Any]]:
    paths = node_paths or {}
    for path, node in walk(segment):
        if isinstance(node, Org) and node.node_id not in paths:
            allowed = "a node of the organisation"
            raise SegmentNodeUnknownError(path=f"{path}.node_id", found=str(node.node_id), allowed=allowed)
    builder = _Builder(as_of_day, paths)
    first, rest = _split(segment.root)
    wheres = [builder.scope(scope), *map(builder.test, first)]
    narrows = bool(rest) and not scope.is_whole_chain
    if narrows:
        builder.narrow(wheres)
        wheres = []
    wheres += map(builder.test, rest)
    return partial(builder.select, wheres), builder.params


def _split(root: Node) -> tuple[list[Node], list[Node]]:
    """Return the conditions that the members' own properties decide, and the others that need events."""
    parts = list(root.children) if isinstance(root, All) else [root]
    first = [part for part in parts if all(isinstance(leaf, _OWN) for leaf in _leaves(part))]
    return first, [part for part in parts if part not in first]


def _leaves(node: Node) -> list[Node]:
    if isinstance(node, All | AnyOf):
        return [leaf for child in node.children for leaf in _leaves(child)]
    return _leaves(node.child) if isinstance(node, Not) else [node]


class _Builder:
    """Collects parameters, CTEs and joins while the tree is walked."""

    def __init__(self, as_of_day: int, node_paths: Mapping[int, str]) -> None:
        self.as_of_day = as_of_day
        self.node_paths = node_paths
        self.params: dict[str, Any] = {}
        self.ctes: dict[str, str] = {}
        self.joined: list[str] = []
        self._seen: dict[Node, str] = {}
        self._source = "members"

    # -- the query -----------------------------------------------------------------------------------------------

    def select(self, wheres: list[str], columns: str) -> str:
        """Return the whole query with these output columns."""
        where = " AND ".join(wheres)
        ctes = dict(self.ctes)
        if self._source != "members":
            used = sorted({"member_id", *_MEMBER_COLUMN.findall(f"{columns} {where}")})
            ctes[self._source] = ctes[self._source].format(columns=", ".join(f"m.{name} AS {name}" for name in used))
        head = ",\n".join(f"{name} AS ({text})" for name, text in ctes.items())
        head = f"WITH {head}\n" if head else ""
        return f"{head}SELECT {columns}\nFROM {self._source} AS m{self._joins()}\nWHERE {where}"

    def narrow(self, wheres: list[str]) -> None:
        """Let what follows look only at members that pass these tests: their events alone are read and counted."""
        self.ctes["base"] = f"SELECT {{columns}} FROM members AS m{self._joins()} WHERE {' AND '.join(wheres)}"
        self._source = "base"
        self.joined, self._seen = [], {}

    def _joins(self) -> str:
        return "".join(f"\nLEFT JOIN {name} ON {name}.member_id = m.member_id" for name in self.joined)

    def among(self) -> list[str]:
        """Return the test that an event belongs to a member still in question."""
        return ["member_id IN (SELECT member_id FROM base)"] if self._source == "base" else []

    # -- parts ---------------------------------------------------------------------------------------------------

    def bind(self, value: object) -> str:
        """Return the placeholder of a value."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"${name}"

    def listed(self, column: str, values: tuple[Any, ...]) -> str:
        """Return ``column IN (...)`` with every value bound."""
        return f"{column} IN ({', '.join(self.bind(value) for value in values)})"

    def measured(self, expression: str, op: Op, value: Any) -> str:
        """Return a comparison of a number with bound values."""
        if op is Op.BETWEEN:
            return f"{expression} BETWEEN {self.bind(value[0])} AND {self.bind(value[1])}"
        return f"{expression} {_SIGNS[op]} {self.bind(value)}"

    def days(self, first: int | None, last: int, column: str = "day") -> list[str]:
        """Return the tests of a window on a column of day numbers."""
        tests = [f"{column} <= {self.bind(last)}"]
        return [*tests, f"{column} >= {self.bind(first)}"] if first is not None else tests

    def scope(self, scope: DataScope) -> str:
        """Return the test of the data scope: path prefixes (the whole chain has none), and the guide's own customers."""
        if scope.is_whole_chain:
            return "TRUE"
        paths = [f"starts_with(coalesce(m.org_path, ''), {self.bind(path)})" for path in scope.paths]
        test = f"({' OR '.join(paths)})" if paths else "FALSE"
        return test if scope.staff_id is None else f"{test} AND m.staff_id = {self.bind(scope.staff_id)}"

    def member_set(self, text: str) -> str:
        """Register a CTE with one row per member and return the test that the member is in it."""
        name = f"c{len(self.ctes)}"
        self.ctes[name] = text
        self.joined.append(name)
        return f"{name}.member_id IS NOT NULL"

    # -- nodes ---------------------------------------------------------------------------------------------------

    def test(self, node: Node) -> str:
        """Return the boolean expression (never NULL) of a node; a condition that stands twice is worked out once."""
        if node not in self._seen:
            self._seen[node] = self._test(node)
        return self._seen[node]

    @singledispatchmethod
    def _test(self, node: Node) -> str:
        raise TypeError(type(node).__name__)

    @_test.register
    def _(self, node: All) -> str:
        return "(" + " AND ".join(self.test(child) for child in node.children) + ")"

    @_test.register
    def _(self, node: AnyOf) -> str:
        return "(" + " OR ".join(self.test(child) for child in node.children) + ")"

    @_test.register
    def _(self, node: Not) -> str:
        return f"NOT {self.test(node.child)}"

    @_test.register
    def _(self, node: Attribute) -> str:
        column = self._column(node)
        if node.op is Op.KNOWN:
            return f"({column} IS NOT NULL)"
        if node.op is Op.UNKNOWN:
            return f"({column} IS NULL)"
        value: Any = node.value
        if node.field == "created_date":
            value = tuple(map(day_number, value)) if isinstance(value, tuple) else day_number(value)
        if node.op is Op.IN:
            return f"coalesce({self.listed(column, value)}, FALSE)"
        if node.op is Op.NOT_IN:
            return f"coalesce(NOT {self.listed(column, value)}, FALSE)"
        return f"coalesce({self.measured(column, node.op, value)}, FALSE)"

    def _column(self, node: Attribute) -> str:
        """Return the member's property as an expression that is NULL when it is not known."""
        if node.field in TEXT_FIELDS:
            return f"nullif(m.{node.field}, '')"
        if node.field == "birth_year":
            return "CASE WHEN m.birth_year > 0 THEN m.birth_year END"
        if node.field == "created_date":
            return "CASE WHEN m.created_day > 0 THEN m.created_day END"
        path = self.bind(f"$.{node.field.removeprefix(CUSTOM_PREFIX)}")
        text = f"nullif(json_extract_string(m.attributes, {path}), '')"
        sample = node.value[0] if isinstance(node.value, tuple) else node.value
        if not isinstance(sample, int | float):
            return text
        return f"CASE WHEN regexp_matches({text}, '{NUMERIC_PATTERN}') THEN CAST({text} AS DOUBLE) END"

    @_test.register
    def _(self, node: Tag) -> str:
        tests = []
        if node.any_of:
            tests.append(self._tagged(node.any_of))
        if node.all_of:
            tests.append(self._tagged(node.all_of, every=True))
        if node.none_of:
            tests.append(f"NOT ({self._tagged(node.none_of)})")
        return f"({' AND '.join(tests)})"

    def _tagged(self, tags: tuple[str, ...], *, every: bool = False) -> str:
        text = f"SELECT member_id FROM member_tags WHERE {self.listed('tag', tags)} GROUP BY member_id"
        if every:
            text += f" HAVING count(DISTINCT tag) = {self.bind(len(tags))}"
        return self.member_set(text)

    @_test.register
    def _(self, node: Relation) -> str:
        tests = []
        if node.is_friend is not None:
            tests.append(f"coalesce(m.is_friend, FALSE) = {self.bind(node.is_friend)}")
        if node.in_group is not None:
            tests.append(f"coalesce(m.in_group, FALSE) = {self.bind(node.in_group)}")
        if node.staff_id:
            tests.append(f"coalesce({self.listed('m.staff_id', node.staff_id)}, FALSE)")
        return f"({' AND '.join(tests)})"

    @_test.register
    def _(self, node: Group) -> str:
        tests = [self.listed(name, values) for name, values in (("kind", node.kind), ("role", node.role)) if values]
        return self.member_set(f"SELECT member_id FROM group_members WHERE {' AND '.join(tests)} GROUP BY member_id")

    @_test.register
    def _(self, node: Consent) -> str:
        return f"({_CONSENTED} = {self.bind(node.granted)})"

    @_test.register
    def _(self, node: Org) -> str:
        return f"starts_with(coalesce(m.org_path, ''), {self.bind(self.node_paths[node.node_id])})"

    @_test.register
    def _(self, node: Orders) -> str:
        first, last = window(node, self.as_of_day)
        source, measure = self._measure(node, first, last)
        return self._passing(node, source, measure)

    def _measure(self, node: Orders, first: int | None, last: int) -> tuple[str, str]:
        """Return the rows of a measure (grouped by member later) and the aggregate over them."""
        rows = self._order_rows(node, first, last, lines=node.measure is Measure.DISTINCT_PRODUCTS)
        if node.measure is Measure.SUM_FEN:
            return rows, "CAST(sum(amount_fen) AS BIGINT)"
        if node.measure is Measure.DISTINCT_PRODUCTS:
            return rows, "count(DISTINCT product_ref)"
        if node.measure is Measure.DISTINCT_STORES:
            return rows, "count(DISTINCT store_id)"
        return rows, "count(DISTINCT order_key)" if " order_lines " in rows else "count(*)"

    def _order_rows(
        self, node: Orders | LastOrder | FirstOrder, first: int | None, last: int, *, lines: bool = False
    ) -> str:
        """Return ``FROM ... WHERE ...`` of the orders, or of the order lines when products are named."""
        tests = [*self.days(first, last), *self.among()]
        if node.store:
            tests.append(self.listed("store_id", node.store))
        if not (lines or node.product or node.category or node.department):
            return f"FROM orders WHERE {_LIVE} AND {' AND '.join(tests)}"
        if node.product:
            tests.append(self.listed("product_ref", node.product))
        places = [(name, getattr(node, name)) for name in ("category", "department") if getattr(node, name)]
        if places:
            wanted = " AND ".join(self.listed(name, values) for name, values in places)
            tests.append(f"product_ref IN (SELECT product_ref FROM products WHERE {wanted})")
        refunded = " AND ".join(["refunded", *self.days(first, last)])
        # A join to the few refunded orders: NOT EXISTS and NOT IN cost DuckDB 1.5 twice to four times as much here.
        joined = f"(SELECT DISTINCT order_key AS refunded_key FROM orders WHERE {refunded}) AS r"
        tests.append("r.refunded_key IS NULL")
        return f"FROM order_lines LEFT JOIN {joined} ON r.refunded_key = order_key WHERE {' AND '.join(tests)}"

    def _passing(self, node: Orders | Touches, rows: str, measure: str) -> str:
        """Return the test of a measured condition. A member without rows measures 0."""
        test = self.measured(measure, node.op, node.value)
        if compare(node.op, 0, node.value):
            failing = f"SELECT member_id {rows} GROUP BY member_id HAVING NOT ({test})"
            return f"NOT ({self.member_set(failing)})"
        return self.member_set(f"SELECT member_id {rows} GROUP BY member_id HAVING {test}")

    @_test.register
    def _(self, node: LastOrder) -> str:
        return self._edge(node, "max(day)")

    @_test.register
    def _(self, node: FirstOrder) -> str:
        return self._edge(node, "min(day)")

    def _edge(self, node: LastOrder | FirstOrder, edge: str) -> str:
        first, inside = boundary(node, self.as_of_day)
        recent = inside and isinstance(node, LastOrder)
        rows = self._order_rows(node, first if recent else None, self.as_of_day)
        having = "" if recent else f" HAVING {edge} {'>=' if inside else '<'} {self.bind(first)}"
        return self.member_set(f"SELECT member_id {rows} GROUP BY member_id{having}")

    @_test.register
    def _(self, node: NotSince) -> str:
        tests = " AND ".join([*self.days(first_day(node.days, self.as_of_day), self.as_of_day), *self.among()])
        rows = f"FROM orders WHERE {_LIVE} AND {tests}"
        if node.event != "order":
            rows = f"FROM touches WHERE kind = {self.bind(node.event)} AND {tests}"
        return f"NOT ({self.member_set(f'SELECT member_id {rows} GROUP BY member_id')})"

    @_test.register
    def _(self, node: Touches) -> str:
        first, last = window(node, self.as_of_day)
        tests = [self.listed("kind", node.kind), *self.days(first, last), *self.among()]
        if node.source:
            tests.append(self.listed("source", node.source))
        return self._passing(node, f"FROM touches WHERE {' AND '.join(tests)}", "count(*)")

    @_test.register
    def _(self, node: Rfm) -> str:
        prefix = f"rfm{len(self.ctes)}_"
        self.ctes.update(
            rfm_ctes(
                prefix,
                within_days=node.within_days,
                thresholds=node.thresholds,
                as_of_day=self.as_of_day,
                bind=self.bind,
            )
        )
        tests = [self.listed(letter, grades) for letter in ("r", "f", "m") if (grades := getattr(node, letter))]
        return self.member_set(f"SELECT member_id FROM {prefix}grades WHERE {' AND '.join(tests)}")
