"""One SQL table of rows (parent, key, body) and the objects of it that the running request has in hand.

`seq` grows with every new row and is never used again, so that a list which goes on after a seq neither skips nor
repeats a row, whatever is added or deleted meanwhile. A row lives under the path of its parent: the keys that lead to
it, joined by SEPARATOR; top-level rows live under "".
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wecom_emulator.state.shape import RowsField, shape_of
from wecom_emulator.state.store import Store
from wecom_emulator.state.views import RowList, Rows, usable

SEPARATOR, AFTER_SEPARATOR = "\x1f", "\x20"
FIRST_CHUNK, CHUNK, KEYS = 120, 1000, 10_000
"""Rows, or keys alone, read at once; the first chunk is small because most readers want one page."""

ASKED_AT_ONCE = 500
"""Keys in one query; SQLite allows more, but this is where it stops to matter."""

Place = tuple[str, Any]


def path_of(parent: str, key: str) -> str:
    """Return the path of a row, under which its own rows live."""
    return f"{parent}{SEPARATOR}{key}" if parent else key


class Table:
    """The rows of one collection under all its parents; lists have no keys, their rows are told apart by seq."""

    def __init__(self, store: Store, name: str, field: RowsField, *, nested: bool) -> None:
        self.store, self.name, self.field, self.nested = store, name, field, nested
        self.shape = shape_of(field.entry)
        self.children = {
            item.name: Table(store, f"{name}.{item.name}", item, nested=True) for item in self.shape.rows_fields
        }
        self.live: dict[Place, tuple[Any, str]] = {}
        self._id = "seq" if field.listed else "key"
        self._scope = "parent = ? AND " if nested else "? = '' AND "
        self._select = f'SELECT body FROM "{name}" WHERE parent = ? AND {self._id} = ?'
        self._upsert = (
            f'INSERT INTO "{name}" (parent, key, body) VALUES (?, ?, ?) '
            "ON CONFLICT (parent, key) DO UPDATE SET body = excluded.body"
        )
        self._page = (
            f'SELECT seq, parent, {self._id}, body FROM "{name}" WHERE {self._scope}seq > ? ORDER BY seq LIMIT ?'
        )
        self.make()

    # --- tables and indexes

    def make(self) -> None:
        """Make the table if it is not there."""
        columns = "seq INTEGER PRIMARY KEY AUTOINCREMENT, parent TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL"
        self.store.script(
            [
                f'CREATE TABLE IF NOT EXISTS "{self.name}" ({columns})',
                *(f"CREATE {kind} IF NOT EXISTS {index} ON {on}" for kind, index, on in self._indexes()),
            ]
        )

    def _indexes(self) -> list[tuple[str, str, str]]:
        found = []
        if not self.field.listed:
            found.append(("UNIQUE INDEX", f'"{self.name}!place"', f'"{self.name}" (parent, key)'))
        if self.nested:
            found.append(("INDEX", f'"{self.name}!parent"', f'"{self.name}" (parent)'))
        if self.field.by_key:
            found.append(("INDEX", f'"{self.name}!key"', f'"{self.name}" (key)'))
        for name in self.field.indexed:
            found.append(("INDEX", f'"{self.name}!{name}"', f"\"{self.name}\" (json_extract(body, '$.{name}'))"))
        return found

    def drop_indexes(self) -> None:
        """Drop the indexes before very many rows are put in; `make` brings them back."""
        self.store.script(f"DROP INDEX IF EXISTS {index}" for _, index, _ in self._indexes())

    def with_children(self) -> "Iterator[Table]":
        """Yield this table and those of all rows below its own."""
        yield self
        for child in self.children.values():
            yield from child.with_children()

    # --- one row

    def get(self, parent: str, key: Any) -> Any:
        """Return an object to read or change, or None."""
        held = self.live.get((parent, key))
        if held is not None:
            return held[0]
        row = self.store.read(self._select, (parent, key)).fetchone()
        return None if row is None else self._hand_out(parent, key, row[0])

    def has(self, parent: str, key: Any) -> bool:
        """Return whether there is such a row."""
        return (parent, key) in self.live or self.store.read(self._select, (parent, key)).fetchone() is not None

    def put(self, parent: str, key: str, value: Any) -> None:
        """Store an object under a key; a new one comes last."""
        if not usable(key):
            raise ValueError(f"{key!r} cannot be a key")
        self._adopt(value, path_of(parent, key), fresh=True)
        body = self.shape.encode(value)
        self.store.note(self.name, parent, key)
        self.store.write(self._upsert, (parent, key, body))
        self._hold((parent, key), value, body)

    def append(self, parent: str, value: Any) -> None:
        """Put a value at the end of a list."""
        body = self.shape.encode(value)
        self.store.note(self.name, parent, "")
        sql = f"INSERT INTO \"{self.name}\" (parent, key, body) VALUES (?, '', ?)"
        seq = self.store.write(sql, (parent, body)).lastrowid
        self._hold((parent, seq), value, body)

    def delete(self, parent: str, key: Any) -> bool:
        """Delete a row with all that is under it; return whether it was there."""
        self.live.pop((parent, key), None)
        self.store.note(self.name, parent, key)
        sql = f'DELETE FROM "{self.name}" WHERE parent = ? AND {self._id} = ?'
        gone = self.store.write(sql, (parent, key)).rowcount > 0
        if gone and not self.field.listed:
            for child in self.children.values():
                child.clear(path_of(parent, key))
        return gone

    def clear(self, parent: str) -> None:
        """Delete all rows of a parent and of what is below it."""
        low, high = parent + SEPARATOR, parent + AFTER_SEPARATOR
        for place in [item for item in self.live if item[0] == parent or low <= item[0] < high]:
            del self.live[place]
        sql = f'DELETE FROM "{self.name}" WHERE parent = ? OR (parent >= ? AND parent < ?)'
        self.store.write(sql, (parent, low, high))
        for child in self.children.values():
            if parent:
                child.clear(parent)
            else:
                child.store.write(f'DELETE FROM "{child.name}"')
                child.live.clear()

    # --- many rows

    def count(self, parent: str) -> int:
        """Return the number of rows of a parent."""
        where = "WHERE parent = ?" if self.nested else "WHERE ? = ''"
        return int(self.store.read(f'SELECT count(*) FROM "{self.name}" {where}', (parent,)).fetchone()[0])

    def count_all(self) -> int:
        """Return the number of rows of all parents."""
        return int(self.store.read(f'SELECT count(*) FROM "{self.name}"').fetchone()[0])

    def page(self, parent: str, *, after: int, limit: int) -> list[tuple[int, str, Any, str]]:
        """Return up to `limit` rows (seq, parent, key, body) of a parent beyond a seq, in order."""
        return self.store.read(self._page, (parent, after, limit)).fetchall()

    def last(self, parent: str, number: int) -> list[tuple[int, str, Any, str]]:
        """Return the last rows (seq, parent, key, body) of a parent, the newest first."""
        sql = f'SELECT seq, parent, {self._id}, body FROM "{self.name}" WHERE parent = ? ORDER BY seq DESC LIMIT ?'
        return self.store.read(sql, (parent, number)).fetchall()

    def last_seq(self) -> int:
        """Return the highest seq of all rows, 0 without any."""
        return int(self.store.read(f'SELECT coalesce(max(seq), 0) FROM "{self.name}"').fetchone()[0])

    def bodies(self, parent: str, *, after: int = 0) -> Iterator[tuple[int, str, Any, str]]:
        """Yield all rows of a parent in chunks; rows may come and go meanwhile."""
        size = FIRST_CHUNK
        while chunk := self.page(parent, after=after, limit=size):
            yield from chunk
            if len(chunk) < size:
                return
            after, size = chunk[-1][0], CHUNK

    def everything(self) -> Iterator[tuple[int, str, Any, str]]:
        """Yield the rows of all parents in chunks."""
        after = 0
        sql = f'SELECT seq, parent, {self._id}, body FROM "{self.name}" WHERE seq > ? ORDER BY seq LIMIT {CHUNK}'
        while chunk := self.store.read(sql, (after,)).fetchall():
            yield from chunk
            after = chunk[-1][0]

    def keys(self, parent: str) -> Iterator[str]:
        """Yield all keys of a parent in order."""
        after = 0
        sql = f'SELECT seq, key FROM "{self.name}" WHERE {self._scope}seq > ? ORDER BY seq LIMIT {KEYS}'
        while chunk := self.store.read(sql, (parent, after)).fetchall():
            yield from (row[1] for row in chunk)
            after = chunk[-1][0]

    def select(self, where: str, parameters: Sequence[Any]) -> list[tuple[int, str, Any, str]]:
        """Return the rows that meet a condition, in order; one that asks the bodies needs `write_back` first."""
        sql = f'SELECT seq, parent, {self._id}, body FROM "{self.name}" WHERE {where} ORDER BY seq'
        return self.store.read(sql, parameters).fetchall()

    def among(self, parent: str, keys: Sequence[str]) -> dict[str, Any]:
        """Return the objects of many keys, to be read only."""
        found: dict[str, Any] = {}
        for start in range(0, len(keys), ASKED_AT_ONCE):
            some = keys[start : start + ASKED_AT_ONCE]
            marks = ",".join("?" * len(some))
            sql = f'SELECT key, body FROM "{self.name}" WHERE parent = ? AND key IN ({marks})'
            for key, body in self.store.read(sql, (parent, *some)):
                found[key] = self.reading(parent, key, body)
        return found

    def reading(self, parent: str, key: Any, body: str) -> Any:
        """Return the object of a row that was read, for reading only: its changes are not kept."""
        held = self.live.get((parent, key)) if self.live else None
        return held[0] if held is not None else self._decode(parent, key, body)

    def changing(self, parent: str, key: Any, body: str) -> Any:
        """Return the object of a row that was read, to read or change."""
        held = self.live.get((parent, key))
        return held[0] if held is not None else self._hand_out(parent, key, body)

    # --- the objects in hand

    def _decode(self, parent: str, key: Any, body: str) -> Any:
        value = self.shape.decode(body)
        for name, child in self.children.items():
            setattr(value, name, child.view(path_of(parent, key)))
        return value

    def view(self, parent: str) -> Any:
        """Return the rows of a parent as a mapping or a list."""
        return RowList(self, parent) if self.field.listed else Rows(self, parent)

    def _hand_out(self, parent: str, key: Any, body: str) -> Any:
        value = self._decode(parent, key, body)
        self._hold((parent, key), value, body)
        return value

    def _hold(self, place: Place, value: Any, body: str) -> None:
        if self.shape.mutable:
            self.live[place] = (value, body)
            self.store.touched[self] = None

    def _adopt(self, value: Any, path: str, *, fresh: bool) -> None:
        for name, child in self.children.items():
            adopt(child, value, name, path, fresh=fresh)

    def write_back(self) -> None:
        """Write the objects in hand that changed since they were handed out."""
        changed = []
        for place, (value, body) in list(self.live.items()):
            if self.children:
                self._adopt(value, path_of(*place), fresh=False)
            now = self.shape.encode(value)
            if now != body:
                changed.append((now, *place))
                self.store.note(self.name, *place)
                self.live[place] = (value, now)
        if changed:
            self.store.write_many(f'UPDATE "{self.name}" SET body = ? WHERE parent = ? AND {self._id} = ?', changed)

    def let_go(self) -> None:
        """Forget the objects in hand."""
        self.live.clear()


def adopt(child: Table, value: Any, name: str, path: str, *, fresh: bool) -> None:
    """Make a field of rows the view of its table, moving what it holds into the table."""
    held = getattr(value, name)
    if isinstance(held, Rows | RowList) and held.table is child and held.parent == path:
        return
    view = child.view(path)
    content: Iterable[Any] = list(held.items() if not child.field.listed else held)
    if content or not fresh or child.count(path):
        child.clear(path)
    for item in content:
        if child.field.listed:
            view.append(item)
        else:
            view[item[0]] = item[1]
    object.__setattr__(value, name, view)
