"""A worker process that the kill test starts and kills: `python -m tests.journeys.sending_worker`."""

import signal
import threading

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up first

from juqun.domains.campaigns import jobs as campaign_jobs  # noqa: E402
from juqun.kernel import jobs  # noqa: E402
from juqun.kernel.jobs.work import Worker  # noqa: E402

GRACE_SECONDS = (
    2.0  # five times the delay that the test gives WeCom: a call of a killed sender may still arrive on a busy machine
)

if __name__ == "__main__":
    settings.JUQUN_SEND_GRACE_SECONDS = GRACE_SECONDS
    worker = Worker({"send": 2, "bulk": 1}, lease_seconds=1)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    worker.start()
    while not ended.wait(0.3):
        jobs.enqueue(campaign_jobs.push, dedupe_key="campaigns.push")
    worker.stop()
