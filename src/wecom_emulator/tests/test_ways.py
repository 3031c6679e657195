from wecom_emulator.tests.conftest import Desk


def add_way(desk: Desk, **fields):
    return desk.post("externalcontact/add_contact_way", **{"type": 2, "scene": 2, **fields})


def test_contact_way_goes_round_its_staff(desk: Desk, receiver):
    desk.staff("li", "wang")
    customers = desk.customers(4)
    way = add_way(desk, user=["li", "wang"], state="store-7", remark="door")
    assert way["errcode"] == 0
    assert way["qr_code"] == f"{desk.emulator.base_url}/wwpic/{way['config_id']}"
    assert desk.http.get(way["qr_code"]).headers["content-type"] == "image/png"
    scans = [
        desk.customer(customers[0], "scan", state="store-7"),
        desk.customer(customers[1], "scan", config_id=way["config_id"]),
        desk.customer(customers[2], "scan", qr_code=way["qr_code"]),
        desk.customer(customers[0], "scan", state="store-7"),
    ]
    assert scans == [
        {"userid": "li", "welcome_code_issued": True, "already_friend": False},
        {"userid": "wang", "welcome_code_issued": True, "already_friend": False},
        {"userid": "li", "welcome_code_issued": True, "already_friend": False},
        {"userid": "li", "welcome_code_issued": False, "already_friend": True},
    ]
    assert desk.drain()["delivered"] == 3
    event = receiver.events[0]
    assert event.pop("WelcomeCode").startswith("CALLBACK_WC_")
    assert event == {
        "ToUserName": "wx5823bf96d3bd56c7",
        "FromUserName": "sys",
        "CreateTime": "1511755200",
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": "li",
        "ExternalUserID": customers[0],
        "State": "store-7",
    }
    follow = desk.get("externalcontact/get", external_userid=customers[0])["follow_user"][0]
    assert (follow["state"], follow["add_way"]) == ("store-7", 1)


def test_console_welcome_leaves_no_code(desk: Desk, receiver):
    desk.staff("li", console_welcome=True)
    (customer,) = desk.customers(1)
    add_way(desk, type=1, user=["li"], state="s")
    assert desk.customer(customer, "scan", state="s")["welcome_code_issued"] is False
    desk.drain()
    assert "WelcomeCode" not in receiver.events[0]


def test_contact_way_is_checked(desk: Desk):
    desk.staff("li", "off", feature_on=True)
    desk.admin("POST", "/staff", {"staff": [{"userid": "off", "feature_on": False, "name": "Off"}]})
    cases = [
        ({"type": None, "user": ["li"]}, 41037),
        ({"scene": None, "user": ["li"]}, 41038),
        ({"type": 3, "user": ["li"]}, 41039),
        ({"scene": 3, "user": ["li"]}, 41040),
        ({"style": 9, "user": ["li"]}, 41042),
        ({"type": 1, "user": ["li", "off"]}, 40058),
        ({}, 40063),
        ({"user": ["nobody"]}, 40003),
        ({"user": ["off"]}, 84074),
        ({"user": ["li"], "state": "x" * 31}, 40058),
        ({"user": ["li"], "remark": "x" * 31}, 40058),
        ({"party": [77]}, 40066),
    ]
    assert [add_way(desk, **fields)["errcode"] for fields, _ in cases] == [code for _, code in cases]
    desk.staff(*(f"s{number}" for number in range(100)))
    assert add_way(desk, party=[1])["errcode"] == 41041
    assert desk.admin("GET", "/corp/summary")["contact_ways"] == 0


def test_contact_way_is_read_listed_changed_and_deleted(desk: Desk):
    desk.staff("li", "wang")
    config_id = add_way(desk, user=["li"], state="old")["config_id"]
    shown = desk.ok("externalcontact/get_contact_way", config_id=config_id)["contact_way"]
    assert (shown["user"], shown["state"], shown["skip_verify"], shown["type"]) == (["li"], "old", True, 2)
    assert desk.ok("externalcontact/list_contact_way")["contact_way"] == [{"config_id": config_id}]
    desk.ok("externalcontact/update_contact_way", config_id=config_id, user=["wang"], state="new")
    customer, other = desk.customers(2)
    assert desk.customer(customer, "scan", state="old", status=404)["error"] == "unknown_code"
    assert desk.customer(customer, "scan", state="new")["userid"] == "wang"
    desk.ok("externalcontact/del_contact_way", config_id=config_id)
    assert desk.customer(other, "scan", config_id=config_id, status=404)["error"] == "unknown_code"
    assert desk.post("externalcontact/get_contact_way", config_id=config_id)["errcode"] == 41044
    assert desk.post("externalcontact/get_contact_way")["errcode"] == 41043


def test_quota_is_shared_by_both_kinds(desk: Desk):
    desk.staff("li")
    desk.settings(contact_way_quota=2)
    chat_id = desk.member("li", "create_group", name="G")["chat_id"]
    assert add_way(desk, user=["li"])["errcode"] == 0
    assert desk.post("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=[chat_id])["errcode"] == 0
    assert add_way(desk, user=["li"])["errcode"] == 41045


def test_staff_who_left_does_not_serve(desk: Desk):
    desk.staff("li", "wang")
    add_way(desk, user=["li", "wang"], state="s")
    first, second, third = desk.customers(3)
    desk.member("li", "leave_company")
    assert desk.customer(first, "scan", state="s")["userid"] == "wang"
    assert desk.customer(second, "scan", state="s")["userid"] == "wang"
    desk.member("wang", "leave_company")
    assert desk.customer(third, "scan", state="s", status=409)["error"] == "no_staff_available"


def test_join_way_overflows_into_next_groups(desk: Desk, receiver):
    desk.settings(overflow_at=3)
    desk.staff("li")
    chat_id = desk.member("li", "create_group", name="First")["chat_id"]
    way = desk.ok(
        "externalcontact/groupchat/add_join_way",
        scene=2,
        chat_id_list=[chat_id],
        room_base_name="Store 7 group ",
        room_base_id=10,
        state="g7",
    )
    assert set(way) == {"errcode", "errmsg", "config_id"}
    customers = desk.customers(6)
    joined = [desk.customer(item, "scan", state="g7", kind="join") for item in customers]
    assert [item["created"] for item in joined] == [False, False, True, False, True, False]
    chats = list(dict.fromkeys(item["chat_id"] for item in joined))
    names = [desk.ok("externalcontact/groupchat/get", chat_id=item)["group_chat"]["name"] for item in chats]
    assert names == ["First", "Store 7 group 10", "Store 7 group 11"]
    shown = desk.ok("externalcontact/groupchat/get_join_way", config_id=way["config_id"])["join_way"]
    assert shown["chat_id_list"] == chats
    assert shown["qr_code"].endswith(way["config_id"])
    again = desk.customer(customers[0], "scan", config_id=way["config_id"])
    assert again == {"chat_id": chat_id, "created": False}
    desk.drain()
    changes = [(event["ChangeType"], event.get("UpdateDetail")) for event in receiver.events]
    assert changes.count(("create", None)) == 3
    assert changes.count(("update", "add_member")) == 6


def test_full_groups_without_auto_creation_refuse(desk: Desk):
    desk.settings(overflow_at=2)
    desk.staff("li")
    chat_id = desk.member("li", "create_group", name="Only")["chat_id"]
    desk.ok("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=[chat_id], auto_create_room=0, state="g")
    first, second = desk.customers(2)
    desk.customer(first, "scan", state="g")
    assert desk.customer(second, "scan", state="g", status=409)["error"] == "all_groups_full"


def test_update_of_a_join_way_overwrites_everything(desk: Desk):
    desk.staff("li")
    one, two = (desk.member("li", "create_group", name=name)["chat_id"] for name in "ab")
    way = {"scene": 2, "chat_id_list": [one], "state": "s", "remark": "r" * 40, "room_base_name": "n"}
    config_id = desk.ok("externalcontact/groupchat/add_join_way", **way)["config_id"]
    shown = desk.ok("externalcontact/groupchat/get_join_way", config_id=config_id)["join_way"]
    assert (shown["remark"], shown["auto_create_room"]) == ("r" * 30, 1)
    desk.ok("externalcontact/groupchat/update_join_way", config_id=config_id, scene=2, chat_id_list=[two])
    shown = desk.ok("externalcontact/groupchat/get_join_way", config_id=config_id)["join_way"]
    assert (shown["chat_id_list"], shown["state"], shown["remark"], shown["room_base_name"]) == ([two], "", "", "")
    answer = desk.post("externalcontact/groupchat/update_join_way", config_id=config_id, scene=2)
    assert answer["errcode"] == 40063
    desk.ok("externalcontact/groupchat/del_join_way", config_id=config_id)
    assert desk.post("externalcontact/groupchat/get_join_way", config_id=config_id)["errcode"] == 41044
    too_many = desk.post("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=["x"] * 6)
    assert too_many["errcode"] == 40058
    assert desk.post("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=["x"])["errcode"] == 40050
