"""A record of the API calls, so that a test can assert how many calls a feature makes, with what, and how densely."""

from collections import Counter, deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

KEPT_CALLS = 20_000
"""Detailed calls kept; the counts go on beyond it."""

KEPT_BYTES = 64 << 20
"""Bytes of the bodies in the detailed calls; the oldest calls go first."""

BODY_BYTES = 1 << 20
"""A longer body is not kept, only its length."""


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


@dataclass(slots=True, frozen=True, kw_only=True)
class Budget:
    """How many calls of a path or pattern there may be; with an errcode only those that were answered by it."""

    path: str = "*"
    errcode: int | None = None
    at_most: int | None = None
    at_least: int | None = None
    exactly: int | None = None

    def met_by(self, number: int) -> bool:
        """Return whether so many calls are within the budget."""
        return (
            (self.at_most is None or number <= self.at_most)
            and (self.at_least is None or number >= self.at_least)
            and (self.exactly is None or number == self.exactly)
        )


class Recorder:
    """Counts every call by path and errcode, knows the peaks, and keeps the latest calls whole."""

    def __init__(self) -> None:
        self._calls: deque[tuple[int, RecordedCall]] = deque()
        self._bytes = 0
        self._counts: Counter[tuple[str, int]] = Counter()
        self._in_flight: Counter[str] = Counter()
        self._peaks: Counter[str] = Counter()
        self._running = self._peak = 0
        self._minute, self._in_minute, self._minute_peak = -1, 0, 0

    def begin(self, path: str) -> None:
        """Note that a call came in."""
        self._in_flight[path] += 1
        self._running += 1
        self._peaks[path] = max(self._peaks[path], self._in_flight[path])
        self._peak = max(self._peak, self._running)

    def end(self, path: str) -> None:
        """Note that a call was answered."""
        self._in_flight[path] -= 1
        self._running -= 1

    def in_flight(self, path: str) -> int:
        """Return how many calls of a path are being handled."""
        return self._in_flight[path]

    def add(self, call: RecordedCall, *, size: int = 0) -> None:
        """Record a call whose body came in so many bytes."""
        if size > BODY_BYTES:
            call.body, size = {"omitted_bytes": size}, 0
        self._calls.append((size, call))
        self._bytes += size
        while len(self._calls) > KEPT_CALLS or self._bytes > KEPT_BYTES:
            self._bytes -= self._calls.popleft()[0]
        self._counts[(call.path, call.errcode)] += 1
        if call.at // 60 != self._minute:
            self._minute, self._in_minute = call.at // 60, 0
        self._in_minute += 1
        self._minute_peak = max(self._minute_peak, self._in_minute)

    def clear(self) -> None:
        """Forget all calls and peaks; calls that are being handled go on being counted as such."""
        self._calls.clear()
        self._counts.clear()
        self._peaks.clear()
        self._bytes = self._peak = self._in_minute = self._minute_peak = 0

    def counted(self, pattern: str, errcode: int | None = None) -> dict[str, int]:
        """Return the number of calls by path for a path or pattern."""
        counts: Counter[str] = Counter()
        for (path, code), number in self._counts.items():
            if matches(pattern, path) and errcode in (None, code):
                counts[path] += number
        return dict(counts)

    def as_json(self, *, path: str | None, limit: int) -> dict[str, Any]:
        """Return counts, errcodes and peaks by path, and the latest `limit` calls, all for one path or pattern."""
        wanted = path or "*"
        counts = self.counted(wanted)
        errcodes: dict[str, dict[str, int]] = {}
        for (name, errcode), number in self._counts.items():
            if name in counts:
                errcodes.setdefault(name, {})[str(errcode)] = number
        kept = [call for _, call in self._calls if matches(wanted, call.path)] if limit > 0 else []
        return {
            "total": sum(counts.values()),
            "counts": counts,
            "errcodes": errcodes,
            "in_flight_peak": self._peak,
            "in_flight_peaks": {name: self._peaks[name] for name in counts},
            "per_minute_peak": self._minute_peak,
            "calls": [{name: getattr(call, name) for name in RecordedCall.__slots__} for call in kept[-limit:]],
        }


def matches(pattern: str, path: str) -> bool:
    """Return whether a path is meant by a path or pattern, written with or without /cgi-bin/."""
    wanted = pattern.removeprefix("/cgi-bin/")
    return wanted == path or fnmatchcase(path, wanted)
