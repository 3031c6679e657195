"""The emulator's own clock: real, shifted, or frozen at an instant and moved by hand.

Every rule that depends on time (20 s welcome codes, 2 h tokens, 3-day media, monthly caps) asks this clock, so a test
or a rehearsal can travel a year in a second. Instants are epoch seconds, as on WeCom's wire.
"""

import time
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Business days are Chinese days; China has kept UTC+8 without daylight saving since 1991."""

EARLIEST, LATEST = 946_684_800, 4_102_444_800
"""2000-01-01 and 2100-01-01 in epoch seconds."""


def parse_instant(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 text; a text without a zone is taken as UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def format_instant(seconds: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC with a trailing Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def china_date(seconds: float) -> datetime:
    """Return the moment in China's zone, for calendar questions."""
    return datetime.fromtimestamp(seconds, CHINA)


class Clock:
    """A clock that runs, stands or jumps."""

    def __init__(self, start: float | None = None, *, frozen: bool = False) -> None:
        self._offset = 0.0
        self._frozen_at: float | None = None
        if start is not None or frozen:
            self.set(now=start, frozen=frozen)

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still until it is moved by hand."""
        return self._frozen_at is not None

    def now(self) -> float:
        """Return the emulated instant in epoch seconds."""
        return self._frozen_at if self._frozen_at is not None else time.time() + self._offset

    def seconds(self) -> int:
        """Return the emulated instant in whole epoch seconds."""
        return int(self.now())

    def set(self, *, now: float | None = None, frozen: bool | None = None, advance_seconds: float = 0) -> None:
        """Move the clock to `now`, then by `advance_seconds`; `frozen` starts or stops it, None changes nothing."""
        target = (self.now() if now is None else now) + advance_seconds
        if not EARLIEST <= target <= LATEST:
            raise ValueError("the clock reaches from 2000 to 2100: give an instant between")
        stands = self.frozen if frozen is None else frozen
        self._frozen_at = target if stands else None
        self._offset = target - time.time()

    def kept(self) -> dict[str, float | None]:
        """Return what brings the clock back to where it will be after a restart."""
        return {"offset": self._offset, "frozen_at": self._frozen_at}

    def restore(self, kept: dict[str, float | None]) -> None:
        """Go on from a reading that `kept` gave."""
        self._offset, self._frozen_at = kept["offset"] or 0.0, kept["frozen_at"]

    def as_json(self) -> dict[str, str | int | bool]:
        """Return the reading as the admin API shows it."""
        return {"now": format_instant(self.now()), "timestamp": self.seconds(), "frozen": self.frozen}
