"""The tree and the staff from files."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from juqun.domains.org import rules
from juqun.domains.org.events import StaffJoined
from juqun.domains.org.models import OrgNode, Staff
from juqun.domains.org.operations.tree import grow
from juqun.domains.org.types import NodeKind, Role
from juqun.kernel import clock
from juqun.kernel.events import publish
from juqun.kernel.imports.operations import run_import
from juqun.kernel.imports.types import Batch, BatchOutcome, Column, ColumnKind, ImportResult, OnProgress, Reject

Row = Mapping[str, Any]
Refuse = Callable[[Row, str, str], None]

TREE_COLUMNS: Final = (
    Column(name="code", required=True, aliases=("编码", "代码", "门店编码")),
    Column(name="kind", required=True, aliases=("层级", "类型")),
    Column(name="name", required=True, aliases=("名称",)),
    Column(name="parent_code", aliases=("parent", "上级编码", "上级")),
    Column(name="longitude", kind=ColumnKind.NUMBER, aliases=("lng", "lon", "经度")),
    Column(name="latitude", kind=ColumnKind.NUMBER, aliases=("lat", "纬度")),
    Column(name="opened_at", kind=ColumnKind.DATETIME, aliases=("opened_on", "开业日期")),
)
STAFF_COLUMNS: Final = (
    Column(name="userid", required=True, aliases=("企业微信账号", "账号")),
    Column(name="name", required=True, aliases=("姓名",)),
    Column(name="role", required=True, aliases=("角色", "岗位")),
    Column(name="node_code", required=True, aliases=("store_code", "code", "门店编码", "组织编码")),
)
KIND_WORDS: Final = {
    **{kind.value: kind for kind in NodeKind},
    "集团": NodeKind.CHAIN, "总部": NodeKind.CHAIN, "省": NodeKind.PROVINCE, "市": NodeKind.CITY, "城市": NodeKind.CITY,
    "门店": NodeKind.STORE, "店": NodeKind.STORE,
}  # fmt: skip
ROLE_WORDS: Final = {
    **{role.value: role for role in Role},
    "总部": Role.HQ_LEAD, "城市运营": Role.CITY_OPERATOR, "店长": Role.STORE_MANAGER, "小步": Role.STORE_OPERATOR,
    "门店运营": Role.STORE_OPERATOR, "导购": Role.GUIDE, "收银员": Role.CASHIER,
}  # fmt: skip
LONGEST: Final = {"code": 64, "name": 120, "userid": 64}


def import_tree(*, path: Path | str, actor: str, on_progress: OnProgress | None = None) -> ImportResult:
    """Import nodes of the tree from CSV, XLSX or Parquet, in any order of tiers.

    Columns: code*, kind* (chain, province, city, store), name*, parent_code (empty: under the chain), longitude, latitude,
    opened_at. A known code is skipped when nothing changed and updated when name or position did; a code cannot move to
    another parent or tier this way. Raises ImportFileError and ImportHeaderError.
    """
    return run_import(
        kind="tree", path=path, columns=TREE_COLUMNS, sink=_tree_sink, actor=actor, on_progress=on_progress,
        batch_bytes=64 << 20,
    )  # fmt: skip


def import_staff(*, path: Path | str, actor: str, on_progress: OnProgress | None = None) -> ImportResult:
    """Import staff from CSV, XLSX or Parquet; logins are opened by hand.

    Columns: userid*, name*, role*, node_code*. A known userid is skipped when nothing changed, else its name, role and
    node are updated. Raises ImportFileError and ImportHeaderError.
    """
    return run_import(
        kind="staff", path=path, columns=STAFF_COLUMNS, sink=_staff_sink, actor=actor, on_progress=on_progress
    )


class _Rejects:
    """Collects what is wrong with the lines of one batch."""

    def __init__(self) -> None:
        self.rejects: list[Reject] = []
        self.lines: set[int] = set()

    def refuse(self, row: Row, name: str, reason: str) -> None:
        self.lines.add(row["line_no"])
        value = row[name]
        self.rejects.append(
            Reject(line_no=row["line_no"], field=name, value="" if value is None else str(value), reason=reason)
        )

    def good(self, rows: Sequence[Row], unique: str, words: tuple[str, Mapping[str, Any]]) -> list[Row]:
        """Rows whose key stands once in the batch, whose word is known and whose texts fit."""
        times = Counter(row[unique] for row in rows)
        column, known = words
        for row in rows:
            if times[row[unique]] > 1:
                self.refuse(row, unique, _("stands more than once in this file"))
            if row[column].lower() not in known:
                self.refuse(
                    row, column, _("is not one of %(known)s") % {"known": ", ".join(dict.fromkeys(known.values()))}
                )
            for name, longest in LONGEST.items():
                if len(row.get(name) or "") > longest:
                    self.refuse(row, name, _("is too long"))
        return [row for row in rows if row["line_no"] not in self.lines]


def _tree_sink(batch: Batch) -> BatchOutcome:
    found = _Rejects()
    rows = found.good(batch.table.to_pylist(), "code", ("kind", KIND_WORDS))
    counts: Counter[str] = Counter()
    with transaction.atomic():
        nodes = {node.code: node for node in OrgNode.unscoped.select_for_update().order_by("path")}
        chain = next((node for node in nodes.values() if node.kind == NodeKind.CHAIN), None)
        for kind in rules.TIERS:
            of_kind = [row for row in rows if KIND_WORDS[row["kind"].lower()] is kind]
            fresh = [row for row in of_kind if row["code"] not in nodes]
            _update_nodes([row for row in of_kind if row["code"] in nodes], kind, nodes, chain, found, counts)
            if kind is NodeKind.CHAIN:
                chain = _found_chain(fresh, chain, found, counts)
                grown = [chain] if chain is not None else []
            else:
                grown = _add_nodes(fresh, kind, nodes, chain, found)
                counts["ok"] += len(grown)
            nodes.update({node.code: node for node in grown})
    return BatchOutcome(rows_ok=counts["ok"], rows_skipped=counts["skipped"], rejects=found.rejects)


def _found_chain(rows: Sequence[Row], chain: OrgNode | None, found: _Rejects, counts: Counter[str]) -> OrgNode | None:
    for row in rows:
        if chain is not None:
            found.refuse(row, "code", _("this installation already serves the chain %(name)s") % {"name": chain.name})
            continue
        path = OrgNode._get_path("", 1, 1)
        values = {"kind": NodeKind.CHAIN, "name": row["name"], "code": row["code"], "opened_at": _opened(row)}
        chain = OrgNode.unscoped.create(path=path, depth=1, **values)
        counts["ok"] += 1
    return chain


def _parent(row: Row, nodes: Mapping[str, OrgNode], chain: OrgNode | None) -> OrgNode | None:
    return nodes.get(row["parent_code"]) if row["parent_code"] else chain


def _add_nodes(
    rows: Sequence[Row], kind: NodeKind, nodes: Mapping[str, OrgNode], chain: OrgNode | None, found: _Rejects
) -> list[OrgNode]:
    children = []
    for row in rows:
        parent = _parent(row, nodes, chain)
        if parent is None:
            found.refuse(row, "parent_code", _("is no node of the organisation"))
        elif not rules.may_hang_under(kind, NodeKind(parent.kind)):
            found.refuse(row, "parent_code", _("is not of a higher tier"))
        else:
            values = {name: row[name] for name in ("code", "name", "longitude", "latitude")}
            children.append((parent, {**values, "kind": kind, "opened_at": _opened(row)}))
    return grow(children, at=clock.now()) if children else []


def _update_nodes(
    rows: Sequence[Row],
    kind: NodeKind,
    nodes: Mapping[str, OrgNode],
    chain: OrgNode | None,
    found: _Rejects,
    counts: Counter[str],
) -> None:
    changed = []
    for row in rows:
        node = nodes[row["code"]]
        parent = _parent(row, nodes, chain)
        if node.kind != kind:
            found.refuse(row, "kind", _("is another tier than the node has; a node does not change its tier"))
        elif kind is not NodeKind.CHAIN and (parent is None or node.path[: -rules.STEP] != parent.path):
            found.refuse(row, "parent_code", _("is not the parent that the node has; a node does not move by import"))
        elif _take_over(node, row):
            changed.append(node)
            counts["ok"] += 1
        else:
            counts["skipped"] += 1
    OrgNode.unscoped.bulk_update(changed, ["name", "longitude", "latitude"], batch_size=500)


def _take_over(node: OrgNode, row: Row) -> bool:
    """Copy filled cells that differ; whether any did."""
    changed = [
        name for name in ("name", "longitude", "latitude") if row[name] is not None and row[name] != getattr(node, name)
    ]
    for name in changed:
        setattr(node, name, row[name])
    return bool(changed)


def _opened(row: Row) -> Any:
    return clock.from_business_time(row["opened_at"]) if row["opened_at"] is not None else clock.now()


def _staff_sink(batch: Batch) -> BatchOutcome:
    found = _Rejects()
    rows = found.good(batch.table.to_pylist(), "userid", ("role", ROLE_WORDS))
    skipped, changed, joined, returned = 0, [], [], []
    with transaction.atomic():
        nodes = {node.code: node for node in OrgNode.unscoped.filter(code__in={row["node_code"] for row in rows})}
        people = Staff.unscoped.select_for_update().filter(userid__in={row["userid"] for row in rows})
        known = {person.userid: person for person in people}
        for row in rows:
            node, role = nodes.get(row["node_code"]), ROLE_WORDS[row["role"].lower()]
            if node is None:
                found.refuse(row, "node_code", _("is no node of the organisation"))
                continue
            if not rules.may_work_at(role, NodeKind(node.kind)):
                found.refuse(row, "role", _("cannot be held at this node"))
                continue
            person = known.get(row["userid"])
            if person is None:
                joined.append(
                    Staff(userid=row["userid"], name=row["name"], role=role, node=node, joined_at=clock.now())
                )
            elif person.is_active and (person.name, person.role, person.node_id) == (row["name"], role, node.pk):
                skipped += 1
            else:
                if not person.is_active:
                    returned.append(person)
                person.name, person.role, person.node = row["name"], role, node
                person.is_active, person.left_at, person.left_by_wecom = True, None, False
                changed.append(person)
        Staff.unscoped.bulk_create(joined, batch_size=500)
        Staff.unscoped.bulk_update(
            changed, ["name", "role", "node", "is_active", "left_at", "left_by_wecom"], batch_size=500
        )
        publish(*(StaffJoined(staff_id=person.pk) for person in [*joined, *returned]))
    return BatchOutcome(rows_ok=len(joined) + len(changed), rows_skipped=skipped, rejects=found.rejects)
