"""What the groups room tells the lake."""

from collections.abc import Sequence
from datetime import datetime

from juqun.domains.groups.models import Group
from juqun.lake import feed

SOURCE = "group"


def record_joined(group: Group, stays: Sequence[tuple[int, datetime]]) -> None:
    """Record (member, when they joined); one fact per stay, whatever is told twice."""
    _record(group, [(member_id, joined_at, joined_at) for member_id, joined_at in stays], "joined", "group_join")


def record_left(group: Group, stays: Sequence[tuple[int, datetime]], at: datetime) -> None:
    """Record that those who had joined then have left at ``at``."""
    _record(group, [(member_id, joined_at, at) for member_id, joined_at in stays], "left", "group_left")


def _record(group: Group, stays: Sequence[tuple[int, datetime, datetime]], kind: str, touch_kind: str) -> None:
    memberships, touches = [], []
    for member_id, joined_at, at in stays:
        key = f"{group.pk}:{member_id}:{kind}:{int(joined_at.timestamp())}"
        shared = {"member_id": member_id, "store_id": group.store_id, "ts": at}
        memberships.append((key, {"event_key": key, "group_id": group.pk, "kind": kind, **shared}))
        touch_key = f"{touch_kind}:{key}"
        touches.append(
            (
                touch_key,
                {
                    "touch_key": touch_key,
                    "kind": touch_kind,
                    "source": SOURCE,
                    "staff_id": group.owner_staff_id,
                    **shared,
                },
            )
        )
    feed.record_many("memberships", memberships)
    feed.record_many("touches", touches)
