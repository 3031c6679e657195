"""Queue entry points of the audience room."""

from juqun.domains.audience import operations
from juqun.domains.audience.models import SavedSegment
from juqun.kernel import clock
from juqun.kernel.jobs import enqueue_many, job


@job(queue="bulk", atomic=False)
def recount_segments() -> None:
    """Ask for a fresh count of every segment in use, each in a job of its own, and clear away half-taken snapshots."""
    operations.purge_unfinished_snapshots(at=clock.now())
    found = SavedSegment.unscoped.filter(is_archived=False).values_list("id", flat=True)
    enqueue_many(recount_segment, [{"segment_id": segment_id} for segment_id in found])


@job(queue="bulk", atomic=False)
def recount_segment(*, segment_id: int) -> None:
    """Count one segment; the lake is read outside any transaction."""
    operations.recount_segment(segment_id=segment_id, at=clock.now())
