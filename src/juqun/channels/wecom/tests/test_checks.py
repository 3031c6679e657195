"""Every line of the self-check against the emulator, as it is and as it breaks."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
from django.conf import settings as django_settings

from juqun.channels.wecom import client as client_module
from juqun.channels.wecom import endpoints, operations
from juqun.channels.wecom.budget import Budget
from juqun.channels.wecom.models import InboxCallback
from juqun.channels.wecom.operations import check_url
from juqun.channels.wecom.operations.checks import reach
from juqun.channels.wecom.testing import callback_xml, receive, scripted_wecom
from juqun.channels.wecom.types import CheckInput, CheckLevel
from juqun.kernel import clock
from juqun.kernel.errors import NotFoundError
from wecom_emulator.running import run_in_thread
from wecom_emulator.state.corp import DEFAULT_AGENT_ID

pytestmark = pytest.mark.django_db
OK, WARN, FAIL = CheckLevel.OK, CheckLevel.WARN, CheckLevel.FAIL


class Emulator:
    def __init__(self, running):
        self.running = running
        self.http = httpx.Client(base_url=running.base_url + "/emulator/", timeout=20)

    def post(self, path, **body):
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text

    def set(self, **settings):
        assert self.http.patch("settings", json=settings).status_code == 200

    def app(self, **fields):
        """Put the corp back with another self-built app."""
        corp = self.http.get("corp").json()
        app = next(one for one in corp["apps"] if one["agent_id"] == DEFAULT_AGENT_ID)
        app.update(fields)
        assert self.http.put("corp", json=corp).status_code == 200


@pytest.fixture
def emulator(settings) -> Iterator[Emulator]:
    with run_in_thread() as running:
        settings.JUQUN_WECOM_BASE_URL = running.base_url
        emulator = Emulator(running)
        emulator.post("departments", departments=[{"id": 2, "name": "Shop", "parentid": 1}])
        emulator.post(
            "staff",
            staff=[
                {"userid": "wang", "name": "Wang", "department": [2]},
                {"userid": "chen", "name": "Chen", "department": [2]},
                {"userid": "qian", "name": "Qian", "department": [1]},
            ],
        )
        yield emulator
        emulator.http.close()


def look(key, *, staff=(), join_ways=0, url="http://127.0.0.1:9/"):
    given = CheckInput(callback_url=url, staff_userids=tuple(staff), join_ways=join_ways)
    line = operations.run_check(key=key, given=given)
    assert line.key == key
    assert line.name
    assert line.tried
    assert bool(line.remedy) == (line.level is not OK)
    assert django_settings.JUQUN_WECOM_SECRET not in str(line)
    return line.level, line.seen, line.remedy


def test_every_line_is_told_in_order_and_nothing_raises_without_wecom(settings):
    settings.JUQUN_WECOM_BASE_URL = "http://127.0.0.1:9"
    lines = operations.run_checks(given=CheckInput(callback_url="http://127.0.0.1:9/"))
    assert [(line.key, line.name) for line in lines] == operations.check_names()
    assert [line.key for line in lines if line.level is OK] == ["corp", "blocks"]
    assert {line.level for line in lines if line.key not in {"corp", "blocks", "last_callback", "staff"}} == {FAIL}
    with pytest.raises(NotFoundError):
        operations.run_check(key="nothing", given=CheckInput(callback_url=""))


def test_what_breaks_inside_a_check_is_a_line_too(monkeypatch):
    monkeypatch.setattr(client_module, "corp_settings", lambda: 1 / 0)
    level, seen, _ = look("token")
    assert (level, seen) == (FAIL, "ZeroDivisionError")


def test_corp(settings):
    assert look("corp")[0] is OK
    settings.JUQUN_WECOM_SECRET = ""
    assert "JUQUN_WECOM_SECRET" in operations.run_check(key="corp", given=CheckInput(callback_url="")).remedy
    settings.JUQUN_WECOM_CORP_ID = "Juqun Ltd"
    assert "begins with ww" in operations.run_check(key="corp", given=CheckInput(callback_url="")).remedy


def test_token(emulator, settings):
    assert look("token") == (OK, "obtained", "")
    settings.JUQUN_WECOM_SECRET = "not-the-one"
    level, seen, remedy = look("token")
    assert (level, seen) == (FAIL, "code 40001: invalid credential")
    assert "copy it again" in remedy
    settings.JUQUN_WECOM_CORP_ID = "ww1"
    level, seen, remedy = look("token")
    assert (level, seen[:10]) == (FAIL, "code 40013")
    assert "corp id is wrong" in remedy


def test_trusted_ip(emulator):
    assert look("trusted_ip") == (OK, "trusted", "")
    emulator.set(trusted_ips=["203.0.113.9"])
    level, seen, remedy = look("trusted_ip")
    assert (level, "127.0.0.1" in seen, "127.0.0.1" in remedy) == (FAIL, True, True)


@pytest.mark.parametrize(
    ("ticket", "follow", "level", "seen"),
    [
        (0, 0, OK, "a self-built app"),
        (0, 48002, FAIL, "a self-built app that may not call customer contact"),
        (48002, 0, WARN, "the system secret of customer contact, or an app whose kind cannot be told"),
        (40058, 0, WARN, "the system secret of customer contact, or an app whose kind cannot be told"),
        (48002, 48002, FAIL, "the secret of the address book's sync, or an app without rights"),
    ],
)
def test_kind_of_secret(ticket, follow, level, seen):
    with scripted_wecom() as wecom:
        wecom.script(endpoints.AGENT_TICKET.path, {"errcode": ticket, "ticket": "t", "expires_in": 7200})
        wecom.script(endpoints.FOLLOW_USER_LIST.path, {"errcode": follow, "follow_user": ["wang"]})
        assert look("secret_kind")[:2] == (level, seen)


@pytest.mark.parametrize(("minutes", "level"), [(0, OK), (1, WARN), (-3, FAIL)])
def test_clock(minutes, level):
    at = clock.wall() + timedelta(minutes=minutes)
    date = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    with scripted_wecom() as wecom:
        wecom.script(endpoints.DEPARTMENT_SIMPLE_LIST.path, httpx.Response(200, json={}, headers={"date": date}))
        assert look("clock")[0] is level


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def _answering(*, seconds=0.0, wrong=False):
    def answer(environ, start_response):
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        time.sleep(seconds)
        start_response("403 Forbidden" if wrong else "200 OK", [])
        if wrong:
            return [b"refused"]
        return [check_url(signature=query.pop("msg_signature"), **query)]

    server = make_server("127.0.0.1", 0, answer, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_callback(settings):
    with _answering() as url:
        level, seen, _ = look("callback", url=url)
        assert (level, seen[:24]) == (OK, "answers and decrypts in ")
        settings.JUQUN_WECOM_BASE_URL = "https://qyapi.weixin.qq.com"
        assert "Nobody outside" in look("callback", url=url)[2]
    settings.JUQUN_WECOM_BASE_URL = "http://127.0.0.1:9000"
    with _answering(seconds=1.1) as url:
        level, _, remedy = look("callback", url=url)
        assert (level, "after one second" in remedy) == (FAIL, True)
    with _answering(wrong=True) as url:
        level, seen, remedy = look("callback", url=url)
        assert (level, seen.endswith("answered HTTP 403"), "AES_KEY" in remedy) == (FAIL, True, True)
    level, seen, remedy = look("callback", url=url)
    assert (level, "out of reach" in seen, "JUQUN_PUBLIC_URL" in remedy) == (FAIL, True, True)
    settings.JUQUN_WECOM_CALLBACK_AES_KEY = "short"
    assert look("callback", url=url)[:2] == (FAIL, "the AES key is not one")


def test_latest_callback():
    assert look("last_callback")[:2] == (WARN, "none yet")
    receive(callback_xml(Event="change_external_tag", ChangeType="create", Id="t"))
    assert look("last_callback")[0] is OK
    with clock.travelled(clock.now() + timedelta(days=4)):
        assert look("last_callback")[0] is WARN


def test_callbacks_that_nobody_could_handle():
    receive(callback_xml(Event="change_external_tag", ChangeType="create", Id="t"))
    InboxCallback.objects.update(state="dead")
    level, seen, remedy = look("last_callback")
    assert (level, seen.endswith("1 could not be handled"), "Jobs" in remedy) == (WARN, True, True)


def test_follow_users(emulator):
    assert look("follow_users") == (OK, "3 people", "")
    emulator.app(visible_users=[], visible_departments=[])
    assert look("follow_users")[:2] == (FAIL, "nobody")
    emulator.app(customer_contact=False)
    level, seen, remedy = look("follow_users")
    assert (level, seen, "customer contact" in remedy) == (FAIL, "code 48002: api forbidden", True)


def test_visible_range(emulator):
    assert look("visible_range") == (OK, "2 departments, the whole corp", "")
    with scripted_wecom() as wecom:
        wecom.script(endpoints.DEPARTMENT_SIMPLE_LIST.path, {"department_id": [{"id": 2}]}, {"department_id": []})
        assert look("visible_range")[:2] == (WARN, "1 departments, not the whole corp")
        assert look("visible_range")[:2] == (WARN, "no department, at most single people")


def test_staff_here_and_there(emulator):
    assert look("staff")[:2] == (WARN, "no staff are entered here yet")
    assert look("staff", staff=["wang", "chen", "qian"]) == (OK, "the same 3 people", "")
    assert look("staff", staff=["wang", "nobody"])[:2] == (
        WARN,
        "cannot talk to customers: nobody (userid unknown); not entered here: chen, qian",
    )
    emulator.app(visible_departments=[1])
    emulator.app(visible_users=["wang"], visible_departments=[])
    assert look("staff", staff=["wang", "chen"])[1] == ("cannot talk to customers: chen (outside of the visible range)")
    emulator.app(visible_users=None, visible_departments=None)
    emulator.post("staff", staff=[{"userid": f"u{n}", "name": "U", "department": [1]} for n in range(7)])
    assert look("staff", staff=["wang", "chen", "qian"])[1] == "not entered here: u0, u1, u2, u3, u4 and 2 more"
    emulator.post("staff", staff=[{"userid": "off", "name": "Off", "department": [1], "feature_on": False}])
    staff = ["wang", "chen", "qian", "off", *(f"u{n}" for n in range(7))]
    assert look("staff", staff=staff)[1] == "cannot talk to customers: off (customer contact is off)"


def test_live_codes(emulator, monkeypatch):
    operations.create_contact_way(userids=["wang"], state="a", remark="")
    assert look("ways", join_ways=2) == (OK, "3 of 500,000", "")
    monkeypatch.setattr(reach, "WAYS_LIMIT", 3)
    assert look("ways", join_ways=2)[:2] == (WARN, "3 of 3")


def test_counting_many_codes_ends_in_time(monkeypatch):
    monkeypatch.setattr(reach, "COUNT_SECONDS", -1.0)
    with scripted_wecom() as wecom:
        page = {"contact_way": [{"config_id": "c"}] * 1000, "next_cursor": "more"}
        wecom.script(endpoints.CONTACT_WAY_LIST.path, page)
        assert look("ways")[:2] == (OK, "at least 1,000 of 500,000")


def test_tags(emulator, monkeypatch):
    operations.ensure_corp_tags(group_name="tier", names=["gold", "silver"])
    assert look("tags") == (OK, "2 of 3,000", "")
    monkeypatch.setattr(reach, "TAGS_LIMIT", 2)
    assert look("tags")[:2] == (WARN, "2 of 2")


@pytest.mark.parametrize(
    ("answer", "level", "seen"),
    [
        ({"total": 0, "balance": 0}, OK, "nothing was bought"),
        ({"total": 500, "balance": 20}, OK, "20 of 500 customers left"),
        ({"total": 500, "balance": 19}, WARN, "19 of 500 customers left"),
        ({"total": 500, "balance": 0}, WARN, "0 of 500 customers left"),
        ({"errcode": 48002}, OK, "not open to this app"),
    ],
)
def test_acquisition_balance(answer, level, seen):
    with scripted_wecom() as wecom:
        wecom.script(endpoints.ACQUISITION_QUOTA.path, answer)
        assert look("acquisition")[:2] == (level, seen)


def test_customer_service(emulator):
    assert look("customer_service") == (OK, "1 of 1 accounts are managed by this app", "")
    emulator.app(kf=False)
    assert look("customer_service")[:2] == (WARN, "not open to this app")
    with scripted_wecom() as wecom:
        row = {"open_kfid": "wk1", "name": "Desk", "manage_privilege": False}
        wecom.script(endpoints.KF_ACCOUNT_LIST.path, {"account_list": [row]})
        assert look("customer_service")[0] is WARN


def test_address_book_sync(emulator, settings):
    assert look("contact_sync") == (OK, "reads the address book", "")
    settings.JUQUN_WECOM_CONTACT_SECRET = "wrong"
    assert look("contact_sync")[:2] == (FAIL, "code 40001: invalid credential")
    settings.JUQUN_WECOM_CONTACT_SECRET = ""
    assert look("contact_sync")[0] is OK


def test_address_book_sync_with_another_secret():
    with scripted_wecom() as wecom:
        wecom.script(endpoints.USER_LIST_ID.path, {"errcode": 48002})
        assert look("contact_sync")[:2] == (FAIL, "not a secret of the address book's sync")


@pytest.mark.parametrize(
    ("answer", "level", "seen"),
    [
        ({"errcode": 48002}, OK, "not open to this app"),
        ({"errcode": 301052}, OK, "not open to this app"),
        ({"ids": ["wang", "li"]}, OK, "open for 2 people"),
        ({"errcode": 45009}, FAIL, "msgaudit/get_permit_user_list: busy or out of reach (code 45009)"),
    ],
)
def test_message_archive(answer, level, seen):
    with scripted_wecom() as wecom:
        wecom.script(endpoints.ARCHIVE_PERMITTED_USERS.path, answer)
        assert look("archive")[:2] == (level, seen)


def test_blocked_calls():
    assert look("blocks") == (OK, "none", "")
    Budget(django_settings.JUQUN_WECOM_CORP_ID).block(endpoints.TAG_MARK)
    level, seen, _ = look("blocks")
    assert (level, seen.startswith("externalcontact/mark_tag (")) == (WARN, True)
