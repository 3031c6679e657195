import time
from typing import Any

import pytest

from wecom_emulator.running import run_in_thread
from wecom_emulator.tests.conftest import AES_KEY, TOKEN, Desk, Receiver

ARCHIVE = "emulator-archive-secret"
NOW_MS = 1511755200_000


def pull(desk: Desk, **query: Any) -> Any:
    answer = desk.http.get("/emulator/archive/pull", params={"secret": ARCHIVE, **query})
    assert answer.status_code == 200
    return answer.json()


def rows(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    answer = pull(desk, **query)
    assert answer["errcode"] == 0, answer
    return list(answer["chatdata"])


@pytest.fixture
def shop(desk: Desk) -> tuple[Desk, str]:
    desk.settings(archive_on=True)
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    return desk, customer


def test_what_is_said_one_to_one_and_in_groups_is_kept(shop: tuple[Desk, str]):
    desk, customer = shop
    asked = desk.customer(customer, "write", to="staff", userid="li", text="Open today?")
    desk.member("li", "write", to="customer", external_userid=customer, text="Until ten")
    chat_id = desk.member("li", "create_group", name="G", members=[customer])["chat_id"]
    desk.customer(customer, "write", to="group", chat_id=chat_id, text="Hi all")
    first, second, third = rows(desk)
    assert first == {
        "seq": 1,
        "msgid": asked["msgid"],
        "action": "send",
        "from": customer,
        "tolist": ["li"],
        "roomid": "",
        "msgtime": NOW_MS,
        "msgtype": "text",
        "text": {"content": "Open today?"},
    }
    assert (second["seq"], second["from"], second["tolist"], second["text"]) == (
        2,
        "li",
        [customer],
        {"content": "Until ten"},
    )
    assert (third["roomid"], third["from"], third["tolist"]) == (chat_id, customer, ["li"])
    assert len({row["msgid"] for row in (first, second, third)}) == 3
    assert [row["seq"] for row in rows(desk, seq=1, limit=1)] == [2]
    assert rows(desk, seq=3) == []


def test_what_staff_send_by_task_and_welcome_is_kept(shop: tuple[Desk, str]):
    desk, customer = shop
    media = desk.upload("image", b"\x89PNG\r\n\x1a\n" + b"0" * 32)["media_id"]
    link = {"msgtype": "link", "link": {"title": "T", "url": "https://x", "desc": "D", "picurl": "https://p"}}
    attachments = [{"msgtype": "image", "image": {"media_id": media}}, link]
    desk.ok(
        "externalcontact/add_msg_template", external_userid=[customer], text={"content": "New"}, attachments=attachments
    )
    chat_id = desk.member("li", "create_group", name="G", members=[customer])["chat_id"]
    group = {"chat_type": "group", "sender": "li", "chat_id_list": [chat_id], "text": {"content": "All"}}
    desk.ok("externalcontact/add_msg_template", **group)
    desk.member("li", "tasks/confirm")
    kept = rows(desk)
    assert [row["msgtype"] for row in kept] == ["text", "image", "link", "text"]
    assert (kept[1]["image"]["filesize"], kept[1]["image"]["sdkfileid"]) == (40, media)
    assert kept[2]["link"] == {"title": "T", "description": "D", "link_url": "https://x", "image_url": "https://p"}
    assert (kept[3]["roomid"], kept[3]["from"], kept[3]["text"]) == (chat_id, "li", {"content": "All"})


def test_a_message_is_taken_back(shop: tuple[Desk, str]):
    desk, customer = shop
    msgid = desk.member("li", "write", to="customer", external_userid=customer, text="Wrong")["msgid"]
    desk.member("wang", "recall", msgid=msgid, status=404)
    desk.member("li", "recall", msgid=msgid)
    recall = rows(desk, seq=1)[0]
    assert (recall["action"], recall["msgtype"], recall["revoke"]) == ("recall", "revoke", {"pre_msgid": msgid})
    assert desk.inbox(customer) == []
    desk.member("li", "switch_corp")
    switch = rows(desk, seq=2)[0]
    assert (switch["action"], switch["user"], switch["time"]) == ("switch", "li", NOW_MS)


def test_rows_are_kept_five_days(shop: tuple[Desk, str]):
    desk, customer = shop
    desk.customer(customer, "write", to="staff", userid="li", text="one")
    desk.advance(4 * 86_400)
    desk.customer(customer, "write", to="staff", userid="li", text="two")
    assert [row["seq"] for row in rows(desk)] == [1, 2]
    desk.advance(86_401)
    assert [row["seq"] for row in rows(desk)] == [2]
    desk.customer(customer, "write", to="staff", userid="li", text="three")
    assert [row["seq"] for row in rows(desk)] == [2, 3]
    assert list(desk.admin("GET", "/corp")["archive_rows"]) == ["2", "3"]


def test_the_pull_needs_the_archives_secret(desk: Desk):
    assert pull(desk, secret="emulator-app-secret")["errcode"] == 40001
    assert pull(desk)["errcode"] == 301052
    desk.settings(archive_on=True)
    assert [pull(desk, **query)["errcode"] for query in ({"limit": 1001}, {"limit": 0}, {"seq": "x"})] == [40058] * 3
    posted = desk.http.post("/emulator/archive/pull", json={"seq": 0, "limit": 1000, "secret": ARCHIVE}).json()
    headers = {"authorization": f"Bearer {ARCHIVE}"}
    by_header = desk.http.get("/emulator/archive/pull", headers=headers).json()
    assert posted == by_header == {"errcode": 0, "errmsg": "ok", "chatdata": []}


def test_only_permitted_staff_and_willing_customers_are_archived(shop: tuple[Desk, str]):
    desk, customer = shop
    desk.settings(archive_userids=["wang"])
    desk.befriend("wang", customer)
    assert "msgid" not in desk.customer(customer, "write", to="staff", userid="li", text="a")
    desk.customer(customer, "write", to="staff", userid="wang", text="b")
    desk.customer(customer, "refuse_archive", userid="wang")
    desk.customer(customer, "write", to="staff", userid="wang", text="c")
    assert [row["text"]["content"] for row in rows(desk)] == ["b"]
    assert desk.post("msgaudit/get_permit_user_list", secret=ARCHIVE)["ids"] == ["wang"]
    assert desk.post("msgaudit/get_permit_user_list", secret=ARCHIVE, type=1)["ids"] == []
    assert desk.post("msgaudit/get_permit_user_list")["errcode"] == 48002
    desk.settings(archive_on=False)
    assert desk.post("msgaudit/get_permit_user_list", secret=ARCHIVE)["errcode"] == 301052
    desk.customer(customer, "agree_archive", userid="wang", status=409)


def test_consent_is_asked_told_and_read(shop: tuple[Desk, str], receiver):
    desk, customer = shop
    pair = {"userid": "li", "exteranalopenid": customer}

    def status() -> tuple[str, int]:
        (row,) = desk.post("msgaudit/check_single_agree", secret=ARCHIVE, info=[pair])["agreeinfo"]
        return row["agree_status"], row["status_change_time"]

    assert status() == ("Default_Agree", 0)
    assert desk.customer(customer, "agree_archive", userid="li")["welcome_code_issued"]
    assert status() == ("Agree", 1511755200)
    desk.drain()
    (event,) = receiver.events
    assert (event["ChangeType"], event["UserID"], event["ExternalUserID"]) == ("msg_audit_approved", "li", customer)
    desk.ok("externalcontact/send_welcome_msg", welcome_code=event["WelcomeCode"], text={"content": "Thanks"})
    assert [row["text"]["content"] for row in rows(desk)] == ["Thanks"]
    chat_id = desk.member("li", "create_group", name="G", members=[customer])["chat_id"]
    desk.customer(customer, "refuse_archive", chat_id=chat_id)
    (said,) = desk.post("msgaudit/check_room_agree", secret=ARCHIVE, roomid=chat_id)["agreeinfo"]
    assert (said["exteranalopenid"], said["agree_status"]) == (customer, "Disagree")
    for body, code in (({}, 40063), ({"info": [pair] * 101}, 40058), ({"info": [{"userid": 5}]}, 40058)):
        assert desk.post("msgaudit/check_single_agree", secret=ARCHIVE, **body)["errcode"] == code
    stranger = {"userid": "wang", "exteranalopenid": customer}
    assert desk.post("msgaudit/check_single_agree", secret=ARCHIVE, info=[stranger])["errcode"] == 84061
    assert desk.post("msgaudit/check_room_agree", secret=ARCHIVE, roomid="x")["errcode"] == 40050


def test_internal_groups_are_shown(shop: tuple[Desk, str]):
    desk, _ = shop
    desk.ok("appchat/create", chatid="c1", name="Leads", owner="li", userlist=["li", "wang"])
    room = desk.post("msgaudit/groupchat/get", secret=ARCHIVE, roomid="c1")
    assert (room["roomname"], room["creator"], [item["memberid"] for item in room["members"]]) == (
        "Leads",
        "li",
        ["li", "wang"],
    )
    assert desk.post("msgaudit/groupchat/get", secret=ARCHIVE, roomid="x")["errcode"] == 40050


def bells(receiver: Receiver) -> int:
    return sum(event["Event"] == "msgaudit_notify" for event in receiver.events)


def test_the_bell_rings_at_most_every_15_seconds(shop: tuple[Desk, str], receiver):
    desk, customer = shop

    def say() -> None:
        desk.customer(customer, "write", to="staff", userid="li", text="x")
        desk.drain()

    say()
    assert (bells(receiver), receiver.events[-1]["AgentID"]) == (1, "2000004")
    say()
    desk.advance(14)
    desk.drain()
    assert bells(receiver) == 1
    desk.advance(1)
    desk.drain()
    assert bells(receiver) == 2
    desk.advance(15)
    desk.drain()
    assert bells(receiver) == 2
    say()
    assert bells(receiver) == 3


def test_the_bell_rings_by_itself_when_nobody_calls(listener: Receiver):
    listener.events, listener.plan, listener.delays = [], [], []
    with run_in_thread(archive_on=True, archive_notify_seconds=1) as running:
        desk = Desk(running)
        callback = {"url": listener.url, "token": TOKEN, "encoding_aes_key": AES_KEY}
        desk.admin("PUT", "/callback", callback)
        desk.staff("li")
        (customer,) = desk.customers(1)
        desk.befriend("li", customer)
        for _ in range(3):
            desk.customer(customer, "write", to="staff", userid="li", text="x")
        deadline = time.monotonic() + 10
        while bells(listener) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert bells(listener) == 2
        desk.http.close()


def test_only_the_archives_own_url_hears_the_bell(shop: tuple[Desk, str], listener: Receiver):
    desk, customer = shop
    listener.events, listener.plan, listener.delays = [], [], []
    common = {"url": listener.url, "token": TOKEN, "encoding_aes_key": AES_KEY}
    desk.admin("PUT", "/callback", {**common, "agent_id": 1000002})
    desk.customer(customer, "write", to="staff", userid="li", text="x")
    assert desk.drain()["delivered"] == 0
    desk.admin("PUT", "/callback", {**common, "agent_id": 2000004})
    desk.advance(20)
    desk.customer(customer, "write", to="staff", userid="li", text="x")
    assert desk.drain()["delivered"] == 1
