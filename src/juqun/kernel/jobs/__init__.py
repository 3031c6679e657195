"""Jobs: work to be done at least once, after commit, kept in a table of the same database as the change that asked for it.

Six libraries were measured; none does all of: the ORM's own transaction on SQLite and PostgreSQL, recovery after kill -9,
threads inside the web process, back-off. The scope is frozen: no chains, no results, no canvas.
"""

from juqun.kernel.jobs.declare import GiveUp, JobFunction, Request, RetryLater, job
from juqun.kernel.jobs.queue import discard, enqueue, enqueue_many, enqueue_requests, retry
from juqun.kernel.jobs.run import run_pending

__all__ = [
    "GiveUp",
    "JobFunction",
    "Request",
    "RetryLater",
    "discard",
    "enqueue",
    "enqueue_many",
    "enqueue_requests",
    "job",
    "retry",
    "run_pending",
]
