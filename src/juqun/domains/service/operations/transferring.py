"""Asking WeCom for the transfers, and finding out what became of those whose answer was lost.

An item is claimed by a committed change of state before the call goes out. Whoever finds a claimed item without an answer (a
lost answer, a killed process) does not ask again on suspicion: after a grace that is longer than any call may take, WeCom's own
list of transfers (for groups: their present owner) says whether the request arrived. Only what did not arrive is asked for again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import (
    WecomAnswerError,
    WecomBusyError,
    WecomCredentialError,
    WecomRefusedError,
    WecomUnknownOutcomeError,
)
from juqun.channels.wecom.types import TransferOutcome, TransferStart
from juqun.domains.groups import queries as groups
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.domains.org.types import StaffView
from juqun.domains.service import rules
from juqun.domains.service.models import Handover, HandoverItem
from juqun.domains.service.operations import settling
from juqun.domains.service.types import HandoverState, ItemKind, ItemNote, ItemState, Why
from juqun.kernel import clock, ids
from juqun.kernel.scope import DataScope

DEFAULT_GRACE_SECONDS = 180.0
SYSTEM_BUSY = -1  # WeCom says "busy" and not whether it did it
ID_CHUNK = 5_000


def grace() -> timedelta:
    """How long after a claim its call may still take effect; must exceed the channel's whole timeout."""
    return timedelta(seconds=float(getattr(settings, "JUQUN_SEND_GRACE_SECONDS", DEFAULT_GRACE_SECONDS)))


def is_due(at: datetime, wall: datetime) -> Q:
    """Which items of a running hand-over something can be done about now."""
    return (
        Q(state=ItemState.PLANNED, keeper__isnull=False)
        | Q(state=ItemState.BLOCKED, next_try_at__lte=at)
        | Q(state=ItemState.WAITING, deadline_at__lte=at)
        | Q(state=ItemState.REQUESTED, claimed_wall_at__lte=wall - grace())
    )


def work(*, handover_id: int) -> None:
    """Do whatever can be done about a running hand-over; safe beside itself, and after a kill at any point.

    Raises the WecomError tree when WeCom cannot be asked at the moment.
    """
    handover = Handover.unscoped.filter(pk=handover_id, state=HandoverState.RUNNING).first()
    if handover is None:
        return
    giver = org.get_staff(scope=DataScope.whole_chain(), staff_id=handover.giver_id)
    items = HandoverItem.unscoped.filter(handover=handover)
    items.filter(state=ItemState.BLOCKED, next_try_at__lte=clock.now()).update(state=ItemState.PLANNED)
    _settle_friends(handover)
    _ask_results(handover, giver)
    _ask_owners(handover)
    for kind in ItemKind:
        for keeper_id in _keepers_of(handover, kind):
            _request(handover, giver, keeper_id, kind)
    settling.close_if_done(handover_id=handover_id)


def _keepers_of(handover: Handover, kind: ItemKind) -> list[int]:
    planned = HandoverItem.unscoped.filter(handover=handover, kind=kind, state=ItemState.PLANNED)
    found = planned.filter(keeper__isnull=False).order_by("keeper_id").values_list("keeper_id", flat=True)
    return list(found.distinct())


def _settle_friends(handover: Handover) -> None:
    """Where keeper and customer are friends already, or giver and customer never were, nothing has to be transferred."""
    planned = HandoverItem.unscoped.filter(handover=handover, kind=ItemKind.CUSTOMER, state=ItemState.PLANNED)
    waiting = list(planned.filter(keeper__isnull=False).select_related("giver").order_by("pk"))
    friends: set[tuple[int, int]] = set()
    for part in rules.chunks([item.customer_id for item in waiting], ID_CHUNK):
        friends |= {(link.member_id, link.staff_id) for link in members.list_friend_links(member_ids=part)}
    for item in waiting:
        is_friend = (item.member_id, item.keeper_id) in friends
        if is_friend or item.link_id is None:
            why = Why.RELATION if is_friend else None
            settling.finish(item, at=clock.now(), from_states=(ItemState.PLANNED,), why=why, makes_friend=False)


def _request(handover: Handover, giver: StaffView, keeper_id: int, kind: ItemKind) -> None:
    """Ask for everything that one keeper shall get, a hundred at a time."""
    keeper = org.get_staff(scope=DataScope.whole_chain(), staff_id=keeper_id)
    while True:
        limit = (
            rules.PER_CALL
            if kind is ItemKind.CUSTOMER
            else min(rules.PER_CALL, _groups_left_today(handover, keeper_id))
        )
        claimed = _claim(handover, keeper_id, kind, limit) if limit else []
        if not claimed:
            return
        if not _call(handover, giver, keeper, kind, claimed):
            return


def _groups_left_today(handover: Handover, keeper_id: int) -> int:
    """How many more groups somebody may take today; what is over waits for tomorrow."""
    today = clock.start_of_day(clock.business_day(clock.now()))
    groups_of = HandoverItem.unscoped.filter(keeper_id=keeper_id, kind=ItemKind.GROUP)
    taken = groups_of.filter(requested_at__gte=today).count()
    left = max(0, rules.GROUPS_PER_DAY - taken)
    if not left:
        tomorrow = clock.start_of_day(clock.business_day(clock.now()) + timedelta(days=1))
        groups_of.filter(handover=handover, state=ItemState.PLANNED).update(
            state=ItemState.BLOCKED, note=ItemNote.DAILY_GROUPS, next_try_at=tomorrow
        )
    return left


def _claim(handover: Handover, keeper_id: int, kind: ItemKind, limit: int) -> list[HandoverItem]:
    """Take up to `limit` items for this worker; nobody else asks for them while they are claimed."""
    claim_id = ids.new_id()
    with transaction.atomic():
        planned = HandoverItem.unscoped.select_for_update(of=("self",)).filter(
            handover=handover, keeper_id=keeper_id, kind=kind, state=ItemState.PLANNED
        )
        claimed = list(planned.select_related("giver").order_by("pk")[:limit])
        for item in claimed:
            item.state, item.claim_id, item.attempts = ItemState.REQUESTED, claim_id, item.attempts + 1
            item.claimed_wall_at, item.requested_at = clock.wall(), clock.now()
        HandoverItem.unscoped.bulk_update(
            claimed, ["state", "claim_id", "attempts", "claimed_wall_at", "requested_at"], batch_size=rules.PER_CALL
        )
    return claimed


def _call(
    handover: Handover, giver: StaffView, keeper: StaffView, kind: ItemKind, claimed: Sequence[HandoverItem]
) -> bool:
    """Make the call and store its answers; False when the outcome is open and must be found out first."""
    keys = _keys(kind, claimed)
    gone = [item for item in claimed if item.pk not in keys]
    for item in gone:  # the friendship or the group went away meanwhile
        settling.settle_start(item, TransferOutcome(key="", start=TransferStart.NOT_A_CONTACT))
    asked = [item for item in claimed if item.pk in keys]
    if not asked:
        return True
    try:
        outcomes = _transfer(handover, giver, keeper, kind, [keys[item.pk] for item in asked])
    except (WecomUnknownOutcomeError, WecomAnswerError):
        return False
    except WecomBusyError as error:
        if error.errcode == SYSTEM_BUSY:
            return False
        _hand_back(asked)
        raise
    except WecomCredentialError:
        _hand_back(asked)
        raise
    except WecomRefusedError as refused:
        detail = f"{refused.errcode} {refused.detail}"
        outcomes = [TransferOutcome(key="", start=TransferStart.REFUSED, detail=detail) for _item in asked]
    for item, outcome in zip(asked, outcomes, strict=True):
        settling.settle_start(item, outcome)
    return True


def _transfer(
    handover: Handover, giver: StaffView, keeper: StaffView, kind: ItemKind, keys: Sequence[str]
) -> list[TransferOutcome]:
    has_left = not giver.is_active
    if kind is ItemKind.GROUP:
        return wecom.transfer_groups(to_userid=keeper.userid, chat_ids=keys, has_left=has_left)
    return wecom.transfer_customers(
        from_userid=giver.userid,
        to_userid=keeper.userid,
        external_userids=keys,
        has_left=has_left,
        message=handover.message,
    )


def _keys(kind: ItemKind, items: Sequence[HandoverItem]) -> dict[int, str]:
    """WeCom's id of the customer or group of each item that still has one."""
    if kind is ItemKind.GROUP:
        links = groups.list_group_links(group_ids=[item.chat_group_id for item in items])
        chats = {link.group_id: link.chat_id for link in links}
        return {item.pk: chats[item.chat_group_id] for item in items if item.chat_group_id in chats}
    found = members.link_external_userids(link_ids=[item.link_id for item in items if item.link_id is not None])
    return {item.pk: found[item.link_id] for item in items if item.link_id in found}


def _hand_back(items: Iterable[HandoverItem]) -> None:
    """The call is known not to have taken effect."""
    for item in items:
        settling.mine(item, ItemState.REQUESTED).update(state=ItemState.PLANNED)


def _open_questions(handover: Handover, kind: ItemKind) -> Iterator[tuple[int, list[HandoverItem]]]:
    """By keeper: the items whose outcome is to be read from WeCom now."""
    now, wall = clock.now(), clock.wall()
    due = Q(state=ItemState.WAITING, deadline_at__lte=now) | Q(
        state=ItemState.REQUESTED, claimed_wall_at__lte=wall - grace()
    )
    by_keeper: dict[int, list[HandoverItem]] = {}
    items = HandoverItem.unscoped.filter(due, handover=handover, kind=kind).select_related("giver").order_by("pk")
    for item in items:
        by_keeper.setdefault(item.taker_id, []).append(item)
    yield from by_keeper.items()


def _ask_results(handover: Handover, giver: StaffView) -> None:
    for keeper_id, items in _open_questions(handover, ItemKind.CUSTOMER):
        keeper = org.get_staff(scope=DataScope.whole_chain(), staff_id=keeper_id)
        try:
            results = wecom.iter_transfer_results(
                from_userid=giver.userid, to_userid=keeper.userid, has_left=not giver.is_active
            )
            found = {progress.external_userid: progress for progress in results}
        except WecomRefusedError:
            _ask_later(keeper, items)
            continue
        keys = _keys(ItemKind.CUSTOMER, items)
        for item in items:
            settling.settle_progress(item, found.get(keys.get(item.pk, "")))


def _ask_later(keeper: StaffView, items: Sequence[HandoverItem]) -> None:
    """WeCom tells nothing about this pair: of a keeper who left nothing can come, of another it is asked again."""
    for item in items:
        if not keeper.is_active:
            settling.try_next(item, from_states=settling.ASKED)
        else:
            settling.mine(item, ItemState.WAITING).update(deadline_at=clock.now() + rules.LOOK_AGAIN)
            settling.mine(item, ItemState.REQUESTED).update(claimed_wall_at=clock.wall())


def _ask_owners(handover: Handover) -> None:
    """For groups the present owner says whether a request whose answer was lost arrived."""
    for keeper_id, items in _open_questions(handover, ItemKind.GROUP):
        keeper = org.get_staff(scope=DataScope.whole_chain(), staff_id=keeper_id)
        keys = _keys(ItemKind.GROUP, items)
        for item in items:
            if item.pk in keys and _owner(keys[item.pk]) == keeper.userid:
                settling.finish(item, at=clock.now(), from_states=(ItemState.REQUESTED,))
            else:
                settling.mine(item, ItemState.REQUESTED).update(state=ItemState.PLANNED)


def _owner(chat_id: str) -> str:
    """Who owns a chat now; "" when WeCom does not show it: then the request is made again, and its answer says why."""
    try:
        return wecom.get_group_chat(chat_id=chat_id).owner
    except WecomRefusedError:
        return ""
