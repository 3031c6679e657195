"""Queue entry points of commerce."""

from juqun.domains.commerce import operations
from juqun.kernel import clock
from juqun.kernel.jobs import job

BATCH = 500


@job(queue="bulk", atomic=False)
def release_holds() -> None:
    """Release orders that were not paid in time; schedule every 30 s. Paying checks the time itself."""
    at = clock.now()
    while operations.release_due_holds(at=at, batch=BATCH) == BATCH:
        pass
