"""A desk to work the emulator from (API, admin side, actors) and a receiver that decrypts what it calls back."""

import asyncio
import socket
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from wecom_emulator import crypto
from wecom_emulator.running import RunningEmulator, run_in_thread
from wecom_emulator.tests.described import misfits_of

CORP = "wx5823bf96d3bd56c7"
TOKEN = "QDG6eK"
APP_SECRET = "emulator-app-secret"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
START = "2017-11-27T04:00:00Z"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


class Desk:
    """Everything a test does to an emulator."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        self.http = httpx.Client(base_url=emulator.base_url, trust_env=False, timeout=30)
        self._tokens: dict[str, str] = {}

    def token(self, secret: str = APP_SECRET) -> str:
        if secret not in self._tokens:
            answer = self.http.get("/cgi-bin/gettoken", params={"corpid": CORP, "corpsecret": secret}).json()
            self._tokens[secret] = answer["access_token"]
        return self._tokens[secret]

    def get(self, path: str, *, secret: str = APP_SECRET, **query: Any) -> Any:
        params = {"access_token": self.token(secret), **query}
        answer = self.http.get(f"/cgi-bin/{path}", params=params)
        assert answer.status_code == 200
        return answer.json()

    def post(self, path: str, *, secret: str = APP_SECRET, **body: Any) -> Any:
        answer = self.http.post(f"/cgi-bin/{path}", params={"access_token": self.token(secret)}, json=body)
        assert answer.status_code == 200
        return answer.json()

    def ok(self, path: str, **body: Any) -> Any:
        answer = self.post(path, **body)
        assert answer["errcode"] == 0, answer
        return answer

    def admin(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.http.request(method, f"/emulator{path}", json=body)
        assert answer.status_code == status, answer.text
        if status == 200:
            assert misfits_of(method, path, body, answer.json()) == []
        return answer.json()

    def settings(self, **changes: Any) -> None:
        self.admin("PATCH", "/settings", changes)

    def advance(self, seconds: float) -> None:
        self.admin("POST", "/clock", {"advance_seconds": seconds})
        self.forget_tokens()

    def travel(self, now: str) -> None:
        self.admin("POST", "/clock", {"now": now})
        self.forget_tokens()

    def forget_tokens(self) -> None:
        self._tokens.clear()

    def staff(self, *userids: str, **fields: Any) -> None:
        rows = [{"userid": item, "name": item.title(), "department": [1], **fields} for item in userids]
        self.admin("POST", "/staff", {"staff": rows})

    def customers(self, number: int, **fields: Any) -> list[str]:
        rows = [{"name": f"Customer {item}", "unionid": f"union{item}", **fields} for item in range(number)]
        return list(self.admin("POST", "/customers", {"customers": rows})["external_userids"])

    def act(self, actor: str, actor_id: str, verb: str, *, status: int = 200, **fields: Any) -> Any:
        return self.admin("POST", f"/actors/{actor}/{actor_id}/{verb}", fields, status=status)

    def customer(self, actor_id: str, verb: str, *, status: int = 200, **fields: Any) -> Any:
        return self.act("customers", actor_id, verb, status=status, **fields)

    def member(self, actor_id: str, verb: str, *, status: int = 200, **fields: Any) -> Any:
        return self.act("staff", actor_id, verb, status=status, **fields)

    def befriend(self, userid: str, *customers: str) -> None:
        for item in customers:
            self.customer(item, "add", userid=userid)

    def inbox(self, customer: str) -> list[dict[str, Any]]:
        return list(self.admin("GET", f"/actors/customers/{customer}/inbox")["messages"])

    def upload(self, kind: str, content: bytes, *, path: str = "media/upload", name: str = "a.png") -> Any:
        params = {"access_token": self.token(), "type": kind}
        return self.http.post(f"/cgi-bin/{path}", params=params, files={"media": (name, content)}).json()

    def drain(self) -> dict[str, int]:
        return dict(self.admin("POST", "/callbacks/drain", {"timeout_seconds": 20}))


class Receiver:
    """A callback url that checks, decrypts and keeps every event; `plan` holds the statuses of its next answers."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.plan: list[int] = []
        self.delays: list[float] = []
        self.requests = 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.sock.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.sock.getsockname()[1]}/callback"
        self.server = uvicorn.Server(
            uvicorn.Config(self, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        )
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve([self.sock])), daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.005)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.sock.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1
        events = self.events  # of this test, also if the answer comes after its end
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = dict(httpx.QueryParams(scope["query_string"].decode()))
        if self.delays:
            await asyncio.sleep(self.delays.pop(0))
        status = self.plan.pop(0) if self.plan else 200
        answer = b"success"
        if scope["method"] == "GET":
            answer = self.opened(query, query["echostr"])
        elif status == 200:
            envelope = ET.fromstring(body)  # noqa: S314 - our own emulator sends it
            assert envelope.findtext("ToUserName") == CORP
            events.append(self.parsed(self.opened(query, envelope.findtext("Encrypt") or "")))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    def opened(self, query: dict[str, str], encrypted: str) -> bytes:
        expected = crypto.sign(token=TOKEN, timestamp=query["timestamp"], nonce=query["nonce"], encrypted=encrypted)
        assert query["msg_signature"] == expected
        return crypto.decrypt(encrypted, key=crypto.decode_key(AES_KEY), receive_id=CORP)

    @staticmethod
    def parsed(plain: bytes) -> dict[str, Any]:
        root = ET.fromstring(plain)  # noqa: S314 - our own emulator sends it
        return {item.tag: [child.text for child in item] if len(item) else item.text for item in root}


@pytest.fixture(scope="session")
def emulator() -> Iterator[RunningEmulator]:
    with run_in_thread() as running:
        yield running


@pytest.fixture(scope="session")
def listener() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def desk(emulator: RunningEmulator) -> Iterator[Desk]:
    made = Desk(emulator)
    made.admin("POST", "/reset")
    made.admin("POST", "/clock", {"now": START, "frozen": True})
    made.settings(callback_retry_pause_seconds=0.01)
    yield made
    made.http.close()


@pytest.fixture
def receiver(desk: Desk, listener: Receiver) -> Receiver:
    listener.events, listener.plan, listener.delays, listener.requests = [], [], [], 0
    desk.admin("PUT", "/callback", {"url": listener.url, "token": TOKEN, "encoding_aes_key": AES_KEY})
    return listener
