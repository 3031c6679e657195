"""Pure decisions about hand-overs: who is proposed as keeper, who comes next, and when something is tried again."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from juqun.domains.service.types import ItemNote, Why

PER_CALL = 100  # WeCom: customers and groups of one request
GROUPS_PER_DAY = 300  # WeCom: groups that one person takes over on one day
TAKE_OVER = timedelta(hours=24)  # WeCom: a customer who does not refuse is taken over then
QUOTA_TIMES = 2  # WeCom: hand-overs of one customer ...
QUOTA_WINDOW = timedelta(days=90)  # ... within this time
UNKNOWN_QUOTA_RETRY = timedelta(days=30)  # when the earlier hand-overs were not ours, the day is not known
REFUSED_RETRY = timedelta(days=1)
GIVER_PRESENT_RETRY = timedelta(hours=1)  # WeCom lags behind its own news of a leaver
LOOK_AGAIN = timedelta(hours=1)
MESSAGE_CHARACTERS = 200  # WeCom's bound
MOST_TRIES = 8  # requests that WeCom does not know of afterwards; then a person has to look

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may become a keeper. ``tiers``: how far up the tree from the giver's node (0: the same node)."""

    staff_id: int
    tiers: int
    load: int
    has_same_role: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is to be handed over; ``others`` are staff who are friends of the customer already, latest first."""

    key: int
    others: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A keeper and why, or none and the reason."""

    keeper_id: int | None
    why: Why
    note: ItemNote = ItemNote.NONE


def propose(*, given: Sequence[Given], candidates: Sequence[Candidate], cap: int) -> dict[int, Proposal]:
    """Find a keeper for each, or say why there is none.

    Whoever is a friend of the customer already comes first (nothing has to be transferred, so it is no new load), the nearest
    of them. Else the least loaded candidate of the nearest tier that has room below ``cap``, with the giver's own role first
    among equals. Deterministic: the same input gives the same proposals.
    """
    near = {one.staff_id: one.tiers for one in candidates}
    far = 1 + max(near.values(), default=0)
    found: dict[int, Proposal] = {}
    homeless: list[Given] = []
    for one in given:
        friend = min(one.others, key=lambda staff_id: near.get(staff_id, far), default=None)
        if friend is None:
            homeless.append(one)
        else:
            found[one.key] = Proposal(keeper_id=friend, why=Why.RELATION)
    places = _places(candidates, cap)
    note = ItemNote.ALL_FULL if candidates else ItemNote.NOBODY_NEAR
    nobody = Proposal(keeper_id=None, why=Why.NOBODY, note=note)
    for one in homeless:
        found[one.key] = next(places, nobody)
    return found


def _places(candidates: Sequence[Candidate], cap: int) -> Iterator[Proposal]:
    """Places in the order in which they are given away."""
    for tiers in sorted({one.tiers for one in candidates}):
        heap = [(one.load, not one.has_same_role, one.staff_id) for one in candidates if one.tiers == tiers]
        heapq.heapify(heap)
        why = Why.UPWARDS if tiers else Why.SAME_STORE
        while heap and heap[0][0] < cap:
            load, is_other_role, staff_id = heap[0]
            heapq.heapreplace(heap, (load + 1, is_other_role, staff_id))
            yield Proposal(keeper_id=staff_id, why=why)


def next_keeper(*, candidates: Sequence[Candidate], cap: int, tried: Sequence[int]) -> int | None:
    """The nearest, least loaded candidate with room who was not tried yet; None when there is none."""
    free = [one for one in candidates if one.load < cap and one.staff_id not in tried]
    best = min(free, key=lambda one: (one.tiers, one.load, not one.has_same_role, one.staff_id), default=None)
    return None if best is None else best.staff_id


def quota_retry_at(*, taken_over: Sequence[datetime], now: datetime) -> datetime:
    """When WeCom will allow another hand-over of a customer: 90 days after the last but one of ours, else in 30 days."""
    recent = sorted(at for at in taken_over if at > now - QUOTA_WINDOW)
    if len(recent) < QUOTA_TIMES:
        return now + UNKNOWN_QUOTA_RETRY
    return recent[-QUOTA_TIMES] + QUOTA_WINDOW


def is_message_possible(text: str) -> bool:
    """Whether WeCom would take a text for the customers."""
    return len(text) <= MESSAGE_CHARACTERS


def loads_with_plans(loads: Mapping[int, int], planned: Mapping[int, int]) -> dict[int, int]:
    """What each has, and what they are going to have by hand-overs that are not done."""
    return {staff_id: load + planned.get(staff_id, 0) for staff_id, load in loads.items()}


def chunks(values: Sequence[Value], size: int) -> Iterator[Sequence[Value]]:
    """Consecutive parts."""
    return (values[start : start + size] for start in range(0, len(values), size))
