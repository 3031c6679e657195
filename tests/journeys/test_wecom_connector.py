"""The connector against the emulator, over real HTTP in both directions: calls out, callbacks in through the raw lane."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest
from django.db import connections

from juqun.channels.wecom import operations
from juqun.channels.wecom.errors import (
    WecomBusyError,
    WecomLimitError,
    WecomRefusedError,
    WecomUnknownOutcomeError,
    WelcomeSpentError,
)
from juqun.channels.wecom.testing import without_subscribers
from juqun.channels.wecom.types import (
    CheckInput,
    ImageAttachment,
    JoinWay,
    KfOrigin,
    LinkAttachment,
    SendStatus,
    StaffUser,
)
from juqun.kernel import clock
from juqun.kernel.events import open_payload
from juqun.kernel.models import EventRecord
from juqun.kernel.testing import run_all_jobs
from juqun.surfaces.callbacks import lane
from wecom_emulator.running import RunningEmulator, run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 100
KF = "wkEmulatorDefaultAccount00000001"


class Emulator:
    """The admin and actor side."""

    def __init__(self, running: RunningEmulator) -> None:
        self.http = httpx.Client(base_url=running.base_url + "/emulator/", timeout=40)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def customer(self, customer: str, verb: str, **body: Any) -> dict[str, Any]:
        return self.post(f"actors/customers/{customer}/{verb}", **body)

    def staff(self, userid: str, verb: str, **body: Any) -> dict[str, Any]:
        return self.post(f"actors/staff/{userid}/{verb}", **body)

    def calls(self, path: str) -> int:
        return self.http.get("calls", params={"path": path}).json()["total"]

    def inbox(self, customer: str) -> list[dict[str, Any]]:
        return self.http.get(f"actors/customers/{customer}/inbox").json()["messages"]

    def drain(self) -> dict[str, Any]:
        return self.post("callbacks/drain", timeout_seconds=20)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _nobody(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b""]


@contextmanager
def serving() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, lane.beside(_nobody), server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{lane.PREFIX}"
    server.shutdown()
    thread.join()
    server.server_close()
    lane.writer.stop()
    connections.close_all()


@pytest.fixture(autouse=True)
def _connector_alone() -> Iterator[None]:
    with without_subscribers():
        yield


@pytest.fixture
def emulator(settings) -> Iterator[Emulator]:
    with run_in_thread() as running:
        settings.JUQUN_WECOM_BASE_URL = running.base_url
        emulator = Emulator(running)
        emulator.post("departments", departments=[{"id": 2, "name": "Shop", "parentid": 1}])
        emulator.post(
            "staff",
            staff=[
                {"userid": "wang", "name": "Wang", "department": [1, 2]},
                {"userid": "chen", "name": "Chen", "department": [2]},
            ],
        )
        emulator.post(
            "customers",
            customers=[
                {"external_userid": f"wm{n}", "name": f"C{n}", "unionid": f"u{n}", "gender": 2} for n in range(6)
            ],
        )
        yield emulator
        emulator.http.close()


@pytest.fixture
def callbacks(emulator, settings) -> Iterator[str]:
    with serving() as url:
        answer = emulator.http.put(
            "callback",
            json={
                "url": url,
                "token": settings.JUQUN_WECOM_CALLBACK_TOKEN,
                "encoding_aes_key": settings.JUQUN_WECOM_CALLBACK_AES_KEY,
                "verify": True,
            },
        )
        assert answer.json()["verified"] is True
        yield url


def told() -> list[tuple[str, dict[str, Any]]]:
    run_all_jobs()
    return [(row.name.removeprefix("wecom."), open_payload(row.payload)) for row in EventRecord.objects.order_by("id")]


def befriend(emulator: Emulator, customer: str, userid: str = "wang") -> None:
    emulator.customer(customer, "add", userid=userid)


def test_staff_are_read_once_though_they_sit_in_two_departments(emulator):
    assert sorted(operations.iter_staff_users(), key=lambda user: user.userid) == [
        StaffUser(userid="chen", name="Chen", department_ids=(2,)),
        StaffUser(userid="wang", name="Wang", department_ids=(1, 2)),
    ]
    assert sorted(operations.list_follow_userids()) == ["chen", "wang"]


def test_a_live_code_brings_a_friend_whose_welcome_is_sent_once(emulator, callbacks):
    way = operations.create_contact_way(userids=["wang", "chen"], state="lc_01", remark="till " * 10)
    assert operations.get_contact_way(config_id=way.config_id) == way
    scan = emulator.customer("wm1", "scan", state="lc_01")
    emulator.drain()
    ((name, event),) = told()
    assert (name, event["external_userid"], event["state"]) == ("contact_added", "wm1", "lc_01")
    assert event["userid"] == scan["userid"]

    link = LinkAttachment(title="入群有礼", url="https://shop.example/g", desc="老友见面")
    operations.send_welcome(welcome_code=event["welcome_code"], text="欢迎", attachments=[link])
    with pytest.raises(WelcomeSpentError):
        operations.send_welcome(welcome_code=event["welcome_code"], text="again")
    (message,) = emulator.inbox("wm1")
    assert (message["via"], message["text"]) == ("welcome", "欢迎")

    contact = operations.get_contact(external_userid="wm1")
    assert (contact.name, contact.unionid, contact.gender) == ("C1", "u1", 2)
    ((follow,),) = (contact.follow,)
    assert (follow.userid, follow.state, follow.add_way) == (scan["userid"], "lc_01", 1)
    assert abs(follow.created_at - clock.now()) < timedelta(minutes=1)
    assert operations.list_contact_ids(userid=scan["userid"]) == ["wm1"]
    other = {"wang": "chen", "chen": "wang"}[scan["userid"]]
    assert operations.list_contact_ids(userid=other) == []
    assert [one.external_userid for one in operations.iter_contacts(userids=["wang", "chen"])] == ["wm1"]


def test_a_live_code_changes_its_people_and_ends(emulator):
    way = operations.create_contact_way(userids=["wang"], state="lc_02", remark="")
    operations.update_contact_way(config_id=way.config_id, userids=["chen"], state="lc_03", remark="x")
    changed = operations.get_contact_way(config_id=way.config_id)
    assert (changed.userids, changed.state) == (("chen",), "lc_03")
    since = clock.now() - timedelta(minutes=5)
    assert operations.find_contact_way(state="lc_03", created_since_at=since) == changed
    assert operations.find_contact_way(state="lc_02", created_since_at=since) is None
    operations.delete_contact_way(config_id=way.config_id)
    with pytest.raises(WecomRefusedError):
        operations.get_contact_way(config_id=way.config_id)


def test_a_live_code_whose_answer_was_lost_is_found_again(emulator):
    since = clock.now() - timedelta(seconds=5)
    emulator.post("faults", route="externalcontact/add_contact_way", cut=True, after_effect=True, times=1)
    with pytest.raises(WecomUnknownOutcomeError):
        operations.create_contact_way(userids=["wang"], state="lost", remark="")
    found = operations.find_contact_way(state="lost", created_since_at=since)
    assert found is not None
    assert found.qr_code
    emulator.post("faults", route="externalcontact/add_contact_way", cut=True, times=1)
    with pytest.raises(WecomUnknownOutcomeError):
        operations.create_contact_way(userids=["wang"], state="never", remark="")
    assert operations.find_contact_way(state="never", created_since_at=since) is None


def test_a_group_code_keeps_its_whole_configuration(emulator):
    chats = [emulator.staff("wang", "create_group", name=f"G{n}")["chat_id"] for n in range(2)]
    way = operations.create_join_way(chat_ids=chats[:1], state="gc_1", room_base_name="好友群", room_base_id=7)
    assert way.qr_code
    operations.update_join_way(
        config_id=way.config_id, chat_ids=chats, state="gc_1", room_base_name="好友群", room_base_id=7
    )
    assert operations.get_join_way(config_id=way.config_id) == JoinWay(
        config_id=way.config_id,
        qr_code=way.qr_code,
        chat_ids=tuple(chats),
        state="gc_1",
        room_base_name="好友群",
        room_base_id=7,
    )
    with pytest.raises(WecomLimitError):
        operations.create_join_way(chat_ids=["c"] * 6, state="", room_base_name="", room_base_id=0)


def test_a_group_code_made_but_not_read_back_keeps_its_config_id(emulator, monkeypatch):
    monkeypatch.setattr("juqun.channels.wecom.client.FIRST_PAUSE_SECONDS", 0.0)
    chat = emulator.staff("wang", "create_group", name="G")["chat_id"]
    emulator.post("faults", route="externalcontact/groupchat/get_join_way", errcode=-1, times=3)
    way = operations.create_join_way(chat_ids=[chat], state="gc_2", room_base_name="", room_base_id=0)
    assert way.qr_code == ""
    assert operations.get_join_way(config_id=way.config_id).qr_code


@pytest.mark.parametrize("list_format", ["item", "comma"])
def test_a_group_tells_of_those_who_come_and_go(emulator, callbacks, list_format):
    emulator.http.patch("settings", json={"mem_change_list_format": list_format})
    chat = emulator.staff("wang", "create_group", name="G")["chat_id"]
    way = operations.create_join_way(chat_ids=[chat], state="gc_3", room_base_name="", room_base_id=0)
    emulator.customer("wm1", "scan", config_id=way.config_id, kind="join")
    emulator.customer("wm1", "leave", chat_id=chat)
    emulator.customer("wm2", "join", chat_id=chat)
    emulator.drain()
    events = told()
    assert [name for name, _ in events] == ["group_chat_created"] + ["group_chat_changed"] * 3
    assert [(event["detail"], event["member_ids"]) for _, event in events[1:]] == [
        ("add_member", "wm1"),
        ("del_member", "wm1"),
        ("add_member", "wm2"),
    ]
    group = operations.get_group_chat(chat_id=chat)
    assert group.member_version == events[-1][1]["member_version"]
    assert {member.userid: member.is_staff for member in group.members} == {"wang": True, "wm2": False}
    assert list(operations.iter_group_chat_ids()) == [chat]
    assert list(operations.iter_group_chat_ids(owners=["chen"])) == []


def test_tags_are_made_once_and_set(emulator):
    ids = operations.ensure_corp_tags(group_name="来源", names=["till", "poster"])
    assert operations.ensure_corp_tags(group_name="来源", names=["poster", "school"])["poster"] == ids["poster"]
    assert {tag.name for tag in operations.list_corp_tags()} == {"till", "poster", "school"}
    befriend(emulator, "wm1")
    operations.mark_tags(userid="wang", external_userid="wm1", add_ids=[ids["till"], ids["poster"]])
    operations.mark_tags(userid="wang", external_userid="wm1", add_ids=[], remove_ids=[ids["poster"]])
    operations.mark_tags(userid="wang", external_userid="wm1", add_ids=[])
    assert operations.get_contact(external_userid="wm1").follow[0].tag_ids == (ids["till"],)
    assert next(operations.iter_contacts(userids=["wang"])).follow[0].tag_ids == (ids["till"],)
    with pytest.raises(WecomRefusedError) as caught:
        operations.mark_tags(userid="chen", external_userid="wm1", add_ids=[ids["till"]])
    assert caught.value.errcode == 84061


def test_tags_whose_answer_was_lost_are_made_once(emulator):
    emulator.post("faults", route="externalcontact/add_corp_tag", cut=True, after_effect=True, times=1)
    ids = operations.ensure_corp_tags(group_name="g", names=["a", "b"])
    assert ids == {tag.name: tag.id for tag in operations.list_corp_tags()}
    emulator.post("faults", route="externalcontact/add_corp_tag", cut=True, times=1)
    with pytest.raises(WecomUnknownOutcomeError):
        operations.ensure_corp_tags(group_name="g", names=["c"])
    assert set(operations.ensure_corp_tags(group_name="g", names=["c"])) == {"c"}


def test_a_mass_message_goes_out_when_staff_confirm(emulator):
    for customer in ("wm1", "wm2"):
        befriend(emulator, customer)
    media_id = operations.upload_media(kind="image", filename="p.png", content=PICTURE)
    message = operations.create_mass_message(
        sender_userid="wang",
        external_userids=["wm1", "wm2"],
        text="周末好价",
        attachments=[ImageAttachment(media_id=media_id), LinkAttachment(title="t", url="https://shop.example/l/abc")],
    )
    (task,) = operations.list_message_tasks(msgid=message.msgid)
    assert (task.userid, task.is_sent, task.sent_at) == ("wang", False, None)
    operations.remind_message(msgid=message.msgid)
    emulator.customer("wm2", "delete_staff", userid="wang")
    emulator.staff("wang", "tasks/confirm")
    assert operations.list_message_tasks(msgid=message.msgid)[0].is_sent
    results = {
        one.target: (one.status, one.sent_at is not None)
        for one in operations.iter_send_results(msgid=message.msgid, userid="wang")
    }
    assert results == {"wm1": (SendStatus.SENT, True), "wm2": (SendStatus.NOT_FRIEND, False)}
    (summary,) = operations.iter_mass_messages(
        chat_type="single", start_at=clock.now() - timedelta(days=70), end_at=clock.now() + timedelta(minutes=1)
    )
    assert (summary.msgid, summary.text) == (message.msgid, "周末好价")
    assert summary.attachments[1] == LinkAttachment(title="t", url="https://shop.example/l/abc")


def test_a_message_into_groups_and_one_taken_back(emulator):
    chat = emulator.staff("wang", "create_group", name="G")["chat_id"]
    emulator.customer("wm1", "join", chat_id=chat)
    message = operations.create_group_mass_message(sender_userid="wang", chat_ids=[chat], text="早", attachments=[])
    operations.cancel_message(msgid=message.msgid)
    assert emulator.staff("wang", "tasks/confirm")["confirmed"] == []
    second = operations.create_group_mass_message(sender_userid="wang", chat_ids=[chat], text="晚", attachments=[])
    emulator.staff("wang", "tasks/confirm")
    assert [(one.target, one.status) for one in operations.iter_send_results(msgid=second.msgid, userid="wang")] == [
        (chat, SendStatus.SENT)
    ]


def test_a_task_whose_answer_was_lost_is_recognised_by_its_link(emulator):
    befriend(emulator, "wm1")
    emulator.post("faults", route="externalcontact/add_msg_template", cut=True, after_effect=True, times=1)
    link = LinkAttachment(title="t", url="https://shop.example/l/unique-token")
    with pytest.raises(WecomUnknownOutcomeError):
        operations.create_mass_message(sender_userid="wang", external_userids=["wm1"], text="x", attachments=[link])
    listed = operations.iter_mass_messages(
        chat_type="single", start_at=clock.now() - timedelta(hours=1), end_at=clock.now() + timedelta(minutes=1)
    )
    assert [link in one.attachments for one in listed] == [True]
    assert emulator.calls("externalcontact/add_msg_template") == 1


def test_messages_over_the_limits_are_not_sent_at_all(emulator):
    for text, attachments in (("", []), ("长" * 1334, []), ("x", [LinkAttachment(title="长" * 43, url="u")])):
        with pytest.raises(WecomLimitError):
            operations.create_mass_message(
                sender_userid="wang", external_userids=["wm1"], text=text, attachments=attachments
            )
    with pytest.raises(WecomLimitError):
        operations.create_mass_message(sender_userid="wang", external_userids=[], text="x", attachments=[])
    assert emulator.calls("externalcontact/add_msg_template") == 0


def test_tokens_die_early_and_nobody_notices(emulator):
    operations.list_follow_userids()
    emulator.http.delete("tokens")
    operations.list_follow_userids()
    assert emulator.calls("gettoken") == 2


def test_frequency_and_concurrency_blocks(emulator, monkeypatch):
    monkeypatch.setattr("juqun.channels.wecom.client.FIRST_PAUSE_SECONDS", 0.0)
    emulator.post("faults", route="externalcontact/get_follow_user_list", errcode=45033, times=2)
    assert len(operations.list_follow_userids()) == 2
    emulator.post("faults", route="externalcontact/get_follow_user_list", errcode=45009, times=1)
    for _ in range(3):
        with pytest.raises(WecomBusyError):
            operations.list_follow_userids()
    assert emulator.calls("externalcontact/get_follow_user_list") == 4


def test_paging_survives_a_partial_page(emulator):
    for number in range(6):
        befriend(emulator, f"wm{number}")
    emulator.post("faults", route="externalcontact/batch/get_by_user", partial=True, times=1)
    found = [one.external_userid for one in operations.iter_contacts(userids=["wang", "chen"])]
    assert sorted(found) == [f"wm{number}" for number in range(6)]


def test_customer_service_pulls_and_answers(emulator, callbacks):
    account = next(one for one in operations.kf_list_accounts() if one.open_kfid == KF)
    assert account.can_manage
    url = operations.kf_contact_link(open_kfid=KF, scene="g1")
    emulator.customer("wm1", "enter_kf", url=url)
    emulator.customer("wm1", "write", to="kf", open_kfid=KF, text="几点开门")
    emulator.drain()
    bells = [event for name, event in told() if name == "kf_messages_waiting"]
    assert bells[-1]["open_kfid"] == KF
    page = operations.kf_sync_messages(open_kfid=KF, token=bells[-1]["token"], cursor="")
    assert [(one.msgtype, one.origin, one.text) for one in page.messages] == [
        ("event", KfOrigin.SYSTEM, ""),
        ("text", KfOrigin.CUSTOMER, "几点开门"),
    ]
    assert {one.external_userid for one in page.messages} == {"wm1"}
    assert (page.messages[0].event_type, page.messages[0].scene) == ("enter_session", "g1")
    emulator.post("faults", route="kf/send_msg", cut=True, after_effect=True, times=1)
    operations.kf_send_text(open_kfid=KF, external_userid="wm1", text="九点", msgid="jq_1")
    assert [one["text"] for one in emulator.inbox("wm1") if one["via"] == "kf"] == ["九点"]
    again = operations.kf_sync_messages(open_kfid=KF, token="stale", cursor=page.next_cursor)
    assert (again.messages, again.has_more) == ((), False)


def test_the_kf_welcome_is_sent_on_its_event(emulator, callbacks):
    emulator.customer("wm1", "enter_kf", open_kfid=KF)
    emulator.drain()
    (message,) = operations.kf_sync_messages(open_kfid=KF, token="", cursor="").messages
    operations.kf_send_on_event(code=message.welcome_code, text="您好", msgid="jq_w")
    with pytest.raises(WelcomeSpentError):
        operations.kf_send_on_event(code=message.welcome_code, text="您好", msgid="jq_x")


def test_staff_are_told(emulator):
    operations.send_staff_notice(userids=["wang", "chen"], title="t" * 300, description="d", url="https://j.example/x")
    operations.send_staff_notice(userids=["wang"], title="plain", description="text", url="")
    inbox = emulator.http.get("actors/staff/wang/inbox").json()["messages"]
    assert [one["msgtype"] for one in inbox] == ["textcard", "text"]


def test_loss_and_staff_changes_are_told(emulator, callbacks):
    befriend(emulator, "wm1")
    befriend(emulator, "wm2")
    emulator.customer("wm1", "delete_staff", userid="wang")
    emulator.staff("wang", "delete_customer", external_userid="wm2")
    emulator.post("staff", staff=[{"userid": "new", "name": "New", "department": [2]}], emit=True)
    emulator.staff("chen", "leave_company")
    emulator.drain()
    names = sorted(name for name, _ in told())
    assert names == [
        "contact_added",
        "contact_added",
        "contact_dropped",
        "contact_lost",
        "staff_user_joined",
        "staff_user_left",
    ]


def test_duplicated_and_reordered_callbacks_are_told_once_each(emulator, callbacks):
    emulator.http.patch(
        "settings",
        json={
            "callback_order": "none",
            "callback_duplicate_probability": 0.5,
            "callback_reorder_probability": 0.5,
            "callback_seed": 7,
        },
    )
    operations.create_contact_way(userids=["wang"], state="s", remark="")
    emulator.post("customers", customers=[{"external_userid": f"many{n}", "name": "x"} for n in range(60)])
    emulator.post(
        "actors/batch", actions=[{"actor": "customer", "id": f"many{n}", "do": "scan", "state": "s"} for n in range(60)]
    )
    counts = emulator.drain()
    assert counts["duplicated"] > 10
    assert counts["failed"] == 0
    added = [event["external_userid"] for name, event in told() if name == "contact_added"]
    assert sorted(added) == sorted(f"many{n}" for n in range(60))


def test_the_self_check_tells_what_is_wrong(emulator, callbacks, settings):
    emulator.customer("wm0", "add", userid="wang")
    emulator.drain()
    given = CheckInput(callback_url=callbacks, staff_userids=("wang", "chen"))
    results = operations.run_checks(given=given)
    assert [(one.key, one.seen) for one in results if not one.is_ok] == []
    settings.JUQUN_WECOM_SECRET = "wrong"
    results = operations.run_checks(given=replace(given, callback_url=callbacks.replace("wecom/", "nowhere/")))
    assert {one.key for one in results if one.is_ok} == {"corp", "clock", "last_callback", "contact_sync", "blocks"}
    assert all(one.remedy for one in results if not one.is_ok)
