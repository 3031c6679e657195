"""The callback address as the open internet sees it: a server of its own, hostile requests over real sockets, memory and log watched."""

import gzip
import os
import re
import socket
import subprocess
import sys
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from juqun.channels.wecom.crypto import CallbackCrypto
from juqun.channels.wecom.testing import callback_xml, signed_callback
from juqun.kernel import clock

HOST = "127.0.0.1"
BIG = 10_000_000
BIG_BODIES = 200
MOST_GROWTH = 50_000_000
PRIVATE = ("wmVeryPrivateCustomer", "welcome-code-of-somebody", "guide-of-somebody")


def stamped(**changes):
    query = {"msg_signature": "0" * 40, "timestamp": str(int(clock.now().timestamp())), "nonce": "1"}
    return urlencode(query | changes)


def crypto(corp_id=None):
    return CallbackCrypto(
        settings.JUQUN_WECOM_CALLBACK_TOKEN,
        settings.JUQUN_WECOM_CALLBACK_AES_KEY,
        corp_id or settings.JUQUN_WECOM_CORP_ID,
    )


def private_xml():
    customer, code, guide = PRIVATE
    return callback_xml(
        Event="change_external_contact",
        ChangeType="add_external_contact",
        UserID=guide,
        ExternalUserID=customer,
        WelcomeCode=code,
    )


def sealed(plain, *, corp_id=None, wrap="<xml><Encrypt><![CDATA[{}]]></Encrypt></xml>"):
    """(query, body) of a message with a right signature, whatever is inside."""
    return signed(crypto(corp_id).encrypt(plain), wrap=wrap)


def signed(encrypted, *, wrap="<xml><Encrypt><![CDATA[{}]]></Encrypt></xml>"):
    timestamp = str(int(clock.now().timestamp()))
    signature = crypto().sign(timestamp, "1", encrypted)
    return stamped(msg_signature=signature, timestamp=timestamp), wrap.format(encrypted).encode()


def _broken_inside(change):
    """A rightly signed ciphertext whose inside was changed before sealing: (16 random, length, message, receiver, padding)."""
    ours = crypto()
    encryptor = ours._cipher.encryptor()
    return signed(b64encode(encryptor.update(change) + encryptor.finalize()).decode())


ENTITY_DEPTH = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
BOMB = f'<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY e0 "aaaaaaaaaa">{ENTITY_DEPTH}]><xml><Event>&e11;</Event></xml>'
QUADRATIC = f'<!DOCTYPE xml [<!ENTITY a "{"a" * 20_000}">]><xml><Event>{"&a;" * 10_000}</Event></xml>'
EXTERNAL = '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Event>&x;</Event></xml>'
PARAMETER = '<!DOCTYPE xml [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><xml><Event>x</Event></xml>'
DEEP = "<xml>" + "<a>" * 5_000 + "</a>" * 5_000 + "</xml>"


def hostile():
    """name -> (query, body): each must be answered 4xx."""
    genuine_query, genuine = signed_callback(private_xml())
    old = str(int(clock.now().timestamp()) - 3_600)
    to_come = str(int(clock.now().timestamp()) + 3_600)
    bombs = {
        "laughs": BOMB,
        "quadratic": QUADRATIC[:60_000],
        "external": EXTERNAL,
        "parameter": PARAMETER,
        "deep": DEEP,
    }
    block = b"r" * 16
    cases = {
        "random bytes": (stamped(), os.urandom(2_000)),
        "nothing": (stamped(), b""),
        "no query": ("", genuine),
        "zeros": (genuine_query, b"\0" * 1_000),
        "zeros around": (genuine_query, b"\0" + genuine + b"\0"),
        "truncated": (genuine_query, genuine[: len(genuine) // 2]),
        "wrong corp": sealed(private_xml().encode(), corp_id="wx0000000000000000"),
        "stale": signed_callback(private_xml(), timestamp=old),
        "from the future": signed_callback(private_xml(), timestamp=to_come),
        "timestamp of another": (genuine_query.replace("timestamp=", "timestamp=1"), genuine),
        "endless timestamp": (stamped(timestamp="9" * 10_000), genuine),
        "parameter twice, the last one wrong": (f"{genuine_query}&msg_signature={'0' * 40}", genuine),
        "a thousand parameters": ("&".join(["a=1"] * 1_000) + "&" + genuine_query, genuine),
        "no base64": signed("§§§ not base64 §§§"),
        "base64 of a cut block": signed("QUJD"),
        "one block": signed("QUFBQUFBQUFBQUFBQUFBQQ=="),
        "padding 0": _broken_inside(block + b"\0\0\0\1a" + b"\0" * 11),
        "padding 33": _broken_inside(block * 2 + b"!" * 16),
        "length beyond the end": _broken_inside(block + b"\xff\xff\xff\xff" + b"a" * 10 + b"\2\2"),
        "not XML inside": sealed(b"\0\1\2 wmVeryPrivateCustomer"),
        "not UTF-8 inside": sealed(b"<xml><Event>\xff\xfe wmVeryPrivateCustomer</Event></xml>"),
        "65 kB": (genuine_query, genuine + b" " * 65_536),
        "compressed": (genuine_query, gzip.compress(genuine)),
    }
    for name, bomb in bombs.items():
        cases[f"{name} outside"] = (stamped(), bomb.encode())
        cases[f"{name} inside"] = sealed(bomb.encode()) if len(bomb) < 40_000 else (stamped(), bomb.encode())
    return cases


class Server:
    """granian with the product's own application and its log, at its most talkative, in a file."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        self.log = folder / "log"
        environment = {
            **os.environ,
            "JUQUN_DATA_DIR": str(folder),
            "JUQUN_LOG_LEVEL": "DEBUG",
            "DJANGO_SETTINGS_MODULE": "juqun.config.settings",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(self.port)]
        command += ["--workers", "1", "--blocking-threads", "16", "--no-ws", "juqun.config.wsgi:application"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def ask(self, request, *, parts=()):
        """The status of one request over a connection of its own; 0 when the server hung up without a word."""
        with closing(socket.create_connection((HOST, self.port), 30)) as connection:
            try:
                connection.sendall(request)
                for part in parts:
                    connection.sendall(part)
            except OSError:
                pass  # it may answer and hang up before it has read everything
            try:
                answer = connection.recv(4_096)
            except ConnectionError:
                return 0
        found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
        return int(found[1]) if found else 0

    def post(self, query, body, *extra):
        """POST to the lane."""
        return self.ask(head(query, f"Content-Length: {len(body)}", *extra) + body)

    def is_well(self):
        """Whether it answers WeCom's check of the URL, for which no table is needed."""
        echostr, timestamp = crypto().encrypt(b"hello"), str(int(clock.now().timestamp()))
        signature = crypto().sign(timestamp, "1", echostr)
        query = stamped(msg_signature=signature, timestamp=timestamp, echostr=echostr)
        try:
            return (
                self.ask(f"GET /callbacks/wecom/?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                == 200
            )
        except OSError:
            return False

    def memory(self):
        """Resident bytes of the server's processes."""
        pages = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            pages += int(fields[21]) if int(fields[2]) == self.process.pid else 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def head(query, *headers):
    lines = [f"POST /callbacks/wecom/?{query} HTTP/1.1", "Host: x", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    deadline = time.monotonic() + 60
    while not made.is_well():
        assert time.monotonic() < deadline, made.log.read_text()
        time.sleep(0.1)
    yield made
    made.stop()


def _big(server, kind):
    if kind == "declared":
        return server.ask(head(stamped(), f"Content-Length: {BIG}"), parts=[b"x" * 1_000_000] * 10)
    if kind == "chunked":
        chunk = b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n"
        return server.ask(head(stamped(), "Transfer-Encoding: chunked"), parts=[*[chunk] * 10, b"0\r\n\r\n"])
    return server.ask(head(stamped(), "Content-Length: 100", f"X-Long: {'h' * BIG}"))


@pytest.mark.slow
def test_hostile_requests_cost_neither_memory_nor_secrets(server):
    answers = {name: server.post(query, body) for name, (query, body) in hostile().items()}
    assert {name: status for name, status in answers.items() if not 400 <= status < 500} == {}
    for kind in ("declared", "chunked", "headers"):
        _big(server, kind)  # a first one, so that buffers which are kept are there
    before = server.memory()
    with ThreadPoolExecutor(4) as pool:
        kinds = ["declared", "chunked", "headers", "chunked"] * (BIG_BODIES // 4)
        statuses = set(pool.map(lambda kind: _big(server, kind), kinds))
    assert statuses == {413, 431}
    assert server.memory() - before < MOST_GROWTH
    slow = [socket.create_connection((HOST, server.port), 30) for _ in range(4)]
    for connection in slow:
        connection.sendall(head(stamped(), "Content-Length: 60000") + b"<")
    assert server.is_well(), "whoever sends slowly holds up only himself"
    for connection in slow:
        connection.close()
    assert server.is_well()
    server.stop()
    log = server.log.read_text()
    assert "callback refused" in log
    secrets = (settings.JUQUN_WECOM_CALLBACK_TOKEN, settings.JUQUN_WECOM_CALLBACK_AES_KEY, *PRIVATE)
    assert [secret for secret in secrets if secret in log] == []
