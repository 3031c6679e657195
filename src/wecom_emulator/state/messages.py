"""Welcome codes, mass messages with one task per staff member and one row per receiver, and uploaded media."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from wecom_emulator.state import codec

ROW_UNSENT = 0
ROW_SENT = 1
ROW_NOT_FRIEND = 2
ROW_OVER_CAP = 3

TASK_UNSENT = 0
TASK_SENT = 2


PURPOSE_MOMENTS = "moments"
PURPOSE_ALBUM = "album"


@dataclass(slots=True, kw_only=True)
class WelcomeCode:
    """The right to greet one new friend once."""

    code: str
    userid: str
    external_userid: str
    expires_at: float
    used: bool = False
    used_at: int = 0
    used_by: int = 0


@dataclass(slots=True, kw_only=True)
class SendRow:
    """What became of one receiver (external_userid or chat_id) of one task."""

    target: str
    status: int = ROW_UNSENT
    send_time: int = 0


@dataclass(slots=True, kw_only=True)
class StaffTask:
    """One staff member's part of a mass message; it is sent only when that person confirms it."""

    userid: str
    status: int = TASK_UNSENT
    send_time: int = 0
    ignored: bool = False
    rows: MutableMapping[str, SendRow] = field(default_factory=dict, metadata=codec.ROWS)


@dataclass(slots=True, kw_only=True)
class MassMessage:
    """A mass message; chat_type single or group; `creator` is the staff member who made it, "" for an app."""

    msgid: str
    chat_type: str
    create_time: int
    created_by: int = 0
    creator: str = ""
    text: dict[str, Any] = field(default_factory=dict)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    allow_select: bool = False
    tasks: MutableMapping[str, StaffTask] = field(default_factory=dict, metadata=codec.ROWS)
    reminded_at: list[int] = field(default_factory=list)
    cancelled_at: int | None = None


@dataclass(slots=True, kw_only=True)
class Media:
    """An uploaded file that lives three days; `purpose` is empty for messages, else moments or album."""

    media_id: str
    type: str
    filename: str
    content_type: str
    content: bytes
    created_at: int
    purpose: str = ""
