import base64
import hashlib
from typing import Any

import pytest

from wecom_emulator.tests.conftest import PNG, Desk


class Hook:
    """A webhook and what can be done with its key."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        made = desk.admin("POST", "/actors/admin/add_webhook", {"name": "Alerts"})
        self.key = made["key"]
        assert made["url"].endswith(f"/cgi-bin/webhook/send?key={self.key}")

    def send(self, msgtype: Any, content: Any, *, key: str = "") -> int:
        body = {"msgtype": msgtype, str(msgtype): content}
        answer = self.desk.http.post("/cgi-bin/webhook/send", params={"key": key or self.key}, json=body)
        assert answer.status_code == 200
        return int(answer.json()["errcode"])

    def upload(self, kind: str, content: bytes, *, key: str = "") -> Any:
        params = {"key": key or self.key, "type": kind}
        files = {"media": ("a.bin", content)}
        return self.desk.http.post("/cgi-bin/webhook/upload_media", params=params, files=files).json()

    def posts(self) -> list[dict[str, Any]]:
        return list(self.desk.admin("POST", "/actors/admin/webhook_posts", {"key": self.key})["posts"])


@pytest.fixture
def hook(desk: Desk) -> Hook:
    return Hook(desk)


def test_the_key_is_the_credential(hook: Hook):
    assert hook.send("text", {"content": "hi"}, key="other") == 93000
    assert hook.desk.http.post("/cgi-bin/webhook/send", json={"msgtype": "text"}).json()["errcode"] == 93000
    assert hook.desk.http.get("/cgi-bin/webhook/send", params={"key": hook.key}).json()["errcode"] == 43002
    hook.desk.settings(trusted_ips=["10.0.0.1"])
    assert hook.send("text", {"content": "hi", "mentioned_list": ["li", "@all"]}) == 0
    (post,) = hook.posts()
    assert (post["msgtype"], post["text"]["content"]) == ("text", "hi")
    calls = hook.desk.admin("GET", "/calls?path=webhook/send")["calls"]
    assert all("key" not in call["query"] for call in calls)
    hook.desk.admin("POST", "/actors/admin/remove_webhook", {"key": hook.key})
    assert hook.send("text", {"content": "hi"}) == 93000


def test_twenty_a_minute(hook: Hook):
    assert [hook.send("text", {"content": "x"}) for _ in range(21)] == [0] * 20 + [45009]
    hook.desk.advance(60)
    assert hook.send("text", {"content": "x"}) == 0
    assert len(hook.posts()) == 21


def test_types_are_checked(hook: Hook):
    hook.desk.settings(webhook_posts_per_minute=0)
    image = {"base64": base64.b64encode(PNG).decode(), "md5": hashlib.md5(PNG).hexdigest()}  # noqa: S324 - WeCom asks for it
    article = {"title": "T", "url": "https://x.cn"}
    card = {"card_type": "text_notice", "main_title": {"title": "T"}, "card_action": {"type": 1, "url": "https://x.cn"}}
    news_card = {**card, "card_type": "news_notice", "card_image": {"url": "https://x.cn/a.png"}}
    cases = [
        ("text", {"content": "字" * 683}, 40058),
        ("text", {}, 40063),
        ("text", {"content": "x", "mentioned_list": "li"}, 40058),
        ("markdown", {"content": "x" * 4096}, 0),
        ("markdown", {"content": "x" * 4097}, 40058),
        ("markdown_v2", {"content": "# x"}, 0),
        ("image", image, 0),
        ("image", {**image, "md5": "0" * 32}, 301019),
        ("image", {**image, "base64": "%%"}, 40058),
        ("image", {**image, "base64": base64.b64encode(b"GIF89a....").decode()}, 40058),
        ("image", {**image, "base64": base64.b64encode(PNG.ljust((2 << 20) + 1, b"0")).decode()}, 40009),
        ("news", {"articles": [article] * 8}, 0),
        ("news", {"articles": [article] * 9}, 40058),
        ("news", {"articles": [{"title": "T"}]}, 40063),
        ("template_card", card, 0),
        ("template_card", news_card, 0),
        ("template_card", {**news_card, "card_image": {}}, 40063),
        ("template_card", {**card, "card_type": "vote_interaction"}, 40058),
        ("template_card", {**card, "card_action": {}}, 40058),
        ("template_card", {**card, "main_title": {}}, 40058),
        ("poem", {}, 40008),
        ([], {}, 40008),
    ]
    assert [(kind, hook.send(kind, content)) for kind, content, _ in cases] == [(kind, code) for kind, _, code in cases]


def test_files_belong_to_one_webhook_and_three_days(hook: Hook):
    other = Hook(hook.desk)
    file = hook.upload("file", b"%PDF-1.4 ....")
    voice = hook.upload("voice", b"#!AMR\n....")
    assert (file["errcode"], file["type"], voice["errcode"]) == (0, "file", 0)
    assert [hook.upload(kind, b"x" * size)["errcode"] for kind, size in (("image", 9), ("file", 5), ("voice", 9))] == [
        40004,
        40006,
        40004,
    ]
    assert hook.upload("file", b"x" * 9, key="none")["errcode"] == 93000
    assert hook.send("file", {"media_id": file["media_id"]}) == 0
    assert hook.send("voice", {"media_id": voice["media_id"]}) == 0
    assert hook.send("voice", {"media_id": file["media_id"]}) == 40007
    assert other.send("file", {"media_id": file["media_id"]}) == 40007
    assert hook.send("file", {}) == 41006
    hook.desk.advance(259_200)
    assert hook.send("file", {"media_id": file["media_id"]}) == 40007


def test_only_internal_groups_have_webhooks(desk: Desk):
    desk.staff("li", "wu")
    customers = desk.customers(1)
    inner = desk.member("li", "create_group", name="Inner", members=["wu"])["chat_id"]
    outer = desk.member("li", "create_group", name="Outer", members=customers)["chat_id"]
    desk.admin("POST", "/actors/admin/add_webhook", {"name": "A", "chat_id": inner})
    refused = desk.admin("POST", "/actors/admin/add_webhook", {"name": "A", "chat_id": outer}, status=409)
    assert refused["error"] == "external_group"
