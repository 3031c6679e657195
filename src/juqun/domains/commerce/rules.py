"""Pure decisions on orders: what a line may say, how a coupon falls on the lines, what makes two posts the same."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from juqun.domains.commerce.errors import OrderInvalidError
from juqun.domains.commerce.types import MAX_AMOUNT_FEN, OrderLineIn
from juqun.kernel.money import split_largest_remainder

MAX_LINES = 1_000
MAX_REF = 80
MAX_PRODUCT_REF = 64
MAX_QUANTITY = Decimal(1_000_000)
EARLIEST_PAID_AT = datetime(2000, 1, 1, tzinfo=UTC)
FAST_CLOCK = timedelta(days=1)
"""How far a till's clock may run ahead; a sale of next year would make its buyer seem recent for a year."""
THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line after the coupon: `amount_fen` + `coupon_fen` is the line as given."""

    line_no: int
    product_ref: str
    quantity: Decimal
    amount_fen: int
    coupon_fen: int


def check_order(*, source: str, external_ref: str, lines: Sequence[OrderLineIn]) -> None:
    """Refuse what cannot be stored. Raises OrderInvalidError naming the field."""
    if not source or ":" in source or len(source) > 20:
        raise OrderInvalidError(field="source", reason="must be 1 to 20 letters without a colon")
    if not is_plain(external_ref, MAX_REF):
        raise OrderInvalidError(field="external_ref", reason=f"must be 1 to {MAX_REF} printable letters")
    if not 0 < len(lines) <= MAX_LINES:
        raise OrderInvalidError(field="lines", reason=f"must be 1 to {MAX_LINES} lines")
    for number, line in enumerate(lines, start=1):
        if not is_plain(line.product_ref, MAX_PRODUCT_REF):
            raise OrderInvalidError(
                field=f"lines[{number}].product_ref", reason=f"must be 1 to {MAX_PRODUCT_REF} printable letters"
            )
        if line.amount_fen < 0:
            raise OrderInvalidError(
                field=f"lines[{number}].amount_fen", reason="must not be negative; send a refund instead"
            )
        clean_quantity(line.quantity, number)
    if total_fen(lines) > MAX_AMOUNT_FEN:
        raise OrderInvalidError(field="lines", reason=f"must not come to more than {MAX_AMOUNT_FEN} fen")


def check_paid_at(paid_at: datetime, *, now: datetime) -> None:
    """Refuse a time that no sale can have. Raises OrderInvalidError."""
    if not EARLIEST_PAID_AT <= paid_at <= now + FAST_CLOCK:
        raise OrderInvalidError(field="paid_at", reason="must be after 1999 and at most a day ahead of our clock")


def is_plain(text: str, longest: int) -> bool:
    """Whether a reference can be stored and printed: 1 to `longest` letters, none of them a control or half a letter."""
    if not 0 < len(text) <= longest:
        return False
    return not any(letter < " " or "\x7f" <= letter < "\xa0" or "\ud800" <= letter <= "\udfff" for letter in text)


def clean_quantity(quantity: Decimal | float, number: int) -> Decimal:
    """The quantity as a decimal of at most three places. Raises OrderInvalidError."""
    try:
        exact = Decimal(str(quantity))
        rounded = exact.quantize(THOUSANDTH)
    except InvalidOperation as error:
        raise OrderInvalidError(field=f"lines[{number}].quantity", reason="is not a number") from error
    if rounded != exact or not 0 <= rounded < MAX_QUANTITY:
        raise OrderInvalidError(
            field=f"lines[{number}].quantity", reason="must be between 0 and a million with at most three decimals"
        )
    return rounded


def total_fen(lines: Sequence[OrderLineIn]) -> int:
    """The order before a coupon."""
    return sum(line.amount_fen for line in lines)


def price_lines(lines: Sequence[OrderLineIn], discount_fen: int) -> list[PricedLine]:
    """Let the coupon fall on the lines in proportion to their amounts; the parts sum to the whole.

    Left-over fen go by the lines' content, not by their position, so that the order of scanning does not change what a
    product cost. `discount_fen` must not exceed the total.
    """
    ranked = sorted(
        range(len(lines)), key=lambda i: (lines[i].product_ref, lines[i].amount_fen, str(lines[i].quantity), i)
    )
    shares = split_largest_remainder(discount_fen, [lines[i].amount_fen for i in ranked])
    by_position = dict(zip(ranked, shares, strict=True))
    return [
        PricedLine(
            line_no=index + 1,
            product_ref=line.product_ref,
            quantity=clean_quantity(line.quantity, index + 1),
            amount_fen=line.amount_fen - by_position[index],
            coupon_fen=by_position[index],
        )
        for index, line in enumerate(lines)
    ]


def fingerprint(
    *,
    store_id: int,
    member_id: int | None,
    lines: Sequence[OrderLineIn],
    coupon_code: str | None,
    staff_id: int | None,
    campaign_id: int | None,
    at: datetime | None,
) -> str:
    """What makes a repeated post the same post: a hash over its whole content (`at` None: the time is not part of it)."""
    content = [
        store_id,
        member_id,
        [[line.product_ref, str(clean_quantity(line.quantity, 1)), line.amount_fen] for line in lines],
        coupon_code,
        staff_id,
        campaign_id,
        None if at is None else at.astimezone(UTC).isoformat(),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def clean_pickup_code(text: str) -> str:
    """The code as stored: capitals without blanks; whatever else was typed or forged into it falls away."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def order_key(source: str, external_ref: str) -> str:
    """The key under which every room and the lake know the order."""
    return f"{source}:{external_ref}"
