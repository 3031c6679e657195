"""Pure decisions of the connector: what an errcode means, what may be sent, what a lost answer leaves open."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from zlib import crc32
from zoneinfo import ZoneInfo

from juqun.channels.wecom.endpoints import GET_TOKEN, KF_SEND_ON_EVENT, WELCOME_SEND, Endpoint
from juqun.channels.wecom.errors import (
    WecomBusyError,
    WecomCredentialError,
    WecomError,
    WecomLimitError,
    WecomRefusedError,
    WecomUnknownOutcomeError,
    WelcomeSpentError,
)
from juqun.channels.wecom.types import ImageAttachment, LinkAttachment, SendableAttachment

OK = 0
SYSTEM_BUSY = -1
TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED = 41001, 40014, 42001
FREQUENCY, CONCURRENCY = 45009, 45033
NO_CONTACT = 84061
NO_SUCH_USER = 60111
OUT_OF_SIGHT_CODES = frozenset({60011})  # this member of staff or chat is not in the app's visible range; others may be
OWNER_FILTER_NEEDED = 81017
TAG_NAME_EXISTS = 301021
KF_TOKEN_OLD = 95007
WELCOME_BEING_SENT = 41096

DEAD_TOKEN_CODES = frozenset({TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_MISSING})
CREDENTIAL_CODES = frozenset({40001, 40013, 40056, 42009, 48002, 50001, 60011, 60020})
WELCOME_SPENT_CODES = {
    WELCOME_SEND: frozenset({41050, 41051, 40058}),
    KF_SEND_ON_EVENT: frozenset({41050, 41051, 40058, 95013}),
}

BUSY_SECONDS = 2.0
CONCURRENCY_SECONDS = 1.0
MINUTE_BLOCK_SECONDS = 60.0
OUT_OF_REACH_SECONDS = 5.0

MAX_TEXT_BYTES = 4000
MAX_ATTACHMENTS = 9
MAX_RECIPIENTS = 10_000
MAX_CHATS = 2_000
MAX_STATE_CHARACTERS = 30
MAX_WAY_USERS = 100
MAX_WAY_CHATS = 5
MAX_NOTICE_USERS = 1_000
KF_MAX_TEXT_BYTES = 2048
RECONCILE_ZONE = ZoneInfo("Asia/Shanghai")
RECONCILE_FROM_MINUTE = 2 * 60  # of the night in China, when neither customers nor staff write
RECONCILE_SPREAD_MINUTES = 120
RECONCILE_QUIET = timedelta(hours=3)
RECONCILE_OVERDUE = timedelta(hours=36)
_LINK_BYTES = {"title": 128, "desc": 512, "url": 2048, "picurl": 2048}


class Fault(Enum):
    """How an exchange broke, as the transport saw it."""

    NOT_SENT = auto()  # no connection was made: WeCom never saw the request
    ANSWER_LOST = auto()  # the request went out, no (readable) answer came back


def error_of(endpoint: Endpoint, errcode: int, errmsg: str) -> WecomError:
    """The typed error of an answer whose errcode is not 0 (dead tokens are the client's own affair before this)."""
    path, detail = endpoint.path, errmsg.split(", hint:", 1)[0][:200]
    if errcode in WELCOME_SPENT_CODES.get(endpoint, ()):
        return WelcomeSpentError(endpoint=path, errcode=errcode, detail=detail)
    if errcode == FREQUENCY:
        return WecomBusyError(endpoint=path, errcode=errcode, detail=detail, seconds=MINUTE_BLOCK_SECONDS)
    if errcode in {CONCURRENCY, WELCOME_BEING_SENT}:
        return WecomBusyError(endpoint=path, errcode=errcode, detail=detail, seconds=CONCURRENCY_SECONDS)
    if errcode == SYSTEM_BUSY:
        return WecomBusyError(endpoint=path, errcode=errcode, detail=detail, seconds=BUSY_SECONDS)
    if errcode in CREDENTIAL_CODES or errcode in DEAD_TOKEN_CODES:
        return WecomCredentialError(endpoint=path, errcode=errcode, detail=detail)
    return WecomRefusedError(endpoint=path, errcode=errcode, detail=detail)


def error_of_fault(endpoint: Endpoint, fault: Fault) -> WecomError:
    """The typed error of an exchange without answer: only a call that must not be repeated leaves an open question."""
    if fault is Fault.ANSWER_LOST and not endpoint.is_idempotent and endpoint is not GET_TOKEN:
        return WecomUnknownOutcomeError(endpoint=endpoint.path)
    return WecomBusyError(endpoint=endpoint.path, detail="no answer", seconds=OUT_OF_REACH_SECONDS)


def may_repeat_in_place(endpoint: Endpoint, error: WecomError) -> bool:
    """Whether the client itself may try again at once: short blocks only, and never a call that must not be repeated."""
    return endpoint.is_idempotent and isinstance(error, WecomBusyError) and error.errcode != FREQUENCY


def check_message(endpoint: Endpoint, text: str, attachments: Sequence[SendableAttachment]) -> None:
    """Raise WecomLimitError when a message to customers breaks a documented limit (§6: 4000 bytes, 9 attachments)."""
    if not text and not attachments:
        raise WecomLimitError(endpoint=endpoint.path, detail="neither text nor attachment")
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise WecomLimitError(endpoint=endpoint.path, detail=f"text longer than {MAX_TEXT_BYTES} bytes")
    if len(attachments) > MAX_ATTACHMENTS:
        raise WecomLimitError(endpoint=endpoint.path, detail=f"more than {MAX_ATTACHMENTS} attachments")
    for attachment in attachments:
        if isinstance(attachment, LinkAttachment):
            _check_link(endpoint, attachment)
        elif isinstance(attachment, ImageAttachment) and not (attachment.media_id or attachment.pic_url):
            raise WecomLimitError(endpoint=endpoint.path, detail="a picture without media_id and pic_url")


def _check_link(endpoint: Endpoint, link: LinkAttachment) -> None:
    for name, limit in _LINK_BYTES.items():
        if len(getattr(link, name).encode()) > limit:
            raise WecomLimitError(endpoint=endpoint.path, detail=f"link {name} longer than {limit} bytes")
    if not link.title or not link.url:
        raise WecomLimitError(endpoint=endpoint.path, detail="a link without title or url")


def check_count(endpoint: Endpoint, what: str, count: int, *, most: int, least: int = 1) -> None:
    """Raise WecomLimitError unless least <= count <= most."""
    if not least <= count <= most:
        raise WecomLimitError(endpoint=endpoint.path, detail=f"{count} {what}, allowed are {least} to {most}")


def check_state(endpoint: Endpoint, state: str) -> None:
    """Raise WecomLimitError when a way's state is longer than 30 characters."""
    check_count(endpoint, "characters in state", len(state), most=MAX_STATE_CHARACTERS, least=0)


def is_reconcile_due(*, now: datetime, last_asked_at: datetime | None, jitter: str) -> bool:
    """Whether the nightly reconcile is to be asked for: between 2 and 4 o'clock in China, at a minute that `jitter` spreads.

    A night that was missed is made good for at any hour when 36 hours have passed; a corp that was never read is read at once.
    """
    if last_asked_at is None or now - last_asked_at >= RECONCILE_OVERDUE:
        return True
    minute = RECONCILE_FROM_MINUTE + crc32(jitter.encode()) % RECONCILE_SPREAD_MINUTES
    midnight = now.astimezone(RECONCILE_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    due = midnight + timedelta(minutes=minute)
    return due <= now < due + RECONCILE_QUIET and last_asked_at < due
