"""Keys in a file become ids: store codes through org, card numbers through members, each distinct key asked once."""

from collections.abc import Iterable

import pyarrow as pa

from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind
from juqun.kernel.scope import DataScope


class Lookups:
    """The ids found so far in one run."""

    def __init__(self) -> None:
        nodes = org.list_nodes(scope=DataScope.whole_chain(), kind=NodeKind.STORE)
        self._stores = {node.code: node.id for node in nodes}
        self._members: dict[str, int] = {}
        self._unknown: set[str] = set()

    def stores(self) -> pa.Table:
        """All stores as a table (code, id)."""
        return _table(self._stores.items())

    def members(self, keys: Iterable[str | None]) -> pa.Table:
        """The members among `keys` as a table (code, id); keys of nobody are left out."""
        wanted = {key for key in keys if key}
        fresh = sorted(wanted - self._members.keys() - self._unknown)
        if fresh:
            found = members.find_member_ids(kind=IdentityKind.CARD, values=fresh)
            self._members.update(found)
            self._unknown.update(set(fresh) - found.keys())
        return _table((key, self._members[key]) for key in wanted if key in self._members)


def _table(pairs: Iterable[tuple[str, int]]) -> pa.Table:
    listed = list(pairs)
    return pa.table(
        {
            "code": pa.array([code for code, _ in listed], pa.string()),
            "id": pa.array([found for _, found in listed], pa.int64()),
        }
    )
