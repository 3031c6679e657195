"""Values that cross the border of the members room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar


class IdentityKind(StrEnum):
    """Under which kind of name somebody is known."""

    PHONE = "phone"
    UNIONID = "unionid"
    EXTERNAL_USERID = "external_userid"
    OPENID = "openid"
    CARD = "card"


class ConsentPurpose(StrEnum):
    """What a member may agree to; each purpose on its own."""

    MARKETING = "marketing"
    PROFILING = "profiling"


class LostBy(StrEnum):
    """Who ended a friendship."""

    CUSTOMER = "customer"
    STAFF = "staff"
    TRANSFER = "transfer"
    RECONCILE = "reconcile"  # nobody told of it: WeCom did not have it any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A name as it came in; it is normalised by `rules.normalise` before it is compared."""

    kind: IdentityKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedIdentity:
    """An identity as people may see it."""

    kind: IdentityKind
    masked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A member as people may see them. `id` is the member that is kept, also when an absorbed one was asked for."""

    id: int
    public_id: str
    display_name: str
    store_id: int | None
    store_name: str
    staff_id: int | None
    tier: str
    is_friend: bool
    tags: tuple[str, ...]
    identities: tuple[MaskedIdentity, ...]
    created_at: datetime
    gender: str
    birth_year: int | None
    consent_marketing: bool
    consent_profiling: bool = False
    attributes: Mapping[str, Any]
    source: str = ""
    is_erased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of a member's time line; `text_code` names its sentence, `fields` what goes into it."""

    at: datetime
    kind: str
    text_code: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendView:
    """An active friendship, with both names by which WeCom knows it."""

    member_id: int
    staff_id: int
    userid: str
    external_userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenUpFriend:
    """A friendship that was found by reading WeCom; the same facts as of FriendAdded."""

    member_id: int
    staff_id: int
    external_userid: str
    state: str
    at: datetime
    is_first: bool
    is_handed_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCustomer:
    """A member for whom one member of staff is responsible: by a friendship (`link_id`), or only as their guide (None).

    `other_staff_ids`: active staff who are friends of the same member too, the latest friendship first.
    """

    member_id: int
    link_id: int | None
    external_userid: str
    other_staff_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyResult:
    """Who it is. `merged_ids`: members that turned out to be the same person and were absorbed just now."""

    member_id: int
    created: bool
    merged_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeView:
    """A merge as the console shows it."""

    id: int
    keep_id: int
    absorb_id: int
    actor: str
    reason: str
    at: datetime
    undone_at: datetime | None
    undone_by: str


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """A part of a list and how long the whole is."""

    items: tuple[Item, ...]
    total: int


class TagState(StrEnum):
    """Where a managed tag stands in WeCom: ``disputed`` was deleted there, and what to do is for a person to say."""

    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedTagView:
    """A corp tag of WeCom. ``word`` is the members' tag it stands for ("" while it is not managed); counts are friendships."""

    id: int
    group_name: str
    name: str
    word: str
    is_managed: bool
    is_ours: bool
    state: TagState
    refusal: str
    applied: int
    pending: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagReading:
    """What one reading of WeCom's tags changed here."""

    added: int
    renamed: int
    forgotten: int
    deleted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFriend:
    """The corp tags that WeCom shows on one friendship."""

    staff_id: int
    external_userid: str
    tag_ids: tuple[str, ...]
