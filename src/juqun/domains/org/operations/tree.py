"""Growing the tree of the organisation."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Substr

from juqun.domains.org import queries, rules
from juqun.domains.org.errors import ChainExistsError, NodeCodeTakenError, NodeNotFoundError, NodePlaceError
from juqun.domains.org.events import StoreOpened
from juqun.domains.org.models import OrgNode
from juqun.domains.org.types import Node, NodeKind
from juqun.kernel import clock
from juqun.kernel.events import publish
from juqun.kernel.scope import DataScope


def create_chain(*, name: str, code: str = "HQ") -> Node:
    """Found the chain, the root of the tree.

    Raises ChainExistsError when this installation has one already.
    """
    taken = OrgNode.unscoped.filter(kind=NodeKind.CHAIN).first()
    if taken is None:
        try:
            with transaction.atomic():
                path = OrgNode._get_path("", 1, 1)
                row = OrgNode.unscoped.create(
                    kind=NodeKind.CHAIN, name=name, code=code, path=path, depth=1, opened_at=clock.now()
                )
        except IntegrityError:
            taken = OrgNode.unscoped.get(kind=NodeKind.CHAIN)
        else:
            return queries.get_node(scope=DataScope.whole_chain(), node_id=row.pk)
    raise ChainExistsError(name=taken.name)


def add_node(
    *,
    parent_id: int,
    kind: NodeKind,
    name: str,
    code: str,
    longitude: float | None = None,
    latitude: float | None = None,
) -> Node:
    """Add a province, city or store under `parent_id`.

    Raises NodeNotFoundError for an unknown parent, NodePlaceError when the tiers do not fit and NodeCodeTakenError.
    """
    with transaction.atomic():
        parent = OrgNode.unscoped.select_for_update().filter(pk=parent_id).first()
        if parent is None:
            raise NodeNotFoundError(node=str(parent_id))
        if not rules.may_hang_under(NodeKind(kind), NodeKind(parent.kind)):
            raise NodePlaceError(kind=kind, parent_kind=parent.kind)
        taken = OrgNode.unscoped.filter(code=code).first()
        if taken is not None:
            raise NodeCodeTakenError(node_code=code, name=taken.name)
        values = {"kind": NodeKind(kind), "name": name, "code": code, "longitude": longitude, "latitude": latitude}
        (row,) = grow([(parent, values)], at=clock.now())
    return queries.get_node(scope=DataScope.whole_chain(), node_id=row.pk)


def grow(children: Iterable[tuple[OrgNode, Mapping[str, Any]]], *, at: datetime) -> list[OrgNode]:
    """Insert children under their parents set-based; the caller holds the parents' row locks and an open transaction.

    Paths go on from the last child of each parent (never from a gap, so a path is never used twice).
    """
    wanted = list(children)
    parents = {parent.pk: parent for parent, _ in wanted}
    last = _last_steps(parents.values())
    rows = []
    for parent, values in wanted:
        last[parent.path] = step = last.get(parent.path, 0) + 1
        parents[parent.pk].numchild += 1
        path = OrgNode._get_path(parent.path, parent.depth + 1, step)
        rows.append(OrgNode(path=path, depth=parent.depth + 1, **{"opened_at": at, **values}))
    OrgNode.unscoped.bulk_create(rows, batch_size=500)
    OrgNode.unscoped.bulk_update(parents.values(), ["numchild"], batch_size=500)
    publish(*(StoreOpened(node_id=row.pk) for row in rows if row.kind == NodeKind.STORE))
    return rows


def _last_steps(parents: Iterable[OrgNode]) -> dict[str, int]:
    """The number of the last child below each parent path; parents without children are missing."""
    found: dict[str, int] = {}
    by_depth: dict[int, set[str]] = {}
    for parent in parents:
        by_depth.setdefault(parent.depth, set()).add(parent.path)
    for depth, paths in by_depth.items():
        lasts = (
            OrgNode.unscoped.filter(depth=depth + 1)
            .annotate(parent_path=Substr("path", 1, depth * rules.STEP))
            .values("parent_path")
            .annotate(last=Max("path"))
            .values_list("parent_path", "last")
        )
        found.update({path: OrgNode._str2int(last[-rules.STEP :]) for path, last in lasts if path in paths})
    return found
