"""wechatpy keeps the address book, logs visitors in and writes to staff; code that nobody here wrote."""

import io
from urllib.parse import parse_qs, urlsplit

import pytest
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

from wecom_emulator.tests.conftest import APP_SECRET, CORP, PNG, Desk
from wecom_emulator.tests.test_foreign_client import RedirectedSession

AGENT = 1000002
PAGE = "https://shop.example.com/p?a=1"


def client_of(desk: Desk, secret: str = APP_SECRET) -> WeChatClient:
    made = WeChatClient(CORP, secret)
    made._http = RedirectedSession(desk.emulator.base_url)
    return made


def test_wechatpy_keeps_the_address_book(desk: Desk):
    client = client_of(desk, "emulator-contact-secret")
    number = client.department.create("East", 1)["id"]
    client.user.create("li", "Li", department=[number], mobile="13800000000")
    client.user.update("li", position="Chief")
    assert client.user.get("li")["position"] == "Chief"
    client.department.update(number, name="Far East")
    assert client.department.get(id=number)["name"] == "Far East"
    tagid = client.tag.create("Leads")["tagid"]
    client.tag.add_users(tagid, user_ids=["li"])
    assert [row["userid"] for row in client.tag.get_users(tagid)["userlist"]] == ["li"]
    client.user.batch_delete(["li"])
    client.department.delete(number)
    with pytest.raises(WeChatClientException, match="60111"):
        client.user.get("li")


def test_wechatpy_logs_a_member_in_and_signs_a_page(desk: Desk):
    desk.staff("li")
    client = client_of(desk)
    url = urlsplit(client.oauth.authorize_url(PAGE, "s1"))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    answer = desk.http.get(url.path, params={**query, "as": "li"})
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    assert client.oauth.get_user_info(code)["UserId"] == "li"
    given = {"noncestr": "n", "timestamp": "1511755200", "url": PAGE}
    for kind, ticket in (("corp", client.jsapi.get_jsapi_ticket()), ("agent", client.jsapi.get_agent_jsapi_ticket())):
        signature = client.jsapi.get_jsapi_signature("n", ticket, "1511755200", PAGE)
        signed = {"kind": kind, "agent_id": AGENT, "signature": signature, **given}
        assert desk.admin("POST", "/jssdk/verify", signed) == {"valid": True, "reason": ""}


def test_wechatpy_writes_to_staff(desk: Desk):
    desk.staff("li", "wang")
    client = client_of(desk)
    media_id = client.media.upload("image", io.BytesIO(PNG))["media_id"]
    client.message.send_text(AGENT, ["li", "wang"], "hi")
    client.message.send_image(AGENT, "li", media_id)
    client.message.send_text_card(AGENT, "li", "T", "D", PAGE, "more")
    article = {"title": "T", "description": "D", "url": PAGE, "image": PAGE}
    client.message.send_articles(AGENT, "li", [article])
    chatid = client.appchat.create(name="Leads", owner="li", user_list=["li", "wang"])["chatid"]
    client.appchat.send_text(chatid, "all")
    kinds = {
        userid: [item["msgtype"] for item in desk.admin("GET", f"/actors/staff/{userid}/inbox")["messages"]]
        for userid in ("li", "wang")
    }
    assert kinds == {"li": ["text", "image", "textcard", "news", "text"], "wang": ["text", "text"]}
