"""Money is integer fen (分, 1/100 yuan) of one currency, CNY; percentages are integer basis points (1/100 %)."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

BASIS_POINTS = 10_000


def percent_fen(amount_fen: int, basis_points: int) -> int:
    """`basis_points` of `amount_fen`, rounded half up once (away from zero for negative amounts)."""
    product = amount_fen * basis_points
    quotient, rest = divmod(abs(product), BASIS_POINTS)
    rounded = quotient + (1 if rest * 2 >= BASIS_POINTS else 0)
    return rounded if product >= 0 else -rounded


def split_largest_remainder(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split `total_fen` in proportion to `weights` (non-negative) so that the parts sum to the whole exactly.

    The fen left over go to the largest remainders, the earlier part first among equals. All weights zero: equal weights.
    Raises ValueError for no parts or a negative weight.
    """
    if not weights or min(weights) < 0:
        msg = "weights must be a non-empty sequence of non-negative integers"
        raise ValueError(msg)
    if sum(weights) == 0:
        weights = [1] * len(weights)
    whole = sum(weights)
    sign, total = (-1, -total_fen) if total_fen < 0 else (1, total_fen)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    for index in sorted(range(len(parts)), key=lambda i: (-remainders[i], i))[: total - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]


def parse_yuan(text: str) -> int:
    """Fen of a yuan amount written by people ('1,234.50', '¥3'); ValueError when it is no amount or finer than a fen."""
    cleaned = text.strip().lstrip("¥￥").replace(",", "")
    try:
        fen = Decimal(cleaned) * 100
    except InvalidOperation as error:
        msg = f"not an amount in yuan: {text!r}"
        raise ValueError(msg) from error
    if not fen.is_finite() or fen != fen.to_integral_value(ROUND_HALF_UP):
        msg = f"not a whole number of fen: {text!r}"
        raise ValueError(msg)
    return int(fen)


def format_yuan(fen: int) -> str:
    """'1,234.50' for 123450 fen."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), 100)
    return f"{sign}{yuan:,}.{rest:02d}"
