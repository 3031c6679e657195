"""The rows that commerce hands to the lake (columns: `juqun.lake.schemas`); the lake fills day, week and what is left out."""

from typing import Any

from juqun.domains.commerce.types import OrderView

Row = tuple[str, dict[str, Any]]


def order(view: OrderView, *, is_refunded: bool = False) -> Row:
    """(key, row) of a paid order."""
    row = {
        "member_id": view.member_id,
        "store_id": view.store_id,
        "staff_id": view.staff_id,
        "ts": view.paid_at,
        "amount_fen": view.amount_fen,
        "discount_fen": view.discount_fen,
        "line_count": len(view.lines),
        "source": view.source,
        "campaign_id": view.campaign_id,
        "refunded": is_refunded,
    }
    return view.order_key, row


def order_lines(view: OrderView) -> list[Row]:
    """(key, row) of each line of a paid order."""
    return [
        (
            f"{view.order_key}:{line.line_no}",
            {
                "order_key": view.order_key,
                "line_no": line.line_no,
                "member_id": view.member_id,
                "store_id": view.store_id,
                "product_ref": line.product_ref,
                "quantity": float(line.quantity),
                "amount_fen": line.amount_fen,
                "coupon_fen": line.coupon_fen,
                "ts": view.paid_at,
            },
        )
        for line in view.lines
    ]
