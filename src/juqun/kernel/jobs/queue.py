"""Storing jobs, and an operator's hand on dead letters."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

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
    rows = [
        Job(
            queue=request.queue or function.queue,
            name=function.name,
            payload=request.kwargs,
            priority=request.priority,
            run_at=run_at or now,
            held_until=wall,
            dedupe_key=request.dedupe_key,
            created_at=now,
        )
        for request in requests
    ]
    keyed = [row for row in rows if row.dedupe_key is not None]
    plain = [row for row in rows if row.dedupe_key is None]
    stored = len(plain)
    Job.objects.bulk_create(plain, batch_size=BATCH)
    if keyed:
        keys = [row.dedupe_key for row in keyed]
        waiting = Job.objects.filter(state=JobState.WAITING, dedupe_key__in=keys[:BATCH]).count()
        Job.objects.bulk_create(keyed, batch_size=BATCH, ignore_conflicts=True)
        stored += max(0, len(set(keys)) - waiting)
    transaction.on_commit(wake_up.set)
    return stored


def retry(job_ids: Iterable[int]) -> int:
    """Give dead letters a fresh start; returns how many were dead."""
    return Job.objects.filter(id__in=list(job_ids), state=JobState.DEAD).update(
        state=JobState.WAITING, attempts=0, held_until=clock.wall(), owner="", dedupe_key=None
    )


def discard(job_ids: Iterable[int]) -> int:
    """Delete dead letters that need not be done any more; returns how many."""
    return Job.objects.filter(id__in=list(job_ids), state=JobState.DEAD).delete()[0]
