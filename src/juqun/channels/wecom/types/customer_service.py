"""Customer service: accounts, servicers, sessions, customers, pulled messages and menus to send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class KfAccount:
    """A customer-service account."""

    open_kfid: str
    name: str
    can_manage: bool


class KfOrigin(StrEnum):
    """Who wrote a customer-service message."""

    CUSTOMER = "customer"
    SYSTEM = "system"
    SERVICER = "servicer"
    OTHER = "other"


class KfState(IntEnum):
    """Who has a session, in WeCom's numbers. A program may write in NEW and ROBOT only; only the customer leaves ENDED."""

    NEW = 0
    ROBOT = 1
    POOL = 2
    SERVICER = 3
    ENDED = 4


class KfChange(IntEnum):
    """What people did to a session in their client (`KfMessage.change_type` of session_status_change)."""

    TAKEN = 1
    HANDED_ON = 2
    ENDED = 3
    REOPENED = 4


class KfRefusal(IntEnum):
    """The errcodes of WecomRefusedError by which a caller decides what to do next.

    WINDOW_FULL, WINDOW_OVER: wait for the customer. NOT_SERVING: choose another servicer or the pool. MOVE_REFUSED and
    PEOPLE_SERVE: somebody moved the session meanwhile, read it again.
    """

    WINDOW_FULL = 95001
    WINDOW_OVER = 95002
    NOT_SERVING = 95014
    NATIVE_WELCOME = 95015
    MOVE_REFUSED = 95016
    PEOPLE_SERVE = 95018


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSession:
    """Where a customer's session at an account stands; `servicer_userid` is "" unless a servicer has it."""

    state: KfState
    servicer_userid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KfServicer:
    """A servicer of an account: a member, or a whole department (then `userid` is "" and `is_serving` None).

    `is_serving` is None where WeCom does not say; `is_paused`: stopped for a while only.
    """

    userid: str = ""
    department_id: int = 0
    is_serving: bool | None = None
    is_paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KfServicerResult:
    """What became of one member or department that was added or removed; `was_so`: it was there (or gone) already."""

    userid: str = ""
    department_id: int = 0
    errcode: int = 0
    was_so: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the list of servicers is now as wished for this item."""
        return self.errcode == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KfCustomer:
    """A customer as customer service knows them; scene and scene_param of the last entry within 48 h, "" without one."""

    external_userid: str
    name: str = ""
    avatar: str = ""
    unionid: str = ""
    gender: int = 0
    scene: str = ""
    scene_param: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KfCustomers:
    """Customers that were asked for, and the ids that WeCom does not know."""

    found: tuple[KfCustomer, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMenuChoice:
    """A menu line that answers when it is tapped: the customer's text comes with `menu_id`. At most 64 and 128 bytes."""

    menu_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMenuLink:
    """A menu line that opens a page; url and text at most 2048 and 1024 bytes."""

    url: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMenuText:
    """A menu line that only says something, at most 256 bytes."""

    text: str


KfMenuItem = KfMenuChoice | KfMenuLink | KfMenuText


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMenu:
    """A menu message: at most 10 lines between a head and a tail of at most 1024 bytes each."""

    head: str = ""
    items: tuple[KfMenuItem, ...] = ()
    tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMessage:
    """One row of a customer-service pull. `text` is "" for other kinds; `event_type` is "" for everything but events.

    `body` is WeCom's own object of the kind (media_id, title, location ...), for kinds that have no field here; of an
    event it holds all its fields. `status` 1 serving, 2 stopped and `stop_type` 0 stopped, 1 for a while belong to
    servicer_status_change, `is_rejecting` to reject_customer_msg_switch_change.
    """

    msgid: str
    open_kfid: str
    external_userid: str
    at: datetime
    origin: KfOrigin
    text: str
    msgtype: str = "text"
    menu_id: str = ""
    event_type: str = ""
    welcome_code: str = ""
    scene: str = ""
    scene_param: str = ""
    fail_msgid: str = ""
    fail_type: int = 0
    servicer_userid: str = ""
    old_servicer_userid: str = ""
    change_type: int = 0
    msg_code: str = ""
    status: int = 0
    stop_type: int = 0
    recall_msgid: str = ""
    is_rejecting: bool = False
    body: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfPage:
    """One page of a pull: store `next_cursor` in the transaction that stores the messages; stop on `has_more` False only."""

    messages: tuple[KfMessage, ...]
    next_cursor: str
    has_more: bool
