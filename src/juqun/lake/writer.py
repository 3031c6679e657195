"""Writing into the lake: append batches of facts, replace dimensions and partitions. Every call is one whole change.

Layout: `facts/<fact>/day=YYYY-MM-DD/<batch>.parquet` for landing files, `facts/<fact>/month=YYYY-MM/…` for bulk imports
and compacted months, `dims/<name>-<id>.parquet`. See `juqun.lake.manifest` for what makes a change whole.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from juqun.kernel.ids import new_id
from juqun.lake import manifest as lake_manifest
from juqun.lake.manifest import Manifest, check_name, lake_dir, write_parquet
from juqun.lake.schemas import KEYS, dim_schema, fact_schema, fit_table

PartitionBy = Literal["day", "month"]
# Batches of the feed are confirmed in the database before anything may absorb them, so they need not be remembered.
FEED_PREFIX: Final = "feed-"
SORTED_PREFIX: Final = "sorted-"
_NAMELESS: Final = (FEED_PREFIX, SORTED_PREFIX, "restated-", "whole-")


def append(fact: str, table: pa.Table, batch: str, *, by: PartitionBy = "day") -> int:
    """Append a batch of facts, split into files per day or per month; returns the rows stored.

    The same batch name of the same fact is stored once: a repeat returns 0 and changes nothing. The table may leave
    columns out (see `schemas.fit_table`). Raises UnknownTableError, LakeSchemaError, BatchNameError.
    """
    return append_many({fact: table}, batch, by=by)


def append_many(
    tables: Mapping[str, pa.Table],
    batch: str,
    *,
    by: PartitionBy = "day",
    restated: Mapping[str, pa.Table] | None = None,
) -> int:
    """Append one batch to several facts in a single change: readers see all of it or none; returns the rows stored.

    Facts that already hold the batch are left out. `restated` holds, per fact, rows that take the place of rows with
    the same key (`schemas.KEYS`), wherever these are stored. Raises as `append`.
    """
    root = lake_dir()
    check_name(batch)
    known = lake_manifest.load(root)
    restated = restated or {}
    facts = [fact for fact in dict.fromkeys([*tables, *restated]) if not known.has_batch(fact, batch)]
    stored = 0
    files: dict[str, list[str]] = {}
    fresh: dict[str, pa.Table] = {}
    for fact in facts:
        parts = [fit_table(fact, fact_schema(fact), t[fact]) for t in (tables, restated) if fact in t]
        fresh[fact] = parts[0] if len(parts) == 1 else pa.concat_tables(parts)
        files[fact] = _write_files(fact, fresh[fact], batch, by)
    with lake_manifest.change(root) as state:
        for fact in facts:
            if state.has_batch(fact, batch):
                continue
            if fact in restated:
                _take_out(state, fact, fit_table(fact, fact_schema(fact), restated[fact]))
            state.facts.setdefault(fact, []).extend(files[fact])
            stored += fresh[fact].num_rows
    return stored


def _write_files(fact: str, table: pa.Table, batch: str, by: PartitionBy) -> list[str]:
    names = []
    for partition, rows in _split(table, by):
        name = f"{partition}/{batch}.parquet"
        write_parquet(lake_dir() / "facts" / fact / name, rows)
        names.append(name)
    return names


def _split(table: pa.Table, by: PartitionBy) -> list[tuple[str, pa.Table]]:
    """Cut a table into its partitions, keeping the order of rows inside each."""
    if table.num_rows == 0:
        return []
    days = table.column("day").to_numpy().astype("datetime64[D]")
    units = days if by == "day" else days.astype("datetime64[M]")
    values, inverse, counts = np.unique(units, return_inverse=True, return_counts=True)
    if len(values) == 1:
        return [(f"{by}={values[0]}", table)]
    ordered = table.take(pa.array(np.argsort(inverse, kind="stable")))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return [
        (f"{by}={value}", ordered.slice(int(start), int(count)))
        for value, start, count in zip(values, starts, counts, strict=True)
    ]


def _take_out(state: Manifest, fact: str, rows: pa.Table) -> None:
    """Rewrite the files that hold rows with the same keys, without these; only in the rows' own days and months."""
    days = {str(value) for value in np.unique(rows.column("day").to_numpy()).astype("datetime64[D]")}
    partitions = {f"day={day}" for day in days} | {f"month={day[:7]}" for day in days}
    keys = _key_set(fact, rows)
    for name in list(state.facts.get(fact, ())):
        if name.split("/")[0] not in partitions:
            continue
        path = lake_dir() / "facts" / fact / name
        table = pq.read_table(path, schema=fact_schema(fact), partitioning=None)
        keep = pc.invert(_has_key(fact, table, keys))
        kept = table.filter(keep)
        if kept.num_rows == table.num_rows:
            continue
        replacement = []
        if kept.num_rows:
            replacement = [f"{name.split('/')[0]}/restated-{new_id()}.parquet"]
            write_parquet(lake_dir() / "facts" / fact / replacement[0], kept)
        swap(state, fact, [name], replacement)


def _key_set(fact: str, table: pa.Table) -> pa.Array:
    return pc.unique(_key_column(fact, table))


def _has_key(fact: str, table: pa.Table, keys: pa.Array) -> pa.ChunkedArray:
    return pc.is_in(_key_column(fact, table), value_set=keys)


def _key_column(fact: str, table: pa.Table) -> pa.ChunkedArray:
    columns = [table.column(name).cast(pa.string()) for name in KEYS[fact]]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, "\x1f")


def swap(state: Manifest, fact: str, old: list[str], new: list[str]) -> None:
    """Put new files in the place of old ones inside a change; remembers the batches whose own file goes."""
    gone = set(old)
    state.facts[fact] = [name for name in state.facts.get(fact, []) if name not in gone] + new
    batches = [name.split("/")[1].removesuffix(".parquet") for name in old]
    lasting = [name for name in batches if not name.startswith(_NAMELESS)]
    state.absorbed[fact] = sorted({*state.absorbed.get(fact, []), *lasting})
    lake_manifest.retire(lake_dir(), "facts", fact, old)


def replace_partition(fact: str, partition: str, table: pa.Table) -> int:
    """Replace all rows of one partition (`day=YYYY-MM-DD` or `month=YYYY-MM`) by the table; returns its rows.

    An empty table empties the partition. Readers see the old rows or the new ones. Raises as `append`.
    """
    fitted = fit_table(fact, fact_schema(fact), table)
    name = f"{check_name(partition)}/whole-{new_id()}.parquet"
    if fitted.num_rows:
        write_parquet(lake_dir() / "facts" / fact / name, fitted)
    with lake_manifest.change(lake_dir()) as state:
        swap(state, fact, state.files_of(fact, partition), [name] if fitted.num_rows else [])
    return int(fitted.num_rows)


def replace_dim(name: str, table: pa.Table) -> int:
    """Replace a dimension by the table; returns its rows. Raises UnknownTableError, LakeSchemaError."""
    return replace_dims({name: table})


def replace_dims(tables: Mapping[str, pa.Table]) -> int:
    """Replace several dimensions in one change; returns the rows of all. Raises UnknownTableError, LakeSchemaError."""
    root = lake_dir()
    fitted = {name: fit_table(name, dim_schema(name), table) for name, table in tables.items()}
    files = {name: f"{name}-{new_id()}.parquet" for name in fitted}
    for name, table in fitted.items():
        write_parquet(root / "dims" / files[name], table)
    with lake_manifest.change(root) as state:
        old = [state.dims[name] for name in files if name in state.dims]
        state.dims.update(files)
        lake_manifest.retire(root, "dims", "", old)
    return sum(table.num_rows for table in fitted.values())


def fold(fact: str, partition: str, files: list[str], write: Callable[[Path], None]) -> bool:
    """Fold live files of a fact into one new file that `write` writes; False when one of the files was gone by then."""
    root = lake_dir()
    name = f"{check_name(partition)}/{SORTED_PREFIX}{new_id()}.parquet"
    path = root / "facts" / fact / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    lake_manifest.make_durable(path)
    with lake_manifest.change(root) as state:
        if not set(files) <= set(state.facts.get(fact, ())):
            return False
        swap(state, fact, files, [name])
    return True
