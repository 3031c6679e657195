"""Pure decisions on coupons: what a template may say, what a coupon takes off, whether it may be used now and here."""

import re
from collections.abc import Callable
from datetime import datetime

from juqun.domains.promotions.errors import (
    CouponBelowThresholdError,
    CouponExpiredError,
    CouponFrozenError,
    CouponNotYetValidError,
    CouponUsedError,
    CouponVoidError,
    CouponWrongMemberError,
    CouponWrongStoreError,
    TemplateInvalidError,
)
from juqun.domains.promotions.types import CouponKind, CouponState, CouponTerms, CouponView
from juqun.kernel.errors import DomainError
from juqun.kernel.money import BASIS_POINTS, percent_fen

CODE_LETTERS = 16
"""16 letters of 5 bits: 80 random bits, beyond guessing (at least 64 are asked for)."""

_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def normalise_code(text: str) -> str:
    """The code as stored: capitals, no blanks or dashes, letters that look like digits read as digits."""
    return re.sub(r"[^0-9A-Z]", "", text.upper()).translate(_MISREAD)


def check_terms(terms: CouponTerms) -> None:
    """Refuse terms that cannot be kept. Raises TemplateInvalidError naming the field."""
    if terms.kind is CouponKind.AMOUNT:
        _require(terms.amount_fen > 0, "amount_fen", "must be above zero")
        _require(terms.percent_bp == 0, "percent_bp", "must be zero for a fixed amount")
        _require(terms.threshold_fen >= terms.amount_fen, "threshold_fen", "must not be below the amount")
    else:
        _require(0 < terms.percent_bp < BASIS_POINTS, "percent_bp", "must be between 1 and 9999")
        _require(terms.amount_fen >= 0, "amount_fen", "must not be negative")
        _require(terms.threshold_fen >= 0, "threshold_fen", "must not be negative")
    _require(terms.valid_from < terms.valid_until, "valid_until", "must be after valid_from")


def check_limits(*, name: str, total: int, per_member: int, budget_fen: int | None, terms: CouponTerms) -> None:
    """Refuse counts and budgets that cannot be kept. Raises TemplateInvalidError naming the field."""
    _require(bool(name.strip()), "name", "must not be empty")
    _require(total > 0, "total", "must be above zero")
    _require(0 < per_member <= total, "per_member", "must be between 1 and the total")
    if budget_fen is not None:
        _require(budget_fen > 0, "budget_fen", "must be above zero")
        _require(liability_fen(terms) > 0, "amount_fen", "a percentage under a budget needs a cap")


def _require(holds: bool, field: str, reason: str) -> None:  # noqa: FBT001 - an assertion of this module
    if not holds:
        raise TemplateInvalidError(field=field, reason=reason)


def liability_fen(terms: CouponTerms) -> int:
    """The most that one coupon can cost; 0 for a percentage without a cap (which cannot have a budget)."""
    return terms.amount_fen


def discount_fen(terms: CouponTerms | CouponView, amount_fen: int) -> int:
    """What a coupon takes off an order of `amount_fen`: rounded half up once, never above the order or the cap."""
    if terms.kind is CouponKind.AMOUNT:
        return min(terms.amount_fen, amount_fen)
    share = percent_fen(amount_fen, terms.percent_bp)
    return min(share, terms.amount_fen) if terms.amount_fen else share


def check_usable(
    coupon: CouponView, *, store_id: int, amount_fen: int, member_id: int | None, order_key: str | None, at: datetime
) -> int:
    """Fen off when the coupon may be used at this store, on this amount, by this member, now; else the typed error.

    Whose it is and where it is valid are said before its state, so that a stranger learns nothing of its use. A coupon
    frozen for `order_key` is usable by that order. The order of the checks is fixed: the same call gives the same error.
    """
    if member_id is not None and member_id != coupon.member_id:
        raise CouponWrongMemberError(coupon_code=coupon.code, member_id=member_id)
    if coupon.store_id is not None and coupon.store_id != store_id:
        raise CouponWrongStoreError(
            coupon_code=coupon.code, store_id=store_id, valid_store_id=coupon.store_id, store_name=coupon.store_name
        )
    problem = _state_problem(coupon, order_key=order_key, at=at)
    if problem is not None:
        raise problem
    if amount_fen < coupon.threshold_fen:
        raise CouponBelowThresholdError(
            coupon_code=coupon.code,
            threshold_fen=coupon.threshold_fen,
            amount_fen=amount_fen,
            missing_fen=coupon.threshold_fen - amount_fen,
        )
    return discount_fen(coupon, amount_fen)


def _state_problem(coupon: CouponView, *, order_key: str | None, at: datetime) -> DomainError | None:
    """The error that the coupon's state or dates give at `at`; a hold made in time outlives the last moment."""
    if coupon.state is CouponState.FROZEN and order_key is not None and coupon.order_key == order_key:
        return None
    by_state: dict[CouponState, Callable[[], DomainError]] = {
        CouponState.USED: lambda: CouponUsedError(coupon_code=coupon.code),
        CouponState.FROZEN: lambda: CouponFrozenError(coupon_code=coupon.code),
        CouponState.VOID: lambda: CouponVoidError(coupon_code=coupon.code),
        CouponState.EXPIRED: lambda: CouponExpiredError(coupon_code=coupon.code, valid_until=coupon.valid_until),
    }
    if coupon.state in by_state:
        return by_state[coupon.state]()
    if at >= coupon.valid_until:
        return CouponExpiredError(coupon_code=coupon.code, valid_until=coupon.valid_until)
    if at < coupon.valid_from:
        return CouponNotYetValidError(coupon_code=coupon.code, valid_from=coupon.valid_from)
    return None
