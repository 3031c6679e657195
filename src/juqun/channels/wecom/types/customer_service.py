"""Customer service: accounts and pulled messages."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMessage:
    """One row of a customer-service pull. `text` is "" for other kinds; `event_type` is "" for everything but events."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class KfPage:
    """One page of a pull: store `next_cursor` in the transaction that stores the messages; stop on `has_more` False only."""

    messages: tuple[KfMessage, ...]
    next_cursor: str
    has_more: bool
