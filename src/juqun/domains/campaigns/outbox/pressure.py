"""The ledger of contact pressure: places per member, day and month, taken set by set and given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from juqun.domains.campaigns import rules
from juqun.domains.campaigns.errors import PressureBusyError
from juqun.domains.campaigns.models import PressureEntry
from juqun.domains.campaigns.rules import Candidate, Slots
from juqun.domains.campaigns.types import SkipReason

MAX_ROUNDS = 50  # each lost round means that another plan took a place; far above any sensible cap


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What the places are taken for."""

    campaign_id: int
    day: date
    step: int = 1
    rotation: int = 1


def reserve(*, purpose: Purpose, candidates: Sequence[Candidate]) -> dict[int, SkipReason]:
    """Take one place for each candidate; returns the refused ones with the cap that is full.

    Runs inside the planning transaction. Candidates must come in ascending order of member id: every plan then inserts
    in the same order, so two of them wait for each other but never in a circle. A place that another plan took between
    our look and our insert is skipped by the unique key, and the next free one is tried. Raises PressureBusyError.
    """
    refused: dict[int, SkipReason] = {}
    for start in range(0, len(candidates), rules.ID_CHUNK):
        pending = {candidate.member_id: candidate for candidate in candidates[start : start + rules.ID_CHUNK]}
        for _round in range(MAX_ROUNDS):
            _take_round(purpose, pending, refused)
            if not pending:
                break
        else:
            raise PressureBusyError
    return refused


def _take_round(purpose: Purpose, pending: dict[int, Candidate], refused: dict[int, SkipReason]) -> None:
    """One look, one insert, one look at what was got; `pending` keeps those whose place was snatched."""
    entries = []
    for member_id, choice in _choices(purpose, pending).items():
        if isinstance(choice, SkipReason):
            refused[member_id] = choice
            del pending[member_id]
            continue
        entries.append(
            PressureEntry(
                member_id=member_id,
                campaign_id=purpose.campaign_id,
                step=purpose.step,
                rotation=purpose.rotation,
                day=purpose.day,
                month=rules.month_key(purpose.day),
                day_slot=choice.day_slot,
                month_slot=choice.month_slot,
            )
        )
    PressureEntry.objects.bulk_create(entries, ignore_conflicts=True)
    got = PressureEntry.objects.filter(
        campaign_id=purpose.campaign_id,
        step=purpose.step,
        rotation=purpose.rotation,
        member_id__in=list(pending),
        released_at=None,
    ).values_list("member_id", flat=True)
    for member_id in got:
        del pending[member_id]


def _choices(purpose: Purpose, pending: dict[int, Candidate]) -> dict[int, Slots | SkipReason]:
    used_day: dict[int, set[int]] = {}
    used_month: dict[int, set[int]] = {}
    rows = PressureEntry.objects.filter(
        member_id__in=list(pending), month=rules.month_key(purpose.day), released_at=None
    ).values_list("member_id", "day", "day_slot", "month_slot")
    for member_id, day, day_slot, month_slot in rows:
        used_month.setdefault(member_id, set()).add(month_slot or 0)
        if day == purpose.day:
            used_day.setdefault(member_id, set()).add(day_slot or 0)
    nothing: frozenset[int] = frozenset()
    return {
        member_id: rules.choose_slots(
            used_day.get(member_id, nothing),
            used_month.get(member_id, nothing),
            candidate.cap_day,
            candidate.cap_month,
        )
        for member_id, candidate in pending.items()
    }


def capped_now(*, purpose: Purpose, candidates: Sequence[Candidate]) -> dict[int, SkipReason]:
    """Which candidates have no place left at this moment; takes nothing (for dry runs)."""
    refused: dict[int, SkipReason] = {}
    for start in range(0, len(candidates), rules.ID_CHUNK):
        pending = {candidate.member_id: candidate for candidate in candidates[start : start + rules.ID_CHUNK]}
        refused |= {
            member_id: choice
            for member_id, choice in _choices(purpose, pending).items()
            if isinstance(choice, SkipReason)
        }
    return refused


def drop(*, purpose: Purpose, member_ids: Sequence[int]) -> None:
    """Forget places that were taken in this same transaction for members who turned out to be held out."""
    for chunk in rules.chunks(member_ids, rules.ID_CHUNK):
        PressureEntry.objects.filter(
            campaign_id=purpose.campaign_id, step=purpose.step, rotation=purpose.rotation, member_id__in=chunk
        ).delete()


def give_back(*, campaign_id: int, member_ids: Sequence[int], at: datetime, step: int = 1, rotation: int = 1) -> None:
    """Free the places of messages that never reached their member; the entries stay as history without numbers."""
    for chunk in rules.chunks(member_ids, rules.ID_CHUNK):
        PressureEntry.objects.filter(
            campaign_id=campaign_id, step=step, rotation=rotation, member_id__in=chunk, released_at=None
        ).update(day_slot=None, month_slot=None, released_at=at)
