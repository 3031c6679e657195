"""Lines of the self-check."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the self-check: what was tried, whether it held, what was seen, and what to do when it did not."""

    name: str
    is_ok: bool
    seen: str
    remedy: str = field(default="")
