"""Reading a whole corp: an exact copy at the end, whatever was killed, lost, doubled or out of order on the way."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import Sum

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.models import SyncPage, SyncPart
from juqun.channels.wecom.types import SyncKind, SyncMode, SyncRunView, SyncState
from juqun.config import wiring
from juqun.domains.groups.models import Membership
from juqun.domains.members.models import FriendLink, MemberIdentity
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import operations as org
from juqun.domains.org.models import Staff
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import Role
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import unseal
from juqun.kernel.testing import run_all_jobs
from juqun.lake.testing import fresh_lake
from tests.support.corp import EmulatedCorp
from wecom_emulator.running import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)
WHOLE = DataScope.whole_chain()
BATCH = "externalcontact/batch/get_by_user"


@pytest.fixture
def corp(settings, tmp_path) -> Iterator[EmulatedCorp]:
    fresh_lake(settings, tmp_path)
    wiring.connect()
    with run_in_thread() as running:
        settings.JUQUN_WECOM_BASE_URL = running.base_url
        emulated = EmulatedCorp(running.base_url)
        yield emulated
        emulated.close()


def hire(chain: SmallChain, count: int) -> list[str]:
    userids = [f"guide{number:03d}" for number in range(count)]
    for userid in userids:
        org.add_staff(node_id=chain.tianhe.id, name=userid.title(), userid=userid, role=Role.GUIDE)
    return userids


def fire_cast() -> None:
    """Only those whom the emulator knows are there."""
    Staff.unscoped.exclude(userid__startswith="guide").update(is_active=False)


def ours() -> tuple[set[tuple[str, str]], dict[str, set[str]], set[str]]:
    names = {
        pk: unseal(sealed)
        for pk, sealed in MemberIdentity.objects.filter(kind=IdentityKind.EXTERNAL_USERID).values_list("pk", "sealed")
    }
    links = FriendLink.objects.filter(lost_at__isnull=True, staff__is_active=True)
    friends = {(userid, names[pk]) for userid, pk in links.values_list("staff__userid", "identity_id")}
    by_member = dict(MemberIdentity.objects.filter(kind=IdentityKind.EXTERNAL_USERID).values_list("member_id", "pk"))
    chats: dict[str, set[str]] = {}
    stays = Membership.unscoped.filter(left_at__isnull=True, group__dismissed_at__isnull=True)
    for chat_id, member_id in stays.values_list("group__chat_id", "member_id"):
        chats.setdefault(chat_id, set()).add(names[by_member[member_id]])
    staff = set(Staff.unscoped.filter(is_active=True).values_list("userid", flat=True))
    return friends, chats, staff


def is_exact_copy(corp: EmulatedCorp) -> None:
    truth = corp.truth()
    friends, chats, staff = ours()
    assert friends == truth.friends
    assert chats == {chat_id: people for chat_id, people in truth.chats.items() if people}
    assert staff == truth.staff


def read_all(mode: SyncMode) -> dict[SyncKind, SyncRunView]:
    first = wecom.ask_sync(mode=mode)
    run_all_jobs()
    runs = wecom_queries.list_syncs(scope=WHOLE, after_id=first - 1)
    assert {run.state for run in runs} == {SyncState.DONE}, [run.error for run in runs]
    return {run.kind: run for run in runs}


def test_a_first_sync_copies_the_corp_in_full_pages_and_a_second_changes_nothing(corp):
    userids = hire(make_small_chain(), 24)
    fire_cast()
    corp.load(userids=userids, contacts=900, chats=12)
    runs = read_all(SyncMode.RECONCILE)
    is_exact_copy(corp)
    friendships = len(corp.truth().friends)
    contacts = runs[SyncKind.CONTACTS]
    assert (contacts.checked, contacts.added, contacts.lost, contacts.edited) == (friendships, friendships, 0, 0)
    assert contacts.calls == 1 + len(corp.calls(BATCH)) == 1 + 8 * 2  # eight shards of three people, 128 friends each
    assert (runs[SyncKind.GROUPS].checked, runs[SyncKind.STAFF].checked) == (12, 24)
    assert runs[SyncKind.CONTACTS].share == 1.0
    again = read_all(SyncMode.RECONCILE)
    assert {kind: run.healed for kind, run in again.items()} == dict.fromkeys(SyncKind, 0)
    assert not SyncPage.objects.exists()


def _worker(base_url: str) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    if connection.vendor == "postgresql":
        url = f"postgresql://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    else:
        url = f"sqlite:///{database['NAME']}"
    environment = {
        **os.environ,
        "JUQUN_DATABASE_URL": url,
        "JUQUN_DATA_DIR": str(django_settings.DATA_DIR),
        "JUQUN_SECRET_KEY": django_settings.SECRET_KEY,
        "JUQUN_LAKE_DIR": str(django_settings.JUQUN_LAKE_DIR),
        "JUQUN_WECOM_BASE_URL": base_url,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return subprocess.Popen([sys.executable, "-m", "tests.journeys.sync_worker"], env=environment)


def _pages() -> int:
    return SyncPart.objects.aggregate(pages=Sum("pages"))["pages"] or 0


def _wait(wanted: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _pages() < wanted and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.slow
def test_kill_9_repeats_at_most_the_pages_in_hand(corp, settings):
    userids = hire(make_small_chain(), 40)
    fire_cast()
    corp.load(userids=userids, contacts=8_000)
    friends = corp.truth().friends
    pages = -(-len(friends) // 100)
    wecom.ask_sync(kinds=[SyncKind.CONTACTS], mode=SyncMode.RECONCILE)
    kills = (pages // 4, pages // 2, pages * 3 // 4)
    for wanted in kills:
        worker = _worker(settings.JUQUN_WECOM_BASE_URL)
        _wait(wanted, 60)
        worker.kill()
        worker.wait()
        assert wanted <= _pages() < pages, "the kill must come in the middle"
    worker = _worker(settings.JUQUN_WECOM_BASE_URL)
    deadline = time.monotonic() + 120
    while SyncPart.objects.filter(is_open=True).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.terminate()
    worker.wait(30)
    (run,) = wecom_queries.list_syncs(scope=WHOLE)
    assert (run.state, run.added, run.lost, run.edited) == (SyncState.DONE, len(friends), 0, 0)
    assert ours()[0] == friends
    asked = Counter(
        json.dumps([row["body"]["userid_list"], row["body"].get("cursor", "")]) for row in corp.calls(BATCH)
    )
    assert len(asked) == run.pages
    assert sum(asked.values()) - len(asked) <= 3 * len(kills), "at most one page for each of three walkers"
    assert max(asked.values()) <= 1 + len(kills)
