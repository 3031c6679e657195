"""Asking a tree of conditions: counts with reach, samples, one member, RFM. Answers come from the lake, within a scope."""

from collections.abc import Mapping
from typing import Any

from juqun.domains.audience.queries import lake
from juqun.domains.audience.rules import describe as words
from juqun.domains.audience.rules import schema
from juqun.domains.audience.rules.language import dump, parse, walk
from juqun.domains.audience.rules.predicate import compile_predicate
from juqun.domains.audience.types import DEFAULT_RFM_DAYS, Count, Org, Relation, Rfm, RfmScore, Segment
from juqun.domains.org import queries as org
from juqun.kernel import clock
from juqun.kernel.scope import DataScope

SAMPLE_SIZE = 20


def today() -> int:
    """Return the lake's number of the business day."""
    return clock.day_number(clock.business_day(clock.now()))


def node_paths(segment: Segment) -> dict[int, str]:
    """Return the organisation path of each node that a tree names; unknown nodes are left out for the compiler to refuse.

    System look-up: a path says where a node stands, not what is there; the reader's scope is applied to the members.
    """
    wanted = {node.node_id for _, node in walk(segment) if isinstance(node, Org)}
    if not wanted:
        return {}
    return {node.id: node.path for node in org.list_nodes(scope=DataScope.whole_chain()) if node.id in wanted}


def check_tree(*, tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the canonical form of a tree; raises a SegmentError that points at the first wrong place."""
    return dump(parse(tree))


def describe_tree(*, tree: Mapping[str, Any], lang: str) -> str:
    """Return the tree in plain words ("zh" or "en") with the names of nodes and staff; raises SegmentError."""
    segment = parse(tree)
    nodes = {node.node_id for _, node in walk(segment) if isinstance(node, Org)}
    staff = [staff_id for _, node in walk(segment) if isinstance(node, Relation) for staff_id in node.staff_id]
    named = org.list_nodes(scope=DataScope.whole_chain()) if nodes else []
    return words.describe(
        segment,
        lang,
        node_names={node.id: node.name for node in named if node.id in nodes},
        staff_names=org.staff_names(ids=staff) if staff else {},
    )


def json_schema() -> dict[str, Any]:
    """Return the published JSON schema of the segment language."""
    return schema.json_schema()


def count_segment(*, scope: DataScope, tree: Mapping[str, Any], as_of_day: int | None = None) -> Count:
    """Return how many members a tree holds in scope, and how many can be reached; raises SegmentError.

    ``as_of_day``: lake day number, default the business day of now.
    """
    segment = parse(tree)
    day = today() if as_of_day is None else as_of_day
    return lake.count(segment, as_of_day=day, scope=scope, node_paths=node_paths(segment))


def sample_members(
    *, scope: DataScope, tree: Mapping[str, Any], limit: int = SAMPLE_SIZE, as_of_day: int | None = None
) -> list[int]:
    """Return the first ``limit`` member ids (in rising order) of a tree in scope; raises SegmentError."""
    segment = parse(tree)
    day = today() if as_of_day is None else as_of_day
    paths = node_paths(segment)
    found = lake.member_ids(segment, as_of_day=day, scope=scope, node_paths=paths, limit=limit)
    return [int(member) for member in found]


def member_matches(*, scope: DataScope, member_id: int, tree: Mapping[str, Any], as_of_day: int | None = None) -> bool:
    """Return whether one member is in a tree, by the per-member predicate; False for a member out of scope or unknown."""
    segment = parse(tree)
    day = today() if as_of_day is None else as_of_day
    windows = {n.within_days for _, n in walk(segment) if isinstance(n, Rfm) and n.thresholds is None}
    facts = lake.member_facts(member_id=member_id, as_of_day=day, rfm_windows=windows)
    if facts is None or not scope.covers(facts.org_path) or scope.staff_id not in (None, facts.staff_id):
        return False
    return compile_predicate(segment, as_of_day=day, node_paths=node_paths(segment))(facts)


def member_rfm(
    *, scope: DataScope, member_id: int, as_of_day: int | None = None, within_days: int = DEFAULT_RFM_DAYS
) -> RfmScore | None:
    """Return a member's RFM grades among all buyers of the chain; None out of scope or without orders in the window."""
    day = today() if as_of_day is None else as_of_day
    if not lake.is_visible(member_id=member_id, scope=scope):
        return None
    return lake.rfm_scores(as_of_day=day, within_days=within_days, member_id=member_id)
