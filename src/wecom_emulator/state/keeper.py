"""Puts the fields of the corp onto its database: single values, collections in memory, and collections of rows.

What a field is follows from its type and metadata, so a new field is kept without further work:
`dict[str, X]` stays in memory, a field with `codec.rows(...)` is read row by row, everything else is one value.
"""

import json
import typing
from collections.abc import Callable
from dataclasses import Field, fields
from typing import Any

from wecom_emulator.state import codec
from wecom_emulator.state.resident import MADE, UPSERT, Resident, read_kept
from wecom_emulator.state.shape import RowsField
from wecom_emulator.state.store import Store
from wecom_emulator.state.table import Table
from wecom_emulator.state.tracking import track
from wecom_emulator.state.views import ParentFamilies, Rows

VALUES = ""
"""The collection of single values among what is kept in memory."""


class Keeper:
    """Binds one root object to a store; what the store holds already wins over what the object holds."""

    def __init__(self, root: Any, store: Store) -> None:
        self.root, self.store = root, store
        store.script([MADE])
        self.tables: dict[str, Table] = {}
        self.residents: dict[str, Resident] = {}
        self._values: set[str] = set()
        self._dirty: set[str] = set()
        self._stored = dict(read_kept(store, VALUES))
        hints = typing.get_type_hints(type(root))
        for item in fields(root):
            if not item.metadata.get("derived"):
                self._bind(item, hints[item.name])
        self._stored.clear()

    def _bind(self, item: "Field[Any]", hint: Any) -> None:
        given, args = getattr(self.root, item.name), typing.get_args(hint)
        if item.metadata.get("rows"):
            bound = self._rows(item, hint)
        elif typing.get_origin(hint) is dict:
            bound = self.residents[item.name] = Resident(self.store, item.name, args[1], int_keys=args[0] is int)
        else:
            self._bind_value(item.name, hint, given)
            return
        object.__setattr__(self.root, item.name, bound)
        for key, value in given.items():
            bound[key] = value

    def _rows(self, item: "Field[Any]", hint: Any) -> Any:
        nested = typing.get_origin(hint) is ParentFamilies
        options = {name: item.metadata[name] for name in ("indexed", "by_key") if name in item.metadata}
        field = RowsField(name=item.name, entry=typing.get_args(hint)[0], listed=False, **options)
        self.tables[item.name] = table = Table(self.store, item.name, field, nested=nested)
        return ParentFamilies[Any](table) if nested else Rows[Any](table)

    def _bind_value(self, name: str, hint: Any, given: Any) -> None:
        self._values.add(name)
        if name in self._stored:
            given = codec.decoder(hint)(json.loads(self._stored[name]))
        else:
            self.note(name)
        object.__setattr__(self.root, name, track(given, self._mark(name)))

    def _mark(self, name: str) -> Callable[[], None]:
        return lambda: self.note(name)

    def kept_names(self) -> list[str]:
        """Return the names of what stays in memory: the single values' own, and each collection's."""
        return [VALUES, *self.residents]

    def all_tables(self) -> dict[str, Table]:
        """Return every table by its name."""
        own = (table for top in self.tables.values() for table in top.with_children())
        others = (table for resident in self.residents.values() for table in resident.tables())
        return {table.name: table for table in (*own, *others)}

    def note(self, name: str) -> None:
        """Remember that a single value changed."""
        self._dirty.add(name)
        self.store.note(VALUES, "", name)
        self.store.touched[self] = None

    def assigned(self, name: str, value: Any) -> None:
        """Take the value that was assigned to a field of the root."""
        held = getattr(self.root, name)
        if name in self._values:
            object.__setattr__(self.root, name, value)
            self.note(name)
        elif value is not held:
            content = list(value.items())
            held.clear()
            for key, item in content:
                held[key] = item

    def keeps(self, name: str) -> bool:
        """Return whether a field of the root is on the database."""
        return name in self._values or isinstance(getattr(self.root, name, None), Resident | Rows | ParentFamilies)

    def write_back(self) -> None:
        """Write the single values that changed."""
        rows = []
        for name in sorted(self._dirty):
            value = getattr(self.root, name)
            rows.append((VALUES, name, json.dumps(codec.dump(value))))
            object.__setattr__(self.root, name, track(value, self._mark(name)))
        self._dirty.clear()
        self.store.write_many(UPSERT, rows)

    def let_go(self) -> None:
        """Nothing to forget: single values stay in memory."""
