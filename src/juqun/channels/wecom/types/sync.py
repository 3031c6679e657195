"""Reading a whole corp: runs, their parts, and what they found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from juqun.channels.wecom.types.contacts import Contact


class SyncKind(StrEnum):
    """What a run reads; when several are asked for they follow one another in this order."""

    STAFF = "staff"
    CONTACTS = "contacts"
    GROUPS = "groups"


class SyncMode(StrEnum):
    """`take_up` notes what is there; `reconcile` also ends what is there no more, until both sides are equal."""

    TAKE_UP = "take_up"
    RECONCILE = "reconcile"


class SyncState(StrEnum):
    """planning (nothing is cut into parts yet) -> running -> done, or failed with the reason."""

    PLANNING = "planning"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class FindingKind(StrEnum):
    """What a run changed on our side, or could not read."""

    ADDED = "added"
    LOST = "lost"
    EDITED = "edited"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncFinding:
    """One example of what a run found; `subject` and `other` are masked already. `code` names the reason of a refusal."""

    kind: FindingKind
    subject: str
    other: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncTaken:
    """What taking up one page changed. `seen` is for the room's own comparison later, kept until the run ends."""

    checked: int = 0
    added: int = 0
    lost: int = 0
    edited: int = 0
    findings: tuple[SyncFinding, ...] = ()
    seen: bytes = b""

    @property
    def refused(self) -> int:
        """How many could not be read or taken up."""
        return sum(finding.kind is FindingKind.REFUSED for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncShard:
    """A part of a run in the hands of one walker. `cursor` is where reading goes on, `settled` where comparing goes on;
    `generation` is the walker's right to store: whoever takes the part over has the next one.
    """

    id: int
    run_id: int
    mode: SyncMode
    started_at: datetime
    subjects: tuple[str, ...]
    cursor: str
    is_read: bool
    settled: str
    pages: int
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStep:
    """One step of a walker, whose calls are done: `apply` stores its effect, and where the shard goes on is stored with it.

    `reached`: how many of the shard's subjects are behind us; `calls`: how many calls the step took; `is_page`: whether it read
    one, rather than compared.
    """

    apply: Callable[[], SyncTaken]
    cursor: str = ""
    settled: str = ""
    is_read: bool = False
    is_done: bool = False
    is_page: bool = True
    reached: int = 0
    calls: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """One page of the friends of several staff: a Contact per friendship, each with exactly one follower."""

    contacts: tuple[Contact, ...]
    next_cursor: str
    reached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRunView:
    """A run as it is shown. `share` is how much of it is done (0..1); `pages_estimated` follows from it and may change."""

    id: int
    kind: SyncKind
    mode: SyncMode
    state: SyncState
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    share: float
    pages: int
    pages_estimated: int
    calls: int
    checked: int
    added: int
    lost: int
    edited: int
    refused: int
    seconds: float
    error: str
    following: tuple[SyncKind, ...] = ()
    findings: tuple[SyncFinding, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.state in {SyncState.PLANNING, SyncState.RUNNING}

    @property
    def healed(self) -> int:
        """How many differences to WeCom were mended."""
        return self.added + self.lost + self.edited

    @property
    def calls_per_second(self) -> float:
        """How fast it asks WeCom."""
        return self.calls / self.seconds if self.seconds else 0.0
