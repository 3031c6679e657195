"""Faults that a tester orders for a route: error codes, latency, cut connections, partial pages."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from wecom_emulator.errors import ActorError
from wecom_emulator.state import codec

KEYS = frozenset(
    {"route", "errcode", "latency_ms", "cut", "after_effect", "partial", "times", "probability", "seed"},
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One ordered fault; `times` None means until it is removed.

    `after_effect` lets the call happen first: with `cut` or `errcode` the effect is there, the answer lost or false.
    """

    route: str
    errcode: int | None = None
    latency_ms: int = 0
    cut: bool = False
    after_effect: bool = False
    partial: bool = False
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    hits: int = 0
    rng: Random = field(default_factory=Random, repr=False)

    def matches(self, path: str) -> bool:
        """Return whether the fault is meant for a path such as externalcontact/get; routes may hold * patterns."""
        return self.route == path or fnmatchcase(path, self.route)

    def as_json(self) -> dict[str, Any]:
        """Return the order with the number of hits so far."""
        return {
            "route": self.route,
            "errcode": self.errcode,
            "latency_ms": self.latency_ms,
            "cut": self.cut,
            "after_effect": self.after_effect,
            "partial": self.partial,
            "times_left": self.times,
            "probability": self.probability,
            "seed": self.seed,
            "hits": self.hits,
        }


class Faults:
    """All ordered faults; the first that matches and is drawn strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def order(self, data: dict[str, Any]) -> Fault:
        """Add a fault from its JSON; raises ActorError when the order makes no sense."""
        unknown = data.keys() - KEYS
        if unknown or not data.get("route"):
            what = f"unknown field {sorted(unknown)[0]!r}" if unknown else "route is missing"
            raise ActorError("bad_fault", f"{what}: see the table of faults in the README", status=400)
        route = str(data["route"]).removeprefix("/cgi-bin/").removeprefix("/")
        fault = codec.load(Fault, {**data, "route": route})
        fault.rng = Random(fault.seed)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Return the orders that are still open."""
        return [fault.as_json() for fault in self._faults]

    def draw(self, path: str) -> Fault | None:
        """Return the fault that strikes this call, if any, and count it."""
        for fault in self._faults:
            if not fault.matches(path) or (fault.probability < 1 and fault.rng.random() >= fault.probability):
                continue
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
        return None
