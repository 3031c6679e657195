"""What became of the tasks: results read from WeCom, reminders to staff, tasks taken back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.types import SendResult, SendStatus
from juqun.domains.campaigns import rules
from juqun.domains.campaigns.errors import ReminderNotDueError
from juqun.domains.campaigns.models import Campaign, Message, MessageBatch
from juqun.domains.campaigns.outbox import outcomes, sending
from juqun.domains.campaigns.types import BatchState, CampaignState, CancelReason, MessageState, RefusalReason
from juqun.domains.members import queries as member_queries
from juqun.domains.members.types import IdentityKind
from juqun.kernel import clock

_REFUSALS = {SendStatus.NOT_FRIEND: RefusalReason.NOT_FRIEND, SendStatus.CAPPED: RefusalReason.CAPPED}


def collect_batch(*, batch_id: int) -> bool:
    """Read what became of one task and end its messages accordingly; True when all of them have their end."""
    batch = MessageBatch.unscoped.filter(pk=batch_id, state=BatchState.CREATED).first()
    if batch is None:
        return True
    confirmed_at = _confirmed_at(batch)
    if confirmed_at is None:
        _look_again(batch)
        return False
    results = _results_by_member(batch)
    return _apply(batch_id, results, confirmed_at)


def take_back_batch(*, batch_id: int, reason: CancelReason) -> None:
    """Cancel the unsent part of a task at WeCom, keep what customers got, cancel the rest here; safe to repeat."""
    batch = MessageBatch.unscoped.filter(pk=batch_id, state=BatchState.CREATED).first()
    if batch is None:
        return
    sending.cancel_remote(batch.msgid)
    if collect_batch(batch_id=batch_id):
        return
    with transaction.atomic():
        locked = MessageBatch.unscoped.select_for_update().get(pk=batch_id)
        if locked.state != BatchState.CREATED:
            return
        rest = list(Message.unscoped.filter(batch_id=batch_id, state=MessageState.CREATED))
        outcomes.end(rest, state=MessageState.CANCELLED, reason=reason, at=clock.now())
        locked.state = BatchState.CANCELLED
        locked.save(update_fields=["state"])


def remind_batch(*, batch_id: int, at: datetime) -> None:
    """Nudge the sender of an unconfirmed task; at most three times in 24 hours, counted before the call.

    Raises ReminderNotDueError.
    """
    with transaction.atomic():
        batch = MessageBatch.unscoped.select_for_update().filter(pk=batch_id, state=BatchState.CREATED).first()
        times = [datetime.fromisoformat(text) for text in batch.reminded_at] if batch else []
        if batch is None or batch.confirmed_at is not None or not rules.may_remind(times, at):
            raise ReminderNotDueError(batch_id=batch_id)
        batch.reminded_at = [*batch.reminded_at, at.isoformat()][-rules.MAX_REMINDERS :]
        batch.reminder_count += 1
        batch.save(update_fields=["reminded_at", "reminder_count"])
    try:
        wecom.remind_message(msgid=batch.msgid)
    except WecomRefusedError:  # WeCom's own count of reminders is the one that holds; ours stays the stricter
        return


def _confirmed_at(batch: MessageBatch) -> datetime | None:
    for task in wecom.list_message_tasks(msgid=batch.msgid):
        if task.userid == batch.userid and task.is_sent:
            return task.sent_at or clock.now()
    return None


def _results_by_member(batch: MessageBatch) -> dict[int, SendResult]:
    results = {result.target: result for result in wecom.iter_send_results(msgid=batch.msgid, userid=batch.userid)}
    targets = list(results)
    by_member: dict[int, SendResult] = {}
    for start in range(0, len(targets), rules.ID_CHUNK):
        found = member_queries.find_member_ids(
            kind=IdentityKind.EXTERNAL_USERID, values=targets[start : start + rules.ID_CHUNK]
        )
        by_member |= {member_id: results[target] for target, member_id in found.items()}
    return by_member


def _apply(batch_id: int, results: Mapping[int, SendResult], confirmed_at: datetime) -> bool:
    at = clock.now()
    with transaction.atomic():
        batch = MessageBatch.unscoped.select_for_update().get(pk=batch_id)
        if batch.state != BatchState.CREATED:
            return True
        messages = list(Message.unscoped.filter(batch_id=batch_id, state=MessageState.CREATED))
        sent = [m for m in messages if m.member_id in results and results[m.member_id].status == SendStatus.SENT]
        outcomes.deliver(sent, [results[m.member_id].sent_at or confirmed_at for m in sent])
        still_open = 0
        refused: dict[RefusalReason, list[Message]] = {}
        for message in messages:
            status = results[message.member_id].status if message.member_id in results else None
            if status == SendStatus.UNSENT:
                still_open += 1
            elif status != SendStatus.SENT:
                # not listed although the sender confirmed: WeCom had rejected this recipient when the task was made
                reason = _REFUSALS.get(status, RefusalReason.REJECTED) if status else RefusalReason.REJECTED
                refused.setdefault(reason, []).append(message)
        for reason, group in refused.items():
            outcomes.end(group, state=MessageState.REFUSED, reason=reason, at=at)
        batch.confirmed_at = confirmed_at
        batch.state = BatchState.CREATED if still_open else BatchState.DONE
        batch.collect_at = rules.next_collect(batch.created_at or at, at) if still_open else None
        batch.save(update_fields=["confirmed_at", "state", "collect_at"])
    return not still_open


def _look_again(batch: MessageBatch) -> None:
    now = clock.now()
    MessageBatch.unscoped.filter(pk=batch.pk, state=BatchState.CREATED).update(
        collect_at=rules.next_collect(batch.created_at or now, now)
    )


def list_created_batches(*, campaign_id: int) -> Sequence[int]:
    """The tasks of a campaign that exist at WeCom and still have messages without an end."""
    return list(
        MessageBatch.unscoped.filter(campaign_id=campaign_id, state=BatchState.CREATED)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def advance_campaigns(*, at: datetime) -> None:
    """Move campaigns on: `sent` when every task is made, `done` when every message has its end."""
    in_hand = [BatchState.WAITING, BatchState.CALLING, BatchState.UNKNOWN]
    Campaign.unscoped.filter(state=CampaignState.SENDING).exclude(
        pk__in=MessageBatch.unscoped.filter(state__in=in_hand).values("campaign_id")
    ).update(state=CampaignState.SENT)
    Campaign.unscoped.filter(state=CampaignState.SENT).exclude(
        pk__in=MessageBatch.unscoped.filter(state=BatchState.CREATED).values("campaign_id")
    ).update(state=CampaignState.DONE, ended_at=at)


def list_expired_batches(*, at: datetime) -> list[int]:
    """Tasks that nobody confirmed within the week that they are given; they are taken back."""
    limit = at - timedelta(days=rules.CONFIRM_DAYS)
    return list(
        MessageBatch.unscoped.filter(state=BatchState.CREATED, created_at__lte=limit)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
