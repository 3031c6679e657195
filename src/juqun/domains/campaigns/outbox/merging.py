"""Two member records turned out to be one person: what is still open must not reach that person twice."""

from django.db import transaction

from juqun.domains.campaigns.models import Message, PressureEntry
from juqun.domains.campaigns.outbox import outcomes
from juqun.domains.campaigns.types import OPEN_STATES, MessageState, SkipReason
from juqun.kernel import clock


def follow_merge(*, keep_id: int, absorbed_id: int) -> None:
    """Hand open messages of the absorbed record to the kept one; where that has its own in the same campaign, skip.

    A message that is already in a task at WeCom cannot be taken out of it; it stays and ends with its result.
    History is not rewritten: messages that have their end keep the id under which they were sent.
    """
    with transaction.atomic():
        open_ones = list(
            Message.unscoped.select_for_update().filter(member_id=absorbed_id, state__in=OPEN_STATES).order_by("pk")
        )
        taken = set(
            Message.unscoped.filter(
                member_id=keep_id, campaign_id__in=[message.campaign_id for message in open_ones]
            ).values_list("campaign_id", "step", "rotation")
        )
        doubles = [m for m in open_ones if (m.campaign_id, m.step, m.rotation) in taken]
        outcomes.end(
            [m for m in doubles if m.state in {MessageState.PLANNED, MessageState.QUEUED}],
            state=MessageState.SKIPPED,
            reason=SkipReason.MERGED,
            at=clock.now(),
        )
        double_ids = {message.pk for message in doubles}
        moving = [message for message in open_ones if message.pk not in double_ids]
        Message.unscoped.filter(pk__in=[message.pk for message in moving]).update(member_id=keep_id)
        _move_places(keep_id, absorbed_id)


def _move_places(keep_id: int, absorbed_id: int) -> None:
    """The absorbed record's places count for the kept one, with numbers after those it holds (a cap may be passed)."""
    held = PressureEntry.objects.filter(member_id=keep_id, released_at=None)
    own = set(PressureEntry.objects.filter(member_id=keep_id).values_list("campaign_id", "step", "rotation"))
    used_day: dict[object, int] = {}
    used_month: dict[int, int] = {}
    for day, month, day_slot, month_slot in held.values_list("day", "month", "day_slot", "month_slot"):
        used_day[day] = max(used_day.get(day, 0), day_slot or 0)
        used_month[month] = max(used_month.get(month, 0), month_slot or 0)
    moving = []
    for entry in PressureEntry.objects.filter(member_id=absorbed_id, released_at=None).order_by("pk"):
        if (entry.campaign_id, entry.step, entry.rotation) in own:
            continue
        entry.member_id = keep_id
        entry.day_slot = used_day[entry.day] = used_day.get(entry.day, 0) + 1
        entry.month_slot = used_month[entry.month] = used_month.get(entry.month, 0) + 1
        moving.append(entry)
    PressureEntry.objects.bulk_update(moving, ["member_id", "day_slot", "month_slot"])
