"""Values that cross the border of the robot room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from juqun.channels.wecom.types import KfState


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
    ``missed`` matched nothing and the customer was asked to say it in other words,
    ``recorded`` needs no answer: too old, no text, or not written by a customer.
    """

    WAITING = "waiting"
    ANSWERED = "answered"
    HANDED = "handed"
    WINDOW_CLOSED = "window_closed"
    WITH_SERVICER = "with_servicer"
    REFUSED = "refused"
    MISSED = "missed"
    RECORDED = "recorded"


class MessageAuthor(StrEnum):
    """Who wrote a row of a conversation; ``system`` rows are events, such as entering or being taken by a servicer."""

    CUSTOMER = "customer"
    SERVICER = "servicer"
    SYSTEM = "system"


class SendPurpose(StrEnum):
    """Why the robot said something in customer service.

    ``reply`` a keyword or menu answer, ``missed`` "say it in other words", ``welcome`` on entering, ``queue`` while waiting for
    a person, ``person`` "a person will answer" where no queue could be entered, ``off_hours`` outside of opening hours,
    ``goodbye`` at the end of a session.
    """

    REPLY = "reply"
    MISSED = "missed"
    WELCOME = "welcome"
    QUEUE = "queue"
    PERSON = "person"
    OFF_HOURS = "off_hours"
    GOODBYE = "goodbye"


class SendState(StrEnum):
    """What became of something the robot said.

    ``planned`` is on its way, ``sent`` was accepted by the channel, ``late`` its code's life was over, ``refused`` the channel
    said no, ``failed`` was accepted and could not be delivered.
    """

    PLANNED = "planned"
    SENT = "sent"
    LATE = "late"
    REFUSED = "refused"
    FAILED = "failed"


class ServicerStatus(StrEnum):
    """Whether a servicer takes customers; ``unknown`` where the channel does not say."""

    SERVING = "serving"
    PAUSED = "paused"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChoice:
    """A line of an account's welcome menu: a tap on it is answered with ``answer``, or asks for a person where that is empty."""

    choice_id: str
    text: str
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRules:
    """How the robot serves at one account.

    ``texts`` by purpose (an empty welcome or goodbye is not said, the others have a wording of their own), ``menu`` comes with
    the welcome, ``person_words`` ask for a person, ``misses_allowed`` questions may go unanswered before people are asked
    in, and people serve from ``opens_minute`` to ``closes_minute`` of a day in China (both equal: always).
    """

    texts: Mapping[SendPurpose, str]
    menu: tuple[ServiceChoice, ...] = ()
    person_words: tuple[str, ...] = ()
    misses_allowed: int = 0
    opens_minute: int = 0
    closes_minute: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who could serve a customer now: how many they have, and whether they work at the customer's store."""

    userid: str
    load: int
    is_stores: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLinkView:
    """A link that opens an account's chat, and the store that customers who take it come from."""

    scene: str
    url: str
    label: str
    store_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicerView:
    """Who serves an account, whether they do so now, and how many customers they have there."""

    userid: str
    status: ServicerStatus
    load: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSessionView:
    """Where a customer stands at an account; ``closes_at`` is when 48 hours of silence end it (None: never written)."""

    id: int
    account_id: int
    account_name: str
    store_id: int | None
    member_id: int | None
    state: KfState
    servicer_userid: str
    scene: str
    state_at: datetime
    last_customer_at: datetime | None
    closes_at: datetime | None
    is_refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationLine:
    """A line of a conversation; ``author`` is a MessageAuthor or "robot", ``kind`` text or what stands for it, ``note`` what went wrong."""

    at: datetime
    author: str
    kind: str
    text: str
    userid: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStats:
    """Customers' questions since a time: how many the robot answered, how many went to people, and half of them how fast."""

    asked: int
    answered: int
    handed: int
    median_seconds: int | None
