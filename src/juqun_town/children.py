"""The processes of the demo: started in sessions of their own, watched, and ended whatever happens."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import httpx

START_SECONDS: Final = 60.0
END_SECONDS: Final = 20.0


class ChildError(Exception):
    """A process did not start or ended by itself; the text names its log."""


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    msg = "no port is free on 127.0.0.1"
    raise ChildError(msg)


class Children:
    """All processes that the demo started; `stop` ends them, the last started first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def log_of(self, name: str) -> Path:
        """Where a process writes what it says."""
        return self._logs / f"{name}.log"

    def start(self, name: str, arguments: list[str], environment: Mapping[str, str], health_url: str) -> None:
        """Start `python -m …` and wait until `health_url` answers 200. Raises ChildError."""
        with self.log_of(name).open("wb") as log:
            # A session of its own: Ctrl-C in the terminal reaches this process alone, which then ends the children in order.
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", *arguments],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_for(name, lambda: _answers(health_url))

    def _wait_for(self, name: str, is_ready: Callable[[], bool]) -> None:
        limit = time.monotonic() + START_SECONDS
        while not is_ready():
            self.check()
            if time.monotonic() > limit:
                msg = f"{name} does not answer after {START_SECONDS:.0f} s; read {self.log_of(name)}"
                raise ChildError(msg)
            time.sleep(0.1)

    def check(self) -> None:
        """Raise ChildError when a process has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                msg = f"{name} ended by itself (code {process.returncode}); read {self.log_of(name)}"
                raise ChildError(msg)

    def stop(self) -> None:
        """End all processes: politely, then by force after a while."""
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _kill_session(process.pid)
        self._running.clear()


def _kill_session(pid: int) -> None:
    """End what a process may have left behind in its session."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
