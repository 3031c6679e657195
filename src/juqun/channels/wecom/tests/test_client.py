import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.db import connection

from juqun.channels.wecom import endpoints
from juqun.channels.wecom.client import WecomClient
from juqun.channels.wecom.endpoints import Credential
from juqun.channels.wecom.errors import (
    NotAContactError,
    TrustedIpError,
    WecomAnswerError,
    WecomBusyError,
    WecomCredentialError,
    WecomRefusedError,
    WecomRequestError,
    WecomTokenError,
    WecomUnknownOutcomeError,
    WelcomeSpentError,
)
from juqun.channels.wecom.models import AccessToken
from juqun.channels.wecom.settings import corp_settings
from juqun.channels.wecom.testing import ScriptedWecom
from juqun.channels.wecom.tokens import TokenStore
from juqun.channels.wecom.types import RetryLater, RetryNever
from juqun.kernel import clock

READ, ONCE = endpoints.CONTACT_GET, endpoints.MASS_ADD
AT = datetime(2017, 6, 1, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("juqun.channels.wecom.client.FIRST_PAUSE_SECONDS", 0.0)


@pytest.fixture
def script():
    return ScriptedWecom()


@pytest.fixture
def client(db, script):
    client = WecomClient(corp_settings(), httpx.MockTransport(script.handle))
    yield client
    client.close()


def test_one_token_serves_many_calls_and_many_clients(client, script):
    script.script(READ.path, {"x": 1})
    other = WecomClient(corp_settings(), httpx.MockTransport(script.handle))
    for one in (client, client, other):
        assert one.call(READ, params={"external_userid": "wm1"})["x"] == 1
    other.close()
    assert script.tokens_given == 1
    assert [body["access_token"] for body in script.bodies(READ.path)] == ["token-1"] * 3


def test_the_token_is_stored_sealed(client, script):
    script.script(READ.path, {})
    client.call(READ)
    assert b"token-1" not in bytes(AccessToken.objects.get().token)


@pytest.mark.parametrize("errcode", [40014, 42001, 41001])
def test_a_dead_token_is_renewed_once_and_the_call_repeated(client, script, errcode):
    script.script(ONCE.path, {"errcode": errcode}, {"msgid": "m"})
    assert client.call(ONCE, {})["msgid"] == "m"
    assert [body["access_token"] for body in script.bodies(ONCE.path)] == ["token-1", "token-2"]


def test_a_token_that_stays_dead_is_a_matter_of_credentials(client, script):
    script.script(READ.path, {"errcode": 42001})
    with pytest.raises(WecomTokenError) as caught:
        client.call(READ)
    assert caught.value.retry == RetryNever()
    assert len(script.bodies(READ.path)) == 2


def test_the_successor_fetched_by_another_process_is_used(client, script):
    script.script(READ.path, {}, {"errcode": 40014}, {})
    client.call(READ)
    store = TokenStore(corp_settings().corp_id, corp_settings().token_key, lambda _: ("theirs", 7200))
    store.renew(Credential.APP, store.get(Credential.APP))
    client.call(READ)
    assert script.bodies(READ.path)[-1]["access_token"] == "theirs"
    assert script.tokens_given == 1


def test_a_token_is_not_used_past_its_life(client, script):
    script.script(READ.path, {})
    with clock.travelled(AT):
        client.call(READ)
    with clock.travelled(AT + timedelta(hours=2)):
        client.call(READ)
    assert [body["access_token"] for body in script.bodies(READ.path)] == ["token-1", "token-2"]


def test_wrong_secret_is_a_credential_error(client, script):
    script.script("gettoken", {"errcode": 40001, "errmsg": "invalid credential, hint: [1_2], from ip: 1.2.3.4"})
    with pytest.raises(WecomCredentialError) as caught:
        client.call(READ)
    assert caught.value.detail == "invalid credential"
    assert AccessToken.objects.get().refreshing_by == ""


@pytest.mark.parametrize("errcode", [-1, 45033])
def test_short_blocks_are_waited_out_for_calls_that_may_be_repeated(client, script, errcode):
    script.script(READ.path, {"errcode": errcode}, {"errcode": errcode}, {"x": 1})
    assert client.call(READ)["x"] == 1


@pytest.mark.parametrize(("errcode", "seconds"), [(-1, 2.0), (45033, 1.0)])
def test_short_blocks_are_told_for_calls_that_may_not(client, script, errcode, seconds):
    script.script(ONCE.path, {"errcode": errcode})
    with pytest.raises(WecomBusyError) as caught:
        client.call(ONCE, {})
    assert caught.value.retry == RetryLater(seconds)
    assert len(script.bodies(ONCE.path)) == 1


def test_a_frequency_block_lets_every_process_rest_and_longer_when_it_was_not_the_minutes(client, script):
    script.script(READ.path, {"errcode": 45009}, {"errcode": 45009}, {"errcode": 45009}, {"x": 1})
    other = WecomClient(corp_settings(), httpx.MockTransport(script.handle))
    at = AT
    for rest in (60, 600, 3_600):
        with clock.travelled(at):
            with pytest.raises(WecomBusyError) as caught:
                client.call(READ)
            assert caught.value.retry == RetryLater(rest)
            with pytest.raises(WecomBusyError):
                other.call(READ)
        with clock.travelled(at + timedelta(seconds=rest - 1)), pytest.raises(WecomBusyError) as caught:
            other.call(READ)
        assert caught.value.retry == RetryLater(1.0)
        at += timedelta(seconds=rest + 1)
    assert len(script.bodies(READ.path)) == 3
    with clock.travelled(at):
        assert other.call(READ)["x"] == 1
    other.close()


def test_a_block_that_comes_long_after_another_is_a_minutes_again(client, script):
    script.script(READ.path, {"errcode": 45009})
    for at in (AT, AT + timedelta(minutes=5)):
        with clock.travelled(at), pytest.raises(WecomBusyError) as caught:
            client.call(READ)
        assert caught.value.retry == RetryLater(60)


def test_a_wrong_secret_is_told_by_all_and_tried_by_one(client, script, monkeypatch):
    script.script("gettoken", {"errcode": 40001, "errmsg": "invalid credential"})
    other = WecomClient(corp_settings(), httpx.MockTransport(script.handle))
    for one in (client, client, other):
        with pytest.raises(WecomCredentialError) as caught:
            one.call(READ)
        assert (caught.value.errcode, caught.value.detail) == (40001, "invalid credential")
    assert len(script.bodies("gettoken")) == 1
    tried, wall = [], clock.wall()
    for minute in range(24 * 60):
        monkeypatch.setattr(clock, "wall", lambda at=wall + timedelta(minutes=minute): at)
        with pytest.raises(WecomCredentialError):
            client.call(READ)
        tried.append(len(script.bodies("gettoken")))
    assert tried[59] <= 8
    assert tried[-1] <= 60  # a day with a wrong secret, a call each minute; WeCom blocks at 2,000 an hour
    other.close()


def test_the_self_check_asks_again_at_once(client, script):
    script.script("gettoken", {"errcode": 40001}, {"access_token": "new", "expires_in": 7200})
    with pytest.raises(WecomCredentialError):
        client.check_token(Credential.APP)
    client.check_token(Credential.APP)
    assert AccessToken.objects.get().refused_until is None


def test_an_untrusted_address_is_named(client, script):
    script.script(
        READ.path,
        {
            "errcode": 60020,
            "errmsg": "not allow to access from your ip, hint: [1_2_3], from ip: 203.0.113.7, more info at x",
        },
    )
    with pytest.raises(TrustedIpError) as caught:
        client.call(READ)
    assert caught.value.ip == "203.0.113.7"


def test_the_difference_of_clocks_is_read_from_the_answers(client, script):
    assert client.skew_seconds() is None
    ahead = (clock.wall() + timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    script.script(READ.path, httpx.Response(200, json={"errcode": 0}, headers={"date": ahead}))
    client.call(READ)
    assert -302 < client.skew_seconds() < -298


LOST = [
    httpx.ReadTimeout("x"),
    httpx.RemoteProtocolError("x"),
    httpx.ReadError("x"),
    httpx.Response(502, text="bad gateway"),
    httpx.Response(200, text="<html>"),
    httpx.Response(200, json=[1]),
]


@pytest.mark.parametrize("broken", LOST, ids=str)
def test_a_lost_answer_is_an_unknown_outcome_for_calls_that_may_not_be_repeated(client, script, broken):
    script.script(ONCE.path, broken)
    with pytest.raises(WecomUnknownOutcomeError) as caught:
        client.call(ONCE, {})
    assert caught.value.retry == RetryNever()
    assert len(script.bodies(ONCE.path)) == 1


@pytest.mark.parametrize("broken", LOST, ids=str)
def test_a_lost_answer_is_asked_for_again_where_that_is_harmless(client, script, broken):
    script.script(READ.path, broken, {"x": 1})
    assert client.call(READ)["x"] == 1


@pytest.mark.parametrize("endpoint", [READ, ONCE])
@pytest.mark.parametrize(
    "broken", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")], ids=str
)
def test_what_was_never_sent_may_be_tried_later(client, script, endpoint, broken):
    script.script(endpoint.path, broken)
    with pytest.raises(WecomBusyError) as caught:
        client.call(endpoint)
    assert caught.value.retry == RetryLater(5.0)


@pytest.mark.parametrize(
    ("endpoint", "errcode", "kind"),
    [
        (READ, 84061, NotAContactError),
        (READ, 41050, WecomRequestError),
        (READ, 60020, TrustedIpError),
        (READ, 99999, WecomRefusedError),
        (endpoints.WELCOME_SEND, 41051, WelcomeSpentError),
        (endpoints.WELCOME_SEND, 41050, WelcomeSpentError),
        (endpoints.WELCOME_SEND, 41096, WecomBusyError),
    ],
)
def test_codes_become_types(client, script, endpoint, errcode, kind):
    script.script(endpoint.path, {"errcode": errcode, "errmsg": "no"})
    with pytest.raises(kind) as caught:
        client.call(endpoint)
    assert type(caught.value) is kind
    assert (caught.value.endpoint, caught.value.errcode) == (endpoint.path, errcode)
    assert endpoint.path in str(caught.value) or kind is WelcomeSpentError


def test_a_page_without_errcode_or_with_a_senseless_one(client, script):
    script.script(READ.path, httpx.Response(200, json={"x": 1}), httpx.Response(200, json={"errcode": "?"}))
    assert client.call(READ)["x"] == 1
    with pytest.raises(WecomAnswerError):
        client.call(READ)


def test_a_client_error_of_a_gateway_is_final(client, script):
    script.script(ONCE.path, httpx.Response(404, text="nothing here"))
    with pytest.raises(WecomRefusedError) as caught:
        client.call(ONCE, {})
    assert caught.value.detail == "HTTP 404"


def test_pages_end_at_an_empty_or_repeated_cursor(client, script):
    endpoint = endpoints.MASS_TASKS
    script.script(
        endpoint.path, {"n": 1, "next_cursor": "a"}, {"n": 2, "next_cursor": "b"}, {"n": 3, "next_cursor": ""}
    )
    assert [page["n"] for page in client.pages(endpoint, {"msgid": "m"})] == [1, 2, 3]
    assert [body["cursor"] for body in script.bodies(endpoint.path)] == ["", "a", "b"]
    script.script(endpoint.path, {"next_cursor": "same"})
    assert len(list(client.pages(endpoint, {}))) == 2


def test_secrets_never_reach_the_log(client, script, caplog):
    script.script(READ.path, {})
    with caplog.at_level(logging.DEBUG, logger="httpx"):
        client.call(READ, params={"external_userid": "wm1"})
    assert "wm1" in caplog.text
    assert "access_token=***" in caplog.text
    for secret in ("token-1", corp_settings().secrets.of(Credential.APP)):
        assert secret not in caplog.text
    assert "emulator" not in repr(corp_settings())


@pytest.mark.django_db(transaction=True)
def test_ten_threads_in_need_of_a_token_fetch_one():
    fetched = []

    def fetch(_credential):
        fetched.append(1)
        time.sleep(0.2)
        return "shared", 7200

    found, stores = [], [TokenStore("corp", str, fetch) for _ in range(5)]

    def work(store):
        found.append(store.get(Credential.APP).value)
        connection.close()

    threads = [threading.Thread(target=work, args=(store,)) for store in stores * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["shared"] * 10
    assert fetched == [1]


def test_a_lease_left_by_a_dead_process_is_taken_over(db):
    AccessToken.objects.create(
        corp="corp", app="app", refreshing_by="dead", refreshing_until=clock.wall() - timedelta(seconds=1)
    )
    assert TokenStore("corp", str, lambda _: ("new", 7200)).get(Credential.APP).value == "new"


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (b"a\\u0000b", "ab"),
        (b"a\x00b", "ab"),
        (b"a\\ud83d", "a\ufffd"),
        (b"\\uDE00b", "\ufffdb"),
        (b"\\ud83d\\ude00", "\U0001f600"),
        (b"a\x08b", "a\x08b"),
        (b"\xe8\x81", "\ufffd"),
        ("聚".encode(), "聚"),
    ],
)
def test_names_that_no_database_holds_do_not_cost_the_page_they_stand_on(db, script, name, read):
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(READ.path):
            return httpx.Response(200, content=b'{"errcode":0,"rows":[{"name":"' + name + b'"}]}')
        return script.handle(request)

    client = WecomClient(corp_settings(), httpx.MockTransport(handle))
    assert client.call(READ, params={"external_userid": "wm1"})["rows"] == [{"name": read}]
    client.close()
