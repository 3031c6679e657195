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
class GroupChat:
    """A group; status 0 normal, 1 owner left, 2 inheriting, 3 inherited; `received` as for persons.

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
    handed_over_at: list[int] = field(default_factory=list)
    internal: bool = False
    welcome_template_id: str = ""
