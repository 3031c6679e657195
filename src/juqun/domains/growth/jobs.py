"""Queue entry points of the growth room."""

from juqun.domains.growth import operations, queries
from juqun.kernel.jobs import RetryLater, enqueue_many, job

BUSY_SECONDS = 2


@job(queue="send", atomic=False, lease_seconds=60)
def apply_live_code(*, live_code_id: int) -> None:
    if not operations.apply_live_code(live_code_id=live_code_id):
        raise RetryLater(BUSY_SECONDS)


@job(queue="send", atomic=False, lease_seconds=60)
def compare_live_code(*, live_code_id: int) -> None:
    """Read one contact way back and compare it with what is wanted."""
    if not operations.apply_live_code(live_code_id=live_code_id, is_check=True):
        raise RetryLater(BUSY_SECONDS)


@job(queue="bulk")
def compare_live_codes() -> None:
    """Ask for every contact way to be read back: a hand edit in WeCom calls nobody back."""
    ids = queries.list_written_code_ids()
    enqueue_many(
        compare_live_code,
        [{"live_code_id": code_id} for code_id in ids],
        dedupe_keys=[f"growth.compare:{code_id}" for code_id in ids],
    )


@job(queue="bulk")
def reconcile_live_codes() -> None:
    """Ask again for what the channel has not taken: a job may have died in a long outage."""
    ids = queries.list_unwritten_code_ids()
    enqueue_many(
        apply_live_code,
        [{"live_code_id": code_id} for code_id in ids],
        dedupe_keys=[f"growth.code:{code_id}" for code_id in ids],
    )
