"""Filters of the console's templates: money, days, words of values, colours of states, heat."""

import math
from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe

from juqun.kernel import clock, money
from juqun.surfaces.console import phrases

register = template.Library()


@register.filter
def yuan(fen: float | None) -> str:
    """Fen as ¥ with grouping; whole yuan from 10,000 on."""
    if fen is None:
        return "–"
    whole = round(fen)
    sign = "-" if whole < 0 else ""
    if abs(whole) >= 1_000_000:
        return f"{sign}¥{round(abs(whole) / 100):,}"
    return f"{sign}¥{money.format_yuan(abs(whole))}"


@register.filter
def count(value: float | None) -> str:
    """A number with grouping."""
    return "–" if value is None else f"{value:,}"


@register.filter
def percent(share: float | None, places: int = 1) -> str:
    """A share (0..1) in per cent."""
    return "–" if share is None or math.isnan(share) else f"{share * 100:.{places}f}%"


@register.filter
def bp(basis_points: int) -> str:
    """Basis points in per cent."""
    return f"{basis_points / 100:g}%"


@register.filter
def lake_day(number: int) -> date:
    """The date of a lake day number."""
    return clock.day_from_number(number)


@register.filter
def lake_week(number: int) -> date:
    """The Monday of a lake week number."""
    return clock.day_from_number(number * 7 - 3)


@register.filter
def moment(at: datetime | None) -> str:
    """Day and minute in business time."""
    return "–" if at is None else date_format(timezone.localtime(at), "Y-m-d H:i")


@register.filter
def day(at: datetime | date | None) -> str:
    """Day in business time."""
    if at is None:
        return "–"
    return date_format(timezone.localtime(at) if isinstance(at, datetime) else at, "Y-m-d")


@register.filter
def called(value: Any, book: str) -> str:
    """What a value of a room is called (see phrases)."""
    return phrases.source_word(str(value)) if book == "source" else phrases.word(book, value)


@register.filter
def tone(state: Any) -> str:
    """The colour of a state."""
    return phrases.TONE.get(str(state), "mute")


@register.filter
def heat(share: float) -> SafeString:
    """Background of a heat cell for a share 0..1: the brand colour, denser where more."""
    strength = min(1.0, math.sqrt(max(0.0, share)))
    return mark_safe(f"--heat:{strength * 100:.0f}%")  # noqa: S308 - a number of our own


@register.filter
def of(part: float, whole: float) -> float:
    """A part of a whole as a share; 0 of nothing."""
    return part / whole if whole else 0.0


@register.filter
def width(share: float) -> SafeString:
    """A share 0..1 as the width of a bar."""
    return mark_safe(f"width:{min(1.0, max(0.0, share)) * 100:.1f}%")  # noqa: S308 - a number of our own
