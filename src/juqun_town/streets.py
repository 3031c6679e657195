"""Where customers, staff and tills act: the WeCom emulator's actor side and the product's HTTP interface, and the clock of both."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from juqun.kernel import clock
from juqun.kernel.models import Job, JobState, Schedule
from juqun_town.children import Children

TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
BATCH: Final = 500
SETTLE_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.05
TICK_LIMIT_SECONDS: Final = 60.0
# Calm is what two looks in a row find: between two jobs of one chain of events there may be a moment without any.
CALM_LOOKS: Final = 2


class TownError(Exception):
    """Something did not go as it must for the figures to be true."""


class Emulator:
    """The actor side of the emulator."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=f"{base_url}/emulator/", timeout=TIMEOUT, trust_env=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call; raises TownError when it is refused."""
        answer = self._http.request(method, path, json=body)
        if answer.status_code != httpx.codes.OK:
            msg = f"emulator {method} {path}: {answer.status_code} {answer.text[:300]}"
            raise TownError(msg)
        return answer.json()

    def act(self, actions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Many actions in order; what cannot be done answers with its error in its place."""
        results: list[dict[str, Any]] = []
        for start in range(0, len(actions), BATCH):
            results += self.call("POST", "actors/batch", {"actions": list(actions[start : start + BATCH])})["results"]
        return results

    def inbox(self, customer: str) -> list[dict[str, Any]]:
        """What a customer received."""
        found: list[dict[str, Any]] = self.call("GET", f"actors/customers/{customer}/inbox")["messages"]
        return found

    def drain(self) -> None:
        """Wait until every callback was delivered; raises TownError when one could not be."""
        told = self.call("POST", "callbacks/drain", {"timeout_seconds": SETTLE_SECONDS})
        if told["pending"] or told["failed"] or told["lost"]:
            msg = f"callbacks were not delivered: {told}"
            raise TownError(msg)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()


class Streets:
    """One town in motion: the emulator, the clock file that the product follows, and the wait until everything has settled."""

    def __init__(self, emulator: Emulator, clock_file: Path, children: Children | None = None) -> None:
        self.emulator = emulator
        self._clock_file = clock_file
        self._children = children

    def go_to(self, at: datetime, *, until_ticked: bool = False) -> None:
        """Move both clocks to `at`; they run on from there. `until_ticked`: wait until the schedules have seen it."""
        self.emulator.call("POST", "clock", {"now": at.isoformat(), "frozen": False})
        clock.write_control(self._clock_file, at)
        time.sleep(2 * clock.CONTROL_CHECK_SECONDS)
        limit = time.monotonic() + TICK_LIMIT_SECONDS
        while until_ticked and Schedule.objects.filter(next_run_at__lte=at).exists():
            if time.monotonic() > limit:
                msg = f"nobody ticked the schedules within {TICK_LIMIT_SECONDS:.0f} s"
                raise TownError(msg)
            time.sleep(LOOK_SECONDS)

    def settle(self) -> None:
        """Wait until every callback is delivered and every job that is due is done. Raises TownError for dead letters."""
        limit = time.monotonic() + SETTLE_SECONDS
        calm = 0
        while calm < CALM_LOOKS:
            self.emulator.drain()
            calm = 0 if _is_busy() else calm + 1
            if time.monotonic() > limit:
                names = sorted(set(Job.objects.values_list("name", flat=True)))
                msg = f"not settled after {SETTLE_SECONDS:.0f} s; jobs at hand: {', '.join(names)}"
                raise TownError(msg)
            if self._children is not None:
                self._children.check()
            time.sleep(LOOK_SECONDS)
        dead = Job.objects.filter(state=JobState.DEAD).first()
        if dead is not None:
            msg = f"a job gave up: {dead.name} {dead.payload}: {dead.last_error.strip().splitlines()[-1]}"
            raise TownError(msg)


def _is_busy() -> bool:
    waiting = Job.objects.filter(state=JobState.WAITING, run_at__lte=clock.now())
    return waiting.exists() or Job.objects.filter(state=JobState.RUNNING).exists()


class Till:
    """A till of the chain: posts paid orders and asks for a customer's coupons."""

    def __init__(self, base_url: str, key: str) -> None:
        self._http = httpx.Client(
            base_url=f"{base_url}/api/v1/", timeout=TIMEOUT, trust_env=False, headers={"Authorization": f"Bearer {key}"}
        )

    def coupons(self, card: str) -> list[dict[str, Any]]:
        """The coupons that the holder of a card can use now."""
        answer = self._http.get("members/lookup", params={"card": card})
        found: list[dict[str, Any]] = self._checked(answer)["coupons"]
        return found

    def pay(self, order: dict[str, Any]) -> dict[str, Any]:
        """Post a paid order; answers it as stored."""
        return self._checked(self._http.post("orders", json=order))

    def try_to_pay(self, order: dict[str, Any]) -> tuple[int, str]:
        """Post an order that may be refused; answers HTTP status and the refusal's code."""
        answer = self._http.post("orders", json=order)
        return answer.status_code, str(answer.json().get("code", ""))

    @staticmethod
    def _checked(answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code != httpx.codes.OK:
            msg = f"till: {answer.status_code} {answer.text[:300]}"
            raise TownError(msg)
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()
