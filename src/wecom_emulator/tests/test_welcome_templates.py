"""The group welcome library and the greeting of new members."""

from wecom_emulator.tests.conftest import PNG, Desk

ADD = "externalcontact/group_welcome_template/add"
GET = "externalcontact/group_welcome_template/get"
LINK = {"title": "Menu", "url": "https://example.com/menu"}


def test_new_members_are_greeted(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    chat_id = desk.member("li", "create_group", name="G")["chat_id"]
    template_id = desk.ok(ADD, text={"content": "Hi %NICKNAME%, not %nickname%"}, link=LINK)["template_id"]
    attach = {"chat_id": chat_id, "template_id": template_id}
    assert desk.member("wang", "attach_welcome", **attach, status=409)["error"] == "not_owner"
    assert desk.member("li", "attach_welcome", **attach) == attach
    desk.customer(customer, "join", chat_id=chat_id)
    (letter,) = desk.inbox(customer)
    assert letter == {
        "at": 1511755200,
        "via": "group_welcome",
        "from": "li",
        "text": "Hi Customer 0, not %nickname%",
        "attachments": [{"msgtype": "link", "link": LINK}],
        "chat_id": chat_id,
    }
    desk.ok("externalcontact/group_welcome_template/del", template_id=template_id)
    desk.customer(customer, "leave", chat_id=chat_id)
    desk.customer(customer, "join", chat_id=chat_id)
    assert len(desk.inbox(customer)) == 1
    assert desk.member("li", "attach_welcome", **attach, status=404)["error"] == "unknown_template"
    assert desk.member("li", "attach_welcome", chat_id=chat_id)["template_id"] == ""


def test_one_attachment_by_priority(desk: Desk):
    media_id = desk.upload("image", PNG)["media_id"]
    template_id = desk.ok(ADD, text={"content": "Hi"}, link=LINK, image={"media_id": media_id})["template_id"]
    shown = desk.ok(GET, template_id=template_id)
    assert shown["text"] == {"content": "Hi"}
    assert shown["image"]["pic_url"].startswith(f"{desk.emulator.base_url}/mmbiz/")
    assert "link" not in shown
    desk.ok("externalcontact/group_welcome_template/edit", template_id=template_id, link=LINK)
    assert desk.get(GET, template_id=template_id) == {"errcode": 0, "errmsg": "ok", "link": LINK}


def test_staff_are_told(desk: Desk):
    desk.staff("li")
    desk.staff("off", feature_on=False)
    desk.ok(ADD, text={"content": "quiet"}, notify=0)
    template_id = desk.ok(ADD, text={"content": "loud"})["template_id"]
    (note,) = desk.admin("GET", "/actors/staff/li/inbox")["messages"]
    assert (note["msgtype"], note["msgid"]) == ("group_welcome_template", template_id)
    assert desk.admin("GET", "/actors/staff/off/inbox")["messages"] == []


def test_refusals(desk: Desk):
    desk.settings(welcome_template_limit=1)
    assert desk.post(ADD)["errcode"] == 40063
    assert desk.post(ADD, text={"content": "字" * 1001})["errcode"] == 45002
    assert desk.post(ADD, text={"content": "x"}, agentid=7)["errcode"] == 40056
    assert desk.post(ADD, video={"media_id": "none"})["errcode"] == 40007
    template_id = desk.ok(ADD, text={"content": "字" * 1000})["template_id"]
    assert desk.post(ADD, text={"content": "x"})["errcode"] == 41055
    assert desk.post(GET, template_id="none")["errcode"] == 40058
    corp = desk.admin("GET", "/corp")
    corp["apps"].append({"agent_id": 1000003, "secret": "other", "name": "Other"})
    desk.admin("PUT", "/corp", corp)
    desk.forget_tokens()
    for path in ("edit", "del"):
        answer = desk.post(
            f"externalcontact/group_welcome_template/{path}",
            secret="other",
            template_id=template_id,
            text={"content": "x"},
        )
        assert answer["errcode"] == 301002
    assert desk.ok(GET, template_id=template_id)["text"]["content"] == "字" * 1000
