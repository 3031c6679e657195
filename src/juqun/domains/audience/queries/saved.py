"""Saved segments inside a scope."""

from juqun.domains.audience.errors import SegmentNotFoundError
from juqun.domains.audience.models import SavedSegment
from juqun.domains.audience.types import SegmentView
from juqun.kernel.scope import DataScope


def list_segments(*, scope: DataScope, with_archived: bool = False) -> list[SegmentView]:
    """Return the saved segments in scope, by name."""
    rows = SavedSegment.objects.within(scope).order_by("name", "id")
    if not with_archived:
        rows = rows.filter(is_archived=False)
    return [segment_view(row) for row in rows]


def get_segment(*, scope: DataScope, segment_id: int) -> SegmentView:
    """Return one saved segment; raises SegmentNotFoundError, also when it lies out of scope."""
    row = SavedSegment.objects.within(scope).filter(id=segment_id).first()
    if row is None:
        raise SegmentNotFoundError(segment_id=segment_id)
    return segment_view(row)


def segment_view(row: SavedSegment) -> SegmentView:
    """Return the view of a row."""
    return SegmentView(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        tree=row.tree,
        version=row.version,
        count=row.count,
        reachable=row.reachable,
        counted_at=row.counted_at,
        description_zh=row.description_zh,
        description_en=row.description_en,
        owner=row.owner,
        node_id=row.node_id,
        is_archived=row.is_archived,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
