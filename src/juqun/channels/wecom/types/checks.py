"""Lines of the self-check."""

from dataclasses import dataclass, field
from enum import StrEnum


class CheckLevel(StrEnum):
    """Fine, worth a look, or broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInput:
    """What the self-check has to be told: our callback address, the userids entered here, and group codes made so far."""

    callback_url: str
    staff_userids: tuple[str, ...] = ()
    join_ways: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the self-check: what was tried, what was seen, how good that is, and what to do about it."""

    key: str
    name: str
    tried: str
    level: CheckLevel
    seen: str
    remedy: str = field(default="")

    @property
    def is_ok(self) -> bool:
        """Whether the connection works as far as this line goes."""
        return self.level is not CheckLevel.FAIL
