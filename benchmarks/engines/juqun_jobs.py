"""Juqun's jobs on SQLite, four worker threads; the effect is a row of the same database, as in real use."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import django

os.environ["JUQUN_DATABASE_URL"] = f"sqlite://{Path(os.environ['BENCH_FOLDER']) / 'effects.sqlite3'}"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up first
from django.db import connection  # noqa: E402

from juqun.kernel import jobs  # noqa: E402
from juqun.kernel.jobs.work import Worker  # noqa: E402


@jobs.job(max_attempts=100)
def leave(*, number: int) -> None:
    """The job."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effect VALUES (%s)", [number])


def main() -> None:
    """Ask, or work until told to stop."""
    if sys.argv[1] == "work":
        worker, ended = Worker({"bulk": 4}), threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        worker.start()
        ended.wait()
        worker.stop()
        return
    call_command("migrate", "kernel", verbosity=0)
    started = time.monotonic()
    if sys.argv[1] == "bulk":
        jobs.enqueue_many(leave, [{"number": number} for number in range(int(sys.argv[2]))])
    else:
        for number in range(int(sys.argv[2])):
            jobs.enqueue(leave, number=number)
    print(time.monotonic() - started)
