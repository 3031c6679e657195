"""A worker process that the kill test starts and kills: `python -m tests.journeys.sync_worker`."""

import signal
import threading

import django

django.setup()

from juqun.kernel.jobs.work import Worker  # noqa: E402 - Django must be set up first

if __name__ == "__main__":
    worker = Worker({"send": 3, "bulk": 1}, lease_seconds=5)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    worker.start()
    ended.wait()
    worker.stop()
