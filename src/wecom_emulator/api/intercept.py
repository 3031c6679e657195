"""Sensitive words: externalcontact/{add,get,update,del}_intercept_rule and get_intercept_rule_list."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, get, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.intercept import SEMANTICS
from wecom_emulator.rules.payload import integers, object_of, texts
from wecom_emulator.state.catalog import INTERCEPT_BLOCK, INTERCEPT_WARN, InterceptRule

RULES = 100
NAME_CHARACTERS = 20
WORDS, WORD_CHARACTERS = 300, 32
RANGE = 1000


def _name(call: Call) -> str:
    name = call.text("rule_name", missing=40063)
    if len(name) > NAME_CHARACTERS:
        raise WeComError(45002)
    return name


def _words(call: Call) -> list[str]:
    words = call.texts("word_list", most=WORDS)
    if not words:
        raise WeComError(40063)
    if any(not 1 <= len(word) <= WORD_CHARACTERS for word in words):
        raise WeComError(40058, "invalid Request Parameter: a word has 1 to 32 characters")
    return words


def _semantics(data: dict[str, Any]) -> list[int]:
    meanings = integers(data, "semantics_list")
    if any(item not in SEMANTICS for item in meanings):
        raise WeComError(40058, "invalid Request Parameter: semantics_list holds 1, 2 or 3")
    return list(dict.fromkeys(meanings))


def _kind(call: Call) -> int:
    kind = call.integer("intercept_type", 0)
    if kind not in (INTERCEPT_BLOCK, INTERCEPT_WARN):
        raise WeComError(40058, "invalid Request Parameter: intercept_type should be 1 or 2")
    return kind


def _range(call: Call, name: str) -> tuple[list[str], list[int]]:
    """Return users and departments of a range; raises WeComError 60111 or 60003 for unknown ones."""
    data = object_of(call.body.get(name), name)
    users, departments = texts(data, "user_list", most=RANGE), integers(data, "department_list", most=RANGE)
    for userid in users:
        call.member(userid)
    if any(number not in call.corp.departments for number in departments):
        raise WeComError(60003)
    return users, departments


def _rule(call: Call) -> InterceptRule:
    rule = call.corp.intercept_rules.get(call.text("rule_id", missing=40063))
    if rule is None:
        raise WeComError(40058, "invalid Request Parameter: rule_id")
    return rule


@post("externalcontact/add_intercept_rule", "customer")
def add_rule(call: Call) -> Answer:
    """Answer add_intercept_rule; 45029 over 100 rules."""
    if len(call.corp.intercept_rules) >= RULES:
        raise WeComError(45029)
    name, words, kind = _name(call), _words(call), _kind(call)
    users, departments = _range(call, "applicable_range")
    if not users and not departments:
        raise WeComError(40063)
    rule = InterceptRule(
        rule_id=call.corp.new_id("intercept", "ir"),
        rule_name=name,
        create_time=call.world.clock.seconds(),
        intercept_type=kind,
        word_list=words,
        semantics_list=_semantics(call.body),
        userids=list(dict.fromkeys(users)),
        departments=list(dict.fromkeys(departments)),
    )
    call.corp.intercept_rules[rule.rule_id] = rule
    return {"rule_id": rule.rule_id}


@get("externalcontact/get_intercept_rule_list", "customer")
def list_rules(call: Call) -> Answer:
    """Answer get_intercept_rule_list."""
    rules = call.corp.intercept_rules.values()
    rows = [{"rule_id": item.rule_id, "rule_name": item.rule_name, "create_time": item.create_time} for item in rules]
    return {"rule_list": rows}


@post("externalcontact/get_intercept_rule", "customer")
def get_rule(call: Call) -> Answer:
    """Answer get_intercept_rule."""
    rule = _rule(call)
    shown = {
        "rule_id": rule.rule_id,
        "rule_name": rule.rule_name,
        "word_list": rule.word_list,
        "extra_rule": {"semantics_list": rule.semantics_list},
        "intercept_type": rule.intercept_type,
        "applicable_range": {"user_list": rule.userids, "department_list": rule.departments},
    }
    return {"rule": shown}


@post("externalcontact/update_intercept_rule", "customer")
def update_rule(call: Call) -> Answer:
    """Answer update_intercept_rule: given parts replace old ones; ranges are added to and taken from."""
    rule = _rule(call)
    name = _name(call) if call.has("rule_name") else rule.rule_name
    words = _words(call) if call.has("word_list") else rule.word_list
    kind = _kind(call) if call.has("intercept_type") else rule.intercept_type
    extra = object_of(call.body.get("extra_rule"), "extra_rule")
    meanings = _semantics(extra) if "semantics_list" in extra else rule.semantics_list
    more_users, more_departments = _range(call, "add_applicable_range")
    removed = object_of(call.body.get("remove_applicable_range"), "remove_applicable_range")
    gone_users = set(texts(removed, "user_list", most=RANGE))
    gone_departments = set(integers(removed, "department_list", most=RANGE))
    users = [item for item in dict.fromkeys([*rule.userids, *more_users]) if item not in gone_users]
    departments = [
        item for item in dict.fromkeys([*rule.departments, *more_departments]) if item not in gone_departments
    ]
    if len(users) > RANGE or len(departments) > RANGE:
        raise WeComError(45029)
    if not users and not departments:
        raise WeComError(40063)
    rule.rule_name, rule.word_list, rule.intercept_type, rule.semantics_list = name, words, kind, meanings
    rule.userids, rule.departments = users, departments
    return {}


@post("externalcontact/del_intercept_rule", "customer")
def delete_rule(call: Call) -> Answer:
    """Answer del_intercept_rule."""
    del call.corp.intercept_rules[_rule(call).rule_id]
    return {}
