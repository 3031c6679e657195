"""Rate limits per API: a minute limit that blocks for 60 seconds and an hour limit that blocks for 60 minutes."""

from dataclasses import dataclass

from wecom_emulator.errors import WeComError
from wecom_emulator.state.settings import Settings


@dataclass(slots=True)
class _Window:
    minute: int = -1
    in_minute: int = 0
    hour: int = -1
    in_hour: int = 0
    blocked_until: float = 0.0


class RateMeter:
    """Counts calls per API on the emulated clock; a limit of 0 means none."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def check(self, key: str, *, now: float, settings: Settings) -> None:
        """Count a call; raises WeComError 45009 while the API is blocked or when this call goes over a limit."""
        window = self._windows.setdefault(key, _Window())
        if now < window.blocked_until:
            raise WeComError(45009)
        minute, hour = int(now // 60), int(now // 3600)
        if minute != window.minute:
            window.minute, window.in_minute = minute, 0
        if hour != window.hour:
            window.hour, window.in_hour = hour, 0
        window.in_minute += 1
        window.in_hour += 1
        if settings.rate_per_hour and window.in_hour > settings.rate_per_hour:
            window.blocked_until = now + 3600
            raise WeComError(45009)
        if settings.rate_per_minute and window.in_minute > settings.rate_per_minute:
            window.blocked_until = now + 60
            raise WeComError(45009)

    def check_limit(self, key: str, *, now: float, per_minute: int) -> None:
        """Count a call against a minute limit of its own; raises WeComError 45009 over it."""
        window = self._windows.setdefault(key, _Window())
        minute = int(now // 60)
        if minute != window.minute:
            window.minute, window.in_minute = minute, 0
        window.in_minute += 1
        if window.in_minute > per_minute:
            raise WeComError(45009)

    def clear(self) -> None:
        """Lift all blocks and forget the counts."""
        self._windows.clear()
