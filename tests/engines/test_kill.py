"""kill -9 of a worker in the middle of 10,000 jobs: every job's effect happens exactly once."""

import os
import random
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.db import connection

from juqun.kernel import jobs
from juqun.kernel.models import EventRecord, Job
from tests.engines.effects import leave_effect

JOBS = 10_000
KILLS = 4


def _worker() -> subprocess.Popen[bytes]:
    settings = connection.settings_dict
    if connection.vendor == "postgresql":
        url = f"postgresql://{settings['USER']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    else:
        url = f"sqlite:///{settings['NAME']}"
    environment = {
        **os.environ,
        "JUQUN_DATABASE_URL": url,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return subprocess.Popen([sys.executable, "-m", "tests.engines.effects"], env=environment)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_kill_9_in_the_middle_of_ten_thousand_jobs():
    jobs.enqueue_many(leave_effect, [{"number": number} for number in range(JOBS)])
    rng = random.Random(20261121)
    for kill in range(KILLS):
        worker = _worker()
        wanted = JOBS * (kill + 1) // (KILLS + 2) + rng.randrange(200)
        deadline = time.monotonic() + 60
        while EventRecord.objects.filter(name="effect").count() < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        worker.kill()
        worker.wait()
    assert Job.objects.exists(), "the kills must have come before the end"
    worker = _worker()
    deadline = time.monotonic() + 90
    while Job.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.terminate()
    assert worker.wait(15) == 0
    assert not Job.objects.exists()
    numbers = Counter(EventRecord.objects.filter(name="effect").values_list("payload__number", flat=True))
    assert len(numbers) == JOBS
    assert set(numbers.values()) == {1}
