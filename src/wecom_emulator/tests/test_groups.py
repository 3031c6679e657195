from itertools import pairwise

from wecom_emulator.tests.conftest import Desk


def test_group_shows_members_and_how_they_came(desk: Desk):
    desk.staff("li")
    invited, scanned = desk.customers(2)
    chat_id = desk.member("li", "create_group", name="Store 7", members=[invited])["chat_id"]
    desk.ok("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=[chat_id], state="g7")
    desk.customer(scanned, "scan", state="g7")
    chat = desk.ok("externalcontact/groupchat/get", chat_id=chat_id, need_name=1)["group_chat"]
    assert (chat["name"], chat["owner"], chat["create_time"]) == ("Store 7", "li", 1511755200)
    assert chat["member_list"] == [
        {
            "userid": "li",
            "type": 1,
            "join_time": 1511755200,
            "join_scene": 1,
            "group_nickname": "",
            "invitor": {"userid": "li"},
            "name": "Li",
        },
        {
            "userid": invited,
            "type": 2,
            "join_time": 1511755200,
            "join_scene": 1,
            "group_nickname": "",
            "unionid": "union0",
            "invitor": {"userid": "li"},
            "name": "Customer 0",
        },
        {
            "userid": scanned,
            "type": 2,
            "join_time": 1511755200,
            "join_scene": 3,
            "group_nickname": "",
            "unionid": "union1",
            "state": "g7",
            "name": "Customer 1",
        },
    ]
    assert "name" not in desk.ok("externalcontact/groupchat/get", chat_id=chat_id)["group_chat"]["member_list"][0]


def test_events_carry_versions_that_match_the_group(desk: Desk, receiver):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    chat_id = desk.member("li", "create_group", name="G")["chat_id"]
    at_first = desk.ok("externalcontact/groupchat/get", chat_id=chat_id)["group_chat"]["member_version"]
    desk.customer(customer, "join", chat_id=chat_id)
    desk.customer(customer, "leave", chat_id=chat_id)
    desk.customer(customer, "join", chat_id=chat_id, scene="invited")
    desk.member("li", "remove_member", chat_id=chat_id, external_userid=customer)
    desk.member("li", "change_group", chat_id=chat_id, name="H", owner="wang")
    desk.member("wang", "dismiss_group", chat_id=chat_id)
    desk.drain()
    create, joined, left, invited, removed, heir, owner, name, dismiss = receiver.events
    assert (heir["UpdateDetail"], heir["MemChangeList"]) == ("add_member", ["wang"])
    assert (create["Event"], create["ChangeType"], create["ChatId"]) == ("change_external_chat", "create", chat_id)
    assert joined["MemChangeList"] == [customer]
    assert (joined["UpdateDetail"], joined["JoinScene"], joined["MemChangeCnt"]) == ("add_member", "3", "1")
    assert (left["UpdateDetail"], left["QuitScene"]) == ("del_member", "0")
    assert (invited["JoinScene"], removed["QuitScene"]) == ("0", "1")
    assert joined["LastMemVer"] == at_first
    chain = [joined, left, invited, removed, heir]
    assert all(one["CurMemVer"] == two["LastMemVer"] for one, two in pairwise(chain))
    assert (owner["UpdateDetail"], name["UpdateDetail"], dismiss["ChangeType"]) == (
        "change_owner",
        "change_name",
        "dismiss",
    )
    assert desk.post("externalcontact/groupchat/get", chat_id=chat_id)["errcode"] == 40050


def test_older_form_of_the_member_list(desk: Desk, receiver):
    desk.settings(mem_change_list_format="comma")
    desk.staff("li")
    (customer,) = desk.customers(1)
    chat_id = desk.member("li", "create_group", name="G")["chat_id"]
    desk.customer(customer, "join", chat_id=chat_id)
    desk.drain()
    assert receiver.events[1]["MemChangeList"] == customer


def test_list_needs_limit_and_filter(desk: Desk):
    desk.staff("li", "wang")
    mine = [desk.member("li", "create_group", name=f"g{number}")["chat_id"] for number in range(3)]
    other = desk.member("wang", "create_group", name="o")["chat_id"]
    path = "externalcontact/groupchat/list"
    assert desk.post(path)["errcode"] == 40058
    assert desk.post(path, limit=1001)["errcode"] == 40058
    first = desk.ok(path, limit=2)
    assert first["group_chat_list"] == [{"chat_id": item, "status": 0} for item in mine[:2]]
    second = desk.ok(path, limit=2, cursor=first["next_cursor"])
    assert [row["chat_id"] for row in second["group_chat_list"]] == [mine[2], other]
    assert second["next_cursor"] == ""
    filtered = desk.ok(path, limit=9, owner_filter={"userid_list": ["wang"]})
    assert [row["chat_id"] for row in filtered["group_chat_list"]] == [other]
    desk.member("wang", "leave_company")
    left = desk.ok(path, limit=9, status_filter=1)
    assert left["group_chat_list"] == [{"chat_id": other, "status": 1}]
    desk.staff(*(f"s{number}" for number in range(1000)))
    assert desk.post(path, limit=9)["errcode"] == 81017
    assert desk.ok(path, limit=9, owner_filter={"userid_list": ["li"]})["errcode"] == 0


def test_group_has_a_capacity(desk: Desk):
    desk.settings(group_capacity=2)
    desk.staff("li")
    first, second = desk.customers(2)
    chat_id = desk.member("li", "create_group", name="G")["chat_id"]
    desk.customer(first, "join", chat_id=chat_id)
    assert desk.customer(second, "join", chat_id=chat_id, status=409)["error"] == "group_full"
    assert desk.customer(first, "join", chat_id=chat_id, status=409)["error"] == "already_member"
    assert desk.customer(second, "leave", chat_id=chat_id, status=409)["error"] == "not_member"
    assert desk.customer(second, "join", chat_id="wrnone", status=404)["error"] == "unknown_group"


def test_statistics_are_per_owner_up_to_yesterday(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    chat_id = desk.member("li", "create_group", name="G")["chat_id"]
    desk.customer(customer, "join", chat_id=chat_id)
    for _ in range(3):
        desk.customer(customer, "write", to="group", chat_id=chat_id, text="hi")
    day = 1511755200
    ask = {"day_begin_time": day, "owner_filter": {"userid_list": ["li"]}}
    assert desk.post("externalcontact/groupchat/statistic", **ask)["errcode"] == 600018
    desk.advance(86_400)
    answer = desk.ok("externalcontact/groupchat/statistic", **ask)
    assert answer["total"] == 1
    data = answer["items"][0]["data"]
    assert (data["new_chat_cnt"], data["chat_has_msg"], data["new_member_cnt"], data["msg_total"]) == (1, 1, 1, 3)
