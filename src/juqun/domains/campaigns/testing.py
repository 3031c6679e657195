"""Plain factories for tests of this room and of those above: guides, consenting friends, a segment of them, a draft."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from juqun.domains.audience import operations as audience
from juqun.domains.campaigns import operations
from juqun.domains.campaigns.models import Campaign
from juqun.domains.campaigns.rules import Candidate
from juqun.domains.campaigns.types import HoldoutUnit
from juqun.domains.members import operations as members
from juqun.domains.members import queries as member_queries
from juqun.domains.members.types import ConsentPurpose, Identity, IdentityKind
from juqun.domains.org import operations as org
from juqun.domains.org import queries as org_queries
from juqun.domains.org.types import Role, StaffView
from juqun.kernel import ids
from juqun.lake import feed

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


def make_guides(*, store_id: int, count: int, prefix: str = "guide") -> list[StaffView]:
    """Guides of one store."""
    return [
        org.add_staff(node_id=store_id, name=f"{prefix} {n}", userid=f"{prefix}{n}", role=Role.GUIDE)
        for n in range(count)
    ]


def external_userids(count: int, *, prefix: str = "wmShopTownCustomer") -> list[str]:
    """Ids as WeCom would give them to customers."""
    return [f"{prefix}{n:014d}" for n in range(count)]


def make_friends(
    *, store_id: int | None, guides: Sequence[StaffView], external_userids: Sequence[str], at: datetime
) -> dict[str, int]:
    """Consenting members who are friends of the guides in turn; returns member ids by external_userid."""
    return {
        external_userid: _make_friend(external_userid, store_id, guides[n % len(guides)].id, at)
        for n, external_userid in enumerate(external_userids)
    }


def _make_friend(external_userid: str, store_id: int | None, staff_id: int, at: datetime) -> int:
    identity = Identity(kind=IdentityKind.EXTERNAL_USERID, value=external_userid)
    member_id = members.identify(identities=[identity], store_id=store_id, source="test", at=at).member_id
    members.add_friend(member_id=member_id, staff_id=staff_id, external_userid=external_userid, state="", at=at)
    members.set_consent(member_id=member_id, purpose=ConsentPurpose.MARKETING, granted=True, source="test", at=at)
    return int(member_id)


def refresh_dims() -> None:
    """Bring members, tags and stores into the lake, as the schedule does."""
    feed.wire_dims(
        {
            "members": member_queries.export_members_dim,
            "member_tags": member_queries.export_member_tags_dim,
            "stores": org_queries.export_stores_dim,
        }
    )
    feed.refresh_dims()


def make_segment_of_friends() -> int:
    """A segment that holds every friend of any member of staff."""
    tree = {"version": 1, "type": "relation", "is_friend": True}
    return int(audience.create_segment(name=f"Friends {ids.new_id()}", tree=tree, actor="test").id)


def make_draft(*, node_id: int, **changes: Any) -> int:
    """A draft to all friends below a node, Friday noon, nobody held out."""
    fields: dict[str, Any] = {
        "name": "周末回访",
        "text": "周末好，进店有礼",
        "link_url": "https://shop.example/weekend",
        "starts_at": NOON,
        "holdout_bp": 0,
    }
    fields |= changes
    return operations.create_campaign(segment_id=make_segment_of_friends(), node_id=node_id, **fields)
