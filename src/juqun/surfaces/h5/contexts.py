"""Domain values as pages show them: amounts in yuan, states in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from juqun.domains.promotions.types import CouponKind, CouponState, CouponView
from juqun.kernel.money import BASIS_POINTS, format_yuan
from juqun.surfaces.h5.qr import qr_svg

STATES = {
    CouponState.ISSUED: gettext_lazy("Ready to use"),
    CouponState.FROZEN: gettext_lazy("Held for an unpaid order"),
    CouponState.USED: gettext_lazy("Used"),
    CouponState.EXPIRED: gettext_lazy("Expired"),
    CouponState.VOID: gettext_lazy("Withdrawn"),
}
GROUP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponCard:
    """A coupon as a page shows it."""

    code: str
    spaced_code: str
    name: str
    value: str
    condition: str
    place: str
    valid_from: datetime
    valid_until: datetime
    used_at: datetime | None
    state: str
    state_text: str
    is_ready: bool
    qr: SafeString | str


def coupon_card(coupon: CouponView, *, at: datetime, with_qr: bool = False) -> CouponCard:
    """What a customer reads of a coupon at `at`; the QR code only while the coupon can be used."""
    state = coupon.state_at(at)
    is_ready = state is CouponState.ISSUED
    return CouponCard(
        code=coupon.code,
        spaced_code=spaced(coupon.code),
        name=coupon.template_name,
        value=_value(coupon),
        condition=_condition(coupon),
        place=coupon.store_name or gettext("All stores"),
        valid_from=coupon.valid_from,
        valid_until=coupon.valid_until,
        used_at=coupon.used_at,
        state=state.value,
        state_text=str(STATES[state]),
        is_ready=is_ready,
        qr=qr_svg(coupon.code, title=gettext("Coupon code")) if with_qr and is_ready else "",
    )


def spaced(code: str) -> str:
    """The code in groups of four, for people."""
    return " ".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def short_yuan(fen: int) -> str:
    """'5' for 500 fen, '5.50' for 550: as prices stand on a coupon."""
    text = format_yuan(fen)
    return text.removesuffix(".00")


def _value(coupon: CouponView) -> str:
    if coupon.kind is CouponKind.AMOUNT:
        return gettext("¥%(amount)s off") % {"amount": short_yuan(coupon.amount_fen)}
    share = f"{coupon.percent_bp * 100 / BASIS_POINTS:g}"
    return gettext("%(share)s%% off") % {"share": share}


def _condition(coupon: CouponView) -> str:
    parts = []
    if coupon.threshold_fen:
        parts.append(gettext("on ¥%(amount)s or more") % {"amount": short_yuan(coupon.threshold_fen)})
    if coupon.kind is CouponKind.PERCENT and coupon.amount_fen:
        parts.append(gettext("at most ¥%(amount)s off") % {"amount": short_yuan(coupon.amount_fen)})
    return " · ".join(parts)
