"""A process that calls the channel, for tests of what several processes share: `python -m tests.engines.caller THREADS CALLS`.

Prints one JSON line: the calls that went through, the errors by type, and the slowest call in seconds.
"""

import json
import sys
import threading
import time
from collections import Counter

import django

django.setup()

from django.db import connection  # noqa: E402 - Django must be set up first

from juqun.channels.wecom import endpoints  # noqa: E402
from juqun.channels.wecom.client import get_client  # noqa: E402
from juqun.channels.wecom.errors import WecomError  # noqa: E402


def _call(calls: int, seen: Counter[str], seconds: list[float]) -> None:
    for _ in range(calls):
        start = time.monotonic()
        try:
            get_client().call(endpoints.DEPARTMENT_SIMPLE_LIST)
        except WecomError as error:
            seen[f"{type(error).__name__} {error.errcode}"] += 1
        else:
            seen["done"] += 1
        seconds.append(time.monotonic() - start)
    connection.close()


if __name__ == "__main__":
    outcomes: Counter[str] = Counter()
    took: list[float] = []
    threads = [threading.Thread(target=_call, args=(int(sys.argv[2]), outcomes, took)) for _ in range(int(sys.argv[1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    get_client().close()
    sys.stdout.write(json.dumps({"outcomes": outcomes, "slowest": max(took)}) + "\n")
