import pytest

from wecom_emulator.tests.conftest import PNG, Desk
from wecom_emulator.tests.kf_desk import KF, KfDesk

MENU = {"head_content": "Was it good?", "list": [{"type": "click", "click": {"id": "yes", "content": "Yes"}}]}
DAY = 86_400


@pytest.fixture
def kf(desk: Desk) -> KfDesk:
    made = KfDesk(desk)
    made.servicers("li", "wu")
    return made


def test_api_moves_follow_the_table(kf: KfDesk):
    assert kf.state() == (4, "")
    assert [kf.move(target, "li")["errcode"] for target in (0, 1, 2, 3, 4)] == [95016] * 5
    kf.says()
    assert kf.state() == (0, "")
    assert kf.move(4)["errcode"] == 95016
    assert kf.move(1) == {"errcode": 0, "errmsg": "ok"}
    assert [kf.move(target)["errcode"] for target in (0, 1, 4)] == [95016] * 3
    queued = kf.move(2)
    assert queued["msg_code"]
    assert [kf.move(target)["errcode"] for target in (0, 1, 2, 4)] == [95016] * 4
    assert kf.move(3, "li")["msg_code"] != queued["msg_code"]
    assert kf.state() == (3, "li")
    assert kf.move(3, "li")["errcode"] == 95016
    assert "msg_code" not in kf.move(3, "wu")
    assert [kf.move(target)["errcode"] for target in (1, 2, 7)] == [95016] * 3
    assert kf.move(4)["msg_code"]
    assert kf.state() == (4, "")
    assert [row["msgtype"] for row in kf.pull()] == ["text"]  # moves of the API tell no event
    kf.says()
    assert kf.state() == (0, "")
    assert kf.move(3, "li")["msg_code"]


def test_ends_from_other_states_are_a_setting(kf: KfDesk):
    kf.desk.settings(kf_allow_end_from=[0, 1, 2])
    kf.says()
    assert kf.move(4)["msg_code"]
    kf.says()
    kf.move(3, "li")
    assert kf.move(4)["errcode"] == 95016


def test_assigned_servicer_must_serve(kf: KfDesk):
    kf.desk.staff("new", status=4)
    kf.desk.staff("idle", "other")
    kf.desk.ok("kf/servicer/add", open_kfid=KF, userid_list=["new", "idle"])
    assert kf.servicer("idle", "status", to="away") == {"changed": True}
    kf.says()
    assert kf.move(3)["errcode"] == 41009
    assert [kf.move(3, userid)["errcode"] for userid in ("new", "idle", "other", "nobody")] == [95014] * 4
    kf.servicer("idle", "status", to="serving")
    assert kf.move(3, "idle")["errcode"] == 0


def test_servicers_take_hand_on_end_and_open_again(kf: KfDesk):
    kf.says()
    kf.move(2)
    kf.pull()
    assert kf.servicer("li", "write", text="hi", status=409)["error"] == "not_yours"
    assert kf.servicer("li", "take") == {"service_state": 3}
    assert kf.servicer("wu", "take", status=409)["error"] == "not_in_pool"
    assert kf.servicer("wu", "transfer", to_userid="li", status=409)["error"] == "not_yours"
    kf.servicer("li", "transfer", to_userid="wu")
    assert kf.state() == (3, "wu")
    assert kf.servicer("wu", "end") == {"service_state": 4}
    assert kf.servicer("wu", "write", text="one more thing")["service_state"] == 3
    taken, handed_on, ended, opened = kf.events()
    name = "session_status_change"
    assert taken.pop("msg_code") != ended.pop("msg_code")
    assert taken == {"event_type": name, "change_type": 1, "new_servicer_userid": "li"}
    assert handed_on == {
        "event_type": name,
        "change_type": 2,
        "old_servicer_userid": "li",
        "new_servicer_userid": "wu",
    }
    assert ended == {"event_type": name, "change_type": 3, "old_servicer_userid": "wu"}
    assert opened == {"event_type": name, "change_type": 4, "old_servicer_userid": "wu", "new_servicer_userid": "wu"}


def test_former_servicer_opens_again_after_a_transfer(kf: KfDesk):
    kf.desk.staff("stranger")
    kf.says()
    kf.move(3, "li")
    kf.servicer("li", "transfer", to_userid="wu")
    kf.pull()
    assert kf.servicer("stranger", "write", text="x", status=409)["error"] == "not_servicer"
    kf.servicer("li", "write", text="me again")
    (opened,) = kf.events()
    assert (opened["change_type"], opened["old_servicer_userid"], opened["new_servicer_userid"]) == (4, "wu", "li")
    assert kf.state() == (3, "li")


def test_servicers_messages_come_as_rows_of_origin_5(kf: KfDesk):
    kf.says()
    kf.move(3, "li")
    kf.pull()
    msgid = kf.servicer("li", "write", text="hello")["msgid"]
    kf.servicer("li", "write", msgtype="location", message={"latitude": 31.2, "longitude": 121, "name": "Store"})
    first, second = kf.pull()
    assert (first["origin"], first["servicer_userid"], first["msgid"]) == (5, "li", msgid)
    assert first["text"] == {"content": "hello"}
    assert second["location"] == {"latitude": 31.2, "longitude": 121.0, "name": "Store", "address": ""}
    assert [(item["text"], item["servicer"]) for item in kf.letters()] == [("hello", "li"), ("", "li")]


def test_codes_answer_events_once_in_time_and_in_their_state(kf: KfDesk):
    kf.says()
    queued = kf.move(2)["msg_code"]
    assert kf.answer_event(queued, "msgmenu", MENU) == 40008
    assert kf.answer_event(queued) == 0
    assert kf.answer_event(queued) == 95013
    kf.pull()
    kf.servicer("li", "take")
    taken = kf.events()[0]["msg_code"]
    kf.desk.advance(47 * 3600)
    kf.says()
    assert kf.answer_event(taken) == 0
    kf.servicer("li", "end")
    ended = kf.events()[0]["msg_code"]
    kf.desk.advance(20)
    assert kf.answer_event(ended, "msgmenu", MENU) == 0
    kf.says()
    late = kf.move(3, "li")["msg_code"]
    closing = kf.move(4)["msg_code"]
    assert kf.answer_event(late) == 95018
    kf.desk.advance(21)
    assert kf.answer_event(closing) == 95013
    assert kf.answer_event("no such code") == 95013
    assert [letter["text"] for letter in kf.letters()] == ["a", "a", "Was it good?"]


def test_event_messages_do_not_count_unless_the_setting_says_so(kf: KfDesk):
    kf.does("enter_kf")
    code = kf.events()[0]["welcome_code"]
    kf.says()
    assert kf.answer_event(code, msgid="w1") == 0
    assert [kf.send()["errcode"] for _ in range(6)] == [0] * 5 + [95001]
    assert kf.send(msgid="w1")["errcode"] == 95001  # the count is looked at before the msgid
    kf.desk.settings(kf_event_messages_count=True)
    kf.desk.advance(3 * DAY)
    kf.does("enter_kf")
    code = kf.events()[-1]["welcome_code"]
    kf.says()
    assert kf.answer_event(code, msgid="w1") == 40058
    assert kf.answer_event(code, msgid="w2") == 0
    assert [kf.send()["errcode"] for _ in range(5)] == [0] * 4 + [95001]


def test_session_ends_after_48_hours_of_silence(kf: KfDesk):
    kf.says()
    kf.move(3, "li")
    kf.pull()
    kf.desk.advance(2 * DAY)
    assert kf.state() == (3, "li")
    kf.desk.advance(1)
    assert kf.state() == (4, "")
    assert kf.events() == []
    assert kf.move(4)["errcode"] == 95016
    assert kf.servicer("li", "write", text="x", status=409)["error"] == "window_closed"
    assert kf.send()["errcode"] == 95002
    kf.desk.settings(kf_expiry_emits_event=True)
    kf.says()
    kf.move(3, "wu")
    kf.pull()
    kf.desk.advance(2 * DAY + 1)
    assert kf.events() == [{"event_type": "session_status_change", "change_type": 3, "old_servicer_userid": "wu"}]


def test_sends_are_refused_while_people_serve(kf: KfDesk):
    assert kf.send()["errcode"] == 95018
    kf.says()
    assert kf.send()["errcode"] == 0
    assert kf.state() == (1, "")
    kf.move(2)
    assert kf.send()["errcode"] == 95018
    kf.move(3, "li")
    assert kf.send()["errcode"] == 95018
    kf.move(4)
    assert kf.send()["errcode"] == 95018


def test_late_failures_come_as_events(kf: KfDesk):
    kf.desk.settings(kf_async_window_errors=True, kf_messages_per_window=1)
    kf.says()
    kf.send(msgid="in")
    kf.pull()
    assert [kf.send(msgid=msgid)["errcode"] for msgid in ("over", "over")] == [0, 40058]
    assert kf.events() == [{"event_type": "msg_send_fail", "fail_msgid": "over", "fail_type": 6}]
    kf.desk.advance(2 * DAY + 1)
    assert kf.send(msgid="late")["errcode"] == 0
    assert kf.events() == [{"event_type": "msg_send_fail", "fail_msgid": "late", "fail_type": 4}]
    assert [letter["msgid"] for letter in kf.letters()] == ["in"]


def test_failures_on_demand_and_by_refusal(kf: KfDesk):
    kf.says()
    kf.admin("kf_fail_next", fail_type=11, times=1)
    kf.does("kf_refuse")
    kf.send(msgid="m1")
    kf.does("kf_refuse", refuses=False)
    kf.send(msgid="m2")
    kf.send(msgid="m3")
    assert [(row["fail_msgid"], row["fail_type"]) for row in kf.events()] == [("m1", 10), ("m2", 11)]
    assert [letter["msgid"] for letter in kf.letters()] == ["m3"]


def test_servicer_refuses_a_customer(kf: KfDesk):
    kf.says()
    kf.move(3, "li")
    kf.pull()
    assert kf.servicer("li", "refuse") == {"changed": True}
    assert kf.servicer("li", "refuse") == {"changed": False}
    assert kf.does("write", status=409, to="kf", text="hello?")["error"] == "refused"
    kf.servicer("li", "refuse", refuses=False)
    kf.says()
    switch = {"event_type": "reject_customer_msg_switch_change", "servicer_userid": "li"}
    assert kf.events() == [{**switch, "reject_switch": 1}, {**switch, "reject_switch": 0}]


def test_messages_are_recalled_within_two_minutes(kf: KfDesk):
    asked = kf.says()
    kf.move(3, "li")
    answered = kf.servicer("li", "write", text="oops")["msgid"]
    kf.pull()
    assert kf.does("kf_recall", msgid=answered, status=404)["error"] == "unknown_message"
    kf.does("kf_recall", msgid=asked)
    assert kf.does("kf_recall", msgid=asked, status=404)["error"] == "unknown_message"
    kf.servicer("li", "recall", msgid=answered)
    late = kf.says()
    kf.desk.advance(121)
    assert kf.does("kf_recall", msgid=late, status=409)["error"] == "too_late"
    assert kf.events() == [
        {"event_type": "user_recall_msg", "recall_msgid": asked},
        {"event_type": "servicer_recall_msg", "recall_msgid": answered, "servicer_userid": "li"},
    ]
    assert kf.letters() == []


def test_status_changes_are_told_in_other_numbers_than_listed(kf: KfDesk):
    for to, changed in (("serving", False), ("stopped", True), ("stopped", False), ("away", True), ("serving", True)):
        assert kf.servicer("li", "status", to=to) == {"changed": changed}
        if to == "away":
            rows = kf.desk.get("kf/servicer/list", open_kfid=KF)["servicer_list"]
            assert rows == [{"userid": "li", "status": 1, "stop_type": 1}, {"userid": "wu", "status": 0}]
    named = {"event_type": "servicer_status_change", "servicer_userid": "li"}
    assert kf.events() == [
        {**named, "status": 2, "stop_type": 0},
        {**named, "status": 2, "stop_type": 1},
        {**named, "status": 1},
    ]
    kf.says()
    kf.move(2)
    kf.servicer("li", "status", to="stopped")
    assert kf.servicer("li", "take", status=409)["error"] == "not_serving"


def test_account_of_the_console_is_served_by_its_rules(kf: KfDesk):
    media = kf.desk.upload("image", PNG)["media_id"]
    kf.desk.ok("kf/account/add", name="Other", media_id=media)
    kf.desk.ok(
        "kf/knowledge/add_intent",
        group_id=kf.desk.ok("kf/knowledge/list_group")["group_list"][0]["group_id"],
        question={"text": {"content": "when?"}},
        answers=[{"text": {"content": "at ten"}}],
    )
    shown = kf.admin("kf_account", api_managed=False, smart_reply=True)
    assert (shown["api_managed"], shown["smart_reply"]) == (False, True)
    kf.says("when?")
    assert [letter["text"] for letter in kf.letters()] == ["at ten"]
    assert [kf.desk.post(path, open_kfid=KF)["errcode"] for path in ("kf/sync_msg", "kf/service_state/get")] == [
        95000
    ] * 2
    kf.says("why?")
    assert kf.servicer("li", "sessions") == {
        "sessions": [{"external_userid": kf.customer, "service_state": 2, "upgrade": None}]
    }
    kf.servicer("li", "take")
    assert kf.servicer("li", "write", text="because")["service_state"] == 3


def test_service_goes_on_after_saving_and_loading(kf: KfDesk):
    kf.does("enter_kf")
    code = kf.events()[0]["welcome_code"]
    kf.says()
    kf.move(3, "li")
    answered = kf.servicer("li", "write", text="hello")["msgid"]
    corp = kf.desk.admin("GET", "/corp")
    kf.desk.admin("PUT", "/corp", corp)
    kf.desk.forget_tokens()
    assert kf.desk.admin("GET", "/corp") == corp
    assert kf.state() == (3, "li")
    assert [row["origin"] for row in kf.pull()] == [3, 5]
    assert kf.answer_event(code) == 0
    kf.servicer("li", "recall", msgid=answered)
    assert [event["event_type"] for event in kf.events()] == ["servicer_recall_msg"]
