"""wechatpy, a client that nobody here wrote, works against the emulator."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

from wecom_emulator.tests.conftest import CORP, PNG, Desk


class RedirectedSession(requests.Session):
    """Sends to the emulator what the client addresses to WeCom (it has that host written in)."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.trust_env = False
        self.base_url = base_url

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(method, str(url).replace("https://qyapi.weixin.qq.com", self.base_url), *args, **kwargs)


@pytest.fixture
def client(desk: Desk) -> Iterator[WeChatClient]:
    made = WeChatClient(CORP, "emulator-app-secret")
    with RedirectedSession(desk.emulator.base_url) as session:
        made._http = session
        yield made


def test_wechatpy_reads_staff_and_customers(desk: Desk, client: WeChatClient):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    assert client.user.get("li")["name"] == "Li"
    assert client.external_contact.list("li")["external_userid"] == [customer]
    assert client.external_contact.get(customer)["external_contact"]["name"] == "Customer 0"
    with pytest.raises(WeChatClientException, match="41035"):
        client.external_contact.get("")


def test_wechatpy_makes_ways_tags_and_messages(desk: Desk, client: WeChatClient):
    desk.staff("li")
    (customer,) = desk.customers(1)
    way = client.external_contact.add_contact_way(1, 2, 0, "remark", True, "state-1", ["li"], [])
    desk.customer(customer, "scan", qr_code=way["qr_code"])
    assert client.external_contact.get_contact_way(way["config_id"])["contact_way"]["state"] == "state-1"
    made = client.external_contact.add_corp_tag(None, "Tier", 1, [{"name": "gold", "order": 1}])
    tag_id = made["tag_group"]["tag"][0]["id"]
    client.external_contact.mark_tag("li", customer, [tag_id], None)
    assert client.external_contact.get(customer)["follow_user"][0]["tags"][0]["tag_id"] == tag_id


def test_wechatpy_gets_a_new_token_when_the_old_one_dies(desk: Desk, client: WeChatClient):
    desk.staff("li")
    client.user.get("li")
    desk.admin("DELETE", "/tokens")
    assert client.user.get("li")["userid"] == "li"


def test_wechatpy_keeps_files(desk: Desk, client: WeChatClient):
    desk.staff("li")
    uploaded = client.media.upload("image", ("a.png", io.BytesIO(PNG), "image/png"))
    assert (
        client._http.get(client.media.get_url(uploaded["media_id"])).content == PNG
    )  # its download() leaves the session
    assert client.media.upload_img(("a.png", io.BytesIO(PNG), "image/png"))["url"].startswith("http")


def test_wechatpy_reads_groups(desk: Desk, client: WeChatClient):
    desk.staff("li")
    made = desk.admin("POST", "/actors/staff/li/create_group", {"name": "Fans"})
    (listed,) = client.external_contact_group_chat.list_all()
    assert listed["chat_id"] == made["chat_id"]
    group = client.external_contact_group_chat.get(made["chat_id"])["group_chat"]
    assert (group["name"], group["owner"]) == ("Fans", "li")
    assert client.external_contact.get_group_chat_info(made["chat_id"])["group_chat"]["name"] == "Fans"


def test_wechatpy_sends_to_customers_and_to_staff(desk: Desk, client: WeChatClient):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    order = {"chat_type": "single", "external_userid": [customer], "sender": "li", "text": {"content": "hello"}}
    assert client.external_contact.add_msg_template(order)["msgid"]
    desk.admin("POST", "/actors/staff/li/confirm", {})
    inbox = desk.http.get(f"/emulator/actors/customers/{customer}/inbox").json()["messages"]
    assert [one["text"] for one in inbox if one["via"] == "mass"] == ["hello"]
    assert client.message.send_text(1000002, ["li"], "note")["errcode"] == 0
    assert "note" in str(desk.http.get("/emulator/actors/staff/li/inbox").json())


def test_wechatpy_reads_departments(desk: Desk, client: WeChatClient):
    desk.staff("li")
    desk.admin("POST", "/departments", {"departments": [{"id": 2, "name": "Shop", "parentid": 1}]})
    assert {one["id"] for one in client.department.list()} == {1, 2}
    assert [one["userid"] for one in client.department.get_users(1)] == ["li"]
