"""A corp as JSON lines, for corps of any size: `[collection, parent, key, value]`, in no particular order.

Single values have the collection "" and the field's name as key; rows of lists have no key. The values are the stored
bodies: what is left out has its default, and what lives in rows of its own comes in lines of its own.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from wecom_emulator.state import documents
from wecom_emulator.state.corp import Corp
from wecom_emulator.state.resident import UPSERT, read_kept
from wecom_emulator.state.store import Store
from wecom_emulator.state.table import Table

BATCH = 20_000
LINES_AT_ONCE = 500


def is_lines(start: bytes) -> bool:
    """Return whether a document begins as JSON lines and not as one object."""
    return start.lstrip()[:1] == b"["


def write_lines(corp: Corp) -> Iterator[str]:
    """Yield the corp as text, some hundred lines at a time; what changes meanwhile may be in it or not."""
    corp.store.commit()
    for name in corp.keeper.kept_names():
        lines = (_line(name, "", key, body) for key, body in read_kept(corp.store, name))
        yield from _joined(lines)
    for table in corp.keeper.all_tables().values():
        yield from _joined(_table_lines(table))


def _table_lines(table: Table) -> Iterator[str]:
    listed = table.field.listed
    for _, parent, key, body in table.everything():
        yield _line(table.name, parent, "" if listed else key, body)


def _line(name: str, parent: str, key: str, body: str) -> str:
    return f"[{json.dumps(name)},{json.dumps(parent)},{json.dumps(key)},{body}]\n"


def _joined(lines: Iterator[str]) -> Iterator[str]:
    some: list[str] = []
    for line in lines:
        some.append(line)
        if len(some) == LINES_AT_ONCE:
            yield "".join(some)
            some.clear()
    yield "".join(some)


def read_lines(lines: Iterable[bytes | str]) -> Corp:
    """Return a corp from its lines; raises ValueError for a line that is none, or a value of a wrong shape."""
    store = Store()
    try:
        _fill(store, lines)
        return Corp(store=store)
    except (ValueError, TypeError, KeyError, sqlite3.Error) as error:
        store.close()
        raise ValueError(f"not a corp: {error}") from error


def _body_text(line: str, name: str, parent: str, key: str) -> str:
    """Return the value's own text in a line that was written as this module does, "" for another one."""
    start = f'["{name}","{parent}","{key}",'
    return line[len(start) : -1] if line.startswith(start) else ""


def _fill(store: Store, lines: Iterable[bytes | str]) -> None:
    blank = Corp(store=store)
    store.commit()
    tables, names = blank.keeper.all_tables(), blank.keeper.kept_names()
    waiting: dict[str, list[tuple[str, str, str]]] = {}
    for table in tables.values():
        table.drop_indexes()
    for number, raw in enumerate(lines, start=1):
        line = (raw.decode() if isinstance(raw, bytes) else raw).strip()
        if not line:
            continue
        name, parent, key, body = _parsed(line, number)
        if name in tables:
            tables[name].shape.check(body)
        elif name in blank.keeper.residents:
            blank.keeper.residents[name].check(body)
        elif name not in names:
            raise ValueError(f"line {number}: there is no collection {name!r}")
        rows = waiting.setdefault(name, [])
        rows.append((parent, key, _body_text(line, name, parent, key) or json.dumps(body, separators=(",", ":"))))
        if len(rows) == BATCH:
            _put(store, name, rows, whole=name in tables)
    for name, rows in waiting.items():
        _put(store, name, rows, whole=name in tables)
    for table in tables.values():
        table.make()
    store.commit()


def _parsed(line: str, number: int) -> tuple[str, str, str, Any]:
    try:
        name, parent, key, body = documents.parse(line)
    except ValueError as error:
        raise ValueError(f"line {number} is not [collection, parent, key, value]: {error}") from error
    if not (isinstance(name, str) and isinstance(parent, str) and isinstance(key, str)):
        raise ValueError(f"line {number}: collection, parent and key must be texts")  # noqa: TRY004 - a wrong document
    return name, parent, key, body


def _put(store: Store, name: str, rows: list[tuple[str, str, str]], *, whole: bool) -> None:
    if whole:
        store.write_many(f'INSERT INTO "{name}" (parent, key, body) VALUES (?, ?, ?)', rows)
    else:
        store.write_many(UPSERT, ((name, key, body) for _, key, body in rows))
    rows.clear()
