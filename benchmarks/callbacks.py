"""Callbacks: the raw lane with group commit beside a plain Django view and wechatpy + Flask views that work row by row.

The Flask view stores by Flask-SQLAlchemy; `wechatpy_bare` is the least that can be written: no ORM, no sealing, one lock.

All are served by granian (WSGI, one worker process) over SQLite and get genuine, different, signed callbacks: first as fast as 64
connections go, then our lane at a steady pace, then our lane is killed with SIGKILL in full flight, started again, and sent what it
left unanswered, as WeCom would. Counted is what was answered "success"; every one of those must be stored, once, with its job; after
the kill everything that was ever sent must be. CPU is the server's own. Ends with the line `callbacks: ...`.
"""

import os
import re
import selectors
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = float(os.environ.get("JUQUN_BENCH_SECONDS", "5"))
PACE = int(os.environ.get("JUQUN_BENCH_PACE", "2000"))
CONNECTIONS = 64
# more threads only queue at SQLite's one writer in the plain view
THREADS = {"ours": int(os.environ.get("JUQUN_BENCH_THREADS", "64")), "plain": 8, "wechatpy": 8, "wechatpy_bare": 8}
APPLICATIONS = {
    "ours": "benchmarks.engines.callback_apps:ours",
    "plain": "benchmarks.engines.callback_apps:plain",
    "wechatpy": "benchmarks.engines.wechatpy_app:application",
    "wechatpy_bare": "benchmarks.engines.wechatpy_bare:application",
}
WECHATPY_KEY = ("ToUserName", "CreateTime", "Event", "ChangeType", "UserID", "ExternalUserID")
STORED = dict.fromkeys(("wechatpy", "wechatpy_bare"), ("wechatpy.sqlite3", "callback", "task"))
OUR_STORE = ("juqun.sqlite3", "wecom_inboxcallback", "kernel_job")
HOST = "127.0.0.1"

Callback = tuple[str, bytes]  # dedupe key, HTTP request


@dataclass
class Outcome:
    """What a run of the load saw: keys answered "success", other answers, seconds per answer."""

    accepted: list[str] = field(default_factory=list)
    refused: int = 0
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def percentile(self, share: float) -> float:
        """A latency in milliseconds."""
        ordered = sorted(self.latencies)
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0


def make_callbacks(count: int, offset: int, *, engine: str = "ours") -> list[Callback]:
    """Build `count` callbacks of different customers, as WeCom would send them."""
    from juqun.channels.wecom import envelope, translation  # noqa: PLC0415 - after django.setup()
    from juqun.channels.wecom.testing import callback_xml, signed_callback  # noqa: PLC0415

    made = []
    for number in range(offset, offset + count):
        xml = callback_xml(
            Event="change_external_contact",
            ChangeType="add_external_contact",
            UserID=f"guide{number % 500}",
            ExternalUserID=f"wmBenchmarkCustomer{number:012d}",
            State=f"lc{number % 900}",
            **({"WelcomeCode": f"code{number}"} if number % 4 == 0 else {}),
        )
        query, body = signed_callback(xml)
        head = (
            f"POST /callbacks/wecom/?{query} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        message = envelope.parse(xml.encode())
        theirs = "|".join(message.get(field) for field in WECHATPY_KEY)
        key = theirs if engine in STORED else translation.dedupe_key(message, xml.encode())
        made.append((key, head.encode() + body))
    return made


class Load:
    """One thread, many connections: each has one request under way at a time."""

    def __init__(self, port: int, callbacks: "deque[Callback]", *, pace: int | None = None) -> None:
        self.callbacks, self.pace, self.outcome = callbacks, pace, Outcome()
        self.selector = selectors.DefaultSelector()
        self.idle = [socket.create_connection((HOST, port)) for _ in range(CONNECTIONS)]
        self.busy: dict[socket.socket, tuple[str, float]] = {}
        self.sent: dict[str, bytes] = {}
        self.received: dict[socket.socket, bytes] = {}
        for one in self.idle:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(one, selectors.EVENT_READ)

    def run(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> Outcome:
        """Send for `seconds`, then wait for the last answers."""
        started = time.perf_counter()
        sent = 0
        while (elapsed := time.perf_counter() - started) < seconds and not stop():
            due = int(elapsed * self.pace) if self.pace else sent + len(self.idle)
            while self.idle and self.callbacks and sent < due:
                # a late start counts as waiting: the latency runs from the moment the callback was due
                self._send(started + sent / self.pace if self.pace else time.perf_counter())
                sent += 1
            self._collect(0.0005 if self.pace else 0.05)
        self.outcome.seconds = time.perf_counter() - started
        until = time.perf_counter() + 10
        while self.busy and time.perf_counter() < until and not stop():
            self._collect(0.05)
        return self.outcome

    def close(self) -> None:
        """Close all connections."""
        for key in list(self.selector.get_map().values()):
            self.selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]

    def _send(self, at: float) -> None:
        connection, (key, request) = self.idle.pop(), self.callbacks.popleft()
        self.busy[connection], self.received[connection] = (key, at), b""
        self.sent[key] = request
        with suppress(OSError):
            connection.sendall(request)

    def _collect(self, wait: float) -> None:
        for ready, _ in self.selector.select(wait):
            connection = ready.fileobj
            assert isinstance(connection, socket.socket)  # noqa: S101 - narrows the type
            try:
                data = connection.recv(4096)
            except OSError:
                data = b""
            if not data or connection not in self.busy:
                self.selector.unregister(connection)
                self.busy.pop(connection, None)
                continue
            self.received[connection] += data
            if _is_whole(self.received[connection]):
                self._answered(connection)

    def _answered(self, connection: socket.socket) -> None:
        key, at = self.busy.pop(connection)
        self.outcome.latencies.append(time.perf_counter() - at)
        if self.received[connection].endswith(b"\r\n\r\nsuccess"):
            self.outcome.accepted.append(key)
        else:
            self.outcome.refused += 1
        self.idle.append(connection)


def _is_whole(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    return bool(separator) and length is not None and len(body) >= int(length[1])


class Server:
    """granian with one of the applications, over a database of its own."""

    def __init__(self, engine: str, folder: Path) -> None:
        from django.conf import settings  # noqa: PLC0415 - after django.setup()

        self.engine, self.folder = engine, folder / engine
        (self.folder / "static").mkdir(parents=True)
        self.environment = {
            **os.environ,
            "JUQUN_DATA_DIR": str(self.folder),
            "JUQUN_DATABASE_URL": "",
            "JUQUN_LOG_LEVEL": "ERROR",
            "JUQUN_WECOM_CALLBACK_TOKEN": settings.JUQUN_WECOM_CALLBACK_TOKEN,
            "JUQUN_WECOM_CALLBACK_AES_KEY": settings.JUQUN_WECOM_CALLBACK_AES_KEY,
            "JUQUN_WECOM_CORP_ID": settings.JUQUN_WECOM_CORP_ID,
        }
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=self.environment, check=True)
        self.start()

    def start(self) -> None:
        """Start it on a free port; what it has stored before stays."""
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(self.port), "--workers", "1",
            "--blocking-threads", str(THREADS[self.engine]), "--no-ws", "--log-level", "error", APPLICATIONS[self.engine],
        ]  # fmt: skip
        self.process = subprocess.Popen(command, env=self.environment, start_new_session=True)
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            with suppress(OSError), socket.create_connection((HOST, self.port), 1):
                time.sleep(0.5)
                return
            time.sleep(0.05)
        msg = "granian does not answer"
        raise RuntimeError(msg)

    def processes(self) -> list[int]:
        """granian's supervisor and worker."""
        group = self.process.pid
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, IndexError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[2]) == group:
                    found.append(int(stat.parent.name))
        return found

    def cpu_seconds(self) -> float:
        """User and system time of the server so far."""
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the whole process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def missing(self, keys: list[str]) -> int:
        """How many of these callbacks are not stored exactly once, or have no job."""
        file, callbacks, jobs = STORED.get(self.engine, OUR_STORE)
        with sqlite3.connect(self.folder / file) as connection:
            stored: dict[str, list[int]] = {}
            for key, number in connection.execute(f"SELECT dedupe_key, id FROM {callbacks}"):
                stored.setdefault(key, []).append(number)
            asked: set[int] = set()
            for (payload,) in connection.execute(f"SELECT payload FROM {jobs}"):
                asked.update(int(number) for number in re.findall(r"\d+", payload))
        return sum(len(found := stored.get(key, [])) != 1 or found[0] not in asked for key in keys)


@dataclass
class Measured:
    """What one application showed."""

    fast: Outcome
    cpu_seconds: float
    missing: int
    paced: Outcome = field(default_factory=Outcome)
    resent: int = 0

    @property
    def per_cpu_second(self) -> float:
        """Callbacks accepted per CPU second of the server."""
        return len(self.fast.accepted) / self.cpu_seconds


def measure(engine: str, folder: Path, callbacks: "deque[Callback]") -> Measured:
    """Full speed for all; ours also at the steady pace and through a kill."""
    server = Server(engine, folder)
    try:
        known = list(_load(server, callbacks, 1.0).accepted)  # warm-up
        before = server.cpu_seconds()
        fast = _load(server, callbacks, SECONDS)
        measured = Measured(fast, server.cpu_seconds() - before, 0)
        known += fast.accepted
        if engine == "ours":
            measured.paced = _load(server, callbacks, SECONDS, pace=PACE)
            known += measured.paced.accepted
            sent, accepted = _load_until_killed(server, callbacks)
            unanswered = deque((key, request) for key, request in sent.items() if key not in accepted)
            measured.resent = len(unanswered)
            server.start()
            again = _load(server, unanswered, 5.0)
            measured.missing += measured.resent - len(again.accepted)
            known += sent
    finally:
        server.stop()
    measured.missing += server.missing(known)
    return measured


def _load(server: Server, callbacks: "deque[Callback]", seconds: float, pace: int | None = None) -> Outcome:
    load = Load(server.port, callbacks, pace=pace)
    try:
        return load.run(seconds)
    finally:
        load.close()


def _load_until_killed(server: Server, callbacks: "deque[Callback]") -> tuple[dict[str, bytes], set[str]]:
    """(all that was sent, keys that were answered "success")."""
    load, started = Load(server.port, callbacks), time.monotonic()

    def stop() -> bool:
        if time.monotonic() - started < 1.0:
            return False
        server.stop(signal.SIGKILL)
        return True

    try:
        outcome = load.run(30, stop)
        load._collect(0.1)  # answers that were on their way count as accepted
        return load.sent, set(outcome.accepted)
    finally:
        load.close()


def main() -> None:
    """Measure all and print the comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(
            JUQUN_DATA_DIR=name,
            JUQUN_DATABASE_URL="",
            DJANGO_SETTINGS_MODULE="juqun.config.settings",
        )
        import django  # noqa: PLC0415 - the environment comes first

        django.setup()
        results: dict[str, Measured] = {}
        for engine, per_second in (("plain", 1_500), ("wechatpy", 1_500), ("wechatpy_bare", 4_000), ("ours", 12_000)):
            count = int(per_second * (SECONDS + 3)) + (PACE * int(SECONDS + 1) if engine == "ours" else 0)
            print(f"building {count} callbacks for {engine} ...", flush=True)
            found = measure(engine, folder, deque(make_callbacks(count, 0, engine=engine)))
            results[engine] = found
            print(
                f"{engine:8} {len(found.fast.accepted):7} accepted in {found.fast.seconds:.1f} s, {found.cpu_seconds:.2f} CPU s, "
                f"refused {found.fast.refused}, p50 {found.fast.percentile(0.5)} ms, p99 {found.fast.percentile(0.99)} ms, "
                f"missing {found.missing}",
                flush=True,
            )
    _conclude(**results)


def _conclude(ours: Measured, plain: Measured, wechatpy: Measured, wechatpy_bare: Measured) -> None:
    paced, others = ours.paced, {"django": plain, "wechatpy": wechatpy, "wechatpy_bare": wechatpy_bare}
    print(
        f"callbacks: per_cpu_s={ours.per_cpu_second:.0f} "
        + "".join(f"{name}_per_cpu_s={one.per_cpu_second:.0f} " for name, one in others.items())
        + "".join(f"ratio_{name}={ours.per_cpu_second / one.per_cpu_second:.1f} " for name, one in others.items())
        + f"per_s={len(ours.fast.accepted) / ours.fast.seconds:.0f} paced_per_s={len(paced.accepted) / max(paced.seconds, 0.001):.0f} "
        f"p50_ms={paced.percentile(0.5)} p99_ms={paced.percentile(0.99)} resent_after_kill={ours.resent} lost={ours.missing} "
        + " ".join(f"{name}_lost={one.missing}" for name, one in others.items())
    )
    measured = [ours, *others.values()]
    if any(one.missing for one in measured) or not all(one.fast.accepted for one in measured):
        sys.exit(1)


if __name__ == "__main__":
    main()
