"""What this room asks of the lake: runs compiled segments, and gathers one member's facts for the predicate."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from juqun.domains.audience.rules.rfm import compile_rfm_sql, score_row
from juqun.domains.audience.rules.sql import compile_count_sql, compile_sql
from juqun.domains.audience.types import Count, LineFact, MemberFacts, OrderFact, RfmScore, Segment, TouchFact
from juqun.kernel.scope import DataScope
from juqun.lake.engine import get_engine


def count(segment: Segment, *, as_of_day: int, scope: DataScope, node_paths: Mapping[int, str]) -> Count:
    """Return the members of a segment in a scope and how many can be reached."""
    sql, params = compile_count_sql(segment, as_of_day=as_of_day, scope=scope, node_paths=node_paths)
    row = get_engine().query(sql, params).to_pylist()[0]
    return Count(**row, reachable_group=row["in_group"], as_of_day=as_of_day)


def member_ids(
    segment: Segment, *, as_of_day: int, scope: DataScope, node_paths: Mapping[int, str], limit: int | None = None
) -> Any:
    """Return the ids of a segment's members in rising order, as a numpy array of int64."""
    sql, params = compile_sql(segment, as_of_day=as_of_day, scope=scope, node_paths=node_paths)
    sql += "\nORDER BY member_id"
    if limit is not None:
        sql += f"\nLIMIT {int(limit)}"
    return get_engine().query(sql, params).column("member_id").to_numpy()


def rfm_scores(*, as_of_day: int, within_days: int, member_id: int) -> RfmScore | None:
    """Return one member's RFM among all buyers; None for a member without orders in the window."""
    sql, params = compile_rfm_sql(as_of_day=as_of_day, within_days=within_days, member_id=member_id)
    rows = get_engine().query(sql, params).to_pylist()
    return score_row(rows[0], as_of_day=as_of_day, within_days=within_days) if rows else None


def is_visible(*, member_id: int, scope: DataScope) -> bool:
    """Return whether the lake's member lies in the scope."""
    sql = "SELECT org_path, staff_id FROM members WHERE member_id = $member_id"
    rows = get_engine().query(sql, {"member_id": member_id}).to_pylist()
    return any(scope.covers(row["org_path"] or "") and scope.staff_id in (None, row["staff_id"]) for row in rows)


_LINES = (
    "SELECT l.order_key, l.store_id, l.day, l.amount_fen, l.product_ref, p.category, p.department "
    "FROM order_lines AS l LEFT JOIN products AS p ON p.product_ref = l.product_ref WHERE l.member_id = $member_id"
)
_MEMBER = (
    "SELECT member_id, org_path, staff_id, is_friend, in_group, gender, birth_year, tier, created_day, "
    "consent_marketing, attributes FROM members WHERE member_id = $member_id"
)


def member_facts(*, member_id: int, as_of_day: int, rfm_windows: Iterable[int]) -> MemberFacts | None:
    """Return all facts of one member that the lake holds; None when it does not know the member."""
    engine = get_engine()

    def rows(sql: str) -> list[dict[str, Any]]:
        return list(engine.query(sql, {"member_id": member_id}).to_pylist())

    found = rows(_MEMBER)
    if not found:
        return None
    member = found[0]
    attributes = json.loads(member.pop("attributes") or "{}")
    scores = {days: rfm_scores(as_of_day=as_of_day, within_days=days, member_id=member_id) for days in rfm_windows}
    orders = rows("SELECT order_key, store_id, day, amount_fen, refunded FROM orders WHERE member_id = $member_id")
    return MemberFacts(
        **{**member, "org_path": member["org_path"] or ""},
        attributes=attributes,
        tags=frozenset(row["tag"] for row in rows("SELECT tag FROM member_tags WHERE member_id = $member_id")),
        groups=frozenset(
            (row["kind"], row["role"])
            for row in rows("SELECT kind, role FROM group_members WHERE member_id = $member_id")
        ),
        orders=tuple(OrderFact(**row) for row in orders),
        lines=tuple(LineFact(**row) for row in rows(_LINES)),
        touches=tuple(
            TouchFact(**row) for row in rows("SELECT kind, source, day FROM touches WHERE member_id = $member_id")
        ),
        rfm={days: score for days, score in scores.items() if score is not None},
    )
