"""Reads of the organisation room. Those without a scope are look-ups of the system and say so."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pyarrow as pa

from juqun.domains.org import rules
from juqun.domains.org.errors import NodeNotFoundError, StaffNotFoundError
from juqun.domains.org.models import OrgNode, Policy, Staff
from juqun.domains.org.types import EffectivePolicy, Node, NodeKind, PolicyKey, PolicyMode, PolicyRow, Role, StaffView
from juqun.kernel.scope import DataScope

UNKNOWN_ID = -1
# Above this many distinct paths it is cheaper to read all policies of a key than to name the paths.
MANY_PATHS = 500

STORES_DIM = pa.schema(
    [
        ("store_id", pa.int64()),
        ("path", pa.string()),
        ("store_name", pa.string()),
        ("city_id", pa.int64()),
        ("city_name", pa.string()),
        ("province_id", pa.int64()),
        ("province_name", pa.string()),
        ("longitude", pa.float64()),
        ("latitude", pa.float64()),
    ]
)


def get_scope(*, account_id: int) -> DataScope:
    """What the holder of a login may see; nothing for a login without active staff. (System look-up.)"""
    row = Staff.unscoped.select_related("node").filter(account_id=account_id, is_active=True).first()
    if row is None:
        return DataScope.nothing()
    return rules.scope_of(Role(row.role), NodeKind(row.node.kind), row.node.path, row.pk)


def get_staff_by_account(*, account_id: int) -> StaffView | None:
    """The member of staff behind a login, or None. (System look-up.)"""
    row = Staff.unscoped.select_related("node").filter(account_id=account_id).first()
    return None if row is None else _staff_view(row)


def get_staff_by_userid(*, userid: str) -> StaffView | None:
    """The member of staff that WeCom calls `userid`, or None. (System look-up.)"""
    row = Staff.unscoped.select_related("node").filter(userid=userid).first()
    return None if row is None else _staff_view(row)


def find_staff(*, userids: Iterable[str]) -> dict[str, StaffView]:
    """Members of staff by the userids that WeCom knows them by, also those who left; unknown ones are left out. (System look-up.)"""
    rows = Staff.unscoped.select_related("node").filter(userid__in=set(userids))
    return {row.userid: _staff_view(row) for row in rows}


def home_stores(*, staff_ids: Iterable[int]) -> dict[int, int]:
    """The store at which each member of staff works; who works at a higher tier is left out. (System look-up.)"""
    rows = Staff.unscoped.filter(pk__in=set(staff_ids), node__kind=NodeKind.STORE)
    return dict(rows.values_list("pk", "node_id"))


def get_staff(*, scope: DataScope, staff_id: int) -> StaffView:
    """One member of staff in scope. Raises StaffNotFoundError."""
    row = Staff.objects.within(scope).select_related("node").filter(pk=staff_id).first()
    if row is None:
        raise StaffNotFoundError(staff=str(staff_id))
    return _staff_view(row)


def list_staff(
    *, scope: DataScope, node_id: int | None = None, role: Role | None = None, is_active: bool | None = True
) -> list[StaffView]:
    """Staff in scope by node and name; `node_id`: of that node and all below it; `is_active` None: also who left."""
    rows = Staff.objects.within(scope).select_related("node").order_by("node__path", "name", "pk")
    if node_id is not None:
        rows = rows.filter(node__path__startswith=get_node(scope=scope, node_id=node_id).path)
    if role is not None:
        rows = rows.filter(role=role)
    if is_active is not None:
        rows = rows.filter(is_active=is_active)
    return [_staff_view(row) for row in rows]


def list_headquarters_userids() -> list[str]:
    """Userids of those who lead the whole chain, for news that concern all of it. (System look-up.)"""
    leads = Staff.unscoped.filter(is_active=True, role=Role.HQ_LEAD, node__kind=NodeKind.CHAIN).exclude(userid="")
    return list(leads.order_by("userid").values_list("userid", flat=True))


def list_staff_upwards(*, node_id: int) -> list[tuple[int, StaffView]]:
    """Active staff at a node and at every node above it, nearest first, with how many tiers up they are (0: at the node).

    Raises NodeNotFoundError. (System look-up.)
    """
    path = OrgNode.unscoped.filter(pk=node_id).values_list("path", flat=True).first()
    if path is None:
        raise NodeNotFoundError(node=str(node_id))
    rows = Staff.unscoped.select_related("node").filter(is_active=True, node__path__in=rules.ancestor_paths(path))
    found = [(rules.tiers_between(row.node.path, path), _staff_view(row)) for row in rows.order_by("pk")]
    return sorted(found, key=lambda one: one[0])


def get_staff_by_ids(*, ids: Iterable[int]) -> dict[int, StaffView]:
    """Staff by id, also those who left; unknown ids are left out. (System look-up.)"""
    rows = Staff.unscoped.select_related("node").filter(pk__in=set(ids))
    return {row.pk: _staff_view(row) for row in rows}


def staff_names(*, ids: Iterable[int]) -> dict[int, str]:
    """Names by staff id, also of those who left. (System look-up.)"""
    return dict(Staff.unscoped.filter(pk__in=set(ids)).values_list("pk", "name"))


def userid_names(*, userids: Iterable[str]) -> dict[str, str]:
    """Names by WeCom's userid, also of those who left; unknown ones are left out. (System look-up.)"""
    return dict(Staff.unscoped.filter(userid__in=set(userids)).values_list("userid", "name"))


def node_names(*, ids: Iterable[int]) -> dict[int, str]:
    """Names of nodes by id, for sentences about them. (System look-up.)"""
    return dict(OrgNode.unscoped.filter(pk__in=set(ids)).values_list("pk", "name"))


def get_node(*, scope: DataScope, node_id: int) -> Node:
    """One node in scope. Raises NodeNotFoundError."""
    row = OrgNode.objects.within(scope).filter(pk=node_id).first()
    if row is None:
        raise NodeNotFoundError(node=str(node_id))
    return _nodes([row])[0]


def get_store_by_code(*, code: str) -> Node | None:
    """The store that files call `code`, or None. (System look-up.)"""
    row = OrgNode.unscoped.filter(kind=NodeKind.STORE, code=code).first()
    return None if row is None else _nodes([row])[0]


def find_store_ids(*, codes: Iterable[str]) -> dict[str, int]:
    """Store ids by code for those codes that exist. (System look-up, set-based.)"""
    wanted = set(codes)
    rows = OrgNode.unscoped.filter(kind=NodeKind.STORE).values_list("code", "pk")
    if len(wanted) <= MANY_PATHS:
        rows = rows.filter(code__in=wanted)
    return {code: pk for code, pk in rows if code in wanted}


def list_nodes(*, scope: DataScope, kind: NodeKind | None = None) -> list[Node]:
    """Nodes in scope in the order of the tree, all or of one kind."""
    rows = OrgNode.objects.within(scope).order_by("path")
    if kind is not None:
        rows = rows.filter(kind=kind)
    return _nodes(list(rows))


def list_children(*, scope: DataScope, node_id: int) -> list[Node]:
    """The nodes directly below one. Raises NodeNotFoundError."""
    parent = OrgNode.objects.within(scope).filter(pk=node_id).first()
    if parent is None:
        raise NodeNotFoundError(node=str(node_id))
    rows = OrgNode.objects.within(scope).filter(path__startswith=parent.path, depth=parent.depth + 1).order_by("path")
    return _nodes(list(rows))


def count_nodes(*, scope: DataScope) -> dict[NodeKind, int]:
    """How many nodes of each kind lie in scope."""
    counts = Counter(OrgNode.objects.within(scope).values_list("kind", flat=True))
    return {kind: counts.get(kind, 0) for kind in NodeKind}


def get_policy(*, node_id: int, key: PolicyKey) -> EffectivePolicy:
    """What holds at one node. Raises NodeNotFoundError. (System look-up.)"""
    found = get_policies(node_ids=[node_id], key=key)
    if node_id not in found:
        raise NodeNotFoundError(node=str(node_id))
    return found[node_id]


def get_policies(*, node_ids: Sequence[int], key: PolicyKey) -> dict[int, EffectivePolicy]:
    """What holds at many nodes, in two statements; unknown ids are left out. (System look-up.)"""
    key = PolicyKey(key)
    wanted = set(node_ids)
    nodes = OrgNode.unscoped.values_list("pk", "path")
    if len(wanted) <= MANY_PATHS:
        nodes = nodes.filter(pk__in=wanted)
    paths = {pk: path for pk, path in nodes if pk in wanted}
    needed = rules.paths_needed(list(paths.values()))
    set_rows = Policy.unscoped.filter(key=key).select_related("node", "set_by")
    if len(needed) <= MANY_PATHS:
        set_rows = set_rows.filter(node__path__in=needed)
    rows = {
        row.node.path: PolicyRow(
            node_id=row.node_id,
            node_name=row.node.name,
            path=row.node.path,
            mode=PolicyMode(row.mode),
            value=row.value,
            low=row.low,
            high=row.high,
            set_by=row.set_by.name if row.set_by else "",
        )
        for row in set_rows
    }
    return {pk: rules.resolve_policy(key, path, rows) for pk, path in paths.items()}


def export_stores_dim() -> pa.Table:
    """The dimension `stores` of the lake. Chain-wide and without a scope: for the lake only. -1: no such tier above."""
    rows = list(OrgNode.unscoped.filter(kind=NodeKind.STORE).order_by("path"))
    tiers = _tiers_above(rows)
    columns: dict[str, list[object]] = {name: [] for name in STORES_DIM.names}
    for row in rows:
        city, province = (_tier(row, kind, tiers) for kind in (NodeKind.CITY, NodeKind.PROVINCE))
        values = (
            row.pk,
            row.path,
            row.name,
            city.pk if city else UNKNOWN_ID,
            city.name if city else "",
            province.pk if province else UNKNOWN_ID,
            province.name if province else "",
            row.longitude,
            row.latitude,
        )
        for name, value in zip(STORES_DIM.names, values, strict=True):
            columns[name].append(value)
    return pa.table(columns, schema=STORES_DIM)


def _staff_view(row: Staff) -> StaffView:
    return StaffView(
        id=row.pk,
        name=row.name,
        userid=row.userid,
        role=Role(row.role),
        node_id=row.node_id,
        node_name=row.node.name,
        node_path=row.node.path,
        is_active=row.is_active,
        account_id=row.account_id,
        left_at=row.left_at,
    )


def _tiers_above(rows: Sequence[OrgNode]) -> dict[str, OrgNode]:
    """All nodes above `rows`, by path (stores have nothing below them, so they are left out of a big read)."""
    needed = rules.paths_needed([row.path[: -rules.STEP] for row in rows])
    nodes = OrgNode.unscoped.exclude(kind=NodeKind.STORE)
    if len(needed) <= MANY_PATHS:
        nodes = nodes.filter(path__in=needed)
    return {node.path: node for node in nodes if node.path in needed}


def _tier(row: OrgNode, kind: NodeKind, tiers: dict[str, OrgNode]) -> OrgNode | None:
    if row.kind == kind:
        return row
    above = (tiers.get(path) for path in rules.ancestor_paths(row.path))
    return next((node for node in above if node is not None and node.kind == kind), None)


def _nodes(rows: Sequence[OrgNode]) -> list[Node]:
    tiers = _tiers_above(rows)
    views = []
    for row in rows:
        parent = tiers.get(row.path[: -rules.STEP])
        province, city = (_tier(row, kind, tiers) for kind in (NodeKind.PROVINCE, NodeKind.CITY))
        views.append(
            Node(
                id=row.pk,
                kind=NodeKind(row.kind),
                name=row.name,
                code=row.code,
                path=row.path,
                parent_id=parent.pk if parent else None,
                longitude=row.longitude,
                latitude=row.latitude,
                province_name=province.name if province else "",
                city_name=city.name if city else "",
            )
        )
    return views
