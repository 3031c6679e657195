"""Plain factories for tests of this room and of those above."""

from datetime import UTC, date, datetime

from juqun.domains.campaigns.models import Campaign
from juqun.domains.campaigns.rules import Candidate
from juqun.domains.campaigns.types import HoldoutUnit
from juqun.kernel import ids

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai on a Friday."""

FRIDAY = date(2026, 11, 20)


def make_campaign_row(*, node_id: int, holdout_bp: int = 1_000, unit: HoldoutUnit = HoldoutUnit.MEMBER) -> int:
    """A draft written straight into the table, for tests that need no segment."""
    row = Campaign(
        public_id=ids.new_id(),
        name="双十一回访",
        node_id=node_id,
        segment_id=1,
        text="周末好",
        link_url="https://shop.example/november",
        unit=unit,
        holdout_bp=holdout_bp,
        salt="salt of a test",
        starts_at=NOON,
        created_at=NOON,
    )
    row.save(force_insert=True)
    return int(row.pk)


def make_candidate(member_id: int, *, cap_day: int = 1, cap_month: int = 4) -> Candidate:
    """A member whom nothing speaks against."""
    return Candidate(
        member_id=member_id,
        store_id=None,
        staff_id=1,
        userid="wang",
        is_friend=True,
        has_consent=True,
        not_before=NOON,
        cap_day=cap_day,
        cap_month=cap_month,
    )
