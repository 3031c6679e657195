"""What goes over the wire. Money is integer fen; times carry a zone."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import AwareDatetime, Field

from juqun.domains.commerce.types import MAX_AMOUNT_FEN

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"  # PostgreSQL stores no NUL, and no till means a line break
Ref = Annotated[str, Field(min_length=1, max_length=80, pattern=PRINTABLE)]
Name = Annotated[str, Field(max_length=80, pattern=PRINTABLE)]
Fen = Annotated[int, Field(ge=0, le=MAX_AMOUNT_FEN, strict=True)]


class LineIn(Schema):
    """A line; `amount_fen` is the whole line before a coupon."""

    product_ref: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
    quantity: Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=3)] = Decimal(1)
    amount_fen: Fen


class OrderIn(Schema):
    """A paid order. `store_code` is needed when the key is not a store's own; `member_card` is the loyalty card."""

    external_ref: Ref
    store_code: Name | None = None
    member_card: Name | None = None
    staff_userid: Name | None = None
    coupon_code: Name | None = None
    paid_at: AwareDatetime
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=1000)]


class LineOut(Schema):
    """A stored line: paid, and taken off by the coupon."""

    line_no: int
    product_ref: str
    quantity: Decimal
    amount_fen: int
    coupon_fen: int


class OrderOut(Schema):
    """A stored order; `amount_fen` is what is paid."""

    public_id: str
    order_key: str
    state: str
    amount_fen: int
    discount_fen: int
    coupon_code: str | None
    paid_at: datetime | None
    lines: list[LineOut]


class QuoteIn(Schema):
    """Ask what a coupon would take off."""

    code: Ref
    amount_fen: Fen
    store_code: Name | None = None
    member_card: Name | None = None


class QuoteOut(Schema):
    """What the coupon takes off, and what is left to pay."""

    discount_fen: int
    payable_fen: int


class CouponOut(Schema):
    """A coupon that can be used now."""

    code: str
    template_name: str
    kind: str
    amount_fen: int
    percent_bp: int
    threshold_fen: int
    store_name: str
    valid_until: datetime


class MemberOut(Schema):
    """A member as a till may see one: no identities."""

    public_id: str
    display_name: str
    tier: str
    is_friend: bool
    coupons: list[CouponOut]


class ImportOut(Schema):
    """How an import ended; `error_file` is the name of the file of lines set aside, kept on the server."""

    run_id: int
    rows_ok: int
    rows_skipped: int
    rows_rejected: int
    error_file: str | None


class HealthOut(Schema):
    """The process answers and its database too."""

    status: str
    at: datetime


class ErrorOut(Schema):
    """Every refusal: a code for programs, a sentence for people that names the next step, and the fields."""

    code: str
    message: str
    fields: dict[str, Any]
