"""Order lines and coupon redemptions of other systems, from a file straight into the lake.

A file is read in batches; each batch is one whole change of the lake, so a run that is killed leaves whole batches and
the same file imported again adds only what is missing. What makes a line the same line is its key, never its place.
"""

from collections.abc import Callable
from pathlib import Path

from juqun.domains.commerce.operations.order_sink import BATCH_BYTES, ORDER_COLUMNS, OrderSink
from juqun.domains.commerce.operations.redemption_sink import REDEMPTION_COLUMNS, RedemptionSink
from juqun.kernel.imports import operations as imports
from juqun.kernel.imports.types import ImportResult, Progress


def import_orders(
    *,
    path: Path | str,
    actor: str,
    source: str = "import",
    on_progress: Callable[[Progress], None] | None = None,
) -> ImportResult:
    """Import order lines (CSV, XLSX, Parquet) into the lake and answer the counts.

    Columns: order_ref*, line_no, member_key (card number), store_code*, product_ref*, quantity, amount_yuan* (paid for
    the line), discount_yuan, coupon_yuan, paid_at* (* required). A line is known by (source, order_ref, line_no); without
    `line_no` by (source, order_ref, product_ref). Lines known already, in the lake or earlier in the file, are skipped and
    counted; lines that cannot be read, name an unknown store or card, or contradict what is known are set aside with the
    reason. An order whose lines come in several files is completed. Raises ImportFileError, ImportHeaderError.
    """
    sink = OrderSink(source)
    return imports.run_import(
        kind="orders",
        path=Path(path),
        columns=ORDER_COLUMNS,
        sink=sink,
        actor=actor,
        on_progress=on_progress,
        batch_bytes=BATCH_BYTES,
    )


def import_redemptions(
    *,
    path: Path | str,
    actor: str,
    source: str = "import",
    on_progress: Callable[[Progress], None] | None = None,
) -> ImportResult:
    """Import coupon redemptions of another system into the lake and answer the counts.

    Columns: member_key* (card number), coupon_ref*, campaign_ref, campaign_type, store_code, amount_yuan, redeemed_on*.
    A redemption is known by member, coupon, campaign and day. Raises ImportFileError, ImportHeaderError.
    """
    sink = RedemptionSink(source)
    return imports.run_import(
        kind="redemptions", path=Path(path), columns=REDEMPTION_COLUMNS, sink=sink, actor=actor, on_progress=on_progress
    )
