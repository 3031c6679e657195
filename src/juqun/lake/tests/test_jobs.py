"""The lake's own work as jobs."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from juqun.kernel import clock, jobs
from juqun.kernel.testing import run_all_jobs
from juqun.lake import compaction, engine, feed, manifest, writer
from juqun.lake import jobs as lake_jobs
from juqun.lake.testing import business, fresh_lake


@pytest.fixture(autouse=True)
def _lake(settings, tmp_path):
    fresh_lake(settings, tmp_path)


@pytest.mark.django_db(transaction=True)
def test_facts_flow_and_months_fold_without_a_hand():
    feed.wire_dims({"stores": lambda: pa.table({"store_id": [7]})})
    for day in (3, 4, 5):
        feed.record("orders", f"pos:{day}", {"ts": business(2026, 1, day, 9), "store_id": 7, "amount_fen": day})
        jobs.enqueue(lake_jobs.flush_facts)
        run_all_jobs()
    jobs.enqueue(lake_jobs.refresh_dims, names=["stores"])
    run_all_jobs()
    with clock.travelled(clock.from_business_time(business(2026, 2, 1))):
        jobs.enqueue(lake_jobs.compact)
        jobs.enqueue(lake_jobs.tidy_up)
        run_all_jobs()
    assert len(manifest.load(manifest.lake_dir()).facts["orders"]) == 1
    found = engine.get_engine().query(
        "SELECT sum(amount_fen)::INT AS s, count(*) AS n FROM orders JOIN stores USING (store_id)"
    )
    assert found.to_pylist() == [{"s": 12, "n": 3}]


@pytest.mark.django_db
def test_a_day_with_many_landing_files_folds_before_its_month_is_over():
    for batch in range(20):
        writer.append(
            "orders",
            pa.table({"order_key": [str(batch)], "ts": [business(2026, 1, 3) + timedelta(hours=1)]}),
            f"b{batch}",
        )
    assert len(manifest.load(manifest.lake_dir()).facts["orders"]) == 20
    assert compaction.compact(today=date(2026, 1, 4)) == 1
    assert len(manifest.load(manifest.lake_dir()).facts["orders"]) == 1
    assert engine.get_engine().query("SELECT count(*) AS n FROM orders").to_pylist() == [{"n": 20}]
