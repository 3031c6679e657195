"""A customer opened a tracked link."""

from datetime import datetime

from django.db import transaction

from juqun.domains.campaigns.errors import LinkUnknownError
from juqun.domains.campaigns.models import MessageBatch
from juqun.domains.campaigns.outbox.outcomes import UNKNOWN_ID
from juqun.domains.members import queries as member_queries
from juqun.kernel import clock
from juqun.lake import feed


def record_link_opened(*, token: str, member_id: int | None, at: datetime) -> None:
    """Store the touch `link`, once per link, member and day; `member_id` None when the page could not identify anybody.

    A mass message is one content for many, so the token names the task, never the customer; who opened it is known only
    from the page's own sign-in. Unidentified openings of one link count once a day. Raises LinkUnknownError.
    """
    batch = MessageBatch.unscoped.filter(token=token).first()
    if batch is None:
        raise LinkUnknownError
    day = clock.business_day(at)
    who = UNKNOWN_ID if member_id is None else member_id
    store_id = member_queries.member_stores(member_ids=[member_id]).get(member_id) if member_id is not None else None
    key = f"link:{token}:{who}:{clock.day_number(day)}"
    with transaction.atomic():
        feed.record(
            "touches",
            key,
            {
                "touch_key": key,
                "member_id": who,
                "kind": "link",
                "source": "campaign",
                "store_id": store_id or UNKNOWN_ID,
                "staff_id": batch.staff_id,
                "campaign_id": batch.campaign_id,
                "ts": clock.business_time(at),
                "day": clock.day_number(day),
                "week": clock.week_number(day),
            },
        )
