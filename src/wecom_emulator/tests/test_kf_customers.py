import pytest

from wecom_emulator.clock import parse_instant
from wecom_emulator.tests.conftest import Desk
from wecom_emulator.tests.kf_desk import KF, KfDesk

MIDNIGHT = int(parse_instant("2017-11-26T16:00:00Z"))  # of the Chinese day on which the tests begin
DAY = 86_400


@pytest.fixture
def kf(desk: Desk) -> KfDesk:
    made = KfDesk(desk)
    made.servicers("li", "wu")
    return made


def upgrade(kf: KfDesk, **fields) -> int:
    body = {"open_kfid": KF, "external_userid": kf.customer, **fields}
    return int(kf.desk.post("kf/customer/upgrade_service", **body)["errcode"])


def test_upgrade_stays_in_the_consoles_ranges(kf: KfDesk):
    kf.desk.staff("off", feature_on=False)
    chat_id = kf.desk.member("li", "create_group", name="G")["chat_id"]
    empty = kf.desk.get("kf/customer/get_upgrade_service_config")
    assert empty["member_range"] == {"userid_list": [], "department_id_list": []}
    assert upgrade(kf, type=1, member={"userid": "wu"}) == 95021
    kf.admin("kf_upgrade_ranges", userids=["wu", "off"], chat_ids=[chat_id])
    shown = kf.desk.get("kf/customer/get_upgrade_service_config")
    assert shown["member_range"] == {"userid_list": ["wu", "off"], "department_id_list": []}
    assert shown["groupchat_range"] == {"chat_id_list": [chat_id]}
    cases = [
        ({"type": 1, "member": {"userid": "li"}}, 95021),
        ({"type": 1, "member": {"userid": "nobody"}}, 60111),
        ({"type": 1, "member": {"userid": "off"}}, 84074),
        ({"type": 1, "member": {}}, 41009),
        ({"type": 2, "groupchat": {"chat_id": "wrnone"}}, 95021),
        ({"type": 3, "member": {"userid": "wu"}}, 40058),
        ({"type": 1, "member": {"userid": "wu"}, "external_userid": "wmnone"}, 40096),
        ({"type": 1, "member": {"userid": "wu"}}, 0),
        ({"type": 2, "groupchat": {"chat_id": chat_id}}, 0),
    ]
    assert [upgrade(kf, **body) for body, _ in cases] == [code for _, code in cases]
    kf.admin("kf_upgrade_ranges", departments=[1])
    assert upgrade(kf, type=1, member={"userid": "li"}) == 0


def test_upgrade_is_a_hint_that_the_servicer_follows(kf: KfDesk):
    kf.admin("kf_upgrade_ranges", userids=["wu"])
    kf.says()
    kf.move(3, "li")
    assert upgrade(kf, type=1, member={"userid": "wu", "wording": "VIP"}) == 0
    hint = {"type": 1, "target": "wu", "wording": "VIP"}
    assert kf.servicer("li", "sessions")["sessions"] == [
        {"external_userid": kf.customer, "service_state": 3, "upgrade": hint}
    ]
    assert kf.letters() == []
    assert kf.does("kf_accept_upgrade", status=409)["error"] == "not_invited"
    kf.servicer("li", "upgrade")
    assert kf.letters()[0]["attachments"] == [{"msgtype": "business_card", "business_card": {"userid": "wu"}}]
    assert kf.does("kf_accept_upgrade") == {"type": 1, "target": "wu"}
    assert kf.desk.get("externalcontact/list", userid="wu")["external_userid"] == [kf.customer]
    kf.desk.ok("kf/customer/cancel_upgrade_service", open_kfid=KF, external_userid=kf.customer)
    assert kf.servicer("li", "upgrade", status=409)["error"] == "no_upgrade"


def test_upgrade_to_a_group(kf: KfDesk):
    chat_id = kf.desk.member("wu", "create_group", name="G")["chat_id"]
    kf.admin("kf_upgrade_ranges", chat_ids=[chat_id])
    kf.says()
    kf.move(3, "li")
    upgrade(kf, type=2, groupchat={"chat_id": chat_id, "wording": "Our group"})
    kf.servicer("li", "upgrade")
    assert kf.letters()[0]["attachments"][0]["link"]["title"] == "Our group"
    kf.does("kf_accept_upgrade")
    members = kf.desk.ok("externalcontact/groupchat/get", chat_id=chat_id)["group_chat"]["member_list"]
    assert [row["userid"] for row in members] == ["wu", kf.customer]


def a_day_of_service(kf: KfDesk) -> None:
    """One session of the assistant that goes to li, who answers after 40 s, and one that nobody answers."""
    kf.admin("kf_upgrade_ranges", userids=["wu"])
    kf.says()
    kf.send()
    kf.says()
    kf.move(3, "li")
    kf.says()
    kf.desk.advance(40)
    kf.servicer("li", "write", text="hi")
    kf.servicer("li", "write", text="there")
    upgrade(kf, type=1, member={"userid": "wu"})
    kf.servicer("li", "upgrade")
    kf.does("kf_accept_upgrade")
    kf.servicer("li", "end")
    kf.says()
    kf.move(3, "wu")
    kf.says()
    kf.servicer("wu", "refuse")


def test_statistics_of_yesterday_are_ready_at_six(kf: KfDesk):
    a_day_of_service(kf)
    span = {"open_kfid": KF, "start_time": MIDNIGHT - DAY, "end_time": MIDNIGHT + 3600}
    assert kf.desk.post("kf/get_corp_statistic", **span)["errcode"] == 600018  # today is not over
    kf.desk.travel("2017-11-27T21:59:00Z")
    assert kf.desk.ok("kf/get_corp_statistic", **span)["statistic_list"] == []
    kf.desk.travel("2017-11-27T22:00:00Z")
    assert kf.desk.ok("kf/get_corp_statistic", **span)["statistic_list"] == [
        {
            "stat_time": MIDNIGHT,
            "statistic": {
                "session_cnt": 2,
                "customer_cnt": 1,
                "customer_msg_cnt": 5,
                "upgrade_service_customer_cnt": 1,
                "ai_session_reply_cnt": 1,
                "msg_rejected_customer_cnt": 1,
                "ai_transfer_rate": 1.0,
            },
        }
    ]


def test_statistics_of_servicers(kf: KfDesk):
    a_day_of_service(kf)
    kf.desk.travel("2017-11-27T22:00:00Z")
    span = {"open_kfid": KF, "start_time": MIDNIGHT, "end_time": MIDNIGHT}

    def of(**who: str) -> dict:
        (row,) = kf.desk.ok("kf/get_servicer_statistic", **span, **who)["statistic_list"]
        assert row["stat_time"] == MIDNIGHT
        return dict(row["statistic"])

    li, wu, together = of(servicer_userid="li"), of(servicer_userid="wu"), of()
    assert (li["session_cnt"], li["customer_msg_cnt"], li["reply_rate"], li["first_reply_average_sec"]) == (1, 1, 1, 40)
    assert (li["upgrade_service_member_invite_cnt"], li["upgrade_service_member_customer_cnt"]) == (1, 1)
    assert (wu["reply_rate"], wu["msg_rejected_customer_cnt"], "first_reply_average_sec" in wu) == (0, 1, False)
    assert (together["session_cnt"], together["customer_cnt"], together["reply_rate"]) == (2, 1, 0.5)
    assert "satisfied_rate" not in together
    longer = {**span, "start_time": MIDNIGHT - DAY}
    assert len(kf.desk.ok("kf/get_servicer_statistic", **longer, servicer_userid="li")["statistic_list"]) == 1
    assert kf.desk.post("kf/get_servicer_statistic", **span, servicer_userid="nobody")["errcode"] == 60111


def test_rates_are_absent_without_a_denominator(kf: KfDesk):
    kf.says()
    kf.move(3, "li")
    kf.desk.travel("2017-11-27T22:00:00Z")
    span = {"open_kfid": KF, "start_time": MIDNIGHT, "end_time": MIDNIGHT}
    corp = kf.desk.ok("kf/get_corp_statistic", **span)["statistic_list"][0]["statistic"]
    mine = kf.desk.ok("kf/get_servicer_statistic", **span)["statistic_list"][0]["statistic"]
    assert [name for name in (*corp, *mine) if "rate" in name or "average" in name] == []


def test_statistics_ranges(kf: KfDesk):
    def code(start: int, end: int) -> int:
        return int(kf.desk.post("kf/get_corp_statistic", open_kfid=KF, start_time=start, end_time=end)["errcode"])

    yesterday = MIDNIGHT - DAY
    assert code(yesterday, yesterday) == 0
    assert code(yesterday - 30 * DAY, yesterday) == 0
    assert code(yesterday - 31 * DAY, yesterday) == 600018
    assert code(yesterday - 180 * DAY, yesterday - 170 * DAY) == 0
    assert code(yesterday - 181 * DAY, yesterday - 170 * DAY) == 600018
    assert code(yesterday, yesterday - DAY) == 600018
    assert code(0, yesterday) == 600018
