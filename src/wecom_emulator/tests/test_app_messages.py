from typing import Any

import pytest

from wecom_emulator.tests.conftest import PNG, Desk

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


def letters(desk: Desk, userid: str) -> list[dict[str, Any]]:
    return list(desk.admin("GET", f"/actors/staff/{userid}/inbox")["messages"])


def send(desk: Desk, msgtype: str, content: dict[str, Any], **fields: Any) -> Any:
    return desk.post(
        "message/send", **{"touser": "li", "agentid": 1000002, "msgtype": msgtype, msgtype: content, **fields}
    )


def test_every_msgtype_is_delivered(desk: Desk):
    desk.staff("li")
    image = desk.upload("image", PNG)["media_id"]
    video = desk.upload("video", b"\x00\x00\x00\x18ftypmp42")["media_id"]
    voice = desk.upload("voice", b"#!AMR\n\x04")["media_id"]
    file = desk.upload("file", b"%PDF-1.4")["media_id"]
    url = "https://example.com/t"
    contents: list[tuple[str, dict[str, Any]]] = [
        ("text", {"content": "hi"}),
        ("markdown", {"content": "**hi**"}),
        ("image", {"media_id": image}),
        ("voice", {"media_id": voice}),
        ("video", {"media_id": video, "title": "T"}),
        ("file", {"media_id": file}),
        ("textcard", CARD),
        ("news", {"articles": [{"title": "T", "url": url}]}),
        ("mpnews", {"articles": [{"title": "T", "thumb_media_id": image, "content": "C"}]}),
        ("miniprogram_notice", {"appid": "wx1", "title": "Four", "content_item": [{"key": "k", "value": "v"}]}),
        (
            "template_card",
            {"card_type": "text_notice", "main_title": {"title": "T"}, "card_action": {"type": 1, "url": url}},
        ),
    ]
    for msgtype, content in contents:
        answer = send(desk, msgtype, content)
        assert answer["errcode"] == 0, (msgtype, answer)
        assert "response_code" not in answer
    assert [(item["msgtype"], item[item["msgtype"]]) for item in letters(desk, "li")] == contents


@pytest.mark.parametrize(
    ("msgtype", "content", "code"),
    [
        ("image", {"media_id": "x"}, 40007),
        ("news", {"articles": []}, 45008),
        ("news", {"articles": [{"title": "T", "url": "https://x"}] * 9}, 45008),
        ("news", {"articles": [{"title": "T"}]}, 40063),
        ("textcard", {**CARD, "btntxt": "five!"}, 45002),
        ("textcard", {**CARD, "title": "x" * 129}, 45002),
        ("markdown", {"content": "x" * 2049}, 45002),
        ("miniprogram_notice", {"appid": "wx1", "title": "abc"}, 41016),
        ("miniprogram_notice", {"appid": "wx1", "title": "abcd", "content_item": [{}] * 11}, 40058),
        ("template_card", {"card_type": "poem"}, 40058),
        ("template_card", {"card_type": "button_interaction", "main_title": {"title": "T"}}, 40063),
        ("template_card", {"card_type": "text_notice", "main_title": {"title": "T"}}, 40058),
    ],
)
def test_contents_are_checked(desk: Desk, msgtype: str, content: dict[str, Any], code: int):
    desk.staff("li")
    assert send(desk, msgtype, content)["errcode"] == code


def test_tags_and_departments_are_expanded(desk: Desk):
    desk.admin("POST", "/departments", {"departments": [{"id": 2, "name": "E"}]})
    desk.staff("li", "wang")
    desk.staff("zhao", department=[2])
    tagid = desk.ok("tag/create", tagname="T")["tagid"]
    desk.ok("tag/addtagusers", tagid=tagid, userlist=["wang"], partylist=[2])
    sent = send(desk, "text", {"content": "x"}, touser="", totag=f"{tagid}|77", toparty="5")
    assert (sent["errcode"], sent["invalidtag"], sent["invalidparty"]) == (0, "77", "5")
    assert [len(letters(desk, userid)) for userid in ("li", "wang", "zhao")] == [0, 1, 1]
    send(desk, "text", {"content": "x"}, touser="@all")
    assert [len(letters(desk, userid)) for userid in ("li", "wang", "zhao")] == [1, 2, 2]
    assert send(desk, "text", {"content": "x"}, touser="|".join(f"u{n}" for n in range(1001)))["errcode"] == 40058


def test_equal_messages_are_shown_once(desk: Desk):
    desk.staff("li")
    check = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    first = send(desk, "text", {"content": "x"}, **check)
    assert send(desk, "text", {"content": "x"}, **check)["msgid"] == first["msgid"]
    send(desk, "text", {"content": "y"}, **check)
    send(desk, "text", {"content": "x"})
    assert len(letters(desk, "li")) == 3
    desk.advance(600)
    assert send(desk, "text", {"content": "x"}, **check)["msgid"] != first["msgid"]
    assert send(desk, "text", {"content": "x"}, **{**check, "duplicate_check_interval": 14_401})["errcode"] == 40058


def test_a_member_gets_no_more_than_the_caps(desk: Desk):
    desk.settings(notices_per_member_minute=3, notices_per_member_hour=5, notices_per_staff_day=10)
    desk.staff("li")
    for _ in range(4):
        assert send(desk, "text", {"content": "x"})["errcode"] == 0
    assert len(letters(desk, "li")) == 3
    desk.advance(60)
    for _ in range(4):
        send(desk, "text", {"content": "x"})
    assert len(letters(desk, "li")) == 5
    assert [send(desk, "text", {"content": "x"})["errcode"] for _ in range(3)] == [0, 0, 45009]
    desk.advance(86_400)
    assert send(desk, "text", {"content": "x"})["errcode"] == 0


def test_a_message_can_be_recalled_for_a_day(desk: Desk):
    desk.staff("li")
    first, second = (send(desk, "text", {"content": text})["msgid"] for text in "ab")
    assert desk.post("message/recall", msgid=first)["errcode"] == 0
    assert [item["msgid"] for item in letters(desk, "li")] == [second]
    desk.advance(86_400)
    assert desk.post("message/recall", msgid=second)["errcode"] == 40058
    assert desk.post("message/recall", msgid="made up")["errcode"] == 40058


def test_a_card_is_pressed_and_changed_once(desk: Desk, receiver):
    desk.staff("li", "wang")
    card = {
        "card_type": "button_interaction",
        "task_id": "t1",
        "main_title": {"title": "Ask"},
        "button_list": [{"text": "Yes", "key": "yes"}],
    }
    sent = send(desk, "template_card", card, touser="li|wang")
    desk.member("li", "press_card", msgid=sent["msgid"], key="yes")
    desk.member("li", "press_card", msgid="x", key="yes", status=404)
    desk.drain()
    (event,) = receiver.events
    told = [event[name] for name in ("Event", "FromUserName", "EventKey", "TaskId", "CardType", "ResponseCode")]
    assert told == ["template_card_event", "li", "yes", "t1", "button_interaction", sent["response_code"]]
    change = {"response_code": event["ResponseCode"], "agentid": 1000002, "button": {"replace_name": "Done"}}
    assert desk.ok("message/update_template_card", userids=["li", "x"], **change)["invaliduser"] == ["x"]
    assert [letters(desk, name)[0]["template_card"].get("replace_name") for name in ("li", "wang")] == ["Done", None]
    assert desk.post("message/update_template_card", userids=["li"], **change)["errcode"] == 40058


def test_an_app_keeps_chats_of_staff(desk: Desk):
    desk.staff("li", "wang", "zhao")
    assert desk.ok("appchat/create", chatid="c1", name="Leads", owner="li", userlist=["li", "wang"])["chatid"] == "c1"
    cases: list[tuple[dict[str, Any], int]] = [
        ({"chatid": "c1"}, 86215),
        ({"chatid": "c-1"}, 86003),
        ({"chatid": "c2", "userlist": ["li"]}, 86006),
        ({"chatid": "c2", "userlist": ["li", "ghost"]}, 86216),
        ({"chatid": "c2", "owner": "zhao"}, 86217),
    ]
    base = {"owner": "li", "userlist": ["li", "wang"]}
    assert [desk.post("appchat/create", **{**base, **change})["errcode"] for change, _ in cases] == [
        c for _, c in cases
    ]
    desk.ok("appchat/update", chatid="c1", add_user_list=["zhao"], del_user_list=["wang"], name="Heads")
    info = desk.get("appchat/get", chatid="c1")["chat_info"]
    assert (info["name"], info["owner"], info["userlist"]) == ("Heads", "li", ["li", "zhao"])
    desk.ok("appchat/send", chatid="c1", msgtype="text", text={"content": "hi"})
    assert [item["chatid"] for item in letters(desk, "zhao")] == ["c1"]
    assert letters(desk, "wang") == []
    assert desk.get("appchat/get", chatid="c9")["errcode"] == 86003
    assert desk.post("appchat/send", chatid="c1", msgtype="template_card", template_card={})["errcode"] == 40008
