"""Replies, welcomes and customer service through the doors, against a scripted channel."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from juqun.channels.wecom.errors import WecomError
from juqun.channels.wecom.testing import ScriptedWecom, scripted_wecom
from juqun.domains.groups import operations as groups
from juqun.domains.groups.testing import make_group, make_kind
from juqun.domains.growth.testing import make_live_code
from juqun.domains.members import operations as members
from juqun.domains.members.testing import make_member
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.robot import operations, queries
from juqun.domains.robot.errors import NoWordsError, ReplyNotFoundError, ReplyTextError
from juqun.domains.robot.models import ServiceAccount, ServiceMessage, ServiceSession
from juqun.domains.robot.types import MessageOutcome, WelcomeState
from juqun.kernel import clock
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db

EVERYTHING = DataScope.whole_chain()
AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
WELCOME, PULL, SEND, NOTICE = "externalcontact/send_welcome_msg", "kf/sync_msg", "kf/send_msg", "message/send"
STATE, MOVE, SERVICERS = "kf/service_state/get", "kf/service_state/trans", "kf/servicer/list"
LOST = httpx.ReadTimeout("no answer")


@pytest.fixture
def chain() -> SmallChain:
    return make_small_chain()


@pytest.fixture
def wecom() -> Any:
    with scripted_wecom() as script, clock.travelled(AT):
        script.script(WELCOME, {})
        script.script(SEND, {"msgid": "m"})
        script.script(NOTICE, {})
        script.script(STATE, {"service_state": 1})
        script.script(SERVICERS, {"servicer_list": []})
        script.script(MOVE, {"errcode": 95016})
        yield script


def welcome(code: str = "W1", state: str = "", userid: str = "wang", at: datetime = AT) -> float | None:
    return operations.send_welcome(userid=userid, external_userid="wm1", state=state, welcome_code=code, at=at)


def only_welcome() -> Any:
    (found,) = queries.list_welcomes(scope=EVERYTHING)
    return found


def test_a_prepared_welcome_costs_one_call(chain: SmallChain, wecom: ScriptedWecom):
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id], welcome_text="你好")
    operations.prepare_welcome(live_code_id=code.id, at=AT)
    assert welcome(state=code.state) is None
    assert [path for path, _body in wecom.calls] == [WELCOME]
    assert wecom.bodies(WELCOME)[0]["text"] == {"content": "你好"}
    assert (only_welcome().state, only_welcome().store_id) == (WelcomeState.SENT, chain.tianhe.id)
    assert welcome(state=code.state) is None
    assert len(wecom.bodies(WELCOME)) == 1
    assert EventRecord.objects.filter(name="robot.welcome_settled").count() == 1


def test_the_link_leads_into_the_codes_kind_else_the_default_one(chain: SmallChain, wecom: ScriptedWecom):
    wecom.script("externalcontact/groupchat/update_join_way", {})
    at_home = {"store_id": chain.tianhe.id, "owner_staff_id": chain.li.id, "at": AT}
    make_kind("deals")
    make_kind("baby")
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id], welcome_text="你好", kind_code="baby")
    links = []
    for number, kind_code in enumerate(("none yet", "deals", "baby")):
        if kind_code != "none yet":
            make_group(kind_code=kind_code, chat_id=f"wr-{kind_code}", **at_home)
            entry = groups.open_entry(kind_code=kind_code, chat_id=f"wr-{kind_code}", **at_home)
            wecom.script("externalcontact/groupchat/add_join_way", {"config_id": kind_code})
            wecom.script(
                "externalcontact/groupchat/get_join_way", {"join_way": {"qr_code": f"https://qr.example/{kind_code}"}}
            )
            groups.apply_entry(entry_id=entry.id)
        assert operations.prepare_store_welcomes(store_id=chain.tianhe.id, at=AT) == 1
        welcome(f"W{number}", code.state)
        attachments = wecom.bodies(WELCOME)[-1].get("attachments", [])
        links.append([one["link"]["url"] for one in attachments])
    assert links == [[], ["https://qr.example/deals"], ["https://qr.example/baby"]]


def test_defaults_go_from_the_code_to_the_store_to_the_chain(chain: SmallChain, wecom: ScriptedWecom):
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    operations.prepare_welcome(live_code_id=code.id, at=AT)
    assert welcome("W0", code.state) is None
    assert only_welcome().state == WelcomeState.NOTHING
    operations.set_default_welcome(text="全店欢迎")
    operations.set_default_welcome(text="天河欢迎", store_id=chain.tianhe.id)
    welcome("W1", code.state)
    welcome("W2", "")
    welcome("W3", "", userid="zhao")
    welcome("W4", "", userid="nobody")
    texts = [body["text"]["content"] for body in wecom.bodies(WELCOME)]
    assert texts == ["天河欢迎", "天河欢迎", "全店欢迎", "全店欢迎"]
    operations.set_default_welcome(text="", store_id=chain.tianhe.id)
    assert queries.get_default_welcome(store_id=chain.tianhe.id) == ""


def test_two_workers_with_one_code_make_one_attempt(chain: SmallChain, wecom: ScriptedWecom):
    operations.set_default_welcome(text="欢迎")
    seen = []

    def meanwhile(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(welcome())
        return {}

    wecom.script(WELCOME, meanwhile)
    assert welcome() is None
    assert seen == [1.0]
    assert len(wecom.bodies(WELCOME)) == 1


def test_lost_answers_are_found_out_by_the_spent_code(chain: SmallChain, wecom: ScriptedWecom):
    operations.set_default_welcome(text="欢迎")
    wecom.script(WELCOME, LOST, {"errcode": 41051})
    assert welcome() == 1.0
    assert welcome() is None
    assert only_welcome().state == WelcomeState.SENT


def test_an_answer_lost_until_the_end_stays_unknown(chain: SmallChain, wecom: ScriptedWecom):
    operations.set_default_welcome(text="欢迎")
    wecom.script(WELCOME, LOST)
    assert welcome() == 1.0
    with clock.travelled(AT + timedelta(seconds=21)):
        assert welcome() is None
    assert only_welcome().state == WelcomeState.UNKNOWN


def test_another_app_sending_now_is_waited_for(chain: SmallChain, wecom: ScriptedWecom):
    operations.set_default_welcome(text="欢迎")
    wecom.script(WELCOME, {"errcode": 41096}, {"errcode": 41051, "errmsg": "chat started"})
    assert welcome() == 1.0
    assert welcome() is None
    assert (
        only_welcome().state == WelcomeState.REFUSED
    )  # the busy call had no effect: somebody else's welcome was first


def test_words_and_texts_of_replies_are_checked(chain: SmallChain):
    reply = operations.set_keyword_reply(words=["ＷｉＦｉ", "wifi", " "], text=" 密码 8888 ")
    assert (reply.words, reply.text) == (("wifi",), "密码 8888")
    changed = operations.set_keyword_reply(reply_id=reply.id, words=["上网"], text="问前台", store_id=chain.tianhe.id)
    assert changed.words == ("上网",)
    assert [one.id for one in queries.list_replies(scope=DataScope(paths=(chain.tianhe.path,)))] == [reply.id]
    assert queries.list_replies(scope=DataScope(paths=(chain.nanshan.path,))) == []
    with pytest.raises(NoWordsError):
        operations.set_keyword_reply(words=["  "], text="x")
    with pytest.raises(ReplyTextError):
        operations.set_keyword_reply(words=["x"], text="好" * 683)
    operations.delete_keyword_reply(reply_id=reply.id)
    with pytest.raises(ReplyNotFoundError):
        operations.delete_keyword_reply(reply_id=reply.id)


def row(number: int, text: str, at: datetime = AT, origin: int = 3) -> dict[str, Any]:
    return {
        "msgid": f"m{number}",
        "open_kfid": "wk1",
        "external_userid": "wm1",
        "send_time": int(at.timestamp()),
        "origin": origin,
        "msgtype": "text",
        "text": {"content": text},
    }


def page(*rows: dict[str, Any], cursor: str = "c1", has_more: int = 0) -> dict[str, Any]:
    return {"msg_list": list(rows), "next_cursor": cursor, "has_more": has_more}


def pull() -> int:
    return operations.pull_messages(open_kfid="wk1", token="t", at=AT)


def waiting() -> list[int]:
    return [one.id for one in queries.list_service_messages(scope=EVERYTHING, outcome=MessageOutcome.WAITING)]


def test_pages_are_pulled_to_the_end_each_message_stored_once(chain: SmallChain, wecom: ScriptedWecom):
    wecom.script(PULL, page(row(1, "一"), has_more=1), page(cursor="c2", has_more=1), page(row(2, "二"), cursor="c3"))
    assert pull() == 2
    assert [body["cursor"] for body in wecom.bodies(PULL)] == ["", "c1", "c2"]
    wecom.script(PULL, page(row(1, "一"), row(2, "二"), cursor="c4"))
    assert pull() == 0
    assert len(queries.list_service_messages(scope=EVERYTHING)) == 2


def test_a_pull_beside_another_leaves_it_to_that_one(chain: SmallChain, wecom: ScriptedWecom):
    def meanwhile(body: dict[str, Any]) -> dict[str, Any]:
        assert pull() == 0
        return page(row(1, "一"))

    wecom.script(PULL, meanwhile, page(row(2, "二"), cursor="c2"))
    assert pull() == 2, "the bell that rang meanwhile is answered too"
    assert [body["cursor"] for body in wecom.bodies(PULL)] == ["", "c1"]
    wecom.script(PULL, page(cursor="c2"))
    assert pull() == 0


def test_a_pull_that_failed_lets_the_next_one_in(chain: SmallChain, wecom: ScriptedWecom):
    wecom.script(PULL, {"errcode": 95000})
    with pytest.raises(WecomError):
        pull()
    wecom.script(PULL, page(row(1, "一")))
    assert pull() == 1


def test_a_pull_overtaken_by_another_never_sets_the_cursor_back(chain: SmallChain, wecom: ScriptedWecom):
    def meanwhile(body: dict[str, Any]) -> dict[str, Any]:
        wecom.script(PULL, page(row(1, "一"), cursor="c1", has_more=1), page(row(2, "二"), cursor="c2"))
        ServiceAccount.unscoped.update(pulling_until=clock.wall() - timedelta(seconds=1))  # our lease has run out
        assert pull() == 2
        return page(row(1, "一"), cursor="c1")

    wecom.script(PULL, meanwhile)
    assert pull() == 0
    wecom.script(PULL, page(cursor="c2"))
    assert pull() == 0
    assert wecom.bodies(PULL)[-1]["cursor"] == "c2"


def test_old_messages_staff_messages_and_pictures_are_recorded_only(chain: SmallChain, wecom: ScriptedWecom):
    old = row(1, "停车", AT - timedelta(minutes=10))
    picture = {**row(2, ""), "msgtype": "image", "image": {"media_id": "x"}}
    wecom.script(PULL, page(old, picture, row(3, "我来回答", origin=5)))
    assert pull() == 3
    assert waiting() == []
    outcomes = queries.count_messages_by_outcome(scope=EVERYTHING)
    assert outcomes[MessageOutcome.RECORDED] == 2  # the member of staff's own words are no customer's message


def answer_one(wecom: ScriptedWecom, text: str = "停车") -> tuple[float | None, Any]:
    operations.set_keyword_reply(words=["停车"], text="免费两小时")
    wecom.script(PULL, page(row(1, text)))
    pull()
    (message_id,) = waiting()
    again = operations.answer_message(message_id=message_id)
    (message,) = queries.list_service_messages(scope=EVERYTHING)
    return again, message


def test_an_answer_carries_the_same_id_however_often_it_is_tried(chain: SmallChain, wecom: ScriptedWecom):
    wecom.script(SEND, LOST)
    with pytest.raises(WecomError):
        answer_one(wecom)
    wecom.script(SEND, {"errcode": 40058, "errmsg": "msgid duplicated"})
    (message_id,) = waiting()
    assert operations.answer_message(message_id=message_id) is None
    (message,) = queries.list_service_messages(scope=EVERYTHING)
    assert message.outcome == MessageOutcome.ANSWERED
    assert len({body["msgid"] for body in wecom.bodies(SEND)}) == 1
    calls = len(wecom.calls)
    assert operations.answer_message(message_id=message_id) is None
    assert len(wecom.calls) == calls


def test_two_workers_with_one_message_send_one_answer(chain: SmallChain, wecom: ScriptedWecom):
    seen = []

    def meanwhile(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(operations.answer_message(message_id=waiting()[0]))
        return {"msgid": "m"}

    wecom.script(SEND, meanwhile)
    again, message = answer_one(wecom)
    assert (again, message.outcome, seen) == (None, MessageOutcome.ANSWERED, [2.0])
    assert len(wecom.bodies(SEND)) == 1


def test_where_a_person_serves_the_robot_is_silent(chain: SmallChain, wecom: ScriptedWecom):
    wecom.script(SEND, {"errcode": 95018})
    wecom.script(STATE, {"service_state": 3, "servicer_userid": "wang"})
    again, message = answer_one(wecom)
    assert (again, message.outcome) == (None, MessageOutcome.WITH_SERVICER)
    assert wecom.bodies(NOTICE) == []


def test_a_closed_window_is_handed_to_the_keeper(chain: SmallChain, wecom: ScriptedWecom):
    operations.set_service_account(open_kfid="wk1", store_id=chain.tianhe.id, keeper_staff_id=chain.li.id)
    wecom.script(SEND, {"errcode": 95001})
    _again, message = answer_one(wecom)
    assert (message.outcome, message.staff_id) == (MessageOutcome.WINDOW_CLOSED, chain.li.id)
    assert wecom.bodies(NOTICE)[0]["touser"] == "li"


def test_without_anybody_to_tell_it_is_shown_as_handed_to_nobody(chain: SmallChain, wecom: ScriptedWecom):
    _again, message = answer_one(wecom, "有厕所吗")
    assert (message.outcome, message.staff_id) == (MessageOutcome.HANDED, None)
    assert EventRecord.objects.get(name="robot.handed_to_staff").payload["staff_id"] is None


def test_scope_of_messages_and_welcomes(chain: SmallChain, wecom: ScriptedWecom):
    operations.set_service_account(open_kfid="wk1", store_id=chain.tianhe.id)
    operations.set_default_welcome(text="欢迎")
    answer_one(wecom)
    welcome()
    here, there = DataScope(paths=(chain.tianhe.path,)), DataScope(paths=(chain.nanshan.path,))
    assert len(queries.list_service_messages(scope=here)) == 1
    assert queries.list_service_messages(scope=there) == []
    guide = DataScope(paths=(chain.tianhe.path,), staff_id=chain.li.id)
    assert queries.list_service_messages(scope=guide) == [], "a guide reads the words of their own customers only"
    assert sum(queries.count_messages_by_outcome(scope=guide).values()) == 0
    assert queries.welcome_stats(scope=here).counts[WelcomeState.SENT] == 1
    stranger = queries.welcome_stats(scope=there)
    assert (sum(stranger.counts.values()), stranger.p50_ms, stranger.p99_ms) == (0, None, None)


def test_the_page_says_what_wecom_allows():
    assert "20 seconds" in str(queries.WHAT_WECOM_ALLOWS)


def test_what_was_written_before_an_erasure_is_not_stored_and_who_writes_since_is_a_member_again(
    chain: SmallChain, wecom: ScriptedWecom
):
    wecom.script("kf/customer/batchget", {"customer_list": [{"external_userid": "wm1", "nickname": "小王"}]})
    member_id = make_member(external_userid="wm1")
    members.erase_member(member_id=member_id, actor="hong")
    late = AT + timedelta(minutes=1)
    wecom.script(PULL, page(row(1, "一", AT - timedelta(minutes=1)), row(2, "二", late)))
    assert pull() == 1
    (stored,) = ServiceMessage.unscoped.all()
    assert (stored.msgid, stored.member_id) == ("m2", None)
    session = ServiceSession.unscoped.get()
    back_id = operations.identify_customer(session_id=session.pk)
    assert back_id not in (None, member_id)
    assert ServiceMessage.unscoped.get().member_id == back_id
    members.erase_member(member_id=back_id, actor="hong")
    assert operations.forget_member(member_id=back_id) == 1


def test_a_conversation_from_before_an_erasure_makes_no_member(chain: SmallChain, wecom: ScriptedWecom):
    wecom.script(PULL, page(row(1, "一", AT - timedelta(minutes=1))))
    assert pull() == 1
    session = ServiceSession.unscoped.get()

    def erased_meanwhile(body: dict[str, Any]) -> dict[str, Any]:
        members.erase_member(member_id=make_member(external_userid="wm1"), actor="hong")
        return {"customer_list": [{"external_userid": "wm1", "nickname": "小王"}]}

    wecom.script("kf/customer/batchget", erased_meanwhile)
    assert operations.identify_customer(session_id=session.pk) is None
    assert operations.identify_customer(session_id=session.pk) is None
