"""What commerce tells the rooms above. Orders imported straight into the lake send nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid(Event):
    """An order was paid at a till or on the phone; sent once, not again for a repeated post."""

    NAME: ClassVar[str] = "commerce.order_paid"

    order_id: int
    member_id: int | None
    store_id: int
    amount_fen: int
    source: str
    campaign_id: int | None
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPickedUp(Event):
    """The goods of a paid order were handed over against its pickup code."""

    NAME: ClassVar[str] = "commerce.order_picked_up"

    order_id: int
    member_id: int | None
    store_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded(Event):
    """A paid order was refunded in full; its coupon, if any, was given back."""

    NAME: ClassVar[str] = "commerce.order_refunded"

    order_id: int
    member_id: int | None
    store_id: int
    amount_fen: int
    at: datetime
