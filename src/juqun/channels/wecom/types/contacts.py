"""External contacts and who follows them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """One staff member's relation to a contact. `state` is that of the contact way or link it came through."""

    userid: str
    remark: str
    tag_ids: tuple[str, ...]
    state: str | None
    add_way: int
    created_at: datetime
    remark_mobiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An external contact. `gender`: 0 unknown, 1 male, 2 female. `unionid` only when the corp has bound an open-platform account."""

    external_userid: str
    name: str
    unionid: str | None
    gender: int
    follow: tuple[Follow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedId:
    """What a unionid leads to: a customer, or, before they are one, a pending id ("" = not given)."""

    external_userid: str = ""
    pending_id: str = ""
