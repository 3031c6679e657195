"""Attachments, send tasks and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAttachment:
    """A picture: either a `media_id` (lives 3 days) or a `pic_url` from WeCom's permanent picture store. media_id wins."""

    media_id: str = ""
    pic_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAttachment:
    """A link card. Limits in bytes: title 128, desc 512, url and picurl 2048."""

    title: str
    url: str
    desc: str = ""
    picurl: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAttachment:
    """An attachment of a kind that we never send ourselves (mini program, video, file), met when reading messages back."""

    msgtype: str


SendableAttachment = ImageAttachment | LinkAttachment
Attachment = ImageAttachment | LinkAttachment | OtherAttachment


@dataclass(frozen=True, slots=True, kw_only=True)
class MassMessage:
    """A created send task. Nothing reaches a customer before the staff member confirms it."""

    msgid: str
    failed_external_userids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MassMessageSummary:
    """A send task as WeCom lists it; text and attachments let an unknown outcome be recognised."""

    msgid: str
    created_at: datetime
    text: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """Whether one staff member has confirmed a send task."""

    userid: str
    is_sent: bool
    sent_at: datetime | None


class SendStatus(StrEnum):
    """What became of one target of a confirmed task. `capped` = the customer already got others in this period."""

    UNSENT = "unsent"
    SENT = "sent"
    NOT_FRIEND = "not_friend"
    CAPPED = "capped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The outcome for one target (external_userid or chat_id) of one staff member's task."""

    userid: str
    target: str
    status: SendStatus
    sent_at: datetime | None
