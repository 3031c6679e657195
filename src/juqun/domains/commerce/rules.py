"""Pure decisions on orders: what a line may say, how a coupon falls on the lines, what makes two posts the same."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from juqun.domains.commerce.errors import OrderInvalidError
from juqun.domains.commerce.types import OrderLineIn
from juqun.kernel.money import split_largest_remainder

MAX_LINES = 1_000
MAX_REF = 80
MAX_QUANTITY = Decimal(1_000_000)
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
    if not external_ref or len(external_ref) > MAX_REF:
        raise OrderInvalidError(field="external_ref", reason=f"must be 1 to {MAX_REF} letters")
    if not 0 < len(lines) <= MAX_LINES:
        raise OrderInvalidError(field="lines", reason=f"must be 1 to {MAX_LINES} lines")
    for number, line in enumerate(lines, start=1):
        if not line.product_ref or len(line.product_ref) > 64:
            raise OrderInvalidError(field=f"lines[{number}].product_ref", reason="must be 1 to 64 letters")
        if line.amount_fen < 0:
            raise OrderInvalidError(
                field=f"lines[{number}].amount_fen", reason="must not be negative; send a refund instead"
            )
        clean_quantity(line.quantity, number)


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


def order_key(source: str, external_ref: str) -> str:
    """The key under which every room and the lake know the order."""
    return f"{source}:{external_ref}"
