"""The library of group welcomes: what a group says to somebody who enters it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class WelcomeTemplate:
    """A group welcome; `kind` is image, link, miniprogram, file, video or "" and `content` its fields."""

    template_id: str
    text: str = ""
    kind: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    created_at: int = 0
    created_by: int = 0
