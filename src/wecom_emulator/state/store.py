"""The SQLite database under a corp: one connection, and one transaction for all that a request changes.

Without a path the database is SQLite's own temporary one: in memory while it is small, in a nameless file when it is not.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

CACHE_KIB = 65_536
"""Pages kept in memory; a corp with millions of rows stays on disk beyond it."""

TEMPORARY = ("journal_mode=OFF", "synchronous=OFF")
KEPT = ("journal_mode=WAL", "synchronous=NORMAL")

Parameters = Sequence[Any]

Change = tuple[str, str, str]
"""What changed: collection, parent, key; a row of a list has no key."""


class Written(Protocol):
    """Something that holds changes of a request until it is told to write them."""

    def write_back(self) -> None:
        """Write what changed."""

    def let_go(self) -> None:
        """Forget the objects that were handed out."""


class Store:
    """One database. Reading and writing see each other at once; `commit` makes a request's changes lasting."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.connection = _connect(path)
        self.touched: dict[Written, None] = {}
        self.listened = False
        self.noted: dict[Change, None] = {}

    def read(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Run a query."""
        return self.connection.execute(sql, parameters)

    def write(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Change something within the running transaction, which begins with the first change."""
        self._begin()
        return self.connection.execute(sql, parameters)

    def write_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one change for many rows."""
        self._begin()
        self.connection.executemany(sql, rows)

    def note(self, name: str, parent: str, key: Any) -> None:
        """Remember what changes, when somebody listens."""
        if self.listened:
            self.noted[name, parent, str(key)] = None

    def take_noted(self) -> list[Change]:
        """Return what changed since the last time."""
        taken = list(self.noted)
        self.noted.clear()
        return taken

    def script(self, statements: Iterable[str]) -> None:
        """Run statements that make or drop tables and indexes."""
        self._begin()
        for statement in statements:
            self.connection.execute(statement)

    def _begin(self) -> None:
        if not self.connection.in_transaction:
            self.connection.execute("BEGIN")

    def commit(self) -> None:
        """Write all changed objects and end the transaction; objects handed out before are forgotten."""
        while self.touched:
            for part in list(self.touched):
                del self.touched[part]
                part.write_back()
                part.let_go()
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")

    def rollback(self) -> None:
        """Drop what was not committed (of a database with a path; a temporary one keeps no journal)."""
        self.touched.clear()
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def move_to(self, path: Path) -> None:
        """Copy the database into a file, in place of what is there, and go on with that file."""
        self.commit()
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        target = sqlite3.connect(fresh)
        target.execute("PRAGMA synchronous=OFF")
        self.connection.backup(target)
        target.close()
        self.connection.close()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        fresh.replace(path)
        self.path, self.connection = path, _connect(path)

    def close(self) -> None:
        """Commit and end the connection; a temporary database is gone then."""
        self.commit()
        self.connection.close()


def _connect(path: Path | None) -> sqlite3.Connection:
    connection = sqlite3.connect(
        str(path) if path else "", isolation_level=None, check_same_thread=False, cached_statements=1024
    )
    for pragma in (f"cache_size=-{CACHE_KIB}", "temp_store=FILE", "threads=2", *(KEPT if path else TEMPORARY)):
        connection.execute(f"PRAGMA {pragma}")
    return connection
