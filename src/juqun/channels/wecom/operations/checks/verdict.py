"""What one check found, before it becomes a line."""

from dataclasses import dataclass

from juqun.channels.wecom.types import CheckLevel


@dataclass(frozen=True, slots=True)
class Verdict:
    """How good it is, what was seen, and what to do."""

    level: CheckLevel
    seen: str
    remedy: str = ""


def fine(seen: str) -> Verdict:
    """Nothing to do."""
    return Verdict(CheckLevel.OK, seen)


def doubtful(seen: str, remedy: str) -> Verdict:
    """Works, but somebody should look at it."""
    return Verdict(CheckLevel.WARN, seen, remedy)


def broken(seen: str, remedy: str) -> Verdict:
    """Does not work until somebody does something."""
    return Verdict(CheckLevel.FAIL, seen, remedy)
