import io
import logging
import os
import threading
import time
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from wechatpy.work.crypto import WeChatCrypto

from juqun.channels.wecom.models import InboxCallback
from juqun.channels.wecom.testing import callback_xml, signed_callback
from juqun.kernel import clock
from juqun.kernel.models import Job
from juqun.surfaces.callbacks import lane
from juqun.surfaces.callbacks.group_commit import GroupCommit, NotCommittedError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _writer_ends():
    yield
    lane.writer.stop()


class Body(io.BytesIO):
    """A body that remembers how much of it was read."""

    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


class Latin(str):
    """A text that is sent in another encoding than WeCom's."""

    def encode(self, *args):
        return super().encode("latin-1")


def send(method="POST", query="", body=b"", path=lane.PREFIX, **environ):
    told = []
    stream = body if isinstance(body, Body) else Body(body)
    base = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": stream}
    base["CONTENT_LENGTH"] = str(len(stream.getvalue()))
    answer = lane.wsgi_lane(base | environ, lambda status, headers: told.append((status, dict(headers))))
    if answer is None:
        return None
    content = b"".join(answer)
    assert told[0][1]["Content-Length"] == str(len(content))
    return told[0][0][:3], content


def added(customer="wm1", **texts):
    return callback_xml(
        Event="change_external_contact",
        ChangeType="add_external_contact",
        UserID="wang",
        ExternalUserID=customer,
        **texts,
    )


def test_other_paths_are_somebody_elses():
    assert send(path="/console/") is None
    assert send(path="/callbacks/wecom/other")[0] == "404"


def test_url_check_answers_the_plain_word():
    now = clock.now()
    crypto = lane.check_url.__globals__["_crypto"]()
    echostr, timestamp = crypto.encrypt(b"1616140317555161061"), str(int(now.timestamp()))
    query = {"timestamp": timestamp, "nonce": "n", "echostr": echostr}
    query["msg_signature"] = crypto.sign(timestamp, "n", echostr)
    assert send("GET", urlencode(query)) == ("200", b"1616140317555161061")
    unescaped = "&".join(f"{name}={value}" for name, value in query.items())
    assert send("GET", unescaped) == ("200", b"1616140317555161061")
    assert send("GET", urlencode(query | {"msg_signature": "0" * 40})) == ("403", b"")


def test_success_is_said_after_the_row_and_its_job_are_there():
    query, body = signed_callback(added(WelcomeCode="W"))
    assert send(query=query, body=body) == ("200", b"success")
    assert InboxCallback.objects.count() == 1
    assert Job.objects.get().priority == 9


def test_a_replay_is_answered_and_changes_nothing():
    query, body = signed_callback(added())
    assert [send(query=query, body=body) for _ in range(3)] == [("200", b"success")] * 3
    assert (InboxCallback.objects.count(), Job.objects.count()) == (1, 1)


def test_a_callback_sealed_by_wechatpy_is_taken(settings):
    crypto = WeChatCrypto(
        settings.JUQUN_WECOM_CALLBACK_TOKEN, settings.JUQUN_WECOM_CALLBACK_AES_KEY, settings.JUQUN_WECOM_CORP_ID
    )
    timestamp = str(int(clock.now().timestamp()))
    body = crypto.encrypt_message(added(), "nonce", timestamp)
    signature = body.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    query = urlencode({"msg_signature": signature, "timestamp": timestamp, "nonce": "nonce"})
    assert send(query=query, body=body.encode()) == ("200", b"success")
    assert InboxCallback.objects.get().change_type == "add_external_contact"


@tries(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.text(max_size=60))
def test_whatever_is_thrown_at_the_lane_is_refused(body, query):
    assert send(query=query, body=body)[0] in {"400", "403"}
    signed = {"msg_signature": f"0{query}", "timestamp": str(int(clock.now().timestamp())), "nonce": f"0{query}"}
    assert send(query=urlencode(signed), body=body) == ("403", b"")
    assert send("GET", query=urlencode(signed | {"echostr": f"0{query}"})) == ("403", b"")


@pytest.mark.parametrize(
    "forge",
    [
        lambda query, body: (query.replace("msg_signature=", "msg_signature=0"), body),
        lambda query, body: (query.replace("nonce=1", "nonce=2"), body),
        lambda query, body: (query, body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[AAAA")),
        lambda query, body: (query, body[:-20]),
        lambda query, body: (query, b""),
        lambda query, body: (query, b"<xml></xml>"),
        lambda query, body: (query, os.urandom(500)),
        lambda query, body: (query, b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>'),
        lambda query, body: signed_callback(added(), timestamp=str(int(clock.now().timestamp()) - 1000)),
        lambda query, body: signed_callback(added(), corp_id="wx0000000000000000"),
        lambda query, body: signed_callback("<xml><Event>x</Event>"),
        lambda query, body: signed_callback(
            Latin('<?xml version="1.0" encoding="iso-8859-1"?><xml><Event>é</Event></xml>')
        ),
    ],
)
def test_what_is_not_genuine_is_refused_without_a_trace(forge, caplog):
    with caplog.at_level(logging.DEBUG):
        query, body = forge(*signed_callback(added("wm-private")))
        assert send(query=query, body=body) == ("403", b"")
    assert InboxCallback.objects.count() == 0
    assert "wm-private" not in caplog.text
    assert "QDG6eK" not in caplog.text


@pytest.mark.parametrize(
    ("query", "status"), [("", "400"), ("msg_signature=a&timestamp=b", "400"), ("a=1&" * 40, "400")]
)
def test_incomplete_requests(query, status):
    assert send(query=query) == (status, b"")
    assert send("PUT", query=query) == ("405", b"")


@pytest.mark.parametrize("declared", [None, ""])
def test_a_big_body_is_refused_and_hardly_read(declared):
    query, _ = signed_callback(added())
    body = Body(b"x" * 10_000_000)
    environ = {} if declared is None else {"CONTENT_LENGTH": declared}
    assert send(query=query, body=body, **environ) == ("413", b"")
    assert body.taken <= 64 * 1024 + 1


def test_many_at_once_are_committed_together_and_each_exactly_once():
    wanted = [signed_callback(added(f"wm{number % 40}", CreateTime="1496289600")) for number in range(80)]
    answers = []

    def work(part):
        answers.extend(send(query=query, body=body) for query, body in part)

    threads = [threading.Thread(target=work, args=(wanted[start::16],)) for start in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [("200", b"success")] * 80
    assert (
        40 <= InboxCallback.objects.count() <= 42
    )  # CreateTime may step on once: then a second message of that second


class TestGroupCommit:
    def test_callers_that_come_during_a_commit_share_the_next_one(self):
        batches, entered, may_go = [], threading.Event(), threading.Event()

        def commit(items):
            batches.append(sorted(items))
            entered.set()
            may_go.wait(5)

        group = GroupCommit(commit, name="test")
        threads = [threading.Thread(target=group.submit, args=(0,), kwargs={"timeout_seconds": 5})]
        threads[0].start()
        entered.wait(5)
        for number in range(1, 9):
            threads.append(threading.Thread(target=group.submit, args=(number,), kwargs={"timeout_seconds": 5}))
            threads[-1].start()
        while len(group._waiting) < 8:
            time.sleep(0.001)
        may_go.set()
        for thread in threads:
            thread.join()
        group.stop()
        assert batches == [[0], [1, 2, 3, 4, 5, 6, 7, 8]]

    def test_a_bad_item_fails_alone(self):
        results = {}

        def commit(items):
            if "bad" in items:
                raise ValueError

        group = GroupCommit(commit, name="test")

        def work(item):
            try:
                group.submit(item, timeout_seconds=5)
                results[item] = "stored"
            except NotCommittedError:
                results[item] = "refused"

        threads = [threading.Thread(target=work, args=(item,)) for item in ("a", "bad", "b", "c")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        group.stop()
        assert results == {"a": "stored", "bad": "refused", "b": "stored", "c": "stored"}

    def test_a_database_that_comes_back_in_time_is_waited_for(self, monkeypatch):
        monkeypatch.setattr("juqun.surfaces.callbacks.group_commit.PAUSE_SECONDS", 0.01)
        tries = []

        def commit(items):
            tries.append(items)
            if len(tries) < 3:
                raise OperationalError

        group = GroupCommit(commit, name="test")
        group.submit("a", timeout_seconds=5)
        group.stop()
        assert len(tries) == 3

    def test_one_that_does_not_is_given_up_when_nobody_waits_any_more(self, monkeypatch):
        monkeypatch.setattr("juqun.surfaces.callbacks.group_commit.PAUSE_SECONDS", 0.01)

        def commit(_items):
            raise OperationalError

        group = GroupCommit(commit, name="test")
        with pytest.raises(NotCommittedError):
            group.submit("a", timeout_seconds=0.05)
        group.stop()
        assert group._waiting == []

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_a_writer_that_died_is_replaced(self):
        stored = []

        def commit(items):
            if items == ["deadly"]:
                raise SystemExit
            stored.extend(items)

        group = GroupCommit(commit, name="test")
        with pytest.raises(NotCommittedError):
            group.submit("deadly", timeout_seconds=0.2)
        group.submit("a", timeout_seconds=5)
        group.stop()
        assert stored == ["a"]

    def test_too_many_waiting_are_turned_away(self):
        may_go = threading.Event()
        group = GroupCommit(lambda _items: may_go.wait(5), name="test", most_waiting=1)
        threads = []
        for _ in range(2):
            threads.append(threading.Thread(target=group.submit, args=(1,), kwargs={"timeout_seconds": 5}))
            threads[-1].start()
            time.sleep(0.05)
        with pytest.raises(NotCommittedError):
            group.submit(2, timeout_seconds=5)
        may_go.set()
        for thread in threads:
            thread.join()
        group.stop()


def test_the_writers_connection_is_closed_when_it_stops():
    query, body = signed_callback(added())
    send(query=query, body=body)
    lane.writer.stop()
    assert lane.writer._thread is None
    assert send(query=query, body=body) == ("200", b"success")
    connection.close()
