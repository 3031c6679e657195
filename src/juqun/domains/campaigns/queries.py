"""Reads of the campaigns room, each inside a DataScope; `resolve_link` and the lake's export are the system's own.

A campaign is seen by whoever has its node inside the scope, and by those through whose stores or hands it goes; the
latter see it with the counts of their own part only.
"""

from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa
from django.db.models import Count, Max, Q, QuerySet, Sum

from juqun.domains.audience import queries as audience_queries
from juqun.domains.campaigns.errors import CampaignNotFoundError, LinkUnknownError
from juqun.domains.campaigns.models import Campaign, Message, MessageBatch
from juqun.domains.campaigns.types import (
    OPEN_STATES,
    Arm,
    BatchState,
    CampaignState,
    CampaignView,
    HoldoutUnit,
    LinkTarget,
    MessageState,
    MessageView,
    StaffProgress,
)
from juqun.domains.org import queries as org_queries
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.lake.schemas import DIMS


def _visible(scope: DataScope) -> QuerySet[Campaign]:
    touched = Message.objects.within(scope).values("campaign_id")
    found: QuerySet[Campaign] = Campaign.unscoped.filter(
        Q(pk__in=Campaign.objects.within(scope).values("pk")) | Q(pk__in=touched)
    ).select_related("node")
    return found


def list_campaigns(*, scope: DataScope, limit: int = 100, offset: int = 0) -> list[CampaignView]:
    """The visible campaigns, the latest start first."""
    rows = list(_visible(scope).order_by("-starts_at", "-pk")[offset : offset + limit])
    return _views(scope, rows)


def count_campaigns(*, scope: DataScope) -> dict[CampaignState, int]:
    """How many visible campaigns are in each state."""
    rows = _visible(scope).values_list("state").annotate(number=Count("pk")).order_by()
    return {CampaignState(state): number for state, number in rows}


def get_campaign(*, scope: DataScope, campaign_id: int) -> CampaignView:
    """One visible campaign; raises CampaignNotFoundError."""
    return _views(scope, [_get(scope, campaign_id)])[0]


def _get(scope: DataScope, campaign_id: int) -> Campaign:
    found = _visible(scope).filter(pk=campaign_id).first()
    if found is None:
        raise CampaignNotFoundError(campaign_id=campaign_id)
    return found


def _views(scope: DataScope, rows: Sequence[Campaign]) -> list[CampaignView]:
    counts: dict[int, dict[MessageState, int]] = {row.pk: {} for row in rows}
    found = (
        Message.objects.within(scope)
        .filter(campaign_id__in=list(counts))
        .values_list("campaign_id", "state")
        .annotate(number=Count("pk"))
        .order_by()
    )
    for campaign_id, state, number in found:
        counts[campaign_id][MessageState(state)] = number
    staff = {row.created_by_id for row in rows if row.created_by_id is not None}
    names = org_queries.staff_names(ids=sorted(staff)) if staff else {}
    used = audience_queries.list_segments(scope=DataScope.whole_chain(), with_archived=True)
    segments = {view.id: view.name for view in used}
    return [_view(row, counts[row.pk], names.get(row.created_by_id or 0, ""), segments) for row in rows]


def _view(row: Campaign, counts: dict[MessageState, int], author: str, segments: dict[int, str]) -> CampaignView:
    starts_day = clock.business_day(row.starts_at)
    return CampaignView(
        id=row.pk,
        public_id=row.public_id,
        name=row.name,
        segment_id=row.segment_id,
        segment_name=segments.get(row.segment_id, ""),
        unit=HoldoutUnit(row.unit),
        holdout_bp=row.holdout_bp,
        text=row.text,
        link_url=row.link_url,
        coupon_template_id=row.coupon_template_id,
        state=CampaignState(row.state),
        starts_at=row.starts_at,
        starts_day=starts_day,
        ends_day=starts_day + timedelta(days=row.measure_days - 1),
        counts=counts,
        created_by=author,
        created_by_staff_id=row.created_by_id,
        node_id=row.node_id,
        node_name=row.node.name,
        created_at=row.created_at,
    )


def message_counts(*, scope: DataScope, campaign_id: int) -> dict[str, int]:
    """Messages of the reader's part by state, and by "state/reason" where there is a reason.

    Raises CampaignNotFoundError.
    """
    _get(scope, campaign_id)
    rows = (
        Message.objects.within(scope)
        .filter(campaign_id=campaign_id)
        .values_list("state", "reason")
        .annotate(number=Count("pk"))
        .order_by()
    )
    counts: dict[str, int] = {}
    for state, reason, number in rows:
        counts[state] = counts.get(state, 0) + number
        if reason:
            counts[f"{state}/{reason}"] = number
    return counts


def list_messages(
    *, scope: DataScope, campaign_id: int, state: MessageState | None = None, limit: int = 100, offset: int = 0
) -> list[MessageView]:
    """Messages of the reader's part in the order of the plan; raises CampaignNotFoundError."""
    _get(scope, campaign_id)
    rows = Message.objects.within(scope).filter(campaign_id=campaign_id)
    if state is not None:
        rows = rows.filter(state=state)
    return [_message_view(row) for row in rows.order_by("pk")[offset : offset + limit]]


def list_member_messages(*, scope: DataScope, member_id: int, limit: int = 50) -> list[MessageView]:
    """What one member got or did not get, the latest first (for the member's page)."""
    rows = Message.objects.within(scope).filter(member_id=member_id).order_by("-pk")[:limit]
    return [_message_view(row) for row in rows]


def _message_view(row: Message) -> MessageView:
    return MessageView(
        id=row.pk,
        campaign_id=row.campaign_id,
        member_id=row.member_id,
        staff_id=row.staff_id,
        store_id=row.store_id,
        arm=Arm(row.arm) if row.arm else None,
        state=MessageState(row.state),
        reason=row.reason,
        queued_at=row.queued_at,
        sent_at=row.sent_at,
    )


def staff_progress(*, scope: DataScope, campaign_id: int) -> list[StaffProgress]:
    """How far each sender of the reader's part is, the one with most open messages first.

    Raises CampaignNotFoundError.
    """
    _get(scope, campaign_id)
    tasks = (
        MessageBatch.objects.within(scope)
        .filter(campaign_id=campaign_id)
        .exclude(state=BatchState.CANCELLED)
        .values("staff_id")
        .annotate(
            tasks=Count("pk"),
            tasks_confirmed=Count("pk", filter=Q(confirmed_at__isnull=False)),
            reminders=Sum("reminder_count"),
            last_confirmed_at=Max("confirmed_at"),
        )
        .order_by("staff_id")
    )
    messages = {
        row["staff_id"]: row
        for row in Message.objects.within(scope)
        .filter(campaign_id=campaign_id, batch__isnull=False)
        .values("staff_id")
        .annotate(
            recipients=Count("pk"),
            sent=Count("pk", filter=Q(state=MessageState.SENT)),
            refused=Count("pk", filter=Q(state=MessageState.REFUSED)),
            still_open=Count("pk", filter=Q(state__in=OPEN_STATES)),
        )
        .order_by("staff_id")
    }
    nothing = {"recipients": 0, "sent": 0, "refused": 0, "still_open": 0}
    rows = list(tasks)
    names = org_queries.staff_names(ids=[row["staff_id"] for row in rows]) if rows else {}
    progress = []
    for row in rows:
        of_messages = messages.get(row["staff_id"], nothing)
        progress.append(
            StaffProgress(
                staff_id=row["staff_id"],
                staff_name=names.get(row["staff_id"], ""),
                tasks=row["tasks"],
                tasks_confirmed=row["tasks_confirmed"],
                recipients=of_messages["recipients"],
                sent=of_messages["sent"],
                refused=of_messages["refused"],
                still_open=of_messages["still_open"],
                reminders=row["reminders"] or 0,
                confirmed_at=row["last_confirmed_at"],
            )
        )
    return sorted(progress, key=lambda one: (-one.still_open, one.staff_id))


def resolve_link(*, token: str) -> LinkTarget:
    """What a tracked link stands for (system lookup for the customer's page); raises LinkUnknownError.

    The token names a task of many recipients: the page has to identify the member by its own sign-in.
    """
    batch = MessageBatch.unscoped.select_related("campaign").filter(token=token).first() if token.isalnum() else None
    if batch is None:
        raise LinkUnknownError
    return LinkTarget(
        token=token,
        campaign_id=batch.campaign_id,
        batch_id=batch.pk,
        staff_id=batch.staff_id,
        campaign_name=batch.campaign.name,
        link_url=batch.campaign.link_url,
        coupon_template_id=batch.campaign.coupon_template_id,
    )


def export_campaigns_dim() -> pa.Table:
    """All planned campaigns of the chain for the lake (no scope: for the lake only), in the schema `DIMS["campaigns"]`.

    `starts_day` and `ends_day` are the first and last day of the measured window, as lake day numbers.
    """
    rows = Campaign.unscoped.exclude(planned_at=None).order_by("pk")
    schema = DIMS["campaigns"]
    found = []
    for row in rows:
        starts_day = clock.day_number(clock.business_day(row.starts_at))
        found.append(
            {
                "campaign_id": row.pk,
                "name": row.name,
                "unit": str(row.unit),
                "starts_day": starts_day,
                "ends_day": starts_day + row.measure_days - 1,
                "holdout_bp": row.holdout_bp,
            }
        )
    return pa.Table.from_pylist(found, schema=schema)
