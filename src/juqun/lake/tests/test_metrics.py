"""The fixed metrics: they run on an empty lake, transpile to Spark SQL, and count what a hand count gives."""

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from juqun.kernel.scope import DataScope
from juqun.lake import metrics, writer
from juqun.lake.errors import UnknownMetricError
from juqun.lake.schemas import DIMS, FACTS
from juqun.lake.testing import business, fresh_lake

PARAMS = {
    "attribution_paths": {"since_day": 0, "until_day": 99_999, "lookback_days": 28},
    "campaign_design": {"campaign_id": 1},
    "cohort_weekly": {"entry": "order", "first_week": 0, "last_week": 9_999, "until_week": 9_999},
    "daily": {"since_day": 0, "until_day": 99_999},
    "funnel": {"tier": "city", "since_day": 0, "until_day": 99_999},
    "member_counts": {},
    "group_states": {"since_day": 0, "until_day": 99_999},
    "orders_by_source": {"since_day": 0, "until_day": 99_999, "lookback_days": 28},
    "rfm": {"as_of_day": 20_500, "since_day": 0},
    "uplift_members": {"campaign_id": 1, "starts_day": 20_470, "ends_day": 20_500, "pre_days": 91},
    "uplift_units": {"campaign_id": 1, "starts_day": 20_470, "ends_day": 20_500, "pre_days": 91},
}


@pytest.fixture(autouse=True)
def _lake(settings, tmp_path):
    fresh_lake(settings, tmp_path)


def test_every_metric_is_tested_here():
    assert metrics.names() == sorted(PARAMS)
    with pytest.raises(UnknownMetricError):
        metrics.run("horoscope", scope=DataScope.whole_chain())


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_an_empty_lake_gives_nothing(name):
    for scope in (DataScope.whole_chain(), DataScope.nothing(), DataScope(paths=("00010001",), staff_id=3)):
        found = metrics.run(name, scope=scope, **PARAMS[name]).to_pylist()
        assert found == [] or found == [{"members": 0, "friends": 0, "in_groups": 0, "consenting": 0}]


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_every_metric_reads_as_spark_sql(name):
    (spark,) = sqlglot.transpile(
        metrics.sql(name), read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    tree = sqlglot.parse_one(spark, read="spark")
    tables = {table.name for table in tree.find_all(exp.Table)} - {cte.alias for cte in tree.find_all(exp.CTE)}
    assert tables <= set(FACTS) | set(DIMS)
    marks = {mark.name for mark in tree.find_all(exp.Placeholder, exp.Parameter)}
    assert marks == set(PARAMS[name]) | {"scope_pattern", "whole_chain", "staff_id"}


def fill():
    writer.replace_dim(
        "stores",
        pa.table({
            "store_id": [1, 2, 3],
            "path": ["0001000100010001", "0001000100010002", "0001000200010001"],
            "store_name": ["A", "B", "C"], "city_id": [11, 11, 22], "city_name": ["X", "X", "Y"],
            "province_id": [5, 5, 6], "province_name": ["P", "P", "Q"],
        }),
    )  # fmt: skip
    writer.replace_dim(
        "members", pa.table({"member_id": [1, 2, 3, 4], "store_id": [1, 2, 3, 1], "staff_id": [7, 8, 9, 8]})
    )
    writer.append_many(
        {
            "orders": pa.table({
                "order_key": ["a", "b", "c", "d", "e"],
                "member_id": [1, 1, 2, 3, -1], "store_id": [1, 1, 2, 3, -1],
                "ts": [business(2026, 1, day, 12) for day in (5, 20, 21, 22, 23)],
                "amount_fen": [1_000, 2_000, 4_000, 8_000, 16_000],
            }),
            "touches": pa.table({
                "touch_key": ["1", "2", "3", "4", "5", "6"], "member_id": [1, 1, 1, 2, 2, 3],
                "kind": ["scan", "friend", "message", "scan", "group_join", "friend_lost"],
                "source": ["till", "till", "campaign", "poster", "", "till"], "store_id": [1, 1, 1, 2, 2, 3],
                "ts": [business(2026, 1, day, hour) for day, hour in ((4, 9), (4, 10), (18, 9), (19, 9), (20, 9), (20, 9))],
            }),
        },
        "b1",
    )  # fmt: skip


def rows(name, scope=None, **changes):
    return metrics.run(name, scope=scope or DataScope.whole_chain(), **PARAMS[name] | changes).to_pylist()


def test_the_funnel_counts_each_tier_inside_the_scope():
    fill()
    counts = {
        r["node_name"]: (r["scans"], r["friends"], r["buyers"], r["orders"], r["amount_fen"]) for r in rows("funnel")
    }
    assert counts == {"X": (2, 1, 2, 3, 7_000), "Y": (0, 0, 1, 1, 8_000), "": (0, 0, 0, 1, 16_000)}
    north = DataScope(paths=("00010001",))
    assert [(r["node_name"], r["orders"]) for r in rows("funnel", north, tier="store")] == [("B", 1), ("A", 2)]
    assert [(r["node_id"], r["orders"], r["amount_fen"]) for r in rows("funnel", north, tier="chain")] == [
        (-1, 3, 7_000)
    ]
    own = DataScope(paths=("00010001",), staff_id=8)
    assert [(r["node_name"], r["orders"]) for r in rows("funnel", own, tier="store")] == [("B", 1), ("A", 0)]
    assert rows("funnel", DataScope.nothing()) == []


def test_orders_are_credited_to_the_channels_before_them():
    fill()
    found = {r.pop("channel"): r for r in rows("orders_by_source")}
    assert {name: (r["touched_orders"], r["first_fen"], r["last_fen"]) for name, r in found.items()} == {
        "till": (2, 3_000, 1_000),
        "campaign": (1, 0, 2_000),
        "poster": (1, 4_000, 0),
        "group_join": (1, 0, 4_000),
        "organic": (2, 24_000, 24_000),
    }
    assert found["till"]["linear_fen"] == 2_000.0
    assert found["poster"]["position_fen"] == 2_000.0
    assert rows("attribution_paths") == [
        {"path": "poster>group_join", "orders": 1, "amount_fen": 4_000},
        {"path": "till", "orders": 1, "amount_fen": 1_000},
        {"path": "till>campaign", "orders": 1, "amount_fen": 2_000},
    ]
    assert {r["channel"]: r["last_fen"] for r in rows("orders_by_source", lookback_days=1)} == {
        "till": 1_000,
        "organic": 26_000,
        "group_join": 4_000,
    }


def test_three_touches_take_40_20_40():
    writer.append_many(
        {
            "orders": pa.table({"order_key": ["a"], "member_id": [1], "ts": [business(2026, 1, 9, 12)], "amount_fen": [1_000]}),
            "touches": pa.table({
                "touch_key": ["1", "2", "3", "4"], "member_id": [1] * 4, "kind": ["link"] * 4, "source": ["a", "b", "c", "d"],
                "ts": [business(2026, 1, day, 9) for day in (1, 2, 3, 4)],
            }),
        },
        "b1",
    )  # fmt: skip
    found = [(r["channel"], round(r["position_fen"], 6), r["linear_fen"]) for r in rows("orders_by_source")]
    assert found == [("a", 400.0, 250.0), ("b", 100.0, 250.0), ("c", 100.0, 250.0), ("d", 400.0, 250.0)]


def test_cohorts_count_each_member_once_a_week():
    fill()
    assert [
        (r["cohort_week"], r["size"], r["k"], r["active"], r["active_or_later"]) for r in rows("cohort_weekly")
    ] == [
        (2_923, 1, 0, 1, 1),
        (2_923, 1, 2, 1, 1),
        (2_925, 2, 0, 2, 2),
        (2_925, 2, 2, 0, 0),
    ]


def test_rfm_gives_equal_values_equal_grades():
    writer.append(
        "orders",
        pa.table({
            "order_key": [str(i) for i in range(10)], "member_id": list(range(10)),
            "ts": [business(2026, 1, 1 + day) for day in (0, 0, 0, 0, 0, 5, 6, 7, 8, 9)], "amount_fen": [100] * 10,
        }),
        "b1",
    )  # fmt: skip
    found = rows("rfm", as_of_day=20_464)
    assert [r["r"] for r in found] == [1, 1, 1, 1, 1, 3, 4, 4, 5, 5]
    assert {(r["f"], r["m"]) for r in found} == {(1, 1)}
    assert found[9]["recency_days"] == 1


def test_groups_know_who_is_inside_now():
    writer.append(
        "memberships",
        pa.table({
            "event_key": ["1", "2", "3", "4"], "group_id": [5, 5, 5, 6], "member_id": [1, 2, 1, 3], "store_id": [1, 1, 1, 2],
            "kind": ["joined", "joined", "left", "joined"], "ts": [business(2026, 1, day) for day in (1, 2, 3, 4)],
        }),
        "b1",
    )  # fmt: skip
    assert rows("group_states") == [
        {"group_id": 5, "store_id": 1, "members": 1, "joined": 2, "left_count": 1, "buyers": 0},
        {"group_id": 6, "store_id": 2, "members": 1, "joined": 1, "left_count": 0, "buyers": 0},
    ]


def test_two_records_that_became_one_member_are_exposed_once():
    writer.append(
        "exposures",
        pa.table({
            "exposure_key": ["1:1", "1:2", "1:3"], "campaign_id": [1] * 3, "member_id": [1, 2, 3],
            "arm": ["treated", "treated", "holdout"], "unit": ["member"] * 3, "unit_id": [1, 2, 3],
            "ts": [business(2026, 1, 17)] * 3,
        }),
        "b1",
    )  # fmt: skip
    writer.append(
        "orders",
        pa.table({"order_key": ["o"], "member_id": [2], "ts": [business(2026, 1, 18)], "amount_fen": [700]}),
        "b1",
    )
    writer.replace_dim("member_merges", pa.table({"absorbed_id": [2], "member_id": [1]}))
    found = {row["arm"]: (row["members"], row["outcome_mean"]) for row in rows("uplift_members")}
    assert found == {"holdout": (1, 0.0), "treated": (1, 700.0)}
    assert sorted((row["arm"], row["members"], row["outcome_fen"]) for row in rows("uplift_units")) == [
        ("holdout", 1, 0),
        ("treated", 1, 700),
    ]
