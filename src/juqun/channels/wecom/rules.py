"""Pure decisions of the connector: what an errcode means, what may be sent, what a lost answer leaves open."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from juqun.channels.wecom import errcodes
from juqun.channels.wecom.endpoints import GET_TOKEN, Endpoint
from juqun.channels.wecom.errors import (
    TrustedIpError,
    WecomBusyError,
    WecomError,
    WecomLimitError,
    WecomRefusedError,
    WecomUnknownOutcomeError,
)
from juqun.channels.wecom.types import (
    ImageAttachment,
    KfMenu,
    KfMenuChoice,
    KfMenuItem,
    KfMenuLink,
    LinkAttachment,
    SendableAttachment,
)

OK = 0
SYSTEM_BUSY = -1
FREQUENCY = 45009
NO_CONTACT = 84061
NO_SUCH_USER = 60111
OUT_OF_SIGHT_CODES = frozenset({60011})  # this member of staff or chat is not in the app's visible range; others may be
OWNER_FILTER_NEEDED = 81017
TAG_NAME_EXISTS = 301021
KF_TOKEN_OLD = 95007

OUT_OF_REACH_SECONDS = 5.0

MAX_TEXT_BYTES = 4000
MAX_ATTACHMENTS = 9
MAX_RECIPIENTS = 10_000
MAX_CHATS = 2_000
MAX_STATE_CHARACTERS = 30
MAX_WAY_USERS = 100
MAX_WAY_CHATS = 5
MAX_NOTICE_USERS = 1_000
MAX_STATISTIC_DAYS = 30
KF_MAX_TEXT_BYTES = 2048
KF_MENU_ITEMS = 10
KF_MENU_EDGE_BYTES = 1024
KF_MENU_ID_BYTES = 64  # older clients' limit; newer text says 128
KF_MENU_CHOICE_BYTES = 128
KF_MENU_LINK_BYTES = 1024
KF_MENU_TEXT_BYTES = 256
KF_URL_BYTES = 2048
MAX_ERRMSG = 1_000
_FROM_IP = re.compile(r"from ip:\s*([0-9a-fA-F.:]+)")
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
    """The typed error of an answer whose errcode is not 0; an unknown code is final and keeps the whole text."""
    path, found = endpoint.path, errcodes.meaning(endpoint.path, errcode)
    if found is None:
        remedy = errcodes.UNKNOWN_CODE_REMEDY if errcode else ""
        return WecomRefusedError(endpoint=path, errcode=errcode, detail=errmsg[:MAX_ERRMSG], remedy=remedy)
    fields: dict[str, Any] = {
        "endpoint": path, "errcode": errcode, "detail": errmsg.split(", hint:", 1)[0][:200], "remedy": found.remedy,
    }  # fmt: skip
    if issubclass(found.kind, WecomBusyError):
        fields["seconds"] = found.seconds
    if issubclass(found.kind, TrustedIpError):
        fields["ip"] = seen_ip(errmsg)
    return found.kind(**fields)


def seen_ip(errmsg: str) -> str:
    """The address that WeCom says a call came from, "" when it does not say."""
    found = _FROM_IP.search(errmsg)
    return found[1] if found else ""


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


def check_days(endpoint: Endpoint, first_day: date, last_day: date) -> None:
    """Raise WecomLimitError unless the span, both days included, is one of 1 to 30 days."""
    check_count(endpoint, "days", (last_day - first_day).days + 1, most=MAX_STATISTIC_DAYS)


def check_state(endpoint: Endpoint, state: str) -> None:
    """Raise WecomLimitError when a way's state is longer than 30 characters."""
    check_count(endpoint, "characters in state", len(state), most=MAX_STATE_CHARACTERS, least=0)


def check_bytes(endpoint: Endpoint, what: str, text: str, *, most: int, least: int = 1) -> None:
    """Raise WecomLimitError unless a text has least..most bytes in UTF-8."""
    if not least <= len(text.encode()) <= most:
        raise WecomLimitError(endpoint=endpoint.path, detail=f"{what} must have {least} to {most} bytes")


def check_kf_menu(endpoint: Endpoint, menu: KfMenu) -> None:
    """Raise WecomLimitError when a menu breaks a documented limit, or says nothing."""
    if not (menu.head or menu.items or menu.tail):
        raise WecomLimitError(endpoint=endpoint.path, detail="a menu without any text")
    check_count(endpoint, "menu lines", len(menu.items), most=KF_MENU_ITEMS, least=0)
    for name, text in (("menu head", menu.head), ("menu tail", menu.tail)):
        check_bytes(endpoint, name, text, most=KF_MENU_EDGE_BYTES, least=0)
    for item in menu.items:
        _check_kf_menu_item(endpoint, item)


def _check_kf_menu_item(endpoint: Endpoint, item: KfMenuItem) -> None:
    most = KF_MENU_TEXT_BYTES
    if isinstance(item, KfMenuChoice):
        check_bytes(endpoint, "menu id", item.menu_id, most=KF_MENU_ID_BYTES)
        most = KF_MENU_CHOICE_BYTES
    elif isinstance(item, KfMenuLink):
        check_bytes(endpoint, "menu url", item.url, most=KF_URL_BYTES)
        most = KF_MENU_LINK_BYTES
    check_bytes(endpoint, "menu line", item.text, most=most)


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
