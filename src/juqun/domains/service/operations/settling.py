"""What an answer of WeCom means for an item. Every move compares the state that it starts from, so that of two only one moves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from juqun.channels.wecom.types import TransferOutcome, TransferProgress, TransferStart, TransferStatus
from juqun.domains.groups import operations as groups
from juqun.domains.members import operations as members
from juqun.domains.members.errors import MemberErasedError, MemberNotFoundError
from juqun.domains.service import rules
from juqun.domains.service.events import CustomersRefused, HandoverFinished
from juqun.domains.service.models import OPEN, Handover, HandoverItem
from juqun.domains.service.operations import keepers
from juqun.domains.service.types import HandoverState, ItemKind, ItemNote, ItemState, Why
from juqun.kernel import clock, events

ASKED = (ItemState.REQUESTED, ItemState.WAITING)


def mine(item: HandoverItem, *states: ItemState) -> QuerySet[HandoverItem]:
    """The row of an item as this worker knows it: same claim, and in one of the states."""
    return HandoverItem.unscoped.filter(pk=item.pk, claim_id=item.claim_id, state__in=states)


def settle_start(item: HandoverItem, outcome: TransferOutcome) -> None:
    """Store what WeCom answered to the request for one item."""
    now, start = clock.now(), outcome.start
    if start in {TransferStart.STARTED, TransferStart.RUNNING}:
        if item.kind == ItemKind.GROUP:
            finish(item, at=now, from_states=(ItemState.REQUESTED,))
        else:
            changes = {"state": ItemState.WAITING, "deadline_at": now + rules.TAKE_OVER, "note": "", "detail": ""}
            mine(item, ItemState.REQUESTED).update(**changes)
    elif start in {TransferStart.TAKER_FULL, TransferStart.TAKER_UNFIT}:
        keepers.remember_fault(staff_id=item.taker_id, errcode=outcome.errcode)
        try_next(item, from_states=(ItemState.REQUESTED,))
    elif start is TransferStart.QUOTA:
        block(item, note=ItemNote.QUOTA, until=_quota_retry(item, now), detail=_words(outcome))
    elif start is TransferStart.GIVER_PRESENT:
        until = now + rules.GIVER_PRESENT_RETRY
        block(item, note=ItemNote.GIVER_PRESENT, until=until, detail=_words(outcome))
    elif start is TransferStart.NOT_A_CONTACT:
        end_without_friend(item, ItemState.UNREACHABLE, ItemNote.NOT_A_CONTACT, from_states=(ItemState.REQUESTED,))
    else:
        block(item, note=ItemNote.WECOM_REFUSED, until=now + rules.REFUSED_RETRY, detail=_words(outcome))


def settle_progress(item: HandoverItem, progress: TransferProgress | None) -> None:
    """Store where WeCom says a transfer stands; None: it knows of none."""
    status = TransferStatus.NONE if progress is None else progress.status
    at = clock.now() if progress is None or progress.taken_over_at is None else progress.taken_over_at
    if status is TransferStatus.DONE:
        finish(item, at=min(at, clock.now()), from_states=ASKED)
    elif status is TransferStatus.WAITING:
        later = max(at, clock.now() + rules.LOOK_AGAIN)
        mine(item, *ASKED).update(state=ItemState.WAITING, deadline_at=later)
    elif status is TransferStatus.REFUSED:
        end_without_friend(item, ItemState.REFUSED, ItemNote.CUSTOMER_REFUSED, from_states=ASKED)
    elif status is TransferStatus.TAKER_FULL:
        keepers.remember_fault(staff_id=item.taker_id, errcode=keepers.FULL_ERRCODE)
        try_next(item, from_states=ASKED)
    elif item.attempts >= rules.MOST_TRIES:
        until = clock.now() + rules.REFUSED_RETRY
        changes = {"state": ItemState.BLOCKED, "note": ItemNote.WECOM_REFUSED, "next_try_at": until, "attempts": 0}
        mine(item, *ASKED).update(**changes)
    else:
        mine(item, *ASKED).update(state=ItemState.PLANNED, deadline_at=None)


def finish(
    item: HandoverItem,
    *,
    at: datetime,
    from_states: Sequence[ItemState],
    why: Why | None = None,
    makes_friend: bool = True,
) -> bool:
    """The item has its keeper: mark it and tell the rooms below, in one transaction; False when another worker did."""
    with transaction.atomic():
        changes: dict[str, Any] = {
            "state": ItemState.DONE,
            "taken_over_at": at,
            "note": "",
            "detail": "",
            "next_try_at": None,
        }
        if why is not None:
            changes["why"] = why
        changes["keeper_id"] = item.keeper_id
        if not mine(item, *from_states).update(**changes):
            return False
        if item.kind == ItemKind.GROUP:
            groups.hand_over_group(group_id=item.chat_group_id, to_staff_id=item.taker_id)
        else:
            _give(item, at=at, makes_friend=makes_friend)
    return True


def end_without_friend(
    item: HandoverItem, state: ItemState, note: ItemNote, *, from_states: Sequence[ItemState]
) -> bool:
    """Nobody of the staff is the customer's friend by this; the keeper becomes the guide if the giver is gone."""
    with transaction.atomic():
        if not mine(item, *from_states).update(state=state, note=note, next_try_at=None):
            return False
        if item.kind == ItemKind.CUSTOMER and not item.giver.is_active:
            _give(item, at=clock.now(), makes_friend=False)
            if state == ItemState.REFUSED:
                events.publish(CustomersRefused(handover_id=item.handover_id))
    return True


def _give(item: HandoverItem, *, at: datetime, makes_friend: bool) -> None:
    """The members room notes the new keeper. A friendship ends with WeCom's transfer, or with a giver who is gone."""
    ends = makes_friend or not item.giver.is_active
    try:
        members.hand_over(
            member_id=item.customer_id,
            from_staff_id=item.giver_id,
            to_staff_id=item.taker_id,
            at=at,
            link_id=item.link_id if ends else None,
            makes_friend=makes_friend,
        )
    except (MemberErasedError, MemberNotFoundError):
        return  # whoever was erased needs no keeper; the item goes with them


def try_next(item: HandoverItem, *, from_states: Sequence[ItemState]) -> None:
    """The keeper cannot take it: the next candidate shall, or the item says that all are full."""
    handover = Handover.unscoped.get(pk=item.handover_id)
    kind = ItemKind(item.kind)
    tried = [*item.tried, *([item.keeper_id] if item.keeper_id else [])]
    heir = rules.next_keeper(
        candidates=keepers.candidates_now(handover, kind=kind, at=clock.now()),
        cap=keepers.cap_of(handover, kind),
        tried=tried,
    )
    changes: dict[str, Any] = {
        "tried": list(dict.fromkeys(tried)),
        "keeper_id": heir,
        "attempts": 0,
        "deadline_at": None,
    }
    if heir is None:
        changes |= {"state": ItemState.TAKER_FULL, "why": Why.NOBODY, "note": ItemNote.ALL_FULL}
    else:
        changes |= {"state": ItemState.PLANNED, "why": Why.NEXT, "note": ""}
    mine(item, *from_states).filter(keeper_id=item.keeper_id).update(
        **changes
    )  # unless a person chose another meanwhile


def block(item: HandoverItem, *, note: ItemNote, until: datetime, detail: str = "") -> None:
    """The item is tried again at `until`."""
    changes = {"state": ItemState.BLOCKED, "note": note, "next_try_at": until, "detail": detail[:220]}
    mine(item, ItemState.REQUESTED).update(**changes)


def _quota_retry(item: HandoverItem, now: datetime) -> datetime:
    same = {"member_id": item.member_id} if item.kind == ItemKind.CUSTOMER else {"group_id": item.group_id}
    done = HandoverItem.unscoped.filter(**same, state=ItemState.DONE, requested_at__isnull=False)
    times = [at for at in done.values_list("taken_over_at", flat=True) if at is not None]
    return rules.quota_retry_at(taken_over=times, now=now)


def _words(outcome: TransferOutcome) -> str:
    return f"{outcome.errcode} {outcome.detail}".strip()


def close_if_done(*, handover_id: int) -> bool:
    """End a hand-over of which nothing is open any more."""
    with transaction.atomic():
        handover = Handover.unscoped.select_for_update().filter(pk=handover_id, state=HandoverState.RUNNING).first()
        if handover is None or HandoverItem.unscoped.filter(OPEN, handover=handover).exists():
            return False
        handover.state, handover.finished_at = HandoverState.DONE, clock.now()
        handover.save(update_fields=["state", "finished_at"])
        events.publish(HandoverFinished(handover_id=handover_id))
    return True
