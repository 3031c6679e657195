"""Reading files as they stand: parts of a file as Arrow tables of raw values with the number of each record."""

import codecs
import csv
import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import python_calamine
from django.utils.translation import gettext as _

from juqun.kernel.imports.errors import ImportFileError
from juqun.kernel.imports.types import Reject

CHUNK_BYTES = 1 << 20
DELIMITERS = ",\t;|"
EXCEL_DIGITS = 10**15  # Excel keeps 15 digits of a number; longer card numbers arrive with zeros at the end
XLSX_ROW_BYTES = 100  # a guess to turn a size in bytes into a number of rows
MAX_XLSX_BYTES = 512 << 20  # unpacked; a sheet is held in memory whole, and a million full rows are about 200 MB
MAX_COLUMNS = 1_000
_CANNOT_SPLIT = "straddl"  # Arrow's word for a record that is longer than a block

# Python's own limit is 128 KiB; a quote that is never closed swallows more, and the error file shall show it.
csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a file: raw columns, the numbers of its records, lines that are broken as lines, and how far we are."""

    raw: pa.Table
    line_no: pa.Array
    broken: tuple[Reject, ...]
    progress: float
    broken_cells: dict[int, list[str]] = field(default_factory=dict)


def read_parts(path: Path, batch_bytes: int) -> Iterator[Part]:
    """The parts of a CSV, XLSX or Parquet file in order, about `batch_bytes` of text each. Raises ImportFileError."""
    readers = {
        ".csv": _csv,
        ".tsv": _csv,
        ".txt": _csv,
        ".xlsx": _xlsx,
        ".xlsm": _xlsx,
        ".xls": _xlsx,
        ".parquet": _parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ImportFileError(filename=path.name, reason=_("unknown ending"))
    if not path.is_file():
        raise ImportFileError(filename=path.name, reason=_("no such file"))
    if path.stat().st_size == 0:
        raise ImportFileError(filename=path.name, reason=_("it is empty"))
    try:
        yield from reader(path, batch_bytes)
    except (pa.ArrowException, OSError, UnicodeError, csv.Error, python_calamine.CalamineError) as error:
        raise ImportFileError(filename=path.name, reason=_reason(error)) from error


def _reason(error: Exception) -> str:
    said = (str(error).splitlines() or [type(error).__name__])[0]
    if _CANNOT_SPLIT in said:
        return _("one line is longer than a block; look for a quote that is never closed")
    return said


def encoding_of(path: Path) -> str:
    """UTF-8 when the whole file is UTF-8, UTF-16 by its mark, else GB18030 (what Excel writes in China).

    Raises ImportFileError for a file with zero bytes.
    """
    with path.open("rb") as file:
        start = file.read(2)
        if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := file.read(CHUNK_BYTES):
                if b"\0" in chunk:
                    raise ImportFileError(
                        filename=path.name, reason=_("it holds zero bytes, so it is damaged or no text")
                    )
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"


def _header(path: Path, encoding: str) -> tuple[list[str], str]:
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        first = next((line for line in file if line.strip("\r\n")), "")
        delimiter = max(DELIMITERS, key=first.count)
        file.seek(0)
        names = next((cells for cells in csv.reader(file, delimiter=delimiter) if cells), [])
    _check_header(path, names)
    return names, delimiter


def _check_header(path: Path, names: list[str]) -> None:
    if not names:
        raise ImportFileError(filename=path.name, reason=_("it is empty"))
    if len(names) > MAX_COLUMNS:
        raise ImportFileError(filename=path.name, reason=_("it has more than a thousand columns"))


def _csv(path: Path, batch_bytes: int) -> Iterator[Part]:
    encoding = encoding_of(path)
    names, delimiter = _header(path, encoding)
    size = path.stat().st_size
    waiting: list[pa_csv.InvalidRow] = []

    def set_aside(row: pa_csv.InvalidRow) -> str:
        waiting.append(row)
        return "skip"

    keys = [f"c{index}" for index in range(len(names))]  # names may repeat or be empty; the header is judged later
    with pa.OSFile(str(path), "rb") as file:
        reader = pa_csv.open_csv(
            file,
            # One thread: only then are broken rows numbered. It still parses some four million lines a second.
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=batch_bytes, encoding=encoding, column_names=keys, skip_rows=0
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=set_aside
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
            ),
        )
        last, is_first = 0, True
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            table = pa.Table.from_batches([batch]).rename_columns(_distinct(names))
            numbers, broken = _number(last, table.num_rows, waiting, delimiter, len(names))
            last = int(numbers[-1]) if len(numbers) else last
            if is_first and len(numbers):
                table, numbers, is_first = table.slice(1), numbers[1:], False
            yield Part(
                raw=table,
                line_no=pa.array(numbers, pa.int64()),
                broken=tuple(reject for reject, _cells in broken),
                progress=min(file.tell() / size, 1.0),
                broken_cells={reject.line_no: cells for reject, cells in broken},
            )
        rest = [_broken(row, delimiter, len(names)) for row in waiting]
        if rest:
            yield Part(
                raw=pa.table({name: pa.array([], pa.string()) for name in _distinct(names)}),
                line_no=pa.array([], pa.int64()),
                broken=tuple(reject for reject, _cells in rest),
                progress=1.0,
                broken_cells={reject.line_no: cells for reject, cells in rest},
            )


def _number(
    last: int, rows: int, waiting: list[pa_csv.InvalidRow], delimiter: str, width: int
) -> tuple[np.ndarray, list[tuple[Reject, list[str]]]]:
    """Number `rows` good records after record `last`, leaving out the broken ones between them (which are taken from
    `waiting`; the reader may run ahead, so later ones stay there)."""
    numbers = np.arange(last + 1, last + 1 + rows, dtype=np.int64)
    taken = []
    while waiting and rows and waiting[0].number <= numbers[-1]:
        row = waiting.pop(0)
        numbers[np.searchsorted(numbers, row.number) :] += 1
        taken.append(_broken(row, delimiter, width))
    return numbers, taken


def _broken(row: pa_csv.InvalidRow, delimiter: str, width: int) -> tuple[Reject, list[str]]:
    cells = next(csv.reader(io.StringIO(row.text), delimiter=delimiter), [])
    reason = _("has %(actual)s fields where the header has %(expected)s") % {"actual": len(cells), "expected": width}
    return Reject(line_no=row.number, field="", value=row.text, reason=reason), cells


def _distinct(names: list[str]) -> list[str]:
    """Column names as they stand; a repeated one gets a number so that Arrow can hold it."""
    seen: dict[str, int] = {}
    distinct = []
    for index, name in enumerate(names):
        name = name.strip() or f"column {index + 1}"
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return distinct


def _xlsx(path: Path, batch_bytes: int) -> Iterator[Part]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            if sum(one.file_size for one in packed.infolist()) > MAX_XLSX_BYTES:
                raise ImportFileError(filename=path.name, reason=_("it is too big unpacked; export it as CSV"))
    sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    rows = sheet.to_python(skip_empty_area=False)
    if not rows:
        raise ImportFileError(filename=path.name, reason=_("it is empty"))
    names = _distinct([_cell(cell) for cell in rows[0]])
    _check_header(path, names)
    width, step = len(names), max(batch_bytes // XLSX_ROW_BYTES, 1)
    for start in range(1, len(rows), step):
        numbered = [
            (start + index + 1, row)
            for index, row in enumerate(rows[start : start + step])
            if any(c != "" for c in row)
        ]
        broken = tuple(
            Reject(
                line_no=number,
                field=names[index],
                value=_cell(cell),
                reason=_("lost digits in Excel; format the column as text"),
            )
            for number, row in numbered
            for index, cell in enumerate(row[:width])
            if isinstance(cell, float) and abs(cell) >= EXCEL_DIGITS
        )
        yield Part(
            raw=pa.table(
                {
                    name: pa.array([_cell(row[index]) for _no, row in numbered], pa.string())
                    for index, name in enumerate(names)
                }
            ),
            line_no=pa.array([number for number, _row in numbered], pa.int64()),
            broken=broken,
            progress=min((start + step) / len(rows), 1.0),
        )


def _cell(cell: object) -> str:
    """A cell as a person would have typed it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def _parquet(path: Path, batch_bytes: int) -> Iterator[Part]:
    with pq.ParquetFile(path) as file:
        _check_header(path, file.schema_arrow.names)
        total = file.metadata.num_rows
        per_row = max(
            sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
            // max(total, 1),
            1,
        )
        done = 0
        for batch in file.iter_batches(batch_size=max(batch_bytes // (2 * per_row), 1)):
            first, done = done + 1, done + batch.num_rows
            yield Part(
                raw=pa.Table.from_batches([batch]),
                line_no=pa.array(np.arange(first, done + 1, dtype=np.int64)),
                broken=(),
                progress=done / total,
            )


class LineFinder:
    """Turns record numbers of a CSV into physical lines, which differ when values hold line breaks or lines are empty.

    Asked in ascending order only, and only for rejects: a file without them is never read twice.
    """

    def __init__(self, path: Path) -> None:
        self._is_csv = path.suffix.lower() in {".csv", ".tsv", ".txt"}
        self._path = path
        self._lines: Iterator[tuple[int, int]] | None = None
        self._at = (0, 0)

    def line(self, record: int) -> int:
        """The line on which record number `record` starts."""
        if not self._is_csv:
            return record
        if self._lines is None:
            self._lines = self._walk()
        while self._at[0] < record:
            self._at = next(self._lines, (record, record))
        return self._at[1]

    def _walk(self) -> Iterator[tuple[int, int]]:
        encoding = encoding_of(self._path)
        _names, delimiter = _header(self._path, encoding)
        with self._path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter)
            record, start = 0, 1
            for cells in reader:
                if cells:
                    record += 1
                    yield record, start
                start = reader.line_num + 1
