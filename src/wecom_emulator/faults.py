"""Mishaps that a tester orders: for calls of a route, and for callbacks of a kind of event."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from random import Random
from typing import Any, TypeVar

from wecom_emulator.errors import ActorError
from wecom_emulator.state import codec

TOKENS = ("", "this", "all")
TOKEN_ERRCODES = (42001, 40014)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One ordered mishap of a call; `times` None means until it is removed.

    `after_effect` lets the call happen first: with `cut` or `errcode` the effect is there, the answer lost or false, and
    tokens die after the answer instead of before the call. `latency_ms` is waited always, up to `latency_random_ms` more
    by lot. `partial` halves a page, `empty` empties it, both with a next_cursor. `kill_tokens` is this or all.
    """

    route: str
    errcode: int | None = None
    latency_ms: int = 0
    latency_random_ms: int = 0
    cut: bool = False
    after_effect: bool = False
    partial: bool = False
    empty: bool = False
    kill_tokens: str = ""
    token_errcode: int = 42001
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    hits: int = field(default=0, metadata={"derived": True})
    rng: Random = field(default_factory=Random, repr=False, metadata={"derived": True})

    @property
    def pattern(self) -> str:
        """The paths that it is meant for."""
        return self.route

    def seconds(self) -> float:
        """Return how long the call waits."""
        drawn = self.rng.random() * self.latency_random_ms if self.latency_random_ms else 0
        return (self.latency_ms + drawn) / 1000


@dataclass(slots=True, kw_only=True)
class EventFault:
    """One ordered mishap of a callback: lost, delivered so many times more, late, or after the next one of its queue.

    `event` is `Event/ChangeType` with * as a wildcard, or an Event alone for all its kinds.
    """

    event: str
    lose: bool = False
    duplicate: int = 0
    delay_ms: int = 0
    reorder: bool = False
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    hits: int = field(default=0, metadata={"derived": True})
    rng: Random = field(default_factory=Random, repr=False, metadata={"derived": True})

    @property
    def pattern(self) -> str:
        """The events that it is meant for, as Event/ChangeType."""
        return self.event if "/" in self.event else f"{self.event}/*"


AnyFault = TypeVar("AnyFault", Fault, EventFault)


class Faults:
    """All ordered faults; of those for calls and those for callbacks the first that matches and is drawn strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._event_faults: list[EventFault] = []

    def order(self, data: dict[str, Any]) -> Fault | EventFault:
        """Add a fault from its JSON; raises ActorError when the order makes no sense."""
        kind: type[Fault] | type[EventFault] = EventFault if "event" in data else Fault
        name = "event" if kind is EventFault else "route"
        known = {item.name for item in fields(kind) if not item.metadata.get("derived")}
        unknown = sorted(data.keys() - known)
        if unknown or not data.get(name):
            what = f"unknown field {unknown[0]!r}" if unknown else "route (or event) is missing"
            raise _bad(what)
        if kind is EventFault:
            fault = codec.load(EventFault, data)
            fault.rng = Random(fault.seed)
            self._event_faults.append(fault)
            return fault
        route = str(data["route"]).removeprefix("/cgi-bin/").removeprefix("/")
        return self._add(codec.load(Fault, {**data, "route": route}))

    def _add(self, fault: Fault) -> Fault:
        if fault.kill_tokens not in TOKENS or fault.token_errcode not in TOKEN_ERRCODES:
            raise _bad("kill_tokens is this or all, token_errcode 42001 or 40014")
        fault.rng = Random(fault.seed)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()
        self._event_faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Return the orders that are still open, with their hits so far."""
        open_orders: list[Fault | EventFault] = [*self._faults, *self._event_faults]
        return [shown(fault) for fault in open_orders]

    def draw(self, path: str) -> Fault | None:
        """Return the fault that strikes this call, if any, and count it."""
        return _drawn(self._faults, path)

    def draw_event(self, event: str, change_type: str) -> EventFault | None:
        """Return the fault that strikes this callback, if any, and count it."""
        return _drawn(self._event_faults, f"{event}/{change_type}")


def shown(fault: Fault | EventFault) -> dict[str, Any]:
    """Return an order as JSON: what is left of `times` and the number of hits instead of the order's own."""
    data: dict[str, Any] = codec.dump(fault)
    del data["times"]
    return {**data, "times_left": fault.times, "hits": fault.hits}


def _drawn(faults: list[AnyFault], name: str) -> AnyFault | None:
    for fault in _matching(faults, name):
        if fault.probability < 1 and fault.rng.random() >= fault.probability:
            continue
        fault.hits += 1
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                faults.remove(fault)
        return fault
    return None


def _matching(faults: list[AnyFault], name: str) -> Iterable[AnyFault]:
    return [fault for fault in faults if fault.pattern == name or fnmatchcase(name, fault.pattern)]


def _bad(what: str) -> ActorError:
    return ActorError("bad_fault", f"{what}: see the table of faults in the README", status=400)
