"""Departments, staff, persons on WeChat, and the friendships between staff and persons."""

from collections.abc import MutableSequence
from dataclasses import dataclass, field
from typing import Any

from wecom_emulator.state import codec

STAFF_ACTIVE = 1
STAFF_LEFT = 5


@dataclass(slots=True, kw_only=True)
class Department:
    """A node of the contact tree; the root has id 1 and parentid 0."""

    id: int
    name: str
    parentid: int = 1
    order: int = 100_000_000
    name_en: str = ""
    department_leader: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Staff:
    """A member of the corp; status 1 active, 2 disabled, 4 not activated, 5 left.

    `confirms_friends`: new friends wait for a confirmation even where a code skips the verification.
    """

    userid: str
    name: str
    department: list[int] = field(default_factory=lambda: [1])
    feature_on: bool = True
    status: int = STAFF_ACTIVE
    position: str = ""
    alias: str = ""
    mobile: str = ""
    email: str = ""
    main_department: int = 0
    order: list[int] = field(default_factory=list)
    direct_leader: list[str] = field(default_factory=list)
    gender: int = 0
    avatar: str = ""
    telephone: str = ""
    biz_mail: str = ""
    address: str = ""
    external_position: str = ""
    extattr: dict[str, Any] = field(default_factory=dict)
    external_profile: dict[str, Any] = field(default_factory=dict)
    console_welcome: bool = False
    confirms_friends: bool = False
    real_name_verified: bool = True
    left_at: int | None = None
    inbox: MutableSequence[dict[str, Any]] = field(default_factory=list, metadata=codec.ROWS)


@dataclass(slots=True, kw_only=True)
class StaffTag:
    """A tag of the address book (not of customers): members and departments under one name."""

    tagid: int
    tagname: str
    created_by: int = 0
    userids: list[str] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Person:
    """A person on WeChat, customer or not yet; `received` holds the instants of mass messages for the cap."""

    external_userid: str
    name: str
    unionid: str = ""
    openid: str = ""
    gender: int = 0
    mobile: str = ""
    avatar: str = ""
    type: int = 1
    position: str = ""
    corp_name: str = ""
    corp_full_name: str = ""
    received: list[int] = field(default_factory=list)
    inbox: MutableSequence[dict[str, Any]] = field(default_factory=list, metadata=codec.ROWS)


@dataclass(slots=True, kw_only=True)
class Friendship:
    """A living friendship between one staff member and one person, with what the staff noted about the person."""

    userid: str
    external_userid: str
    createtime: int
    add_way: int = 1
    state: str = ""
    oper_userid: str = ""
    remark: str = ""
    description: str = ""
    remark_corp_name: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    remark_pic_mediaid: str = ""
    tag_ids: list[str] = field(default_factory=list)
    last_chat_at: int = 0
    chat_started: bool = False
    messages: dict[str, int] = field(default_factory=dict)
