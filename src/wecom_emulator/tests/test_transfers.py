"""Hand-over of customers and groups, on the job and after leaving."""

import pytest

from wecom_emulator.tests.conftest import Desk

DAY = 86_400
NOW = 1511755200
MOVE = "externalcontact/transfer_customer"
RESULT = "externalcontact/transfer_result"
RESIGNED = "externalcontact/resigned/transfer_customer"
PAIR = {"handover_userid": "li", "takeover_userid": "wang"}


def statuses(desk: Desk, path: str = RESULT, **pair: str) -> dict[str, int]:
    return {row["external_userid"]: row["status"] for row in desk.ok(path, **(pair or PAIR))["customer"]}


def test_take_over_after_a_day(desk: Desk, receiver):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    tag = desk.ok("externalcontact/add_corp_tag", group_name="g", tag=[{"name": "t"}])["tag_group"]["tag"][0]["id"]
    desk.member("li", "edit_customer", external_userid=customer, remark="Boss", add_tag=[tag])
    moved = desk.ok(MOVE, **PAIR, external_userid=[customer, "wmnone"], transfer_success_msg="Hello from Wang")
    assert moved["customer"] == [
        {"external_userid": customer, "errcode": 0},
        {"external_userid": "wmnone", "errcode": 40096},
    ]
    waiting = desk.ok(RESULT, **PAIR)
    assert waiting["customer"] == [{"external_userid": customer, "status": 2, "takeover_time": NOW + DAY}]
    assert waiting["next_cursor"] == ""
    assert desk.ok(MOVE, **PAIR, external_userid=[customer])["customer"][0]["errcode"] == 40100
    desk.drain()
    receiver.events.clear()
    desk.advance(DAY - 1)
    assert statuses(desk) == {customer: 2}
    desk.advance(1)
    desk.drain()
    dropped, added = receiver.events
    assert (dropped["ChangeType"], dropped["UserID"], dropped["Source"]) == (
        "del_external_contact",
        "li",
        "DELETE_BY_TRANSFER",
    )
    assert (added["ChangeType"], added["UserID"], added["ExternalUserID"]) == (
        "add_external_contact",
        "wang",
        customer,
    )
    assert not {"WelcomeCode", "State"} & added.keys()
    assert statuses(desk) == {customer: 1}
    assert desk.inbox(customer)[-1] == {
        "at": NOW + DAY,
        "via": "transfer",
        "from": "wang",
        "text": "Hello from Wang",
        "attachments": [],
    }
    (follower,) = desk.get("externalcontact/get", external_userid=customer)["follow_user"]
    assert (follower["userid"], follower["add_way"], follower["remark"], follower["oper_userid"]) == (
        "wang",
        202,
        "Boss",
        "li",
    )
    assert [item["tag_id"] for item in follower["tags"]] == [tag]
    assert desk.get("externalcontact/list", userid="li")["errcode"] == 84061


def test_customer_accepts_or_refuses(desk: Desk, receiver):
    desk.staff("li", "wang")
    first, second = desk.customers(2)
    desk.befriend("li", first, second)
    desk.ok(MOVE, **PAIR, external_userid=[first, second])
    desk.drain()
    receiver.events.clear()
    assert desk.customer(first, "accept_transfer") == {"userid": "wang", "status": 1}
    assert desk.customer(second, "refuse_transfer") == {"userid": "li", "status": 3}
    assert desk.customer(second, "refuse_transfer", status=409)["error"] == "no_transfer"
    desk.drain()
    failed = receiver.events[-1]
    assert (failed["ChangeType"], failed["FailReason"], failed["UserID"]) == (
        "transfer_fail",
        "customer_refused",
        "wang",
    )
    desk.advance(2 * DAY)
    assert statuses(desk) == {first: 1, second: 3}
    assert "由我的同事Wang接替" in desk.inbox(first)[-1]["text"]
    assert desk.get("externalcontact/list", userid="li")["external_userid"] == [second]


def test_twice_in_ninety_days(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    for one, two in (("li", "wang"), ("wang", "li")):
        desk.ok(MOVE, handover_userid=one, takeover_userid=two, external_userid=[customer])
        desk.customer(customer, "accept_transfer")
    assert desk.ok(MOVE, **PAIR, external_userid=[customer])["customer"][0]["errcode"] == 40128
    desk.advance(90 * DAY)
    assert desk.ok(MOVE, **PAIR, external_userid=[customer])["customer"][0]["errcode"] == 0


def test_full_taker(desk: Desk, receiver):
    desk.staff("li", "wang")
    first, second, third = desk.customers(3)
    desk.befriend("li", first, second)
    desk.settings(customers_per_staff=1)
    desk.ok(MOVE, **PAIR, external_userid=[first])
    desk.befriend("wang", third)
    assert desk.ok(MOVE, **PAIR, external_userid=[second])["customer"][0]["errcode"] == 40099
    desk.advance(DAY)
    desk.drain()
    assert receiver.events[-1]["FailReason"] == "customer_limit_exceed"
    assert statuses(desk) == {first: 4}


def test_who_may_take_and_give(desk: Desk):
    desk.staff("li", "wang")
    desk.staff("off", feature_on=False)
    desk.staff("sleeping", status=4)
    desk.staff("nameless", real_name_verified=False)
    (customer,) = desk.customers(1)
    cases = [
        ("li", "off", 84083),
        ("li", "sleeping", 84083),
        ("li", "nameless", 40098),
        ("li", "nobody", 40003),
        ("nobody", "wang", 40003),
        ("li", "li", 40058),
        ("li", "", 41009),
    ]
    for one, two, errcode in cases:
        answer = desk.post(MOVE, handover_userid=one, takeover_userid=two, external_userid=[customer])
        assert answer["errcode"] == errcode, (one, two)
    assert desk.post(MOVE, **PAIR)["errcode"] == 41035
    assert desk.post(MOVE, **PAIR, external_userid=["x"] * 101)["errcode"] == 40058
    assert desk.post(MOVE, **PAIR, external_userid=["x"], transfer_success_msg="字" * 201)["errcode"] == 40058
    assert desk.ok(MOVE, **PAIR, external_userid=[customer])["customer"][0]["errcode"] == 84061
    assert desk.post(RESIGNED, **PAIR, external_userid=[customer])["errcode"] == 40097


def test_a_friendship_that_ended_is_not_handed_over(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.ok(MOVE, **PAIR, external_userid=[customer])
    desk.customer(customer, "delete_staff", userid="li")
    desk.advance(DAY)
    assert desk.ok(RESULT, **PAIR)["customer"] == [{"external_userid": customer, "status": 5}]
    assert desk.get("externalcontact/list", userid="wang")["errcode"] == 84061


def test_after_leaving(desk: Desk, receiver):
    desk.staff("li", "wang")
    people = desk.customers(3)
    desk.befriend("li", *people)
    desk.member("li", "leave_company")
    listed = desk.ok("externalcontact/get_unassigned_list", page_id=0, page_size=2)
    assert listed["info"][0] == {"handover_userid": "li", "external_userid": people[0], "dimission_time": NOW}
    assert (len(listed["info"]), listed["is_last"]) == (2, False)
    rest = desk.get("externalcontact/get_unassigned_list", page_size=2, cursor=listed["next_cursor"])
    assert ([row["external_userid"] for row in rest["info"]], rest["is_last"]) == ([people[2]], True)
    by_page = desk.ok("externalcontact/get_unassigned_list", page_id=1, page_size=2)
    assert ([row["external_userid"] for row in by_page["info"]], by_page["is_last"]) == ([people[2]], True)
    assert desk.post("externalcontact/get_unassigned_list", page_id=50, page_size=1000)["errcode"] == 40058
    desk.ok(RESIGNED, **PAIR, external_userid=people[:2])
    assert len(desk.ok("externalcontact/get_unassigned_list")["info"]) == 1
    desk.customer(people[1], "refuse_transfer")
    desk.drain()
    receiver.events.clear()
    desk.advance(DAY)
    desk.drain()
    assert [event["ChangeType"] for event in receiver.events] == ["add_external_contact"]
    path = "externalcontact/resigned/transfer_result"
    assert statuses(desk, path, **PAIR) == {people[0]: 1, people[1]: 3}
    left = [row["external_userid"] for row in desk.ok("externalcontact/get_unassigned_list")["info"]]
    assert sorted(left) == sorted(people[1:])
    assert desk.inbox(people[0]) == []


def test_groups_of_a_leaver(desk: Desk, receiver):
    desk.staff("li", "wang")
    chats = [desk.member("li", "create_group", name=f"g{number}")["chat_id"] for number in range(2)]
    assert failures(desk, "transfer", chats) == {chats[0]: 90500, chats[1]: 90500}
    desk.member("li", "leave_company")
    assert failures(desk, "onjob_transfer", chats) == {chats[0]: 90502, chats[1]: 90502}
    desk.drain()
    receiver.events.clear()
    assert failures(desk, "transfer", [chats[0], "wrnone"]) == {"wrnone": 40050}
    desk.drain()
    assert [event["UpdateDetail"] for event in receiver.events] == ["add_member", "change_owner"]
    desk.settings(group_transfer_seconds=60)
    assert failures(desk, "transfer", [chats[1]]) == {}
    path = "externalcontact/groupchat/list"
    assert [row["status"] for row in desk.ok(path, limit=9)["group_chat_list"]] == [3, 2]
    desk.advance(60)
    assert [row["status"] for row in desk.ok(path, limit=9, status_filter=3)["group_chat_list"]] == [3, 3]
    assert desk.ok("externalcontact/groupchat/get", chat_id=chats[1])["group_chat"]["owner"] == "wang"


def failures(desk: Desk, call: str, chat_ids: list[str], new_owner: str = "wang") -> dict[str, int]:
    answer = desk.ok(f"externalcontact/groupchat/{call}", chat_id_list=chat_ids, new_owner=new_owner)
    return {row["chat_id"]: row["errcode"] for row in answer["failed_chat_list"]}


def test_a_leaver_of_long_ago(desk: Desk):
    desk.staff("li", "wang")
    chat_id = desk.member("li", "create_group", name="g")["chat_id"]
    desk.member("li", "leave_company")
    desk.advance(366 * DAY)
    assert failures(desk, "transfer", [chat_id]) == {chat_id: 90500}


def test_groups_on_the_job(desk: Desk):
    desk.staff("li", "wang")
    chat_id = desk.member("li", "create_group", name="g")["chat_id"]
    assert failures(desk, "onjob_transfer", [chat_id]) == {}
    assert failures(desk, "onjob_transfer", [chat_id], "li") == {}
    assert failures(desk, "onjob_transfer", [chat_id]) == {chat_id: 90507}
    desk.advance(90 * DAY)
    desk.settings(group_transfers_per_day=1)
    other = desk.member("li", "create_group", name="o")["chat_id"]
    assert failures(desk, "onjob_transfer", [chat_id, other]) == {other: 90508}
    desk.advance(DAY)
    assert failures(desk, "onjob_transfer", [other]) == {}
    assert desk.ok("externalcontact/groupchat/list", limit=9)["group_chat_list"][0]["status"] == 0


@pytest.mark.parametrize("chat_ids", [[], ["x"] * 101])
def test_number_of_groups_in_a_call(desk: Desk, chat_ids: list[str]):
    desk.staff("li")
    answer = desk.post("externalcontact/groupchat/transfer", chat_id_list=chat_ids, new_owner="li")
    assert answer["errcode"] == (40058 if chat_ids else 40063)
