"""A batch of coupon redemptions of another system becomes facts; what is known by its key is left out."""

from typing import Final

import duckdb
from django.utils.translation import gettext as _

from juqun.domains.commerce.errors import OrderInvalidError
from juqun.domains.commerce.operations.lookups import Lookups
from juqun.kernel.ids import new_id
from juqun.kernel.imports.types import Batch, BatchOutcome, Column, ColumnKind, Reject
from juqun.lake import manifest, writer
from juqun.lake.engine import get_engine

REDEMPTION_COLUMNS: Final = (
    Column(name="member_key", required=True, aliases=("card", "card_no", "会员卡号")),
    Column(name="coupon_ref", required=True, aliases=("coupon", "券码")),
    Column(name="campaign_ref", aliases=("campaign", "活动编号")),
    Column(name="campaign_type", aliases=("活动类型",)),
    Column(name="store_code", aliases=("store", "门店编码")),
    Column(name="amount_yuan", kind=ColumnKind.YUAN, aliases=("amount", "优惠金额")),
    Column(name="redeemed_on", kind=ColumnKind.DATE, required=True, aliases=("redemption_date", "核销日期")),
)
LOCK: Final = "import-redemptions"

_RESOLVE: Final = """
CREATE OR REPLACE TEMP TABLE resolved AS
SELECT b.line_no AS record, m.id AS member_id, COALESCE(s.id, -1) AS store_id, b.coupon_ref,
    COALESCE(b.campaign_ref, '') AS campaign_ref, COALESCE(b.campaign_type, '') AS campaign_type,
    COALESCE(b.amount_yuan, 0) AS amount_fen, CAST(b.redeemed_on AS TIMESTAMP) AS ts,
    $source || ':' || COALESCE(b.campaign_ref, '') || ':' || b.coupon_ref || ':' || m.id || ':' || b.redeemed_on
        AS redemption_key,
    CASE WHEN m.id IS NULL THEN 'member' WHEN b.store_code IS NOT NULL AND s.id IS NULL THEN 'store' END AS fault,
    b.member_key, b.store_code
FROM batch_lines AS b
LEFT JOIN store_ids AS s ON s.code = b.store_code
LEFT JOIN member_ids AS m ON m.code = b.member_key
"""

_NEW: Final = """
SELECT r.redemption_key, r.member_id, r.store_id, r.coupon_ref, r.campaign_ref, r.campaign_type, r.amount_fen, r.ts
FROM resolved AS r ANTI JOIN redemptions AS k ON k.redemption_key = r.redemption_key
WHERE r.fault IS NULL
QUALIFY row_number() OVER (PARTITION BY r.redemption_key ORDER BY r.record) = 1
ORDER BY r.record
"""

_SET_ASIDE: Final = """
SELECT record, fault, CASE fault WHEN 'store' THEN store_code ELSE member_key END FROM resolved
WHERE fault IS NOT NULL ORDER BY record
"""


class RedemptionSink:
    """Takes the batches of one file. `source` is the first part of the redemption key."""

    def __init__(self, source: str) -> None:
        if not source or ":" in source or len(source) > 20:
            raise OrderInvalidError(field="source", reason="must be 1 to 20 letters without a colon")
        self._source = source
        self._lookups = Lookups()

    def __call__(self, batch: Batch) -> BatchOutcome:
        """Write the batch's new redemptions; answer what was taken, known and set aside."""
        lines = batch.table
        if lines.num_rows == 0:
            return BatchOutcome(rows_ok=0)
        with manifest.locked(manifest.lake_dir(), LOCK), get_engine().cursor() as cursor:
            cursor.register("batch_lines", lines)
            cursor.register("store_ids", self._lookups.stores())
            cursor.register("member_ids", self._lookups.members(lines.column("member_key").unique().to_pylist()))
            cursor.execute(_RESOLVE, {"source": self._source})
            fresh = cursor.execute(_NEW).to_arrow_table()
            if fresh.num_rows:
                writer.append("redemptions", fresh, f"import-{new_id()}", by="month")
            rejects = _rejects(cursor)
        taken = fresh.num_rows
        return BatchOutcome(rows_ok=taken, rows_skipped=lines.num_rows - taken - len(rejects), rejects=rejects)


def _rejects(cursor: duckdb.DuckDBPyConnection) -> list[Reject]:
    reasons = {
        "store": ("store_code", _("is no store's code; import the stores first, or correct it")),
        "member": ("member_key", _("is no member's card; import the members first, or correct it")),
    }
    return [
        Reject(line_no=record, field=reasons[fault][0], value=value, reason=reasons[fault][1])
        for record, fault, value in cursor.execute(_SET_ASIDE).fetchall()
    ]
