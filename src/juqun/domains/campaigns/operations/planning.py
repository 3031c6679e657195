"""Planning: snapshot, reasons, places in the ledger, arms, exposures, messages and tasks, all before anything is sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count

from juqun.domains.audience import operations as audience_operations
from juqun.domains.audience import queries as audience_queries
from juqun.domains.campaigns import rules
from juqun.domains.campaigns.errors import CampaignNotFoundError, StartInPastError
from juqun.domains.campaigns.events import CampaignPlanned
from juqun.domains.campaigns.models import Campaign, Message, MessageBatch
from juqun.domains.campaigns.outbox import outcomes, pressure, reach
from juqun.domains.campaigns.rules import Candidate
from juqun.domains.campaigns.types import (
    Arm,
    CampaignState,
    DryRun,
    HoldoutUnit,
    MessageState,
    PlanResult,
    SkipReason,
)
from juqun.domains.org import queries as org_queries
from juqun.kernel import clock, events, ids
from juqun.kernel.scope import DataScope
from juqun.lake import feed

INSERT_BATCH = 2_000
TOKEN_LENGTH = 12  # 60 random bits: nobody guesses another batch's link


def get_campaign_row(campaign_id: int) -> Campaign:
    """The campaign's row; raises CampaignNotFoundError."""
    found: Campaign | None = Campaign.unscoped.filter(pk=campaign_id).first()
    if found is None:
        raise CampaignNotFoundError(campaign_id=campaign_id)
    return found


def plan_campaign(*, campaign_id: int, at: datetime) -> PlanResult:
    """Draw the arms and write every message of the snapshot with its fate; repeating it changes nothing.

    Who cannot be reached is sorted out before the arms are looked at, by rules that are blind to the arm, and the caps
    are reserved for both arms (the holdout's places are dropped again at once): so both arms hold the same kind of
    member. The exposures of both arms are recorded in this transaction, before anything is sent.
    Raises CampaignNotFoundError, StartInPastError, PressureBusyError.
    """
    campaign = get_campaign_row(campaign_id)
    if campaign.state != CampaignState.DRAFT:
        return stored_result(campaign_id)
    if clock.business_day(campaign.starts_at) < clock.business_day(at):
        raise StartInPastError(starts_day=clock.business_day(campaign.starts_at).isoformat())
    member_ids = audience_queries.snapshot_member_ids(snapshot_id=_ensure_snapshot(campaign, at))
    found = reach.candidates(member_ids=member_ids, node_id=campaign.node_id, starts_at=campaign.starts_at)
    with transaction.atomic():
        locked = Campaign.unscoped.select_for_update().get(pk=campaign_id)
        if locked.state == CampaignState.DRAFT:
            _write_plan(locked, found, at)
    return stored_result(campaign_id)


def _ensure_snapshot(campaign: Campaign, at: datetime) -> int:
    """The campaign's one snapshot; two planners agree on the first that was stored."""
    if campaign.snapshot_id is not None:
        return campaign.snapshot_id
    snapshot = audience_operations.snapshot_segment(
        segment_id=campaign.segment_id,
        as_of_day=clock.day_number(clock.business_day(at)),
        at=at,
        scope=_scope_of(campaign.node_id),
    )
    Campaign.unscoped.filter(pk=campaign.pk, snapshot_id=None).update(snapshot_id=snapshot.id)
    return int(Campaign.unscoped.values_list("snapshot_id", flat=True).get(pk=campaign.pk) or snapshot.id)


def _scope_of(node_id: int) -> DataScope:
    node = org_queries.get_node(scope=DataScope.whole_chain(), node_id=node_id)
    return DataScope(paths=(node.path,))


@dataclass(slots=True)
class _Sorting:
    """Where each candidate ended up."""

    skipped: dict[int, SkipReason]
    arms: dict[int, Arm]


def _sort(campaign: Campaign, found: Sequence[Candidate], capped: Mapping[int, SkipReason]) -> _Sorting:
    by_store = campaign.unit == HoldoutUnit.STORE
    skipped = _unreachable(campaign, found) | dict(capped)
    arms = rules.assign_arms(
        campaign.salt,
        by_store=by_store,
        stores_of_members={c.member_id: c.store_id for c in found if c.member_id not in skipped},
        holdout_bp=campaign.holdout_bp,
    )
    return _Sorting(skipped=skipped, arms=arms)


def _unreachable(campaign: Campaign, found: Sequence[Candidate]) -> dict[int, SkipReason]:
    needs_store = campaign.unit == HoldoutUnit.STORE
    return {
        candidate.member_id: reason
        for candidate in found
        if (reason := rules.skip_reason(candidate, needs_store=needs_store)) is not None
    }


def _write_plan(campaign: Campaign, found: Sequence[Candidate], at: datetime) -> None:
    purpose = pressure.Purpose(campaign_id=campaign.pk, day=clock.business_day(campaign.starts_at))
    unreachable = _unreachable(campaign, found)
    capped = pressure.reserve(
        purpose=purpose, candidates=[candidate for candidate in found if candidate.member_id not in unreachable]
    )
    sorting = _sort(campaign, found, capped)
    held = [member_id for member_id, arm in sorting.arms.items() if arm == Arm.HOLDOUT]
    pressure.drop(purpose=purpose, member_ids=held)
    treated = [candidate for candidate in found if sorting.arms.get(candidate.member_id) == Arm.TREATED]
    batch_of = _write_batches(campaign, treated)
    messages = [_message(campaign, candidate, sorting, batch_of, at) for candidate in found]
    Message.unscoped.bulk_create(messages, batch_size=INSERT_BATCH)
    feed.record_many("exposures", _exposures(campaign, found, sorting.arms, at))
    feed.record_many("messages", outcomes.message_facts(m for m in messages if m.state == MessageState.SKIPPED))
    campaign.state, campaign.planned_at = CampaignState.PLANNED, at
    campaign.save(update_fields=["state", "planned_at"])
    events.publish(CampaignPlanned(campaign_id=campaign.pk))


def _write_batches(campaign: Campaign, treated: Sequence[Candidate]) -> dict[int, int]:
    """One task per sender, hour it may go out, and 10,000 recipients; returns the batch of each member."""
    groups: dict[tuple[int, str, datetime], list[int]] = {}
    for candidate in treated:
        if candidate.staff_id is not None and candidate.not_before is not None:
            key = (candidate.staff_id, candidate.userid, candidate.not_before)
            groups.setdefault(key, []).append(candidate.member_id)
    batches, members = [], []
    numbers: Counter[int] = Counter()
    for (staff_id, userid, not_before), member_ids in sorted(groups.items()):
        for chunk in rules.chunks(member_ids):
            numbers[staff_id] += 1
            batches.append(
                MessageBatch(
                    campaign=campaign,
                    staff_id=staff_id,
                    userid=userid,
                    chunk_no=numbers[staff_id],
                    token=ids.short_code(TOKEN_LENGTH),
                    size=len(chunk),
                    not_before=not_before,
                )
            )
            members.append(chunk)
    MessageBatch.unscoped.bulk_create(batches, batch_size=INSERT_BATCH)
    return {member_id: batch.pk for batch, chunk in zip(batches, members, strict=True) for member_id in chunk}


def _message(
    campaign: Campaign, candidate: Candidate, sorting: _Sorting, batch_of: Mapping[int, int], at: datetime
) -> Message:
    member_id = candidate.member_id
    arm = sorting.arms.get(member_id)
    reason = SkipReason.HOLDOUT if arm == Arm.HOLDOUT else sorting.skipped.get(member_id)
    return Message(
        campaign=campaign,
        member_id=member_id,
        store_id=candidate.store_id,
        staff_id=candidate.staff_id,
        batch_id=batch_of.get(member_id),
        arm=arm or "",
        state=MessageState.PLANNED if reason is None else MessageState.SKIPPED,
        reason=reason or "",
        ended_at=None if reason is None else at,
    )


def _exposures(
    campaign: Campaign, found: Sequence[Candidate], arms: Mapping[int, Arm], at: datetime
) -> list[tuple[str, dict[str, Any]]]:
    day = clock.day_number(clock.business_day(campaign.starts_at))
    ts = clock.business_time(at)
    by_store = campaign.unit == HoldoutUnit.STORE
    rows = []
    for candidate in found:
        arm = arms.get(candidate.member_id)
        if arm is None:
            continue
        key = f"{campaign.pk}:{candidate.member_id}"
        rows.append(
            (
                key,
                {
                    "exposure_key": key,
                    "campaign_id": campaign.pk,
                    "member_id": candidate.member_id,
                    "arm": str(arm),
                    "unit": str(campaign.unit),
                    "unit_id": candidate.store_id if by_store else candidate.member_id,
                    "delivered": False,
                    "ts": ts,
                    "day": day,
                },
            )
        )
    return rows


def stored_result(campaign_id: int) -> PlanResult:
    """What the plan of a campaign came to, read from its messages (those skipped later are counted as skipped)."""
    rows = (
        Message.unscoped.filter(campaign_id=campaign_id)
        .values_list("arm", "state", "reason")
        .annotate(number=Count("id"))
        .order_by()
    )
    counts = {(arm, state, reason): number for arm, state, reason, number in rows}
    skipped: Counter[SkipReason] = Counter()
    treated = holdout = planned = 0
    for (arm, state, reason), number in counts.items():
        treated += number if arm == Arm.TREATED else 0
        holdout += number if arm == Arm.HOLDOUT else 0
        planned += number if state != MessageState.SKIPPED else 0
        if state == MessageState.SKIPPED and arm != Arm.HOLDOUT:
            skipped[SkipReason(reason)] += number
    return PlanResult(
        campaign_id=campaign_id,
        snapshot=sum(counts.values()),
        treated=treated,
        holdout=holdout,
        planned=planned,
        batches=MessageBatch.unscoped.filter(campaign_id=campaign_id).count(),
        skipped=dict(skipped),
    )


def dry_run(*, campaign_id: int, at: datetime) -> DryRun:
    """Who would be dropped and why if the draft were planned now; takes no place and changes no campaign.

    Raises CampaignNotFoundError.
    """
    campaign = get_campaign_row(campaign_id)
    snapshot = audience_operations.snapshot_segment(
        segment_id=campaign.segment_id,
        as_of_day=clock.day_number(clock.business_day(at)),
        at=at,
        scope=_scope_of(campaign.node_id),
    )
    found = reach.candidates(
        member_ids=audience_queries.snapshot_member_ids(snapshot_id=snapshot.id),
        node_id=campaign.node_id,
        starts_at=campaign.starts_at,
    )
    unreachable = _unreachable(campaign, found)
    capped = pressure.capped_now(
        purpose=pressure.Purpose(campaign_id=campaign.pk, day=clock.business_day(campaign.starts_at)),
        candidates=[candidate for candidate in found if candidate.member_id not in unreachable],
    )
    sorting = _sort(campaign, found, capped)
    treated = {member_id for member_id, arm in sorting.arms.items() if arm == Arm.TREATED}
    return DryRun(
        snapshot=len(found),
        treated=len(treated),
        holdout=len(sorting.arms) - len(treated),
        senders=len({candidate.staff_id for candidate in found if candidate.member_id in treated}),
        skipped=dict(Counter(sorting.skipped.values())),
    )
