"""Temporary chats, opened by a temporary contact way and closed by time or by call."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class TempChat:
    """One open temporary chat; `conclusions` is what the customer reads at its end."""

    userid: str
    external_userid: str
    config_id: str
    ends_at: int
    conclusions: dict[str, Any] = field(default_factory=dict)
