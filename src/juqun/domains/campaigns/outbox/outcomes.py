"""The one way in which a message comes to its end: state, lake fact, event and the pressure place together."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from juqun.domains.campaigns import rules
from juqun.domains.campaigns.events import MessageDelivered, MessageRefused
from juqun.domains.campaigns.models import Message
from juqun.domains.campaigns.outbox import pressure
from juqun.domains.campaigns.types import MessageState
from juqun.kernel import clock, events
from juqun.lake import feed

UNKNOWN_ID = -1


def message_key(message: Message) -> str:
    """The message's key in the lake: its unique key in the outbox."""
    return f"{message.campaign_id}:{message.step}:{message.rotation}:{message.member_id}"


def message_facts(messages: Iterable[Message]) -> list[tuple[str, dict[str, Any]]]:
    """Rows of the lake's `messages`, one per message at its end (`ended_at`)."""
    return [_message_fact(message, message.ended_at) for message in messages if message.ended_at is not None]


def _message_fact(message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    key = message_key(message)
    row = {
        "message_key": key,
        "campaign_id": message.campaign_id,
        "member_id": message.member_id,
        "staff_id": message.staff_id or UNKNOWN_ID,
        "store_id": message.store_id or UNKNOWN_ID,
        "state": str(message.state),
        "reason": str(message.reason),
        "ts": clock.business_time(at),
        "day": clock.day_number(clock.business_day(at)),
    }
    return key, row


def deliver(messages: Sequence[Message], sent_at: Sequence[datetime]) -> None:
    """The messages reached their customers at `sent_at`. Runs in the transaction that holds their batch's lock."""
    by_time: dict[datetime, list[int]] = {}
    for message, at in zip(messages, sent_at, strict=True):
        message.state, message.reason, message.sent_at, message.ended_at = MessageState.SENT, "", at, at
        by_time.setdefault(at, []).append(message.pk)
    # one statement per second in which WeCom sent, mostly one per task; a CASE over each row takes ten times as long
    for at, message_ids in by_time.items():
        for chunk in rules.chunks(message_ids, rules.ID_CHUNK):
            Message.unscoped.filter(pk__in=chunk).update(state=MessageState.SENT, reason="", sent_at=at, ended_at=at)
    feed.record_many("messages", message_facts(messages))
    feed.record_many("touches", [_touch(message, message.sent_at) for message in messages if message.sent_at])
    events.publish(
        *(
            MessageDelivered(message_id=message.pk, member_id=message.member_id, campaign_id=message.campaign_id, at=at)
            for message, at in zip(messages, sent_at, strict=True)
        )
    )


def end(messages: Sequence[Message], *, state: MessageState, reason: str, at: datetime) -> None:
    """The messages end undelivered (refused, cancelled or skipped): their places in the ledger are given back.

    Runs in the transaction that holds the lock of their batch (or of the campaign, before it is launched).
    """
    if not messages:
        return
    for message in messages:
        message.state, message.reason, message.ended_at = state, reason, at
    for chunk in rules.chunks([message.pk for message in messages], rules.ID_CHUNK):
        Message.unscoped.filter(pk__in=chunk).update(state=state, reason=reason, ended_at=at)
    feed.record_many("messages", message_facts(messages))
    for campaign_id, step, rotation in {(m.campaign_id, m.step, m.rotation) for m in messages}:
        pressure.give_back(
            campaign_id=campaign_id,
            step=step,
            rotation=rotation,
            at=at,
            member_ids=[
                m.member_id for m in messages if (m.campaign_id, m.step, m.rotation) == (campaign_id, step, rotation)
            ],
        )
    if state == MessageState.REFUSED:
        events.publish(
            *(
                MessageRefused(
                    message_id=message.pk, member_id=message.member_id, campaign_id=message.campaign_id, reason=reason
                )
                for message in messages
            )
        )


def _touch(message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    day = clock.business_day(at)
    key = f"message:{message_key(message)}"
    row = {
        "touch_key": key,
        "member_id": message.member_id,
        "kind": "message",
        "source": "campaign",
        "store_id": message.store_id or UNKNOWN_ID,
        "staff_id": message.staff_id or UNKNOWN_ID,
        "campaign_id": message.campaign_id,
        "ts": clock.business_time(at),
        "day": clock.day_number(day),
        "week": clock.week_number(day),
    }
    return key, row
