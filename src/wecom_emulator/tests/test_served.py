"""Everybody the corp serves, licences, and temporary or exclusive contact ways."""

from typing import Any

import pytest

from wecom_emulator.tests.conftest import PNG, Desk

NOW = 1511755200
DAY = 86_400
LIST = "externalcontact/contact_list"


def test_contact_list_has_customers_then_other_members(desk: Desk):
    desk.staff("li", "wang")
    people = desk.customers(5)
    desk.befriend("li", *people[:2])
    desk.befriend("wang", people[1], people[2])
    chat_id = desk.member("li", "create_group", name="G", members=[people[0], people[3], people[4]])["chat_id"]
    rows: list[dict[str, Any]] = []
    cursor, pages = "", 0
    while True:
        answer = desk.ok(LIST, limit=2, cursor=cursor)
        rows += answer["info_list"]
        pages, cursor = pages + 1, answer["next_cursor"]
        if not cursor:
            break
    assert pages == 3
    customers = [(row["external_userid"], row["follow_userid"]) for row in rows if row["is_customer"]]
    assert customers == [(people[0], "li"), (people[1], "li"), (people[1], "wang"), (people[2], "wang")]
    others = [row for row in rows if not row["is_customer"]]
    assert [(row["name"], row["chat_id"], row["follow_userid"]) for row in others] == [
        ("Customer 3", chat_id, "li"),
        ("Customer 4", chat_id, "li"),
    ]
    assert all("external_userid" not in row for row in others)
    assert rows[1]["tmp_openid"] == rows[2]["tmp_openid"] != rows[0]["tmp_openid"]
    assert desk.ok(LIST, limit=5)["info_list"] == rows[:5]


def test_followers_come_in_pages_of_five_hundred(desk: Desk):
    names = [f"s{number}" for number in range(501)]
    desk.staff(*names)
    (customer,) = desk.customers(1)
    actions = [{"actor": "customer", "id": customer, "do": "add", "userid": name} for name in names]
    desk.admin("POST", "/actors/batch", {"actions": actions})
    first = desk.get("externalcontact/get", external_userid=customer)
    assert len(first["follow_user"]) == 500
    rest = desk.get("externalcontact/get", external_userid=customer, cursor=first["next_cursor"])
    shown = {row["userid"] for row in (*first["follow_user"], *rest["follow_user"])}
    assert (len(rest["follow_user"]), shown) == (1, set(names))
    assert "next_cursor" not in rest


def test_staff_without_licence(desk: Desk):
    desk.staff("li", "wang")
    people = desk.customers(2)
    desk.befriend("li", people[0])
    desk.befriend("wang", people[1])
    chat_id = desk.member("li", "create_group", name="G")["chat_id"]
    desk.settings(unlicensed_userids=["li"])
    answer = desk.ok("externalcontact/batch/get_by_user", userid_list=["li", "wang"])
    assert answer["fail_info"] == {"unlicensed_userid_list": ["li"]}
    assert [row["follow_info"]["userid"] for row in answer["external_contact_list"]] == ["wang"]
    assert "fail_info" not in desk.ok("externalcontact/batch/get_by_user", userid_list=["wang"])
    who = {"userid": "li", "external_userid": people[0]}
    assert desk.get("externalcontact/list", userid="li")["errcode"] == 301002
    assert desk.post("externalcontact/remark", **who, remark="x")["errcode"] == 301002
    assert desk.post("externalcontact/mark_tag", **who, add_tag=["x"])["errcode"] == 301002
    assert desk.post("externalcontact/groupchat/get", chat_id=chat_id)["errcode"] == 301002
    message = {"sender": "li", "text": {"content": "x"}}
    assert desk.post("externalcontact/add_msg_template", **message)["errcode"] == 301002
    move = {"handover_userid": "wang", "takeover_userid": "li", "external_userid": [people[1]]}
    assert desk.post("externalcontact/transfer_customer", **move)["errcode"] == 301002


def test_remark_picture_must_be_living(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    who = {"userid": "li", "external_userid": customer}
    assert desk.post("externalcontact/remark", **who, remark_pic_mediaid="none")["errcode"] == 40007
    desk.ok("externalcontact/remark", **who, remark_pic_mediaid=desk.upload("image", PNG)["media_id"])


def test_a_new_phone_number_alone_calls_nobody(desk: Desk, receiver):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.drain()
    receiver.events.clear()
    desk.member("li", "edit_customer", external_userid=customer, remark_mobiles=["138"])
    desk.member("li", "edit_customer", external_userid=customer, description="likes tea")
    desk.drain()
    assert len(receiver.events) == 1
    row = desk.get("externalcontact/get", external_userid=customer)["follow_user"][0]
    assert (row["remark_mobiles"], row["description"]) == (["138"], "likes tea")


def temporary(desk: Desk, **fields: Any) -> Any:
    body = {"type": 1, "scene": 2, "user": ["li"], "is_temp": True, "state": "t", **fields}
    return desk.post("externalcontact/add_contact_way", **body)


def test_temporary_chat_ends_with_its_words(desk: Desk):
    desk.staff("li")
    first, second, third = desk.customers(3)
    link = {"title": "T", "url": "https://example.com"}
    words = {"text": {"content": "Bye"}, "link": link, "miniprogram": {"title": "ignored"}}
    made = temporary(desk, conclusions=words, chat_expires_in=3600, expires_in=DAY)
    assert made["errcode"] == 0
    desk.customer(first, "scan", state="t")
    desk.customer(second, "scan", state="t")
    close = {"userid": "li", "external_userid": first}
    desk.ok("externalcontact/close_temp_chat", **close)
    assert desk.post("externalcontact/close_temp_chat", **close)["errcode"] == 84061
    (letter,) = desk.inbox(first)
    assert (letter["via"], letter["text"]) == ("conclusion", "Bye")
    assert letter["attachments"] == [{"msgtype": "link", "link": link}]
    assert desk.inbox(second) == []
    desk.advance(3600)
    assert [item["at"] for item in desk.inbox(second)] == [NOW + 3600]
    desk.advance(DAY)
    assert desk.customer(third, "scan", state="t", status=409)["error"] == "code_expired"
    assert desk.ok("externalcontact/list_contact_way")["contact_way"] == []
    config_id = made["config_id"]
    desk.ok("externalcontact/update_contact_way", config_id=config_id, expires_in=14 * DAY, conclusions={})
    shown = desk.ok("externalcontact/get_contact_way", config_id=config_id)["contact_way"]
    assert (shown["expires_in"], "conclusions" in shown) == (14 * DAY, False)
    assert desk.customer(third, "scan", state="t")["userid"] == "li"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": 2},
        {"expires_in": 15 * DAY},
        {"chat_expires_in": 0},
        {"conclusions": {"link": {"title": "x", "url": "ftp://x"}}},
    ],
)
def test_refused_temporary_ways(desk: Desk, fields: dict[str, Any]):
    desk.staff("li")
    assert temporary(desk, **fields)["errcode"] == 40058


def test_temporary_ways_have_a_quota_of_their_own(desk: Desk):
    desk.staff("li")
    desk.settings(temp_ways_per_day=1, contact_way_quota=0)
    assert temporary(desk)["errcode"] == 0
    assert temporary(desk)["errcode"] == 41045
    desk.advance(DAY)
    assert temporary(desk, unionid="union7")["errcode"] == 0
    (stranger,) = desk.customers(1)
    assert desk.customer(stranger, "scan", state="t", status=409)["error"] == "not_for_you"


def test_partners_of_one_corp_keep_one_member(desk: Desk):
    desk.staff("li", "wang")
    desk.ok("externalcontact/add_contact_way", type=2, scene=2, user=["li", "wang"], state="x", is_exclusive=True)
    buyers = desk.customers(2, type=2, corp_name="Supplier")
    (other,) = desk.customers(1, type=2, corp_name="Other")
    served = [desk.customer(item, "scan", state="x")["userid"] for item in (*buyers, other)]
    assert served == ["li", "li", "wang"]
