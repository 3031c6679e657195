from typing import Any

import pytest

from wecom_emulator.tests.conftest import Desk

AREA = "externalcontact"
RULE: dict[str, Any] = {
    "rule_name": "Words",
    "word_list": ["Cheap", "返现"],
    "intercept_type": 1,
    "applicable_range": {"user_list": ["li"]},
}


def add(desk: Desk, **changes: Any) -> Any:
    return desk.post(f"{AREA}/add_intercept_rule", **{**RULE, **changes})


def test_rules_are_kept_and_changed(desk: Desk):
    desk.admin("POST", "/departments", {"departments": [{"id": 2, "name": "E"}]})
    desk.staff("li", "wang")
    rule_id = add(desk, semantics_list=[1])["rule_id"]
    change = {
        "rule_name": "Other",
        "extra_rule": {"semantics_list": [2, 3]},
        "intercept_type": 2,
        "add_applicable_range": {"user_list": ["wang"], "department_list": [2]},
        "remove_applicable_range": {"user_list": ["li"]},
    }
    desk.ok(f"{AREA}/update_intercept_rule", rule_id=rule_id, **change)
    assert desk.ok(f"{AREA}/get_intercept_rule", rule_id=rule_id)["rule"] == {
        "rule_id": rule_id,
        "rule_name": "Other",
        "word_list": ["Cheap", "返现"],
        "extra_rule": {"semantics_list": [2, 3]},
        "intercept_type": 2,
        "applicable_range": {"user_list": ["wang"], "department_list": [2]},
    }
    rows = desk.get(f"{AREA}/get_intercept_rule_list")["rule_list"]
    assert rows == [{"rule_id": rule_id, "rule_name": "Other", "create_time": 1511755200}]
    gone = {"user_list": ["wang"], "department_list": [2]}
    assert desk.post(f"{AREA}/update_intercept_rule", rule_id=rule_id, remove_applicable_range=gone)["errcode"] == 40063
    desk.ok(f"{AREA}/del_intercept_rule", rule_id=rule_id)
    assert desk.post(f"{AREA}/get_intercept_rule", rule_id=rule_id)["errcode"] == 40058


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rule_name": "x" * 21}, 45002),
        ({"rule_name": ""}, 40063),
        ({"word_list": []}, 40063),
        ({"word_list": ["x"] * 301}, 40058),
        ({"word_list": ["x" * 33]}, 40058),
        ({"semantics_list": [4]}, 40058),
        ({"intercept_type": 3}, 40058),
        ({"applicable_range": {}}, 40063),
        ({"applicable_range": {"user_list": ["ghost"]}}, 60111),
        ({"applicable_range": {"department_list": [9]}}, 60003),
        ({"applicable_range": {"user_list": ["li"] * 1001}}, 40058),
    ],
)
def test_rules_are_checked(desk: Desk, changes: dict[str, Any], code: int):
    desk.staff("li")
    assert add(desk, **changes)["errcode"] == code


def test_a_corp_has_a_hundred_rules(desk: Desk):
    desk.staff("li")
    assert {add(desk)["errcode"] for _ in range(100)} == {0}
    assert add(desk)["errcode"] == 45029


def test_words_are_kept_from_customers(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.befriend("wang", customer)
    chat_id = desk.member("li", "create_group", name="G", members=[customer])["chat_id"]
    add(desk, semantics_list=[1, 2])
    add(desk, rule_name="Soft", word_list=["maybe"], intercept_type=2)
    write = {"to": "customer", "external_userid": customer}
    for text in ("so CHEAP", "现在返现", "call 13812345678", "mail li@shop.com.cn"):
        assert desk.member("li", "write", **write, text=text, status=409)["error"] == "intercepted"
        desk.member("li", "write", to="group", chat_id=chat_id, text=text, status=409)
    assert desk.member("li", "write", **write, text="maybe")["warned_by"] == ["Soft"]
    assert desk.member("li", "write", **write, text="138123456789 is no phone")["warned_by"] == []
    assert desk.member("wang", "write", **write, text="cheap")["warned_by"] == []
    assert [item["text"] for item in desk.inbox(customer)] == ["maybe", "138123456789 is no phone", "cheap"]
