from wecom_emulator.tests.conftest import Desk

CARD = {"title": "Task", "description": "Please confirm", "url": "https://example.com/t"}


def test_staff_gets_text_and_card(desk: Desk):
    desk.staff("li", "wang")
    sent = desk.ok("message/send", touser="li|ghost", msgtype="textcard", agentid=1000002, textcard=CARD)
    assert (sent["invaliduser"], sent["invalidparty"]) == ("ghost", "")
    (letter,) = desk.admin("GET", "/actors/staff/li/inbox")["messages"]
    assert (letter["msgid"], letter["textcard"]) == (sent["msgid"], CARD)
    desk.ok("message/send", toparty="1", msgtype="text", agentid=1000002, text={"content": "hi"})
    assert [item["msgtype"] for item in desk.admin("GET", "/actors/staff/wang/inbox")["messages"]] == ["text"]


def test_app_message_is_checked(desk: Desk):
    desk.staff("li")
    base = {"touser": "li", "msgtype": "text", "agentid": 1000002, "text": {"content": "hi"}}
    cases = [
        ({"agentid": 7}, 40056),
        ({"msgtype": "poem"}, 40008),
        ({"touser": "ghost"}, 81013),
        ({"text": {}}, 40063),
        ({"text": {"content": "x" * 2049}}, 45002),
        ({"msgtype": "textcard", "textcard": {"description": "d", "url": "https://x"}}, 41016),
    ]
    assert [desk.post("message/send", **{**base, **change})["errcode"] for change, _ in cases] == [
        code for _, code in cases
    ]
