"""Pages go on after the last row handed out: deletions and additions in between skip and repeat nobody else."""

from collections.abc import Callable
from typing import Any

import pytest

from wecom_emulator.api.call import decode_cursor, encode_cursor
from wecom_emulator.errors import WeComError
from wecom_emulator.tests.conftest import Desk


def walk(ask: Callable[[str], Any], name: str, *, between: Callable[[int], None]) -> list[Any]:
    """Return all rows of a list, calling `between` after each page."""
    rows, cursor, number = [], "", 0
    while True:
        answer = ask(cursor)
        assert answer["errcode"] == 0, answer
        rows += answer[name]
        cursor = answer.get("next_cursor", "")
        if not cursor:
            return rows
        between(number)
        number += 1


def test_customers_under_deletion_and_addition(desk: Desk):
    desk.staff("li", "wu")
    customers = desk.customers(12)
    desk.befriend("li", *customers[:8])
    desk.befriend("wu", *customers[4:10])

    def between(number: int) -> None:
        if number == 1:  # rows of the first pages, the last one handed out among them, and one to come
            for item in (customers[0], customers[1], customers[3], customers[5]):
                desk.member("li", "delete_customer", external_userid=item)
            desk.befriend("wu", customers[10])
        if number == 2:
            desk.member("wu", "delete_customer", external_userid=customers[4])
            desk.befriend("wu", customers[4])

    def ask(cursor: str) -> Any:
        return desk.post("externalcontact/batch/get_by_user", userid_list=["li", "wu"], limit=2, cursor=cursor)

    rows = walk(ask, "external_contact_list", between=between)
    seen = [(row["follow_info"]["userid"], row["external_contact"]["external_userid"]) for row in rows]
    expected = [("li", customers[item]) for item in (0, 1, 2, 3, 4, 6, 7)]
    assert seen[:7] == expected
    assert seen[7:] == [("wu", customers[item]) for item in (5, 6, 7, 8, 9, 10, 4)]


def test_groups_under_dismissal(desk: Desk):
    desk.staff("li")
    chats = [desk.member("li", "create_group", name=f"G{number}")["chat_id"] for number in range(7)]

    def between(number: int) -> None:
        if number == 0:
            desk.member("li", "dismiss_group", chat_id=chats[0])
            desk.member("li", "dismiss_group", chat_id=chats[1])

    for owners in ({}, {"owner_filter": {"userid_list": ["li"]}}):
        rows = walk(
            lambda cursor, given=owners: desk.post("externalcontact/groupchat/list", limit=2, cursor=cursor, **given),
            "group_chat_list",
            between=between if not owners else lambda _: None,
        )
        assert [row["chat_id"] for row in rows] == (chats if not owners else chats[2:])


def test_ways_under_deletion(desk: Desk):
    desk.staff("li")
    made = [desk.ok("externalcontact/add_contact_way", type=1, scene=2, user=["li"])["config_id"] for _ in range(7)]

    def ask(cursor: str) -> Any:
        return desk.post("externalcontact/list_contact_way", limit=2, cursor=cursor)

    first = [row["config_id"] for row in ask("")["contact_way"]]

    def between(number: int) -> None:
        if number == 0:
            for item in first:
                desk.ok("externalcontact/del_contact_way", config_id=item)

    rows = walk(ask, "contact_way", between=between)
    assert sorted(row["config_id"] for row in rows) == sorted(made)


def test_a_cursor_is_of_one_api_and_not_to_be_made_up(desk: Desk):
    desk.staff("li")
    desk.befriend("li", *desk.customers(3))
    page = desk.ok("externalcontact/batch/get_by_user", userid_list=["li"], limit=1)
    cursor = page["next_cursor"]
    flipped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    others = encode_cursor(["li", 1], "externalcontact/groupchat/list")
    for bad in (flipped, cursor[:5], "x", "聚", others, "AAAA" * 8):
        answer = desk.post("externalcontact/batch/get_by_user", userid_list=["li"], limit=1, cursor=bad)
        assert answer["errcode"] == 40058, bad
    desk.staff("wu")
    answer = desk.post("externalcontact/batch/get_by_user", userid_list=["wu"], limit=1, cursor=cursor)
    assert answer["errcode"] == 40058


def test_a_cursor_comes_back_as_it_was():
    assert decode_cursor("") == 0
    assert decode_cursor(encode_cursor([5, "a"], "x"), "x") == [5, "a"]
    with pytest.raises(WeComError, match="40058"):
        decode_cursor(encode_cursor(5, "x"), "y")


def test_ids_that_are_no_text_are_unknown(desk: Desk):
    desk.staff("li")
    for path, body in (
        ("externalcontact/remark", b'{"userid": "li", "external_userid": "\\ud800", "remark": "x"}'),
        ("externalcontact/groupchat/get", b'{"chat_id": "\\ud800"}'),
        ("externalcontact/send_welcome_msg", b'{"welcome_code": "\\ud800", "text": {"content": "x"}}'),
    ):
        answer = desk.http.post(f"/cgi-bin/{path}", params={"access_token": desk.token()}, content=body)
        assert answer.status_code == 200
        assert answer.json()["errcode"] != 0
