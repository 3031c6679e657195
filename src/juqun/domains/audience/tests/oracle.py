"""A second opinion on segments: the JSON tree read naively against plain rows, sharing no code with the compilers."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass
class Lake:
    """Rows of the lake's tables as dicts."""

    members: list[dict[str, Any]] = field(default_factory=list)
    member_tags: list[dict[str, Any]] = field(default_factory=list)
    group_members: list[dict[str, Any]] = field(default_factory=list)
    products: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    order_lines: list[dict[str, Any]] = field(default_factory=list)
    touches: list[dict[str, Any]] = field(default_factory=list)


def number(day: str) -> int:
    return date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()


def select(lake: Lake, tree: dict[str, Any], today: int, paths: dict[int, str]) -> set[int]:
    """The ids of the members that the tree means."""
    return {m["member_id"] for m in lake.members if holds(lake, tree, m, today, paths)}


def holds(lake: Lake, t: dict[str, Any], m: dict[str, Any], today: int, paths: dict[int, str]) -> bool:  # noqa: C901
    if "all" in t:
        return all(holds(lake, c, m, today, paths) for c in t["all"])
    if "any" in t:
        return any(holds(lake, c, m, today, paths) for c in t["any"])
    if "not" in t:
        return not holds(lake, t["not"], m, today, paths)
    me = m["member_id"]
    match t["type"]:
        case "attribute":
            return attribute(t, m)
        case "tag":
            mine = {r["tag"] for r in lake.member_tags if r["member_id"] == me}
            return (
                ("any_of" not in t or any(x in mine for x in t["any_of"]))
                and all(x in mine for x in t.get("all_of", []))
                and not any(x in mine for x in t.get("none_of", []))
            )
        case "relation":
            return (
                ("is_friend" not in t or m["is_friend"] == t["is_friend"])
                and ("in_group" not in t or m["in_group"] == t["in_group"])
                and ("staff_id" not in t or m["staff_id"] in t["staff_id"])
            )
        case "group":
            mine = [r for r in lake.group_members if r["member_id"] == me]
            return any(
                r["kind"] in t.get("kind", [r["kind"]]) and r["role"] in t.get("role", [r["role"]]) for r in mine
            )
        case "consent":
            return m["consent_marketing"] == t.get("granted", True)
        case "org":
            return m["org_path"].startswith(paths[t["node_id"]])
        case "orders":
            return measured(lake, t, me, today)
        case "last_order":
            days = [r["day"] for r in rows(lake, t, me, today, windowed=False)]
            return edge(t, max(days), today) if days else False
        case "first_order":
            days = [r["day"] for r in rows(lake, t, me, today, windowed=False)]
            return edge(t, min(days), today) if days else False
        case "not_since":
            return all(today - day >= t["days"] for day in events(lake, t["event"], me, today))
        case "touches":
            found = [
                r for r in lake.touches
                if r["member_id"] == me and r["kind"] in t["kind"] and inside(t, r["day"], today)
                and ("source" not in t or r["source"] in t["source"])
            ]  # fmt: skip
            return compared(len(found), t)
        case "rfm":
            return graded(lake, t, me, today)
    raise AssertionError(t)


def attribute(t: dict[str, Any], m: dict[str, Any]) -> bool:  # noqa: C901
    name, op, want = t["field"], t["op"], t.get("value")
    have: Any
    if name.startswith("attributes."):
        have = m["attributes"].get(name[len("attributes.") :])
        have = {True: "true", False: "false", None: None}[have] if have is None or type(have) is bool else str(have)
    elif name == "created_date":
        have = m["created_day"]
        if want is not None:
            want = [number(w) for w in want] if type(want) is list else number(want)
    else:
        have = m[name]
    if have == "":
        have = None
    sample = want[0] if type(want) is list else want
    if name.startswith("attributes.") and type(sample) in (int, float) and have is not None:
        parts = have.removeprefix("-").split(".")
        have = float(have) if len(parts) <= 2 and all(p.isdigit() and p.isascii() for p in parts) else None
    if op == "known":
        return have is not None
    if op == "unknown":
        return have is None
    if have is None:
        return False
    if op == "in":
        return have in want
    if op == "not_in":
        return have not in want
    return compared(have, {"op": op, "value": want})


def compared(have: Any, t: dict[str, Any]) -> bool:
    want = t["value"]
    return {
        "eq": lambda: have == want, "ne": lambda: have != want, "lt": lambda: have < want, "lte": lambda: have <= want,
        "gt": lambda: have > want, "gte": lambda: have >= want, "between": lambda: want[0] <= have <= want[1],
    }[t["op"]]()  # fmt: skip


def inside(t: dict[str, Any], day: int, today: int) -> bool:
    return (
        day <= today
        and ("within_days" not in t or today - day < t["within_days"])
        and ("since" not in t or day >= number(t["since"]))
        and ("until" not in t or day <= number(t["until"]))
    )


def edge(t: dict[str, Any], day: int, today: int) -> bool:
    if "within_days" in t:
        return today - day < t["within_days"]
    return today - day >= t["more_than_days_ago"]


def rows(lake: Lake, t: dict[str, Any], me: int, today: int, *, windowed: bool = True) -> list[dict[str, Any]]:
    """The member's live order lines (when products matter) or orders."""
    by_line = t.get("measure") == "distinct_products" or any(k in t for k in ("product", "category", "department"))
    refunded = {o["order_key"] for o in lake.orders if o["refunded"]}
    catalogue = {p["product_ref"]: p for p in lake.products}
    found = []
    for r in lake.order_lines if by_line else lake.orders:
        if r["member_id"] != me or r["order_key"] in refunded or r["day"] > today:
            continue
        if windowed and not inside(t, r["day"], today):
            continue
        if "store" in t and r["store_id"] not in t["store"]:
            continue
        if by_line:
            product = catalogue.get(r["product_ref"], {})
            if "product" in t and r["product_ref"] not in t["product"]:
                continue
            if any(k in t and product.get(k) not in t[k] for k in ("category", "department")):
                continue
        found.append(r)
    return found


def measured(lake: Lake, t: dict[str, Any], me: int, today: int) -> bool:
    found = rows(lake, t, me, today)
    have = {
        "count": len({r["order_key"] for r in found}),
        "sum_fen": sum(r["amount_fen"] for r in found),
        "distinct_products": len({r.get("product_ref") for r in found}),
        "distinct_stores": len({r["store_id"] for r in found}),
    }[t["measure"]]
    return compared(have, t)


def events(lake: Lake, event: str, me: int, today: int) -> list[int]:
    if event == "order":
        return [r["day"] for r in rows(lake, {}, me, today)]
    return [r["day"] for r in lake.touches if r["member_id"] == me and r["kind"] == event and r["day"] <= today]


def graded(lake: Lake, t: dict[str, Any], me: int, today: int) -> bool:
    window = {"within_days": t.get("within_days", 365)}
    buyers: dict[int, list[dict[str, Any]]] = {}
    for o in lake.orders:
        if not o["refunded"] and inside(window, o["day"], today) and o["member_id"] >= 0:
            buyers.setdefault(o["member_id"], []).append(o)
    if me not in buyers:
        return False
    values = {
        b: {"r": max(o["day"] for o in os), "f": len(os), "m": sum(o["amount_fen"] for o in os)}
        for b, os in buyers.items()
    }
    for letter in ("r", "f", "m"):
        if letter not in t:
            continue
        have = values[me][letter]
        if "thresholds" in t:
            cuts = t["thresholds"][{"r": "r_days", "f": "f", "m": "m_fen"}[letter]]
            grade = 5 - sum(today - have > c for c in cuts) if letter == "r" else 1 + sum(have >= c for c in cuts)
        else:
            below = sum(v[letter] < have for v in values.values())
            grade = 1 + below * 5 // len(values)
        if grade not in t[letter]:
            return False
    return True
