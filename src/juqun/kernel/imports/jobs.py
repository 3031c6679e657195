"""Queue entry points of the imports room."""

from juqun.kernel.imports import operations
from juqun.kernel.jobs import job

KEEP_DAYS = 30


@job(queue="bulk", atomic=False)
def discard_error_files(*, older_than_days: int = KEEP_DAYS) -> None:
    """Delete error files that nobody mended for a month; wired once a day."""
    operations.discard_error_files(older_than_days=older_than_days)


@job(queue="bulk", atomic=False)
def end_broken_runs() -> None:
    """Clear up behind killed imports; wired once an hour."""
    operations.end_broken_runs()
