"""The page of sync runs: what a newcomer reads, what the buttons do, what a run shows."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries
from juqun.channels.wecom.testing import without_subscribers
from juqun.channels.wecom.types import FindingKind, SyncFinding, SyncKind, SyncMode, SyncState
from juqun.domains.org.models import Account
from juqun.domains.org.testing import make_small_chain
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
WHOLE = DataScope.whole_chain()
PAGE, RUNS = "/console/sync/", "/console/sync/runs/"


@pytest.fixture(autouse=True)
def _chain():
    cache.clear()
    make_small_chain(with_accounts=True)
    with without_subscribers():
        yield


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(Account.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_empty_page_says_what_to_do():
    page = signed_in("hong").get(PAGE).content.decode()
    assert "WeCom was never read" in page
    assert "juqun doctor" in page
    assert reverse("console:sync") == PAGE


def test_a_button_begins_one_run_and_a_second_press_says_that_it_goes_on():
    client = signed_in("hong")
    assert "staff first" in client.post(PAGE, {"action": "sync"}, follow=True).content.decode()
    assert "being read already" in client.post(PAGE, {"action": "reconcile"}, follow=True).content.decode()
    (run,) = queries.list_syncs(scope=WHOLE)
    assert (run.kind, run.mode, run.asked_by) == (SyncKind.STAFF, SyncMode.TAKE_UP, "Hong")
    assert 'hx-trigger="every 2s"' in client.get(RUNS).content.decode()
    client.post(PAGE, {"action": "stop", "run": run.id})
    (run,) = queries.list_syncs(scope=WHOLE)
    assert (run.state, run.error) == (SyncState.FAILED, "stopped by Hong")
    assert "hx-trigger" not in client.get(RUNS).content.decode()


def test_a_run_shows_what_it_could_not_read_and_what_to_do():
    run_id = wecom.ask_sync(kinds=[SyncKind.CONTACTS], mode=SyncMode.RECONCILE, asked_by="Hong")
    found = SyncFinding(kind=FindingKind.REFUSED, subject="zh****ao", code="not_listed")
    wecom.plan_sync(run_id=run_id, subjects=[], most=100, calls=1, findings=[found])
    page = signed_in("hong").get(PAGE).content.decode()
    assert "zh****ao" in page
    assert "has no customer contact in WeCom" in page


@pytest.mark.parametrize("username", ["chen", "li", "wang"])
def test_only_headquarters_reads_the_whole_corp(username):
    client = signed_in(username)
    assert client.get(PAGE).status_code == client.get(RUNS).status_code == 403
    assert client.post(PAGE, {"action": "sync"}).status_code == 403
    assert queries.list_syncs(scope=WHOLE) == []
