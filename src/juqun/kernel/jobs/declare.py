"""How a function becomes a job."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec

from juqun.kernel.models import Queue

P = ParamSpec("P")

DEFAULT_LEASE_SECONDS = 15
DEFAULT_MAX_ATTEMPTS = 8


class RetryLater(Exception):  # noqa: N818 - a signal to the runner, not an error
    """Raised inside a job: nothing is wrong, come again in `seconds`; the attempt does not count."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:g} s")
        self.seconds = seconds


class GiveUp(Exception):  # noqa: N818 - a signal to the runner, not an error
    """Raised inside a job: trying again cannot help; it becomes a dead letter with this reason at once."""


@dataclass(frozen=True, slots=True)
class JobFunction(Generic[P]):
    """A declared job; calling it runs the function here and now."""

    function: Callable[P, None]
    queue: str
    atomic: bool
    max_attempts: int
    lease_seconds: int

    @property
    def name(self) -> str:
        """The dotted path by which stored jobs find the function again."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        self.function(*args, **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One job to be stored; None takes the declared value."""

    kwargs: dict[str, Any] = field(default_factory=dict)
    dedupe_key: str | None = None
    queue: str | None = None
    priority: int = 0


def job(
    *,
    queue: str = Queue.BULK,
    atomic: bool = True,
    max_attempts: int = DEFAULT_MAX_ATTEMPTS,
    lease_seconds: int = DEFAULT_LEASE_SECONDS,
) -> Callable[[Callable[P, None]], JobFunction[P]]:
    """Declare a module-level function with JSON keyword arguments as a job.

    `atomic=True`: its changes and its acknowledgement are one transaction, so its effect on the database happens exactly once.
    `atomic=False`: for calls outside; it runs at least once and must be idempotent by itself.
    """

    def declare(function: Callable[P, None]) -> JobFunction[P]:
        return JobFunction(function, queue, atomic, max_attempts, lease_seconds)

    return declare
