"""A person (or a policy, after its hours) decides over the proposals."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from juqun.domains.service.errors import HandoverNotFoundError, HandoverStateError
from juqun.domains.service.events import HandoverApproved
from juqun.domains.service.models import Handover, HandoverItem
from juqun.domains.service.operations import keepers
from juqun.domains.service.types import MOVABLE_STATES, HandoverState, ItemNote, ItemState, Why
from juqun.kernel import clock, events

BY_POLICY = "policy"
CHANGEABLE = (HandoverState.PROPOSED, HandoverState.RUNNING)


def change_keeper(
    *,
    handover_id: int,
    to_staff_id: int,
    item_ids: Sequence[int] | None = None,
    from_keeper_id: int | None = None,
    only_keeperless: bool = False,
) -> int:
    """Give items another keeper: the named ones, all of one keeper, all without one, or (nothing given) all; how many changed.

    What WeCom was asked for already stays. While the hand-over runs, the change is carried out at once. Raises
    HandoverNotFoundError, HandoverStateError, KeeperUnfitError and StaffNotFoundError of org.
    """
    with transaction.atomic():
        handover = _lock(handover_id)
        if handover.state not in CHANGEABLE:
            raise HandoverStateError(handover_id=handover_id, state=handover.state)
        keeper = keepers.check_keeper(staff_id=to_staff_id, giver_id=handover.giver_id)
        items = HandoverItem.unscoped.filter(handover=handover, state__in=MOVABLE_STATES)
        if item_ids is not None:
            items = items.filter(pk__in=list(item_ids))
        if from_keeper_id is not None:
            items = items.filter(keeper_id=from_keeper_id)
        if only_keeperless:
            items = items.filter(keeper__isnull=True)
        changed = items.update(
            keeper_id=keeper.id,
            why=Why.CHOSEN,
            state=ItemState.PLANNED,
            note=ItemNote.NONE,
            detail="",
            next_try_at=None,
            attempts=0,
        )
        if changed and handover.state == HandoverState.RUNNING:
            events.publish(HandoverApproved(handover_id=handover_id))
    return changed


def approve(*, handover_id: int, actor: str) -> None:
    """Let the proposals hold; the transfers are asked for by a job. Raises HandoverNotFoundError and HandoverStateError."""
    with transaction.atomic():
        handover = _lock(handover_id)
        if handover.state != HandoverState.PROPOSED:
            raise HandoverStateError(handover_id=handover_id, state=handover.state)
        handover.state, handover.approved_by, handover.approved_at = HandoverState.RUNNING, actor, clock.now()
        handover.save(update_fields=["state", "approved_by", "approved_at"])
        events.publish(HandoverApproved(handover_id=handover_id))


def approve_due(*, at: datetime) -> int:
    """Approve what nobody decided over within the hours that the policy gives; how many."""
    due = Handover.unscoped.filter(state=HandoverState.PROPOSED, auto_approve_at__lte=at)
    ids = list(due.order_by("pk").values_list("pk", flat=True))
    for handover_id in ids:
        approve(handover_id=handover_id, actor=BY_POLICY)
    return len(ids)


def cancel(*, handover_id: int) -> None:
    """Withdraw a hand-over of somebody who stays, before it was approved. Raises HandoverNotFoundError, HandoverStateError."""
    with transaction.atomic():
        handover = _lock(handover_id)
        if handover.state != HandoverState.PROPOSED or not handover.giver.is_active:
            raise HandoverStateError(handover_id=handover_id, state=handover.state)
        handover.state, handover.finished_at = HandoverState.CANCELLED, clock.now()
        handover.save(update_fields=["state", "finished_at"])
        HandoverItem.unscoped.filter(handover=handover).delete()


def _lock(handover_id: int) -> Handover:
    handover = Handover.unscoped.select_for_update().filter(pk=handover_id).first()
    if handover is None:
        raise HandoverNotFoundError(handover_id=handover_id)
    return handover
