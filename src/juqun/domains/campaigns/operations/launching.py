"""Launching, stopping and closing a campaign; the calls to WeCom themselves are made by the jobs."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from juqun.domains.campaigns import jobs as campaign_jobs
from juqun.domains.campaigns.errors import CampaignStateError, PlanExpiredError
from juqun.domains.campaigns.events import MessageQueued
from juqun.domains.campaigns.models import Campaign, Message, MessageBatch
from juqun.domains.campaigns.operations.planning import get_campaign_row
from juqun.domains.campaigns.outbox import outcomes
from juqun.domains.campaigns.types import BatchState, CampaignState, CancelReason, MessageState
from juqun.kernel import clock, events, jobs


def launch_campaign(*, campaign_id: int, at: datetime) -> None:
    """Release the tasks of a planned campaign: each is made at WeCom when its hour has come.

    Repeating it on a launched campaign changes nothing. Raises CampaignNotFoundError, CampaignStateError (no plan yet,
    or stopped) and PlanExpiredError (the day whose places were taken in the ledger is over).
    """
    get_campaign_row(campaign_id)
    with transaction.atomic():
        campaign = Campaign.unscoped.select_for_update().get(pk=campaign_id)
        if campaign.state in {CampaignState.SENDING, CampaignState.SENT, CampaignState.DONE}:
            return
        if campaign.state != CampaignState.PLANNED:
            raise CampaignStateError(
                campaign_id=campaign_id, state=str(campaign.state), needed=str(CampaignState.PLANNED)
            )
        planned_day = clock.business_day(campaign.starts_at)
        if clock.business_day(at) > planned_day:
            raise PlanExpiredError(campaign_id=campaign_id, planned_day=planned_day.isoformat())
        queued = list(
            Message.unscoped.filter(campaign_id=campaign_id, state=MessageState.PLANNED).values_list("pk", "member_id")
        )
        Message.unscoped.filter(campaign_id=campaign_id, state=MessageState.PLANNED).update(
            state=MessageState.QUEUED, queued_at=at
        )
        campaign.state, campaign.launched_at = CampaignState.SENDING, at
        campaign.save(update_fields=["state", "launched_at"])
        events.publish(
            *(MessageQueued(message_id=pk, member_id=member_id, campaign_id=campaign_id) for pk, member_id in queued)
        )
        jobs.enqueue(campaign_jobs.push, dedupe_key="campaigns.push")


def stop_campaign(*, campaign_id: int, at: datetime) -> None:
    """Stop: what was not handed to WeCom is cancelled now; tasks that staff have not confirmed are taken back by a job.

    Messages that customers already have stay what they are. Repeating it changes nothing.
    Raises CampaignNotFoundError, CampaignStateError (when it is over already).
    """
    get_campaign_row(campaign_id)
    with transaction.atomic():
        campaign = Campaign.unscoped.select_for_update().get(pk=campaign_id)
        if campaign.state == CampaignState.STOPPED:
            return
        if campaign.state == CampaignState.DONE:
            raise CampaignStateError(campaign_id=campaign_id, state=str(campaign.state), needed="not done")
        campaign.state, campaign.ended_at = CampaignState.STOPPED, at
        campaign.save(update_fields=["state", "ended_at"])
        _cancel_waiting(campaign_id=campaign_id, at=at)
        jobs.enqueue(campaign_jobs.push, dedupe_key="campaigns.push")


def _cancel_waiting(*, campaign_id: int, at: datetime) -> None:
    """Cancel the tasks that were never handed to WeCom, with their messages."""
    batches = list(
        MessageBatch.unscoped.select_for_update()
        .filter(campaign_id=campaign_id, state=BatchState.WAITING)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    MessageBatch.unscoped.filter(pk__in=batches).update(state=BatchState.CANCELLED)
    messages: Sequence[Message] = list(
        Message.unscoped.filter(
            campaign_id=campaign_id,
            batch_id__in=batches,
            state__in=[MessageState.PLANNED, MessageState.QUEUED, MessageState.UNKNOWN],
        )
    )
    outcomes.end(messages, state=MessageState.CANCELLED, reason=CancelReason.STOPPED, at=at)
