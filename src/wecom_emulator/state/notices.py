"""App messages to staff, and the group chats that an app keeps for the staff."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class AppMessage:
    """One sent app message; `fingerprint` marks equal messages, `response_code` the right to change its card once."""

    msgid: str
    agent_id: int
    sent_at: int
    userids: list[str] = field(default_factory=list)
    fingerprint: str = ""
    response_code: str = ""
    task_id: str = ""
    card_type: str = ""
    card_updated: bool = False
    recalled_at: int | None = None


@dataclass(slots=True, kw_only=True)
class NoticeWindow:
    """How many messages one app gave one member in this minute and hour, or all members on this Chinese day."""

    minute: int = -1
    in_minute: int = 0
    hour: int = -1
    in_hour: int = 0
    day: str = ""
    in_day: int = 0


@dataclass(slots=True, kw_only=True)
class AppChat:
    """A group chat of staff that an app made."""

    chatid: str
    name: str
    owner: str
    agent_id: int
    created_at: int
    userlist: list[str] = field(default_factory=list)
