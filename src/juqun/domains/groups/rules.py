"""Pure decisions about groups: their state, their names, and which chats a way in should lead to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from juqun.domains.groups.types import GroupState

SILENT_AFTER = timedelta(days=7)  # groups that fall silent do so within a week of being made (a fuel chain's finding)
SMALLEST_GROUP = 3
LARGEST_GROUP = 500  # the channel's own bound for a customer group
CHATS_PER_JOIN_WAY = 5  # the channel's bound
REMARK_CHARACTERS = 30  # the channel's bound for a join way's remark
ROOM_NAME_BYTES = 40  # the channel's bound for room_base_name, UTF-8


def state_of(
    *,
    is_dismissed: bool,
    member_count: int,
    capacity: int,
    last_activity_at: datetime,
    now: datetime,
) -> GroupState:
    """Return the state of a group.

    Dismissed beats silent beats full: a full group in which nobody speaks needs waking more than it needs a sibling.
    ``last_activity_at`` is the latest of its creation, a joining and a message; exactly seven days later it is silent.
    """
    if is_dismissed:
        return GroupState.DISMISSED
    if now - last_activity_at >= SILENT_AFTER:
        return GroupState.SILENT
    return GroupState.FULL if member_count >= capacity else GroupState.OPEN


def is_capacity_possible(capacity: int) -> bool:
    """Return whether a kind may be planned for so many people."""
    return SMALLEST_GROUP <= capacity <= LARGEST_GROUP


def room_base_name(store_name: str, kind_name: str) -> str:
    """Return the base of the group names of an entry, at most 40 bytes; the kind stays whole, the store is cut short."""
    room = ROOM_NAME_BYTES - len(kind_name.encode())
    if room <= 0:
        return _cut(kind_name, ROOM_NAME_BYTES)
    return _cut(store_name, room) + kind_name


def way_remark(store_name: str, kind_name: str) -> str:
    """Return what staff see in WeCom beside the join way, at most 30 characters."""
    return f"{store_name} {kind_name}".strip()[:REMARK_CHARACTERS]


def own_growth(base: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...] | None:
    """Return the chats that WeCom itself may have put into a join way; None when its list cannot have grown by itself.

    WeCom opens the next group when all are full and appends it; from a full list of five the oldest leaves.
    """
    added = tuple(chat for chat in theirs if chat not in base)
    gone = [chat for chat in base if chat not in theirs]
    if not added or (gone and len(theirs) < CHATS_PER_JOIN_WAY):
        return None
    return added if gone == list(base[: len(gone)]) else None


def _cut(text: str, size: int) -> str:
    """Return the longest beginning of ``text`` that fits ``size`` bytes of UTF-8 without breaking a character."""
    return text.encode()[:size].decode(errors="ignore")


def number_in_name(base_name: str, name: str) -> int | None:
    """Return 12 for 「base12」, 1 for the bare base name, None when the name is not of this series."""
    if not base_name or not name.startswith(base_name):
        return None
    rest = name[len(base_name) :].strip()
    if not rest:
        return 1
    return int(rest) if rest.isdecimal() and rest.isascii() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedChat:
    """A living chat of an entry as the plan sees it."""

    chat_id: str
    member_count: int
    capacity: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPlan:
    """What a join way should lead to; ``needs_next`` tells that every chat is full."""

    chat_ids: tuple[str, ...]
    needs_next: bool


def plan_entry(chats: Sequence[LinkedChat]) -> EntryPlan:
    """Return the chats a way in should lead to: the oldest that still take people, at most five.

    A join way must never be left without a chat. When all are full the newest stays linked, so that the code keeps
    working until the next group is there: the channel holds more people than the kind plans for.
    """
    by_age = sorted(chats, key=lambda chat: chat.created_at)  # stable: of one moment, the first known goes first
    open_chats = [chat for chat in by_age if chat.member_count < chat.capacity]
    if open_chats:
        return EntryPlan(chat_ids=tuple(chat.chat_id for chat in open_chats[:CHATS_PER_JOIN_WAY]), needs_next=False)
    return EntryPlan(chat_ids=tuple(chat.chat_id for chat in by_age[-1:]), needs_next=bool(by_age))


@dataclass(frozen=True, slots=True, kw_only=True)
class KindChoice:
    """A kind offered to a member at a store."""

    kind_id: int
    member_tags: frozenset[str]
    is_default: bool
    priority: int


def choose_kind(choices: Sequence[KindChoice], tags: frozenset[str]) -> int | None:
    """Return the kind whose tags the member carries most of; ties go to priority, then the older kind; else the default.

    None when the store offers neither a fitting kind nor a default one.
    """
    fitting = [choice for choice in choices if choice.member_tags & tags]
    if fitting:
        best = min(fitting, key=lambda c: (-len(c.member_tags & tags), -c.priority, c.kind_id))
        return best.kind_id
    return next((c.kind_id for c in sorted(choices, key=lambda c: c.kind_id) if c.is_default), None)
