"""Customer groups and their members."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from wecom_emulator.state import codec

MEMBER_STAFF = 1
MEMBER_EXTERNAL = 2

JOIN_INVITED = 1
JOIN_LINK = 2
JOIN_QR = 3


@dataclass(slots=True, kw_only=True)
class ChatMember:
    """A member of a group; type 1 staff, 2 external; join_scene 1 invited, 2 invite link, 3 QR."""

    userid: str
    type: int
    join_time: int
    join_scene: int = JOIN_INVITED
    invitor: str = ""
    group_nickname: str = ""
    state: str = ""


@dataclass(slots=True, kw_only=True)
class ChatChange:
    """A change of the members: the version before it, who came or who is gone; kept as long as details lag."""

    at: int
    version: int
    came: str = ""
    gone: ChatMember | None = None


@dataclass(slots=True, kw_only=True)
class GroupChat:
    """A group; status 0 normal, 1 owner left, 2 inheriting, 3 inherited; `received` as for persons.

    Counts are kept by ISO date: messages, external people joined, distinct writers, members at the end of the day.
    An internal group (staff only) is invisible to the customer-contact calls. `handed_over_at` holds the instants at
    which its owner was changed by a transfer on the job.
    """

    chat_id: str
    name: str
    owner: str
    create_time: int
    notice: str = ""
    status: int = 0
    dismissed_at: int | None = None
    members: MutableMapping[str, ChatMember] = field(default_factory=dict, metadata=codec.rows(by_key=True))
    admin_list: list[str] = field(default_factory=list)
    version: int = 0
    received: list[int] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)
    writers: dict[str, int] = field(default_factory=dict)
    writers_day: str = ""
    writers_today: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    changes: list[ChatChange] = field(default_factory=list)
    handed_over_at: list[int] = field(default_factory=list)
    internal: bool = False
    welcome_template_id: str = ""
