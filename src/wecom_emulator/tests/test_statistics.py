"""What staff did with customers, day by day."""

from typing import Any

from wecom_emulator.tests.conftest import Desk

PATH = "externalcontact/get_user_behavior_data"
DAY = 86_400
MIDNIGHT = 1511712000
"""2017-11-27 in China; the desk's clock begins twelve hours later."""


def rows(desk: Desk, start: int = MIDNIGHT, end: int = MIDNIGHT, **who: Any) -> list[dict[str, Any]]:
    return list(desk.ok(PATH, **(who or {"userid": ["li", "wang"]}), start_time=start, end_time=end)["behavior_data"])


def test_counts_are_summed_over_the_given_staff(desk: Desk):
    desk.staff("li", "wang")
    first, second, third, fourth = desk.customers(4)
    desk.befriend("li", first, second)
    desk.befriend("wang", third)
    desk.member("wang", "apply_friend", external_userid=fourth, accepted=False)
    desk.member("wang", "apply_friend", external_userid=fourth)
    desk.customer(first, "write", to="staff", userid="li", text="?")
    desk.customer(third, "write", to="staff", userid="wang", text="?")
    desk.advance(600)
    desk.member("li", "write", to="customer", external_userid=first, text="!")
    desk.member("li", "write", to="customer", external_userid=first, text="!")
    desk.member("li", "write", to="customer", external_userid=second, text="hello")
    desk.customer(second, "write", to="staff", userid="li", text="hello")
    desk.customer(second, "delete_staff", userid="li")
    zero = {"chat_cnt": 0, "message_cnt": 0, "negative_feedback_cnt": 0, "new_apply_cnt": 0, "new_contact_cnt": 0}
    assert rows(desk) == [{"stat_time": MIDNIGHT, **zero}]
    desk.advance(15 * 3600 - 601)
    assert rows(desk) == [{"stat_time": MIDNIGHT, **zero}]
    desk.advance(1)
    counted = {
        "stat_time": MIDNIGHT,
        "chat_cnt": 2,
        "message_cnt": 3,
        "negative_feedback_cnt": 1,
        "new_apply_cnt": 2,
        "new_contact_cnt": 4,
        "reply_percentage": 50.0,
        "avg_reply_time": 10,
    }
    assert rows(desk, MIDNIGHT + 3600, MIDNIGHT + DAY) == [counted, {"stat_time": MIDNIGHT + DAY, **zero}]
    assert rows(desk, partyid=[1]) == [counted]
    (mine,) = rows(desk, userid=["wang"])
    assert (mine["new_contact_cnt"], mine["reply_percentage"], "avg_reply_time" in mine) == (2, 0.0, False)


def test_refused_questions(desk: Desk):
    desk.staff("li")
    span = {"start_time": MIDNIGHT, "end_time": MIDNIGHT}
    for body, errcode in (
        ({**span}, 40063),
        ({**span, "userid": ["nobody"]}, 40003),
        ({**span, "userid": ["li"] * 101}, 40058),
        ({**span, "partyid": [99]}, 40066),
        ({"userid": ["li"], "start_time": MIDNIGHT, "end_time": MIDNIGHT - 1}, 600018),
        ({"userid": ["li"], "start_time": MIDNIGHT - 31 * DAY, "end_time": MIDNIGHT}, 600018),
        ({"userid": ["li"], "start_time": MIDNIGHT - 181 * DAY, "end_time": MIDNIGHT - 180 * DAY}, 600018),
        ({"userid": ["li"]}, 600018),
    ):
        assert desk.post(PATH, **body)["errcode"] == errcode, body
