"""Reads of the jobs table for operators of the software: what waits, what runs, what died and why. Chain-wide, no scope."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from juqun.kernel.models import Job, JobState, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job as the console shows it; `error` is the last line of `last_error`."""

    id: int
    queue: str
    name: str
    state: str
    attempts: int
    payload: dict[str, object]
    run_at: datetime
    created_at: datetime
    error: str
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """How many jobs are in each state."""

    waiting: int
    running: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """One recurring job."""

    name: str
    job: str
    every_seconds: int
    next_run_at: datetime
    last_run_at: datetime | None


def count_jobs() -> JobCounts:
    """Return the number of jobs in each state."""
    found = dict(Job.objects.values_list("state").annotate(number=Count("id")).order_by())
    return JobCounts(**{state.value: found.get(state.value, 0) for state in JobState})


def list_jobs(*, state: str | None = None, limit: int = 50, offset: int = 0) -> list[JobView]:
    """Return jobs, newest first, all or of one state."""
    rows = Job.objects.order_by("-id")
    if state is not None:
        rows = rows.filter(state=state)
    return [_view(row) for row in rows[offset : offset + limit]]


def list_schedules() -> list[ScheduleView]:
    """Return the recurring jobs by name."""
    names = ("name", "job", "every_seconds", "next_run_at", "last_run_at")
    return [ScheduleView(**row) for row in Schedule.objects.order_by("name").values(*names)]


def _view(row: Job) -> JobView:
    lines = row.last_error.strip().splitlines()
    return JobView(
        id=row.pk,
        queue=row.queue,
        name=row.name.removeprefix("juqun."),
        state=row.state,
        attempts=row.attempts,
        payload=row.payload,
        run_at=row.run_at,
        created_at=row.created_at,
        error=lines[-1] if lines else "",
        last_error=row.last_error,
    )


def count_waiting(*, name: str) -> int:
    """Return how many jobs of one function wait."""
    return Job.objects.filter(name=name, state=JobState.WAITING).count()
