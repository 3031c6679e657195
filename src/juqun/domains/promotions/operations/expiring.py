"""Coupons past their last moment leave the books and give back what they still could have cost."""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import F

from juqun.domains.promotions.models import Coupon, CouponStock
from juqun.domains.promotions.types import CouponState


def expire_due(*, at: datetime, batch: int = 1_000) -> int:
    """Expire up to `batch` issued coupons whose last moment is not after `at`; answer how many. Safe to repeat.

    Locks the coupons in order of id, then the counter rows in order of template: the lock order of issuing and using.
    """
    with transaction.atomic():
        due = list(
            Coupon.unscoped.select_for_update()
            .filter(state=CouponState.ISSUED, valid_until__lte=at)
            .order_by("pk")
            .values_list("pk", "template_id", "liability_fen")[:batch]
        )
        Coupon.unscoped.filter(pk__in=[pk for pk, _, _ in due], state=CouponState.ISSUED).update(
            state=CouponState.EXPIRED
        )
        freed: Counter[int] = Counter()
        for _, template_id, liability_fen in due:
            freed[template_id] += liability_fen
        for template_id in sorted(freed):
            CouponStock.objects.filter(template_id=template_id).update(
                committed_fen=F("committed_fen") - freed[template_id]
            )
    return len(due)
