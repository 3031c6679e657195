"""Values that cross the border of the WeCom connector. Field names keep WeCom's spelling; times are aware UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryNever:
    """Repeating the call cannot help: something about the request or the set-up has to change first."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Repeating the call can help; `seconds` is how long to wait at least, None = the caller's own back-off."""

    seconds: float | None = None


Retry = RetryNever | RetryLater


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """One staff member's relation to a contact. `state` is that of the contact way or link it came through."""

    userid: str
    remark: str
    tag_ids: tuple[str, ...]
    state: str | None
    add_way: int
    created_at: datetime
    remark_mobiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An external contact. `gender`: 0 unknown, 1 male, 2 female. `unionid` only when the corp has bound an open-platform account."""

    external_userid: str
    name: str
    unionid: str | None
    gender: int
    follow: tuple[Follow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChatMember:
    """One member of a customer group. `join_scene`: 1 invited, 2 invite link, 3 QR; `state` only for a join way with a state."""

    userid: str
    is_staff: bool
    unionid: str | None
    joined_at: datetime
    join_scene: int
    state: str | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChat:
    """A customer group with everybody in it. `member_version` changes with every join and leave."""

    chat_id: str
    name: str
    owner: str
    created_at: datetime
    member_version: str
    members: tuple[GroupChatMember, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWay:
    """A contact way (live code) as WeCom knows it. Losing `config_id` is losing control over the code."""

    config_id: str
    qr_code: str
    state: str = ""
    userids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinWay:
    """A group join way as WeCom knows it. `qr_code` is "" when WeCom took the way but the re-reading failed: read it again later."""

    config_id: str
    qr_code: str
    chat_ids: tuple[str, ...] = ()
    state: str = ""
    room_base_name: str = ""
    room_base_id: int = 0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpTag:
    """A corp tag with the name of its group."""

    id: str
    name: str
    group_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUser:
    """A member of the corp inside the app's visible range."""

    userid: str
    name: str
    department_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KfAccount:
    """A customer-service account."""

    open_kfid: str
    name: str
    can_manage: bool


class KfOrigin(StrEnum):
    """Who wrote a customer-service message."""

    CUSTOMER = "customer"
    SYSTEM = "system"
    SERVICER = "servicer"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMessage:
    """One row of a customer-service pull. `text` is "" for other kinds; `event_type` is "" for everything but events."""

    msgid: str
    open_kfid: str
    external_userid: str
    at: datetime
    origin: KfOrigin
    text: str
    msgtype: str = "text"
    menu_id: str = ""
    event_type: str = ""
    welcome_code: str = ""
    scene: str = ""
    scene_param: str = ""
    fail_msgid: str = ""
    fail_type: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KfPage:
    """One page of a pull: store `next_cursor` in the transaction that stores the messages; stop on `has_more` False only."""

    messages: tuple[KfMessage, ...]
    next_cursor: str
    has_more: bool


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the self-check: what was tried, whether it held, what was seen, and what to do when it did not."""

    name: str
    is_ok: bool
    seen: str
    remedy: str = field(default="")
