"""Storing jobs, and an operator's hand on dead letters."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from juqun.kernel import clock
from juqun.kernel.jobs.declare import JobFunction, Request
from juqun.kernel.models import Job, JobState

BATCH = 1000

wake_up = threading.Event()
"""Set after a commit that stored jobs, so that workers in this process need not wait for their next look."""


def enqueue(
    function: JobFunction[Any],
    *,
    dedupe_key: str | None = None,
    run_at: datetime | None = None,
    priority: int = 0,
    **kwargs: Any,
) -> bool:
    """Store one job in the running transaction; False when an equal `dedupe_key` is waiting already.

    A key guards against piling up: once the job runs, the next request is stored anew, so no change goes unseen.
    """
    request = Request(kwargs=kwargs, dedupe_key=dedupe_key, priority=priority)
    return enqueue_requests(function, [request], run_at=run_at) > 0


def enqueue_many(
    function: JobFunction[Any],
    kwargs: Iterable[Mapping[str, Any]],
    *,
    dedupe_keys: Sequence[str] | None = None,
    run_at: datetime | None = None,
) -> int:
    """Store many jobs of one function in one statement per thousand; returns how many were asked for."""
    keys: Iterable[str | None] = dedupe_keys if dedupe_keys is not None else iter(lambda: None, 0)
    requests = [Request(kwargs=dict(one), dedupe_key=key) for one, key in zip(kwargs, keys, strict=False)]
    enqueue_requests(function, requests, run_at=run_at)
    return len(requests)


def enqueue_requests(function: JobFunction[Any], requests: Sequence[Request], *, run_at: datetime | None = None) -> int:
    """Store jobs as asked; returns the number of rows stored (waiting twins with the same key are left as they are)."""
    if not requests:
        return 0
    now, wall = clock.now(), clock.wall()
    due = run_at or now
    plain = [request for request in requests if request.dedupe_key is None]
    keyed = [request for request in requests if request.dedupe_key is not None]
    stored = len(plain)
    for start in range(0, stored, BATCH):
        _insert(function, plain[start : start + BATCH], due=due, wall=wall, now=now)
    if keyed:
        keys = [request.dedupe_key for request in keyed]
        waiting = Job.objects.filter(state=JobState.WAITING, dedupe_key__in=keys[:BATCH]).count()
        rows = [
            Job(
                queue=request.queue or function.queue,
                name=function.name,
                payload=request.kwargs,
                priority=request.priority,
                run_at=due,
                held_until=wall,
                dedupe_key=request.dedupe_key,
                created_at=now,
            )
            for request in keyed
        ]
        Job.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        stored += max(0, len(set(keys)) - waiting)
    transaction.on_commit(wake_up.set)
    return stored


def _insert(
    function: JobFunction[Any], requests: Sequence[Request], *, due: datetime, wall: datetime, now: datetime
) -> None:
    """One statement for jobs without keys; a quarter of bulk_create's time, which callbacks pay two of for each batch."""
    adapt, payload = connection.ops.adapt_datetimefield_value, Job._meta.get_field("payload")
    due_value, wall_value, now_value = adapt(due), adapt(wall), adapt(now)
    name, queue = function.name, function.queue
    values: list[Any] = []
    for request in requests:
        document = payload.get_db_prep_save(request.kwargs, connection)
        values += (request.queue or queue, name, document, request.priority, due_value, wall_value, now_value)
    row = f"(%s, %s, %s, %s, %s, %s, %s, '{JobState.WAITING.value}', '', 0, '')"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_job (queue, name, payload, priority, run_at, held_until, created_at, state, owner, attempts, last_error) "
            f"VALUES {', '.join([row] * len(requests))}",
            values,
        )


def retry(job_ids: Iterable[int]) -> int:
    """Give dead letters a fresh start; returns how many were dead."""
    return Job.objects.filter(id__in=list(job_ids), state=JobState.DEAD).update(
        state=JobState.WAITING, attempts=0, held_until=clock.wall(), owner="", dedupe_key=None
    )


def discard(job_ids: Iterable[int]) -> int:
    """Delete dead letters that need not be done any more; returns how many."""
    return Job.objects.filter(id__in=list(job_ids), state=JobState.DEAD).delete()[0]
