"""Coupons that can no longer be used leave the books and give back what they still could have cost."""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from juqun.domains.promotions.models import Coupon, CouponStock
from juqun.domains.promotions.types import CouponState

MANY = 10_000


def expire_due(*, at: datetime, batch: int = 1_000) -> int:
    """Expire up to `batch` issued coupons whose last moment is not after `at`; answer how many. Safe to repeat.

    Locks the coupons in order of id, then the counter rows in order of template: the lock order of issuing and using.
    """
    due = Coupon.unscoped.filter(state=CouponState.ISSUED, valid_until__lte=at).order_by("pk")
    return _close(due, CouponState.EXPIRED, batch)


def void_member_coupons(*, member_id: int) -> int:
    """Withdraw the unused coupons of a member (erased, or barred); answer how many. Safe to repeat."""
    unused = Coupon.unscoped.filter(state=CouponState.ISSUED, member_id=member_id).order_by("pk")
    return _close(unused, CouponState.VOID, MANY)


def _close(coupons: QuerySet[Coupon], state: CouponState, batch: int) -> int:
    with transaction.atomic():
        due = list(coupons.select_for_update().values_list("pk", "template_id", "liability_fen")[:batch])
        Coupon.unscoped.filter(pk__in=[pk for pk, _, _ in due], state=CouponState.ISSUED).update(state=state)
        freed: Counter[int] = Counter()
        for _, template_id, liability_fen in due:
            freed[template_id] += liability_fen
        for template_id in sorted(freed):
            CouponStock.objects.filter(template_id=template_id).update(
                committed_fen=F("committed_fen") - freed[template_id]
            )
    return len(due)
