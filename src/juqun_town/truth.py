"""The town without its streets: the same decisions and the same built-in effect, in memory, measured by the product's own report.

Says whether the reported interval holds what it promises: over many seeds about 95 of 100 must contain the town's true effect.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from juqun.domains.insight import queries as insight
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.lake import writer
from juqun_town import files, plan, year

HOLDOUT_BP: Final = 3_000
CAMPAIGN_ID: Final = 1
FEWEST_ORDERS: Final = 3
ORDERS_WITHIN_DAYS: Final = 91
LAST_ORDER_DAYS: Final = 45

_ELIGIBLE: Final = """
SELECT household_id FROM baskets WHERE ts < $day AND ts >= $day - INTERVAL (91) DAY
GROUP BY household_id
HAVING count(*) >= 3 AND max(ts) >= $day - INTERVAL (45) DAY
ORDER BY household_id
"""
_ORDERS: Final = """
SELECT 'import:' || basket_id AS order_key, household_id AS member_id, store_id, ts, amount_fen, 'import' AS source
FROM baskets WHERE ts >= $day - INTERVAL (91) DAY AND ts < $day + INTERVAL (28) DAY
"""
_NEAR: Final = """
SELECT household_id FROM homes WHERE store_id IN (
    SELECT store_id FROM homes GROUP BY store_id ORDER BY count(*) DESC, store_id LIMIT $stores
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealYear:
    """What of the real data the measurement needs: orders of the window, who is in the segment, what people usually buy."""

    orders: pa.Table
    eligible: frozenset[int]
    near: frozenset[int]
    baskets: Mapping[int, Sequence[Sequence[plan.BasketLine]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The town's truth beside the report's estimate and 95 % interval; fen per treated member."""

    seed: int
    treated: int
    holdout: int
    truth_fen: float
    uplift_fen: float
    low_fen: float
    high_fen: float

    @property
    def holds(self) -> bool:
        """Whether the interval contains the truth."""
        return self.low_fen <= self.truth_fen <= self.high_fen


def read_year() -> RealYear:
    """Read what stays the same for all seeds."""
    params = {"day": year.campaign_starts()}
    with year.connect() as connection:
        return RealYear(
            orders=connection.execute(_ORDERS, params).to_arrow_table(),
            eligible=frozenset(row[0] for row in year.rows(connection, _ELIGIBLE, params)),
            near=frozenset(row[0] for row in year.rows(connection, _NEAR, {"stores": plan.GATHERING_STORES})),
            baskets=files.usual_baskets(connection, 0),
        )


def measure(real: RealYear, seed: int) -> Measured:
    """Play one town into the lake that the settings name (an empty one) and measure its campaign by the product's report."""
    friends = [
        one.household
        for one in plan.recruits(seed, real.near)
        if one.week < plan.WEEKS_BEFORE and (one.deletes_week is None or one.deletes_week >= plan.WEEKS_BEFORE)
    ]
    reachable = [
        household
        for household in friends
        if household in real.eligible and plan.draw(seed, household, "consent").random() < files.CONSENT_SHARE
    ]
    held = {one for one in reachable if plan.draw(seed, one, "arm").random() * 10_000 < HOLDOUT_BP}
    treated = [household for household in reachable if household not in held]
    reached = [household for household in treated if _is_reached(seed, household)]
    extras = plan.extra_orders(seed, reached, real.baskets)
    _write_lake(real, seed, reachable, held, extras)
    last_day = clock.day_number(year.CAMPAIGN_DAY) + year.MEASURE_DAYS
    found = insight.campaign_uplift(scope=DataScope.whole_chain(), campaign_id=CAMPAIGN_ID, as_of_day=last_day)
    return Measured(
        seed=seed,
        treated=found.treated_n,
        holdout=found.holdout_n,
        truth_fen=sum(order.net_fen for order in extras) / len(treated),
        uplift_fen=found.effect_fen.value,
        low_fen=found.effect_fen.low,
        high_fen=found.effect_fen.high,
    )


def _is_reached(seed: int, household: int) -> bool:
    """Whether the message arrives: the guide confirms the task, and the customer is still a friend."""
    confirms = plan.draw(seed, household, "guide").random() >= plan.IGNORE_SHARE
    return confirms and not plan.changes_heart(seed, household)


def _write_lake(
    real: RealYear, seed: int, reachable: Sequence[int], held: set[int], extras: Iterable[plan.ExtraOrder]
) -> None:
    starts = year.campaign_starts()
    day = clock.day_number(year.CAMPAIGN_DAY)
    bought = pa.Table.from_pylist(
        [
            {
                "order_key": f"pos:{order.household}-{order.number}",
                "member_id": order.household,
                "ts": clock.business_time(clock.start_of_day(clock.day_from_number(day + order.day))),
                "amount_fen": order.net_fen,
                "source": "pos",
            }
            for order in extras
        ]
    )
    exposures = pa.table(
        {
            "exposure_key": [f"{CAMPAIGN_ID}:{one}" for one in reachable],
            "campaign_id": [CAMPAIGN_ID] * len(reachable),
            "member_id": reachable,
            "arm": ["holdout" if one in held else "treated" for one in reachable],
            "unit": ["member"] * len(reachable),
            "unit_id": reachable,
            "ts": pa.array([starts] * len(reachable), pa.timestamp("us")),
        }
    )
    writer.append_many({"orders": real.orders, "exposures": exposures}, f"town-{seed}", by="month")
    writer.append_many({"orders": bought}, f"extra-{seed}", by="month")
    writer.replace_dim(
        "campaigns",
        pa.table(
            {
                "campaign_id": [CAMPAIGN_ID],
                "name": ["town"],
                "unit": ["member"],
                "starts_day": pa.array([day], pa.int32()),
                "ends_day": pa.array([day + year.MEASURE_DAYS - 1], pa.int32()),
                "holdout_bp": pa.array([HOLDOUT_BP], pa.int32()),
            }
        ),
    )
