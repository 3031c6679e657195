"""Callbacks: the raw lane with group commit beside a plain Django view that does the same work row by row.

Both are served by granian (WSGI, one worker process) over SQLite and get genuine, different, signed callbacks: first as fast as 64
connections go, then our lane at a steady pace, then our lane is killed with SIGKILL in full flight. Counted is what was answered
"success"; every one of those must be in the inbox, once, with its job. CPU is the server's own. Ends with the line `callbacks: ...`.
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
THREADS = {"ours": int(os.environ.get("JUQUN_BENCH_THREADS", "64")), "plain": 8}
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


def make_callbacks(count: int, offset: int) -> list[Callback]:
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
        made.append((translation.dedupe_key(envelope.parse(xml.encode()), xml.encode()), head.encode() + body))
    return made


class Load:
    """One thread, many connections: each has one request under way at a time."""

    def __init__(self, port: int, callbacks: "deque[Callback]", *, pace: int | None = None) -> None:
        self.callbacks, self.pace, self.outcome = callbacks, pace, Outcome()
        self.selector = selectors.DefaultSelector()
        self.idle = [socket.create_connection((HOST, port)) for _ in range(CONNECTIONS)]
        self.busy: dict[socket.socket, tuple[str, float]] = {}
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
    """granian with one of the two applications, over a database of its own."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.folder = folder / engine
        (self.folder / "static").mkdir(parents=True)
        environment = {
            **os.environ,
            "JUQUN_DATA_DIR": str(self.folder),
            "JUQUN_DATABASE_URL": "",
            "JUQUN_LOG_LEVEL": "ERROR",
        }
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environment, check=True)
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(self.port), "--workers", "1",
            "--blocking-threads", str(THREADS[engine]), "--no-ws", "--log-level", "error", f"benchmarks.engines.callback_apps:{engine}",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)
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

    def missing(self, accepted: list[str]) -> int:
        """How many accepted callbacks are not in the inbox or have no job."""
        with sqlite3.connect(self.folder / "juqun.sqlite3") as connection:
            stored = dict(connection.execute("SELECT dedupe_key, id FROM wecom_inboxcallback"))
            asked: set[int] = set()
            for (payload,) in connection.execute("SELECT payload FROM kernel_job"):
                asked.update(int(number) for number in re.findall(r"\d+", payload))
        return sum(stored.get(key) not in asked for key in accepted)


def measure(engine: str, folder: Path, callbacks: "deque[Callback]") -> tuple[Outcome, float, Outcome | None, int]:
    """(outcome at full speed, CPU seconds of the server, outcome at the steady pace, accepted but missing)."""
    server = Server(engine, folder)
    try:
        accepted = list(_load(server, callbacks, 1.0).accepted)  # warm-up
        before = server.cpu_seconds()
        fast = _load(server, callbacks, SECONDS)
        used = server.cpu_seconds() - before
        accepted += fast.accepted
        paced = None
        if engine == "ours":
            paced = _load(server, callbacks, SECONDS, pace=PACE)
            accepted += paced.accepted
            accepted += _load_until_killed(server, callbacks).accepted
    finally:
        server.stop()
    return fast, used, paced, server.missing(accepted)


def _load(server: Server, callbacks: "deque[Callback]", seconds: float, pace: int | None = None) -> Outcome:
    load = Load(server.port, callbacks, pace=pace)
    try:
        return load.run(seconds)
    finally:
        load.close()


def _load_until_killed(server: Server, callbacks: "deque[Callback]") -> Outcome:
    load, started = Load(server.port, callbacks), time.monotonic()

    def stop() -> bool:
        if time.monotonic() - started < 1.0:
            return False
        server.stop(signal.SIGKILL)
        return True

    try:
        outcome = load.run(30, stop)
        load._collect(0.1)  # answers that were on their way count as accepted
        return outcome
    finally:
        load.close()


def main() -> None:
    """Measure both and print the comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(
            JUQUN_DATA_DIR=name,
            JUQUN_DATABASE_URL="",
            DJANGO_SETTINGS_MODULE="juqun.config.settings",
        )
        import django  # noqa: PLC0415 - the environment comes first

        django.setup()
        results = {}
        for engine, per_second in (("plain", 1_500), ("ours", 9_000)):
            print(f"building callbacks for {engine} ...", flush=True)
            count = int(per_second * (SECONDS + 3)) + (PACE * int(SECONDS + 1) if engine == "ours" else 0)
            results[engine] = measure(engine, folder, deque(make_callbacks(count, 0)))
            fast, used, _, missing = results[engine]
            print(
                f"{engine:6} {len(fast.accepted):7} accepted in {fast.seconds:.1f} s, {used:.2f} CPU s, refused {fast.refused}, "
                f"p50 {fast.percentile(0.5)} ms, p99 {fast.percentile(0.99)} ms, missing {missing}",
                flush=True,
            )
    ours, our_cpu, paced, lost = results["ours"]
    plain, plain_cpu, _, plain_lost = results["plain"]
    assert paced is not None  # noqa: S101 - narrows the type
    per_cpu, plain_per_cpu = len(ours.accepted) / our_cpu, len(plain.accepted) / plain_cpu
    print(
        f"callbacks: per_cpu_s={per_cpu:.0f} per_s={len(ours.accepted) / ours.seconds:.0f} p99_ms={ours.percentile(0.99)} "
        f"django_per_cpu_s={plain_per_cpu:.0f} django_per_s={len(plain.accepted) / plain.seconds:.0f} "
        f"django_p99_ms={plain.percentile(0.99)} ratio_django={per_cpu / plain_per_cpu:.1f} "
        f"paced_per_s={len(paced.accepted) / paced.seconds:.0f} paced_p50_ms={paced.percentile(0.5)} "
        f"paced_p99_ms={paced.percentile(0.99)} lost={lost} django_lost={plain_lost}"
    )
    if lost or plain_lost or not ours.accepted or not plain.accepted:
        sys.exit(1)


if __name__ == "__main__":
    main()
