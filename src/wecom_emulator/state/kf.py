"""Customer service (kf) accounts, links, sessions and the message rows that sync_msg hands out."""

from dataclasses import dataclass, field
from typing import Any

SESSION_NEW = 0
SESSION_ASSISTANT = 1
SESSION_POOL = 2
SESSION_SERVICER = 3
SESSION_ENDED = 4


@dataclass(slots=True, kw_only=True)
class KfLink:
    """A link that opens the chat with an account; enc_scene is the public half of the scene."""

    enc_scene: str
    scene: str
    url: str


@dataclass(slots=True, kw_only=True)
class KfSession:
    """One customer at one account; `sent` counts API messages since the customer last wrote."""

    external_userid: str
    state: int = SESSION_ENDED
    servicer_userid: str = ""
    last_customer_at: int = 0
    sent: int = 0
    welcomed_at: int = 0
    entered_scene: str = ""
    entered_scene_param: str = ""
    entered_at: int = 0


@dataclass(slots=True, kw_only=True)
class KfCode:
    """The right to send one message on an event (welcome, pool, end)."""

    code: str
    external_userid: str
    expires_at: float
    state: int = -1
    used: bool = False


@dataclass(slots=True, kw_only=True)
class KfAccount:
    """A face of the corp on WeChat that anybody may write to."""

    open_kfid: str
    name: str
    avatar: str = ""
    manage_privilege: bool = True
    native_welcome: bool = False
    links: dict[str, KfLink] = field(default_factory=dict)
    sessions: dict[str, KfSession] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    sent_msgids: dict[str, int] = field(default_factory=dict)
    codes: dict[str, KfCode] = field(default_factory=dict)
