"""What tests of other rooms need of the connector: a scripted WeCom, and callbacks as WeCom would send them."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

import httpx
from django.conf import settings

from juqun.channels.wecom.client import WecomClient, replaced
from juqun.channels.wecom.crypto import CallbackCrypto
from juqun.channels.wecom.operations import open_callback, store_callbacks
from juqun.channels.wecom.settings import corp_settings
from juqun.kernel import clock, events

Answer = Mapping[str, Any] | Callable[[dict[str, Any]], Mapping[str, Any]] | Exception | httpx.Response


@dataclass(slots=True)
class ScriptedWecom:
    """Answers by path; each path has a list of answers, the last of which stays. `calls` records (path, body or query)."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens_given: int = 0

    def script(self, path: str, *answers: Answer) -> None:
        """Answer calls of `path` with `answers` in turn."""
        self.answers[path] = list(answers)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What was sent to `path`."""
        return [body for called, body in self.calls if called == path]

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        path = request.url.path.removeprefix("/cgi-bin/")
        if path == "gettoken" and path not in self.answers:
            self.tokens_given += 1
            return httpx.Response(
                200, json={"errcode": 0, "access_token": f"token-{self.tokens_given}", "expires_in": 7200}
            )
        body = dict(request.url.params)
        if request.headers.get("content-type") == "application/json":
            body |= json.loads(request.content)
        self.calls.append((path, body))
        script = self.answers[path]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(
            200, json={"errcode": 0, "errmsg": "ok", **(answer(body) if callable(answer) else answer)}
        )


@contextmanager
def scripted_wecom() -> Iterator[ScriptedWecom]:
    """Let every call of this process go to a ScriptedWecom."""
    script = ScriptedWecom()
    with replaced(WecomClient(corp_settings(), httpx.MockTransport(script.handle))):
        yield script


@contextmanager
def without_subscribers() -> Iterator[None]:
    """Publish events to nobody: what the connector itself does, without the rooms above."""
    before = events.wired()
    events.wire({})
    try:
        yield
    finally:
        events.wire(dict(before.values()))


def callback_xml(**texts: str) -> str:
    """A plain event with WeCom's common fields; `Event` and the rest as given."""
    common = {
        "ToUserName": settings.JUQUN_WECOM_CORP_ID,
        "FromUserName": "sys",
        "CreateTime": str(int(clock.now().timestamp())),
        "MsgType": "event",
    }
    inner = "".join(f"<{tag}><![CDATA[{text}]]></{tag}>" for tag, text in {**common, **texts}.items())
    return f"<xml>{inner}</xml>"


def signed_callback(xml: str, *, timestamp: str | None = None, corp_id: str | None = None) -> tuple[str, bytes]:
    """(query string, body) of a callback as WeCom sends it to our URL."""
    crypto = CallbackCrypto(
        settings.JUQUN_WECOM_CALLBACK_TOKEN,
        settings.JUQUN_WECOM_CALLBACK_AES_KEY,
        corp_id or settings.JUQUN_WECOM_CORP_ID,
    )
    timestamp = timestamp or str(int(clock.now().timestamp()))
    encrypted, nonce = crypto.encrypt(xml.encode()), "1372623149"
    query = {"msg_signature": crypto.sign(timestamp, nonce, encrypted), "timestamp": timestamp, "nonce": nonce}
    body = (
        f"<xml><ToUserName><![CDATA[{settings.JUQUN_WECOM_CORP_ID}]]></ToUserName>"
        f"<AgentID><![CDATA[{settings.JUQUN_WECOM_AGENT_ID}]]></AgentID><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return urlencode(query), body.encode()


def receive(xml: str) -> int:
    """Bring one callback through verification into the inbox, in place; 1 when it was new, else 0."""
    query, body = signed_callback(xml)
    fields = httpx.QueryParams(query)
    opened = open_callback(
        signature=fields["msg_signature"], timestamp=fields["timestamp"], nonce=fields["nonce"], body=body
    )
    return store_callbacks(callbacks=[opened])


class ScriptedWays:
    """Contact ways and join ways that a ScriptedWecom remembers: what was written is what is read; tests may change `rows`."""

    def __init__(self, script: ScriptedWecom) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        for folder, name, shown in (
            ("externalcontact/", "contact_way", "contact_way"),
            ("externalcontact/groupchat/", "join_way", "join_way"),
        ):
            script.script(f"{folder}add_{name}", self._add)
            script.script(f"{folder}get_{name}", partial(self._get, shown))
            script.script(f"{folder}update_{name}", self._update)
            script.script(f"{folder}del_{name}", self._delete)
        script.script(
            "externalcontact/list_contact_way", lambda _: {"contact_way": [{"config_id": i} for i in self.rows]}
        )

    def _add(self, body: dict[str, Any]) -> dict[str, Any]:
        config_id = f"config-{len(self.rows) + 1}"
        self.rows[config_id] = {**body, "qr_code": f"https://qr.example/{config_id}"}
        return {"config_id": config_id, "qr_code": self.rows[config_id]["qr_code"]}

    def _get(self, shown: str, body: dict[str, Any]) -> dict[str, Any]:
        row = self.rows.get(body["config_id"])
        return {"errcode": 41044} if row is None else {shown: {**row, "config_id": body["config_id"]}}

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["config_id"] not in self.rows:
            return {"errcode": 41044}
        self.rows[body["config_id"]] |= {name: value for name, value in body.items() if name != "access_token"}
        return {}

    def _delete(self, body: dict[str, Any]) -> dict[str, Any]:
        return {} if self.rows.pop(body["config_id"], None) else {"errcode": 41044}
