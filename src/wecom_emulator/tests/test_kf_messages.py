import base64

import pytest

from wecom_emulator.tests.conftest import PNG, Desk
from wecom_emulator.tests.kf_desk import KF, KfDesk

MEGABYTE = 1 << 20
CLICK = {"type": "click", "click": {"id": "hours", "content": "Opening hours"}}


@pytest.fixture
def kf(desk: Desk) -> KfDesk:
    return KfDesk(desk)


WRITTEN = [
    ("link", {"title": "T", "url": "https://x.cn"}, {"title": "T", "desc": "", "url": "https://x.cn", "pic_url": ""}),
    ("business_card", {"userid": "li"}, {"userid": "li"}),
    ("note", {}, {}),
    ("channels", {"nickname": "N", "sub_type": 2}, {"sub_type": 2, "nickname": "N", "title": ""}),
    (
        "msgmenu",
        {"head_content": "H", "list": [CLICK]},
        {"head_content": "H", "list": [CLICK], "tail_content": ""},
    ),
    (
        "channels_shop_product",
        {"product_id": "1", "title": "Milk", "sales_price": "990"},
        {
            "product_id": "1",
            "head_image": "",
            "title": "Milk",
            "sales_price": "990",
            "shop_nickname": "",
            "shop_head_image": "",
        },
    ),
    (
        "channels_shop_order",
        {"order_id": "9", "price_wording": "9.90"},
        {
            "order_id": "9",
            "product_titles": "",
            "price_wording": "9.90",
            "state": "",
            "image_url": "",
            "shop_nickname": "",
        },
    ),
    (
        "merged_msg",
        {"title": "Chat", "item": [{"sender_name": "A", "msg_content": {"text": {"content": "喂"}}, "send_time": 5}]},
        {
            "title": "Chat",
            "item": [
                {"send_time": 5, "msgtype": "text", "sender_name": "A", "msg_content": '{"text": {"content": "喂"}}'}
            ],
        },
    ),
]


@pytest.mark.parametrize(("msgtype", "given", "shown"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_customers_write_every_type(kf: KfDesk, msgtype, given, shown):
    kf.says(msgtype=msgtype, message=given)
    (row,) = kf.pull()
    assert (row["msgtype"], row["origin"], row[msgtype]) == (msgtype, 3, shown)
    assert kf.does("write", status=400, to="kf", msgtype="poem")["error"] == "bad_field"


def test_media_of_customers_can_be_fetched(kf: KfDesk):
    for kind in ("image", "voice", "video", "file"):
        kf.says(msgtype=kind, message={"size": 100})
    kf.says(msgtype="miniprogram", message={"appid": "wxa", "title": "Shop", "pagepath": "p"})
    rows = kf.pull()
    ids = [row[row["msgtype"]].get("media_id") or row["miniprogram"]["thumb_media_id"] for row in rows]
    token = kf.desk.token()
    got = [
        kf.desk.http.get("/cgi-bin/media/get", params={"access_token": token, "media_id": media_id}) for media_id in ids
    ]
    assert [answer.headers["content-type"].partition(";")[0] for answer in got] == [
        "image/jpeg",
        "audio/amr",
        "video/mp4",
        "application/pdf",
        "image/jpeg",
    ]
    assert len(got[0].content) == 100


def test_voices_come_in_the_asked_format(kf: KfDesk):
    kf.says(msgtype="voice")
    answers = [kf.desk.ok("kf/sync_msg", open_kfid=KF, voice_format=number)["msg_list"][0] for number in (0, 1)]
    contents = [
        kf.desk.http.get(
            "/cgi-bin/media/get", params={"access_token": kf.desk.token(), "media_id": row["voice"]["media_id"]}
        ).content
        for row in answers
    ]
    assert (contents[0][:6], contents[1][:9]) == (b"#!AMR\n", b"#!SILK_V3")
    assert kf.desk.post("kf/sync_msg", open_kfid=KF, voice_format=2)["errcode"] == 40058


def test_media_over_the_limit_come_as_a_notice(kf: KfDesk):
    for kind, most in (("image", 2), ("voice", 2), ("video", 10), ("file", 20)):
        kf.says(msgtype=kind, message={"size": most * MEGABYTE + 1})
    rows = kf.pull()
    assert [row["msgtype"] for row in rows] == ["text"] * 4
    assert all(row["text"]["content"].endswith("过大,无法接收]") for row in rows)
    known = kf.desk.upload("image", PNG)["media_id"]
    kf.says(msgtype="image", message={"media_id": known})
    assert kf.pull()[0]["image"] == {"media_id": known}
    assert (
        kf.does("write", status=404, to="kf", msgtype="video", message={"media_id": known})["error"] == "unknown_media"
    )


def test_clicks_come_back_as_text_with_the_items_id(kf: KfDesk):
    kf.says()
    kf.send("msgmenu", {"head_content": "Choose", "list": [CLICK]})
    assert [kf.send()["errcode"] for _ in range(5)][-1] == 95001
    kf.pull()
    kf.does("kf_click", menu_id="hours")
    assert kf.pull()[0]["text"] == {"content": "Opening hours", "menu_id": "hours"}
    assert kf.send()["errcode"] == 0
    assert kf.does("kf_click", menu_id="none", status=404)["error"] == "unknown_menu_item"


def test_every_type_is_sent_within_its_limits(kf: KfDesk):
    kf.desk.settings(kf_messages_per_window=100, kf_miniprogram_appids=["wxours"])
    kf.says()
    image = kf.desk.upload("image", PNG)["media_id"]
    file = kf.desk.upload("file", b"%PDF-1.4 ....", name="a.pdf")["media_id"]
    link = {"title": "题" * 50, "desc": "d" * 600, "url": "https://x.cn", "thumb_media_id": image}
    page = {"appid": "wxours", "pagepath": "p", "thumb_media_id": image, "title": "t" * 70}
    place = {"latitude": 31.2, "longitude": 121.4, "name": "Store"}
    acquire = {"link_url": "https://work.weixin.qq.com/ca/cawcde"}

    def menu(item: dict) -> dict:
        return {"list": [item]}

    cases = [
        ("text", {"content": "x" * 2048}, 0),
        ("text", {"content": "x" * 2049}, 45002),
        ("text", {}, 40063),
        ("image", {"media_id": image}, 0),
        ("image", {"media_id": file}, 40007),
        ("image", {}, 41006),
        ("file", {"media_id": file}, 0),
        ("voice", {"media_id": "none"}, 40007),
        ("video", {"media_id": image}, 40007),
        ("link", link, 0),
        ("link", {**link, "thumb_media_id": "none"}, 40007),
        ("link", {**link, "thumb_media_id": ""}, 41006),
        ("link", {**link, "title": ""}, 41016),
        ("link", {**link, "url": "ftp://x.cn"}, 40058),
        ("miniprogram", page, 0),
        ("miniprogram", {**page, "appid": "wxother"}, 90207),
        ("miniprogram", {**page, "pagepath": ""}, 40063),
        ("miniprogram", {**page, "thumb_media_id": file}, 40007),
        ("location", place, 0),
        ("location", {**place, "latitude": 90.1}, 40058),
        ("location", {**place, "longitude": "121"}, 40058),
        ("ca_link", acquire, 0),
        ("ca_link", {"link_url": "https://x.cn/ca/1"}, 40058),
        ("ca_link", {}, 40063),
        ("msgmenu", menu(CLICK), 0),
        ("msgmenu", {"list": [CLICK] * 11}, 95008),
        ("msgmenu", menu({"type": "poem"}), 95009),
        ("msgmenu", menu({"type": "click", "click": {"id": "i" * 129, "content": "c"}}), 45002),
        ("msgmenu", menu({"type": "click", "click": {"content": "c"}}), 40063),
        ("msgmenu", menu({"type": "view", "view": {"url": "x", "content": "c"}}), 40058),
        ("msgmenu", menu({"type": "view", "view": {"url": "https://x.cn", "content": "c"}}), 0),
        (
            "msgmenu",
            menu({"type": "miniprogram", "miniprogram": {"appid": "wxours", "pagepath": "p", "content": "c"}}),
            0,
        ),
        ("msgmenu", menu({"type": "text", "text": {"content": "c" * 257}}), 45002),
        ("msgmenu", menu({"type": "text", "text": {"content": "c", "no_newline": 1}}), 0),
        ("msgmenu", {}, 40063),
        ("business_card", {"userid": "li"}, 40008),
    ]
    assert [(kind, kf.send(kind, content)["errcode"]) for kind, content, _ in cases] == [
        (kind, code) for kind, _, code in cases
    ]
    sent = {item["attachments"][0]["msgtype"]: item["attachments"][0] for item in kf.letters() if item["attachments"]}
    assert (sent["link"]["link"]["title"], len(sent["link"]["link"]["desc"])) == ("题" * 42, 512)
    assert sent["miniprogram"]["miniprogram"]["title"] == "t" * 64
    assert sorted(sent) == ["ca_link", "file", "image", "link", "location", "miniprogram", "msgmenu"]
    kf.desk.advance(3 * 86_400)
    kf.says()
    assert kf.send("image", {"media_id": image})["errcode"] == 40007


def test_checks_come_in_the_documented_order(kf: KfDesk):
    wrong = {"msgid": "used", "msgtype": "poem", "text": {}}
    assert kf.send(touser="wmnone", open_kfid="wknone")["errcode"] == 95000
    assert kf.send(touser="wmnone", **wrong)["errcode"] == 40096
    assert kf.send(**wrong)["errcode"] == 95018
    kf.says()
    kf.desk.settings(kf_messages_per_window=1, kf_duplicate_msgid_errcode=95019)
    kf.send(msgid="used")
    assert kf.send(**wrong)["errcode"] == 95001
    kf.says()
    assert kf.send(**wrong)["errcode"] == 95019
    assert kf.send(**{**wrong, "msgid": "fresh"})["errcode"] == 40008
    kf.desk.advance(172_801)
    assert kf.send(**wrong)["errcode"] == 95002


def test_cursors_are_opaque_and_of_one_account(kf: KfDesk):
    media = kf.desk.upload("image", PNG)["media_id"]
    other = kf.desk.ok("kf/account/add", name="Other", media_id=media)["open_kfid"]
    kf.says()
    kf.pull()
    assert len(kf.cursor) <= 64
    forged = base64.urlsafe_b64encode(b"0.0").decode()
    for open_kfid, cursor in ((other, kf.cursor), (KF, "x"), (KF, forged), (KF, kf.cursor + "=" * 64)):
        assert kf.desk.post("kf/sync_msg", open_kfid=open_kfid, cursor=cursor)["errcode"] == 40058
    assert kf.desk.post("kf/sync_msg")["errcode"] == 95000
    assert kf.desk.ok("kf/sync_msg", open_kfid=other)["msg_list"] == []


def test_first_pull_reaches_three_days_back(kf: KfDesk):
    for number in range(5):
        kf.says(f"q{number}")
        kf.desk.advance(86_400)
    kf.desk.advance(1)
    rows = kf.desk.ok("kf/sync_msg", open_kfid=KF)["msg_list"]
    assert [row["text"]["content"] for row in rows] == ["q3", "q4"]


def test_empty_pages_on_demand(kf: KfDesk):
    kf.says()
    kf.admin("kf_empty_pages", times=1)
    page = kf.desk.ok("kf/sync_msg", open_kfid=KF)
    assert (page["msg_list"], page["has_more"]) == ([], 1)
    page = kf.desk.ok("kf/sync_msg", open_kfid=KF, cursor=page["next_cursor"])
    assert (len(page["msg_list"]), page["has_more"]) == (1, 0)
    kf.admin("kf_empty_pages", times=1)  # nothing is waiting: the order stays for the next message
    assert kf.desk.ok("kf/sync_msg", open_kfid=KF, cursor=page["next_cursor"])["has_more"] == 0


def test_bells_of_a_burst_are_merged_by_setting(kf: KfDesk, receiver):
    write = {"actor": "customer", "id": kf.customer, "do": "write", "to": "kf", "open_kfid": KF, "text": "q"}
    kf.desk.admin("POST", "/actors/batch", {"actions": [write] * 5})
    kf.desk.drain()
    assert len(receiver.events) == 5
    kf.desk.settings(kf_merge_bells=True)
    kf.desk.admin("POST", "/actors/batch", {"actions": [write] * 5})
    kf.desk.drain()
    assert len(receiver.events) == 6
    assert len(kf.pull(token=receiver.events[-1]["Token"])) == 10


def test_token_is_of_one_account(kf: KfDesk, receiver):
    media = kf.desk.upload("image", PNG)["media_id"]
    other = kf.desk.ok("kf/account/add", name="Other", media_id=media)["open_kfid"]
    kf.says()
    kf.desk.drain()
    (bell,) = receiver.events
    assert kf.desk.post("kf/sync_msg", open_kfid=other, token=bell["Token"])["errcode"] == 95007
    assert kf.send()["errcode"] == 0
    kf.desk.drain()
    assert len(receiver.events) == 1  # what the API sends rings no bell


def test_native_welcome_takes_the_codes_place(kf: KfDesk):
    kf.does("enter_kf")
    code = kf.events()[0]["welcome_code"]
    kf.admin("kf_account", native_welcome="Hello from the console")
    assert kf.answer_event(code) == 95015
    kf.does("enter_kf")
    assert "welcome_code" not in kf.events()[0]
    assert [letter["text"] for letter in kf.letters()] == ["Hello from the console"]
    kf.desk.settings(kf_native_welcome_blocks_code=False)
    kf.desk.advance(2 * 86_400 + 1)
    kf.does("enter_kf")
    assert kf.answer_event(kf.events()[0]["welcome_code"]) == 0


def test_who_wrote_lately_gets_no_welcome_code(kf: KfDesk):
    kf.says()
    assert kf.does("enter_kf")["welcome_code_issued"] is False
    kf.desk.advance(172_801)
    assert kf.does("enter_kf")["welcome_code_issued"] is True


def test_wechat_channels_come_along(kf: KfDesk):
    kf.does("enter_kf", wechat_channels={"scene": 1, "nickname": "Our channel"})
    assert kf.events()[0]["wechat_channels"] == {"scene": 1, "nickname": "Our channel"}
    asked = {"external_userid_list": [kf.customer], "need_enter_session_context": 1}
    (row,) = kf.desk.ok("kf/customer/batchget", **asked)["customer_list"]
    assert row["enter_session_context"]["wechat_channels"] == {"scene": 1, "nickname": "Our channel"}
    kf.does("enter_kf", wechat_channels={"scene": 4, "shop_nickname": "Shop"})
    assert kf.events()[0]["wechat_channels"] == {"scene": 4, "shop_nickname": "Shop"}
    kf.desk.advance(172_801)
    (row,) = kf.desk.ok("kf/customer/batchget", **asked)["customer_list"]
    assert "enter_session_context" not in row
