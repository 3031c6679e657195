"""The message archive (会话存档): rows by growing seq, and who agreed to it."""

from dataclasses import dataclass, field
from typing import Any

AGREE, DISAGREE, DEFAULT_AGREE = "Agree", "Disagree", "Default_Agree"
CONSENTS = (AGREE, DISAGREE, DEFAULT_AGREE)


@dataclass(slots=True, kw_only=True)
class ArchiveRow:
    """One archived message; `action` is send, recall or switch, `msgtime` in milliseconds."""

    seq: int
    msgid: str
    action: str
    msgtime: int
    sender: str = ""
    tolist: list[str] = field(default_factory=list)
    roomid: str = ""
    msgtype: str = ""
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Consent:
    """What a customer said to being archived, in the chat with one staff member or in one group (`chat`)."""

    chat: str
    external_userid: str
    status: str
    changed_at: int
