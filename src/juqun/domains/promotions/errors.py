"""Why a coupon cannot be made, issued or used: one class per case, each names the next step."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError


@dataclass(eq=False)
class TemplateUnknownError(NotFoundError):
    """No coupon template has this id, or the reader may not see it."""

    code: ClassVar[str] = "template_unknown"
    message: ClassVar[str] = gettext_noop("There is no coupon template %(template_id)s; choose one from the list.")

    template_id: int


@dataclass(eq=False)
class TemplateInvalidError(InvalidInputError):
    """A field of a template cannot be taken."""

    code: ClassVar[str] = "template_invalid"
    message: ClassVar[str] = gettext_noop(
        "The coupon template's field %(field)s is not valid (%(reason)s); correct it and save again."
    )

    field: str
    reason: str


@dataclass(eq=False)
class TemplateNotOnError(ConflictError):
    """Coupons are issued only while the template is on and before its last day."""

    code: ClassVar[str] = "template_not_on"
    message: ClassVar[str] = gettext_noop(
        "The coupon template %(template_id)s is %(state)s; switch it on before issuing."
    )

    template_id: int
    state: str


@dataclass(eq=False)
class CouponsExhaustedError(ConflictError):
    """All coupons of the template are given out, or its budget is."""

    code: ClassVar[str] = "coupons_exhausted"
    message: ClassVar[str] = gettext_noop(
        "All coupons of template %(template_id)s are given out; raise its total or budget, or use another."
    )

    template_id: int


@dataclass(eq=False)
class CouponLimitReachedError(ConflictError):
    """The member has as many coupons of this template as one member may have."""

    code: ClassVar[str] = "coupon_limit_reached"
    message: ClassVar[str] = gettext_noop(
        "Member %(member_id)s already has all %(per_member)s coupons of this kind; use the one at hand."
    )

    template_id: int
    member_id: int
    per_member: int


@dataclass(eq=False)
class IntentReusedError(ConflictError):
    """The same intent key came with another content."""

    code: ClassVar[str] = "intent_reused"
    message: ClassVar[str] = gettext_noop(
        "The intent key %(intent_key)s was used for something else; take a new key for a new intent."
    )

    intent_key: str


@dataclass(eq=False)
class CouponUnknownError(NotFoundError):
    """No coupon has this code."""

    code: ClassVar[str] = "coupon_unknown"
    message: ClassVar[str] = gettext_noop(
        "No coupon has the code %(coupon_code)s; scan it again or type it from the customer's page."
    )

    coupon_code: str


@dataclass(eq=False)
class CouponExpiredError(ConflictError):
    """The coupon's last moment is over."""

    code: ClassVar[str] = "coupon_expired"
    message: ClassVar[str] = gettext_noop(
        "Coupon %(coupon_code)s expired; ask whether a newer one is in the customer's list."
    )

    coupon_code: str
    valid_until: datetime


@dataclass(eq=False)
class CouponNotYetValidError(ConflictError):
    """The coupon's first moment has not come."""

    code: ClassVar[str] = "coupon_not_yet_valid"
    message: ClassVar[str] = gettext_noop("Coupon %(coupon_code)s is not valid yet; use it from %(valid_from)s on.")

    coupon_code: str
    valid_from: datetime


@dataclass(eq=False)
class CouponWrongStoreError(ConflictError):
    """The coupon is valid at another store."""

    code: ClassVar[str] = "coupon_wrong_store"
    message: ClassVar[str] = gettext_noop("Coupon %(coupon_code)s is valid only at %(store_name)s; use it there.")

    coupon_code: str
    store_id: int
    valid_store_id: int
    store_name: str


@dataclass(eq=False)
class CouponBelowThresholdError(ConflictError):
    """The order is too small for the coupon."""

    code: ClassVar[str] = "coupon_below_threshold"
    message: ClassVar[str] = gettext_noop(
        "The order is %(missing_fen)s fen too small for coupon %(coupon_code)s; add goods and try again."
    )

    coupon_code: str
    threshold_fen: int
    amount_fen: int
    missing_fen: int


@dataclass(eq=False)
class CouponUsedError(ConflictError):
    """The coupon was used on another order already."""

    code: ClassVar[str] = "coupon_used"
    message: ClassVar[str] = gettext_noop(
        "Coupon %(coupon_code)s was used already; take another one from the customer's list."
    )

    coupon_code: str


@dataclass(eq=False)
class CouponFrozenError(ConflictError):
    """The coupon is held for another order that is not paid yet."""

    code: ClassVar[str] = "coupon_frozen"
    message: ClassVar[str] = gettext_noop(
        "Coupon %(coupon_code)s is held for an unpaid order; pay or cancel that order first."
    )

    coupon_code: str


@dataclass(eq=False)
class CouponVoidError(ConflictError):
    """The coupon was withdrawn."""

    code: ClassVar[str] = "coupon_void"
    message: ClassVar[str] = gettext_noop("Coupon %(coupon_code)s was withdrawn; ask the store manager for another.")

    coupon_code: str


@dataclass(eq=False)
class CouponWrongMemberError(RefusedError):
    """The coupon belongs to another member."""

    code: ClassVar[str] = "coupon_wrong_member"
    message: ClassVar[str] = gettext_noop(
        "Coupon %(coupon_code)s belongs to another customer; use the card of its owner, or another coupon."
    )

    coupon_code: str
    member_id: int


@dataclass(eq=False)
class RedemptionConflictError(ConflictError):
    """The same order came again with another amount, store or coupon."""

    code: ClassVar[str] = "redemption_conflict"
    message: ClassVar[str] = gettext_noop(
        "Order %(order_key)s redeemed a coupon before with other figures; give the changed order a new number."
    )

    order_key: str


@dataclass(eq=False)
class WalletLinkInvalidError(NotFoundError):
    """The link to a member's own coupons is forged, cut off or too old."""

    code: ClassVar[str] = "wallet_link_invalid"
    message: ClassVar[str] = gettext_noop("This link is not valid any more; ask your store for a new one.")
