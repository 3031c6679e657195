"""Collections and single values that are small enough to stay in memory; their changes are noted as they happen."""

from collections.abc import Callable, Iterator
from typing import Any

from wecom_emulator.state import codec
from wecom_emulator.state.shape import Shape, shape_of
from wecom_emulator.state.store import Store
from wecom_emulator.state.table import Table, adopt
from wecom_emulator.state.tracking import track
from wecom_emulator.state.views import usable

MADE = (
    "CREATE TABLE IF NOT EXISTS kept (seq INTEGER PRIMARY KEY, collection TEXT NOT NULL, key TEXT NOT NULL, "
    "body TEXT NOT NULL, UNIQUE (collection, key))"
)
UPSERT = (
    "INSERT INTO kept (collection, key, body) VALUES (?, ?, ?) "
    "ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body"
)
DELETE = "DELETE FROM kept WHERE collection = ? AND key = ?"
SELECT = "SELECT key, body FROM kept WHERE collection = ? ORDER BY seq"


def read_kept(store: Store, collection: str) -> Iterator[tuple[str, str]]:
    """Yield key and body of everything kept under a name."""
    return iter(store.read(SELECT, (collection,)).fetchall())


class Resident(dict[Any, Any]):
    """A dict whose values are written when they change: by assignment, or in place at any depth.

    A value that is put in is replaced by its tracked twin when the request ends; nobody may keep it beyond that.
    """

    def __init__(self, store: Store, name: str, entry: Any, *, int_keys: bool) -> None:
        super().__init__()
        self._store, self._name, self._int_keys = store, name, int_keys
        self._shape: Shape = shape_of(entry)
        self._dirty: dict[Any, None] = {}
        self._marks: dict[Any, Callable[[], None]] = {}
        self._children: dict[str, Table] = {
            item.name: Table(store, f"{name}.{item.name}", item, nested=True) for item in self._shape.rows_fields
        }
        for key, body in read_kept(store, name):
            self._take(int(key) if int_keys else key, body)

    __hash__ = object.__hash__  # type: ignore[assignment]

    def _take(self, key: Any, body: str) -> None:
        value = self._shape.decode(body)
        self._adopt(key, value, fresh=False, loaded=True)
        super().__setitem__(key, track(value, self._mark(key)))

    def _adopt(self, key: Any, value: Any, *, fresh: bool, loaded: bool = False) -> None:
        for name, child in self._children.items():
            if loaded:
                object.__setattr__(value, name, child.view(str(key)))
            else:
                adopt(child, value, name, str(key), fresh=fresh)

    def _mark(self, key: Any) -> Callable[[], None]:
        known = self._marks.get(key)
        if known is None:

            def known() -> None:
                self._note(key)

            self._marks[key] = known
        return known

    def _note(self, key: Any) -> None:
        self._dirty[key] = None
        self._store.touched[self] = None
        self._store.note(self._name, "", key)

    def check(self, data: Any) -> None:
        """Raise ValueError when JSON data cannot be a value of it."""
        if self._shape.is_object:
            self._shape.check(data)
        else:
            codec.decoder(self._shape.entry)(data)

    def tables(self) -> Iterator[Table]:
        """Yield the tables of rows that belong to the values."""
        for child in self._children.values():
            yield from child.with_children()

    def __setitem__(self, key: Any, value: Any) -> None:
        if not usable(str(key)):
            raise ValueError(f"{key!r} cannot be a key")
        self._adopt(key, value, fresh=key not in self)
        super().__setitem__(key, value)
        self._note(key)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        for child in self._children.values():
            child.clear(str(key))
        self._note(key)

    def pop(self, key: Any, *default: Any) -> Any:
        """Take a value out."""
        if key not in self:
            return super().pop(key, *default)
        value = self[key]
        del self[key]
        return value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key, putting the default in when there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Put many values in."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def popitem(self) -> tuple[Any, Any]:
        """Take the last value out."""
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Take all values out."""
        for key in list(self):
            del self[key]

    def write_back(self) -> None:
        """Write what changed and track what is new."""
        rows, gone = [], []
        for key in self._dirty:
            value = self.get(key)
            if key in self:
                self._adopt(key, value, fresh=False)
                rows.append((self._name, str(key), self._shape.encode(value)))
                super().__setitem__(key, track(value, self._mark(key)))
            else:
                gone.append((self._name, str(key)))
                self._marks.pop(key, None)
        self._dirty.clear()
        if gone:
            self._store.write_many(DELETE, gone)
        if rows:
            self._store.write_many(UPSERT, rows)

    def let_go(self) -> None:
        """Nothing to forget: everything stays in memory."""
