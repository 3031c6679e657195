"""Gathering: from a printed code to a friendship, a welcome, a group, the next group, and an answer in customer service."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from juqun.channels.wecom.events import ContactAdded
from juqun.domains.groups import operations as groups
from juqun.domains.groups import queries as group_queries
from juqun.domains.groups.types import EntryState, GroupState
from juqun.domains.growth import operations as growth
from juqun.domains.growth import queries as growth_queries
from juqun.domains.growth.types import CodeState, LiveCodeView, SourceKind
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import queries as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.robot import handlers as robot_handlers
from juqun.domains.robot import operations as robot
from juqun.domains.robot import queries as robot_queries
from juqun.domains.robot.types import MessageOutcome, WelcomeState
from juqun.kernel import clock, events
from juqun.kernel.jobs.work import Worker
from juqun.kernel.models import EventRecord, Job, JobState
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import mask
from juqun.lake.models import FactOutbox
from tests.journeys.rehearsal import BEGIN, KF, Stage, running_stage

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = DataScope.whole_chain()


@pytest.fixture
def stage(tmp_path: Path, settings: Any) -> Iterator[Stage]:
    with running_stage(tmp_path, settings) as running:
        running.staff("hong", "chen", "li", "wang", "zhao")
        yield running


@pytest.fixture
def chain(stage: Stage) -> SmallChain:
    return make_small_chain()


def open_group(stage: Stage, chain: SmallChain, capacity: int = 4) -> str:
    """Li makes the first group of a kind for `capacity` people and opens the way into it; returns its chat."""
    groups.create_kind(code="deals", name="福利群", theme="deals of the week", capacity=capacity)
    chat_id: str = stage.worker("li", "create_group", name="天河店福利群")["chat_id"]
    groups.open_entry(store_id=chain.tianhe.id, kind_code="deals", owner_staff_id=chain.li.id, chat_id=chat_id)
    stage.settle()
    return chat_id


def make_code(stage: Stage, chain: SmallChain, text: str = "{nickname}，欢迎来天河店") -> LiveCodeView:
    code = growth.create_live_code(
        store_id=chain.tianhe.id,
        source=SourceKind.TILL,
        label="收银台",
        staff_ids=[chain.wang.id],
        welcome_text=text,
        actor="li",
    )
    stage.settle()
    return growth_queries.get_live_code(scope=EVERYTHING, live_code_id=code.id)


def member_of(external_userid: str) -> int:
    member_id = members.find_member_id(kind=IdentityKind.EXTERNAL_USERID, value=external_userid)
    assert member_id is not None
    return member_id


def test_from_the_code_to_the_group_to_the_next_group_to_an_answer(stage: Stage, chain: SmallChain):
    first_chat = open_group(stage, chain)
    entry = group_queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert entry is not None
    assert (entry.state, entry.chat_ids) == (EntryState.READY, (first_chat,))
    code = make_code(stage, chain)
    assert (code.status, code.is_active, code.staff_userids) == (CodeState.READY, True, ("wang",))

    mei, bo, chun, dong = stage.customers("小美", "阿波", "春儿", "冬子")
    scanned = stage.customer(mei, "scan", qr_code=code.qr_code)
    assert scanned["userid"] == "wang"
    (welcome,) = stage.inbox(mei, "welcome")
    assert welcome["text"] == "小美，欢迎来天河店"
    (card,) = welcome["attachments"]
    assert entry.url in str(card)

    member = members.get_member(scope=EVERYTHING, member_id=member_of(mei))
    assert member.store_id == chain.tianhe.id
    assert "source:till" in member.tags
    code = growth_queries.get_live_code(scope=EVERYTHING, live_code_id=code.id)
    assert (code.scans, code.friends) == (1, 1)
    till = growth_queries.recruits_by_source(scope=EVERYTHING)[0]
    assert (till.source, till.codes, till.scans, till.friends, till.recruits) == (SourceKind.TILL, 1, 1, 1, 1)
    stats = robot_queries.welcome_stats(scope=EVERYTHING)
    assert (stats.counts[WelcomeState.SENT], stats.p50_ms) == (1, 0)

    assert stage.customer(mei, "scan", qr_code=entry.url)["chat_id"] == first_chat
    stay = group_queries.member_groups(scope=EVERYTHING, member_id=member.id)
    assert [(one.name, one.left_at) for one in stay] == [("天河店福利群", None)]
    for other in (bo, chun):
        assert stage.customer(other, "scan", qr_code=entry.url)["chat_id"] == first_chat

    full = group_queries.board(scope=EVERYTHING)[0]
    assert (full.member_count, full.capacity, full.state) == (4, 4, GroupState.FULL)
    (planned,) = group_queries.list_planned_groups(scope=EVERYTHING)
    assert planned.name == "天河店福利群2"
    (notice,) = stage.notices("li")
    assert "天河店福利群2" in str(notice)

    second_chat = stage.worker("li", "create_group", name=planned.name)["chat_id"]
    assert group_queries.list_planned_groups(scope=EVERYTHING) == []
    entry = group_queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert entry is not None
    assert entry.chat_ids == (second_chat,)
    assert stage.customer(dong, "scan", qr_code=entry.url)["chat_id"] == second_chat
    assert group_queries.count_by_state(scope=EVERYTHING) == {
        GroupState.OPEN: 1,
        GroupState.FULL: 1,
        GroupState.SILENT: 0,
        GroupState.DISMISSED: 0,
    }

    robot.set_service_account(open_kfid=KF, name="客服", store_id=chain.tianhe.id, keeper_staff_id=chain.li.id)
    robot.set_keyword_reply(words=["会员日", "会员"], text="会员日是每月八号")
    robot.set_keyword_reply(words=["会员"], text="天河店办卡在服务台", store_id=chain.tianhe.id)
    stage.customer(mei, "write", to="kf", open_kfid=KF, text="请问会员日几号？")
    stage.customer(mei, "write", to="kf", open_kfid=KF, text="怎么办会员")
    assert [one["text"] for one in stage.inbox(mei, "kf")] == ["会员日是每月八号", "天河店办卡在服务台"]
    stage.customer(mei, "write", to="kf", open_kfid=KF, text="我的洗车券不见了")
    stage.customer(bo, "write", to="kf", open_kfid=KF, text="有厕所吗")
    assert "洗车券" in str(stage.notices("wang"))  # her own friend
    assert "厕所" in str(stage.notices("li"))  # the account's keeper, for he is nobody's friend
    assert [one["text"] for one in stage.inbox(mei, "kf")][2:] == ["A person will answer you as soon as possible."]
    outcomes = robot_queries.count_messages_by_outcome(scope=EVERYTHING)
    assert (outcomes[MessageOutcome.ANSWERED], outcomes[MessageOutcome.HANDED]) == (2, 2)


def snapshot() -> dict[str, Any]:
    """All that repeated news might change."""
    return {
        "codes": growth_queries.list_live_codes(scope=EVERYTHING),
        "sources": growth_queries.recruits_by_source(scope=EVERYTHING),
        "board": group_queries.board(scope=EVERYTHING),
        "entries": group_queries.list_entries(scope=EVERYTHING),
        "dim": group_queries.export_group_members_dim().to_pylist(),
        "welcomes": robot_queries.list_welcomes(scope=EVERYTHING),
        "messages": robot_queries.list_service_messages(scope=EVERYTHING),
        "facts": sorted(FactOutbox.objects.values_list("fact", "key")),
    }


def play_a_morning(stage: Stage, chain: SmallChain) -> tuple[str, str]:
    chat_id = open_group(stage, chain, capacity=50)
    entry = group_queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert entry is not None
    code = make_code(stage, chain)
    robot.set_keyword_reply(words=["停车"], text="停车两小时免费")
    mei, bo = stage.customers("小美", "阿波")
    stage.customer(mei, "scan", qr_code=code.qr_code)
    stage.customer(mei, "scan", qr_code=entry.url)
    stage.customer(bo, "scan", qr_code=entry.url)
    stage.customer(bo, "leave", chat_id=chat_id)
    stage.customer(mei, "write", to="kf", open_kfid=KF, text="停车要钱吗")
    return mei, bo


def test_duplicated_and_reordered_callbacks_change_nothing_twice(stage: Stage, chain: SmallChain):
    mei, _bo = play_a_morning(stage, chain)
    before = snapshot()
    assert len(before["dim"]) == 1
    for query, body in [*reversed(stage.received), *stage.received]:
        assert stage.deliver(query, body) == 200
    stage.settle()
    assert snapshot() == before
    assert len(stage.inbox(mei, "welcome")) == 1
    assert len(stage.inbox(mei, "kf")) == 1


def test_events_delivered_once_more_in_any_order_change_nothing(stage: Stage, chain: SmallChain):
    """Below the inbox too: every handler gets each of its events again, the latest first."""

    mei, _bo = play_a_morning(stage, chain)
    before = snapshot()
    table = events.wired()
    for record in EventRecord.objects.order_by("-id"):
        if record.name in table:
            kind, subscriptions = table[record.name]
            for subscription in subscriptions:
                subscription.handler(kind.from_payload(record.payload))
    stage.settle()
    assert snapshot() == before
    assert len(stage.inbox(mei, "welcome")) == 1
    assert len(stage.inbox(mei, "kf")) == 1


def test_a_forged_callback_is_refused_and_changes_nothing(stage: Stage, chain: SmallChain):
    play_a_morning(stage, chain)
    before = snapshot()
    query, body = stage.received[-1]
    forged = urlencode({**dict(parse_qsl(query)), "msg_signature": "0" * 40})
    assert stage.deliver(forged, body) == 403
    assert stage.deliver(query, body.replace(b"<Encrypt>", b"<Encrypt>A")) == 403
    stage.settle()
    assert snapshot() == before


def test_an_unknown_state_is_kept_and_shown_to_those_it_concerns(stage: Stage, chain: SmallChain):
    robot.set_default_welcome(text="欢迎光临")
    way = wecom_call(
        stage, "externalcontact/add_contact_way", type=2, scene=2, state="OLD-POSTER-7", user=["wang"], skip_verify=True
    )
    (mei,) = stage.customers("小美")
    stage.customer(mei, "scan", config_id=way["config_id"])
    (scan,) = growth_queries.list_unknown_scans(scope=EVERYTHING)
    assert (scan.state, scan.external_userid, scan.userid) == ("OLD-POSTER-7", mask(mei), "wang")
    assert growth_queries.list_unknown_scans(scope=DataScope(paths=(chain.tianhe.path,))) == [scan]
    assert growth_queries.list_unknown_scans(scope=DataScope(paths=(chain.nanshan.path,))) == []
    assert [one["text"] for one in stage.inbox(mei, "welcome")] == ["欢迎光临"]

    code = make_code(stage, chain)
    assert growth.assign_unknown_state(state="OLD-POSTER-7", live_code_id=code.id) == 1
    stage.settle()
    assert growth_queries.list_unknown_scans(scope=EVERYTHING) == []
    assert growth_queries.get_live_code(scope=EVERYTHING, live_code_id=code.id).friends == 1
    assert "source:till" in members.get_member(scope=EVERYTHING, member_id=member_of(mei)).tags


def wecom_call(stage: Stage, path: str, **body: Any) -> dict[str, Any]:
    """Call the emulated WeCom beside the product, as an older system would."""
    token = stage.emulator.get(
        "/cgi-bin/gettoken", params={"corpid": "wx5823bf96d3bd56c7", "corpsecret": "emulator-app-secret"}
    ).json()["access_token"]
    answer: dict[str, Any] = stage.emulator.post(f"/cgi-bin/{path}", params={"access_token": token}, json=body).json()
    assert answer["errcode"] == 0, answer
    return answer


def test_a_code_whose_answer_was_lost_is_found_again_and_not_made_twice(stage: Stage, chain: SmallChain):
    stage.post("faults", route="externalcontact/add_contact_way", cut=True, after_effect=True, times=1)
    code = growth.create_live_code(
        store_id=chain.tianhe.id, source=SourceKind.POSTER, label="", staff_ids=[chain.wang.id], welcome_text="hi"
    )
    stage.work()
    assert growth_queries.get_live_code(scope=EVERYTHING, live_code_id=code.id).config_id == ""
    assert growth.apply_live_code(live_code_id=code.id)
    written = growth_queries.get_live_code(scope=EVERYTHING, live_code_id=code.id)
    ways = stage.get("corp")["contact_ways"]
    assert list(ways) == [written.config_id]
    assert written.status == CodeState.READY
    assert growth.apply_live_code(live_code_id=code.id)
    assert list(stage.get("corp")["contact_ways"]) == [written.config_id]


def test_changes_and_retirement_reach_the_channel(stage: Stage, chain: SmallChain):
    code = make_code(stage, chain)
    growth.update_live_code(
        live_code_id=code.id, label="门口", staff_ids=[chain.wang.id, chain.li.id], welcome_text="你好"
    )
    stage.settle()
    way = stage.get("corp")["contact_ways"][code.config_id]
    assert way["user"] == ["wang", "li"]
    assert growth_queries.get_live_code(scope=EVERYTHING, live_code_id=code.id).qr_code == code.qr_code
    growth.retire_live_code(live_code_id=code.id, at=clock.now())
    stage.settle()
    retired = growth_queries.get_live_code(scope=EVERYTHING, live_code_id=code.id)
    assert (retired.is_active, retired.status, retired.config_id) == (False, CodeState.RETIRED, "")
    assert stage.get("corp")["contact_ways"] == {}


def test_a_welcome_whose_answer_was_lost_is_sent_once_and_known_to_be(stage: Stage, chain: SmallChain):
    code = make_code(stage, chain, text="你好")
    (mei,) = stage.customers("小美")
    stage.post("faults", route="externalcontact/send_welcome_msg", cut=True, after_effect=True, times=1)
    stage.post(f"actors/customers/{mei}/scan", qr_code=code.qr_code)
    stage.work()
    (welcome,) = robot_queries.list_welcomes(scope=EVERYTHING)
    assert welcome.state == WelcomeState.SENDING
    again = last_event(ContactAdded)
    robot_handlers.on_contact_added(again)
    (welcome,) = robot_queries.list_welcomes(scope=EVERYTHING)
    assert welcome.state == WelcomeState.SENT
    assert [one["text"] for one in stage.inbox(mei, "welcome")] == ["你好"]


def last_event(kind: type[Any]) -> Any:

    record = EventRecord.objects.filter(name=kind.NAME).latest("id")
    return kind.from_payload(record.payload)


def test_a_welcome_after_twenty_seconds_is_late_and_not_tried(stage: Stage, chain: SmallChain):
    code = make_code(stage, chain, text="你好")
    (mei,) = stage.customers("小美")
    stage.post(f"actors/customers/{mei}/scan", qr_code=code.qr_code)
    stage.drain()
    stage.advance(seconds=20)
    stage.settle()
    (welcome,) = robot_queries.list_welcomes(scope=EVERYTHING)
    assert welcome.state == WelcomeState.LATE
    assert stage.count_calls("externalcontact/send_welcome_msg") == 0


def test_a_chat_that_began_before_the_welcome_is_told_as_refused(stage: Stage, chain: SmallChain):
    code = make_code(stage, chain, text="你好")
    (mei,) = stage.customers("小美")
    stage.post(f"actors/customers/{mei}/scan", qr_code=code.qr_code)
    stage.post(f"actors/customers/{mei}/write", to="staff", userid="wang", text="在吗")
    stage.settle()
    (welcome,) = robot_queries.list_welcomes(scope=EVERYTHING)
    assert welcome.state == WelcomeState.REFUSED
    assert "41051" in welcome.refusal


def test_groups_fall_silent_wake_and_are_dismissed(stage: Stage, chain: SmallChain):
    chat_id = open_group(stage, chain)
    group_id = group_queries.get_group_id(chat_id=chat_id)
    assert group_id is not None
    assert groups.refresh_states(now=BEGIN + timedelta(days=6, hours=23)) == 0
    assert groups.refresh_states(now=BEGIN + timedelta(days=7)) == 1
    assert group_queries.get_group(scope=EVERYTHING, group_id=group_id).state == GroupState.SILENT
    stage.set_time(BEGIN + timedelta(days=8))
    groups.record_message(group_id=group_id, member_id=None, at=clock.now())
    woken = group_queries.get_group(scope=EVERYTHING, group_id=group_id)
    assert (woken.state, woken.last_message_at) == (GroupState.OPEN, clock.now())
    stage.worker("li", "dismiss_group", chat_id=chat_id)
    assert group_queries.get_group(scope=EVERYTHING, group_id=group_id).state == GroupState.DISMISSED
    assert group_queries.board(scope=EVERYTHING) == []


def test_a_way_in_without_a_group_waits_and_asks_for_one(stage: Stage, chain: SmallChain):
    groups.create_kind(code="deals", name="福利群", theme="", capacity=200)
    entry = groups.open_entry(store_id=chain.tianhe.id, kind_code="deals", owner_staff_id=chain.li.id)
    stage.settle()
    assert (entry.state, entry.qr_code) == (EntryState.WAITING, "")
    (planned,) = group_queries.list_planned_groups(scope=EVERYTHING)
    assert planned.name in str(stage.notices("li"))
    chat_id = stage.worker("li", "create_group", name=planned.name)["chat_id"]
    ready = group_queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert ready is not None
    assert (ready.state, ready.chat_ids) == (EntryState.READY, (chat_id,))
    same = groups.open_entry(store_id=chain.tianhe.id, kind_code="deals", owner_staff_id=chain.li.id)
    assert same == ready


def test_a_group_that_wecom_makes_by_itself_joins_the_series(stage: Stage, chain: SmallChain):
    """WeCom fills to its own bound before ours: it creates the next group, which then belongs to the same way in."""
    stage.emulator.patch("/emulator/settings", json={"overflow_at": 3})
    first_chat = open_group(stage, chain, capacity=100)
    entry = group_queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert entry is not None
    chats = [
        stage.customer(who, "scan", qr_code=entry.url)["chat_id"] for who in stage.customers("甲", "乙", "丙", "丁")
    ]
    assert chats[:2] == [first_chat, first_chat]
    assert chats[2] == chats[3] != first_chat
    groups_now = {one.chat_id: one for one in group_queries.list_groups(scope=EVERYTHING)}
    assert groups_now[chats[2]].name == "天河店福利群2"
    assert groups_now[chats[2]].kind_code == "deals"
    entry = group_queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert entry is not None
    assert entry.chat_ids == (first_chat, chats[2])
    assert group_queries.list_planned_groups(scope=EVERYTHING) == []


def test_customer_service_never_writes_more_than_five_in_a_window(stage: Stage, chain: SmallChain):
    robot.set_service_account(open_kfid=KF, keeper_staff_id=chain.li.id)
    robot.set_keyword_reply(words=["停车"], text="停车两小时免费")
    (mei,) = stage.customers("小美")
    for number in range(7):
        stage.post(f"actors/customers/{mei}/write", to="kf", open_kfid=KF, text=f"停车 {number}")
    stage.settle()
    assert len(stage.inbox(mei, "kf")) == 5
    outcomes = robot_queries.count_messages_by_outcome(scope=EVERYTHING)
    assert outcomes[MessageOutcome.ANSWERED] == 4  # the fifth says that a person will answer
    assert outcomes[MessageOutcome.WINDOW_CLOSED] == 3
    stage.advance(minutes=1)
    stage.customer(mei, "write", to="kf", open_kfid=KF, text="停车还免费吗")
    assert len(stage.inbox(mei, "kf")) == 6


def test_a_rush_with_many_workers_counts_everybody_once(stage: Stage, chain: SmallChain):
    """Forty customers at once, every callback told twice and out of order, eleven worker threads on one database."""
    chat_id = open_group(stage, chain, capacity=100)
    entry = group_queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert entry is not None
    code = make_code(stage, chain, text="你好")
    robot.set_keyword_reply(words=["停车"], text="停车两小时免费")
    mishaps = {"callback_order": "none", "callback_duplicate_probability": 0.5, "callback_reorder_probability": 0.5}
    assert stage.emulator.patch("/emulator/settings", json=mishaps).status_code == 200
    people = stage.customers(*[f"顾客{number}" for number in range(40)])
    worker = Worker({"now": 4, "send": 3, "bulk": 4})
    worker.start()
    try:
        for who in people:
            stage.post(f"actors/customers/{who}/scan", qr_code=code.qr_code)
            stage.post(f"actors/customers/{who}/scan", qr_code=entry.url)
        for who in people[:10]:
            stage.post(f"actors/customers/{who}/leave", chat_id=chat_id)
            stage.post(f"actors/customers/{who}/write", to="kf", open_kfid=KF, text="停车要钱吗")
        stage.drain()
        deadline = time.monotonic() + 60
        while Job.objects.filter(run_at__lte=clock.now()).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        worker.stop()
    assert not Job.objects.filter(state=JobState.DEAD).exists()
    assert members.count_friends(scope=EVERYTHING) == 40
    till = growth_queries.recruits_by_source(scope=EVERYTHING)[0]
    assert (till.scans, till.friends, till.recruits) == (40, 40, 40)
    stats = robot_queries.welcome_stats(scope=EVERYTHING)
    assert stats.counts[WelcomeState.SENT] == 40
    assert [len(stage.inbox(who, "welcome")) for who in people] == [1] * 40
    assert [len(stage.inbox(who, "kf")) for who in people] == [1] * 10 + [0] * 30
    (group,) = group_queries.board(scope=EVERYTHING)
    assert (group.member_count, group_queries.export_group_members_dim().num_rows) == (31, 30)
    kinds = [key.split(":")[2] for key in FactOutbox.objects.filter(fact="memberships").values_list("key", flat=True)]
    assert (kinds.count("joined"), kinds.count("left")) == (40, 10)
    assert members.count_members(scope=EVERYTHING) == 40


def test_strangers_see_nothing_of_it(stage: Stage, chain: SmallChain):
    play_a_morning(stage, chain)
    stranger = DataScope(paths=(org.get_staff_by_userid(userid="zhao").node_path,))  # type: ignore[union-attr]
    assert group_queries.board(scope=stranger) == []
    assert group_queries.list_entries(scope=stranger) == []
    assert growth_queries.list_live_codes(scope=stranger) == []
    assert {count.scans for count in growth_queries.recruits_by_source(scope=stranger)} == {0}
    assert robot_queries.list_welcomes(scope=stranger) == []
    assert robot_queries.list_service_messages(scope=stranger) == []
