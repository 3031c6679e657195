"""Factories for tests of the rooms above."""

from datetime import datetime

from juqun.domains.commerce import operations
from juqun.domains.commerce.types import OrderLineIn, OrderView


def line(product_ref: str = "P-1", amount_fen: int = 1_000, quantity: int = 1) -> OrderLineIn:
    return OrderLineIn(product_ref=product_ref, quantity=quantity, amount_fen=amount_fen)


def make_order(
    *,
    store_id: int,
    paid_at: datetime,
    external_ref: str = "T-1",
    member_id: int | None = None,
    amount_fen: int = 3_000,
    coupon_code: str | None = None,
) -> OrderView:
    return operations.record_order(
        source="pos",
        external_ref=external_ref,
        store_id=store_id,
        member_id=member_id,
        lines=[line(amount_fen=amount_fen)],
        coupon_code=coupon_code,
        paid_at=paid_at,
    )
