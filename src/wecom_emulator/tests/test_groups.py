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


def test_statistics_of_each_day_and_over_owners(desk: Desk):
    desk.staff("li", "wang")
    first, second, third = desk.customers(3)
    mine = desk.member("li", "create_group", name="G", members=[first, second])["chat_id"]
    theirs = desk.member("wang", "create_group", name="H")["chat_id"]
    for writer in (first, first, second):
        desk.customer(writer, "write", to="group", chat_id=mine, text="hi")
    desk.advance(86_400)
    desk.customer(second, "leave", chat_id=mine)
    desk.customer(third, "join", chat_id=theirs)
    desk.customer(third, "write", to="group", chat_id=theirs, text="hi")
    desk.advance(86_400)
    desk.member("li", "create_group", name="too late")
    day = 1511712000
    span = {"day_begin_time": day + 7200, "day_end_time": day + 86_400}
    one = {
        "new_chat_cnt": 1,
        "chat_total": 1,
        "chat_has_msg": 1,
        "new_member_cnt": 2,
        "member_total": 2,
        "member_has_msg": 2,
        "msg_total": 3,
        "migrate_trainee_chat_cnt": 0,
    }
    two = {**one, "new_member_cnt": 1, "member_has_msg": 1, "msg_total": 1}
    path = "externalcontact/groupchat/statistic"
    answer = desk.ok(path, **span, order_by=3)
    assert (answer["total"], answer["next_offset"]) == (2, 2)
    assert answer["items"] == [{"owner": "li", "data": one}, {"owner": "wang", "data": two}]
    rest = desk.ok(path, **span, order_by=3, order_asc=1, offset=1, limit=1)
    assert ([item["owner"] for item in rest["items"]], rest["next_offset"]) == (["li"], 2)
    by_day = desk.ok("externalcontact/groupchat/statistic_group_by_day", **span)["items"]
    assert [item["stat_time"] for item in by_day] == [day, day + 86_400]
    assert by_day[0]["data"] == {**one, "new_chat_cnt": 2, "chat_total": 2, "member_total": 4}
    assert by_day[1]["data"] == {**two, "new_chat_cnt": 0, "chat_total": 2, "member_total": 4}
    assert desk.post(path, **span, order_by=5)["errcode"] == 40058
    assert desk.post(path, **span, offset=-1)["errcode"] == 40058
    for begin, end in ((day, day + 31 * 86_400), (day - 181 * 86_400, day - 180 * 86_400), (day, day - 1)):
        assert desk.post(path, day_begin_time=begin, day_end_time=end)["errcode"] == 600018


def test_internal_groups_are_no_customer_groups(desk: Desk, receiver):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    chat_id = desk.member("li", "create_group", name="Us", members=["wang"], internal=True)["chat_id"]
    desk.drain()
    assert receiver.events == []
    assert desk.ok("externalcontact/groupchat/list", limit=9)["group_chat_list"] == []
    assert desk.post("externalcontact/groupchat/get", chat_id=chat_id)["errcode"] == 90501
    answer = desk.ok("externalcontact/groupchat/onjob_transfer", chat_id_list=[chat_id], new_owner="wang")
    assert [row["errcode"] for row in answer["failed_chat_list"]] == [90501]
    assert desk.post("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=[chat_id])["errcode"] == 90501
    assert desk.customer(customer, "join", chat_id=chat_id, status=409)["error"] == "internal_group"
    bad = {"name": "x", "members": [customer], "internal": True}
    assert desk.member("li", "create_group", **bad, status=409)["error"] == "internal_group"


def test_opengid_leads_to_the_group(desk: Desk):
    desk.staff("li")
    inside, outside = desk.customers(2)
    chat_id = desk.member("li", "create_group", name="G", members=[inside])["chat_id"]
    opengid = desk.customer(inside, "open_in_group", chat_id=chat_id)["opengid"]
    assert desk.ok("externalcontact/opengid_to_chatid", opengid=opengid)["chat_id"] == chat_id
    assert desk.post("externalcontact/opengid_to_chatid", opengid="ogfremd")["errcode"] == 40050
    assert desk.post("externalcontact/opengid_to_chatid", opengid=chat_id)["errcode"] == 40050
    assert desk.post("externalcontact/opengid_to_chatid")["errcode"] == 40063
    assert desk.customer(outside, "open_in_group", chat_id=chat_id, status=409)["error"] == "not_member"


def test_details_may_lag_behind_the_event(desk: Desk, receiver):
    desk.settings(chat_detail_lag_seconds=10)
    desk.staff("li")
    stays, leaves, comes = desk.customers(3)
    chat_id = desk.member("li", "create_group", name="G", members=[stays, leaves])["chat_id"]

    def shown() -> tuple[list[str], str]:
        chat = desk.ok("externalcontact/groupchat/get", chat_id=chat_id)["group_chat"]
        return sorted(row["userid"] for row in chat["member_list"]), chat["member_version"]

    before = shown()
    desk.advance(60)
    desk.customer(leaves, "leave", chat_id=chat_id)
    desk.customer(comes, "join", chat_id=chat_id)
    assert shown() == before
    desk.drain()
    left, joined = receiver.events[1:]
    assert left["LastMemVer"] == before[1]
    desk.advance(10)
    members, version = shown()
    assert (members, version) == (sorted(["li", stays, comes]), joined["CurMemVer"])
