"""What the growth room tells of. Ids and times only."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCodeChanged(Event):
    """A live code was created, changed or retired; the channel's contact way is to be made equal to it."""

    NAME: ClassVar[str] = "growth.live_code_changed"
    live_code_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeScanned(Event):
    """A member added a member of staff through a live code; ``source`` is a SourceKind."""

    NAME: ClassVar[str] = "growth.code_scanned"
    live_code_id: int
    member_id: int
    staff_id: int
    store_id: int
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownStateSeen(Event):
    """A friendship came with a state that no live code carries."""

    NAME: ClassVar[str] = "growth.unknown_state_seen"
    scan_id: int
