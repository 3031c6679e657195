"""Handing tasks to WeCom: claim, call, settle; and finding out what became of a call whose answer was lost.

The promise is that each recipient is in exactly one task. A task is claimed by a committed change of state before the
call goes out. Whoever finds a claimed task without outcome (a lost answer, a killed process) never calls again on
suspicion: after a grace that is longer than any call may take, the tasks at WeCom are listed and the link token of ours
is looked for. Found: the call had taken effect. Not found: it had not, and only then the task is released again.
A process that was frozen between claim and call for longer than the grace could still make a second task; tasks that
were called more than once are therefore verified later, and a double is cancelled before staff have confirmed it.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import (
    WecomAnswerError,
    WecomBusyError,
    WecomCredentialError,
    WecomRefusedError,
    WecomUnknownOutcomeError,
)
from juqun.channels.wecom.types import LinkAttachment, MassMessageSummary
from juqun.domains.campaigns import rules
from juqun.domains.campaigns.models import Campaign, Message, MessageBatch
from juqun.domains.campaigns.outbox import outcomes
from juqun.domains.campaigns.types import (
    BatchState,
    CampaignState,
    CancelReason,
    MessageState,
    RefusalReason,
    SkipReason,
)
from juqun.domains.members import queries as member_queries
from juqun.domains.members.types import ConsentPurpose, IdentityKind
from juqun.domains.promotions import operations as promotion_operations
from juqun.kernel import clock, ids
from juqun.kernel.errors import BusyError, DomainError

DEFAULT_GRACE_SECONDS = 180.0  # the channel may queue, fetch a token and wait for an answer: 93 s at the very worst
SYSTEM_BUSY = -1  # WeCom says "busy" and not whether it did it
LIST_SLACK = timedelta(hours=1)  # clocks of two companies never agree
CREDENTIAL_WAIT_SECONDS = 60.0
OPEN_BEFORE_CREATION = (MessageState.PLANNED, MessageState.QUEUED, MessageState.UNKNOWN)


class Outcome(enum.Enum):
    """What one attempt to send came to."""

    NOTHING_TO_DO = "nothing_to_do"
    SETTLED = "settled"
    UNCERTAIN = "uncertain"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An outcome, and for LATER after how many seconds to come again."""

    outcome: Outcome
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    batch_id: int
    claim_id: str
    userid: str
    external_userids: tuple[str, ...]
    text: str
    link: LinkAttachment


def grace() -> timedelta:
    """How long after a claim its call may still take effect; must exceed the channel's whole timeout."""
    return timedelta(seconds=float(getattr(settings, "JUQUN_SEND_GRACE_SECONDS", DEFAULT_GRACE_SECONDS)))


def link_url(token: str) -> str:
    """The tracked link of a task, as customers get it."""
    return f"{settings.PUBLIC_URL}/h5/l/{token}"


def send_batch(*, batch_id: int) -> Attempt:
    """Make one task at WeCom; safe to repeat at any moment, and after a kill at any point."""
    claimed = _claim(batch_id, clock.now())
    if isinstance(claimed, Outcome):
        return Attempt(outcome=claimed)
    try:
        made = wecom.create_mass_message(
            sender_userid=claimed.userid,
            external_userids=list(claimed.external_userids),
            text=claimed.text,
            attachments=[claimed.link],
        )
    except (WecomUnknownOutcomeError, WecomAnswerError):
        _mark_unknown(claimed)
        return Attempt(outcome=Outcome.UNCERTAIN)
    except WecomBusyError as error:
        if error.errcode == SYSTEM_BUSY:
            _mark_unknown(claimed)
            return Attempt(outcome=Outcome.UNCERTAIN)
        _hand_back(claimed)
        return Attempt(outcome=Outcome.LATER, seconds=error.seconds)
    except WecomCredentialError:
        _hand_back(claimed)
        return Attempt(outcome=Outcome.LATER, seconds=CREDENTIAL_WAIT_SECONDS)
    except WecomRefusedError as error:
        _settle_refused(claimed, f"{error.errcode} {error.detail}")
        return Attempt(outcome=Outcome.SETTLED)
    _settle_created(claimed.batch_id, claimed.claim_id, made.msgid, made.failed_external_userids, clock.now())
    return Attempt(outcome=Outcome.SETTLED)


def _claim(batch_id: int, at: datetime) -> _Call | Outcome:
    """Take the task for this attempt; recipients are looked at again, since consent and friendship may be gone."""
    with transaction.atomic():
        batch = MessageBatch.unscoped.select_for_update().filter(pk=batch_id).first()
        if batch is None:
            return Outcome.NOTHING_TO_DO
        if batch.state in {BatchState.CALLING, BatchState.UNKNOWN}:
            return Outcome.UNCERTAIN
        campaign = Campaign.unscoped.get(pk=batch.campaign_id)
        if batch.state != BatchState.WAITING or campaign.state != CampaignState.SENDING or batch.not_before > at:
            return Outcome.NOTHING_TO_DO
        messages = list(
            Message.unscoped.filter(batch_id=batch_id, state__in=OPEN_BEFORE_CREATION).order_by("member_id")
        )
        recipients = _recipients(batch, campaign, messages, at)
        if not recipients:
            batch.state = BatchState.CANCELLED
            batch.save(update_fields=["state"])
            return Outcome.SETTLED
        batch.state, batch.claim_id, batch.attempts = BatchState.CALLING, ids.new_id(), batch.attempts + 1
        batch.called_at, batch.claimed_wall_at = at, clock.wall()
        batch.first_called_at = batch.first_called_at or at
        batch.save(update_fields=["state", "claim_id", "attempts", "called_at", "claimed_wall_at", "first_called_at"])
    return _Call(
        batch_id=batch.pk,
        claim_id=batch.claim_id,
        userid=batch.userid,
        external_userids=recipients,
        text=campaign.text,
        link=LinkAttachment(title=rules.cut_bytes(campaign.name, rules.MAX_TITLE_BYTES), url=link_url(batch.token)),
    )


def _recipients(batch: MessageBatch, campaign: Campaign, messages: Sequence[Message], at: datetime) -> tuple[str, ...]:
    """The external_userids still to be written to by this sender; the others end here with their reason."""
    found = member_queries.list_friend_links(member_ids=[message.member_id for message in messages])
    mine = {link.member_id: link.external_userid for link in found if link.staff_id == batch.staff_id}
    consenting = member_queries.list_consenting_ids(
        member_ids=[message.member_id for message in messages], purpose=ConsentPurpose.MARKETING
    )
    reasons: dict[SkipReason, list[Message]] = {}
    going: list[Message] = []
    for message in messages:
        if message.member_id not in consenting:
            reasons.setdefault(SkipReason.NO_CONSENT, []).append(message)
        elif message.member_id not in mine:
            reasons.setdefault(SkipReason.NOT_FRIEND, []).append(message)
        else:
            going.append(message)
    if campaign.coupon_template_id is not None:
        holders = _issue_coupons(campaign.coupon_template_id, campaign.pk, going, at)
        without = [message for message in going if message.member_id not in holders]
        if without:
            reasons[SkipReason.NO_COUPON] = without
        going = [message for message in going if message.member_id in holders]
    for reason, dropped in reasons.items():
        outcomes.end(dropped, state=MessageState.SKIPPED, reason=reason, at=at)
    return tuple(dict.fromkeys(mine[message.member_id] for message in going))


def _issue_coupons(template_id: int, campaign_id: int, messages: Sequence[Message], at: datetime) -> set[int]:
    """Who holds the campaign's coupon afterwards; the same call gives the same coupons when it is repeated.

    A template that is paused or used up gives none: a message that promises a coupon must not go out without one.
    """
    try:
        with transaction.atomic():
            codes = promotion_operations.issue_coupons(
                template_id=template_id,
                member_ids=[message.member_id for message in messages],
                source="campaign",
                campaign_id=campaign_id,
                at=at,
            )
    except BusyError:
        raise
    except DomainError:
        return set()
    return set(codes)


def _mark_unknown(call: _Call) -> None:
    with transaction.atomic():
        mine = MessageBatch.unscoped.filter(pk=call.batch_id, claim_id=call.claim_id, state=BatchState.CALLING)
        if mine.update(state=BatchState.UNKNOWN):
            Message.unscoped.filter(batch_id=call.batch_id, state=MessageState.QUEUED).update(
                state=MessageState.UNKNOWN
            )


def _hand_back(call: _Call) -> None:
    """The call is known not to have taken effect: the task waits again."""
    MessageBatch.unscoped.filter(pk=call.batch_id, claim_id=call.claim_id, state=BatchState.CALLING).update(
        state=BatchState.WAITING
    )


def _settle_refused(call: _Call, detail: str) -> None:
    at = clock.now()
    with transaction.atomic():
        batch = MessageBatch.unscoped.select_for_update().get(pk=call.batch_id)
        if batch.claim_id != call.claim_id or batch.state not in {BatchState.CALLING, BatchState.UNKNOWN}:
            return
        batch.state, batch.refusal = BatchState.REFUSED, detail[:200]
        batch.save(update_fields=["state", "refusal"])
        messages = list(Message.unscoped.filter(batch_id=batch.pk, state__in=OPEN_BEFORE_CREATION))
        outcomes.end(messages, state=MessageState.REFUSED, reason=RefusalReason.CALL_REFUSED, at=at)


def _settle_created(
    batch_id: int, claim_id: str, msgid: str, failed_external_userids: Sequence[str], at: datetime
) -> None:
    """The task exists at WeCom; those whom WeCom rejected at once end here."""
    rejected: set[int] = set()
    for start in range(0, len(failed_external_userids), rules.ID_CHUNK):
        found = member_queries.find_member_ids(
            kind=IdentityKind.EXTERNAL_USERID, values=failed_external_userids[start : start + rules.ID_CHUNK]
        )
        rejected |= set(found.values())
    with transaction.atomic():
        batch = MessageBatch.unscoped.select_for_update().get(pk=batch_id)
        if batch.claim_id != claim_id or batch.state not in {BatchState.CALLING, BatchState.UNKNOWN}:
            return
        batch.state, batch.msgid, batch.created_at, batch.collect_at = BatchState.CREATED, msgid, at, at
        batch.is_verified = batch.attempts <= 1
        batch.save(update_fields=["state", "msgid", "created_at", "collect_at", "is_verified"])
        messages = Message.unscoped.filter(batch_id=batch_id, state__in=OPEN_BEFORE_CREATION)
        refused = [message for message in messages if message.member_id in rejected] if rejected else []
        outcomes.end(refused, state=MessageState.REFUSED, reason=RefusalReason.REJECTED, at=at)
        messages.update(state=MessageState.CREATED)


def reconcile(*, campaign_id: int) -> int:
    """Find out what became of this campaign's calls without outcome; returns how many are still too young to tell.

    One listing of WeCom's tasks settles all of them. Also verifies tasks that were called more than once.
    """
    limit = clock.wall() - grace()
    mine = MessageBatch.unscoped.filter(campaign_id=campaign_id)
    uncertain = list(mine.filter(state__in=[BatchState.CALLING, BatchState.UNKNOWN]))
    called_twice = list(mine.filter(is_verified=False, claimed_wall_at__lte=limit).exclude(msgid=""))
    ripe = [batch for batch in uncertain if batch.claimed_wall_at is None or batch.claimed_wall_at <= limit]
    if ripe or called_twice:
        found = _find_tasks([*ripe, *called_twice])
        for batch in ripe:
            _settle_found(batch, found.get(batch.token, []))
        for batch in called_twice:
            _verify(batch, found.get(batch.token, []))
    return len(uncertain) - len(ripe)


def _find_tasks(batches: Sequence[MessageBatch]) -> dict[str, list[MassMessageSummary]]:
    """The tasks at WeCom that carry the link token of one of `batches`, oldest first."""
    now = clock.now()
    first = min(batch.first_called_at for batch in batches if batch.first_called_at is not None)
    start_at = max(first - LIST_SLACK, now + LIST_SLACK - rules.LIST_WINDOW)
    tokens = [batch.token for batch in batches]
    found: dict[str, list[MassMessageSummary]] = {}
    for task in wecom.iter_mass_messages(chat_type="single", start_at=start_at, end_at=now + LIST_SLACK):
        urls = [item.url for item in task.attachments if isinstance(item, LinkAttachment)]
        for token in rules.match_tokens(tokens, [task.text, *urls]):
            found.setdefault(token, []).append(task)
    for tasks in found.values():
        tasks.sort(key=lambda task: (task.created_at, task.msgid))
    return found


def _settle_found(batch: MessageBatch, tasks: Sequence[MassMessageSummary]) -> None:
    if tasks:
        _settle_created(batch.pk, batch.claim_id, tasks[0].msgid, (), clock.now())
        if len(tasks) > 1:
            _cancel_doubles(tasks[0].msgid, tasks)
        return
    with transaction.atomic():
        campaign = Campaign.unscoped.get(pk=batch.campaign_id)
        locked = MessageBatch.unscoped.select_for_update().get(pk=batch.pk)
        if locked.claim_id != batch.claim_id or locked.state not in {BatchState.CALLING, BatchState.UNKNOWN}:
            return
        messages = Message.unscoped.filter(batch_id=batch.pk, state__in=OPEN_BEFORE_CREATION)
        if campaign.state == CampaignState.STOPPED:
            locked.state = BatchState.CANCELLED
            outcomes.end(list(messages), state=MessageState.CANCELLED, reason=CancelReason.STOPPED, at=clock.now())
        else:
            locked.state, locked.asked_wall_at = BatchState.WAITING, None
            messages.update(state=MessageState.QUEUED)
        locked.save(update_fields=["state", "asked_wall_at"])


def _verify(batch: MessageBatch, tasks: Sequence[MassMessageSummary]) -> None:
    _cancel_doubles(batch.msgid, tasks)
    MessageBatch.unscoped.filter(pk=batch.pk).update(is_verified=True)


def _cancel_doubles(kept_msgid: str, tasks: Sequence[MassMessageSummary]) -> None:
    """Take back every task but the kept one; what staff have confirmed already cannot be taken back."""
    for task in tasks:
        if task.msgid != kept_msgid:
            cancel_remote(task.msgid)


def cancel_remote(msgid: str) -> None:
    """Take back the unsent part of a task at WeCom; a task that is over already refuses that, which is as good."""
    try:
        wecom.cancel_message(msgid=msgid)
    except WecomRefusedError:
        return
