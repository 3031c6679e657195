"""Celery on its filesystem broker (no server to install), late acknowledgement, four threads."""

import os
import sys
import time
from pathlib import Path

from celery import Celery

from benchmarks.engines import effect

folder = Path(os.environ["BENCH_FOLDER"]) / "broker"
folder.mkdir(exist_ok=True)
app = Celery("bench", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder),
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
)


@app.task(name="leave")
def leave(number: int) -> None:
    """The job."""
    effect.leave(number)


def main() -> None:
    """Ask, or work until told to stop."""
    if sys.argv[1] == "work":
        app.worker_main(
            ["worker", "--pool=threads", "--concurrency=4", "--loglevel=ERROR", "--without-gossip", "--without-mingle"]
        )
    else:
        started = time.monotonic()
        for number in range(int(sys.argv[2])):
            leave.delay(number)
        print(time.monotonic() - started)
