"""Rate limits on the emulated clock: per API, per IP, per API with a cap of its own; over one, a block follows.

A block lasts 60 seconds after a minute limit, 60 minutes after an hour limit, to the end of the Chinese day after a day
limit, and 30 days after a month limit. A limit of 0 means none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wecom_emulator.clock import china_date
from wecom_emulator.errors import WeComError
from wecom_emulator.state.settings import Settings

MINUTE, HOUR, DAY, MONTH = "minute", "hour", "day", "month"
PERIODS = (MINUTE, HOUR, DAY, MONTH)
CHINA_OFFSET = 28_800
MOST_WINDOWS = 10_000
"""Counters kept; the oldest go first, which only matters to a client that comes from ten thousand addresses."""

CAP = re.compile(r"(\d+)/(minute|hour|day|month)( per app)?\Z")


@dataclass(slots=True, frozen=True)
class Cap:
    """At most so many calls in a period; per corp, or for each app by itself."""

    most: int
    period: str
    per_app: bool = False


@dataclass(slots=True)
class _Window:
    periods: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    blocked_until: float = 0.0


def parse_caps(text: str) -> list[Cap]:
    """Return the caps of a text such as `1000/day, 3000/month` or `100/hour per app`; raises ValueError."""
    found = []
    for part in filter(None, (item.strip() for item in text.split(","))):
        match = CAP.match(part)
        if match is None:
            raise ValueError(f"{part!r} is no cap: write 100/minute, /hour, /day or /month, and `per app` if it is so")
        found.append(Cap(int(match[1]), match[2], per_app=bool(match[3])))
    return found


def period_of(now: float, period: str) -> Any:
    """Return what tells the running period from others; days and months are Chinese ones."""
    if period == MINUTE:
        return int(now // 60)
    if period == HOUR:
        return int(now // 3600)
    if period == DAY:
        return int((now + CHINA_OFFSET) // 86_400)
    day = china_date(now)
    return (day.year, day.month)


def block_seconds(now: float, period: str) -> float:
    """Return how long a block lasts that begins now."""
    if period == DAY:
        return 86_400 - (now + CHINA_OFFSET) % 86_400
    return {MINUTE: 60, HOUR: 3600, MONTH: 30 * 86_400}[period]


class RateMeter:
    """Counts calls; used on a single event loop."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def check_address(self, ip: str, *, now: float, settings: Settings) -> None:
        """Count a call of an address over all APIs; raises WeComError 45009.

        An API limit of 0 lifts the limit of the address for that period too: whoever turns rates off means all of them.
        """
        per_minute = settings.rate_ip_per_minute if settings.rate_per_minute else 0
        limits = ((MINUTE, per_minute), (HOUR, settings.rate_ip_per_hour if settings.rate_per_hour else 0))
        self._count(f"ip {ip}", limits, now=now)

    def check(self, path: str, *, now: float, settings: Settings, agent_id: int = 0, debug: bool = False) -> None:
        """Count a call of an API; raises WeComError 45009 while it is blocked or when this call goes over a limit."""
        limits = ((MINUTE, settings.rate_per_minute), (HOUR, settings.rate_per_hour))
        self._count(path, limits, now=now)
        if debug:
            self._count(f"debug {path}", ((MINUTE, settings.rate_debug_per_minute),), now=now)
        text = settings.rate_caps.get(path)
        for cap in parse_caps(text) if text else ():
            owner = f"{path} of {agent_id}" if cap.per_app else path
            self._count(f"cap {cap.period} {owner}", ((cap.period, cap.most),), now=now)

    def check_limit(self, key: str, *, now: float, per_minute: int) -> None:
        """Count a call against a minute limit of its own, which refuses but does not block; raises WeComError 45009."""
        window = self._window(key)
        if self._counted(window, MINUTE, now) > per_minute:
            raise WeComError(45009)

    def check_block(self, key: str, *, now: float) -> None:
        """Raise WeComError 45009 while something is blocked, without counting."""
        window = self._windows.get(key)
        if window is not None and now < window.blocked_until:
            raise WeComError(45009)

    def note_bad_credentials(self, ip: str, *, now: float, settings: Settings) -> None:
        """Count a gettoken with wrong arguments; over the limit the address is blocked for an hour."""
        most, window = settings.rate_bad_credentials_per_hour, self._window(bad_credentials(ip))
        if most and self._counted(window, HOUR, now) >= most:
            window.blocked_until = now + block_seconds(now, HOUR)

    def _window(self, key: str) -> _Window:
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= MOST_WINDOWS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[key] = _Window()
        return window

    def _count(self, key: str, limits: Iterable[tuple[str, int]], *, now: float) -> None:
        window = self._window(key)
        if now < window.blocked_until:
            raise WeComError(45009)
        over = [period for period, most in limits if most and self._counted(window, period, now) > most]
        if over:
            window.blocked_until = now + max(block_seconds(now, period) for period in over)
            raise WeComError(45009)

    @staticmethod
    def _counted(window: _Window, period: str, now: float) -> int:
        running = period_of(now, period)
        if window.periods.get(period) != running:
            window.periods[period], window.counts[period] = running, 0
        window.counts[period] += 1
        return window.counts[period]

    def clear(self) -> None:
        """Lift all blocks and forget the counts."""
        self._windows.clear()


def bad_credentials(ip: str) -> str:
    """Return the key under which wrong gettoken calls of an address are counted."""
    return f"bad credentials {ip}"
