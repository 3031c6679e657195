"""Acquisition links, statistics, login, notes: requests and answers as WeCom documents them."""

import hashlib
from datetime import UTC, date, datetime

import pytest

from juqun.channels.wecom import operations
from juqun.channels.wecom.errors import LoginRefusedError, WecomAnswerError, WecomLimitError
from juqun.channels.wecom.testing import scripted_wecom
from juqun.channels.wecom.types import (
    AcquisitionLink,
    AcquisitionQuota,
    ConvertedId,
    DayGroupStatistic,
    GroupCounts,
    JsTicket,
    LinkChatStatus,
    LinkCustomer,
    LinkStatistic,
    LoginUser,
    OwnerGroupStatistic,
    StaffBehavior,
)

AT, SECONDS = datetime(2017, 6, 1, 4, 0, tzinfo=UTC), 1496289600
DAY, DAY_SECONDS = date(2017, 6, 1), 1496246400
LINK = {"link_id": "caw1", "link_name": "Spring", "url": "https://work.weixin.qq.com/ca/x", "create_time": SECONDS}
ROOT = "externalcontact/customer_acquisition/"


@pytest.fixture
def wecom(db):
    with scripted_wecom() as script:
        yield script


def sent(wecom, path):
    return [{name: value for name, value in body.items() if name != "access_token"} for body in wecom.bodies(path)]


def test_a_link_is_made_read_changed_and_deleted(wecom):
    people = {"user_list": ["wang"], "department_list": []}
    wecom.script(f"{ROOT}create_link", {"link": LINK})
    wecom.script(f"{ROOT}get", {"link": {**LINK, "skip_verify": False}, "range": {"user_list": ["wang", "li"]}})
    wecom.script(f"{ROOT}update_link", {})
    wecom.script(f"{ROOT}delete_link", {})
    made = operations.create_acquisition_link(name="Spring", userids=["wang"])
    assert made == AcquisitionLink(
        link_id="caw1", name="Spring", url=LINK["url"], created_at=AT, skip_verify=True, userids=("wang",)
    )
    found = operations.get_acquisition_link(link_id="caw1")
    assert (found.userids, found.skip_verify) == (("wang", "li"), False)
    operations.update_acquisition_link(link_id="caw1", name="Summer", userids=["wang"], skip_verify=False)
    operations.delete_acquisition_link(link_id="caw1")
    assert sent(wecom, f"{ROOT}create_link") == [{"link_name": "Spring", "range": people, "skip_verify": True}]
    assert sent(wecom, f"{ROOT}update_link") == [
        {"link_id": "caw1", "link_name": "Summer", "range": people, "skip_verify": False}
    ]
    assert sent(wecom, f"{ROOT}delete_link") == [{"link_id": "caw1"}]


@pytest.mark.parametrize(
    ("name", "userids"), [("", ["wang"]), ("x" * 31, ["wang"]), ("Spring", []), ("Spring", ["wang"] * 501)]
)
def test_a_link_out_of_bounds_is_not_sent(wecom, name, userids):
    with pytest.raises(WecomLimitError):
        operations.create_acquisition_link(name=name, userids=userids)
    assert wecom.calls == []


def test_links_and_their_customers_come_page_by_page(wecom):
    wecom.script(f"{ROOT}list_link", {"link_id_list": ["a"], "next_cursor": "c"}, {"link_id_list": ["b"]})
    row = {"external_userid": "wm1", "userid": "wang", "chat_status": 1, "state": "tv"}
    wecom.script(f"{ROOT}customer", {"customer_list": [row]})
    assert list(operations.iter_acquisition_link_ids()) == ["a", "b"]
    assert list(operations.iter_link_customers(link_id="a")) == [
        LinkCustomer(external_userid="wm1", userid="wang", chat_status=LinkChatStatus.WROTE, state="tv")
    ]
    wecom.script(f"{ROOT}customer", {"customer_list": [{**row, "chat_status": 9}]})
    with pytest.raises(WecomAnswerError):
        list(operations.iter_link_customers(link_id="a"))


def test_what_a_link_brought_and_what_is_left(wecom):
    wecom.script(f"{ROOT}statistic", {"click_link_customer_cnt": 7, "new_customer_cnt": 3})
    wecom.script(
        "externalcontact/customer_acquisition_quota",
        {"total": 1000, "balance": 12, "quota_list": [{"expire_date": SECONDS, "balance": 12}]},
    )
    found = operations.get_link_statistic(link_id="a", first_day=DAY, last_day=DAY)
    assert found == LinkStatistic(clicks=7, new_customers=3)
    assert sent(wecom, f"{ROOT}statistic") == [
        {"link_id": "a", "start_time": DAY_SECONDS, "end_time": DAY_SECONDS + 86_399}
    ]
    assert operations.get_acquisition_quota() == AcquisitionQuota(total=1000, balance=12, expiring=((AT, 12),))
    with pytest.raises(WecomLimitError):
        operations.get_link_statistic(link_id="a", first_day=DAY, last_day=date(2017, 7, 1))


def test_what_one_member_of_staff_did(wecom):
    row = {
        "stat_time": DAY_SECONDS, "chat_cnt": 100, "message_cnt": 80, "reply_percentage": 60.25, "avg_reply_time": 1,
        "negative_feedback_cnt": 0, "new_apply_cnt": 6, "new_contact_cnt": 5,
    }  # fmt: skip
    quiet = {**row, "stat_time": DAY_SECONDS + 86_400}
    del quiet["reply_percentage"], quiet["avg_reply_time"]
    wecom.script("externalcontact/get_user_behavior_data", {"behavior_data": [row, quiet]})
    found = operations.list_staff_behavior(userid="wang", first_day=DAY, last_day=date(2017, 6, 2))
    assert found[0] == StaffBehavior(
        userid="wang", day=DAY, new_applications=6, new_contacts=5, chats=100, messages=80, negative_feedback=0,
        reply_percent=60.25, average_reply_minutes=1,
    )  # fmt: skip
    assert (found[1].day, found[1].reply_percent) == (date(2017, 6, 2), None)
    assert sent(wecom, "externalcontact/get_user_behavior_data") == [
        {"userid": ["wang"], "start_time": DAY_SECONDS, "end_time": DAY_SECONDS + 86_400}
    ]


DATA = {
    "new_chat_cnt": 2, "chat_total": 4, "chat_has_msg": 1, "new_member_cnt": 3, "member_total": 6, "member_has_msg": 5,
    "msg_total": 9, "migrate_trainee_chat_cnt": 0,
}  # fmt: skip
COUNTS = GroupCounts(
    new_chats=2, chats=4, chats_with_messages=1, new_members=3, members=6, members_with_messages=5, messages=9
)


def test_groups_are_counted_by_owner_in_pages_and_by_day(wecom):
    path = "externalcontact/groupchat/statistic"
    first = {"total": 2, "next_offset": 1, "items": [{"owner": "wang", "data": DATA}]}
    wecom.script(path, first, {"total": 2, "next_offset": 2, "items": [{"owner": "li", "data": DATA}]})
    wecom.script(f"{path}_group_by_day", {"items": [{"stat_time": DAY_SECONDS, "data": DATA}]})
    given = {"owner_userids": ["wang", "li"], "first_day": DAY, "last_day": DAY}
    assert list(operations.iter_group_statistics(**given)) == [
        OwnerGroupStatistic(owner="wang", counts=COUNTS), OwnerGroupStatistic(owner="li", counts=COUNTS),
    ]  # fmt: skip
    assert [body["offset"] for body in wecom.bodies(path)] == [0, 1]
    assert operations.list_group_statistics_by_day(**given) == [DayGroupStatistic(day=DAY, counts=COUNTS)]


def test_who_logged_in(wecom):
    wecom.script("auth/getuserinfo", {"userid": "wang", "user_ticket": "x"}, {"openid": "o1", "external_userid": "wm1"})
    assert operations.get_login_user(code="c1") == LoginUser(userid="wang")
    assert operations.get_login_user(code="c2") == LoginUser(openid="o1", external_userid="wm1")
    wecom.script("auth/getuserinfo", {"errcode": 40029})
    with pytest.raises(LoginRefusedError):
        operations.get_login_user(code="c2")


def test_a_page_is_signed_with_a_ticket_that_is_fetched_once(wecom):
    wecom.script("get_jsapi_ticket", {"ticket": "T1", "expires_in": 7200})
    wecom.script("ticket/get", {"ticket": "T2", "expires_in": 7200})
    for kind, ticket in ((JsTicket.CORP, "T1"), (JsTicket.APP, "T2")):
        for _ in range(2):
            signed = operations.sign_page(url="https://shop.example/x?a=1#here", ticket=kind)
        text = (
            f"jsapi_ticket={ticket}&noncestr={signed.nonce}&timestamp={signed.timestamp}&url=https://shop.example/x?a=1"
        )
        assert signed.signature == hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - WeCom's choice
    assert len(wecom.bodies("get_jsapi_ticket")) == 1
    assert [body["type"] for body in wecom.bodies("ticket/get")] == ["agent_config"]


def test_notes_on_a_friend(wecom):
    wecom.script("externalcontact/remark", {})
    whom = {"userid": "wang", "external_userid": "wm1"}
    operations.remark_contact(**whom, remark="Mrs Li", mobiles=[])
    operations.remark_contact(**whom, description="likes tea", mobiles=["13800000000"])
    assert sent(wecom, "externalcontact/remark") == [
        {**whom, "remark": "Mrs Li", "remark_mobiles": [""]},
        {**whom, "description": "likes tea", "remark_mobiles": ["13800000000"]},
    ]
    for wrong in ({}, {"remark": "x" * 21}, {"description": "x" * 151}):
        with pytest.raises(WecomLimitError):
            operations.remark_contact(**whom, **wrong)


def test_a_unionid_leads_to_a_customer_or_a_pending_id(wecom):
    wecom.script("idconvert/unionid_to_external_userid", {"external_userid": "wm1"}, {"pending_id": "p1"})
    assert operations.convert_unionid(unionid="u", openid="o") == ConvertedId(external_userid="wm1")
    assert operations.convert_unionid(unionid="u", openid="o") == ConvertedId(pending_id="p1")
