"""Whatever a client sends, the answer is errcode and HTTP 200; whatever an admin sends, it is never a 5xx."""

import asyncio
import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from wecom_emulator import api, rules
from wecom_emulator.actors.verbs import VERBS
from wecom_emulator.api.call import ENDPOINTS
from wecom_emulator.app import create_app
from wecom_emulator.running import build_world

ODD: list[Any] = [None, True, -1, 0, 2**63, 1.5, "", "x", "聚" * 2000, [], [1], ["x"], [None], [[]], {}, {"x": 1}, [{}]]
ODD += [{"group_list": [{"tag_list": [[]]}]}, {"list": [5]}]
ODD += [
    [{"tag_list": 5}],
    {"group_list": 5},
    {"group_list": [5]},
    {"userid_list": 5},
    [{"msgtype": []}],
    {"content": 5},
]
SOUND: dict[str, Any] = {
    "userid": "x",
    "external_userid": "x",
    "name": "N",
    "text": {"content": "hi"},
    "sender": "",
    "chat_type": "single",
    "tag_filter": {"group_list": []},
    "attachments": [],
    "type": 2,
    "scene": 2,
    "user": ["x"],
    "party": [],
    "state": "s",
    "conclusions": {},
    "group_name": "g",
    "tag": [{"name": "a"}],
    "userid_list": ["x"],
    "owner_filter": {"userid_list": ["x"]},
    "day_begin_time": 1511668800,
    "limit": 10,
    "cursor": "",
    "open_kfid": "wkEmulatorDefaultAccount00000001",
    "touser": "x",
    "toparty": "1",
    "msgtype": "text",
    "agentid": 1000002,
    "remark": "r",
    "msgid": "m",
    "start_time": 1511668800,
    "end_time": 1511668801,
    "external_userid_list": ["x"],
    "mobile": "1",
    "parentid": 1,
    "department": [1],
    "service_state": 3,
    "servicer_userid": "x",
    "department_id_list": [1],
    "question": {"text": {"content": "q"}},
    "answers": [{"text": {"content": "a"}}],
    "markdown": {"content": "m"},
}
SECRETS = {"contacts_write": "emulator-contact-secret", "archive": "emulator-archive-secret"}
DEEP: dict[str, dict[str, Any]] = {
    "externalcontact/transfer_customer": {"handover_userid": "x", "takeover_userid": "y", "external_userid": ["x"]},
    "externalcontact/transfer_result": {"handover_userid": "x", "takeover_userid": "y"},
    "externalcontact/groupchat/onjob_transfer": {"chat_id_list": ["x"], "new_owner": "y"},
    "externalcontact/get_unassigned_list": {"page_id": 1, "page_size": 2},
    "externalcontact/group_welcome_template/add": {
        "text": {"content": "x"},
        "link": {"title": "x", "url": "http://x"},
        "notify": 1,
        "agentid": 1000002,
    },
    "externalcontact/customer_acquisition/create_link": {
        "link_name": "x",
        "range": {"user_list": ["x"], "department_list": [1]},
        "skip_verify": True,
        "priority_option": {"priority_type": 2, "priority_userid_list": ["x"]},
    },
    "externalcontact/customer_strategy/create": {
        "parent_id": 0,
        "strategy_name": "x",
        "admin_list": ["x"],
        "privilege": {"contact_me": True},
        "range": [{"type": 1, "userid": "x"}],
    },
    "externalcontact/add_contact_way": {
        "type": 1,
        "scene": 2,
        "user": ["x"],
        "is_temp": True,
        "expires_in": 60,
        "conclusions": {"text": {"content": "x"}, "link": {"title": "x", "url": "http://x"}},
    },
    "externalcontact/get_user_behavior_data": {
        "userid": ["x"],
        "partyid": [1],
        "start_time": 1511668800,
        "end_time": 1511668801,
    },
    "externalcontact/groupchat/statistic_group_by_day": {"day_begin_time": 1511668800, "day_end_time": 1511668801},
}
"""Sound bodies of calls that refuse anything less before they look further."""

MESSAGE_TYPES = ("image", "link", "msgmenu", "miniprogram", "location", "ca_link", "news", "template_card", "markdown")
"""Types of messages whose bodies are fuzzed where a message is sent."""

KF = "wkEmulatorDefaultAccount00000001"
PARAMETER = re.compile(r'"([a-z_]+)"')


def parameters() -> list[str]:
    """Return every name that the area modules and their rules mention: their parameters are among them."""
    folders = [Path(package.__file__ or "").parent for package in (api, rules)]
    source = "".join(file.read_text(encoding="utf-8") for folder in folders for file in folder.glob("*.py"))
    return sorted(set(PARAMETER.findall(source)))


class Client:
    """Calls the application in place, without a network; an error inside it is raised in the test."""

    def __init__(self, runner: asyncio.Runner) -> None:
        limits = {"rate_per_minute": 0, "rate_per_hour": 0}
        world = build_world(clock="2017-11-27T04:00:00Z", frozen=True, archive_on=True, **limits)
        transport = httpx.ASGITransport(create_app(world))
        self.runner = runner
        self.key = ""
        self.http = httpx.AsyncClient(transport=transport, base_url="http://emulator")

    def request(self, method: str, path: str, **fields: Any) -> httpx.Response:
        return self.runner.run(self.http.request(method, path, **fields))

    def get(self, path: str, **fields: Any) -> httpx.Response:
        return self.request("GET", path, **fields)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        return self.request("POST", path, **fields)


@pytest.fixture
def client() -> Iterator[Client]:
    with asyncio.Runner() as runner:
        made = Client(runner)
        made.post("/emulator/staff", json={"staff": [{"userid": "x", "name": "X"}]})
        made.post("/emulator/customers", json={"customers": [{"external_userid": "x", "name": "X"}]})
        made.post("/emulator/actors/customers/x/add", json={"userid": "x"})
        made.post("/emulator/actors/customers/x/write", json={"to": "kf", "open_kfid": KF, "text": "q"})
        made.key = made.post("/emulator/actors/admin/add_webhook", json={"name": "W"}).json()["key"]
        yield made


def bodies(path: str, names: list[str], rng: Random) -> Iterator[dict[str, Any]]:
    """Yield bodies of odd values, and a sound body with one odd value at a time (a seeded few of them)."""
    for _ in ODD:
        yield dict(zip(rng.sample(names, 60), cycle(rng.sample(ODD, len(ODD))), strict=False))
    for name in SOUND:
        for odd in rng.sample(ODD, 2):
            yield {**SOUND, name: odd}
    for msgtype in MESSAGE_TYPES if "send" in path or "msg" in path else ():
        for odd in rng.sample(ODD, 4):
            yield {**SOUND, "msgtype": msgtype, msgtype: odd}
            yield {**SOUND, "msgtype": msgtype, msgtype: {"list": odd, "articles": odd, "url": odd, "card_action": odd}}
    for odd in ODD:
        yield {**SOUND, "sender": "x", "external_userid": [], "tag_filter": odd}


def token(client: Client, secret: str) -> str:
    query = {"corpid": "wx5823bf96d3bd56c7", "corpsecret": secret}
    return str(client.get("/cgi-bin/gettoken", params=query).json()["access_token"])


@pytest.mark.parametrize("path", sorted(ENDPOINTS))
def test_odd_parameters_are_answered(client: Client, path: str):
    names, rng = parameters(), Random(path)
    endpoint = ENDPOINTS[path]
    secret = SECRETS.get(endpoint.right, "emulator-app-secret")
    query = {"access_token": token(client, secret), "key": client.key, "type": "file"}
    get = endpoint.methods == ("GET",)
    for body in bodies(path, names, rng):
        if get:
            shown = {name: str(value)[:50] for name, value in body.items()}
            answer = client.get(f"/cgi-bin/{path}", params={**shown, **query})
        else:
            answer = client.post(f"/cgi-bin/{path}", params=query, json=body)
        assert answer.status_code == 200
        assert isinstance(answer.json()["errcode"], int)


def with_odd_parts(sound: Any) -> Iterator[Any]:
    """Yield a body with one odd value in the place of each of its parts, at any depth."""
    for name, value in sound.items():
        yield from ({**sound, name: odd} for odd in ODD)
        if isinstance(value, dict):
            yield from ({**sound, name: inner} for inner in with_odd_parts(value))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ({**sound, name: [inner]} for inner in with_odd_parts(value[0]))


@pytest.mark.parametrize("path", sorted(DEEP))
def test_odd_parts_of_sound_bodies_are_answered(client: Client, path: str):
    client.post("/emulator/staff", json={"staff": [{"userid": "y", "name": "Y"}]})
    query = {"access_token": token(client, "emulator-app-secret")}
    assert client.post(f"/cgi-bin/{path}", params=query, json=DEEP[path]).json()["errcode"] == 0
    for body in with_odd_parts(DEEP[path]):
        answer = client.post(f"/cgi-bin/{path}", params=query, json=body)
        assert (answer.status_code, type(answer.json()["errcode"])) == (200, int), body


@pytest.mark.parametrize("actor", ["customer", "staff", "admin"])
def test_odd_actions_are_refused(client: Client, actor: str):
    verbs = [name for kind, name in VERBS if kind == actor]
    assert verbs
    names = ["userid", "external_userid", "chat_id", "to", "state", "kind", "msgid", "members", "name", "text"]
    names += [
        "targets",
        "template_id",
        "internal",
        "accepted",
        "group_name",
        "names",
        "ids",
        "group_id",
        "id",
        "link_id",
    ]
    names += ["amount", "expire_date", "remark_mobiles", "chat_type"]
    names += ["owner", "add_tag", "remove_tag", "remark", "scene", "open_kfid", "url", "qr_code", "add_way"]
    names += ["moment_id", "tag_ids", "attachments", "undo", "key", "id", "department_id", "parentid", "department"]
    names += ["mobile", "direct_leader", "is_leader_in_dept", "extattr", "tagid", "userlist", "partylist", "remove"]
    whose = {"customer": "customers/x", "staff": "staff/x", "admin": "admin"}[actor]
    kf_names = ["msgtype", "message", "menu_id", "refuses", "to_userid", "wechat_channels", "times", "fail_type", "key"]
    kf_names += ["managers", "api_managed", "smart_reply", "native_welcome", "userids", "departments", "chat_ids"]
    types = ["merged_msg", "msgmenu", "image", "link"]
    sound = {"open_kfid": KF, "external_userid": "x", "key": client.key, "to": "kf", "text": "t"}
    rng = Random(actor)
    for verb in verbs:
        tried = []
        for odd in ODD:
            tried += [dict.fromkeys(names, odd), {"userid": "x", "name": "N", **dict.fromkeys(names[6:8], odd)}]
        if "kf" in verb or verb == "write":
            tried += [{**sound, name: odd} for name in kf_names for odd in rng.sample(ODD, 3)]
            for kind in types:
                tried += [{**sound, "msgtype": kind, "message": {"item": odd, "list": odd, "size": odd}} for odd in ODD]
        for body in tried:
            answer = client.post(f"/emulator/actors/{whose}/{verb}", json=body)
            assert answer.status_code in (200, 400, 404, 409), (verb, body, answer.text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/corp"),
        ("PATCH", "/settings"),
        ("PUT", "/callback"),
        ("POST", "/clock"),
        ("POST", "/departments"),
        ("POST", "/staff"),
        ("POST", "/customers"),
        ("POST", "/actors/batch"),
        ("POST", "/callbacks/drain"),
        ("POST", "/faults"),
        ("POST", "/jssdk/verify"),
        ("POST", "/archive/pull"),
    ],
)
def test_odd_admin_calls_are_refused(client: Client, method: str, path: str):
    names = ["departments", "staff", "customers", "actions", "now", "frozen", "advance_seconds", "timeout_seconds"]
    names += ["url", "token", "encoding_aes_key", "agent_id", "verify", "route", "times", "settings", "apps"]
    names += ["kind", "signature", "noncestr", "timestamp", "secret", "seq", "limit"]
    for odd in ODD:
        for body in (odd, dict.fromkeys(names, odd), *({name: odd} for name in names)):
            answer = client.request(method, f"/emulator{path}", json=body)
            assert answer.status_code in (200, 400, 404, 409), (body, answer.text)


@pytest.mark.parametrize("path", ["/connect/oauth2/authorize", "/wwopen/sso/qrConnect"])
def test_odd_page_visits_are_refused(client: Client, path: str):
    sound = {"appid": "wx5823bf96d3bd56c7", "redirect_uri": "https://x", "response_type": "code", "agentid": "1000002"}
    for name in ("appid", "redirect_uri", "response_type", "agentid", "state", "scope", "as"):
        for odd in ODD:
            answer = client.get(path, params={**sound, name: str(odd)[:500]})
            assert answer.status_code in (200, 302, 400), (name, odd)


UNWRITABLE = [
    b"[" * 100_000,
    b'{"name":' * 100_000,
    b'{"name": "\\ud800", "userid": "y", "staff": []}',
    b'{"name": "\\uDFFF", "x": Infinity}',
    b'{"advance_seconds": NaN}',
    b'{"advance_seconds": 1e999}',
    b"\xff\xfe",
]
"""What is JSON to a lenient reader, or kills it, and could not be written again: taken in, it would shut the corp to every reader."""


@pytest.mark.parametrize("raw", UNWRITABLE)
def test_json_that_cannot_be_written_again_is_refused(client: Client, raw: bytes):
    query = {"access_token": token(client, "emulator-app-secret")}
    for path in ("externalcontact/add_corp_tag", "externalcontact/groupchat/list", "kf/account/add"):
        answer = client.post(f"/cgi-bin/{path}", params=query, content=raw)
        assert answer.status_code == 200
        assert answer.json()["errmsg"].startswith("Warning: wrong json format.")
    for method, path in (("POST", "/clock"), ("PUT", "/corp"), ("PATCH", "/settings"), ("POST", "/archive/pull")):
        assert client.request(method, f"/emulator{path}", content=raw).status_code == 400, path
    assert client.get("/emulator/corp").status_code == 200


def test_a_whole_pair_of_surrogates_is_a_character(client: Client):
    raw = b'{"customers": [{"external_userid": "y", "name": "\\ud83d\\ude00"}]}'
    assert client.post("/emulator/customers", content=raw).status_code == 200
    assert client.get("/emulator/corp").json()["persons"]["y"]["name"] == "\U0001f600"


@pytest.mark.parametrize(
    "document",
    [
        b'{"settings": {"rate_caps": {"user/get": "often"}}}',
        b'{"settings": {"receiving_cap": "x"}}',
        b'["", "", "settings", {"callback_order": "x"}]',
        b'["counters", "", "config", "x"]',
        b'["apps", "", "1", 5]',
    ],
)
def test_a_corp_that_no_call_could_bear_is_not_taken(client: Client, document: bytes):
    before = client.get("/emulator/corp").json()
    assert client.request("PUT", "/emulator/corp", content=document).status_code == 400
    assert client.get("/emulator/corp").json() == before
