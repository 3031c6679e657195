"""A sender left the company: what they have not sent goes to another friend of the customer, or ends with that reason."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from juqun.domains.campaigns import rules
from juqun.domains.campaigns.models import Message, MessageBatch
from juqun.domains.campaigns.outbox import outcomes
from juqun.domains.campaigns.types import BatchState, MessageState, SkipReason
from juqun.domains.members import queries as member_queries
from juqun.domains.members.types import FriendView
from juqun.kernel import clock, ids

OPEN_IN_WAITING = (MessageState.PLANNED, MessageState.QUEUED)


def replan(*, staff_id: int) -> int:
    """Take the tasks of somebody who left that WeCom does not know yet apart; returns how many messages found a new sender.

    A task whose call has gone out is not touched: its outcome is found first (`sending.reconcile`).
    """
    moved = 0
    waiting = MessageBatch.unscoped.filter(staff_id=staff_id, state=BatchState.WAITING)
    for batch_id in list(waiting.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            batch = MessageBatch.unscoped.select_for_update().get(pk=batch_id)
            if batch.state == BatchState.WAITING:
                moved += _take_apart(batch)
    return moved


def list_created_batches(*, staff_id: int) -> list[int]:
    """The tasks at WeCom that somebody who left can never confirm."""
    mine = MessageBatch.unscoped.filter(staff_id=staff_id, state=BatchState.CREATED, confirmed_at=None)
    return list(mine.order_by("pk").values_list("pk", flat=True))


def list_orphaned_batches() -> list[int]:
    """The unconfirmed tasks at WeCom of everybody who has left."""
    orphaned = MessageBatch.unscoped.filter(staff__is_active=False, state=BatchState.CREATED, confirmed_at=None)
    return list(orphaned.order_by("pk").values_list("pk", flat=True))


def _take_apart(batch: MessageBatch) -> int:
    messages = list(Message.unscoped.filter(batch=batch, state__in=OPEN_IN_WAITING).order_by("member_id"))
    heirs: dict[int, FriendView] = {}
    for chunk in rules.chunks([message.member_id for message in messages], rules.ID_CHUNK):
        for link in member_queries.list_friend_links(member_ids=chunk):
            if link.staff_id != batch.staff_id:
                heirs.setdefault(link.member_id, link)
    outcomes.end(
        [message for message in messages if message.member_id not in heirs],
        state=MessageState.SKIPPED,
        reason=SkipReason.SENDER_LEFT,
        at=clock.now(),
    )
    by_heir: dict[int, list[Message]] = {}
    for message in messages:
        if message.member_id in heirs:
            by_heir.setdefault(heirs[message.member_id].staff_id, []).append(message)
    for staff_id, going in sorted(by_heir.items()):
        _move(batch, staff_id, heirs[going[0].member_id].userid, going)
    batch.state = BatchState.CANCELLED
    batch.save(update_fields=["state"])
    return sum(len(going) for going in by_heir.values())


def _move(batch: MessageBatch, staff_id: int, userid: str, messages: Sequence[Message]) -> None:
    """One more task of the new sender, after those that they have."""
    same = {"campaign_id": batch.campaign_id, "step": batch.step, "rotation": batch.rotation, "staff_id": staff_id}
    last = MessageBatch.unscoped.filter(**same).aggregate(last=Max("chunk_no"))["last"]
    fresh = MessageBatch.unscoped.create(
        **same,
        userid=userid,
        chunk_no=0 if last is None else last + 1,
        token=ids.short_code(16),
        size=len(messages),
        not_before=batch.not_before,
    )
    for chunk in rules.chunks([message.pk for message in messages], rules.ID_CHUNK):
        Message.unscoped.filter(pk__in=chunk).update(batch=fresh, staff_id=staff_id)
