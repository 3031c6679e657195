"""When the nightly reconcile is asked for."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from juqun.channels.wecom import jobs, queries, rules, walking
from juqun.channels.wecom.errors import NoApiRightError
from juqun.channels.wecom.models import SyncPart, SyncRun
from juqun.channels.wecom.testing import without_subscribers
from juqun.channels.wecom.types import FindingKind, SyncKind, SyncMode, SyncState
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


@pytest.mark.django_db
def test_after_a_failure_it_rests_for_an_hour(monkeypatch):
    whole = DataScope.whole_chain()
    with without_subscribers(), clock.travelled(MIDNIGHT):
        jobs.reconcile_nightly()
        (run,) = queries.list_syncs(scope=whole)
        walking.stop_sync(run_id=run.id, error="the secret is wrong")
        for _tick in range(3):
            jobs.reconcile_nightly()
        assert len(queries.list_syncs(scope=whole)) == 1
        wall = clock.wall()
        monkeypatch.setattr(clock, "wall", lambda: wall + timedelta(minutes=61))
        jobs.reconcile_nightly()
        assert len(queries.list_syncs(scope=whole)) == 2


@pytest.mark.django_db
def test_what_the_app_may_not_read_does_not_keep_it_from_the_rest():
    whole = DataScope.whole_chain()
    with without_subscribers(), clock.travelled(MIDNIGHT):
        run_id = walking.ask_sync(mode=SyncMode.RECONCILE)
        with walking.failing_run(run_id=run_id):
            raise NoApiRightError(endpoint="department/simplelist", errcode=48002, detail="api forbidden")
        contacts, staff = queries.list_syncs(scope=whole)
        assert (staff.kind, staff.state) == (SyncKind.STAFF, SyncState.FAILED)
        assert (contacts.kind, contacts.state, contacts.following) == (
            SyncKind.CONTACTS, SyncState.PLANNING, (SyncKind.GROUPS,),
        )  # fmt: skip
        walking.stop_sync(run_id=contacts.id, error="stopped by Hong")
        assert len(queries.list_syncs(scope=whole)) == 2


@pytest.mark.django_db
def test_of_a_run_of_many_parts_those_that_were_refused_are_shown_first(django_assert_num_queries):
    run = SyncRun.objects.create(
        kind=SyncKind.CONTACTS, mode=SyncMode.RECONCILE, state=SyncState.RUNNING, asked_at=MIDNIGHT, begun_at=MIDNIGHT
    )
    SyncPart.objects.bulk_create(
        [
            SyncPart(run=run, subjects=[], size=1, moved_at=MIDNIGHT, findings=[["added", f"wm{number}", "", ""]])
            for number in range(100)
        ]
    )
    SyncPart.objects.create(
        run=run, subjects=["wang"], size=1, moved_at=MIDNIGHT, refused=1, findings=[["refused", "wang", "", "60111"]]
    )
    with django_assert_num_queries(3):
        (view,) = queries.list_syncs(scope=DataScope.whole_chain())
    assert [one.subject for one in view.findings if one.kind is FindingKind.REFUSED] == ["wang"]
    assert len(view.findings) == queries.READ_PARTS
