"""The one clock of Juqun. No other module reads the time; rules get it passed in.

Three sources, the first that applies wins: `travelled()` in this context (tests, "what would tomorrow look like"), a control
file that several processes follow (rehearsals and demos on past data), the machine's clock. `wall()` is always the machine's:
leases and back-off must not jump when business time does.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
EPOCH = date(1970, 1, 1)
CONTROL_CHECK_SECONDS = 0.05

_travelled: ContextVar[datetime | None] = ContextVar("juqun_travelled", default=None)


class _Control:
    """Reads the control file at most every `CONTROL_CHECK_SECONDS` and only when it changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._checked = -1.0
        self._stamp: tuple[int, int] | None = None
        self._anchor: tuple[datetime, datetime, bool] | None = None
        given = os.environ.get("JUQUN_CLOCK_FILE", "")
        if given:
            self._path = Path(given)

    def follow(self, path: Path | None) -> None:
        with self._lock:
            self._path, self._stamp, self._anchor, self._checked = path, None, None, -1.0

    def now(self) -> datetime | None:
        if self._path is None:
            return None
        tick = time.monotonic()
        if tick - self._checked > CONTROL_CHECK_SECONDS:
            with self._lock:
                self._reload(tick)
        if self._anchor is None:
            return None
        at, real, running = self._anchor
        return at + (wall() - real) if running else at

    def _reload(self, tick: float) -> None:
        self._checked = tick
        if self._path is None:
            return
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._stamp = self._anchor = None
            return
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            content = json.loads(self._path.read_text())
            self._anchor = (
                datetime.fromisoformat(content["at"]),
                datetime.fromisoformat(content["real"]),
                bool(content["running"]),
            )
            self._stamp = stamp


_control = _Control()


def wall() -> datetime:
    """The machine's own time (UTC), for leases and back-off only."""
    return datetime.now(UTC)  # noqa: TID251 - the only reader of the machine's clock


def now() -> datetime:
    """The business's present instant, aware, UTC."""
    return _travelled.get() or _control.now() or wall()


@contextmanager
def travelled(to: datetime) -> Iterator[datetime]:
    """Make `now()` answer `to` (aware) inside this context only."""
    if to.tzinfo is None:
        msg = "travelled() takes an aware datetime"
        raise ValueError(msg)
    token = _travelled.set(to.astimezone(UTC))
    try:
        yield to
    finally:
        _travelled.reset(token)


def follow_control(path: Path | None) -> None:
    """Follow the control file at `path` from now on (None: stop following)."""
    _control.follow(path)


def write_control(path: Path, at: datetime, *, running: bool = True) -> None:
    """Set the time of every process that follows `path` to `at`; `running`: it ticks on from there."""
    content = json.dumps({"at": at.astimezone(UTC).isoformat(), "real": wall().isoformat(), "running": running})
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(content)
    temporary.replace(path)


def business_day(at: datetime) -> date:
    """The calendar day of `at` in the business zone (Asia/Shanghai)."""
    return at.astimezone(BUSINESS_ZONE).date()


def business_time(at: datetime) -> datetime:
    """The naive local time of `at` in the business zone, as the lake stores it."""
    return at.astimezone(BUSINESS_ZONE).replace(tzinfo=None)


def from_business_time(local: datetime) -> datetime:
    """The instant (UTC) of a naive business-zone time."""
    return local.replace(tzinfo=BUSINESS_ZONE).astimezone(UTC)


def start_of_day(day: date) -> datetime:
    """The first instant (UTC) of a business day."""
    return datetime(day.year, day.month, day.day, tzinfo=BUSINESS_ZONE).astimezone(UTC)


def day_number(day: date) -> int:
    """Days since 1970-01-01: the lake's `day`."""
    return (day - EPOCH).days


def week_number(day: date) -> int:
    """Monday weeks since the week of 1970-01-01: the lake's `week`."""
    return (day_number(day) + 3) // 7


def day_from_number(number: int) -> date:
    """The date of a lake `day`."""
    return EPOCH + timedelta(days=number)
