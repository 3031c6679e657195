"""Values that cross the border of the groups room."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class GroupState(StrEnum):
    """How a group stands: it takes people, it is full, nobody has spoken or joined for a week, or it is gone."""

    OPEN = "open"
    FULL = "full"
    SILENT = "silent"
    DISMISSED = "dismissed"


class GroupRole(StrEnum):
    """What a member is to a group: one of many, a seed user, a key opinion consumer or leader."""

    MEMBER = "member"
    SEED = "seed"
    KOC = "koc"
    KOL = "kol"


class EntryState(StrEnum):
    """Where the join way of an entry stands in the channel.

    ``waiting`` has no group to lead to yet, ``pending`` is to be written, ``ready`` is as wanted, ``refused`` was
    refused by the channel and waits for a person, ``disputed`` differs at WeCom and waits for a decision, ``closed`` was
    deleted there and is not to be made again.
    """

    WAITING = "waiting"
    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"
    DISPUTED = "disputed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupKind:
    """One kind of the matrix: for whom (``member_tags``), about what (``theme``), for how many (``capacity``)."""

    id: int
    code: str
    name: str
    theme: str
    capacity: int
    member_tags: tuple[str, ...] = ()
    is_default: bool = False
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group as the board shows it; counts are people now in the chat, staff included."""

    id: int
    chat_id: str
    name: str
    kind_code: str
    store_id: int | None
    store_name: str
    owner_staff_id: int | None
    member_count: int
    capacity: int
    state: GroupState
    created_at: datetime
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinEntry:
    """The way into the groups of one kind at one store. ``url`` and ``qr_code`` are empty until the channel gave them."""

    id: int
    kind_code: str
    kind_name: str
    store_id: int
    store_name: str
    owner_staff_id: int
    owner_name: str
    state: EntryState
    url: str
    qr_code: str
    chat_ids: tuple[str, ...]
    refusal: str = ""
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGroupView:
    """A group that somebody has to create next because the linked ones are full."""

    id: int
    store_id: int
    store_name: str
    kind_code: str
    name: str
    owner_staff_id: int
    owner_name: str
    planned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLink:
    """What a sender needs of a group: its chat and the userid of the owner who must confirm."""

    group_id: int
    chat_id: str
    owner_userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGroup:
    """One group of one member; ``left_at`` is None while the member is in it."""

    group_id: int
    name: str
    kind_code: str
    role: GroupRole
    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """One kind of the matrix with what there is of it inside a scope."""

    kind: GroupKind
    groups: int
    members: int
    open: int
    full: int
    silent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What one reading of a chat changed. ``is_stale`` means a later reading had already been stored: nothing changed."""

    group_id: int | None
    joined: int = 0
    left: int = 0
    member_version: str = ""
    is_stale: bool = False


class WelcomeState(StrEnum):
    """Where a kind's group welcome stands in WeCom's library; ``disputed`` differs there and waits for a decision."""

    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWelcomeView:
    """What customers are greeted with who enter a group of a kind: text (%NICKNAME% becomes the name), and a link or a picture."""

    id: int
    kind_id: int
    text: str
    link_title: str
    link_url: str
    link_desc: str
    has_image: bool
    state: WelcomeState
    refusal: str
    template_id: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeGroup:
    """A group of the kind, and whether its owner has attached the welcome: nobody but the owner can, in the client."""

    group_id: int
    name: str
    store_name: str
    owner_name: str
    ticked_by: str
    ticked_at: datetime | None
