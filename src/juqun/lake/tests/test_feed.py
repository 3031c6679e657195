"""Facts reach the lake exactly once, whatever happens to the process that carries them."""

import ast
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest
from django.db import connection, transaction

from juqun.kernel import clock
from juqun.lake import engine, feed
from juqun.lake.errors import FactRowError, UnknownTableError
from juqun.lake.models import FactOutbox
from juqun.lake.testing import business, fresh_lake

SCRIPT = Path(__file__).with_name("flush_under_fire.py")


@pytest.fixture(autouse=True)
def _lake(settings, tmp_path):
    fresh_lake(settings, tmp_path)


def order(at=datetime(2026, 1, 1, 17, tzinfo=UTC), **columns):
    return {"ts": at, "member_id": 5, "amount_fen": 100, **columns}


def orders():
    return engine.get_engine().query("SELECT * FROM orders ORDER BY order_key").to_pylist()


@pytest.mark.django_db
def test_a_fact_is_stored_once_in_business_time():
    for _ in range(2):
        feed.record("orders", "pos:1", order())
    assert feed.count_pending() == 1
    assert feed.flush() == 1
    assert feed.flush() == 0
    feed.record("orders", "pos:1", order(amount_fen=999))
    assert feed.flush() == 0
    assert orders() == [
        {
            "order_key": "pos:1", "member_id": 5, "store_id": -1, "staff_id": -1, "ts": business(2026, 1, 2, 1),
            "day": 20455, "week": 2922, "amount_fen": 100, "discount_fen": 0, "line_count": 0, "source": "",
            "campaign_id": -1, "refunded": False,
        }
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_leaves_no_fact():
    def business_change():
        with transaction.atomic():
            feed.record("orders", "pos:1", order())
            raise KeyError

    with pytest.raises(KeyError):
        business_change()
    assert feed.flush() == 0
    assert orders() == []


@pytest.mark.django_db
def test_a_restated_fact_takes_the_place_of_the_old_one():
    feed.record_many("orders", [("pos:1", order()), ("pos:2", order(amount_fen=7))])
    feed.flush()
    feed.restate("orders", "pos:1", order(refunded=True))
    feed.restate("orders", "pos:1", order(refunded=True, amount_fen=90))
    assert feed.flush() == 1
    assert [(o["order_key"], o["amount_fen"], o["refunded"]) for o in orders()] == [
        ("pos:1", 90, True),
        ("pos:2", 7, False),
    ]


@pytest.mark.django_db
def test_a_fact_restated_before_its_first_flush_appears_once():
    feed.record("orders", "pos:1", order())
    feed.restate("orders", "pos:1", order(refunded=True))
    assert feed.flush() == 1
    assert [o["refunded"] for o in orders()] == [True]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "column"),
    [
        (order(colour="red"), "colour"),
        ({"amount_fen": 1}, "ts"),
        (order(amount_fen=1.5), "amount_fen"),
        (order(refunded=1), "refunded"),
        (order(member_id=True), "member_id"),
        (order(source=3), "source"),
    ],
)
def test_a_row_that_is_no_fact_is_refused(row, column):
    with pytest.raises(FactRowError) as refused:
        feed.record("orders", "pos:1", row)
    assert refused.value.column == column
    assert not FactOutbox.objects.exists()


@pytest.mark.django_db
def test_flushed_rows_are_forgotten_after_sixty_days():
    feed.record_many("orders", [("pos:1", order()), ("pos:2", order())])
    feed.flush()
    FactOutbox.objects.filter(key="pos:1").update(flushed_at=clock.wall() - timedelta(days=61))
    assert feed.purge_flushed() == 1
    assert FactOutbox.objects.get().key == "pos:2"


def test_dimensions_are_replaced_by_what_their_rooms_export():
    names = ["North"]
    feed.wire_dims({"stores": lambda: pa.table({"store_id": [7], "path": ["000100010001"], "store_name": names})})
    assert feed.refresh_dims(["stores"]) == 1
    names[0] = "South"
    assert feed.refresh_dims() == 1
    assert engine.get_engine().query("SELECT store_name, city_id FROM stores").to_pylist() == [
        {"store_name": "South", "city_id": -1}
    ]
    with pytest.raises(UnknownTableError):
        feed.refresh_dims(["products"])
    with pytest.raises(UnknownTableError):
        feed.wire_dims({"weather": pa.table})


@pytest.mark.django_db(transaction=True)
def test_kill_9_and_two_flushers_at_once_store_every_fact_exactly_once(tmp_path):
    url, migrate = f"sqlite:///{tmp_path}/fire.sqlite3", "migrate"
    if connection.vendor == "postgresql":
        at = {
            name: quote(str(connection.settings_dict[name]), safe="")
            for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")
        }
        url = "postgresql://{USER}:{PASSWORD}@/{NAME}?host={HOST}&port={PORT}".format(**at)
        migrate = "migrated"
    environment = os.environ | {
        "JUQUN_DATABASE_URL": url,
        "JUQUN_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT), migrate], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == {
        "touches": 3_000, "touch_keys": 3_000, "orders": 3_000, "amount_fen": 4_498_500, "pending": 0,
    }  # fmt: skip


@pytest.mark.django_db
def test_a_flush_does_not_wait_for_a_lake_that_is_being_rearranged():
    feed.record("orders", "pos:1", order())
    with feed.standing_still():
        assert feed.flush_if_free() is None
    assert feed.count_pending() == 1
    assert feed.flush_if_free() == 1
    assert feed.flush_if_free() == 0
