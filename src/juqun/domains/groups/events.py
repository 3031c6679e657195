"""What the groups room tells of. Ids and times only."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOpened(Event):
    """A chat was seen for the first time and is a group of ours from now on."""

    NAME: ClassVar[str] = "groups.group_opened"
    group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupJoined(Event):
    """A customer is in a group; ``state`` is the join way's state, empty when another member invited."""

    NAME: ClassVar[str] = "groups.group_joined"
    group_id: int
    member_id: int
    at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLeft(Event):
    """A customer is no longer in a group."""

    NAME: ClassVar[str] = "groups.group_left"
    group_id: int
    member_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFull(Event):
    """A group has reached the capacity of its kind; not sent again until it was below and came back."""

    NAME: ClassVar[str] = "groups.group_full"
    group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWentSilent(Event):
    """Nobody wrote in a group or joined it for a week."""

    NAME: ClassVar[str] = "groups.group_went_silent"
    group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDismissed(Event):
    """The owner dissolved the chat."""

    NAME: ClassVar[str] = "groups.group_dismissed"
    group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMessageSeen(Event):
    """Somebody wrote in a group; ``member_id`` is None for staff and for persons not known."""

    NAME: ClassVar[str] = "groups.group_message_seen"
    group_id: int
    member_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChanged(Event):
    """What an entry's join way should be has changed; it is to be written to the channel."""

    NAME: ClassVar[str] = "groups.entry_changed"
    entry_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReady(Event):
    """An entry has a code that customers can use, or another one than before."""

    NAME: ClassVar[str] = "groups.entry_ready"
    entry_id: int
    store_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextGroupPlanned(Event):
    """All groups behind an entry are full: its owner has to create the planned one."""

    NAME: ClassVar[str] = "groups.next_group_planned"
    planned_group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWelcomeChanged(Event):
    """What a kind's welcome in WeCom's library should be has changed; it is to be written there."""

    NAME: ClassVar[str] = "groups.group_welcome_changed"
    welcome_id: int
