"""A record of the API calls, so that a test can assert how many calls a feature makes and with what."""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

KEPT_CALLS = 20_000
"""Detailed calls kept; the counts go on beyond it."""


@dataclass(slots=True, kw_only=True)
class RecordedCall:
    """One API call: instant of the emulated clock, agent id of the caller (None before authentication), answer code."""

    at: int
    method: str
    path: str
    agent_id: int | None
    query: dict[str, str]
    body: Any
    errcode: int

    def as_json(self) -> dict[str, Any]:
        """Return the call as the admin API shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


class Recorder:
    """Counts every call by path and errcode, and keeps the latest ones whole."""

    def __init__(self) -> None:
        self._calls: deque[RecordedCall] = deque(maxlen=KEPT_CALLS)
        self._counts: Counter[tuple[str, int]] = Counter()

    def add(self, call: RecordedCall) -> None:
        """Record a call."""
        self._calls.append(call)
        self._counts[(call.path, call.errcode)] += 1

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()
        self._counts.clear()

    def as_json(self, *, path: str | None, limit: int) -> dict[str, Any]:
        """Return total, counts by path and errcode, and the latest `limit` calls, all for one path if given."""
        wanted = path.removeprefix("/cgi-bin/") if path else None
        counts: Counter[str] = Counter()
        errcodes: dict[str, dict[str, int]] = {}
        for (name, errcode), number in self._counts.items():
            if wanted in (None, name):
                counts[name] += number
                errcodes.setdefault(name, {})[str(errcode)] = number
        calls = [call.as_json() for call in self._calls if wanted in (None, call.path)]
        return {
            "total": sum(counts.values()),
            "counts": dict(counts),
            "errcodes": errcodes,
            "calls": calls[-limit:] if limit > 0 else [],
        }
