"""Asking the lake: canonical DuckDB SQL in, Arrow tables out. Facts and dimensions are views by their names.

The views follow the manifest: each query first looks whether it changed and, if so, points all views at the new
files in one catalogue transaction, so one query sees one state of all tables. A table without files is an empty view
of the right columns.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from juqun.lake import manifest as lake_manifest
from juqun.lake.schemas import DIMS, FACTS

_SQL_TYPES: Final = {
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us"): "TIMESTAMP",
}
# Whether a member is in a group is known by the groups, not by the members' own export: the view joins it in.
_MEMBERS_VIEW: Final = (
    "SELECT m.* REPLACE (g.member_id IS NOT NULL AS in_group) FROM members_base AS m "
    "LEFT JOIN (SELECT DISTINCT member_id FROM group_members) AS g ON g.member_id = m.member_id"
)

_MERGED_VIEW: Final = (
    "SELECT f.* REPLACE (coalesce(g.member_id, f.member_id) AS member_id) FROM {name}_base AS f "
    "LEFT JOIN member_merges AS g ON g.absorbed_id = f.member_id"
)


class Engine:
    """DuckDB over one lake. Safe to use from many threads: one database, a cursor of its own for each call."""

    def __init__(self, root: Path, *, threads: int | None = None, memory_limit: str | None = None) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | str | None = "never"
        self._connection = duckdb.connect(":memory:")
        spill = root / "spill"
        self._connection.execute(f"SET temp_directory = '{_quoted(spill)}'")
        self._connection.execute("SET parquet_metadata_cache = true")
        if threads:
            self._connection.execute(f"SET threads = {int(threads)}")
        if memory_limit:
            self._connection.execute(f"SET memory_limit = '{memory_limit}'")

    def query(self, sql: str, params: dict[str, Any] | None = None) -> pa.Table:
        """Return the result of one SQL statement; `params` fill the named parameters (`$name`)."""
        with self.cursor() as cursor:
            return cursor.execute(sql, params or {}).to_arrow_table()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor over the current views, for callers who register tables of their own; close it after use."""
        self.refresh()
        return self._connection.cursor()

    def refresh(self) -> None:
        """Point the views at the manifest's files if the manifest changed since the last look."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        with self._lock:
            stamp = self._stamp()
            if stamp == self._seen:
                return
            state = lake_manifest.load(self._root)
            with self._connection.cursor() as cursor:
                cursor.execute("BEGIN TRANSACTION")
                for statement in self._views(state):
                    cursor.execute(statement)
                cursor.execute("COMMIT")
            self._seen = stamp

    def _views(self, state: lake_manifest.Manifest) -> Iterator[str]:
        for name, schema in DIMS.items():
            files = [self._root / "dims" / state.dims[name]] if name in state.dims else []
            yield _view_sql("members_base" if name == "members" else name, schema, files)
        has_merges = "member_merges" in state.dims and bool(
            pq.read_metadata(self._root / "dims" / state.dims["member_merges"]).num_rows
        )
        for name, schema in FACTS.items():
            files = [self._root / "facts" / name / f for f in state.facts.get(name, ())]
            # The join is spared where nobody was merged: filters on a member then reach the files themselves.
            yield _view_sql(f"{name}_base" if has_merges else name, schema, files)
            if has_merges:
                yield f"CREATE OR REPLACE VIEW {name} AS {_MERGED_VIEW.format(name=name)}"
        yield f"CREATE OR REPLACE VIEW members AS {_MEMBERS_VIEW}"

    def _stamp(self) -> tuple[int, int, int] | None:
        """What changes whenever the manifest is replaced: a renamed file has its own inode and time."""
        try:
            found = os.stat(self._root / lake_manifest.MANIFEST)  # noqa: PTH116 - hot path, once per query
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")


def _view_sql(name: str, schema: pa.Schema, files: list[Path]) -> str:
    if not files:
        columns = ", ".join(f"CAST(NULL AS {_SQL_TYPES[f.type]}) AS {f.name}" for f in schema)
        return f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} WHERE false"
    columns = ", ".join(schema.names)
    listed = ", ".join(f"'{_quoted(path)}'" for path in files)
    return (
        f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} "
        f"FROM read_parquet([{listed}], hive_partitioning = false, union_by_name = false)"
    )


_engines: OrderedDict[tuple[int, str], Engine] = OrderedDict()
_engines_lock = threading.Lock()
_KEPT_ENGINES: Final = 4


def get_engine() -> Engine:
    """Return this process's engine over the lake that the settings name (JUQUN_LAKE_DIR)."""
    root = lake_manifest.lake_dir()
    key = (os.getpid(), str(root))
    with _engines_lock:
        if key not in _engines:
            _engines[key] = Engine(
                root,
                threads=getattr(settings, "JUQUN_LAKE_THREADS", None),
                memory_limit=getattr(settings, "JUQUN_LAKE_MEMORY", None),
            )
        _engines.move_to_end(key)
        while len(_engines) > _KEPT_ENGINES:
            _engines.popitem(last=False)
        return _engines[key]
