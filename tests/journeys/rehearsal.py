"""A stage for journeys: the emulator over HTTP, our callback lane as a web server, one clock for both, jobs run in place."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
from django.conf import settings

from juqun.kernel import clock
from juqun.kernel.jobs import run_pending
from juqun.kernel.testing import run_all_jobs
from juqun.surfaces.callbacks import lane
from wecom_emulator.running import run_in_thread

BEGIN = datetime.fromisoformat("2017-03-01T02:00:00+00:00")
KF = "wkEmulatorDefaultAccount00000001"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@dataclass(slots=True)
class Stage:
    """What a journey plays on. `received` keeps each callback as it came (query, body), to be sent again."""

    emulator: httpx.Client
    clock_file: Path
    lane_url: str = ""
    received: list[tuple[str, bytes]] = field(default_factory=list)

    def set_time(self, at: datetime) -> None:
        """Set both clocks, standing still."""
        self.post("clock", now=at.isoformat(), frozen=True)
        clock.write_control(self.clock_file, at, running=False)
        time.sleep(clock.CONTROL_CHECK_SECONDS * 1.5)

    def advance(self, **span: float) -> None:
        """Move both clocks on."""
        self.set_time(clock.now() + timedelta(**span))

    def post(self, path: str, **body: Any) -> Any:
        """Call the emulator's admin side."""
        answer = self.emulator.post(f"/emulator/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        """Read from the emulator's admin side."""
        answer = self.emulator.get(f"/emulator/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def staff(self, *userids: str) -> None:
        """Let people work in the corp."""
        self.post("staff", staff=[{"userid": userid, "name": userid.title(), "department": [1]} for userid in userids])

    def customers(self, *names: str) -> list[str]:
        """Let persons live on WeChat; returns their external_userids."""
        found: list[str] = self.post("customers", customers=[{"name": name} for name in names])["external_userids"]
        return found

    def customer(self, who: str, verb: str, **fields: Any) -> Any:
        """Let a customer do something, and everything happen that follows from it."""
        return self._then_settled(self.post(f"actors/customers/{who}/{verb}", **fields))

    def worker(self, userid: str, verb: str, **fields: Any) -> Any:
        """Let somebody of the staff do something, and everything happen that follows from it."""
        return self._then_settled(self.post(f"actors/staff/{userid}/{verb}", **fields))

    def _then_settled(self, answer: Any) -> Any:
        self.settle()
        return answer

    def drain(self) -> None:
        """Wait until every callback is delivered."""
        told = self.post("callbacks/drain", timeout_seconds=20)
        assert told["pending"] == 0
        assert told["failed"] == 0

    def settle(self) -> None:
        """Deliver every callback and run every job, until nothing is left to be done now."""
        self.drain()
        while run_all_jobs():
            self.drain()

    def work(self) -> None:
        """As `settle`, but jobs may fail, as they do when the channel is disturbed."""
        self.drain()
        run_pending()

    def inbox(self, who: str, via: str) -> list[dict[str, Any]]:
        """What a customer got by one way."""
        return [one for one in self.get(f"actors/customers/{who}/inbox")["messages"] if one["via"] == via]

    def notices(self, userid: str) -> list[dict[str, Any]]:
        """What the app told somebody of the staff."""
        found: list[dict[str, Any]] = self.get(f"actors/staff/{userid}/inbox")["messages"]
        return found

    def count_calls(self, path: str) -> int:
        """How often one endpoint was called."""
        return int(self.get(f"calls?path=/cgi-bin/{path}&limit=1")["total"])

    def deliver(self, query: str, body: bytes) -> int:
        """Send a callback of one's own making; returns the HTTP status."""
        return httpx.post(f"{self.lane_url}?{query}", content=body).status_code


@contextmanager
def running_stage(folder: Path, django_settings: Any, **emulator_settings: Any) -> Iterator[Stage]:
    """Run emulator and lane in threads, with the product pointed at them; both clocks stand at `BEGIN`."""
    clock_file = folder / "clock.json"
    clock.follow_control(clock_file)
    with run_in_thread(clock=BEGIN.isoformat(), frozen=True, **emulator_settings) as emulator:
        django_settings.JUQUN_WECOM_BASE_URL = emulator.base_url
        with httpx.Client(base_url=emulator.base_url, timeout=30) as client:
            stage = Stage(client, clock_file)
            server = make_server("127.0.0.1", 0, _recording(stage), _Server, _Quiet)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stage.lane_url = f"http://127.0.0.1:{server.server_port}{lane.PREFIX}"
            try:
                stage.set_time(BEGIN)
                answer = client.put(
                    "/emulator/callback",
                    json={
                        "url": stage.lane_url,
                        "token": settings.JUQUN_WECOM_CALLBACK_TOKEN,
                        "encoding_aes_key": settings.JUQUN_WECOM_CALLBACK_AES_KEY,
                        "verify": True,
                    },
                )
                assert answer.status_code == 200, json.dumps(answer.json())
                yield stage
            finally:
                server.shutdown()
                server.server_close()
                lane.writer.stop()
                clock.follow_control(None)


def _recording(stage: Stage) -> lane.WsgiApplication:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read(length)
            stage.received.append((environ["QUERY_STRING"], body))
            environ = {**environ, "wsgi.input": _Once(body)}
        answer = lane.wsgi_lane(environ, start_response)
        if answer is None:
            start_response("404 Not Found", [])
            return [b""]
        return answer

    return application


class _Once:
    """A body that was read already and can be read once more."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        taken, self._body = (self._body, b"") if size < 0 else (self._body[:size], self._body[size:])
        return taken


def path_of(url: str) -> str:
    """The path of a url."""
    return urlsplit(url).path
