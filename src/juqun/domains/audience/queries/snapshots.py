"""Snapshots and their members; look-ups by snapshot id serve the rooms above and take no scope."""

from collections.abc import Iterator

from juqun.domains.audience.errors import SnapshotNotFoundError
from juqun.domains.audience.models import Snapshot, SnapshotMember
from juqun.domains.audience.queries.saved import get_segment
from juqun.domains.audience.types import SnapshotView
from juqun.kernel.scope import DataScope

READ_BATCH = 10_000


def list_snapshots(*, scope: DataScope, segment_id: int) -> list[SnapshotView]:
    """Return the finished snapshots of a segment, newest first; raises SegmentNotFoundError."""
    get_segment(scope=scope, segment_id=segment_id)
    rows = Snapshot.objects.filter(segment_id=segment_id, state=Snapshot.State.READY).order_by("-taken_at", "-id")
    return [snapshot_view(row) for row in rows]


def get_snapshot(*, snapshot_id: int) -> SnapshotView:
    """Return a finished snapshot (system look-up for rooms above); raises SnapshotNotFoundError."""
    row = Snapshot.objects.filter(id=snapshot_id, state=Snapshot.State.READY).first()
    if row is None:
        raise SnapshotNotFoundError(snapshot_id=snapshot_id)
    return snapshot_view(row)


def snapshot_member_ids(*, snapshot_id: int) -> list[int]:
    """Return the member ids of a finished snapshot in rising order (system look-up); raises SnapshotNotFoundError."""
    get_snapshot(snapshot_id=snapshot_id)
    rows = SnapshotMember.objects.filter(snapshot_id=snapshot_id).order_by("member_id")
    return list(rows.values_list("member_id", flat=True))


def iter_snapshot_member_ids(*, snapshot_id: int, batch: int = READ_BATCH) -> Iterator[list[int]]:
    """Yield the member ids of a finished snapshot in rising batches, so that a million need no memory."""
    get_snapshot(snapshot_id=snapshot_id)
    last = -(2**62)
    rows = SnapshotMember.objects.filter(snapshot_id=snapshot_id).order_by("member_id")
    while found := list(rows.filter(member_id__gt=last).values_list("member_id", flat=True)[:batch]):
        yield found
        last = found[-1]


def snapshot_view(row: Snapshot) -> SnapshotView:
    """Return the view of a row."""
    return SnapshotView(
        id=row.id,
        segment_id=row.segment_id,
        size=row.size,
        as_of_day=row.as_of_day,
        taken_at=row.taken_at,
        digest=row.digest,
    )
