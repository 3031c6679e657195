"""What promotions tell the rooms above. Each is sent once per change; a repeated call that changes nothing sends nothing."""

from dataclasses import dataclass
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponIssued(Event):
    """A member holds a new coupon."""

    NAME: ClassVar[str] = "promotions.coupon_issued"

    coupon_id: int
    template_id: int
    member_id: int
    campaign_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponRedeemed(Event):
    """A coupon was used on an order; `discount_fen` is what it took off."""

    NAME: ClassVar[str] = "promotions.coupon_redeemed"

    coupon_id: int
    template_id: int
    member_id: int
    order_key: str
    store_id: int
    discount_fen: int
    campaign_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponReturned(Event):
    """The order of a used coupon was refunded in full; the coupon can be used again unless it expired meanwhile."""

    NAME: ClassVar[str] = "promotions.coupon_returned"

    coupon_id: int
    template_id: int
    member_id: int
    order_key: str
