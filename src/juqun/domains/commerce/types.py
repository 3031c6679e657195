"""Values that cross the border of commerce. Money is integer fen."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

MAX_AMOUNT_FEN: Final = 10**12
"""No order of a shop is dearer (ten thousand million yuan); sums over millions of such orders still fit 64 bits."""


class OrderState(StrEnum):
    """`held`: placed, goods and coupon kept for some minutes until paid; `released`: not paid in time or cancelled."""

    HELD = "held"
    PAID = "paid"
    PICKED_UP = "picked_up"
    RELEASED = "released"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLineIn:
    """A line as the till gives it. `amount_fen` is the whole line after the shop's own discounts, before a coupon.

    `quantity` may have decimals (weighed goods) and is never used to compute money.
    """

    product_ref: str
    quantity: Decimal | int | float
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLineView:
    """A stored line; `amount_fen` is what was paid for it, `coupon_fen` the part of the coupon that fell on it."""

    line_no: int
    product_ref: str
    quantity: Decimal
    amount_fen: int
    coupon_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order; `amount_fen` is what was or is to be paid, `discount_fen` what a coupon took off."""

    id: int
    public_id: str
    order_key: str
    member_id: int | None
    store_id: int
    staff_id: int | None
    campaign_id: int | None
    amount_fen: int
    discount_fen: int
    state: OrderState
    source: str
    created_at: datetime
    paid_at: datetime | None
    hold_until: datetime | None
    pickup_code: str | None
    coupon_code: str | None
    lines: tuple[OrderLineView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TillKeyView:
    """Whose key it is: the node (a store, or higher up for head-office programs) and the name given to it.

    ``hint`` is how the secret begins. ``last_used_at`` is right to the hour; None for a key that was never used.
    """

    id: int
    name: str
    node_id: int
    node_name: str
    node_path: str
    node_kind: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillKeyMade:
    """A new key; `secret` is shown this once, only its hash is kept."""

    id: int
    secret: str
