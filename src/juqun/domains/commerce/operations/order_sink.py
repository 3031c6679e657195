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

# The batch with ids; `fault` names the first thing that is wrong with a line on its own. `mark` is equal for equal keys
# (and, rarely, for others): it finds the lines that may be there twice without sorting all of them.
_RESOLVE: Final = """
CREATE OR REPLACE TEMP TABLE resolved AS
SELECT b.line_no AS record, $source || ':' || b.order_ref AS order_key, b.{number} AS number, b.product_ref,
    COALESCE(m.id, -1) AS member_id, COALESCE(s.id, -1) AS store_id,
    COALESCE(b.quantity, 1) AS quantity, b.amount_yuan AS amount_fen,
    COALESCE(b.discount_yuan, 0) AS discount_fen, COALESCE(b.coupon_yuan, 0) AS coupon_fen, b.paid_at AS ts,
    CASE WHEN s.id IS NULL THEN 'store' WHEN b.member_key IS NOT NULL AND m.id IS NULL THEN 'member'
         WHEN b.{number} IS NULL THEN 'line_no' END AS fault,
    hash(b.order_ref, b.{number}) AS mark
FROM batch_lines AS b
LEFT JOIN store_ids AS s ON s.code = b.store_code
LEFT JOIN member_ids AS m ON m.code = b.member_key
"""

# One row per order of the batch. The order in the lake, or else its first line, says at which store and whose it is; a line
# without a card says nothing and follows the others. `is_odd`: some line contradicts that.
_HEADS: Final = """
CREATE OR REPLACE TEMP TABLE heads AS
SELECT f.order_key, f.first_record, COALESCE(o.store_id, f.store_id) AS store_id,
    COALESCE(o.member_id, f.member_id) AS member_id, o.order_key IS NOT NULL AS is_known,
    COALESCE(o.store_id, f.store_id) <> f.least_store OR COALESCE(o.store_id, f.store_id) <> f.greatest_store
        OR COALESCE(o.member_id, f.member_id) <> f.least_member OR COALESCE(o.member_id, f.member_id) <> f.greatest_member
        AS is_odd
FROM (
    SELECT order_key, min(record) AS first_record, arg_min(store_id, record) AS store_id,
        min(store_id) AS least_store, max(store_id) AS greatest_store,
        COALESCE(arg_min(member_id, record) FILTER (WHERE member_id <> -1), -1) AS member_id,
        COALESCE(min(member_id) FILTER (WHERE member_id <> -1), -1) AS least_member, max(member_id) AS greatest_member
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

# Only lines that may not be new are looked at closely: all lines of an order that is known or odd, and all of one key.
_SUSPECTS: Final = """
CREATE OR REPLACE TEMP TABLE suspects AS
SELECT * FROM resolved WHERE fault IS NULL AND (
    order_key IN (SELECT order_key FROM heads WHERE is_known OR is_odd)
    OR mark IN (SELECT mark FROM resolved WHERE fault IS NULL GROUP BY mark HAVING count(*) > 1){earlier}
)
"""
_EARLIER: Final = " OR order_key IN (SELECT order_key FROM written)"

_JUDGE: Final = """
CREATE OR REPLACE TEMP TABLE verdicts AS
SELECT n.record, CASE WHEN other_store THEN 'other_store' WHEN other_member THEN 'other_member'
    WHEN {twice} THEN 'twice'
    WHEN known_product IS NOT NULL AND (known_product <> product_ref OR known_amount <> amount_fen) THEN 'differs'
    WHEN first_product <> product_ref OR first_amount <> amount_fen THEN 'differs'
    WHEN known_product IS NOT NULL OR nth > 1 THEN 'known' ELSE 'new' END AS verdict
FROM (
    SELECT r.*, h.store_id <> r.store_id AS other_store, r.member_id <> -1 AND r.member_id <> h.member_id AS other_member,
        k.product_ref AS known_product, k.amount_fen AS known_amount,
        row_number() OVER same_key AS nth, first(r.product_ref) OVER same_key AS first_product,
        first(r.amount_fen) OVER same_key AS first_amount
    FROM suspects AS r
    JOIN heads AS h ON h.order_key = r.order_key
    LEFT JOIN known AS k ON k.order_key = r.order_key AND k.number = r.number
    WINDOW same_key AS (PARTITION BY r.order_key, r.number ORDER BY r.record)
) AS n
"""
_TWICE: Final = "nth > 1"
_TWICE_OR_EARLIER: Final = (
    "nth > 1 OR EXISTS (FROM written AS w WHERE w.order_key = n.order_key AND w.product_ref = n.product_ref)"
)

# Lines that bring no number are counted from the order's first line in the file, behind the lines that the lake has.
_NEW_LINES: Final = """
SELECT r.order_key, CAST({line_no} AS INTEGER) AS line_no, h.member_id, r.store_id, r.product_ref, r.quantity,
    r.amount_fen, r.discount_fen, r.coupon_fen, r.ts
FROM resolved AS r
JOIN heads AS h ON h.order_key = r.order_key
LEFT JOIN (SELECT order_key, max(last) AS last FROM known GROUP BY order_key) AS x ON x.order_key = r.order_key
WHERE r.fault IS NULL AND r.record NOT IN (SELECT record FROM verdicts WHERE verdict <> 'new')
"""
_GIVEN: Final = "r.number"
_COUNTED: Final = "COALESCE(x.last, 0) + r.record - h.first_record + 1"

_NEW_ORDERS: Final = """
SELECT l.order_key, min(l.member_id) AS member_id, min(l.store_id) AS store_id, min(l.ts) AS ts,
    CAST(sum(l.amount_fen) AS BIGINT) AS amount_fen, CAST(sum(l.discount_fen + l.coupon_fen) AS BIGINT) AS discount_fen,
    CAST(count(*) AS INTEGER) AS line_count, $source AS source
FROM new_lines AS l ANTI JOIN (SELECT order_key FROM heads WHERE is_known) AS h ON h.order_key = l.order_key
GROUP BY l.order_key
"""

_COMPLETED_ORDERS: Final = """
SELECT o.* REPLACE (
    o.amount_fen + n.amount_fen AS amount_fen, o.discount_fen + n.discount_fen AS discount_fen,
    CAST(o.line_count + n.line_count AS INTEGER) AS line_count)
FROM orders AS o JOIN (
    SELECT l.order_key, CAST(sum(l.amount_fen) AS BIGINT) AS amount_fen,
        CAST(sum(l.discount_fen + l.coupon_fen) AS BIGINT) AS discount_fen, count(*) AS line_count
    FROM new_lines AS l SEMI JOIN (SELECT order_key FROM heads WHERE is_known) AS h ON h.order_key = l.order_key
    GROUP BY l.order_key
) AS n ON n.order_key = o.order_key
"""

_SET_ASIDE: Final = """
SELECT b.line_no, v.reason, CASE v.reason WHEN 'store' THEN b.store_code WHEN 'other_store' THEN b.store_code
    WHEN 'member' THEN b.member_key WHEN 'other_member' THEN b.member_key WHEN 'line_no' THEN NULL ELSE b.product_ref END
FROM (
    SELECT record, fault AS reason FROM resolved WHERE fault IS NOT NULL
    UNION ALL SELECT record, verdict FROM verdicts WHERE verdict NOT IN ('new', 'known')
) AS v JOIN batch_lines AS b ON b.line_no = v.record
ORDER BY b.line_no
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
        # Without line numbers a product twice in one order, also in an earlier batch of this very file, cannot be told
        # from a repeated line: it is set aside, never lost.
        has_earlier = bool(self._written) and not has_numbers
        if has_earlier:
            cursor.register("written", pa.concat_tables(self._written))
        twice = "false" if has_numbers else _TWICE_OR_EARLIER if has_earlier else _TWICE
        cursor.execute(_RESOLVE.format(number=column), {"source": self._source})
        cursor.execute(_HEADS)
        cursor.execute(_KNOWN.format(key="line_no" if has_numbers else "product_ref"))
        cursor.execute(_SUSPECTS.format(earlier=_EARLIER if has_earlier else ""))
        cursor.execute(_JUDGE.format(twice=twice))

    def _write(self, cursor: duckdb.DuckDBPyConnection, *, has_numbers: bool) -> int:
        """One change of the lake: the new lines, the new orders, and the orders that these lines complete."""
        lines = cursor.execute(_NEW_LINES.format(line_no=_GIVEN if has_numbers else _COUNTED)).to_arrow_table()
        if lines.num_rows == 0:
            return 0
        cursor.register("new_lines", lines)
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
        return int(lines.num_rows)


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
        Reject(line_no=record, field=reasons[reason][0], value=value or "", reason=reasons[reason][1])
        for record, reason, value in cursor.execute(_SET_ASIDE).fetchall()
    ]
