"""Live updates: who hears of what, that nobody who stopped listening holds anything up, and that the end is quick."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from wecom_emulator.live import KINDS, kind_of
from wecom_emulator.running import build_world, run_in_thread
from wecom_emulator.tests.conftest import Desk

PATIENCE = 10


class Listener:
    """A browser's end of a stream: collects the kinds that it was told."""

    def __init__(self, base_url: str, actor: str) -> None:
        self.kinds: list[str] = []
        self.opened = threading.Event()
        self.ended = threading.Event()
        self._url = f"{base_url}/emulator/stream?actor={actor}"
        threading.Thread(target=self._listen, daemon=True).start()
        assert self.opened.wait(PATIENCE)

    def _listen(self) -> None:
        try:
            with httpx.stream("GET", self._url, timeout=60, trust_env=False) as answer:
                for line in answer.iter_lines():
                    if line == "event: open":
                        self.opened.set()
                    elif line.startswith("data: ") and "kinds" in line:
                        self.kinds += json.loads(line[6:])["kinds"]
        except httpx.HTTPError:
            pass
        self.ended.set()

    def hears(self, kind: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while kind not in self.kinds and time.monotonic() < deadline:
            time.sleep(0.01)
        assert kind in self.kinds


@pytest.fixture
def own() -> Iterator[Desk]:
    """A desk at an emulator of its own, with streams that end with it."""
    with run_in_thread() as running:
        desk = Desk(running)
        yield desk
        desk.http.close()


def test_a_customer_hears_of_own_messages_and_not_of_others(own):
    own.staff("li")
    first, second = own.customers(2)
    own.befriend("li", first, second)
    mine, other = (Listener(own.emulator.base_url, f"customers/{item}") for item in (first, second))
    own.member("li", "write", to="customer", external_userid=first, text="hello")
    mine.hears("messages")
    own.customer(second, "write", to="staff", userid="li", text="and I")
    other.hears("messages")
    assert other.kinds.count("messages") == 1


def test_staff_hear_of_tasks_and_of_what_customers_write(own):
    own.staff("li")
    (customer,) = own.customers(1)
    own.befriend("li", customer)
    phone = Listener(own.emulator.base_url, "staff/li")
    own.ok("externalcontact/add_msg_template", sender="li", text={"content": "sale"})
    phone.hears("tasks")
    own.customer(customer, "write", to="staff", userid="li", text="hi")
    phone.hears("messages")
    assert "calls" not in phone.kinds


def test_the_corp_hears_of_everything(own):
    page = Listener(own.emulator.base_url, "corp")
    own.staff("li")
    own.get("department/list")
    own.admin("POST", "/clock", {"advance_seconds": 60})
    own.admin("POST", "/faults", {"route": "user/get", "errcode": -1})
    own.admin("PUT", "/callback", {"url": "http://127.0.0.1:9/", "token": "t", "encoding_aes_key": "A" * 43})
    own.customer(own.customers(1)[0], "add", userid="li")
    for kind in ("corp", "calls", "clock", "faults", "callbacks", "friends"):
        page.hears(kind)


def test_streams_survive_a_reset(own):
    page = Listener(own.emulator.base_url, "corp")
    own.admin("POST", "/reset")
    page.hears("groups")
    page.kinds.clear()
    own.staff("li")
    page.hears("corp")


def test_the_end_does_not_wait_for_open_streams():
    running = run_in_thread()
    pages = [Listener(running.base_url, "corp") for _ in range(5)]
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 1
    assert all(page.ended.wait(PATIENCE) for page in pages)


def test_a_browser_that_stopped_reading_holds_nobody_up(own):
    """Its socket is never read; what waits for it stays as small as the number of kinds."""
    address = own.emulator.base_url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))) as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        silent.sendall(b"GET /emulator/stream?actor=corp HTTP/1.1\r\nHost: x\r\n\r\n")
        own.staff("li")
        customers = own.customers(300)
        began = time.monotonic()
        own.befriend("li", *customers)
        assert time.monotonic() - began < PATIENCE
        (stream,) = own.emulator.world.live.streams
        assert len(stream.waiting) <= len(KINDS)


def test_a_stream_that_is_left_is_forgotten(own):
    with httpx.stream("GET", f"{own.emulator.base_url}/emulator/stream", trust_env=False) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "retry: 1000"
        assert len(own.emulator.world.live.streams) == 1
    deadline = time.monotonic() + PATIENCE
    while own.emulator.world.live.streams and time.monotonic() < deadline:
        time.sleep(0.01)
    assert own.emulator.world.live.streams == set()
    assert own.emulator.world.corp.store.listened is False


def test_unknown_actors_are_refused(own):
    assert own.http.get("/emulator/stream?actor=customers/nobody").status_code == 404
    assert own.http.get("/emulator/stream?actor=cat").status_code == 400


def test_every_collection_has_a_kind() -> None:
    world = build_world()
    names: list[Any] = [*world.corp.keeper.all_tables(), *world.corp.keeper.kept_names()]
    assert {kind_of(name) for name in names} <= set(KINDS)
