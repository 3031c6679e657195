"""The address book read as a whole: who left, who came back, who is a stranger."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.events import StaffUserJoined, StaffUserLeft
from juqun.channels.wecom.testing import ScriptedWecom, scripted_wecom, without_subscribers
from juqun.channels.wecom.types import FindingKind, SyncKind, SyncMode, SyncRunView
from juqun.domains.org import handlers, jobs, operations, queries
from juqun.domains.org.models import Account
from juqun.domains.org.testing import make_small_chain
from juqun.kernel import clock
from juqun.kernel.jobs import run_pending
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
WHOLE = DataScope.whole_chain()
AT = datetime(2026, 3, 1, tzinfo=UTC)
EVERYBODY = ["hong", "chen", "li", "wang", "zhao"]


def read(script: ScriptedWecom, userids: list[str], *, gone: tuple[str, ...] = ()) -> SyncRunView:
    def get(body: dict[str, Any]) -> dict[str, Any]:
        if body["userid"] in gone:
            return {"errcode": 60111, "errmsg": "userid not found"}
        return {"userid": body["userid"], "status": 1}

    def members(body: dict[str, Any]) -> dict[str, Any]:
        part = userids if body["department_id"] == "1" else userids[:1]
        return {"userlist": [{"userid": one, "name": one, "department": [1]} for one in part]}

    script.script("department/simplelist", {"department_id": [{"id": 1}, {"id": 2}]})
    script.script("user/simplelist", members)
    script.script("user/get", get)
    with without_subscribers():
        run_id = wecom.ask_sync(kinds=[SyncKind.STAFF], mode=SyncMode.RECONCILE)
    jobs.ask_plan(run_id=run_id)
    run_pending(["send"])
    (run,) = wecom_queries.list_syncs(scope=WHOLE, after_id=run_id - 1)
    return run


def active() -> set[str]:
    return {person.userid for person in queries.list_staff(scope=WHOLE)}


def test_who_is_gone_leaves_and_who_is_there_again_returns():
    make_small_chain(with_accounts=True)
    with scripted_wecom() as script:
        read(script, EVERYBODY)
        run = read(script, ["hong", "chen", "li"], gone=("wang",))  # zhao only stands outside the visible departments
        assert (run.lost, run.added, active()) == (1, 0, {"hong", "chen", "li", "zhao"})
        run = read(script, EVERYBODY)
        assert (run.lost, run.added, active()) == (0, 1, set(EVERYBODY))
        assert read(script, EVERYBODY).healed == 0
    assert not Account.objects.get(username="wang").is_active  # whether to see customers again is for people to decide


def test_who_never_was_in_wecom_keeps_the_login():
    make_small_chain(with_accounts=True)
    with scripted_wecom() as script:
        run = read(script, ["chen", "li", "wang", "zhao"], gone=("hong",))
    assert (run.lost, active()) == (0, set(EVERYBODY))
    assert [(one.subject, one.code) for one in run.findings] == [("hong", "60111")]
    assert Account.objects.get(username="hong").is_active


def test_who_was_entered_as_gone_by_hand_stays_gone_until_wecom_makes_them_anew():
    chain = make_small_chain()
    operations.staff_left(staff_id=chain.wang.id, at=AT)
    with scripted_wecom() as script:
        assert read(script, EVERYBODY).added == 0
    assert "wang" not in active()
    handlers.on_staff_user_joined(StaffUserJoined(userid="wang", at=AT - timedelta(days=1)))
    assert "wang" not in active()  # old news
    handlers.on_staff_user_joined(StaffUserJoined(userid="wang", at=AT + timedelta(days=1)))
    handlers.on_staff_user_joined(StaffUserJoined(userid="nobody", at=AT))
    assert "wang" in active()
    assert EventRecord.objects.filter(name="org.staff_joined", payload__staff_id=chain.wang.id).count() == 2


def test_strangers_are_named_and_a_department_out_of_sight_hides_nobody():
    make_small_chain()
    with scripted_wecom() as script:
        run = read(script, [*EVERYBODY, "stranger"])
        assert [(one.subject, one.code) for one in run.findings] == [("stranger", "not_among_staff")]
        script.script("user/simplelist", {"errcode": 60011, "errmsg": "no privilege"})
        with without_subscribers():
            run_id = wecom.ask_sync(kinds=[SyncKind.STAFF], mode=SyncMode.RECONCILE)
        jobs.ask_plan(run_id=run_id)
        run_pending(["send"])
    (run,) = wecom_queries.list_syncs(scope=WHOLE, after_id=run_id - 1)
    assert (run.refused, run.lost, active()) == (2, 0, set(EVERYBODY))
    assert {one.kind for one in run.findings} == {FindingKind.REFUSED}


def test_importing_somebody_who_left_takes_them_up_again(settings, tmp_path):
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    make_small_chain()
    handlers.on_staff_user_left(StaffUserLeft(userid="wang", at=clock.now()))
    path = tmp_path / "staff.csv"
    path.write_text("userid,name,role,node_code\nwang,Wang,guide,S001\n")
    assert operations.import_staff(path=path, actor="hong").rows_ok == 1
    assert "wang" in active()
    assert operations.import_staff(path=path, actor="hong").rows_skipped == 1
