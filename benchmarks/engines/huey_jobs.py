"""Huey on its SQLite storage, four worker threads."""

import os
import sys
import time
from pathlib import Path

from huey import SqliteHuey

from benchmarks.engines import effect

huey = SqliteHuey("bench", filename=str(Path(os.environ["BENCH_FOLDER"]) / "huey.sqlite3"), results=False)


@huey.task()
def leave(number: int) -> None:
    """The job."""
    effect.leave(number)


def ask(count: int) -> float:
    """Seconds to ask for `count` jobs (Huey has no bulk call)."""
    started = time.monotonic()
    for number in range(count):
        leave(number)
    return time.monotonic() - started


def main() -> None:
    """Ask, or work until told to stop."""
    if sys.argv[1] == "work":
        huey.create_consumer(workers=4, worker_type="thread", initial_delay=0.02, max_delay=0.1).run()
    else:
        print(ask(int(sys.argv[2])))
