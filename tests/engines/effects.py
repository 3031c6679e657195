"""The job of the kill test, and a process that works on it: `python -m tests.engines.effects`."""

import signal
import threading

import django

django.setup()

from juqun.kernel import clock, ids, jobs  # noqa: E402 - Django must be set up first
from juqun.kernel.jobs.work import Worker  # noqa: E402
from juqun.kernel.models import EventRecord  # noqa: E402


@jobs.job(atomic=True, max_attempts=50)
def leave_effect(*, number: int) -> None:
    """One row per run and no unique key: a job that ran twice would show."""
    EventRecord.objects.create(
        public_id=ids.new_id(), name="effect", payload={"number": number}, occurred_at=clock.now()
    )


if __name__ == "__main__":
    from tests.engines.effects import leave_effect as _importable  # noqa: F401 - the name that stored jobs look up

    worker = Worker({"bulk": 2}, lease_seconds=2)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    worker.start()
    ended.wait()
    worker.stop()
