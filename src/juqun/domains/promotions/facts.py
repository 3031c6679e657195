"""The rows that promotions hand to the lake (columns: `juqun.lake.schemas`). -1 stands for an unknown id."""

from datetime import datetime
from typing import Any

from juqun.domains.promotions.types import CouponView
from juqun.kernel import clock

UNKNOWN = -1


def issued_touch(*, coupon: CouponView, source: str, at: datetime) -> tuple[str, dict[str, Any]]:
    """(key, row) of the touch "got a coupon"."""
    return _touch("coupon_issued", f"coupon_issued:{coupon.id}", coupon, source, coupon.store_id, at)


def redeemed_touch(*, coupon: CouponView, order_key: str, store_id: int, at: datetime) -> tuple[str, dict[str, Any]]:
    """(key, row) of the touch "used a coupon"."""
    return _touch("coupon_redeemed", f"coupon_redeemed:{coupon.id}:{order_key}", coupon, "coupon", store_id, at)


def redemption(*, coupon: CouponView, order_key: str, store_id: int, discount_fen: int, at: datetime) -> tuple[str, dict[str, Any]]:
    """(key, row) of the redemption; `amount_fen` is what the coupon took off."""
    key = f"coupon:{coupon.id}:{order_key}"
    row = {
        "redemption_key": key,
        "member_id": coupon.member_id,
        "store_id": store_id,
        "coupon_ref": coupon.code,
        "campaign_ref": str(coupon.campaign_id) if coupon.campaign_id is not None else "",
        "campaign_type": "",
        "amount_fen": discount_fen,
        "ts": clock.business_time(at),
        "day": clock.day_number(clock.business_day(at)),
    }
    return key, row


def _touch(
    kind: str, key: str, coupon: CouponView, source: str, store_id: int | None, at: datetime
) -> tuple[str, dict[str, Any]]:
    day = clock.business_day(at)
    row = {
        "touch_key": key,
        "member_id": coupon.member_id,
        "kind": kind,
        "source": source,
        "store_id": UNKNOWN if store_id is None else store_id,
        "staff_id": UNKNOWN,
        "campaign_id": UNKNOWN if coupon.campaign_id is None else coupon.campaign_id,
        "ts": clock.business_time(at),
        "day": clock.day_number(day),
        "week": clock.week_number(day),
    }
    return key, row
