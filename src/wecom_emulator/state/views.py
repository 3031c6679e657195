"""Rows seen as mappings and lists.

What `[]`, `get`, `values` and loops hand out may be changed in the request that reached it. What the `read_` methods
hand out is for reading only; they are cheaper, and made for long lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping, MutableSequence, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar, overload

if TYPE_CHECKING:
    from wecom_emulator.state.table import Table

T = TypeVar("T")
D = TypeVar("D")

UNBOUND: Any = dict
"""What a field of rows holds before the corp's database has it: a plain dict."""


def usable(key: object) -> bool:
    """Return whether a key can be in the database at all: a text, and not half a surrogate pair."""
    if not isinstance(key, str):
        return False
    return key.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in key)


class Rows(MutableMapping[str, T]):
    """The rows of one parent by their keys, in the order they came."""

    __slots__ = ("parent", "table")

    def __init__(self, table: Table, parent: str = "") -> None:
        self.table, self.parent = table, parent

    def __getitem__(self, key: str) -> T:
        value = self.table.get(self.parent, key) if usable(key) else None
        if value is None:
            raise KeyError(key)
        found: T = value
        return found

    @overload
    def get(self, key: str) -> T | None: ...

    @overload
    def get(self, key: str, default: D) -> T | D: ...

    def get(self, key: str, default: Any = None) -> Any:
        """Return the object of a key to read or change, or the default."""
        value = self.table.get(self.parent, key) if usable(key) else None
        return default if value is None else value

    def __setitem__(self, key: str, value: T) -> None:
        self.table.put(self.parent, key, value)

    def __delitem__(self, key: str) -> None:
        if not usable(key) or not self.table.delete(self.parent, key):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return usable(key) and self.table.has(self.parent, key)

    def __len__(self) -> int:
        return self.table.count(self.parent)

    def __bool__(self) -> bool:
        return bool(self.table.page(self.parent, after=0, limit=1))

    def __iter__(self) -> Iterator[str]:
        return self.table.keys(self.parent)

    def values(self) -> Any:
        """Yield every object to read or change."""
        return (self.table.changing(row[1], row[2], row[3]) for row in self.table.bodies(self.parent))

    def items(self) -> Any:
        """Yield every key with its object to read or change."""
        return ((row[2], self.table.changing(row[1], row[2], row[3])) for row in self.table.bodies(self.parent))

    def clear(self) -> None:
        """Delete all rows of this parent."""
        self.table.clear(self.parent)

    def read_values(self) -> Iterator[T]:
        """Yield every object for reading."""
        return (self.table.reading(row[1], row[2], row[3]) for row in self.table.bodies(self.parent))

    def read_items(self) -> Iterator[tuple[str, T]]:
        """Yield every key with its object for reading."""
        return ((row[2], self.table.reading(row[1], row[2], row[3])) for row in self.table.bodies(self.parent))

    def read_after(self, seq: int) -> Iterator[tuple[int, T]]:
        """Yield (seq, object for reading) of the rows that came after the one with this seq."""
        rows = self.table.bodies(self.parent, after=seq)
        return ((row[0], self.table.reading(row[1], row[2], row[3])) for row in rows)

    def read_many(self, keys: Sequence[str]) -> dict[str, T]:
        """Return the objects of many keys for reading; unknown keys are left out."""
        return self.table.among(self.parent, [key for key in keys if usable(key)])

    def where(self, name: str, value: str) -> list[T]:
        """Return the objects whose indexed field has a value, to read or change."""
        if name not in self.table.field.indexed:
            raise LookupError(f"{self.table.name} has no index on {name}")
        if not usable(value):
            return []
        self.table.write_back()
        rows = self.table.select(f"json_extract(body, '$.{name}') = ?", (value,))
        return [self.table.changing(row[1], row[2], row[3]) for row in rows if row[1] == self.parent]

    def read_where(self, name: str, values: Sequence[str], *, after: int = 0) -> Iterator[tuple[int, T]]:
        """Yield (seq, object for reading) whose indexed field has one of a few values, beyond a seq, in order."""
        known = [item for item in values if usable(item)]
        marks = ",".join("?" * len(known))
        self.table.write_back()
        rows = self.table.select(f"json_extract(body, '$.{name}') IN ({marks}) AND seq > ?", (*known, after))
        return ((row[0], self.table.reading(row[1], row[2], row[3])) for row in rows if row[1] == self.parent)


def rows_of(rows: MutableMapping[str, T]) -> Rows[T]:
    """Return the rows of an object that is on the database, with their reading methods; raises TypeError if it is not."""
    if not isinstance(rows, Rows):
        raise TypeError("these rows are not on the database yet")
    return rows


class ByKey(MutableMapping[str, T]):
    """The rows of all parents that have one key, by their parents: who follows a customer."""

    __slots__ = ("key", "table")

    def __init__(self, table: Table, key: str) -> None:
        self.table, self.key = table, key

    def _rows(self) -> list[tuple[int, str, Any, str]]:
        return self.table.select("key = ?", (self.key,)) if usable(self.key) else []

    def __getitem__(self, parent: str) -> T:
        value = self.table.get(parent, self.key) if usable(parent) and usable(self.key) else None
        if value is None:
            raise KeyError(parent)
        found: T = value
        return found

    def __setitem__(self, parent: str, value: T) -> None:
        self.table.put(parent, self.key, value)

    def __delitem__(self, parent: str) -> None:
        if not usable(parent) or not usable(self.key) or not self.table.delete(parent, self.key):
            raise KeyError(parent)

    def __len__(self) -> int:
        return len(self._rows())

    def __iter__(self) -> Iterator[str]:
        return iter([row[1] for row in self._rows()])

    def values(self) -> Any:
        """Return every object to read or change."""
        return [self.table.changing(row[1], row[2], row[3]) for row in self._rows()]

    def items(self) -> Any:
        """Return every parent with its object to read or change."""
        return [(row[1], self.table.changing(row[1], row[2], row[3])) for row in self._rows()]


class _Families(MutableMapping[str, MutableMapping[str, T]]):
    """A mapping of mappings over one table; an outer key that has no rows is an empty mapping."""

    __slots__ = ("table",)
    column = ""

    def __init__(self, table: Table) -> None:
        self.table = table

    def __getitem__(self, name: str) -> MutableMapping[str, T]:
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> MutableMapping[str, T]:
        """Return the mapping of an outer key, an empty one if it has no rows; no default is needed."""
        return self[name] if usable(name) else {}

    def setdefault(self, name: str, default: Any = None) -> MutableMapping[str, T]:
        """Return the mapping of an outer key; the default is never needed."""
        return self[name]

    def __setitem__(self, name: str, value: MutableMapping[str, T]) -> None:
        content = list(value.items())
        inner = self[name]
        inner.clear()
        inner.update(content)

    def __delitem__(self, name: str) -> None:
        self[name].clear()

    def pop(self, name: str, default: Any = None) -> Any:
        """Take all rows of an outer key out and return them, or the default when there are none."""
        if not usable(name):
            return default
        taken = dict(self[name].items())
        self[name].clear()
        return taken or default

    def __contains__(self, name: object) -> bool:
        return usable(name) and bool(self[str(name)])

    def __iter__(self) -> Iterator[str]:
        sql = f'SELECT DISTINCT {self.column} FROM "{self.table.name}"'
        return (row[0] for row in self.table.store.read(sql).fetchall())

    def __len__(self) -> int:
        sql = f'SELECT count(DISTINCT {self.column}) FROM "{self.table.name}"'
        return int(self.table.store.read(sql).fetchone()[0])


class ParentFamilies(_Families[T]):
    """All rows of a table by parent, then by key."""

    __slots__ = ()
    column = "parent"

    def __getitem__(self, name: str) -> Rows[T]:
        return Rows(self.table, name)


class KeyFamilies(_Families[T]):
    """All rows of a table by key, then by parent."""

    __slots__ = ()
    column = "key"

    def __getitem__(self, name: str) -> ByKey[T]:
        return ByKey(self.table, name)


class RowList(MutableSequence[T]):
    """The rows of one parent as a list; made for appending and reading in order."""

    __slots__ = ("parent", "table")

    def __init__(self, table: Table, parent: str = "") -> None:
        self.table, self.parent = table, parent

    def __len__(self) -> int:
        return self.table.count(self.parent)

    def __bool__(self) -> bool:
        return bool(self.table.page(self.parent, after=0, limit=1))

    def __iter__(self) -> Iterator[T]:
        return (self.table.changing(row[1], row[2], row[3]) for row in self.table.bodies(self.parent))

    def read_values(self) -> Iterator[T]:
        """Yield every value for reading."""
        return (self.table.reading(row[1], row[2], row[3]) for row in self.table.bodies(self.parent))

    def read_tail(self, number: int) -> list[tuple[int, T]]:
        """Return (seq, value for reading) of the last rows, in order."""
        rows = self.table.last(self.parent, number)
        return [(row[0], self.table.reading(row[1], row[0], row[3])) for row in reversed(rows)]

    def _row(self, index: SupportsIndex) -> tuple[int, str, Any, str]:
        number = int(index)
        direction, offset = ("", number) if number >= 0 else ("DESC", -number - 1)
        sql = f'SELECT seq, parent, seq, body FROM "{self.table.name}" WHERE parent = ? ORDER BY seq {direction} LIMIT 1 OFFSET ?'
        row: tuple[int, str, Any, str] | None = self.table.store.read(sql, (self.parent, offset)).fetchone()
        if row is None:
            raise IndexError("no such row")
        return row

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            first, last, step = index.indices(len(self))
            if step == 1:
                return list(islice(self, first, last))
            return list(self)[index]
        _, parent, seq, body = self._row(index)
        value: T = self.table.changing(parent, seq, body)
        return value

    def __setitem__(self, index: Any, value: Any) -> None:
        content = list(self)
        content[index] = value
        self._refill(content)

    def __delitem__(self, index: Any) -> None:
        if isinstance(index, slice):
            content = list(self)
            del content[index]
            self._refill(content)
            return
        self.table.delete(self.parent, self._row(index)[0])

    def insert(self, index: int, value: T) -> None:
        """Put a value before a position; anywhere but at the end all rows are written anew."""
        if index >= len(self):
            self.append(value)
            return
        content = list(self)
        content.insert(index, value)
        self._refill(content)

    def append(self, value: T) -> None:
        """Put a value at the end."""
        self.table.append(self.parent, value)

    def clear(self) -> None:
        """Delete all rows of this parent."""
        self.table.clear(self.parent)

    def _refill(self, content: Iterable[T]) -> None:
        kept = list(content)
        self.table.clear(self.parent)
        for item in kept:
            self.table.append(self.parent, item)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self.read_values()) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self.read_values()))
