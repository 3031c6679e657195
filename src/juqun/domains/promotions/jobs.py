"""Queue entry points of promotions."""

from juqun.domains.promotions import operations
from juqun.kernel import clock
from juqun.kernel.jobs import job

BATCH = 1_000


@job(queue="bulk", atomic=False)
def expire_coupons() -> None:
    """Expire what is due, a batch at a time; schedule every 60 s. Use checks the time itself, so lateness costs nothing."""
    at = clock.now()
    while operations.expire_due(at=at, batch=BATCH) == BATCH:
        pass
