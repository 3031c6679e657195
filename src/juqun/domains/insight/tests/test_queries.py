"""The reports, read through the lake inside a scope."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from juqun.domains.insight import queries
from juqun.domains.insight.errors import NaiveTestRefusedError, NothingToMeasureError, UnknownChoiceError
from juqun.domains.insight.tests.real_year import households
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.lake import writer
from juqun.lake.testing import business, fresh_lake

CHAIN = DataScope.whole_chain()
FIRST = business(2026, 1, 5, 10)  # a Monday
FIRST_DAY = clock.day_number(FIRST.date())
FIRST_WEEK = clock.week_number(FIRST.date())


@pytest.fixture(autouse=True)
def _lake(settings, tmp_path):
    fresh_lake(settings, tmp_path)


def at(*days):
    return pa.array([FIRST + timedelta(days=int(day)) for day in days], pa.timestamp("us"))


def put(fact, batch="b1", **columns):
    key = {"orders": "order_key", "touches": "touch_key", "exposures": "exposure_key", "memberships": "event_key"}[fact]
    count = len(columns["ts"])
    writer.append(fact, pa.table({key: [f"{batch}:{i}" for i in range(count)], **columns}), batch)


def stores(ids, split=None):
    """Stores 1..n; those above `split` lie in the second province."""
    second = [split is not None and i > split for i in ids]
    writer.replace_dim(
        "stores",
        pa.table({
            "store_id": ids, "path": [f"0001000{2 if far else 1}0001{i:04d}" for i, far in zip(ids, second, strict=True)],
            "store_name": [f"S{i}" for i in ids], "province_id": [900 + far for far in second],
        }),
    )  # fmt: skip


def test_credits_of_each_model_sum_to_the_money_of_all_orders():
    rng = np.random.default_rng(1)
    put("touches", member_id=rng.integers(1, 30, 300), kind=["link"] * 300,
        source=rng.choice(["till", "poster", "campaign"], 300), ts=at(*rng.integers(0, 20, 300)))  # fmt: skip
    put(
        "orders",
        member_id=rng.integers(1, 40, 200),
        amount_fen=rng.integers(1, 9_999, 200),
        ts=at(*rng.integers(5, 40, 200)),
    )
    found = queries.orders_by_source(scope=CHAIN, since_day=FIRST_DAY, until_day=FIRST_DAY + 60)
    assert {credit.source for credit in found} == {"till", "poster", "campaign", "organic"}
    total = sum(credit.first_fen for credit in found)
    assert [sum(getattr(c, f"{model}_fen") for c in found) for model in ("last", "position", "linear")] == [total] * 3
    assert sum(credit.orders for credit in found) == sum(credit.first_orders for credit in found) == 200
    models = queries.attribution_models(scope=CHAIN, since_day=FIRST_DAY, until_day=FIRST_DAY + 60)
    touched = 200 - next(credit.orders for credit in found if credit.source == "organic")
    for name in ("first", "last", "linear", "position", "markov", "shapley"):
        assert sum(getattr(credit, name) for credit in models) == pytest.approx(touched), name


def test_the_funnel_has_a_row_for_each_node_in_scope():
    stores([1, 2, 3], split=2)
    put("orders", member_id=[1, 2, 3], store_id=[1, 2, 3], amount_fen=[5, 7, 11], ts=at(0, 1, 2))
    days = {"since_day": FIRST_DAY, "until_day": FIRST_DAY + 1}
    rows = queries.funnel(scope=CHAIN, tier="province", **days)
    assert [(row.node_id, row.kind, row.buyers, row.amount_fen) for row in rows] == [
        (900, "province", 2, 12),
        (901, "province", 0, 0),
    ]
    assert [row.name for row in queries.funnel(scope=DataScope(paths=("00010002",)), tier="store", **days)] == ["S3"]
    assert queries.funnel(scope=DataScope.nothing(), tier="store", **days) == []
    with pytest.raises(UnknownChoiceError):
        queries.funnel(scope=CHAIN, tier="planet", **days)


def test_a_cohort_shows_the_published_week_8_retention():
    members = list(range(645))
    put("touches", member_id=members, kind=["friend"] * 645, source=["till"] * 645, ts=at(*[i % 7 for i in members]))
    put("orders", member_id=members[:124] + members[:200], ts=at(*([57] * 124 + [70] * 200)), amount_fen=[1] * 324)
    as_of = FIRST_DAY + 12 * 7 + 3
    (cohort,) = queries.weekly_cohorts(scope=CHAIN, weeks=20, as_of_day=as_of)
    assert (cohort.week, cohort.size, len(cohort.active)) == (FIRST_WEEK, 645, 12)
    assert cohort.active[8] == 124
    assert round(cohort.retained[8].value * 100, 2) == 19.22
    assert (round(cohort.retained[8].low * 100, 1), round(cohort.retained[8].high * 100, 1)) == (16.4, 22.4)
    assert cohort.active_or_later == [200] * 11 + [0]
    assert cohort.active == [0] * 8 + [124, 0, 200, 0]
    (buyers, _) = queries.weekly_cohorts(scope=CHAIN, weeks=5, entry="order", as_of_day=as_of)
    assert (buyers.week, buyers.size, buyers.active) == (FIRST_WEEK + 8, 124, [124, 0, 124, 0])


def real_campaign(unit, lift_fen, *, seed=1):
    """Real households, treated ones spend `lift_fen` more in the window; 91 days of past and 28 of window as two orders."""
    year, rng = households(), np.random.default_rng(seed)
    units = year["household_id"] if unit == "member" else year["store_id"]
    distinct, inverse = np.unique(units, return_inverse=True)
    treated = (rng.random(len(distinct)) < 0.8)[inverse]
    members = year["household_id"].astype(np.int64)
    outcome = np.round(year["outcome"] * 100).astype(np.int64) + np.where(treated, lift_fen, 0)
    writer.replace_dim("members", pa.table({"member_id": members, "store_id": year["store_id"].astype(np.int64)}))
    writer.replace_dim("campaigns", pa.table({
        "campaign_id": [5], "unit": [unit], "starts_day": pa.array([FIRST_DAY], pa.int32()),
        "ends_day": pa.array([FIRST_DAY + 27], pa.int32()), "holdout_bp": pa.array([2_000], pa.int32()),
    }))  # fmt: skip
    put("exposures", campaign_id=[5] * len(members), member_id=members, arm=np.where(treated, "treated", "holdout"),
        unit=[unit] * len(members), unit_id=units.astype(np.int64), ts=at(*[0] * len(members)))  # fmt: skip
    put(
        "orders",
        "before",
        member_id=members,
        amount_fen=np.round(year["before"] * 100).astype(np.int64),
        ts=at(*[-30] * len(members)),
    )
    put("orders", "window", member_id=members, amount_fen=outcome, ts=at(*[9] * len(members)))
    put("orders", "outside", member_id=members, amount_fen=outcome * 9, ts=at(*[28] * len(members)))


def test_the_effect_of_a_campaign_drawn_by_member():
    real_campaign("member", 6_000)
    result = queries.campaign_uplift(scope=CHAIN, campaign_id=5, as_of_day=FIRST_DAY + 100)
    assert (result.unit, result.method, result.treated_n + result.holdout_n) == ("member", "members_cuped", 2_469)
    assert result.effect_fen.low < 6_000 < result.effect_fen.high
    assert result.effect_fen.low > 0
    assert result.cuped_gain > 3.5
    assert result.srm_p_value > 0.001
    assert (result.since_day, result.until_day, result.warnings) == (FIRST_DAY, FIRST_DAY + 27, ())
    running = queries.campaign_uplift(scope=CHAIN, campaign_id=5, as_of_day=FIRST_DAY + 10)
    assert running.warnings == ("window_open",)
    assert queries.describe_warning(code="window_open")


def test_a_campaign_drawn_by_store_is_compared_by_store_only():
    real_campaign("store", 6_000)
    result = queries.campaign_uplift(scope=CHAIN, campaign_id=5, as_of_day=FIRST_DAY + 100)
    assert (result.unit, result.method) == ("store", "unit_totals_cuped")
    assert result.treated_units + result.holdout_units == len(np.unique(households()["store_id"]))
    assert result.effect_fen.low < 6_000 < result.effect_fen.high
    with pytest.raises(NaiveTestRefusedError):
        queries.campaign_uplift(scope=CHAIN, campaign_id=5, as_of_day=FIRST_DAY + 100, compare_by="member")


def test_an_uneven_split_is_told():
    members = list(range(1_000))
    writer.replace_dim("campaigns", pa.table({"campaign_id": [5], "holdout_bp": pa.array([1_000], pa.int32()),
        "starts_day": pa.array([FIRST_DAY], pa.int32()), "ends_day": pa.array([FIRST_DAY + 6], pa.int32())}))  # fmt: skip
    put("exposures", campaign_id=[5] * 1_000, member_id=members, arm=["holdout"] * 160 + ["treated"] * 840,
        unit=["member"] * 1_000, ts=at(*[0] * 1_000))  # fmt: skip
    result = queries.campaign_uplift(scope=CHAIN, campaign_id=5, as_of_day=FIRST_DAY + 9)
    assert result.srm_p_value < 1e-8
    assert result.warnings == ("sample_ratio", "no_past")


def test_a_campaign_is_measured_inside_the_scope_only():
    real_campaign("member", 6_000)
    with pytest.raises(NothingToMeasureError):
        queries.campaign_uplift(scope=DataScope(paths=("00010009",)), campaign_id=5)
    with pytest.raises(NothingToMeasureError):
        queries.campaign_uplift(scope=CHAIN, campaign_id=6)
    stores([int(s) for s in np.unique(households()["store_id"])], split=400)
    part = queries.campaign_uplift(scope=DataScope(paths=("00010002",)), campaign_id=5, as_of_day=FIRST_DAY + 100)
    assert part.treated_n + part.holdout_n == int((households()["store_id"] > 400).sum())


def test_the_dashboard_tells_today_and_the_days_before():
    writer.replace_dim("members", pa.table({"member_id": [1, 2], "is_friend": [True, False]}))
    put("orders", member_id=[1, 2, 2], amount_fen=[5, 7, 11], ts=at(0, 7, 7))
    with clock.travelled(clock.from_business_time(FIRST + timedelta(days=7))):
        view = queries.dashboard(scope=CHAIN)
    assert (view.day, view.members, view.friends, view.in_groups) == (FIRST_DAY + 7, 2, 1, 0)
    assert (view.today.orders, view.today.buyers, view.today.amount_fen) == (2, 1, 18)
    assert (view.week_before.orders, view.week_before.amount_fen) == (1, 5)
    assert [figures.orders for figures in view.series] == [0] * 20 + [1] + [0] * 6 + [2]
    nothing = queries.dashboard(scope=DataScope.nothing(), day=FIRST_DAY + 7)
    assert (nothing.members, nothing.today.orders) == (0, 0)


def test_groups_are_told_with_their_trend():
    put("memberships", group_id=[5, 5, 5, 6, 7], member_id=[1, 2, 1, 3, 4], store_id=[1, 1, 1, 2, 2],
        kind=["joined", "joined", "left", "joined", "joined"], ts=at(0, 1, 30, 30, 0))  # fmt: skip
    found = queries.group_states(scope=CHAIN, since_day=FIRST_DAY + 28, until_day=FIRST_DAY + 60)
    assert [(group.group_id, group.members, group.trend) for group in found] == [
        (5, 1, "shrinking"),
        (6, 1, "growing"),
        (7, 1, "steady"),
    ]
