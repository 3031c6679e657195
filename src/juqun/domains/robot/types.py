"""Values that cross the border of the robot room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WelcomeState(StrEnum):
    """What became of a welcome.

    ``sending`` is on its way, ``sent`` was taken by the channel, ``late`` was not tried because its twenty seconds were
    over, ``refused`` the channel said no, ``unknown`` the answer was lost and could not be found out in time,
    ``nothing`` there was no text to send.
    """

    SENDING = "sending"
    SENT = "sent"
    LATE = "late"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOTHING = "nothing"


class MessageOutcome(StrEnum):
    """What became of a message that a customer wrote to customer service.

    ``waiting`` is to be answered, ``answered`` by a keyword reply, ``handed`` to staff because nothing matched,
    ``window_closed`` matched but the channel's five messages or 48 hours were used up (handed to staff as well),
    ``with_servicer`` a person is talking there, ``refused`` the channel said no (handed to staff as well),
    ``recorded`` needs no answer: too old, no text, or not written by a customer.
    """

    WAITING = "waiting"
    ANSWERED = "answered"
    HANDED = "handed"
    WINDOW_CLOSED = "window_closed"
    WITH_SERVICER = "with_servicer"
    REFUSED = "refused"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordReply:
    """An answer to any of its words; ``store_id`` None holds at every store, a store's own goes before it."""

    id: int
    words: tuple[str, ...]
    text: str
    store_id: int | None
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeStats:
    """Welcomes by outcome, and how long those sent took from the customer's step to the channel's answer."""

    counts: Mapping[WelcomeState, int]
    p50_ms: int | None
    p99_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeView:
    """One welcome as the console lists it."""

    id: int
    state: WelcomeState
    store_id: int | None
    userid: str
    at: datetime
    latency_ms: int | None
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMessageView:
    """A customer's message to customer service, and what was made of it."""

    id: int
    account_name: str
    store_id: int | None
    member_id: int | None
    at: datetime
    text: str
    outcome: MessageOutcome
    reply_id: int | None
    staff_id: int | None
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountView:
    """A customer-service account, the store it speaks for, and who gets what the robot cannot answer."""

    id: int
    open_kfid: str
    name: str
    store_id: int | None
    keeper_staff_id: int | None
