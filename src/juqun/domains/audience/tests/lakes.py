"""Small lakes in a plain DuckDB, random lakes and random trees for property tests."""

import json
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import strategies as st

from juqun.domains.audience.rules.predicate import compile_predicate
from juqun.domains.audience.rules.rfm import compile_rfm_sql, score_row
from juqun.domains.audience.tests.oracle import Lake
from juqun.domains.audience.types import LineFact, MemberFacts, OrderFact, Rfm, Segment, TouchFact
from juqun.lake.schemas import DIMS, FACTS

TODAY = 20000
PATHS = {1: "0001", 2: "00010001", 3: "00010002", 4: "000100010001"}
STORE_PATHS = ["", "000100010001", "000100010002", "000100020001"]
TAGS = ["young", "客户'; DROP TABLE members; --", "vip"]
CATEGORIES = ["coffee", "tea", "饼干"]
SOURCES = ["till", "poster"]
KINDS = ["scan", "friend", "message"]


_connection = duckdb.connect(":memory:", config={"threads": 1})
TABLES = {
    name: {**FACTS, **DIMS}[name]
    for name in ("members", "member_tags", "group_members", "products", "orders", "order_lines", "touches")
}


def connect(lake: Lake) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the lake's tables, columns and types; each call replaces the rows of the one before."""
    for name, schema in TABLES.items():
        rows = getattr(lake, name)
        if name == "members":
            rows = [{**row, "attributes": json.dumps(row["attributes"], ensure_ascii=False)} for row in rows]
        table = pa.table(
            {f.name: pa.array([row.get(f.name) for row in rows], type=f.type) for f in schema}, schema=schema
        )
        _connection.register(name, table)
    return _connection


def ids(connection: duckdb.DuckDBPyConnection, sql: str, params: dict[str, Any]) -> list[int]:
    return sorted(row[0] for row in connection.execute(sql, params).fetchall())


def facts_of(lake: Lake, connection: duckdb.DuckDBPyConnection, windows: set[int]) -> dict[int, MemberFacts]:
    """Each member's facts for the predicate."""
    products = {p["product_ref"]: p for p in lake.products}
    scores: dict[int, dict[int, Any]] = {}
    for days in windows:
        sql, params = compile_rfm_sql(as_of_day=TODAY, within_days=days)
        for row in connection.execute(sql, params).to_arrow_table().to_pylist():
            scores.setdefault(row["member_id"], {})[days] = score_row(row, as_of_day=TODAY, within_days=days)

    def mine(rows: list[dict[str, Any]], me: int) -> list[dict[str, Any]]:
        return [row for row in rows if row["member_id"] == me]

    facts = {}
    for m in lake.members:
        me = m["member_id"]
        plain = {key: m[key] for key in MemberFacts.__slots__ if key in m}
        facts[me] = MemberFacts(
            **plain,
            tags=frozenset(r["tag"] for r in mine(lake.member_tags, me)),
            groups=frozenset((r["kind"], r["role"]) for r in mine(lake.group_members, me)),
            orders=tuple(OrderFact(**{k: r[k] for k in OrderFact.__slots__}) for r in mine(lake.orders, me)),
            lines=tuple(
                LineFact(
                    **{k: r[k] for k in ("order_key", "store_id", "day", "amount_fen", "product_ref")},
                    category=products.get(r["product_ref"], {}).get("category"),
                    department=products.get(r["product_ref"], {}).get("department"),
                )
                for r in mine(lake.order_lines, me)
            ),
            touches=tuple(TouchFact(**{k: r[k] for k in TouchFact.__slots__}) for r in mine(lake.touches, me)),
            rfm=scores.get(me, {}),
        )
    return facts


def predicate_ids(segment: Segment, facts: dict[int, MemberFacts]) -> set[int]:
    holds = compile_predicate(segment, as_of_day=TODAY, node_paths=PATHS)
    return {me for me, fact in facts.items() if holds(fact)}


def rfm_windows(nodes: list[Any]) -> set[int]:
    return {node.within_days for node in nodes if isinstance(node, Rfm) and node.thresholds is None}


# -- random lakes ------------------------------------------------------------------------------------------------------

_day = st.integers(min_value=TODAY - 40, max_value=TODAY + 3)
_attribute = st.one_of(
    st.none(), st.booleans(), st.integers(-50, 50), st.sampled_from(["", "1.5", "-3", "ja", "1e3", " 2", "２", "1_0"])
)


@st.composite
def lakes(draw: st.DrawFn) -> Lake:
    count = draw(st.integers(min_value=1, max_value=8))
    lake = Lake(
        products=[
            {"product_ref": f"P{i}", "name": f"p{i}", "category": c, "department": d, "brand": ""}
            for i, (c, d) in enumerate(zip([*CATEGORIES, "coffee"], ["drinks", "drinks", "food", "food"], strict=True))
        ]
    )
    for me in range(1, count + 1):
        lake.members.append(
            {
                "member_id": me,
                "store_id": draw(st.sampled_from([-1, 11, 12])),
                "org_path": draw(st.sampled_from(STORE_PATHS)),
                "staff_id": draw(st.sampled_from([-1, 21, 22])),
                "is_friend": draw(st.booleans()),
                "in_group": draw(st.booleans()),
                "gender": draw(st.sampled_from(["", "female", "male"])),
                "birth_year": draw(st.sampled_from([None, 1980, 1990])),
                "tier": draw(st.sampled_from(["", "gold", "银"])),
                "created_day": draw(_day),
                "consent_marketing": draw(st.booleans()),
                "attributes": draw(st.dictionaries(st.sampled_from(["income", "家庭 size"]), _attribute)),
            }
        )
    member = st.integers(min_value=1, max_value=count)
    for me, tag in draw(st.lists(st.tuples(member, st.sampled_from(TAGS)), max_size=10)):
        lake.member_tags.append({"member_id": me, "tag": tag, "source": "manual"})
    for me, kind, role in draw(
        st.lists(st.tuples(member, st.sampled_from(["fans", "moms"]), st.sampled_from(["member", "koc"])), max_size=6)
    ):
        lake.group_members.append({"group_id": 1, "member_id": me, "kind": kind, "role": role})
    for me, kind, source, day in draw(
        st.lists(st.tuples(member, st.sampled_from(KINDS), st.sampled_from(SOURCES), _day), max_size=12)
    ):
        lake.touches.append({"touch_key": "t", "member_id": me, "kind": kind, "source": source, "day": day})
    _add_orders(draw, lake, st.one_of(member, st.just(-1)))
    return lake


def _add_orders(draw: st.DrawFn, lake: Lake, member: st.SearchStrategy[int]) -> None:
    line = st.tuples(st.sampled_from(["P0", "P1", "P2", "P3", "gone"]), st.integers(0, 300))
    order = st.tuples(
        member, st.sampled_from([11, 12]), _day, st.sampled_from([False] * 4 + [True]), st.lists(line, max_size=3)
    )
    for number, (me, store, day, refunded, lines) in enumerate(draw(st.lists(order, max_size=16))):
        head = {"order_key": f"pos:{number}", "member_id": me, "store_id": store, "day": day}
        lake.orders.append({**head, "amount_fen": sum(a for _, a in lines), "refunded": refunded})
        for line_no, (product, amount) in enumerate(lines):
            lake.order_lines.append({**head, "line_no": line_no, "product_ref": product, "amount_fen": amount})


# -- random trees ------------------------------------------------------------------------------------------------------


def _iso(day: int) -> str:
    return date.fromordinal(day + date(1970, 1, 1).toordinal()).isoformat()


def _some(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


_days = st.integers(1, 45)
_iso_day = _day.map(_iso)
_window = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"within_days": _days}),
    st.tuples(_iso_day, _iso_day).map(lambda d: {"since": min(d), "until": max(d)}),
    _iso_day.map(lambda d: {"since": d}),
    _iso_day.map(lambda d: {"until": d}),
)
_ago = st.one_of(st.fixed_dictionaries({"within_days": _days}), st.fixed_dictionaries({"more_than_days_ago": _days}))


def _compared(top: int) -> st.SearchStrategy[dict[str, Any]]:
    one = st.tuples(st.sampled_from(["eq", "ne", "lt", "lte", "gt", "gte"]), st.integers(0, top)).filter(
        lambda pair: pair not in (("lt", 0), ("gte", 0))
    )
    pair = st.lists(st.integers(0, top), min_size=2, max_size=2, unique=True).map(sorted)
    return st.one_of(one.map(lambda p: {"op": p[0], "value": p[1]}), pair.map(lambda p: {"op": "between", "value": p}))


_products = st.fixed_dictionaries(
    {},
    optional={
        "product": _some(["P0", "P1", "P3", "gone"]),
        "category": _some(CATEGORIES),
        "department": _some(["drinks", "food"]),
        "store": _some([11, 12]),
    },
)


def _merge(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda dicts: {k: v for d in dicts for k, v in d.items()})


def _typed(name: str, *parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return _merge(st.just({"type": name}), *parts)


def _attr(field: str, value: st.SearchStrategy[Any], *, ordered: bool) -> st.SearchStrategy[dict[str, Any]]:
    ops = ["eq", "ne", *(["lt", "lte", "gt", "gte"] if ordered else [])]
    many = st.lists(value, min_size=1, max_size=3, unique=True)
    forms = [
        st.tuples(st.sampled_from(ops), value).map(lambda p: {"op": p[0], "value": p[1]}),
        st.tuples(st.sampled_from(["in", "not_in"]), many).map(lambda p: {"op": p[0], "value": p[1]}),
        st.sampled_from(["known", "unknown"]).map(lambda op: {"op": op}),
    ]
    if ordered:
        pair = st.lists(value, min_size=2, max_size=2, unique=True).map(sorted)
        forms.append(pair.map(lambda p: {"op": "between", "value": p}))
    return _typed("attribute", st.just({"field": field}), st.one_of(forms))


_custom = st.sampled_from(["attributes.income", "attributes.家庭 size"])
_numbers = st.one_of(st.integers(-5, 5), st.sampled_from([1.5, -3.0, 20]))
_measures = st.one_of(
    *(
        _merge(st.just({"measure": name}), _compared(top))
        for name, top in (("count", 3), ("sum_fen", 500), ("distinct_products", 3), ("distinct_stores", 2))
    )
)
_cuts = st.lists(st.integers(1, 30), min_size=4, max_size=4, unique=True).map(sorted)
_grades = st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True)
_letters = st.fixed_dictionaries({}, optional={"r": _grades, "f": _grades, "m": _grades}).filter(bool)

leaves = st.one_of(
    _attr("gender", st.sampled_from(["female", "male"]), ordered=False),
    _attr("tier", st.sampled_from(["gold", "银", "none"]), ordered=False),
    _attr("birth_year", st.sampled_from([1980, 1985, 1990]), ordered=True),
    _attr("created_date", _iso_day, ordered=True),
    _custom.flatmap(lambda f: _attr(f, st.sampled_from(["true", "1.5", "ja", "7"]), ordered=False)),
    _custom.flatmap(lambda f: _attr(f, _numbers, ordered=True)),
    _typed(
        "tag",
        st.fixed_dictionaries(
            {}, optional={"any_of": _some(TAGS), "all_of": _some(TAGS), "none_of": _some(TAGS)}
        ).filter(lambda t: t and not set(t.get("none_of", [])) & (set(t.get("all_of", [])) | set(t.get("any_of", [])))),
    ),
    _typed(
        "relation",
        st.fixed_dictionaries(
            {}, optional={"is_friend": st.booleans(), "in_group": st.booleans(), "staff_id": _some([21, 22])}
        ).filter(bool),
    ),
    _typed(
        "group",
        st.fixed_dictionaries({}, optional={"kind": _some(["fans", "moms"]), "role": _some(["koc"])}).filter(bool),
    ),
    _typed("consent", st.fixed_dictionaries({"purpose": st.just("marketing")}, optional={"granted": st.booleans()})),
    _typed("org", st.fixed_dictionaries({"node_id": st.sampled_from(sorted(PATHS))})),
    _typed("orders", _measures, _window, _products),
    _typed("orders", _measures, _window, _products),
    _typed("last_order", _ago, _products),
    _typed("first_order", _ago, _products),
    _typed("not_since", st.fixed_dictionaries({"event": st.sampled_from(["order", *KINDS]), "days": _days})),
    _typed("rfm", _letters, st.fixed_dictionaries({}, optional={"within_days": _days})),
    _typed(
        "rfm",
        _letters,
        st.fixed_dictionaries(
            {
                "thresholds": st.fixed_dictionaries(
                    {"r_days": _cuts, "f": _cuts, "m_fen": _cuts.map(lambda c: [x * 20 for x in c])}
                )
            }
        ),
    ),
    _typed(
        "touches",
        st.fixed_dictionaries({"kind": _some(KINDS)}, optional={"source": _some(SOURCES)}),
        _compared(3),
        _window,
    ),
)


def _without_contradiction(children: list[dict[str, Any]]) -> bool:
    return not any("not" in c and c["not"] in children for c in children)


trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).filter(_without_contradiction).map(lambda c: {"all": c}),
        st.lists(inner, min_size=1, max_size=3).map(lambda c: {"any": c}),
        inner.map(lambda c: {"not": c}),
    ),
    max_leaves=6,
)
