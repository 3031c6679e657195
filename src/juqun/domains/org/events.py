"""What the organisation room tells the rooms above."""

from dataclasses import dataclass
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffJoined(Event):
    """A member of staff was entered (by hand or by import), or came back."""

    NAME: ClassVar[str] = "org.staff_joined"
    staff_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffLeft(Event):
    """A member of staff left the company; their customers wait for a hand-over."""

    NAME: ClassVar[str] = "org.staff_left"
    staff_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOpened(Event):
    """A store was entered. An import of a whole tree tells it once for each new store."""

    NAME: ClassVar[str] = "org.store_opened"
    node_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChanged(Event):
    """A node set a policy; what holds below it may have changed."""

    NAME: ClassVar[str] = "org.policy_changed"
    node_id: int
    key: str
