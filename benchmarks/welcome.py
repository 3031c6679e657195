"""Welcome: how long a new friend waits for the first word while 500 other callbacks a second arrive.

The emulator is WeCom; beside it runs what a chain runs on one machine: `juqun up` over SQLite. Customers scan a live code at the
emulator, which calls back; beside that this process sends other genuine callbacks of every common kind at a steady pace. Measured is,
for each friendship, from the callback's row in the inbox to the accepted send. Checked: nobody's welcome is lost or late, every
customer reads it at the emulator, and no picture was uploaded on the way. Ends with the line `welcome: ...`.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

import httpx

from benchmarks.callbacks import Load

SECONDS = float(os.environ.get("JUQUN_BENCH_WELCOME_SECONDS", "30"))
OTHERS = int(os.environ.get("JUQUN_BENCH_OTHERS", "500"))
FRIENDS_PER_SECOND = 5
RUN = os.environ.get("JUQUN_BENCH_RUN", "up")  # "web": web and worker apart
HOST = "127.0.0.1"
TARGET_MS, LIFE_MS = 2_000, 20_000
CROWD = 20  # staff whose other customers make the noise


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def _wait(url: str) -> None:
    for _ in range(600):
        with suppress(httpx.HTTPError):
            httpx.get(url, timeout=5)
            return
        time.sleep(0.1)
    msg = f"{url} does not answer"
    raise RuntimeError(msg)


class Stage:
    """The processes and what they share."""

    def __init__(self, folder: Path) -> None:
        self.emulator_url = f"http://{HOST}:{_free_port()}"
        self.port = _free_port()
        os.environ.update(
            JUQUN_DATA_DIR=str(folder),
            JUQUN_DATABASE_URL="",
            JUQUN_LOG_LEVEL="ERROR",
            JUQUN_WECOM_BASE_URL=self.emulator_url,
            DJANGO_SETTINGS_MODULE="juqun.config.settings",
        )
        self.processes = [self._start("wecom_emulator", "--port", self.emulator_url.rpartition(":")[2])]
        self.processes.append(self._start("juqun.cli", RUN, "--port", str(self.port), "--threads", "32"))
        self.http = httpx.Client(base_url=f"{self.emulator_url}/emulator/", timeout=30, trust_env=False)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, start_new_session=True)

    def ready(self) -> None:
        """Wait for all, then let the worker begin."""
        _wait(f"{self.emulator_url}/emulator/health")
        _wait(f"http://{HOST}:{self.port}/callbacks/wecom/")
        if RUN == "web":
            self.processes.append(self._start("juqun.cli", "worker"))

    def post(self, path: str, **body: object) -> dict[str, object]:
        """Ask the emulator's admin or actor side."""
        answer = self.http.post(path, json=body)
        answer.raise_for_status()
        return dict(answer.json())

    def calls(self, path: str) -> int:
        """How often the product called an endpoint."""
        return int(self.http.get("calls", params={"path": path}).json()["total"])

    def stop(self) -> None:
        """End all processes."""
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def others(count: int) -> "deque[tuple[str, bytes]]":
    """Genuine callbacks of other people: edits, groups, tags, leavers, and one kind that nobody knows."""
    from juqun.channels.wecom.testing import callback_xml, signed_callback  # noqa: PLC0415 - after django.setup()

    made: deque[tuple[str, bytes]] = deque()
    for number in range(count):
        person = {"UserID": f"crowd{number % CROWD}", "ExternalUserID": f"wmOther{number:09d}"}
        chat = {"ChatId": f"wrOther{number % 200}", "UpdateDetail": "add_member", "CurMemVer": f"v{number}"}
        kinds: list[dict[str, str]] = [
            {"Event": "change_external_contact", "ChangeType": "del_follow_user", **person},
            {"Event": "change_external_chat", "ChangeType": "update", **chat},
            {"Event": "change_external_contact", "ChangeType": "del_external_contact", **person},
            {"Event": "change_external_tag", "ChangeType": "update", "Id": f"tag{number}"},
            {"Event": "sys_approval_change", "ThirdNo": str(number)},
        ]
        query, body = signed_callback(callback_xml(**kinds[number % len(kinds)]))
        head = f"POST /callbacks/wecom/?{query} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
        made.append((str(number), head.encode() + body))
    return made


def prepare(stage: Stage, customers: int) -> str:
    """Make the chain, a live code with its welcome, and the customers at the emulator; returns the code to scan."""
    from django.conf import settings  # noqa: PLC0415 - after django.setup()

    from juqun.domains.growth import operations as growth  # noqa: PLC0415
    from juqun.domains.growth import queries  # noqa: PLC0415
    from juqun.domains.growth.types import CodeState, SourceKind  # noqa: PLC0415
    from juqun.domains.org.testing import make_small_chain  # noqa: PLC0415
    from juqun.kernel.scope import DataScope  # noqa: PLC0415

    chain = make_small_chain()
    staff = [
        {"userid": userid, "name": userid.title(), "department": [1]}
        for userid in ("wang", "li", "chen", "hong", "zhao")
    ]
    stage.post("staff", staff=staff)
    stage.post("customers", customers=[{"external_userid": f"wmNew{n}", "name": f"C{n}"} for n in range(customers)])
    answer = stage.http.put(
        "callback",
        json={
            "url": f"http://{HOST}:{stage.port}/callbacks/wecom/",
            "token": settings.JUQUN_WECOM_CALLBACK_TOKEN,
            "encoding_aes_key": settings.JUQUN_WECOM_CALLBACK_AES_KEY,
            "verify": True,
        },
    )
    answer.raise_for_status()
    code = growth.create_live_code(
        store_id=chain.tianhe.id,
        source=SourceKind.TILL,
        label="",
        staff_ids=[chain.wang.id],
        welcome_text="欢迎来天河店",
        actor="li",
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = queries.get_live_code(scope=DataScope.whole_chain(), live_code_id=code.id)
        if found.status == CodeState.READY and found.qr_code:
            time.sleep(2)  # the worker prepares the welcome next
            return found.qr_code
        time.sleep(0.2)
    msg = "the live code did not get ready"
    raise RuntimeError(msg)


def waits_ms() -> list[float]:
    """Per welcome that was sent: milliseconds from its callback's row to the accepted send."""
    from juqun.channels.wecom.models import InboxCallback  # noqa: PLC0415 - after django.setup()
    from juqun.domains.robot import rules  # noqa: PLC0415
    from juqun.domains.robot.models import WelcomeAttempt  # noqa: PLC0415
    from juqun.kernel.secrets import unseal  # noqa: PLC0415

    sent = dict(WelcomeAttempt.unscoped.filter(state="sent").values_list("code_hash", "settled_at"))
    waits = []
    for body, received in InboxCallback.objects.filter(change_type="add_external_contact").values_list(
        "body", "received_at"
    ):
        code = re.search(r"<WelcomeCode><!\[CDATA\[(.*?)\]\]>", unseal(body))
        if code and (settled := sent.get(rules.code_hash(code[1]))):
            waits.append((settled - received).total_seconds() * 1000)
    return sorted(waits)


def run(stage: Stage) -> int:
    """Measure; the exit code."""
    customers = int(SECONDS * FRIENDS_PER_SECOND)
    load = Load(stage.port, others(int(OTHERS * (SECONDS + 2))), pace=OTHERS)
    code = prepare(stage, customers)
    noise = threading.Thread(target=load.run, args=(SECONDS + 1,))
    noise.start()
    started = time.monotonic()
    for number in range(customers):
        time.sleep(max(0.0, started + 0.5 + number / FRIENDS_PER_SECOND - time.monotonic()))
        stage.post(f"actors/customers/wmNew{number}/scan", qr_code=code)
    noise.join()
    until = time.monotonic() + 20
    while len(waits_ms()) < customers and time.monotonic() < until:
        time.sleep(0.5)
    waits = waits_ms()
    read = sum(
        any(
            message["via"] == "welcome"
            for message in stage.http.get(f"actors/customers/wmNew{n}/inbox").json()["messages"]
        )
        for n in range(customers)
    )
    uploads = stage.calls("media/upload") + stage.calls("media/uploadimg")
    accepted = len(load.outcome.accepted) / load.outcome.seconds
    lost = customers - min(read, len(waits))

    def percentile(share: float) -> float:
        return round(waits[min(len(waits) - 1, int(share * len(waits)))], 1) if waits else float("inf")

    print(
        f"welcome: friends={customers} p50_ms={percentile(0.5)} p99_ms={percentile(0.99)} max_ms={percentile(1.0)} "
        f"others_per_s={accepted:.0f} others_refused={load.outcome.refused} uploads={uploads} lost={lost}"
    )
    load.close()
    is_good = not lost and not uploads and percentile(0.99) < TARGET_MS and percentile(1.0) < LIFE_MS
    return 0 if is_good else 1


def main() -> int:
    """Set the stage, measure, clear it."""
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name))
        try:
            import django  # noqa: PLC0415 - the environment comes first

            django.setup()
            stage.ready()
            return run(stage)
        finally:
            stage.stop()


if __name__ == "__main__":
    sys.exit(main())
