"""The border: rows become plain values here and nowhere else."""

from datetime import datetime

from juqun.domains.promotions.models import Coupon, CouponTemplate
from juqun.domains.promotions.types import (
    CouponKind,
    CouponState,
    CouponTemplateView,
    CouponTerms,
    CouponView,
    TemplateState,
)

COUPON_JOINS = ("template", "version", "version__store")
TEMPLATE_JOINS = ("stock", "store")


def coupon_view(row: Coupon) -> CouponView:
    """A coupon with the terms of its version; load the row with `select_related(*COUPON_JOINS)`."""
    version = row.version
    return CouponView(
        id=row.pk,
        code=row.code,
        template_id=row.template_id,
        template_name=row.template.name,
        member_id=row.member_id,
        kind=CouponKind(version.kind),
        amount_fen=version.amount_fen,
        percent_bp=version.percent_bp,
        threshold_fen=version.threshold_fen,
        store_id=version.store_id,
        store_name=version.store.name if version.store is not None else "",
        state=CouponState(row.state),
        valid_from=version.valid_from,
        valid_until=row.valid_until,
        issued_at=row.issued_at,
        used_at=row.used_at,
        campaign_id=row.campaign_id,
        order_key=row.order_key,
    )


def template_view(row: CouponTemplate) -> CouponTemplateView:
    """A template with its present version and counters; load it with `TEMPLATE_JOINS` and prefetched versions."""
    version = next(one for one in row.versions.all() if one.number == row.version)
    stock = row.stock
    return CouponTemplateView(
        id=row.pk,
        public_id=row.public_id,
        name=row.name,
        version=row.version,
        kind=CouponKind(version.kind),
        amount_fen=version.amount_fen,
        percent_bp=version.percent_bp,
        threshold_fen=version.threshold_fen,
        store_id=row.store_id,
        store_name=row.store.name if row.store is not None else "",
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        total=stock.total,
        per_member=row.per_member,
        issued=stock.issued,
        redeemed=stock.redeemed,
        budget_fen=stock.budget_fen,
        committed_fen=stock.committed_fen,
        spent_fen=stock.spent_fen,
        state=TemplateState(row.state),
    )


def terms_of(view: CouponTemplateView) -> CouponTerms:
    """The present terms of a template."""
    return CouponTerms(
        kind=view.kind,
        amount_fen=view.amount_fen,
        percent_bp=view.percent_bp,
        threshold_fen=view.threshold_fen,
        store_id=view.store_id,
        valid_from=view.valid_from,
        valid_until=view.valid_until,
    )


def issuing_state(view: CouponTemplateView, at: datetime) -> TemplateState:
    """The state that counts for issuing at `at`: past its last moment a template has ended, job or no job."""
    return TemplateState.ENDED if at >= view.valid_until else view.state
