"""The phones in Chromium: people meet, the corp writes, and nobody has to reload."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wecom_emulator.running import run_in_thread
from wecom_emulator.state.corp import sample_corp
from wecom_emulator.tests.conftest import Desk
from wecom_emulator.tests.kf_desk import KF

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREENSHOTS = Path("var/screenshots")
PHONE, SCREEN = (390, 844), (1280, 900)


@pytest.fixture
def shop() -> Iterator[Desk]:
    """A desk at an emulator of its own with the sample shop in it."""
    with run_in_thread(corp=sample_corp) as running:
        made = Desk(running)
        yield made
        made.http.close()


@pytest.fixture
def visit(chromium: Any, shop: Desk) -> Iterator[Callable[..., Any]]:
    """Open a page in a browser of its own; what the page complains of fails the test."""
    contexts, complaints = [], []
    own = shop.emulator.base_url

    def note(request: Any) -> None:
        if not request.url.startswith((own, "data:", "blob:")):
            complaints.append(f"asked {request.url}")

    def go(path: str, size: tuple[int, int] = PHONE) -> Any:
        viewport = {"width": size[0], "height": size[1]}
        context = chromium.new_context(locale="zh-CN", viewport=viewport, base_url=own)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", note)
        page.goto(path)
        page.wait_for_selector("body[data-live=on]")
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def shoot(page: Any, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / f"emulator-{name}.png"))
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is wider than the screen"


def see(page: Any, text: str) -> None:
    page.get_by_text(text).first.wait_for()


def visitor(visit: Callable[..., Any], name: str) -> tuple[Any, str]:
    """A new visitor by the start page; returns the phone and the external_userid."""
    page = visit("/", SCREEN)
    page.get_by_label("访客名字").fill(name)
    page.get_by_role("button", name="新访客").click()
    page.wait_for_url("**/phone/customers/*")
    return page, page.url.rsplit("/", 1)[1]


def test_a_visitor_becomes_a_friend_and_reads_a_mass_message_without_reload(visit, shop):
    way = shop.ok(
        "externalcontact/add_contact_way", type=1, scene=2, user=["LiDian"], state="door", remark="徐汇店门口"
    )
    page, customer = visitor(visit, "周小雨")
    page.get_by_role("tab", name="扫一扫").click()
    see(page, "徐汇店门口")
    shoot(page, "customer-scan")
    page.get_by_label("二维码", exact=True).fill(f"{shop.emulator.base_url}/wwpic/{way['config_id']}")
    page.get_by_role("button", name="扫一扫").first.click()
    page.locator(".bar .title", has_text="Li Dian").wait_for()
    (code,) = shop.emulator.world.corp.welcome_codes
    link = {
        "msgtype": "link",
        "link": {"title": "新人礼券", "desc": "满 100 减 20", "url": "https://shop.example/h5/coupon"},
    }
    shop.ok(
        "externalcontact/send_welcome_msg", welcome_code=code, text={"content": "欢迎光临徐汇店"}, attachments=[link]
    )
    see(page, "欢迎光临徐汇店")
    tile = page.locator("a.tile")
    assert tile.get_attribute("href") == "https://shop.example/h5/coupon"
    assert tile.get_attribute("target") == "_blank"

    staff = visit("/phone/staff/LiDian")
    shop.ok("externalcontact/add_msg_template", sender="LiDian", text={"content": "周末全场八折"})
    see(staff, "周末全场八折")
    shoot(staff, "staff-task")
    assert shop.inbox(customer)[-1]["via"] == "welcome"
    staff.locator("[data-task]").get_by_role("button", name="发送").click()
    see(page, "周末全场八折")

    page.get_by_label("消息内容").fill("好的，周六过来")
    page.keyboard.press("Enter")
    see(page, "好的，周六过来")
    shoot(page, "customer-chat")
    staff.get_by_role("tab", name="客户").click()
    staff.get_by_role("button", name="周小雨").click()
    see(staff, "好的，周六过来")
    staff.get_by_label("消息内容").fill("等您")
    staff.get_by_role("button", name="发送").click()
    see(page, "等您")
    shoot(staff, "staff-chat")


def test_staff_note_remarks_and_tags(visit, shop):
    shop.admin("POST", "/actors/admin/create_tags", {"group_name": "等级", "names": ["银卡", "金卡"]})
    customer = next(iter(shop.emulator.world.corp.persons))
    shop.befriend("LiDian", customer)
    page = visit("/phone/staff/LiDian")
    page.get_by_role("tab", name="客户").click()
    page.get_by_role("button", name="Wang Fang").click()
    page.get_by_role("button", name="更多").click()
    page.get_by_label("备注").fill("王女士")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="金卡").click()
    page.locator("button.chip[aria-pressed=true]", has_text="金卡").wait_for()
    shoot(page, "staff-customer")
    friend = shop.emulator.world.corp.friendship("LiDian", customer)
    assert friend is not None
    assert friend.remark == "王女士"
    assert len(friend.tag_ids) == 1


def test_a_group_is_entered_by_its_code_and_talks_live(visit, shop):
    page = visit("/phone/staff/LiDian")
    page.get_by_role("tab", name="群聊").click()
    page.get_by_label("新群名称").fill("徐汇店福利群")
    page.get_by_role("button", name="创建").click()
    page.locator(".bar .title", has_text="徐汇店福利群").wait_for()
    chat_id = next(iter(shop.emulator.world.corp.chats))
    shop.ok("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=[chat_id], state="g", remark="福利群活码")
    customer, _ = visitor(visit, "周小雨")
    customer.get_by_role("tab", name="扫一扫").click()
    customer.locator(".code", has_text="福利群活码").get_by_role("button").click()
    see(customer, "周小雨 加入了群聊")
    see(page, "周小雨 加入了群聊")
    page.get_by_label("消息内容").fill("欢迎新朋友")
    page.get_by_role("button", name="发送").click()
    see(customer, "欢迎新朋友")
    shoot(customer, "customer-group")
    page.get_by_role("button", name="更多").click()
    page.get_by_role("button", name="移出").click()
    see(page, "1 位成员")
    shoot(page, "staff-group")


def test_a_menu_of_customer_service_is_clicked_and_a_servicer_takes_over(visit, shop):
    shop.ok("kf/servicer/add", open_kfid=KF, userid_list=["LiDian"])
    page, customer = visitor(visit, "周小雨")
    page.get_by_role("tab", name="扫一扫").click()
    page.locator(".code", has_text="Service desk").get_by_role("button").click()
    page.get_by_label("消息内容").fill("你好")
    page.get_by_role("button", name="发送").click()
    see(page, "你好")
    items = [{"type": "click", "click": {"id": "human", "content": "转人工"}}]
    menu = {"head_content": "请选择", "list": items, "tail_content": ""}
    shop.ok("kf/send_msg", touser=customer, open_kfid=KF, msgtype="msgmenu", msgmenu=menu)
    page.get_by_role("button", name="转人工").click()
    page.locator(".mine .bubble", has_text="转人工").wait_for()
    rows = shop.ok("kf/sync_msg", open_kfid=KF)["msg_list"]
    assert rows[-1]["text"] == {"content": "转人工", "menu_id": "human"}
    desk = visit("/phone/staff/LiDian")
    desk.get_by_role("tab", name="接待").click()
    shop.ok("kf/service_state/trans", open_kfid=KF, external_userid=customer, service_state=2)
    desk.get_by_role("button", name="周小雨").click()
    desk.get_by_role("button", name="接入").click()
    desk.get_by_label("消息内容").fill("您好，我是店长")
    desk.get_by_role("button", name="发送").click()
    see(page, "您好，我是店长")
    shoot(page, "customer-kf")
    shoot(desk, "staff-kf")
    desk.get_by_role("button", name="结束会话").click()
    see(desk, "已结束")


def test_a_moment_is_published_liked_and_answered(visit, shop):
    customer = next(iter(shop.emulator.world.corp.persons))
    shop.befriend("LiDian", customer)
    shop.ok(
        "externalcontact/add_moment_task",
        text={"content": "新品到店"},
        visible_range={"sender_list": {"user_list": ["LiDian"]}},
    )
    staff, page = visit("/phone/staff/LiDian"), visit(f"/phone/customers/{customer}")
    staff.get_by_role("tab", name="朋友圈").click()
    page.get_by_role("tab", name="朋友圈").click()
    see(page, "暂无朋友圈")
    staff.locator(".moment").get_by_role("button", name="发表").click()
    see(page, "新品到店")
    page.get_by_role("button", name="♡").click()
    page.get_by_label("评论").fill("好看")
    page.get_by_role("button", name="发送").click()
    see(staff, "好看")
    see(staff, "♥ Wang Fang")
    shoot(page, "customer-moments")
    shoot(staff, "staff-moments")


def test_a_hand_over_appears_and_is_accepted(visit, shop):
    customer = next(iter(shop.emulator.world.corp.persons))
    shop.befriend("LiDian", customer)
    page = visit(f"/phone/customers/{customer}")
    shop.ok(
        "externalcontact/transfer_customer",
        handover_userid="LiDian",
        takeover_userid="ChenCheng",
        external_userid=[customer],
    )
    see(page, "Chen Cheng 将接替 Li Dian")
    shoot(page, "customer-hand-over")
    page.get_by_role("button", name="接受").click()
    page.get_by_role("button", name="Chen Cheng").wait_for()
    assert shop.emulator.world.corp.friendship("ChenCheng", customer) is not None


def test_a_page_finds_its_way_back_after_its_stream_ended(visit, shop):
    """The stream reconnects by itself and the page shows what happened meanwhile."""
    customer = next(iter(shop.emulator.world.corp.persons))
    shop.befriend("LiDian", customer)
    page = visit(f"/phone/customers/{customer}")
    for stream in list(shop.emulator.world.live.streams):
        stream.close()
    shop.admin("GET", "/health")
    page.wait_for_selector("body[data-live=off]")
    shop.member("LiDian", "write", to="customer", external_userid=customer, text="还在吗")
    page.wait_for_selector("body[data-live=on]")
    see(page, "还在吗")


def test_the_admin_moves_the_clock_orders_faults_and_sees_calls(visit, shop):
    home = visit("/", SCREEN)
    before = shop.admin("GET", "/clock")["timestamp"]
    home.get_by_role("button", name="+1 天").click()
    see(home, "时钟已调整")
    assert shop.admin("GET", "/clock")["timestamp"] - before >= 86_400
    page = visit("/phone/admin#faults", SCREEN)
    page.get_by_label("接口或事件").fill("user/get")
    page.get_by_label("errcode", exact=True).fill("45009")
    page.get_by_role("button", name="安排", exact=True).click()
    see(home, "user/get")
    assert shop.get("user/get", userid="LiDian")["errcode"] == 45009
    page.get_by_text("命中 1 次").wait_for()
    shoot(page, "admin-faults")
    page.get_by_role("tab", name="调用记录").click()
    see(page, "45009×1")
    shop.get("department/list")
    see(page, "department/list")
    shoot(page, "admin-calls")
    shoot(home, "home")
    page.get_by_role("tab", name="员工").click()
    page.get_by_label("userid", exact=True).fill("WangWu")
    page.get_by_role("button", name="添加").click()
    page.locator("td", has_text="WangWu").wait_for()
    row = page.locator("tr", has_text="LiDian")
    row.get_by_role("button", name="开").click()
    row.get_by_role("button", name="关").wait_for()
    assert shop.emulator.world.corp.staff["LiDian"].feature_on is False


def test_every_page_fits_a_phone_and_speaks_english_too(visit, shop):
    customer = next(iter(shop.emulator.world.corp.persons))
    pages = ("/", *(f"/phone/admin#{area}" for area in ("corp", "staff", "callbacks", "settings", "faults", "calls")))
    for path in (*pages, f"/phone/customers/{customer}", "/phone/staff/LiDian"):
        page = visit(path)
        page.wait_for_timeout(200)
        shoot(page, "narrow-" + (re.sub(r"\W+", "-", path).strip("-") or "home"))
    page = visit("/", SCREEN)
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="WeCom emulator").wait_for()
    assert not re.search("[\u4e00-\u9fff]", page.locator("main").inner_text().replace("中文", ""))
