"""The lake's own work: flush the feed, refresh dimensions, compact, tidy up."""

from juqun.kernel import clock
from juqun.kernel.jobs import job
from juqun.lake import compaction, feed, manifest


@job(queue="bulk", atomic=False, lease_seconds=120)
def flush_facts() -> None:
    """Move what waits; what another flush or a compaction holds up goes with the next call, seconds later."""
    feed.flush_if_free()


@job(queue="bulk", atomic=False, lease_seconds=120)
def refresh_dims(*, names: list[str] | None = None) -> None:
    """The named dimensions, or those of which nobody tells when they change."""
    feed.refresh_dims(feed.restless_dims() if names is None else names)


@job(queue="bulk", atomic=False, lease_seconds=120)
def refresh_all_dims() -> None:
    """Every dimension, whatever the news said."""
    feed.refresh_dims()


@job(queue="bulk", atomic=False, lease_seconds=1_800)
def compact() -> None:
    compaction.compact(today=clock.business_day(clock.now()))


@job(queue="bulk", atomic=False, lease_seconds=120)
def tidy_up() -> None:
    manifest.sweep()
    feed.purge_flushed()
