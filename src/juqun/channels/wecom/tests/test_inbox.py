from datetime import UTC, datetime, timedelta

import pytest

from juqun.channels.wecom import jobs as wecom_jobs
from juqun.channels.wecom import queries
from juqun.channels.wecom.errors import CallbackRefusedError
from juqun.channels.wecom.jobs import process_callbacks, prune_inbox, retry_failed_callbacks
from juqun.channels.wecom.models import InboxCallback
from juqun.channels.wecom.operations import open_callback, store_callbacks
from juqun.channels.wecom.testing import callback_xml, receive, signed_callback, without_subscribers
from juqun.channels.wecom.types import InboxState
from juqun.kernel import clock
from juqun.kernel.events import open_payload
from juqun.kernel.models import EventRecord, Job
from juqun.kernel.scope import DataScope
from juqun.kernel.testing import run_all_jobs

pytestmark = pytest.mark.django_db
AT = datetime(2017, 6, 1, 4, 0, tzinfo=UTC)
HQ = DataScope.whole_chain()


@pytest.fixture(autouse=True)
def _on_a_day():
    with clock.travelled(AT), without_subscribers():
        yield


def added(customer="wm1", **texts):
    return callback_xml(
        Event="change_external_contact",
        ChangeType="add_external_contact",
        UserID="wang",
        ExternalUserID=customer,
        **texts,
    )


def chat_changed(version="1"):
    return callback_xml(
        Event="change_external_chat", ChangeType="update", ChatId="wr1", UpdateDetail="add_member", CurMemVer=version
    )


def opened(xml):
    query, body = signed_callback(xml)
    fields = dict(pair.split("=") for pair in query.split("&"))
    return open_callback(
        signature=fields["msg_signature"], timestamp=fields["timestamp"], nonce=fields["nonce"], body=body
    )


def names():
    return sorted(EventRecord.objects.values_list("name", flat=True))


def test_a_callback_is_stored_once_and_told_once_however_often_it_comes():
    assert [receive(added()) for _ in range(3)] == [1, 0, 0]
    run_all_jobs()
    assert receive(added()) == 0
    run_all_jobs()
    assert names() == ["wecom.contact_added"]
    assert open_payload(EventRecord.objects.get().payload) == {
        "userid": "wang",
        "external_userid": "wm1",
        "state": "",
        "welcome_code": "",
        "at": AT.isoformat(),
        "is_confirmed": True,
    }
    assert queries.count_inbox(scope=HQ)[InboxState.DONE] == 1


def test_a_batch_may_hold_the_same_callback_twice():
    assert store_callbacks(callbacks=[opened(added()), opened(added("wm2")), opened(added())]) == 2
    run_all_jobs()
    assert names() == ["wecom.contact_added"] * 2


def test_nothing_to_store_is_nothing_to_do():
    assert store_callbacks(callbacks=[opened(added())]) == 1
    assert store_callbacks(callbacks=[opened(added())]) == 0
    assert Job.objects.count() == 1


def test_welcome_codes_overtake_and_the_rest_of_a_batch_shares_a_job():
    rest = [opened(chat_changed(str(version))) for version in range(50)]
    bell = opened(callback_xml(Event="kf_msg_or_event", Token="T", OpenKfId="wk1"))
    welcome = opened(added(WelcomeCode="W"))
    assert store_callbacks(callbacks=[*rest, bell, welcome]) == 52
    found = list(Job.objects.order_by("-priority").values_list("queue", "priority"))
    assert found == [("now", 9), ("now", 5), ("bulk", 0)]
    run_all_jobs()
    assert names() == ["wecom.contact_added"] + ["wecom.group_chat_changed"] * 50 + ["wecom.kf_messages_waiting"]


def test_the_order_of_processing_does_not_matter():
    receive(callback_xml(Event="change_external_chat", ChangeType="dismiss", ChatId="wr1"))
    receive(chat_changed())
    for inbox_id in InboxCallback.objects.order_by("-id").values_list("id", flat=True):
        process_callbacks(inbox_ids=[inbox_id])
    run_all_jobs()
    assert names() == ["wecom.group_chat_changed", "wecom.group_chat_dismissed"]


def test_an_unknown_event_is_kept_and_shown():
    receive(callback_xml(Event="customer_acquisition", ChangeType="second_chat", LinkId="l1"))
    run_all_jobs()
    entry = queries.list_inbox(scope=HQ, state=InboxState.KEPT)[0]
    assert (entry.event, entry.change_type) == ("customer_acquisition", "second_chat")
    assert EventRecord.objects.get().payload == {"inbox_id": entry.id, "at": AT.isoformat()}


def test_content_is_sealed_and_a_smaller_scope_sees_nothing():
    receive(added("wm-secret", WelcomeCode="W"))
    row = InboxCallback.objects.get()
    assert b"wm-secret" not in bytes(row.body)
    city = DataScope(paths=("00010001",))
    assert queries.list_inbox(scope=city) == []
    assert set(queries.count_inbox(scope=city).values()) == {0}


def test_one_bad_callback_holds_up_nobody_and_dies_after_five_attempts(monkeypatch):
    store_callbacks(callbacks=[opened(added("good")), opened(added("bad")), opened(added("fine"))])
    real = wecom_jobs.translation.to_event

    def breaks(message, at):
        if message.get("ExternalUserID") == "bad":
            raise ValueError("bad has a secret")
        return real(message, at)

    monkeypatch.setattr(wecom_jobs.translation, "to_event", breaks)
    run_all_jobs()
    states = queries.count_inbox(scope=HQ)
    assert (states[InboxState.DONE], states[InboxState.FAILED]) == (2, 1)
    for _ in range(3):
        retry_failed_callbacks()
    assert queries.count_inbox(scope=HQ)[InboxState.FAILED] == 1
    retry_failed_callbacks()
    entry = queries.list_inbox(scope=HQ, state=InboxState.DEAD)[0]
    assert (entry.attempts, entry.error) == (5, "ValueError")
    assert names() == ["wecom.contact_added"] * 2


def test_a_mended_callback_goes_through_on_the_next_sweep(monkeypatch):
    receive(added())
    with monkeypatch.context() as broken:
        broken.setattr(wecom_jobs.translation, "to_event", lambda *_: 1 / 0)
        run_all_jobs()
    retry_failed_callbacks()
    assert names() == ["wecom.contact_added"]
    assert queries.count_inbox(scope=HQ)[InboxState.DONE] == 1


def test_a_forgotten_callback_is_found_by_the_sweep():
    receive(added())
    Job.objects.all().delete()
    retry_failed_callbacks()
    assert names() == []
    with clock.travelled(AT + timedelta(minutes=16)):
        retry_failed_callbacks()
    assert names() == ["wecom.contact_added"]


def test_finished_callbacks_are_forgotten_after_a_month():
    receive(added())
    run_all_jobs()
    with clock.travelled(AT + timedelta(days=29)):
        receive(added("wm2"))
        prune_inbox()
        assert InboxCallback.objects.count() == 2
    with clock.travelled(AT + timedelta(days=31)):
        prune_inbox()
        assert InboxCallback.objects.count() == 1


def test_however_many_are_finished_all_are_forgotten_and_the_dead_after_three_months(monkeypatch):
    monkeypatch.setattr("juqun.channels.wecom.jobs.PRUNED_AT_ONCE", 2)
    for number in range(6):
        receive(added(f"wm{number}"))
    run_all_jobs()
    InboxCallback.objects.filter(pk=InboxCallback.objects.order_by("pk").first().pk).update(state=InboxState.DEAD)
    with clock.travelled(AT + timedelta(days=31)):
        prune_inbox()
        assert InboxCallback.objects.count() == 1
    with clock.travelled(AT + timedelta(days=91)):
        prune_inbox()
        assert not InboxCallback.objects.exists()


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_stale_or_early_timestamp_is_refused(seconds):
    query, body = signed_callback(added(), timestamp=str(int(AT.timestamp()) + seconds))
    fields = dict(pair.split("=") for pair in query.split("&"))
    with pytest.raises(CallbackRefusedError) as caught:
        open_callback(
            signature=fields["msg_signature"], timestamp=fields["timestamp"], nonce=fields["nonce"], body=body
        )
    assert "300 seconds" in caught.value.reason
