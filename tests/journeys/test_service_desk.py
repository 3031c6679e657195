"""Customer service from the first tap to the goodbye: the product against the emulator, over real HTTP."""

from collections.abc import Iterator
from contextvars import copy_context
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from juqun.channels.wecom.types import KfState
from juqun.domains.members import queries as members
from juqun.domains.members.types import ConsentPurpose, IdentityKind
from juqun.domains.robot import jobs, operations, queries
from juqun.domains.robot.models import ServiceMessage, ServiceSend, ServiceServicer, ServiceSession
from juqun.domains.robot.types import MessageOutcome, SendPurpose, SendState, ServiceRules
from juqun.kernel import clock
from juqun.kernel.jobs import enqueue
from juqun.kernel.scope import DataScope
from juqun.kernel.testing import run_all_jobs
from tests.support.service_desk import KF, Desk, open_desk

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = DataScope.whole_chain()
CALL_PERSON = "请转人工"


@pytest.fixture
def desk(settings) -> Iterator[Desk]:
    with open_desk(settings) as made:
        yield made


def session() -> ServiceSession:
    return ServiceSession.unscoped.get()


def outcomes() -> list[str]:
    rows = ServiceMessage.unscoped.filter(is_customers=True).order_by("at", "pk")
    return list(rows.values_list("outcome", flat=True))


def test_from_the_first_tap_to_the_goodbye(desk: Desk):
    url = operations.make_service_link(account_id=desk.account_id, scene="g017", store_id=desk.chain.nanshan.id)
    assert operations.make_service_link(account_id=desk.account_id, scene="g017", store_id=desk.chain.nanshan.id) == url
    desk.customer("enter_kf", url=url)
    desk.pull()
    assert desk.heard() == ["您好"], "the welcome comes once, with the menu"
    desk.customer("kf_click", menu_id="hours")
    desk.pull()
    assert desk.heard() == ["九点到二十二点"]
    assert (session().state, session().sent_since, session().scene) == (KfState.ROBOT, 1, "g017")
    desk.advance(minutes=1)
    desk.says(CALL_PERSON)
    desk.pull()
    assert desk.heard() == ["排队中"]
    assert desk.state() == session().state == KfState.POOL
    desk.servicer("zhao", "kf_status", to="serving")
    desk.acts("zhao", "kf_take")
    desk.says("几点开门")
    desk.pull()
    assert (session().state, session().servicer_userid, desk.heard()) == (KfState.SERVICER, "zhao", [])
    desk.acts("zhao", "kf_write", text="您好")
    desk.acts("zhao", "kf_end")
    desk.pull()
    desk.pull()
    assert desk.heard() == ["您好", "再见"]
    assert session().state == KfState.ENDED
    assert outcomes() == [MessageOutcome.ANSWERED, MessageOutcome.HANDED, MessageOutcome.WITH_SERVICER]
    assert set(ServiceSend.unscoped.values_list("state", flat=True)) == {SendState.SENT}


def test_an_unknown_customer_becomes_a_member_with_the_scene_on_their_record(desk: Desk):
    url = operations.make_service_link(account_id=desk.account_id, scene="g017", store_id=desk.chain.nanshan.id)
    desk.customer("enter_kf", url=url)
    desk.pull()
    member_id = members.find_member_id(kind=IdentityKind.UNIONID, value="u1")
    assert member_id is not None
    assert members.find_member_id(kind=IdentityKind.EXTERNAL_USERID, value="wm1") == member_id
    assert session().member_id == member_id
    member = members.get_member(scope=EVERYTHING, member_id=member_id)
    assert (member.display_name, member.store_id) == ("Mei", desk.chain.nanshan.id)
    lines = [
        one for one in members.get_timeline(scope=EVERYTHING, member_id=member_id) if one.kind.startswith("robot.")
    ]
    assert [(one.kind, one.fields["scene"]) for one in lines] == [("robot.entered_service", "g017")]


def test_a_serving_servicer_of_the_scenes_store_goes_before_the_less_busy(desk: Desk):
    for one in ("wang", "zhao"):
        desk.servicer(one, "kf_status", to="serving")
    ServiceSession.unscoped.create(
        account_id=desk.account_id, customer_key=b"x" * 16, external_userid=b"x", state=KfState.SERVICER,
        servicer_userid="zhao", state_at=clock.now(), last_customer_at=clock.now(),
    )  # fmt: skip
    url = operations.make_service_link(account_id=desk.account_id, scene="g017", store_id=desk.chain.nanshan.id)
    desk.customer("enter_kf", url=url)
    desk.says(CALL_PERSON)
    desk.pull()
    mine = ServiceSession.unscoped.exclude(customer_key=b"x" * 16).get()
    assert (mine.state, mine.servicer_userid) == (KfState.SERVICER, "zhao")
    assert desk.heard() == ["您好", "排队中"]
    (message,) = queries.list_service_messages(scope=EVERYTHING)
    assert (message.outcome, message.staff_id) == (MessageOutcome.HANDED, desk.chain.zhao.id)


def test_who_stops_between_the_reading_and_the_move_is_passed_over(desk: Desk):
    for one in ("wang", "zhao"):
        desk.servicer(one, "kf_status", to="serving")
    desk.post("faults", route="kf/service_state/trans", errcode=95014, times=1)
    desk.says(CALL_PERSON)
    desk.pull()
    assert session().servicer_userid == "zhao", "wang was asked first and does not serve"
    assert ServiceServicer.unscoped.get(userid="wang").status == "stopped"


def test_somebody_quicker_keeps_the_session(desk: Desk):
    desk.servicer("wang", "kf_status", to="serving")
    desk.says(CALL_PERSON)
    operations.pull_messages(open_kfid=KF, token="", at=clock.now())
    desk.post("faults", route="kf/service_state/trans", errcode=95016, times=1)
    run_all_jobs()
    assert desk.heard() == ["A person will answer you as soon as possible."]
    assert outcomes() == [MessageOutcome.HANDED]
    assert desk.post("calls/expect", path="kf/service_state/trans", exactly=1)


def test_a_lost_answer_to_a_move_is_found_out(desk: Desk):
    desk.says(CALL_PERSON)
    operations.pull_messages(open_kfid=KF, token="", at=clock.now())
    desk.post("faults", route="kf/service_state/trans", cut=True, after_effect=True, times=1)
    run_all_jobs(fail_on_dead=False)
    desk.retry()
    assert desk.state() == session().state == KfState.POOL
    assert outcomes() == [MessageOutcome.HANDED]
    assert desk.post("calls/expect", path="kf/service_state/trans", exactly=1)


def test_a_late_welcome_is_not_tried(desk: Desk):
    desk.customer("enter_kf")
    desk.advance(seconds=16)
    desk.pull()
    assert desk.heard() == []
    assert ServiceSend.unscoped.get().state == SendState.LATE
    assert desk.post("calls/expect", path="kf/send_msg_on_event", exactly=0)


def test_a_welcome_whose_answer_was_lost_comes_once(desk: Desk):
    desk.post("faults", route="kf/send_msg_on_event", cut=True, after_effect=True, times=1)
    desk.customer("enter_kf")
    operations.pull_messages(open_kfid=KF, token="", at=clock.now())
    run_all_jobs(fail_on_dead=False)
    desk.retry()
    assert desk.heard() == ["您好"]
    assert ServiceSend.unscoped.get().state == SendState.SENT


def test_the_fifth_message_of_a_window_says_that_a_person_will_answer(desk: Desk):
    operations.set_keyword_reply(words=["停车"], text="免费")
    desk.says("停车")
    desk.pull()
    ServiceSession.unscoped.update(sent_since=4)
    first = ServiceMessage.unscoped.get(is_customers=True)
    ServiceMessage.unscoped.filter(pk=first.pk).update(outcome=MessageOutcome.WAITING, msgid="another")
    desk.post("faults", route="kf/service_state/trans", errcode=95016, times=1)
    assert operations.answer_message(message_id=first.pk) is None
    assert desk.heard() == ["免费", "A person will answer you as soon as possible."]
    assert (session().sent_since, outcomes()) == (5, [MessageOutcome.WINDOW_CLOSED])
    ServiceMessage.unscoped.filter(pk=first.pk).update(outcome=MessageOutcome.WAITING, msgid="a third")
    desk.post("faults", route="kf/service_state/trans", errcode=95016, times=1)
    assert operations.answer_message(message_id=first.pk) is None
    assert desk.heard() == []
    assert desk.post("calls/expect", path="kf/send_msg", exactly=2)


def test_forty_eight_hours_of_silence_end_a_session_and_a_word_opens_it(desk: Desk):
    operations.set_keyword_reply(words=["停车"], text="免费")
    desk.says("停车")
    desk.pull()
    assert session().state == KfState.ROBOT
    desk.advance(hours=48)
    enqueue(jobs.poll_service_accounts)
    run_all_jobs()
    assert session().state == KfState.ENDED
    desk.advance(seconds=1)
    desk.says("停车")
    desk.pull()
    assert (session().state, desk.heard()) == (KfState.ROBOT, ["免费", "免费"])


def test_outside_of_hours_the_customer_hears_so_and_the_keeper_is_told(desk: Desk):
    closed = ServiceRules(texts={SendPurpose.OFF_HOURS: "已下班"}, opens_minute=18 * 60, closes_minute=20 * 60)
    operations.set_service_rules(account_id=desk.account_id, service=closed)
    desk.says(CALL_PERSON)
    desk.pull()
    assert desk.heard() == ["已下班"]
    assert desk.state() == KfState.ROBOT
    (message,) = queries.list_service_messages(scope=EVERYTHING)
    assert (message.outcome, message.staff_id) == (MessageOutcome.HANDED, desk.chain.li.id)


def test_misses_are_asked_again_before_people_are_brought_in(desk: Desk):
    asked = ServiceRules(texts={SendPurpose.MISSED: "请换个说法", SendPurpose.QUEUE: "排队中"}, misses_allowed=2)
    operations.set_service_rules(account_id=desk.account_id, service=asked)
    for _number in range(3):
        desk.says("呃")
        desk.pull()
    assert desk.heard() == ["请换个说法", "请换个说法", "排队中"]
    assert outcomes() == [MessageOutcome.MISSED, MessageOutcome.MISSED, MessageOutcome.HANDED]


def test_what_did_not_arrive_is_marked_and_a_refusal_quiets(desk: Desk):
    operations.set_keyword_reply(words=["停车"], text="免费")
    desk.post("actors/admin/kf_fail_next", open_kfid=KF, fail_type=10)
    desk.says("停车")
    desk.pull()
    desk.pull()
    (send,) = ServiceSend.unscoped.all()
    assert (send.state, send.errcode) == (SendState.FAILED, 10)
    assert send.refusal == "the customer takes no messages of this account"
    assert session().is_refused
    granted = members.list_consents(scope=EVERYTHING, member_id=session().member_id)
    assert [(one["purpose"], one["granted"]) for one in granted] == [(ConsentPurpose.MARKETING, False)]


def test_what_was_taken_back_is_neither_kept_nor_answered(desk: Desk):
    operations.set_keyword_reply(words=["停车"], text="免费")
    msgid = desk.says("停车")
    desk.customer("kf_recall", msgid=msgid)
    desk.pull()
    assert desk.heard() == []
    (message,) = queries.list_service_messages(scope=EVERYTHING)
    assert (message.text, message.outcome) == ("", MessageOutcome.RECORDED)


def test_a_servicer_is_given_a_session_and_it_is_ended_from_here(desk: Desk):
    desk.servicer("wang", "kf_status", to="serving")
    desk.says("停车")
    operations.pull_messages(open_kfid=KF, token="", at=clock.now())
    operations.give_to_servicer(session_id=session().pk, userid="wang")
    run_all_jobs()
    assert (desk.state(), outcomes()) == (KfState.SERVICER, [MessageOutcome.WITH_SERVICER])
    operations.end_session(session_id=session().pk)
    run_all_jobs()
    assert (desk.state(), session().state, desk.heard()) == (KfState.ENDED, KfState.ENDED, ["再见"])


def test_two_workers_with_one_message_answer_once(desk: Desk):
    operations.set_keyword_reply(words=["停车"], text="免费")
    desk.says("停车")
    operations.pull_messages(open_kfid=KF, token="", at=clock.now())
    message_id = ServiceMessage.unscoped.get(is_customers=True).pk
    gate, answers = Barrier(2), list[Any]()

    def work() -> None:
        gate.wait()
        try:
            answers.append(operations.answer_message(message_id=message_id))
        finally:
            connection.close()

    workers = [Thread(target=copy_context().run, args=(work,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    run_all_jobs()
    assert len(answers) == 2
    assert desk.heard() == ["免费"]
    assert outcomes() == [MessageOutcome.ANSWERED]
