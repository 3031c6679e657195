"""RFM grades: how recently, how often and for how much each buyer bought in a window, each letter graded 1..5.

Quintiles are cut on the histogram of values, not on rows: buyers with the same value always get the same grade, and the
only window function runs over distinct values, so that no engine has to sort all members in one place. The grade is
``1 + 5 * (buyers with a lower value) // (all buyers)``. Thresholds replace quintiles by fixed cuts.
"""

from collections.abc import Callable, Sequence
from typing import Any

from juqun.domains.audience.rules.windows import first_day
from juqun.domains.audience.types import RfmScore, RfmThresholds

Bind = Callable[[object], str]
_LETTERS = (("r", "last_day"), ("f", "orders"), ("m", "amount_fen"))


def rfm_ctes(
    prefix: str, *, within_days: int, thresholds: RfmThresholds | None, as_of_day: int, bind: Bind
) -> dict[str, str]:
    """Return the CTEs that end in ``<prefix>grades(member_id, last_day, orders, amount_fen, r, f, m)``."""
    first = bind(first_day(within_days, as_of_day))
    base = (
        "SELECT member_id, max(day) AS last_day, count(*) AS orders, CAST(sum(amount_fen) AS BIGINT) AS amount_fen "
        f"FROM orders WHERE NOT coalesce(refunded, FALSE) AND member_id >= 0 "
        f"AND day >= {first} AND day <= {bind(as_of_day)} GROUP BY member_id"
    )
    columns = "b.member_id AS member_id, b.last_day AS last_day, b.orders AS orders, b.amount_fen AS amount_fen"
    if thresholds is not None:
        day_cuts = [as_of_day - days for days in reversed(thresholds.r_days)]
        grades = [
            _cut("b.last_day", day_cuts, "r", bind),
            _cut("b.orders", thresholds.f, "f", bind),
            _cut("b.amount_fen", thresholds.m_fen, "m", bind),
        ]
        return {
            f"{prefix}base": base,
            f"{prefix}grades": f"SELECT {columns}, {', '.join(grades)} FROM {prefix}base AS b",
        }
    ctes = {f"{prefix}base": base}
    joins = ""
    grades = []
    for letter, column in _LETTERS:
        ctes[f"{prefix}{letter}_values"] = f"SELECT {column} AS v, count(*) AS n FROM {prefix}base GROUP BY {column}"
        ctes[f"{prefix}{letter}_ranks"] = (
            "SELECT v, CAST(sum(n) OVER (ORDER BY v) AS BIGINT) - n AS lower, "
            f"CAST(sum(n) OVER () AS BIGINT) AS total FROM {prefix}{letter}_values"
        )
        joins += f" JOIN {prefix}{letter}_ranks AS {letter}k ON {letter}k.v = b.{column}"
        grades.append(f"1 + (5 * {letter}k.lower) // {letter}k.total AS {letter}")
    ctes[f"{prefix}grades"] = f"SELECT {columns}, {', '.join(grades)} FROM {prefix}base AS b{joins}"
    return ctes


def _cut(column: str, cuts: Sequence[int], letter: str, bind: Bind) -> str:
    passed = " + ".join(f"CASE WHEN {column} >= {bind(cut)} THEN 1 ELSE 0 END" for cut in cuts)
    return f"1 + {passed} AS {letter}"


def compile_rfm_sql(
    *, as_of_day: int, within_days: int, thresholds: RfmThresholds | None = None, member_id: int | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the query of every buyer's RFM (or one buyer's, graded among all) and its parameters.

    Grades are chain-wide whoever looks, so that a member has one grade; a reader's scope limits whose grade is shown.
    """
    params: dict[str, Any] = {}

    def bind(value: object) -> str:
        params[f"p{len(params)}"] = value
        return f"$p{len(params) - 1}"

    ctes = rfm_ctes("rfm_", within_days=within_days, thresholds=thresholds, as_of_day=as_of_day, bind=bind)
    head = ",\n".join(f"{name} AS ({text})" for name, text in ctes.items())
    where = f" WHERE member_id = {bind(member_id)}" if member_id is not None else ""
    return f"WITH {head}\nSELECT member_id, last_day, orders, amount_fen, r, f, m FROM rfm_grades{where}", params


def grade_by_thresholds(
    thresholds: RfmThresholds, *, last_day: int, orders: int, amount_fen: int, as_of_day: int
) -> tuple[int, int, int]:
    """Return the grades r, f, m of one buyer by fixed cuts."""
    ago = as_of_day - last_day
    return (
        1 + sum(ago <= cut for cut in thresholds.r_days),
        1 + sum(orders >= cut for cut in thresholds.f),
        1 + sum(amount_fen >= cut for cut in thresholds.m_fen),
    )


def score_row(row: dict[str, Any], *, as_of_day: int, within_days: int) -> RfmScore:
    """Return the score of one row of ``compile_rfm_sql``."""
    values = {name: int(row[name]) for name in ("member_id", "last_day", "orders", "amount_fen", "r", "f", "m")}
    return RfmScore(**values, as_of_day=as_of_day, within_days=within_days)
