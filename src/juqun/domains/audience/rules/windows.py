"""Windows of days, and what they mean to both compilers: the one place where "the last n days" is decided."""

from datetime import date

from juqun.domains.audience.types import FirstOrder, LastOrder, Orders, Rfm, Touches

_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return the lake's number of a day: days since 1970-01-01."""
    return (day - _EPOCH).days


def date_of(day: int) -> date:
    """Return the date of a lake day number."""
    return date.fromordinal(_EPOCH.toordinal() + day)


def first_day(within_days: int, as_of_day: int) -> int:
    """Return the first of the ``within_days`` calendar days that end with ``as_of_day``."""
    return as_of_day - within_days + 1


def window(node: Orders | Touches | Rfm, as_of_day: int) -> tuple[int | None, int]:
    """Return first (None: from the beginning) and last day of a condition's window; never later than ``as_of_day``."""
    if node.within_days is not None:
        return first_day(node.within_days, as_of_day), as_of_day
    if isinstance(node, Rfm):
        return None, as_of_day
    since = day_number(node.since) if node.since else None
    until = min(day_number(node.until), as_of_day) if node.until else as_of_day
    return since, until


def boundary(node: LastOrder | FirstOrder, as_of_day: int) -> tuple[int, bool]:
    """Return the first day of the window and whether the day in question must lie inside (True) or before it."""
    if node.within_days is not None:
        return first_day(node.within_days, as_of_day), True
    return first_day(node.more_than_days_ago or 0, as_of_day), False
