"""A batch of order lines becomes facts: ids looked up, known lines left out, orders derived, both written as one change.

Everything is set-based on the lake's own engine: the batch is a table beside the lake's views, so that the comparison with
what is known reads columns of Parquet and never rows one by one.
"""

from typing import Final

import duckdb
import pyarrow as pa
from django.utils.translation import gettext as _

from juqun.domains.commerce.errors import OrderInvalidError
from juqun.domains.commerce.operations.lookups import Lookups
from juqun.kernel.ids import new_id
from juqun.kernel.imports.types import Batch, BatchOutcome, Column, ColumnKind, Reject
from juqun.lake import manifest, writer
from juqun.lake.engine import get_engine

ORDER_COLUMNS: Final = (
    Column(name="order_ref", required=True, aliases=("order_no", "basket_id", "订单号")),
    Column(name="order_line_no", kind=ColumnKind.INT, aliases=("line_no", "行号")),
    Column(name="member_key", aliases=("card", "card_no", "会员卡号")),
    Column(name="store_code", required=True, aliases=("store", "门店编码")),
    Column(name="product_ref", required=True, aliases=("product", "sku", "商品编码")),
    Column(name="quantity", kind=ColumnKind.NUMBER, aliases=("数量",)),
    Column(name="amount_yuan", kind=ColumnKind.YUAN, required=True, aliases=("amount", "实付金额")),
    Column(name="discount_yuan", kind=ColumnKind.YUAN, aliases=("discount", "优惠金额")),
    Column(name="coupon_yuan", kind=ColumnKind.YUAN, aliases=("coupon", "券优惠")),
    Column(name="paid_at", kind=ColumnKind.DATETIME, required=True, aliases=("paid_time", "支付时间")),
)
LOCK: Final = "import-orders"
BATCH_BYTES: Final = 48 << 20
"""About half a million lines: the more lines a batch has, the fewer files the lake gets."""

# The batch with ids; `fault` names the first thing that is wrong with a line on its own.
_RESOLVE: Final = """
CREATE OR REPLACE TEMP TABLE resolved AS
SELECT b.line_no AS record, $source || ':' || b.order_ref AS order_key, b.{number} AS number, b.product_ref,
    COALESCE(m.id, -1) AS member_id, COALESCE(s.id, -1) AS store_id,
    COALESCE(b.quantity, 1) AS quantity, b.amount_yuan AS amount_fen,
    COALESCE(b.discount_yuan, 0) AS discount_fen, COALESCE(b.coupon_yuan, 0) AS coupon_fen, b.paid_at AS ts,
    CASE WHEN s.id IS NULL THEN 'store' WHEN b.member_key IS NOT NULL AND m.id IS NULL THEN 'member'
         WHEN b.{number} IS NULL THEN 'line_no' END AS fault,
    b.member_key, b.store_code
FROM batch_lines AS b
LEFT JOIN store_ids AS s ON s.code = b.store_code
LEFT JOIN member_ids AS m ON m.code = b.member_key
"""

# One row per order of the batch. The order in the lake, or else its first line, says at which store and whose it is.
_HEADS: Final = """
CREATE OR REPLACE TEMP TABLE heads AS
SELECT f.order_key, COALESCE(o.store_id, f.store_id) AS store_id, COALESCE(o.member_id, f.member_id) AS member_id,
    o.order_key IS NOT NULL AS is_known
FROM (
    SELECT order_key, arg_min(store_id, record) AS store_id, arg_min(member_id, record) AS member_id
    FROM resolved WHERE fault IS NULL GROUP BY order_key
) AS f LEFT JOIN orders AS o ON o.order_key = f.order_key
"""

# What the lake holds of these orders, one row per key. Without line numbers the key is the product.
_KNOWN: Final = """
CREATE OR REPLACE TEMP TABLE known AS
SELECT l.order_key, l.{key} AS number, first(l.product_ref) AS product_ref, first(l.amount_fen) AS amount_fen,
    max(l.line_no) AS last
FROM order_lines AS l SEMI JOIN (SELECT order_key FROM heads WHERE is_known) AS h ON h.order_key = l.order_key
GROUP BY l.order_key, l.{key}
"""

_JUDGE: Final = """
CREATE OR REPLACE TEMP TABLE verdicts AS
SELECT n.*, CASE WHEN other_store THEN 'other_store' WHEN other_member THEN 'other_member'
    WHEN {twice} THEN 'twice'
    WHEN known_product IS NOT NULL AND (known_product <> product_ref OR known_amount <> amount_fen) THEN 'differs'
    WHEN first_product <> product_ref OR first_amount <> amount_fen THEN 'differs'
    WHEN known_product IS NOT NULL OR nth > 1 THEN 'known' ELSE 'new' END AS verdict
FROM (
    SELECT r.*, h.is_known, h.store_id <> r.store_id AS other_store, h.member_id <> r.member_id AS other_member,
        k.product_ref AS known_product, k.amount_fen AS known_amount,
        row_number() OVER same_key AS nth, first(r.product_ref) OVER same_key AS first_product,
        first(r.amount_fen) OVER same_key AS first_amount
    FROM resolved AS r
    JOIN heads AS h ON h.order_key = r.order_key
    LEFT JOIN known AS k ON k.order_key = r.order_key AND k.number = r.number
    WHERE r.fault IS NULL
    WINDOW same_key AS (PARTITION BY r.order_key, r.number ORDER BY r.record)
) AS n
"""

_NEW_LINES: Final = """
SELECT order_key, CAST(number AS INTEGER) AS line_no, member_id, store_id, product_ref, quantity, amount_fen,
    discount_fen, coupon_fen, ts
FROM verdicts WHERE verdict = 'new' ORDER BY record
"""

_NEW_LINES_NUMBERED_HERE: Final = """
SELECT v.order_key, CAST(COALESCE(x.last, 0) + row_number() OVER (PARTITION BY v.order_key ORDER BY v.record) AS INTEGER)
    AS line_no, v.member_id, v.store_id, v.product_ref, v.quantity, v.amount_fen, v.discount_fen, v.coupon_fen, v.ts
FROM verdicts AS v
LEFT JOIN (SELECT order_key, max(last) AS last FROM known GROUP BY order_key) AS x ON x.order_key = v.order_key
WHERE v.verdict = 'new' ORDER BY v.record
"""

_NEW_ORDERS: Final = """
SELECT order_key, min(member_id) AS member_id, min(store_id) AS store_id, min(ts) AS ts,
    CAST(sum(amount_fen) AS BIGINT) AS amount_fen, CAST(sum(discount_fen + coupon_fen) AS BIGINT) AS discount_fen,
    CAST(count(*) AS INTEGER) AS line_count, $source AS source
FROM verdicts WHERE verdict = 'new' AND NOT is_known GROUP BY order_key ORDER BY min(record)
"""

_COMPLETED_ORDERS: Final = """
SELECT o.* REPLACE (
    o.amount_fen + n.amount_fen AS amount_fen, o.discount_fen + n.discount_fen AS discount_fen,
    CAST(o.line_count + n.line_count AS INTEGER) AS line_count)
FROM orders AS o JOIN (
    SELECT order_key, CAST(sum(amount_fen) AS BIGINT) AS amount_fen,
        CAST(sum(discount_fen + coupon_fen) AS BIGINT) AS discount_fen, count(*) AS line_count
    FROM verdicts WHERE verdict = 'new' AND is_known GROUP BY order_key
) AS n ON n.order_key = o.order_key
"""

_SET_ASIDE: Final = """
SELECT record, fault AS reason,
    CASE fault WHEN 'store' THEN store_code WHEN 'member' THEN member_key ELSE '' END AS value
FROM resolved WHERE fault IS NOT NULL
UNION ALL
SELECT record, verdict, CASE verdict WHEN 'other_store' THEN store_code WHEN 'other_member' THEN COALESCE(member_key, '')
    ELSE product_ref END
FROM verdicts WHERE verdict NOT IN ('new', 'known')
ORDER BY record
"""


class OrderSink:
    """Takes the batches of one file. `source` is the first half of the order key."""

    def __init__(self, source: str) -> None:
        if not source or ":" in source or len(source) > 20:
            raise OrderInvalidError(field="source", reason="must be 1 to 20 letters without a colon")
        self._source = source
        self._lookups = Lookups()
        self._written: list[pa.Table] = []

    def __call__(self, batch: Batch) -> BatchOutcome:
        """Write the batch's new lines and their orders; answer what was taken, known and set aside."""
        lines = batch.table
        if lines.num_rows == 0:
            return BatchOutcome(rows_ok=0)
        has_numbers = lines.column("order_line_no").null_count < lines.num_rows
        # Two imports at once would both find a line unknown: they take turns, batch by batch.
        with manifest.locked(manifest.lake_dir(), LOCK), get_engine().cursor() as cursor:
            self._judge(cursor, lines, has_numbers=has_numbers)
            taken = self._write(cursor, has_numbers=has_numbers)
            rejects = _rejects(cursor)
        return BatchOutcome(rows_ok=taken, rows_skipped=lines.num_rows - taken - len(rejects), rejects=rejects)

    def _judge(self, cursor: duckdb.DuckDBPyConnection, lines: pa.Table, *, has_numbers: bool) -> None:
        keys = lines.column("member_key").unique().to_pylist()
        cursor.register("batch_lines", lines)
        cursor.register("store_ids", self._lookups.stores())
        cursor.register("member_ids", self._lookups.members(keys))
        column = "order_line_no" if has_numbers else "product_ref"
        cursor.execute(_RESOLVE.format(number=column), {"source": self._source})
        cursor.execute(_HEADS)
        cursor.execute(_KNOWN.format(key="line_no" if has_numbers else "product_ref"))
        twice = "false" if has_numbers else f"nth > 1 OR {self._earlier(cursor)}"
        cursor.execute(_JUDGE.format(twice=twice))

    def _earlier(self, cursor: duckdb.DuckDBPyConnection) -> str:
        """Without line numbers: whether an earlier batch of this very file wrote the same product of the same order."""
        if not self._written:
            return "false"
        cursor.register("written", pa.concat_tables(self._written))
        return "EXISTS (FROM written AS w WHERE w.order_key = n.order_key AND w.product_ref = n.product_ref)"

    def _write(self, cursor: duckdb.DuckDBPyConnection, *, has_numbers: bool) -> int:
        """One change of the lake: the new lines, the new orders, and the orders that these lines complete."""
        lines = cursor.execute(_NEW_LINES if has_numbers else _NEW_LINES_NUMBERED_HERE).to_arrow_table()
        if lines.num_rows == 0:
            return 0
        orders = cursor.execute(_NEW_ORDERS, {"source": self._source}).to_arrow_table()
        completed = cursor.execute(_COMPLETED_ORDERS).to_arrow_table()
        writer.append_many(
            {"order_lines": lines, "orders": orders},
            f"import-{new_id()}",
            by="month",
            restated={"orders": completed} if completed.num_rows else None,
        )
        if not has_numbers:
            self._written.append(lines.select(["order_key", "product_ref"]))
        return lines.num_rows


def _rejects(cursor: duckdb.DuckDBPyConnection) -> list[Reject]:
    reasons = {
        "store": ("store_code", _("is no store's code; import the stores first, or correct it")),
        "member": ("member_key", _("is no member's card; import the members first, or correct it")),
        "line_no": ("line_no", _("is missing here but given on other lines")),
        "other_store": ("store_code", _("is not the store of the order's other lines")),
        "other_member": ("member_key", _("is not the member of the order's other lines")),
        "twice": ("product_ref", _("comes twice in this order; give the lines numbers (line_no)")),
        "differs": ("line_no", _("is known with another product or amount; give a new line a new number")),
    }
    return [
        Reject(line_no=record, field=reasons[reason][0], value=value, reason=reasons[reason][1])
        for record, reason, value in cursor.execute(_SET_ASIDE).fetchall()
    ]
