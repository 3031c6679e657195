"""Claiming and running jobs.

A claim is one UPDATE ... RETURNING over the open rows that are due and not held (SKIP LOCKED on PostgreSQL); it counts the
attempt, so that a job which kills its process dies after its attempts like any other. The acknowledgement deletes the row only
for the owner and attempt that claimed it: whoever lost the lease commits nothing.
"""

import logging
import random
import secrets
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.module_loading import import_string

from juqun.kernel import clock
from juqun.kernel.jobs.declare import GiveUp, JobFunction, RetryLater
from juqun.kernel.models import Job, JobState, Queue

log = logging.getLogger(__name__)

CLAIM_AT_ONCE = {Queue.NOW: 1, Queue.SEND: 1, Queue.BULK: 32}
FIRST_BACK_OFF_SECONDS = 2.0
LONGEST_BACK_OFF_SECONDS = 900.0


class LeaseLostError(RuntimeError):
    """Somebody else has taken this job over; what was done here is rolled back."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in the hands of this owner."""

    id: int
    name: str
    payload: dict[str, Any]
    attempts: int
    priority: int
    owner: str


def new_owner() -> str:
    """A name for one runner, never used twice."""
    return secrets.token_hex(16)


@cache
def _function(name: str) -> JobFunction[Any]:
    found = import_string(name)
    if not isinstance(found, JobFunction):
        msg = f"{name} is not a job"
        raise TypeError(msg)
    return found


def _database_now() -> tuple[str, list[Any]]:
    """The machine time of the database where it has one, so that worker machines need not agree."""
    if connection.vendor == "postgresql":
        return "clock_timestamp()", []
    return "%s", [_bindable(clock.wall())]


def _bindable(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def claim(*, queues: Sequence[str], owner: str, limit: int, lease_seconds: int) -> list[Claimed]:
    """Take up to `limit` due jobs of `queues` for `lease_seconds`, highest priority first, oldest first."""
    wall_sql, wall_params = _database_now()
    skip_locked = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    marks = ", ".join(["%s"] * len(queues))
    due = (
        f"SELECT id FROM kernel_job WHERE queue IN ({marks}) AND state IN ('waiting', 'running') "
        f"AND held_until <= {wall_sql} AND run_at <= %s ORDER BY priority DESC, id LIMIT %s"
    )
    due_params = [*queues, *wall_params, _bindable(clock.now()), limit]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute(due, [*due_params[:-1], 1])
            if cursor.fetchone() is None:  # looking takes no write lock
                return []
        until = clock.wall() + timedelta(seconds=lease_seconds)
        if connection.vendor == "postgresql":
            held, held_params = f"clock_timestamp() + interval '{int(lease_seconds)} seconds'", []
        else:
            held, held_params = "%s", [_bindable(until)]
        cursor.execute(
            f"UPDATE kernel_job SET state = 'running', held_until = {held}, owner = %s, attempts = attempts + 1 "
            f"WHERE id IN ({due}{skip_locked}) RETURNING id, name, payload, attempts, priority",
            [*held_params, owner, *due_params],
        )
        rows = cursor.fetchall()
    decode: Any = Job._meta.get_field("payload").from_db_value
    claimed = [Claimed(row[0], row[1], decode(row[2], None, connection), row[3], row[4], owner) for row in rows]
    return sorted(claimed, key=lambda one: (-one.priority, one.id))  # RETURNING promises no order


def execute(claimed: Claimed) -> bool:
    """Run one claimed job and settle it; True when it is done. Never raises for what the job itself raises."""
    try:
        function = _function(claimed.name)
    except Exception as error:
        _bury(claimed, f"{type(error).__name__}: {error}")
        return False
    if claimed.attempts > function.max_attempts:
        _bury(
            claimed, f"gave up after {function.max_attempts} attempts that did not end (process killed or out of time)"
        )
        return False
    try:
        if function.atomic:
            with transaction.atomic():
                function(**claimed.payload)
                _acknowledge(claimed)
        else:
            function(**claimed.payload)
            _acknowledge(claimed)
    except LeaseLostError:
        log.warning("job %s (%s) was taken over by another worker", claimed.id, claimed.name)
        return False
    except RetryLater as later:
        _put_back(claimed, later.seconds, str(later), counts=False)
        return False
    except GiveUp as reason:
        _bury(claimed, str(reason))
        return False
    except Exception as error:
        _failed(claimed, function, error)
        return False
    return True


def _acknowledge(claimed: Claimed) -> None:
    if not _mine(claimed).delete()[0]:
        raise LeaseLostError


def _mine(claimed: Claimed) -> Any:
    return Job.objects.filter(id=claimed.id, owner=claimed.owner, attempts=claimed.attempts)


def _failed(claimed: Claimed, function: JobFunction[Any], error: Exception) -> None:
    text = "".join(traceback.format_exception(error))[-4000:]
    log.warning("job %s (%s) failed, attempt %s: %s", claimed.id, claimed.name, claimed.attempts, error)
    if claimed.attempts >= function.max_attempts:
        _bury(claimed, text)
    else:
        _put_back(claimed, back_off_seconds(claimed.attempts, random.random()), text, counts=True)


def back_off_seconds(attempts: int, jitter: float) -> float:
    """Seconds to wait after the n-th failed attempt: doubling from 2 s, at most 15 min, half of it drawn (`jitter` in [0, 1))."""
    ceiling = min(LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2.0 ** (attempts - 1))
    return ceiling * (0.5 + 0.5 * jitter)


def _put_back(claimed: Claimed, seconds: float, text: str, *, counts: bool) -> None:
    values: dict[str, Any] = {
        "state": JobState.WAITING,
        "owner": "",
        "held_until": clock.wall() + timedelta(seconds=seconds),
        "last_error": text,
    }
    if not counts:
        values["attempts"] = claimed.attempts - 1
    try:
        with transaction.atomic():
            _mine(claimed).update(**values)
    except IntegrityError:  # an equal key is waiting already: it will do this one's work
        _mine(claimed).delete()


def _bury(claimed: Claimed, reason: str) -> None:
    log.error("job %s (%s) is a dead letter: %s", claimed.id, claimed.name, reason.strip().rpartition("\n")[2])
    _mine(claimed).update(state=JobState.DEAD, owner="", last_error=reason)


def run_pending(queues: Sequence[str] | None = None, *, max_jobs: int = 10_000) -> int:
    """Run everything that is due, here, until nothing is left; returns the number of jobs done.

    Jobs put back for later stay there. For tests, commands and rehearsals; workers use `Worker`.
    """
    owner, done, seen = new_owner(), 0, 0
    while seen < max_jobs:
        batch = claim(queues=queues or Queue.values, owner=owner, limit=32, lease_seconds=60)
        if not batch:
            break
        for claimed in batch:
            seen += 1
            done += execute(claimed)
    return done
