"""Values that cross the border of the imports room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa


class ColumnKind(StrEnum):
    """What a column holds and what it becomes.

    text -> string (trimmed, "" is null) · int -> int64 · number -> double · yuan -> int64 fen · date -> date32 ·
    datetime -> timestamp[us], naive business time (a value without a zone is business time already; one with a zone is
    moved into it) · bool -> bool (1/0, true/false, yes/no, y/n, 是/否).
    """

    TEXT = "text"
    INT = "int"
    NUMBER = "number"
    YUAN = "yuan"
    DATE = "date"
    DATETIME = "datetime"
    BOOL = "bool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that an import understands; found by its name or an alias, in any case and order."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    required: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Why one line was set aside. `line_no` as in `Batch.table`; `field` is the column's name, or "" for the whole line."""

    line_no: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The good lines of one part of a file.

    `table`: one typed column per `Column` (all null when the file lacks it) and `line_no` int64, the number of the
    record in the file (the header is 1; in Parquet, which has none, the first row is 1). `extras`: the columns that no
    `Column` claims, as text, in the order of `table`. `raw`: all lines of the part, good and bad, as they stood,
    `raw_line_no` their numbers. `rejects`: the lines that are not in `table`.
    `prepared`: what the run's `prepare` made of the batch.
    """

    table: pa.Table
    extras: pa.Table
    raw: pa.Table
    raw_line_no: pa.Array
    rejects: tuple[Reject, ...]
    progress: float
    run_id: int = 0
    prepared: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What a sink did with a batch: lines taken over, lines known already, and lines that it set aside."""

    rows_ok: int
    rows_skipped: int = 0
    rejects: Sequence[Reject] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """How a run ended. `error_file`: CSV of the lines set aside, to be mended and imported again; None when there are none."""

    run_id: int
    rows_ok: int
    rows_skipped: int
    rows_rejected: int
    error_file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: `fraction` 0..1 of the file, and its counts so far."""

    fraction: float
    rows_total: int
    rows_ok: int
    rows_skipped: int
    rows_rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run as the console shows it."""

    id: int
    public_id: str
    kind: str
    filename: str
    actor_name: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    progress: float
    rows_total: int
    rows_ok: int
    rows_skipped: int
    rows_rejected: int
    error_file: Path | None
    failure: str


Prepare = Callable[[Batch], Any]
Sink = Callable[[Batch], BatchOutcome]
OnProgress = Callable[[Progress], None]
