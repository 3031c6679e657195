"""Values that cross the border of the service room."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HandoverReason(StrEnum):
    """Why somebody gives their customers away."""

    LEFT = "left"
    MOVED = "moved"
    ON_REQUEST = "on_request"


class HandoverState(StrEnum):
    """``collecting`` looks for keepers, ``proposed`` waits for a person, ``running`` asks WeCom, the others are over."""

    COLLECTING = "collecting"
    PROPOSED = "proposed"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class ItemKind(StrEnum):
    """What is handed over: a customer, or the ownership of a group."""

    CUSTOMER = "customer"
    GROUP = "group"


class ItemState(StrEnum):
    """Where one customer or group stands.

    ``planned`` has not been asked for, ``requested`` was asked for and the answer is open, ``waiting`` is taken over in 24 hours
    unless the customer refuses, ``done`` has its keeper. ``taker_full`` found no keeper with room, ``blocked`` is tried again on
    its day. ``refused`` and ``unreachable`` have nobody on WeCom: only the customer can come back.
    """

    PLANNED = "planned"
    REQUESTED = "requested"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    TAKER_FULL = "taker_full"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"


OPEN_STATES = (
    ItemState.PLANNED,
    ItemState.REQUESTED,
    ItemState.WAITING,
    ItemState.TAKER_FULL,
    ItemState.BLOCKED,
)
MOVABLE_STATES = (ItemState.PLANNED, ItemState.TAKER_FULL, ItemState.BLOCKED)
"""What may still get another keeper."""


class Why(StrEnum):
    """Why this keeper: is a friend of the customer already, works at the same store, is next up the tree, was chosen by a
    person, follows on one who could not take them, or the customer came by themselves; ``nobody`` is none.
    """

    RELATION = "relation"
    SAME_STORE = "same_store"
    UPWARDS = "upwards"
    CHOSEN = "chosen"
    NEXT = "next"
    CAME = "came"
    NOBODY = "nobody"


class ItemNote(StrEnum):
    """What stands between an item and its keeper."""

    NONE = ""
    NOBODY_NEAR = "nobody_near"
    ALL_FULL = "all_full"
    QUOTA = "quota"
    DAILY_GROUPS = "daily_groups"
    GIVER_PRESENT = "giver_present"
    NOT_A_CONTACT = "not_a_contact"
    CUSTOMER_REFUSED = "customer_refused"
    WECOM_REFUSED = "wecom_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverView:
    """A hand-over with its progress. ``counts`` by item state; ``total`` items, ``done`` of them have their keeper."""

    id: int
    giver_id: int
    giver_name: str
    node_id: int
    node_name: str
    reason: HandoverReason
    state: HandoverState
    message: str
    created_by: str
    created_at: datetime
    approved_by: str
    approved_at: datetime | None
    auto_approve_at: datetime | None
    finished_at: datetime | None
    counts: dict[ItemState, int]
    customers: int
    groups: int

    @property
    def total(self) -> int:
        """All customers and groups."""
        return self.customers + self.groups

    @property
    def done(self) -> int:
        """Those that have their keeper."""
        return self.counts.get(ItemState.DONE, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverItemView:
    """One customer or group of a hand-over as people see it."""

    id: int
    kind: ItemKind
    member_id: int | None
    group_id: int | None
    name: str
    proposed_id: int | None
    keeper_id: int | None
    keeper_name: str
    why: Why
    state: ItemState
    note: ItemNote
    detail: str
    deadline_at: datetime | None
    next_try_at: datetime | None
    taken_over_at: datetime | None
    win_back_code_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperShare:
    """What one keeper gets out of a hand-over; ``load`` counts the customers that they have on WeCom now."""

    keeper_id: int | None
    keeper_name: str
    node_name: str
    customers: int
    groups: int
    done: int
    load: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverProgress:
    """All hand-overs of a scope together. ``keeperless`` have waited longer than the policy allows."""

    open_handovers: int
    to_decide: int
    items: int
    done: int
    refused: int
    unreachable: int
    keeperless: int
