"""The connector's customer service against the emulator, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from juqun.channels.wecom import operations
from juqun.channels.wecom.errors import WecomLimitError, WecomRefusedError, WecomUnknownOutcomeError, WelcomeSpentError
from juqun.channels.wecom.types import (
    KfChange,
    KfMenu,
    KfMenuChoice,
    KfMenuLink,
    KfMenuText,
    KfMessage,
    KfOrigin,
    KfRefusal,
    KfServicer,
    KfSession,
    KfState,
    LinkAttachment,
)
from wecom_emulator.running import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 100
KF = "wkEmulatorDefaultAccount00000001"
MENU = KfMenu(
    head="How can we help?",
    items=(
        KfMenuChoice(menu_id="hours", text="Opening hours"),
        KfMenuLink(url="https://shop.example", text="Shop"),
        KfMenuText(text="or write to us"),
    ),
    tail="Every day",
)


class Chat:
    """Customer wm1 and servicers wang and chen at the default account."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=base_url + "/emulator/", timeout=40)
        self.cursor = ""

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def customer(self, verb: str, **body: Any) -> dict[str, Any]:
        return self.post(f"actors/customers/wm1/{verb}", open_kfid=KF, **body)

    def says(self, text: str = "q", **body: Any) -> str:
        return str(self.customer("write", to="kf", text=text, **body)["msgid"])

    def servicer(self, userid: str, verb: str, **body: Any) -> dict[str, Any]:
        return self.post(f"actors/staff/{userid}/{verb}", open_kfid=KF, external_userid="wm1", **body)

    def pull(self) -> tuple[KfMessage, ...]:
        page = operations.kf_sync_messages(open_kfid=KF, token="", cursor=self.cursor)
        self.cursor = page.next_cursor
        return page.messages

    def session(self) -> KfSession:
        return operations.kf_get_session(open_kfid=KF, external_userid="wm1")

    def move(self, state: KfState, servicer: str = "") -> str:
        return operations.kf_move_session(open_kfid=KF, external_userid="wm1", state=state, servicer_userid=servicer)

    def inbox(self) -> list[dict[str, Any]]:
        return self.http.get("actors/customers/wm1/inbox").json()["messages"]


@pytest.fixture
def chat(settings) -> Iterator[Chat]:
    with run_in_thread() as running:
        settings.JUQUN_WECOM_BASE_URL = running.base_url
        made = Chat(running.base_url)
        made.post("departments", departments=[{"id": 2, "name": "Shop", "parentid": 1}])
        made.post("staff", staff=[{"userid": one, "name": one, "department": [1]} for one in ("wang", "chen")])
        made.post("customers", customers=[{"external_userid": "wm1", "name": "Mei", "unionid": "u1", "gender": 2}])
        yield made
        made.http.close()


def refused(error: pytest.ExceptionInfo[WecomRefusedError]) -> int:
    return error.value.errcode


def test_servicers_are_added_listed_and_removed(chat: Chat):
    results = operations.kf_add_servicers(open_kfid=KF, userids=["wang", "nobody"], department_ids=[2])
    assert [(one.userid, one.department_id, one.is_done, one.was_so) for one in results] == [
        ("wang", 0, True, False),
        ("nobody", 0, False, False),
        ("", 2, True, False),
    ]
    (again,) = operations.kf_add_servicers(open_kfid=KF, userids=["wang"])
    assert (again.is_done, again.was_so) == (True, True)
    chat.servicer("wang", "kf_status", to="away")
    assert operations.kf_list_servicers(open_kfid=KF) == [
        KfServicer(userid="wang", is_serving=False, is_paused=True),
        KfServicer(department_id=2),
    ]
    operations.kf_remove_servicers(open_kfid=KF, userids=["wang"], department_ids=[2])
    assert operations.kf_list_servicers(open_kfid=KF) == []
    many = [f"u{number}" for number in range(250)]
    assert len(operations.kf_add_servicers(open_kfid=KF, userids=many)) == 250


def test_a_session_goes_from_robot_to_pool_to_a_person_and_ends(chat: Chat):
    operations.kf_add_servicers(open_kfid=KF, userids=["wang", "chen"])
    assert chat.session() == KfSession(state=KfState.ENDED)
    chat.says("几点开门")
    assert chat.session() == KfSession(state=KfState.NEW)
    operations.kf_send_text(open_kfid=KF, external_userid="wm1", text="九点", msgid="jq_1")
    assert chat.session() == KfSession(state=KfState.ROBOT)
    code = chat.move(KfState.POOL)
    operations.kf_send_on_event(code=code, text="排队中", msgid="jq_2")
    with pytest.raises(WecomRefusedError) as error:
        operations.kf_send_text(open_kfid=KF, external_userid="wm1", text="x", msgid="jq_3")
    assert refused(error) == KfRefusal.PEOPLE_SERVE
    chat.pull()
    chat.servicer("wang", "kf_take")
    chat.servicer("wang", "kf_write", text="您好")
    chat.servicer("wang", "kf_transfer", to_userid="chen")
    chat.servicer("chen", "kf_end")
    taken, written, handed_on, ended = chat.pull()
    assert (taken.change_type, taken.servicer_userid, bool(taken.msg_code)) == (KfChange.TAKEN, "wang", True)
    assert (written.origin, written.servicer_userid, written.text) == (KfOrigin.SERVICER, "wang", "您好")
    assert (handed_on.change_type, handed_on.old_servicer_userid) == (KfChange.HANDED_ON, "wang")
    assert (handed_on.servicer_userid, handed_on.msg_code) == ("chen", "")
    assert (ended.change_type, ended.old_servicer_userid) == (KfChange.ENDED, "chen")
    operations.kf_send_menu_on_event(code=ended.msg_code, menu=MENU, msgid="jq_4")
    assert [one["text"] for one in chat.inbox()] == ["九点", "排队中", "您好", "How can we help?"]


def test_moves_are_refused_with_a_reason(chat: Chat):
    operations.kf_add_servicers(open_kfid=KF, userids=["wang"])
    with pytest.raises(WecomRefusedError) as error:
        chat.move(KfState.POOL)
    assert refused(error) == KfRefusal.MOVE_REFUSED
    chat.says()
    with pytest.raises(WecomRefusedError) as error:
        chat.move(KfState.SERVICER, "chen")
    assert refused(error) == KfRefusal.NOT_SERVING
    assert chat.move(KfState.SERVICER, "wang")
    assert chat.session() == KfSession(state=KfState.SERVICER, servicer_userid="wang")
    chat.post("faults", route="kf/service_state/trans", cut=True, after_effect=True, times=1)
    with pytest.raises(WecomUnknownOutcomeError):
        chat.move(KfState.ENDED)
    assert chat.session() == KfSession(state=KfState.ENDED)


def test_menus_links_pictures_and_cards_are_sent_once(chat: Chat):
    chat.says()
    to: dict[str, Any] = {"open_kfid": KF, "external_userid": "wm1"}
    picture = operations.upload_media(kind="image", filename="a.png", content=PICTURE)
    chat.post("faults", route="kf/send_msg", cut=True, after_effect=True, times=1)
    operations.kf_send_menu(**to, menu=MENU, msgid="jq_1")
    link = LinkAttachment(title="Offers", url="https://shop.example/offers", desc="today")
    operations.kf_send_link(**to, link=link, thumb_media_id=picture, msgid="jq_2")
    operations.kf_send_image(**to, media_id=picture, msgid="jq_3")
    operations.kf_send_acquisition_link(**to, url="https://work.weixin.qq.com/ca/cawcde", msgid="jq_4")
    kinds = [one["attachments"][0]["msgtype"] for one in chat.inbox()]
    assert kinds == ["msgmenu", "link", "image", "ca_link"]
    operations.kf_send_text(**to, text="fifth", msgid="jq_5")
    with pytest.raises(WecomRefusedError) as error:
        operations.kf_send_text(**to, text="sixth", msgid="jq_6")
    assert refused(error) == KfRefusal.WINDOW_FULL
    chat.customer("kf_click", menu_id="hours")
    clicked = chat.pull()[-1]
    assert (clicked.text, clicked.menu_id) == ("Opening hours", "hours")


def test_what_breaks_a_limit_is_not_sent(chat: Chat):
    to: dict[str, Any] = {"open_kfid": KF, "external_userid": "wm1", "msgid": "jq_1"}
    choice = KfMenuChoice(menu_id="a", text="A")
    menus = [
        KfMenu(),
        KfMenu(items=(choice,) * 11),
        KfMenu(head="长" * 342),
        KfMenu(items=(KfMenuChoice(menu_id="a" * 65, text="A"),)),
        KfMenu(items=(KfMenuLink(url="https://x.cn", text=""),)),
        KfMenu(items=(KfMenuText(text="长" * 86),)),
    ]
    for menu in menus:
        with pytest.raises(WecomLimitError):
            operations.kf_send_menu(**to, menu=menu)
    with pytest.raises(WecomLimitError):
        operations.kf_send_text(**to, text="长" * 683)
    with pytest.raises(WecomLimitError):
        operations.kf_send_text(**{**to, "msgid": "x" * 33}, text="x")
    assert chat.http.get("calls", params={"path": "kf/send_msg"}).json()["total"] == 0


def test_every_event_is_read(chat: Chat):
    operations.kf_add_servicers(open_kfid=KF, userids=["wang"])
    asked = chat.says()
    chat.move(KfState.SERVICER, "wang")
    answered = chat.servicer("wang", "kf_write", text="oops")["msgid"]
    chat.customer("kf_recall", msgid=asked)
    chat.servicer("wang", "kf_recall", msgid=answered)
    chat.servicer("wang", "kf_refuse")
    chat.servicer("wang", "kf_status", to="stopped")
    events = {one.event_type: one for one in chat.pull() if one.event_type}
    assert events["user_recall_msg"].recall_msgid == asked
    recalled = events["servicer_recall_msg"]
    assert (recalled.recall_msgid, recalled.servicer_userid) == (answered, "wang")
    refusal = events["reject_customer_msg_switch_change"]
    assert (refusal.is_rejecting, refusal.servicer_userid, refusal.external_userid) == (True, "wang", "wm1")
    stopped = events["servicer_status_change"]
    assert (stopped.status, stopped.stop_type, stopped.servicer_userid) == (2, 0, "wang")


def test_failures_and_other_kinds_keep_their_body(chat: Chat):
    chat.says(msgtype="location", message={"latitude": 31.2, "longitude": 121.4, "name": "Store"})
    chat.post("actors/admin/kf_fail_next", open_kfid=KF, fail_type=10)
    operations.kf_send_text(open_kfid=KF, external_userid="wm1", text="x", msgid="jq_1")
    place, failure = chat.pull()
    assert (place.msgtype, place.text, place.body["name"]) == ("location", "", "Store")
    assert (failure.event_type, failure.fail_msgid, failure.fail_type) == ("msg_send_fail", "jq_1", 10)


def test_customers_are_read_with_their_last_entry(chat: Chat):
    url = operations.kf_contact_link(open_kfid=KF, scene="g017")
    chat.customer("enter_kf", url=url + "&scene_param=c42")
    answer = operations.kf_customers(external_userids=["wm1", *(f"none{number}" for number in range(120))])
    (mei,) = answer.found
    assert (mei.name, mei.unionid, mei.gender, mei.scene, mei.scene_param) == ("Mei", "u1", 2, "g017", "c42")
    assert len(answer.unknown) == 120
    welcome = chat.pull()[0].welcome_code
    operations.kf_send_menu_on_event(code=welcome, menu=MENU, msgid="jq_w")
    with pytest.raises(WelcomeSpentError):
        operations.kf_send_menu_on_event(code=welcome, menu=MENU, msgid="jq_x")
