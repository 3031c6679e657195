"""Reads of promotions, always inside a DataScope; a coupon's code is itself the right to see that coupon."""

from collections.abc import Sequence
from datetime import datetime

from django.core import signing
from django.db.models import Count, Q, QuerySet

from juqun.domains.members import queries as members
from juqun.domains.promotions import rules
from juqun.domains.promotions.errors import CouponUnknownError, TemplateUnknownError, WalletLinkInvalidError
from juqun.domains.promotions.mappers import COUPON_JOINS, TEMPLATE_JOINS, coupon_view, template_view
from juqun.domains.promotions.models import Coupon, CouponTemplate
from juqun.domains.promotions.types import CouponState, CouponTemplateView, CouponView, StateCount
from juqun.kernel.scope import DataScope

WALLET_SALT = "juqun.promotions.wallet"
WALLET_DAYS = 90


def list_templates(*, scope: DataScope, limit: int = 100, offset: int = 0) -> list[CouponTemplateView]:
    """Templates valid at a store of the scope or at every store, newest first."""
    rows = _visible_templates(scope).order_by("-pk")[offset : offset + limit]
    return [template_view(row) for row in rows]


def get_template(*, scope: DataScope, template_id: int) -> CouponTemplateView:
    """The template. Raises TemplateUnknownError, also when it is outside the scope."""
    row = _visible_templates(scope).filter(pk=template_id).first()
    if row is None:
        raise TemplateUnknownError(template_id=template_id)
    return template_view(row)


def get_coupon_by_code(*, code: str) -> CouponView:
    """The coupon with this code (80 random bits: who shows it may see it). Raises CouponUnknownError."""
    row = Coupon.unscoped.select_related(*COUPON_JOINS).filter(code=rules.normalise_code(code)).first()
    if row is None:
        raise CouponUnknownError(coupon_code=code.strip()[:40])
    return coupon_view(row)


def list_member_coupons(
    *, scope: DataScope, member_id: int, states: Sequence[CouponState] = (), limit: int = 100
) -> list[CouponView]:
    """The member's coupons, those that end soonest first. Raises the members room's error when outside the scope."""
    members.get_member(scope=scope, member_id=member_id)
    return list_own_coupons(member_id=member_id, states=states, limit=limit)


def list_own_coupons(*, member_id: int, states: Sequence[CouponState] = (), limit: int = 100) -> list[CouponView]:
    """The coupons of a member who has proved to be that member (phone pages); no scope applies to one's own."""
    rows = Coupon.unscoped.select_related(*COUPON_JOINS).filter(member_id=member_id)
    if states:
        rows = rows.filter(state__in=[state.value for state in states])
    return [coupon_view(row) for row in rows.order_by("valid_until", "pk")[:limit]]


def wallet_token(*, member_id: int) -> str:
    """The signed part of the link to the member's own coupons; it lives for `WALLET_DAYS`."""
    return signing.dumps(member_id, salt=WALLET_SALT)


def read_wallet_token(*, token: str) -> int:
    """The member of a wallet link. Raises WalletLinkInvalidError for a forged, cut off or old one."""
    try:
        member_id = signing.loads(token, salt=WALLET_SALT, max_age=WALLET_DAYS * 24 * 3600)
    except signing.BadSignature as error:
        raise WalletLinkInvalidError from error
    return int(member_id)


def count_by_state(*, scope: DataScope, template_id: int, at: datetime) -> list[StateCount]:
    """How many coupons of the template are in each state at `at`, in the order of CouponState; states without any are 0.

    Issued coupons past their last moment count as expired, whether the job has run or not. Raises TemplateUnknownError.
    """
    get_template(scope=scope, template_id=template_id)
    rows = Coupon.unscoped.filter(template_id=template_id).values("state")
    found = {row["state"]: row["n"] for row in rows.annotate(n=Count("pk"))}
    late = Coupon.unscoped.filter(template_id=template_id, state=CouponState.ISSUED, valid_until__lte=at).count()
    found[CouponState.ISSUED] = found.get(CouponState.ISSUED, 0) - late
    found[CouponState.EXPIRED] = found.get(CouponState.EXPIRED, 0) + late
    return [StateCount(state=state, coupons=found.get(state, 0)) for state in CouponState]


def _visible_templates(scope: DataScope) -> QuerySet[CouponTemplate]:
    rows = CouponTemplate.unscoped.select_related(*TEMPLATE_JOINS).prefetch_related("versions")
    if not scope.paths:
        return rows.none()
    inside = scope.path_condition("store__path")
    # An empty condition means the whole chain; joined by OR it would vanish.
    return rows.filter(Q(store__isnull=True) | inside) if inside else rows
