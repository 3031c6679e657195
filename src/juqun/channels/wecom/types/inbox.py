"""Stored callbacks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InboxState(StrEnum):
    """received -> done, or failed (tried again by the sweep) -> dead after the last try. `kept` = stored, nobody knows the event."""

    RECEIVED = "received"
    DONE = "done"
    KEPT = "kept"
    FAILED = "failed"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCallback:
    """A callback whose signature, age and receiver were right, decrypted, keyed and sealed again, not stored yet.

    `urgency` > 0: a code inside lives 20 s, or a person waits for an answer; the higher, the sooner.
    """

    dedupe_key: str
    received_at: datetime
    event: str
    change_type: str
    sealed_body: bytes
    urgency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """A stored callback as the console shows it: never its content."""

    id: int
    received_at: datetime
    event: str
    change_type: str
    state: InboxState
    attempts: int
    error: str
