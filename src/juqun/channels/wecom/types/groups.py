"""Customer groups as WeCom shows them."""

from dataclasses import dataclass
from datetime import datetime


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
