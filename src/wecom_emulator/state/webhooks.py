"""Group push: webhooks of internal groups, what was posted through them, and the files uploaded for them."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Webhook:
    """A push address of an internal group; its key is its only secret."""

    key: str
    name: str
    chat_id: str = ""
    posts: int = 0


@dataclass(slots=True, kw_only=True)
class WebhookPost:
    """One message that the group got."""

    key: str
    number: int
    at: int
    body: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class WebhookMedia:
    """A file that only its own webhook may send, for three days."""

    media_id: str
    key: str
    type: str
    filename: str
    content: bytes
    created_at: int
