"""Customer service (kf): accounts, servicers, links, sessions, codes, the rows of sync_msg, daily tallies, knowledge.

Everything that grows (sessions, rows, messages, codes, days) is a collection of its own on the corp, keyed by
`pair(open_kfid, ...)`; an account itself stays small.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from wecom_emulator.state import codec

SESSION_NEW = 0
SESSION_ASSISTANT = 1
SESSION_POOL = 2
SESSION_SERVICER = 3
SESSION_ENDED = 4

STATUS_SERVING = 0
STATUS_STOPPED = 1

ORIGIN_API = 0
ORIGIN_CUSTOMER = 3
ORIGIN_EVENT = 4
ORIGIN_SERVICER = 5

CODE_WELCOME = -1
"""The `state` of a code that greets; the other codes carry the session state that they were given for."""

UPGRADE_MEMBER = 1
UPGRADE_GROUP = 2


def pair(*parts: str | int) -> str:
    """Return the key of something that belongs to an account: its parts joined by a slash."""
    return "/".join(map(str, parts))


@dataclass(slots=True, kw_only=True)
class KfAccount:
    """A face of the corp on WeChat that anybody may write to.

    `manage_privilege` False: the console's own rules serve it. `managers` names the agents that may manage it, None
    all. `native_welcome` is the console's greeting, "" for none. `empty_pages` and `fail_next` are orders of the admin
    for the next pulls and sends.
    """

    open_kfid: str
    name: str
    avatar: str = ""
    manage_privilege: bool = True
    managers: list[int] | None = None
    native_welcome: str = ""
    smart_reply: bool = False
    last_seq: int = 0
    empty_pages: int = 0
    fail_next: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class KfServicer:
    """A member's own state at an account: status 0 serving, 1 stopped; stop_type 0 stopped, 1 for a while."""

    userid: str
    status: int = STATUS_SERVING
    stop_type: int = 0


@dataclass(slots=True, kw_only=True)
class KfStaffing:
    """Who serves an account: members listed by name, whole departments, and the state of each member."""

    open_kfid: str
    userids: list[str] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)
    servicers: dict[str, KfServicer] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class KfLink:
    """A link that opens the chat with an account; enc_scene is the public half of the scene."""

    enc_scene: str
    open_kfid: str
    scene: str
    url: str


@dataclass(slots=True, kw_only=True)
class KfUpgrade:
    """The hint to the servicer to win the customer for a member (type 1) or a group (type 2)."""

    type: int
    target: str
    wording: str = ""
    invited_by: str = ""


@dataclass(slots=True, kw_only=True)
class KfSession:
    """One customer at one account.

    `sent` counts API messages since the customer last wrote, `coded` the states that already gave their reply code,
    `former` the servicers who served this customer before. `expired`: ended by the clock. `asked_at`, `replied` and
    `tallied` serve the statistics of the running session.
    """

    open_kfid: str
    external_userid: str
    state: int = SESSION_ENDED
    expired: bool = False
    servicer_userid: str = ""
    former: list[str] = field(default_factory=list)
    coded: list[int] = field(default_factory=list)
    last_customer_at: int = 0
    sent: int = 0
    welcomed_at: int = 0
    entered_scene: str = ""
    entered_scene_param: str = ""
    entered_channels: dict[str, Any] = field(default_factory=dict)
    entered_at: int = 0
    refused_by_customer: bool = False
    refused_by: str = ""
    upgrade: KfUpgrade | None = None
    asked_at: int = 0
    replied: bool = False
    tallied: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class KfCode:
    """The right to send one message on an event: a welcome, or one for the session state `state`."""

    code: str
    open_kfid: str
    external_userid: str
    expires_at: float
    state: int = CODE_WELCOME
    used: bool = False


@dataclass(slots=True, kw_only=True)
class KfRow:
    """One row of sync_msg; `voices` holds the media ids of a voice by voice_format."""

    open_kfid: str
    seq: int
    send_time: int
    row: dict[str, Any]
    voices: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class KfMessage:
    """A message by its msgid: who wrote it to whom; outgoing ones of the API have origin 0."""

    msgid: str
    open_kfid: str
    external_userid: str
    origin: int
    at: int
    by: str = ""
    recalled: bool = False


@dataclass(slots=True, kw_only=True)
class KfDay:
    """The tallies of one Chinese day of an account (userid "") or of one servicer at it.

    `customers` counts messages by customer. `asked` are sessions in which the customer wrote to a servicer (or, at the
    account, to the assistant), `replied` those that got an answer.
    """

    open_kfid: str
    day: str
    userid: str = ""
    sessions: int = 0
    customers: MutableMapping[str, int] = field(default_factory=dict, metadata=codec.ROWS)
    asked: int = 0
    replied: int = 0
    reply_seconds: int = 0
    assistant_sessions: int = 0
    assistant_transfers: int = 0
    questions: int = 0
    hits: int = 0
    refused: list[str] = field(default_factory=list)
    member_invites: int = 0
    member_customers: list[str] = field(default_factory=list)
    group_invites: int = 0
    group_customers: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class KfUpgradeRanges:
    """The console's ranges of members and groups that customers may be upgraded to."""

    userids: list[str] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)
    chat_ids: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class KnowledgeGroup:
    """A group of questions of the console's robot."""

    group_id: str
    name: str
    is_default: bool = False


@dataclass(slots=True, kw_only=True)
class KnowledgeIntent:
    """A question with similar ones and its answers, as they were given to the API."""

    intent_id: str
    group_id: str
    question: str
    similar: list[str] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
