"""Live codes: contact ways (become a friend of a staff member) and join ways (enter a group)."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class ContactWay:
    """A «contact me» way; type 1 single, 2 multi; scene 1 mini-program, 2 QR; `scans` drives the round robin.

    `keeper_of_corp` remembers, for an exclusive way, which staff member a partner corp's people go to.
    """

    config_id: str
    type: int
    scene: int
    style: int = 0
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    user: list[str] = field(default_factory=list)
    party: list[int] = field(default_factory=list)
    is_temp: bool = False
    expires_in: int = 0
    chat_expires_in: int = 0
    unionid: str = ""
    is_exclusive: bool = False
    mark_source: bool = True
    conclusions: dict[str, Any] = field(default_factory=dict)
    qr_code: str = ""
    created_at: int = 0
    created_by: int = 0
    scans: int = 0
    keeper_of_corp: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class JoinWay:
    """A «join group» way with at most five chats; `next_room` counts the groups that WeCom opened by itself."""

    config_id: str
    scene: int
    remark: str = ""
    auto_create_room: int = 1
    room_base_name: str = ""
    room_base_id: int = 0
    chat_id_list: list[str] = field(default_factory=list)
    state: str = ""
    mark_source: bool = False
    qr_code: str = ""
    created_at: int = 0
    created_by: int = 0
    next_room: int = 0
