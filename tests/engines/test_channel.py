"""What all processes share towards WeCom: one token, few calls in flight, places that come back after kill -9."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection

from juqun.channels.wecom import endpoints
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WelcomeSpentError
from wecom_emulator.running import RunningEmulator, run_in_thread

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PROCESSES = 3


def _start(base_url: str, threads: int, calls: int, **environment: str) -> subprocess.Popen[str]:
    database = connection.settings_dict
    if connection.vendor == "postgresql":
        url = f"postgresql://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    else:
        url = f"sqlite:///{database['NAME']}"
    environment = {
        **os.environ,
        "JUQUN_DATABASE_URL": url,
        "JUQUN_DATA_DIR": str(settings.DATA_DIR),
        "JUQUN_SECRET_KEY": settings.SECRET_KEY,
        "JUQUN_WECOM_BASE_URL": base_url,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        **environment,
    }
    command = [sys.executable, "-m", "tests.engines.caller", str(threads), str(calls)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def _outcomes(processes: list[subprocess.Popen[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for process in processes:
        output, _ = process.communicate(timeout=60)
        found.update(json.loads(output)["outcomes"])
    return found


def _calls(emulator: RunningEmulator, path: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{emulator.base_url}/emulator/calls", params={"path": path, "limit": 5000}).json()
    return list(answer["calls"])


def _fault(emulator: RunningEmulator, **fault: Any) -> None:
    assert httpx.post(f"{emulator.base_url}/emulator/faults", json=fault).status_code == 200


def test_several_processes_share_one_token_and_renew_a_dead_one_once():
    with run_in_thread() as emulator:
        _fault(emulator, route="gettoken", latency_ms=200)
        processes = [_start(emulator.base_url, 4, 60) for _ in range(PROCESSES)]
        path, deaths = endpoints.DEPARTMENT_SIMPLE_LIST.path, 0
        for wanted in (60, 200, 400):
            deadline = time.monotonic() + 30
            while len(_calls(emulator, path)) < wanted and time.monotonic() < deadline:
                time.sleep(0.02)
            deaths += httpx.delete(f"{emulator.base_url}/emulator/tokens").json()["tokens"]
        assert _outcomes(processes) == {"done": 60 * 4 * PROCESSES}
        assert deaths == 3
        assert len(_calls(emulator, "gettoken")) == 1 + deaths


def test_a_wrong_secret_in_several_processes_is_tried_once():
    with run_in_thread() as emulator:
        wrong = [_start(emulator.base_url, 4, 20, JUQUN_WECOM_SECRET="wrong") for _ in range(PROCESSES)]
        assert _outcomes(wrong) == {"WecomCredentialError 40001": 80 * PROCESSES}
        assert len(_calls(emulator, "gettoken")) == 1


def test_all_processes_together_keep_to_the_places_and_urgent_calls_find_one(settings):
    with run_in_thread(concurrency_limit=4) as emulator:
        settings.JUQUN_WECOM_BASE_URL = emulator.base_url
        _fault(emulator, route=endpoints.DEPARTMENT_SIMPLE_LIST.path, latency_ms=40)
        processes = [_start(emulator.base_url, 5, 15) for _ in range(PROCESSES)]
        path = endpoints.DEPARTMENT_SIMPLE_LIST.path
        deadline = time.monotonic() + 30
        while len(_calls(emulator, path)) < 40 and time.monotonic() < deadline:
            time.sleep(0.02)
        took = []
        for _ in range(10):
            start = time.monotonic()
            with pytest.raises(WelcomeSpentError):
                get_client().call(endpoints.WELCOME_SEND, {"welcome_code": "x", "text": {"content": "x"}})
            took.append(time.monotonic() - start)
        assert len(_calls(emulator, path)) < 15 * 5 * PROCESSES, "the others must still have been calling"
        assert _outcomes(processes) == {"done": 15 * 5 * PROCESSES}
        assert {call["errcode"] for call in _calls(emulator, path)} == {0}, "45033 would be one call too many"
        assert max(took) < 1.0


def test_the_places_of_a_killed_process_come_back(settings):
    with run_in_thread() as emulator:
        settings.JUQUN_WECOM_BASE_URL = emulator.base_url
        _fault(emulator, route=endpoints.DEPARTMENT_SIMPLE_LIST.path, latency_ms=30_000, times=4)
        process = _start(emulator.base_url, 4, 1)
        deadline = time.monotonic() + 30
        while emulator.world.recorder.in_flight(endpoints.DEPARTMENT_SIMPLE_LIST.path) < 4:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
        process.communicate()
        start = time.monotonic()
        get_client().call(endpoints.DEPARTMENT_SIMPLE_LIST)
        assert 0.5 < time.monotonic() - start < 8
