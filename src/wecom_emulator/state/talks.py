"""What people wrote themselves and no inbox holds: customers' words, and everything that is said in a group."""

from collections.abc import MutableSequence
from dataclasses import dataclass, field
from typing import Any

from wecom_emulator.state import codec


@dataclass(slots=True, kw_only=True)
class Talk:
    """The lines of one conversation; `key` is that of `rules.talks`."""

    key: str
    lines: MutableSequence[dict[str, Any]] = field(default_factory=list, metadata=codec.ROWS)
