"""Recurring jobs: rows with a due time, ticked by whoever holds the leadership."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils.module_loading import import_string

from juqun.kernel import clock
from juqun.kernel.jobs.declare import JobFunction
from juqun.kernel.jobs.queue import enqueue
from juqun.kernel.jobs.run import new_owner
from juqun.kernel.models import Job, Leadership, Schedule

log = logging.getLogger(__name__)

ROLE = "scheduler"
TERM_SECONDS = 15
TICK_SECONDS = 1.0
CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Every:
    """Run `job` every `seconds` of business time under a unique `name`."""

    name: str
    seconds: int
    job: JobFunction[Any]


def declare(schedules: Sequence[Every]) -> None:
    """Make the rows equal to `schedules`: new ones are due at once, changed ones keep their due time, others are deleted."""
    with transaction.atomic():
        for every in schedules:
            Schedule.objects.update_or_create(
                name=every.name,
                defaults={"job": every.job.name, "every_seconds": every.seconds},
                create_defaults={
                    "job": every.job.name,
                    "every_seconds": every.seconds,
                    "next_run_at": clock.now(),
                },
            )
        Schedule.objects.exclude(name__in=[every.name for every in schedules]).delete()


def tick() -> int:
    """Enqueue what is due; safe to run anywhere and beside itself (the row is moved on by compare-and-set). Returns how many."""
    now, started = clock.now(), 0
    _pull_back(now)
    for row in Schedule.objects.filter(next_run_at__lte=now):
        with transaction.atomic():
            pause = timedelta(seconds=row.every_seconds)
            due = row.next_run_at + pause
            moved = Schedule.objects.filter(id=row.id, next_run_at=row.next_run_at).update(
                next_run_at=due if due > now else now + pause, last_run_at=now
            )
            if moved:
                enqueue(import_string(row.job), dedupe_key=f"schedule:{row.name}")
                started += 1
    return started


def _pull_back(now: datetime) -> None:
    """Mend what a clock that went ahead and came back has left: schedules and jobs that wait for a day far away.

    No schedule is ever due later than one period from now, nor was a job stored in the future; both show such a clock.
    """
    late = [
        row.id
        for row in Schedule.objects.filter(next_run_at__gt=now + CLOCK_SLACK)
        if row.next_run_at > now + timedelta(seconds=row.every_seconds) + CLOCK_SLACK
    ]
    if not late:
        return
    log.warning("the clock went back: %s schedules and the jobs stored meanwhile are pulled back with it", len(late))
    with transaction.atomic():
        Schedule.objects.filter(id__in=late).update(next_run_at=now)
        ahead = list(Job.objects.select_for_update().filter(created_at__gt=now + CLOCK_SLACK))
        for job in ahead:
            job.run_at, job.created_at = now + (job.run_at - job.created_at), now
        Job.objects.bulk_update(ahead, ["run_at", "created_at"], batch_size=1000)


def lead(owner: str) -> bool:
    """Take or keep the leadership for one term; False while another holds it."""
    wall = clock.wall()
    until = wall + timedelta(seconds=TERM_SECONDS)
    Leadership.objects.bulk_create([Leadership(role=ROLE, owner=owner, held_until=until)], ignore_conflicts=True)
    mine = Leadership.objects.filter(role=ROLE)
    return bool(mine.filter(owner=owner).update(held_until=until)) or bool(
        mine.filter(held_until__lt=wall).update(owner=owner, held_until=until)
    )


class Scheduler:
    """A thread that ticks the schedules while it leads."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 10) -> None:
        """End the thread; another process takes over after at most one term."""
        self._stop.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        owner = new_owner()
        while not self._stop.wait(TICK_SECONDS):
            try:
                if lead(owner):
                    tick()
            except Exception:
                log.exception("scheduler in trouble; it goes on")
                close_old_connections()
        connection.close()
