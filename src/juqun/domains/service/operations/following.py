"""What happens elsewhere changes what is open: news of WeCom, keepers who leave, members who turn out to be one."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import queries as org
from juqun.domains.service.models import OPEN, OPEN_HANDOVERS, Handover, HandoverItem
from juqun.domains.service.operations import keepers, settling
from juqun.domains.service.types import (
    MOVABLE_STATES,
    HandoverReason,
    HandoverState,
    ItemKind,
    ItemNote,
    ItemState,
    Why,
)
from juqun.kernel import clock
from juqun.kernel.scope import DataScope

OF_LEAVER = (*MOVABLE_STATES, ItemState.REFUSED, ItemState.UNREACHABLE)
FOLLOWED = (HandoverState.PROPOSED, HandoverState.RUNNING, HandoverState.DONE)
CUSTOMER_REFUSED = "customer_refused"


def follow_friend(*, member_id: int, staff_id: int) -> int:
    """A member and a member of staff became friends: by the transfer that was waited for, or the customer came; how many settled."""
    kept = members.resolve_member_ids(member_ids=[member_id])[member_id]
    items = HandoverItem.unscoped.filter(
        member_id=kept, kind=ItemKind.CUSTOMER, handover__state__in=FOLLOWED
    ).select_related("giver")
    settled, touched = 0, set[int]()
    for item in items.exclude(state=ItemState.DONE).exclude(giver_id=staff_id):
        if item.state in settling.ASKED and item.keeper_id == staff_id:
            done = settling.finish(item, at=clock.now(), from_states=settling.ASKED)
        elif item.state in OF_LEAVER and not item.giver.is_active:
            item.keeper_id = staff_id
            done = settling.finish(item, at=clock.now(), from_states=OF_LEAVER, why=Why.CAME, makes_friend=False)
        else:
            continue
        settled += done
        touched.add(item.handover_id)
    for handover_id in touched:
        settling.close_if_done(handover_id=handover_id)
    return settled


def follow_friends(*, friends: Sequence[tuple[int, int]]) -> int:
    """As `follow_friend` for many (member id, staff id) at once, of whom hardly any wait; how many settled."""
    open_items = HandoverItem.unscoped.filter(member_id__in=[member_id for member_id, _staff_id in friends])
    waiting = set(open_items.exclude(state=ItemState.DONE).values_list("member_id", flat=True))
    return sum(follow_friend(member_id=one, staff_id=staff_id) for one, staff_id in friends if one in waiting)


def follow_refusal(*, taker_userid: str, external_userid: str, reason: str) -> bool:
    """WeCom told that a customer was not taken over; False when nobody waited for it."""
    taker = org.get_staff_by_userid(userid=taker_userid)
    member_id = members.find_member_id(kind=IdentityKind.EXTERNAL_USERID, value=external_userid)
    if taker is None or member_id is None:
        return False
    asked = HandoverItem.unscoped.filter(keeper_id=taker.id, member_id=member_id, state__in=settling.ASKED)
    item = asked.select_related("giver").order_by("pk").first()
    if item is None:
        return False
    if reason == CUSTOMER_REFUSED:
        settling.end_without_friend(item, ItemState.REFUSED, ItemNote.CUSTOMER_REFUSED, from_states=settling.ASKED)
    else:
        keepers.remember_fault(staff_id=taker.id, errcode=keepers.FULL_ERRCODE)
        settling.try_next(item, from_states=settling.ASKED)
    settling.close_if_done(handover_id=item.handover_id)
    return True


def replace_keeper(*, staff_id: int) -> int:
    """A keeper left before they took over: the next candidate of each hand-over shall; how many items."""
    waiting = HandoverItem.unscoped.filter(keeper_id=staff_id, state__in=MOVABLE_STATES)
    items = list(waiting.select_related("giver").order_by("pk"))
    for item in items:
        settling.try_next(item, from_states=MOVABLE_STATES)
    return len(items)


def keep_returned(*, staff_id: int) -> int:
    """Somebody who had left is back: what WeCom was not asked for yet stays with them; how many hand-overs are called off or cut short.

    One that nobody decided over is cancelled, before a policy approves it; of a running one the rest is dropped.
    """
    if not org.get_staff(scope=DataScope.whole_chain(), staff_id=staff_id).is_active:
        return 0
    with transaction.atomic():
        leaving = Handover.unscoped.select_for_update().filter(giver_id=staff_id, reason=HandoverReason.LEFT)
        open_ones = list(leaving.filter(state__in=OPEN_HANDOVERS).order_by("pk"))
        for handover in open_ones:
            items = HandoverItem.unscoped.filter(handover=handover)
            if handover.state != HandoverState.RUNNING:
                items.delete()
                handover.state, handover.finished_at = HandoverState.CANCELLED, clock.now()
                handover.save(update_fields=["state", "finished_at"])
            else:
                _drop(items.filter(state__in=MOVABLE_STATES))
                settling.close_if_done(handover_id=handover.pk)
    return len(open_ones)


def follow_merge(*, keep_id: int, absorb_id: int) -> int:
    """The customer turned out to be another member; items of friendships follow, a second one without friendship goes."""
    with transaction.atomic():
        own = HandoverItem.unscoped.filter(member_id=keep_id, link__isnull=True)
        theirs = HandoverItem.unscoped.filter(member_id=absorb_id, link__isnull=True)
        _drop(theirs.filter(handover_id__in=own.values_list("handover_id", flat=True)))
        # in another hand-over of the same giver: a member without a friendship is open once
        _drop(theirs.filter(OPEN, giver_id__in=own.filter(OPEN).values_list("giver_id", flat=True)))
        return HandoverItem.unscoped.filter(member_id=absorb_id).update(member_id=keep_id)


def _drop(items: QuerySet[HandoverItem]) -> int:
    """Delete items, and end the hand-overs of which nothing is open then."""
    found = list(items.values_list("pk", "handover_id"))
    HandoverItem.unscoped.filter(pk__in=[pk for pk, _handover_id in found]).delete()
    for handover_id in sorted({handover_id for _pk, handover_id in found}):
        settling.close_if_done(handover_id=handover_id)
    return len(found)


def follow_split(*, keep_id: int, absorb_id: int) -> int:
    """A merge was undone: items follow their friendships."""
    items = HandoverItem.unscoped.filter(member_id__in=[keep_id, absorb_id], link__isnull=False)
    owner = HandoverItem.unscoped.filter(pk=OuterRef("pk")).values("link__member_id")[:1]
    return items.exclude(link__member_id=F("member_id")).update(member_id=Subquery(owner))


def forget_member(*, member_id: int) -> int:
    """An erased member needs no keeper, and nothing of them is kept here."""
    with transaction.atomic():
        return _drop(HandoverItem.unscoped.filter(member_id=member_id))
