from wecom_emulator.tests.conftest import Desk

KF = "wkEmulatorDefaultAccount00000001"


def pull(desk: Desk, **fields):
    return desk.ok("kf/sync_msg", open_kfid=KF, **fields)


def say(desk: Desk, customer: str, **fields):
    return desk.post("kf/send_msg", touser=customer, open_kfid=KF, msgtype="text", text={"content": "a"}, **fields)


def test_accounts_are_listed_by_both_methods(desk: Desk):
    rows = [{"open_kfid": KF, "name": "Service desk", "avatar": "", "manage_privilege": True}]
    assert desk.get("kf/account/list")["account_list"] == rows
    assert desk.ok("kf/account/list", offset=0, limit=100)["account_list"] == rows


def test_link_brings_its_scene_back(desk: Desk, receiver):
    (customer,) = desk.customers(1)
    url = desk.ok("kf/add_contact_way", open_kfid=KF, scene="g017")["url"]
    assert desk.ok("kf/add_contact_way", open_kfid=KF, scene="g017")["url"] == url
    entered = desk.customer(customer, "enter_kf", url=url + "&scene_param=c%3D42")
    assert entered == {"open_kfid": KF, "welcome_code_issued": True, "event": True}
    desk.drain()
    bell = receiver.events[0]
    assert (bell["Event"], bell["OpenKfId"], "FromUserName" in bell) == ("kf_msg_or_event", KF, False)
    page = pull(desk, token=bell["Token"], cursor="")
    (row,) = page["msg_list"]
    assert (row["origin"], row["msgtype"], page["has_more"]) == (4, "event", 0)
    assert (row["event"]["scene"], row["event"]["scene_param"]) == ("g017", "c=42")
    code = row["event"]["welcome_code"]
    welcome = {"msgtype": "text", "text": {"content": "welcome"}}
    desk.ok("kf/send_msg_on_event", code=code, **welcome)
    assert desk.post("kf/send_msg_on_event", code=code, **welcome)["errcode"] == 95013
    assert [(item["via"], item["text"]) for item in desk.inbox(customer)] == [("kf", "welcome")]
    again = desk.customer(customer, "enter_kf", url=url)
    assert again["welcome_code_issued"] is False
    assert desk.post("kf/add_contact_way", open_kfid=KF, scene="no spaces")["errcode"] == 40058


def test_welcome_code_lives_twenty_seconds(desk: Desk):
    (customer,) = desk.customers(1)
    desk.customer(customer, "enter_kf", open_kfid=KF)
    code = pull(desk)["msg_list"][0]["event"]["welcome_code"]
    desk.advance(21)
    answer = desk.post("kf/send_msg_on_event", code=code, msgtype="text", text={"content": "x"})
    assert answer["errcode"] == 95013


def test_five_answers_to_each_question(desk: Desk):
    (customer,) = desk.customers(1)
    assert say(desk, customer)["errcode"] == 95018
    desk.customer(customer, "write", to="kf", open_kfid=KF, text="hello")
    assert desk.ok("kf/service_state/get", open_kfid=KF, external_userid=customer)["service_state"] == 0
    assert [say(desk, customer, msgid=f"m{number}")["errcode"] for number in range(6)] == [0] * 5 + [95001]
    assert desk.ok("kf/service_state/get", open_kfid=KF, external_userid=customer)["service_state"] == 1
    desk.customer(customer, "write", to="kf", open_kfid=KF, text="more")
    assert say(desk, customer, msgid="m0")["errcode"] == 40058
    assert say(desk, customer, msgid="m9")["errcode"] == 0
    desk.advance(172_801)
    assert say(desk, customer)["errcode"] == 95002
    assert desk.ok("kf/service_state/get", open_kfid=KF, external_userid=customer)["service_state"] == 4


def test_rows_are_pulled_by_cursor_and_never_the_own_ones(desk: Desk):
    (customer,) = desk.customers(1)
    for number in range(3):
        desk.customer(customer, "write", to="kf", open_kfid=KF, text=f"q{number}")
    say(desk, customer)
    first = pull(desk, limit=2)
    assert [row["text"]["content"] for row in first["msg_list"]] == ["q0", "q1"]
    assert first["has_more"] == 1
    second = pull(desk, limit=2, cursor=first["next_cursor"])
    assert [row["text"]["content"] for row in second["msg_list"]] == ["q2"]
    assert second["has_more"] == 0
    assert pull(desk, cursor=second["next_cursor"])["msg_list"] == []
    row = second["msg_list"][0]
    assert (row["open_kfid"], row["external_userid"], row["origin"]) == (KF, customer, 3)
    desk.advance(3 * 86_400 + 1)
    assert pull(desk)["msg_list"] == []
    assert len(pull(desk, cursor=first["next_cursor"])["msg_list"]) == 1


def test_pull_token_lives_ten_minutes(desk: Desk, receiver):
    (customer,) = desk.customers(1)
    desk.customer(customer, "write", to="kf", open_kfid=KF, text="q")
    desk.drain()
    token = receiver.events[0]["Token"]
    desk.advance(600)
    assert pull(desk, token=token)["has_more"] == 0
    desk.advance(1)
    assert desk.post("kf/sync_msg", open_kfid=KF, token=token)["errcode"] == 95007
    desk.settings(kf_strict_sync_per_minute=1)
    assert [desk.post("kf/sync_msg", open_kfid=KF)["errcode"] for _ in range(2)] == [0, 45009]


def test_answers_are_checked(desk: Desk):
    (customer,) = desk.customers(1)
    desk.customer(customer, "write", to="kf", open_kfid=KF, text="q")
    base = {"touser": customer, "open_kfid": KF, "msgtype": "text", "text": {"content": "a"}}
    menu = {"list": [{"type": "click", "click": {"id": "1", "content": "Hours"}}], "head_content": "Choose"}
    cases = [
        ({"open_kfid": "wknone"}, 95000),
        ({"touser": "wmnone"}, 40096),
        ({"msgtype": "poem"}, 40008),
        ({"text": {"content": "x" * 2049}}, 45002),
        ({"msgid": "no spaces"}, 40058),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
        ({"msgtype": "msgmenu", "msgmenu": {"list": menu["list"] * 11}}, 95008),
        ({"msgtype": "msgmenu", "msgmenu": {"list": [{"type": "x"}]}}, 95009),
        ({"msgtype": "msgmenu", "msgmenu": menu}, 0),
    ]
    assert [desk.post("kf/send_msg", **{**base, **change})["errcode"] for change, _ in cases] == [
        code for _, code in cases
    ]


def test_customers_are_read_in_batches(desk: Desk):
    (customer,) = desk.customers(1)
    desk.customer(customer, "enter_kf", open_kfid=KF, scene="door", scene_param="7")
    answer = desk.ok("kf/customer/batchget", external_userid_list=[customer, "wmnone"], need_enter_session_context=1)
    assert answer["invalid_external_userid"] == ["wmnone"]
    (row,) = answer["customer_list"]
    assert (row["nickname"], row["unionid"]) == ("Customer 0", "union0")
    assert row["enter_session_context"] == {"scene": "door", "scene_param": "7"}
