"""Reads of the audience room: saved segments, live counts with reach, samples, snapshots, RFM.

Segments answer from the lake, so a count is as fresh as the lake's feed; the data scope is part of every query.
"""

from juqun.domains.audience.queries.live import (
    check_tree,
    count_segment,
    describe_tree,
    json_schema,
    member_matches,
    member_rfm,
    sample_members,
    today,
)
from juqun.domains.audience.queries.saved import get_segment, list_segments
from juqun.domains.audience.queries.snapshots import (
    get_snapshot,
    iter_snapshot_member_ids,
    list_snapshots,
    snapshot_member_ids,
)

__all__ = [
    "check_tree",
    "count_segment",
    "describe_tree",
    "get_segment",
    "get_snapshot",
    "iter_snapshot_member_ids",
    "json_schema",
    "list_segments",
    "list_snapshots",
    "member_matches",
    "member_rfm",
    "sample_members",
    "snapshot_member_ids",
    "today",
]
