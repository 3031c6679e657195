"""Writes of promotions: templates, issuing, using, expiry. One module per concern; this is the door to all of them."""

from juqun.domains.promotions.operations.expiring import expire_due, void_member_coupons
from juqun.domains.promotions.operations.issuing import issue_coupon, issue_coupons
from juqun.domains.promotions.operations.templates import create_template, revise_template, set_template_state
from juqun.domains.promotions.operations.using import (
    freeze_coupon,
    quote_coupon,
    redeem_coupon,
    release_coupons,
    return_coupon,
)

__all__ = [
    "create_template",
    "expire_due",
    "freeze_coupon",
    "issue_coupon",
    "issue_coupons",
    "quote_coupon",
    "redeem_coupon",
    "release_coupons",
    "return_coupon",
    "revise_template",
    "set_template_state",
    "void_member_coupons",
]
