"""Queue entry points of the campaigns room; thin, and each safe to run twice.

`push`, `collect`, `remind` and `tidy` are the schedules. `push` also heals: whatever a crash left behind is found by its
state in the tables, not by the job that was lost.
"""

import contextlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from juqun.domains.campaigns import rules
from juqun.domains.campaigns.errors import ReminderNotDueError
from juqun.domains.campaigns.models import MessageBatch
from juqun.domains.campaigns.outbox import leaving, results, sending
from juqun.domains.campaigns.types import BatchState, CampaignState, CancelReason
from juqun.kernel import clock, jobs

SEND_LEASE_SECONDS = 120
ASK_AGAIN = timedelta(hours=1)  # longer than any pause between two attempts of a job (15 min)


@jobs.job(queue="send", atomic=False, max_attempts=20, lease_seconds=SEND_LEASE_SECONDS)
def send_batch(*, batch_id: int) -> None:
    """Make one task at WeCom."""
    attempt = sending.send_batch(batch_id=batch_id)
    if attempt.outcome == sending.Outcome.LATER:
        raise jobs.RetryLater(attempt.seconds)
    if attempt.outcome == sending.Outcome.UNCERTAIN:
        campaign_id = MessageBatch.unscoped.values_list("campaign_id", flat=True).get(pk=batch_id)
        _ask_reconcile([campaign_id])


@jobs.job(queue="send", atomic=False, max_attempts=20, lease_seconds=SEND_LEASE_SECONDS)
def reconcile_campaign(*, campaign_id: int) -> None:
    """Find out what became of calls without outcome, then send what is known not to have been sent."""
    too_young = sending.reconcile(campaign_id=campaign_id)
    _send_due(campaign_id=campaign_id)
    if too_young:
        raise jobs.RetryLater(max(sending.grace().total_seconds() / 4, 1))


@jobs.job(queue="send", atomic=False, max_attempts=20, lease_seconds=SEND_LEASE_SECONDS)
def collect_batch(*, batch_id: int) -> None:
    """Read the results of one task."""
    results.collect_batch(batch_id=batch_id)


@jobs.job(queue="send", atomic=False, max_attempts=20, lease_seconds=SEND_LEASE_SECONDS)
def take_back_batch(*, batch_id: int, reason: str) -> None:
    """Cancel the unsent part of one task."""
    results.take_back_batch(batch_id=batch_id, reason=CancelReason(reason))


@jobs.job(queue="send", atomic=False, max_attempts=3, lease_seconds=SEND_LEASE_SECONDS)
def remind_batch(*, batch_id: int) -> None:
    """Nudge the sender of one task, unless it was confirmed or nudged since the job was asked for."""
    with contextlib.suppress(ReminderNotDueError):
        results.remind_batch(batch_id=batch_id, at=clock.now())


@jobs.job(queue="bulk")
def push() -> None:
    """Send what is due, settle what is uncertain, take back what was stopped."""
    _send_due(campaign_id=None)
    limit = clock.wall() - sending.grace()
    uncertain = (
        MessageBatch.unscoped.filter(claimed_wall_at__lte=limit)
        .filter(Q(state__in=[BatchState.CALLING, BatchState.UNKNOWN]) | (Q(is_verified=False) & ~Q(msgid="")))
        .values_list("campaign_id", flat=True)
        .distinct()
        .order_by("campaign_id")
    )
    _ask_reconcile(list(uncertain))
    stopped = MessageBatch.unscoped.filter(state=BatchState.CREATED, campaign__state=CampaignState.STOPPED)
    _take_back(list(stopped.values_list("pk", flat=True)), CancelReason.STOPPED)


@jobs.job(queue="bulk")
def collect() -> None:
    """Ask for the results of the tasks whose time has come."""
    due = MessageBatch.unscoped.filter(state=BatchState.CREATED, collect_at__lte=clock.now())
    ask_collect(list(due.order_by("collect_at").values_list("pk", flat=True)))


@jobs.job(queue="bulk")
def remind() -> None:
    """Nudge the senders of tasks that lie unconfirmed for four hours, during shop hours."""
    now = clock.now()
    if not rules.is_reminding_hour(now, clock.BUSINESS_ZONE):
        return
    waiting = MessageBatch.unscoped.filter(
        state=BatchState.CREATED, confirmed_at=None, created_at__lte=now - rules.REMINDER_GAP
    ).values_list("pk", "reminded_at")
    due = [pk for pk, times in waiting if rules.may_remind([datetime.fromisoformat(at) for at in times], now)]
    jobs.enqueue_many(
        remind_batch, [{"batch_id": pk} for pk in due], dedupe_keys=[f"campaigns.remind:{pk}" for pk in due]
    )


@jobs.job(queue="bulk")
def tidy() -> None:
    """Take back tasks that nobody confirmed in a week, and those of people who left, and move campaigns on to `sent` and `done`."""
    now = clock.now()
    _take_back(results.list_expired_batches(at=now), CancelReason.EXPIRED)
    ask_take_back_of_left(leaving.list_orphaned_batches())
    results.advance_campaigns(at=now)


def ask_collect(batch_ids: list[int]) -> None:
    jobs.enqueue_many(
        collect_batch,
        [{"batch_id": pk} for pk in batch_ids],
        dedupe_keys=[f"campaigns.collect:{pk}" for pk in batch_ids],
    )


def ask_take_back_of_left(batch_ids: list[int]) -> None:
    """Ask for tasks to be taken back because their sender left."""
    _take_back(batch_ids, CancelReason.SENDER_LEFT)


def _send_due(*, campaign_id: int | None) -> None:
    """Ask for each due task once; again only when its job must be lost, so that a job in back-off is left to its patience."""
    wall = clock.wall()
    due = MessageBatch.unscoped.filter(
        Q(asked_wall_at=None) | Q(asked_wall_at__lte=wall - ASK_AGAIN),
        state=BatchState.WAITING,
        campaign__state=CampaignState.SENDING,
        not_before__lte=clock.now(),
    )
    if campaign_id is not None:
        due = due.filter(campaign_id=campaign_id)
    ids = list(due.order_by("pk").values_list("pk", flat=True))
    with transaction.atomic():
        for chunk in rules.chunks(ids, rules.ID_CHUNK):
            MessageBatch.unscoped.filter(pk__in=chunk).update(asked_wall_at=wall)
        jobs.enqueue_many(
            send_batch, [{"batch_id": pk} for pk in ids], dedupe_keys=[f"campaigns.send:{pk}" for pk in ids]
        )


def _ask_reconcile(campaign_ids: list[int]) -> None:
    jobs.enqueue_many(
        reconcile_campaign,
        [{"campaign_id": pk} for pk in campaign_ids],
        dedupe_keys=[f"campaigns.reconcile:{pk}" for pk in campaign_ids],
    )


def _take_back(batch_ids: list[int], reason: CancelReason) -> None:
    jobs.enqueue_many(
        take_back_batch,
        [{"batch_id": pk, "reason": str(reason)} for pk in batch_ids],
        dedupe_keys=[f"campaigns.take_back:{pk}" for pk in batch_ids],
    )
