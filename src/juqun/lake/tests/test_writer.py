"""Readers see the lake before a change or after it, and a batch counts once."""

import threading
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from juqun.lake import compaction, engine, manifest, writer
from juqun.lake.errors import BatchNameError, LakeSchemaError, UnknownTableError
from juqun.lake.testing import business, fresh_lake

FIRST = business(2026, 1, 30, 9)


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    return fresh_lake(settings, tmp_path)


def ask(sql, **params):
    return engine.get_engine().query(sql, params).to_pylist()


def orders(count, *, start=FIRST, step=timedelta(days=1), members=None, prefix="pos"):
    return pa.table(
        {
            "order_key": [f"{prefix}:{i}" for i in range(count)],
            "ts": pa.array([start + step * i for i in range(count)], pa.timestamp("us")),
            "member_id": members or list(range(count)),
            "amount_fen": [100 * (i + 1) for i in range(count)],
        }
    )


def test_an_empty_lake_has_every_table_with_its_columns():
    assert ask("SELECT count(*) AS n, sum(amount_fen) AS s FROM orders") == [{"n": 0, "s": None}]
    assert engine.get_engine().query("SELECT * FROM exposures").schema.names[:3] == [
        "exposure_key",
        "campaign_id",
        "member_id",
    ]


def test_a_batch_lands_in_its_days_once():
    assert writer.append("orders", orders(4), "b1") == 4
    assert writer.append("orders", orders(4), "b1") == 0
    assert manifest.load(manifest.lake_dir()).facts["orders"] == [
        f"day=2026-{day}/b1.parquet" for day in ("01-30", "01-31", "02-01", "02-02")
    ]
    assert ask("SELECT count(*) AS n, min(day) AS a, max(week) AS w, sum(amount_fen)::BIGINT AS s FROM orders") == [
        {"n": 4, "a": 20483, "w": 2927, "s": 1000}
    ]


def test_a_bulk_import_lands_in_its_months():
    writer.append("orders", orders(4), "b1", by="month")
    assert manifest.load(manifest.lake_dir()).facts["orders"] == [
        "month=2026-01/b1.parquet",
        "month=2026-02/b1.parquet",
    ]


def test_aware_times_become_business_time_in_tables_as_in_rows():
    aware = pa.table(
        {"order_key": ["x"], "ts": pa.array([datetime(2026, 1, 1, 17, tzinfo=UTC)], pa.timestamp("ms", tz="UTC"))}
    )
    writer.append("orders", aware, "b1")
    assert ask("SELECT ts, day FROM orders") == [{"ts": business(2026, 1, 2, 1), "day": 20455}]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (pa.table({"ts": [business(2026, 1, 1)], "colour": ["red"]}), "unknown column colour"),
        (pa.table({"order_key": ["x"]}), "column ts is missing"),
        (pa.table({"ts": pa.array([None], pa.timestamp("us"))}), "column ts holds empty times"),
        (pa.table({"ts": [business(2026, 1, 1)], "amount_fen": ["ten"]}), "column amount_fen"),
    ],
)
def test_a_table_that_does_not_fit_changes_nothing(table, reason):
    with pytest.raises(LakeSchemaError) as refused:
        writer.append("orders", table, "b1")
    assert refused.value.reason.startswith(reason)
    assert manifest.load(manifest.lake_dir()).version == 0


def test_names_cannot_leave_the_lake():
    for name in ("../x", "", ".hidden", "a/b"):
        with pytest.raises(BatchNameError):
            writer.append("orders", orders(1), name)
    with pytest.raises(UnknownTableError):
        writer.append("weather", orders(1), "b1")


def test_a_partition_is_replaced_as_a_whole_and_its_batches_stay_known():
    writer.append("orders", orders(2), "b1")
    writer.replace_partition("orders", "day=2026-01-30", orders(1, prefix="new"))
    assert [row["order_key"] for row in ask("SELECT order_key FROM orders ORDER BY 1")] == ["new:0", "pos:1"]
    assert writer.append("orders", orders(2), "b1") == 0
    writer.replace_partition("orders", "day=2026-01-30", orders(0))
    assert ask("SELECT count(*) AS n FROM orders") == [{"n": 1}]


def test_readers_in_other_threads_never_see_half_a_change_or_both_states():
    states = {n: orders(n, step=timedelta(seconds=1)) for n in (100, 250)}
    lines = {n: pa.table({"order_key": t["order_key"], "line_no": pa.array(range(n), pa.int32()), "ts": t["ts"]})
             for n, t in states.items()}  # fmt: skip
    writer.append_many({"orders": states[100], "order_lines": lines[100]}, "b0")
    seen, failures, stop = set(), [], threading.Event()

    def read():
        try:
            while not stop.is_set():
                row = ask("SELECT (SELECT count(*) FROM orders) AS o, (SELECT count(*) FROM order_lines) AS l")[0]
                seen.add((row["o"], row["l"]))
        except Exception as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(12):
        writer.replace_partition("orders", "day=2026-01-30", states[250 if turn % 2 == 0 else 100])
    writer.append_many(
        {"orders": orders(5, prefix="x"), "order_lines": orders(5, prefix="x").select(["order_key", "ts"])}, "b1"
    )
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert seen <= {(100, 100), (250, 100), (105, 105)}
    assert ask("SELECT count(*) AS n FROM orders") == [{"n": 105}]


def test_concurrent_appends_all_count_and_the_same_batch_counts_once():
    threads = [
        threading.Thread(target=writer.append, args=("orders", orders(3, prefix=f"p{i % 5}"), f"b{i % 5}"))
        for i in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask("SELECT count(*) AS n, count(DISTINCT order_key) AS k FROM orders") == [{"n": 15, "k": 15}]


def test_dimensions_are_replaced_and_members_know_their_groups():
    writer.replace_dim("members", pa.table({"member_id": [1, 2], "birth_year": pa.array([1980, None], pa.int32())}))
    writer.replace_dim("group_members", pa.table({"group_id": [9, 8], "member_id": [2, 2]}))
    assert ask("SELECT member_id, in_group, birth_year FROM members ORDER BY 1") == [
        {"member_id": 1, "in_group": False, "birth_year": 1980},
        {"member_id": 2, "in_group": True, "birth_year": None},
    ]


def test_facts_of_an_absorbed_member_count_for_the_survivor_until_the_merge_is_undone():
    writer.append("orders", orders(3), "b1")
    per_member = "SELECT member_id, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1"
    apart = [{"member_id": 0, "n": 1}, {"member_id": 1, "n": 1}, {"member_id": 2, "n": 1}]
    assert ask(per_member) == apart
    writer.replace_dim("member_merges", pa.table({"absorbed_id": [2], "member_id": [0]}))
    assert ask(per_member) == [{"member_id": 0, "n": 2}, {"member_id": 1, "n": 1}]
    assert ask("SELECT order_key FROM orders WHERE member_id = $m ORDER BY 1", m=0) == [
        {"order_key": "pos:0"},
        {"order_key": "pos:2"},
    ]
    writer.replace_dim("member_merges", pa.table({"absorbed_id": [], "member_id": []}))
    assert ask(per_member) == apart


@pytest.mark.django_db
def test_a_month_that_is_over_becomes_one_file_sorted_by_member():
    members = list(np.random.default_rng(1).integers(1, 9, 40))
    writer.append(
        "orders", orders(40, members=[int(m) for m in members], step=timedelta(hours=12)), "import-1", by="month"
    )
    writer.append("orders", orders(3, prefix="day"), "b1")
    before = ask("SELECT count(*) AS n, sum(amount_fen)::BIGINT AS s, count(DISTINCT order_key) AS k FROM orders")
    assert compaction.compact(today=date(2026, 2, 20)) == 2
    state = manifest.load(manifest.lake_dir())
    january = [f for f in state.facts["orders"] if f.startswith("month=2026-01")]
    assert len(january) == 1
    rows = ask(f"SELECT member_id, ts FROM read_parquet('{manifest.lake_dir()}/facts/orders/{january[0]}')")
    assert rows == sorted(rows, key=lambda row: (row["member_id"], row["ts"]))
    assert (
        ask("SELECT count(*) AS n, sum(amount_fen)::BIGINT AS s, count(DISTINCT order_key) AS k FROM orders") == before
    )
    assert writer.append("orders", orders(1), "import-1") == 0
    assert compaction.compact(today=date(2026, 2, 20)) == 0


def test_a_fold_gives_way_when_its_files_changed_meanwhile(root):
    writer.append("orders", orders(1), "b1")
    names = manifest.load(root).facts["orders"]
    writer.replace_partition("orders", "day=2026-01-30", orders(1, prefix="new"))
    assert writer.fold("orders", "month=2026-01", names, lambda path: path.touch()) is False
    assert [row["order_key"] for row in ask("SELECT order_key FROM orders")] == ["new:0"]


def test_only_files_that_nobody_names_any_more_are_swept(root):
    writer.append("orders", orders(2), "b1")
    writer.replace_partition("orders", "day=2026-01-30", orders(1, prefix="new"))
    assert manifest.sweep() == 0
    assert manifest.sweep(after_seconds=0) == 1
    assert ask("SELECT count(*) AS n FROM orders") == [{"n": 2}]
