"""When the nightly reconcile is asked for."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from juqun.channels.wecom import jobs, queries, rules
from juqun.channels.wecom.testing import without_subscribers
from juqun.channels.wecom.types import SyncKind, SyncMode
from juqun.kernel import clock
from juqun.kernel.scope import DataScope

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2026, 3, 2, tzinfo=SHANGHAI)


def first_due(last: datetime, jitter: str) -> datetime:
    minutes = (MIDNIGHT + timedelta(minutes=minute) for minute in range(2 * 24 * 60))
    return next(at for at in minutes if rules.is_reconcile_due(now=at, last_asked_at=last, jitter=jitter))


def test_it_is_due_at_night_at_a_minute_of_its_own():
    yesterday = MIDNIGHT - timedelta(hours=21)
    dues = {jitter: first_due(yesterday, jitter) - MIDNIGHT for jitter in map(str, range(50))}
    assert all(timedelta(hours=2) <= due < timedelta(hours=4) for due in dues.values())
    assert len(set(dues.values())) > 10
    assert dues == {jitter: first_due(yesterday, jitter) - MIDNIGHT for jitter in dues}


def test_once_a_night_and_not_in_the_middle_of_the_day():
    done = MIDNIGHT + timedelta(hours=4)
    later = [done + timedelta(hours=hour) for hour in range(20)]
    assert not any(rules.is_reconcile_due(now=at, last_asked_at=done, jitter="x") for at in later)
    missed = MIDNIGHT - timedelta(hours=21)  # the server was away at night
    assert not rules.is_reconcile_due(now=MIDNIGHT + timedelta(hours=9), last_asked_at=missed, jitter="x")
    assert rules.is_reconcile_due(now=MIDNIGHT + timedelta(hours=15), last_asked_at=missed, jitter="x")
    assert rules.is_reconcile_due(now=MIDNIGHT + timedelta(hours=15), last_asked_at=None, jitter="x")


@pytest.mark.django_db
def test_the_schedule_asks_once():
    whole = DataScope.whole_chain()
    with without_subscribers(), clock.travelled(MIDNIGHT):
        for _tick in range(3):
            jobs.reconcile_nightly()
        (run,) = queries.list_syncs(scope=whole)
    assert (run.kind, run.mode, run.following) == (
        SyncKind.STAFF,
        SyncMode.RECONCILE,
        (SyncKind.CONTACTS, SyncKind.GROUPS),
    )
