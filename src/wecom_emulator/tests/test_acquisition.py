"""Acquisition links: the calls, people who come through them, and the quota."""

from typing import Any
from urllib.parse import quote

import pytest

from wecom_emulator.tests.conftest import Desk

AREA = "externalcontact/customer_acquisition"
NOW = 1511755200
DAY = 86_400


def create(desk: Desk, **fields: Any) -> dict[str, Any]:
    body = {"link_name": "Fair", "range": {"user_list": ["li"]}, **fields}
    return dict(desk.ok(f"{AREA}/create_link", **body)["link"])


def buy(desk: Desk, amount: int, **fields: Any) -> None:
    desk.admin("POST", "/actors/admin/buy_quota", {"amount": amount, **fields})


def test_links_are_kept(desk: Desk):
    desk.staff("li", "wang")
    links = [create(desk, link_name=f"L{number}") for number in range(3)]
    ids = [link["link_id"] for link in links]
    first = desk.ok(f"{AREA}/list_link", limit=2)
    assert first["link_id_list"] == ids[:2]
    assert desk.ok(f"{AREA}/list_link", cursor=first["next_cursor"])["link_id_list"] == ids[2:]
    link_id = ids[0]
    desk.ok(
        f"{AREA}/update_link",
        link_id=link_id,
        range={"department_list": [1]},
        skip_verify=False,
        priority_option={"priority_type": 2, "priority_userid_list": ["wang"]},
    )
    shown = desk.ok(f"{AREA}/get", link_id=link_id)
    assert shown["range"] == {"user_list": [], "department_list": [1]}
    assert shown["link"] == {
        "link_id": link_id,
        "link_name": "L0",
        "url": f"https://work.weixin.qq.com/ca/{link_id}",
        "create_time": NOW,
        "skip_verify": False,
        "mark_source": True,
    }
    assert shown["priority_option"] == {"priority_type": 2, "priority_userid_list": ["wang"]}
    desk.ok(f"{AREA}/delete_link", link_id=link_id)
    assert desk.post(f"{AREA}/get", link_id=link_id)["errcode"] == 40058


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"link_name": ""}, 40063),
        ({"link_name": "x" * 31}, 40058),
        ({"range": {}}, 40063),
        ({"range": {"user_list": ["nobody"]}}, 40003),
        ({"range": {"user_list": ["off"]}}, 84074),
        ({"range": {"user_list": 5}}, 40058),
        ({"range": {"department_list": [99]}}, 40066),
        ({"priority_option": {"priority_type": 9}}, 40058),
    ],
)
def test_refused_links(desk: Desk, fields: dict[str, Any], errcode: int):
    desk.staff("li")
    desk.staff("off", feature_on=False)
    body = {"link_name": "x", "range": {"user_list": ["li"]}, **fields}
    assert desk.post(f"{AREA}/create_link", **body)["errcode"] == errcode


def test_five_hundred_people_and_self_built_apps_only(desk: Desk):
    desk.staff(*(f"s{number}" for number in range(501)))
    answer = desk.post(f"{AREA}/create_link", link_name="x", range={"department_list": [1]})
    assert answer["errcode"] == 41041
    corp = desk.admin("GET", "/corp")
    corp["apps"].append({"agent_id": 1, "secret": "old", "name": "Old", "kind": "customer_contact"})
    desk.admin("PUT", "/corp", corp)
    desk.forget_tokens()
    assert desk.post(f"{AREA}/list_link", secret="old")["errcode"] == 48002
    assert desk.get("externalcontact/customer_acquisition_quota", secret="old")["errcode"] == 48002


def test_a_visitor_becomes_a_customer_and_writes(desk: Desk, receiver):
    desk.staff("li")
    buy(desk, 5)
    link = create(desk)
    (customer,) = desk.customers(1)
    url = f"{link['url']}?customer_channel=poster%201"
    opened = desk.customer(customer, "open_link", url=url)
    assert opened == {"link_id": link["link_id"], "userid": "li", "state": "poster 1", "already_friend": False}
    added = desk.customer(customer, "add_by_link", url="weixin://biz/ww/profile/" + quote(url, safe=""))
    assert (added["pending"], added["welcome_code_issued"]) == (False, True)
    row = {"external_userid": customer, "userid": "li", "chat_status": 0, "state": "poster 1"}
    assert desk.ok(f"{AREA}/customer", link_id=link["link_id"])["customer_list"] == [row]
    desk.customer(customer, "write", to="staff", userid="li", text="hi")
    desk.customer(customer, "write", to="staff", userid="li", text="again")
    assert desk.ok(f"{AREA}/customer", link_id=link["link_id"])["customer_list"] == [{**row, "chat_status": 1}]
    figures = desk.ok(f"{AREA}/statistic", link_id=link["link_id"], start_time=NOW - DAY, end_time=NOW)
    assert (figures["click_link_customer_cnt"], figures["new_customer_cnt"]) == (1, 1)
    (follower,) = desk.get("externalcontact/get", external_userid=customer)["follow_user"]
    assert (follower["add_way"], follower["state"]) == (16, "poster 1")
    desk.drain()
    kinds = [(event["Event"], event["ChangeType"]) for event in receiver.events]
    assert kinds == [
        ("customer_acquisition", "balance_increased"),
        ("customer_acquisition", "open_profile"),
        ("customer_acquisition", "open_profile"),
        ("change_external_contact", "add_external_contact"),
        ("customer_acquisition", "friend_request"),
        ("customer_acquisition", "customer_start_chat"),
    ]
    assert receiver.events[3]["State"] == "poster 1"
    last = receiver.events[-1]
    assert (last["LinkId"], last["State"], last["UserID"], last["ExternalUserID"]) == (
        link["link_id"],
        "poster 1",
        "li",
        customer,
    )
    assert desk.customer(customer, "add_by_link", url=url)["already_friend"] is True
    desk.customer(customer, "open_link", url="https://example.com/ca/none", status=404)


def test_events_need_a_channel_and_a_silent_deleter_is_unknown(desk: Desk, receiver):
    desk.staff("li")
    buy(desk, 5)
    link = create(desk)
    (customer,) = desk.customers(1)
    desk.customer(customer, "add_by_link", url=f"{link['url']}?customer_channel={'x' * 65}")
    desk.customer(customer, "delete_staff", userid="li")
    rows = desk.ok(f"{AREA}/customer", link_id=link["link_id"])["customer_list"]
    assert rows == [{"external_userid": customer, "userid": "li", "chat_status": 2, "state": ""}]
    desk.drain()
    assert [event["ChangeType"] for event in receiver.events] == [
        "balance_increased",
        "add_external_contact",
        "del_follow_user",
    ]


def test_a_request_waits_for_the_staff(desk: Desk):
    desk.staff("li")
    buy(desk, 5)
    link = create(desk, skip_verify=False)
    (customer,) = desk.customers(1)
    assert desk.customer(customer, "add_by_link", url=link["url"])["pending"] is True
    assert desk.ok(f"{AREA}/customer", link_id=link["link_id"])["customer_list"] == []
    assert desk.member("li", "accept_friend", external_userid=customer)["welcome_code_issued"] is True
    assert len(desk.ok(f"{AREA}/customer", link_id=link["link_id"])["customer_list"]) == 1
    assert desk.get("externalcontact/customer_acquisition_quota")["balance"] == 4


def test_quota_runs_down_and_expires(desk: Desk, receiver):
    desk.staff("li")
    link = create(desk)
    people = desk.customers(3)
    assert desk.customer(people[0], "open_link", url=link["url"], status=409)["error"] == "link_unavailable"
    desk.customer(people[0], "open_link", url=link["url"], status=409)
    buy(desk, 1, expire_date=NOW + 8 * DAY)
    buy(desk, 20, expire_date=NOW + 30 * DAY)
    for person in people[:2]:
        desk.customer(person, "add_by_link", url=link["url"])
    quota = desk.get("externalcontact/customer_acquisition_quota")
    assert (quota["total"], quota["balance"]) == (21, 19)
    assert quota["quota_list"] == [{"expire_date": NOW + 30 * DAY, "balance": 19}]
    desk.advance(30 * DAY)
    desk.drain()
    changes = [event["ChangeType"] for event in receiver.events if event["Event"] == "customer_acquisition"]
    assert changes == [
        "link_unavailable",
        "balance_increased",
        "balance_low",
        "quota_expire_soon",
        "balance_exhausted",
    ]
    soon = receiver.events[-2]
    assert (soon["ExpireTime"], soon["ExpireQuotaNum"]) == (str(NOW + 30 * DAY), "19")
    assert desk.get("externalcontact/customer_acquisition_quota")["quota_list"] == []


def test_range_of_the_statistic(desk: Desk):
    desk.staff("li")
    link_id = create(desk)["link_id"]
    for start, end in ((NOW, NOW - 1), (NOW - 31 * DAY, NOW), (NOW - 181 * DAY, NOW - 180 * DAY), (0, 0)):
        answer = desk.post(f"{AREA}/statistic", link_id=link_id, start_time=start, end_time=end)
        assert answer["errcode"] == 600018


def test_deleting_in_the_console_calls_back(desk: Desk, receiver):
    desk.staff("li")
    link_id = create(desk)["link_id"]
    desk.admin("POST", "/actors/admin/delete_link", {"link_id": link_id})
    desk.admin("POST", "/actors/admin/delete_link", {"link_id": link_id}, status=404)
    desk.admin("POST", "/actors/admin/buy_quota", {"amount": 0}, status=400)
    desk.drain()
    (event,) = receiver.events
    assert (event["ChangeType"], event["LinkId"]) == ("delete_link", link_id)
