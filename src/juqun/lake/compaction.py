"""Compaction: many landing files become few sorted ones.

A month that is over becomes one file per fact sorted by member and time, which makes aggregates per member 1.4-1.7 times
and look-ups of one member 15-28 times cheaper than landing order (measured, 120 million orders). In the running month, a
day that has collected many landing files becomes one file.
"""

from collections import defaultdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from juqun.lake import feed, writer
from juqun.lake import manifest as lake_manifest
from juqun.lake.engine import get_engine
from juqun.lake.manifest import ROW_GROUP_ROWS
from juqun.lake.schemas import KEYS

# A day with more landing files than this is folded; fewer cost less to open than to rewrite.
MANY_FILES: Final = 16


def compact(*, today: date) -> int:
    """Fold what is worth folding as of the business day `today`; returns how many files were written.

    The feed stands still meanwhile; bulk imports may go on, what they add stays beside the folded file.
    """
    written = 0
    with feed.standing_still():
        state = lake_manifest.load(lake_manifest.lake_dir())
        for fact, names in state.facts.items():
            for partition, files in _worth_folding(names, f"{today:%Y-%m}").items():
                written += writer.fold(fact, partition, files, partial(_write_sorted, fact, files))
    return written


def _worth_folding(names: list[str], current_month: str) -> dict[str, list[str]]:
    """Return target partition -> files to fold into it."""
    targets: dict[str, list[str]] = defaultdict(list)
    for name in names:
        partition = name.split("/")[0]
        month = partition.split("=")[1][:7]
        targets[f"month={month}" if month < current_month else partition].append(name)
    return {partition: files for partition, files in targets.items() if _is_worth(partition, files)}


def _is_worth(partition: str, files: list[str]) -> bool:
    if partition.startswith("month="):
        lone = len(files) == 1 and files[0].split("/")[1].startswith(writer.SORTED_PREFIX)
        return not lone
    return len(files) > MANY_FILES


def _write_sorted(fact: str, files: list[str], path: Path) -> None:
    """DuckDB sorts with spilling, so a month larger than memory folds as well."""
    root = lake_manifest.lake_dir() / "facts" / fact
    sources = ", ".join(_literal(root / name) for name in files)
    order = ", ".join(("member_id", "ts", *KEYS[fact]))
    with get_engine().cursor() as cursor:
        cursor.execute(
            f"COPY (SELECT * FROM read_parquet([{sources}], hive_partitioning = false) ORDER BY {order}) "
            f"TO {_literal(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        )


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
