"""Walking through the friends of all staff, with a channel that refuses, is busy, or changes on the way."""

from typing import Any

import pytest

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.errors import SyncRunningError
from juqun.channels.wecom.models import SyncPart
from juqun.channels.wecom.testing import ScriptedWecom, scripted_wecom, without_subscribers
from juqun.channels.wecom.types import FindingKind, SyncKind, SyncMode, SyncRunView, SyncState
from juqun.domains.members import jobs
from juqun.domains.members.models import FriendLink
from juqun.domains.members.testing import make_friend
from juqun.domains.org import operations as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import Role
from juqun.kernel.jobs import run_pending
from juqun.kernel.models import Job
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
WHOLE = DataScope.whole_chain()
BATCH, LIST, FOLLOWERS = (
    "externalcontact/batch/get_by_user",
    "externalcontact/list",
    "externalcontact/get_follow_user_list",
)


def row(who: str, userid: str) -> dict[str, Any]:
    return {
        "external_contact": {"external_userid": who, "name": who, "type": 1, "gender": 1},
        "follow_info": {"userid": userid, "createtime": 1772330400, "remark_mobiles": [], "tag_id": []},
    }


class Corp:
    """A corp that answers in pages of two, and refuses whoever is in `refused`."""

    def __init__(self, friends: dict[str, list[str]], refused: dict[str, int] | None = None) -> None:
        self.friends, self.refused = friends, refused or {}

    def play(self, script: ScriptedWecom) -> None:
        script.script(FOLLOWERS, lambda _body: {"follow_user": list(self.friends)})
        script.script(BATCH, self.batch)
        script.script(LIST, self.listed)

    def batch(self, body: dict[str, Any]) -> dict[str, Any]:
        for userid in body["userid_list"]:
            if userid in self.refused:
                return {"errcode": self.refused[userid], "errmsg": "no"}
        rows = [row(who, userid) for userid in body["userid_list"] for who in self.friends[userid]]
        start = int(body["cursor"] or 0)
        following = str(start + 2) if start + 2 < len(rows) else ""
        return {"external_contact_list": rows[start : start + 2], "next_cursor": following}

    def listed(self, body: dict[str, Any]) -> dict[str, Any]:
        friends = self.friends.get(body["userid"], [])
        return {"external_userid": friends} if friends else {"errcode": 84061, "errmsg": "not external contact"}


@pytest.fixture
def chain() -> SmallChain:
    return make_small_chain()


def ask(mode: SyncMode = SyncMode.RECONCILE) -> int:
    with without_subscribers():
        run_id = wecom.ask_sync(kinds=[SyncKind.CONTACTS], mode=mode)
    jobs.ask_plan(run_id=run_id)
    return run_id


def read(mode: SyncMode = SyncMode.RECONCILE) -> SyncRunView:
    ask(mode)
    run_pending(["send"])
    return wecom_queries.list_syncs(scope=WHOLE)[0]


def friends() -> set[tuple[str, str]]:
    links = FriendLink.objects.filter(lost_at__isnull=True)
    return set(links.values_list("staff__userid", "member__display_name"))


def test_every_page_is_called_once_and_its_friends_are_there(chain):
    corp = Corp({"wang": ["wmA", "wmB", "wmC"], "li": [], "zhao": ["wmA"]})
    with scripted_wecom() as script:
        corp.play(script)
        run = read()
        assert len(script.bodies(BATCH)) == 4  # a shard each: two pages, and one, empty or not
    assert friends() == {("wang", "wmA"), ("wang", "wmB"), ("wang", "wmC"), ("zhao", "wmA")}
    assert (run.state, run.checked, run.added, run.calls, run.share) == (SyncState.DONE, 4, 4, 5, 1.0)


def test_one_run_of_a_kind_at_a_time(chain):
    ask()
    with pytest.raises(SyncRunningError):
        ask()


def test_who_is_refused_is_noted_and_the_others_are_read(chain):
    many = {f"g{number:02d}": [f"wm{number}"] for number in range(20)}
    for userid in many:
        org.add_staff(node_id=chain.tianhe.id, name=userid, userid=userid, role=Role.GUIDE)
    corp = Corp(many, {"g07": 60011})
    with scripted_wecom() as script:
        corp.play(script)
        run = read()
    assert friends() == {(userid, who) for userid, (who,) in many.items() if userid != "g07"}
    assert (run.state, run.added, run.refused) == (SyncState.DONE, 19, 1)
    (refused,) = [one for one in run.findings if one.kind is FindingKind.REFUSED]
    assert (refused.subject, refused.code) == ("g07", "60011")


def test_staff_who_lost_customer_contact_on_the_way_lose_no_friends(chain):
    make_friend(staff_id=chain.wang.id, external_userid="wmA")
    corp = Corp({"wang": ["wmA"], "li": []})
    with scripted_wecom() as script:
        corp.play(script)
        script.script(BATCH, {"external_contact_list": [], "next_cursor": ""})
        script.script(LIST, {"errcode": 84061, "errmsg": "not external contact"})
        script.script(FOLLOWERS, {"follow_user": ["wang", "li"]}, {"follow_user": ["li"]})
        run = read()
    assert FriendLink.objects.filter(lost_at__isnull=True).count() == 1
    assert (run.state, run.lost, run.refused) == (SyncState.DONE, 0, 1)


def test_friends_of_staff_whom_wecom_does_not_list_are_left_alone_and_named(chain):
    make_friend(staff_id=chain.zhao.id, external_userid="wmZ")
    with scripted_wecom() as script:
        Corp({"wang": []}).play(script)
        run = read()
    assert run.lost == 0
    assert [(one.subject, one.code) for one in run.findings] == [("zhao", "not_listed")]


def test_rows_that_moved_between_the_pages_end_no_friendship(chain):
    corp = Corp({"wang": ["wmA", "wmB", "wmC"]})
    with scripted_wecom() as script:
        corp.play(script)
        read()
        script.script(BATCH, {"external_contact_list": [row("wmA", "wang")], "next_cursor": ""})
        run = read()
        assert (run.lost, len(script.bodies(LIST))) == (0, 1)
        corp.friends["wang"].remove("wmB")
        script.script(BATCH, corp.batch)
        run = read()
    assert (run.lost, run.added, friends()) == (1, 0, {("wang", "wmA"), ("wang", "wmC")})


def test_taking_up_ends_nothing(chain):
    make_friend(staff_id=chain.wang.id, external_userid="wmGone")
    with scripted_wecom() as script:
        Corp({"wang": ["wmA"]}).play(script)
        run = read(SyncMode.TAKE_UP)
        assert script.bodies(LIST) == []
    assert (run.added, run.lost, FriendLink.objects.filter(lost_at__isnull=True).count()) == (1, 0, 2)


def test_a_busy_channel_is_waited_for_and_the_cursor_stays(chain):
    corp = Corp({"wang": ["wmA", "wmB", "wmC"]})
    with scripted_wecom() as script:
        corp.play(script)
        script.script(BATCH, corp.batch, {"errcode": 45009, "errmsg": "freq"}, corp.batch)
        ask()
        run_pending(["send"])
        part = SyncPart.objects.get()
        assert (part.is_open, part.cursor, part.pages, part.held_until) == (True, "2", 1, None)
        waiting = Job.objects.get(name__endswith="walk_contacts")
        assert waiting.last_error.startswith("again in 60")
        assert wecom_queries.list_syncs(scope=WHOLE)[0].is_open


def test_wrong_credentials_end_the_run_with_the_reason(chain):
    with scripted_wecom() as script:
        Corp({"wang": ["wmA"]}).play(script)
        script.script(FOLLOWERS, {"errcode": 60020, "errmsg": "not allow to access from your ip"})
        run = read()
        assert run.state is SyncState.FAILED
        assert "60020" in run.error
        Corp({"wang": ["wmA"]}).play(script)
        script.script(BATCH, {"errcode": 48002, "errmsg": "api forbidden"})
        assert read().state is SyncState.FAILED
        Corp({"wang": ["wmA"]}).play(script)
        assert read().added == 1


def test_a_walker_that_was_overtaken_stores_nothing(chain):
    corp = Corp({"wang": ["wmA"]})

    def steal(body: dict[str, Any]) -> dict[str, Any]:
        SyncPart.objects.update(generation=99)
        return corp.batch(body)

    with scripted_wecom() as script:
        corp.play(script)
        script.script(BATCH, steal)
        run = read()
    assert (run.is_open, run.added, friends()) == (True, 0, set())


def test_a_run_that_stands_still_is_told_of_again(chain, monkeypatch):
    ask()
    assert wecom.revive_syncs() == 0
    monkeypatch.setattr("juqun.channels.wecom.walking.STILL_MINUTES", -1)
    with without_subscribers():
        assert wecom.revive_syncs() == 1


def test_nobody_but_headquarters_sees_runs(chain):
    ask()
    assert wecom_queries.list_syncs(scope=DataScope(paths=(chain.tianhe.path,))) == []
