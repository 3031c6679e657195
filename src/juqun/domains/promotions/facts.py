"""The rows that promotions hand to the lake (columns: `juqun.lake.schemas`); the lake fills day, week and what is left out."""

from datetime import datetime
from typing import Any

from juqun.domains.promotions.types import CouponView

Row = tuple[str, dict[str, Any]]


def issued_touch(*, coupon: CouponView, source: str, at: datetime) -> Row:
    """(key, row) of the touch "got a coupon"; its store is the one where the coupon is valid, unknown when everywhere."""
    return f"coupon_issued:{coupon.id}", _touch("coupon_issued", coupon, source, coupon.store_id, at)


def redeemed_touch(*, coupon: CouponView, order_key: str, store_id: int, at: datetime) -> Row:
    """(key, row) of the touch "used a coupon"."""
    return f"coupon_redeemed:{coupon.id}:{order_key}", _touch("coupon_redeemed", coupon, "coupon", store_id, at)


def redemption(*, coupon: CouponView, order_key: str, store_id: int, discount_fen: int, at: datetime) -> Row:
    """(key, row) of the redemption; `amount_fen` is what the coupon took off."""
    row = {
        "member_id": coupon.member_id,
        "store_id": store_id,
        "coupon_ref": f"coupon:{coupon.id}",  # never the code: after a refund it can be used again
        "campaign_ref": "" if coupon.campaign_id is None else str(coupon.campaign_id),
        "amount_fen": discount_fen,
        "ts": at,
    }
    return f"coupon:{coupon.id}:{order_key}", row


def _touch(kind: str, coupon: CouponView, source: str, store_id: int | None, at: datetime) -> dict[str, Any]:
    return {
        "member_id": coupon.member_id,
        "kind": kind,
        "source": source,
        "store_id": store_id,
        "campaign_id": coupon.campaign_id,
        "ts": at,
    }
