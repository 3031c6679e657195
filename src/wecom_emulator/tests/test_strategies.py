"""Customer strategies, their tags, and tags in the hands of the admin."""

import threading
from typing import Any

from wecom_emulator.tests.conftest import Desk

AREA = "externalcontact/customer_strategy"


def create(desk: Desk, **fields: Any) -> int:
    body = {
        "strategy_name": "North",
        "admin_list": ["li"],
        "privilege": {"view_customer_list": True},
        "range": [{"type": 1, "userid": "wang"}, {"type": 2, "partyid": 1}],
        **fields,
    }
    return int(desk.ok(f"{AREA}/create", **body)["strategy_id"])


def test_life_of_a_strategy(desk: Desk):
    desk.staff("li", "wang", "zhao")
    number = create(desk)
    shown = desk.ok(f"{AREA}/get", strategy_id=number)["strategy"]
    assert (shown["parent_id"], shown["strategy_name"], shown["admin_list"]) == (0, "North", ["li"])
    assert len(shown["privilege"]) == 21
    assert [name for name, given in shown["privilege"].items() if given] == ["view_customer_list"]
    desk.ok(
        f"{AREA}/edit",
        strategy_id=number,
        admin_list=["zhao"],
        range_add=[{"type": 1, "userid": "zhao"}],
        range_del=[{"type": 2, "partyid": 1}],
    )
    first = desk.ok(f"{AREA}/get_range", strategy_id=number, limit=1)
    assert first["range"] == [{"type": 1, "userid": "wang"}]
    rest = desk.ok(f"{AREA}/get_range", strategy_id=number, limit=1, cursor=first["next_cursor"])
    assert (rest["range"], rest["next_cursor"]) == ([{"type": 1, "userid": "zhao"}], "")
    child = create(desk, parent_id=number)
    assert desk.ok(f"{AREA}/list")["strategy"] == [{"strategy_id": number}, {"strategy_id": child}]
    assert desk.post(f"{AREA}/del", strategy_id=number)["errcode"] == 40058
    desk.ok(f"{AREA}/del", strategy_id=child)
    desk.ok(f"{AREA}/del", strategy_id=number)
    assert desk.post(f"{AREA}/get", strategy_id=number)["errcode"] == 40058


def test_limits_of_strategies(desk: Desk):
    desk.staff("li", "wang", *(f"s{number}" for number in range(21)))
    parent = 0
    for _ in range(5):
        parent = create(desk, parent_id=parent)
    users = [{"type": 1, "userid": "wang"}]
    sound = {"strategy_name": "x", "admin_list": ["li"], "range": users}
    for fields, errcode in (
        ({"parent_id": parent}, 40058),
        ({"parent_id": 999}, 40058),
        ({"admin_list": [f"s{number}" for number in range(21)]}, 40058),
        ({"admin_list": []}, 40063),
        ({"admin_list": ["nobody"]}, 40003),
        ({"range": users * 101}, 40058),
        ({"range": [{"type": 2, "partyid": 99}]}, 40066),
        ({"range": [{"type": 3}]}, 40058),
        ({"strategy_name": ""}, 40063),
        ({"privilege": {"view_customer_list": "yes"}}, 40058),
    ):
        assert desk.post(f"{AREA}/create", **{**sound, **fields})["errcode"] == errcode, fields


def test_strategy_calls_are_serial(desk: Desk):
    desk.staff("li", "wang")
    desk.admin("POST", "/faults", {"route": f"{AREA}/list", "latency_ms": 500})
    codes: list[int] = []
    desk.token()
    slow = threading.Thread(target=lambda: codes.append(desk.post(f"{AREA}/list")["errcode"]))
    slow.start()
    threading.Event().wait(0.2)
    codes.append(desk.post(f"{AREA}/list")["errcode"])
    slow.join()
    assert codes == [45033, 0]


def test_tags_of_a_strategy(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    number = create(desk)
    corp_group = desk.ok("externalcontact/add_corp_tag", group_name="Level", tag=[{"name": "Gold"}])["tag_group"]
    group = desk.ok(
        "externalcontact/add_strategy_tag", strategy_id=number, group_name="Level", tag=[{"name": "Silver"}]
    )["tag_group"]
    assert group["strategy_id"] == number
    assert group["group_id"] != corp_group["group_id"]
    tag_id = group["tag"][0]["id"]
    listed = desk.ok("externalcontact/get_corp_tag_list")["tag_group"]
    assert [row["group_id"] for row in listed] == [corp_group["group_id"]]
    own = desk.ok("externalcontact/get_strategy_tag_list", strategy_id=number)["tag_group"]
    assert [(row["group_id"], row["strategy_id"]) for row in own] == [(group["group_id"], number)]
    desk.ok("externalcontact/mark_tag", userid="li", external_userid=customer, add_tag=[tag_id])
    tags = desk.get("externalcontact/get", external_userid=customer)["follow_user"][0]["tags"]
    assert tags == [{"group_name": "Level", "tag_name": "Silver", "tag_id": tag_id, "type": 3}]
    assert desk.post("externalcontact/edit_corp_tag", id=tag_id, name="x")["errcode"] == 40068
    desk.ok("externalcontact/edit_strategy_tag", id=tag_id, name="Bronze")
    assert desk.post("externalcontact/del_corp_tag", tag_id=[tag_id])["errcode"] == 40068
    desk.ok("externalcontact/del_strategy_tag", tag_id=[tag_id])
    assert desk.ok("externalcontact/get_strategy_tag_list")["tag_group"] == []


def test_admin_keeps_tags(desk: Desk, receiver):
    made = desk.admin("POST", "/actors/admin/create_tags", {"group_name": "Level", "names": ["A", "B"]})
    one, two, group_id = made["tags"]["A"], made["tags"]["B"], made["group_id"]
    desk.admin("POST", "/actors/admin/rename_tag", {"id": one, "name": "AA"})
    desk.admin("POST", "/actors/admin/shuffle_tags", {"group_id": group_id, "ids": [two, one]})
    desk.admin("POST", "/actors/admin/shuffle_tags", {"ids": [group_id]})
    (group,) = desk.ok("externalcontact/get_corp_tag_list")["tag_group"]
    assert {tag["name"]: tag["order"] for tag in group["tag"]} == {"AA": 1, "B": 2}
    assert desk.post("externalcontact/edit_corp_tag", id=one, name="x")["errcode"] == 301002
    desk.admin("POST", "/actors/admin/delete_tag", {"id": one})
    desk.admin("POST", "/actors/admin/delete_tag", {"id": group_id})
    desk.admin("POST", "/actors/admin/delete_tag", {"id": group_id}, status=404)
    desk.admin("POST", "/actors/admin/shuffle_tags", {"ids": ["none"]}, status=404)
    desk.drain()
    assert [(event["ChangeType"], event.get("Id"), event.get("TagType")) for event in receiver.events] == [
        ("create", group_id, "tag_group"),
        ("create", one, "tag"),
        ("create", two, "tag"),
        ("update", one, "tag"),
        ("shuffle", group_id, None),
        ("shuffle", None, None),
        ("delete", one, "tag"),
        ("delete", group_id, "tag_group"),
    ]
