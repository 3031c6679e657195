"""What the groups room tells the lake."""

from collections.abc import Sequence
from datetime import datetime

from juqun.domains.groups.models import Group
from juqun.kernel import clock
from juqun.lake import feed

NOBODY = -1  # the lake's "unknown id"
SOURCE = "group"


def record_joined(group: Group, stays: Sequence[tuple[int, datetime]]) -> None:
    """Record (member, when they joined); one fact per stay, whatever is told twice."""
    _record(group, [(member_id, joined_at, joined_at) for member_id, joined_at in stays], "joined")


def record_left(group: Group, stays: Sequence[tuple[int, datetime]], at: datetime) -> None:
    """Record that those who had joined then have left at ``at``."""
    _record(group, [(member_id, joined_at, at) for member_id, joined_at in stays], "left")


def _record(group: Group, stays: Sequence[tuple[int, datetime, datetime]], kind: str) -> None:
    if not stays:
        return
    touch_kind = "group_join" if kind == "joined" else "group_left"
    memberships, touches = [], []
    for member_id, joined_at, at in stays:
        key = f"{group.pk}:{member_id}:{kind}:{int(joined_at.timestamp())}"
        day = clock.business_day(at)
        when = {"ts": clock.business_time(at), "day": clock.day_number(day)}
        store_id = NOBODY if group.store_id is None else group.store_id
        memberships.append(
            (
                key,
                {
                    "event_key": key,
                    "group_id": group.pk,
                    "member_id": member_id,
                    "store_id": store_id,
                    "kind": kind,
                    **when,
                },
            )
        )
        touch_key = f"{touch_kind}:{key}"
        touches.append(
            (
                touch_key,
                {
                    "touch_key": touch_key,
                    "member_id": member_id,
                    "kind": touch_kind,
                    "source": SOURCE,
                    "store_id": store_id,
                    "staff_id": NOBODY if group.owner_staff_id is None else group.owner_staff_id,
                    "campaign_id": NOBODY,
                    "week": clock.week_number(day),
                    **when,
                },
            )
        )
    feed.record_many("memberships", memberships)
    feed.record_many("touches", touches)
