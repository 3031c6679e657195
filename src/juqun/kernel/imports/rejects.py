"""The error file: every line set aside with all its original columns, and where and why it failed."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa

from juqun.kernel.imports.casts import OWN_COLUMNS
from juqun.kernel.imports.readers import LineFinder
from juqun.kernel.imports.types import Batch, Reject


class RejectFile:
    """Writes the error file as batches come; there is no file as long as there is nothing to write.

    UTF-8 with a byte order mark, so that Excel shows Chinese; one line per line set aside, several faults joined by "; ".
    """

    def __init__(self, path: Path, source: Path) -> None:
        self.path = path
        self._source = source
        self._finder = LineFinder(source)
        self._file: TextIO | None = None
        self.rows = 0

    def add(self, batch: Batch, rejects: Sequence[Reject], broken_cells: dict[int, list[str]]) -> int:
        """Write the lines of one batch that `rejects` name; answers how many lines these are."""
        if not rejects:
            return 0
        faults: dict[int, list[Reject]] = {}
        for reject in rejects:
            faults.setdefault(reject.line_no, []).append(reject)
        names = [name for name in batch.raw.column_names if name not in OWN_COLUMNS]
        cells = {**_cells(batch, names, sorted(set(faults) - set(broken_cells))), **broken_cells}
        writer = csv.writer(self._open(names))
        for line_no in sorted(faults):
            row = (cells[line_no] + [""] * len(names))[: len(names)]
            fields = "; ".join(dict.fromkeys(reject.field for reject in faults[line_no] if reject.field))
            reasons = "; ".join(_sentence(reject) for reject in faults[line_no])
            writer.writerow([*row, self._source.name, self._finder.line(line_no), fields, reasons])
        self.rows += len(faults)
        return len(faults)

    def _open(self, names: list[str]) -> TextIO:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow([*names, "_file", "_line", "_field", "_reason"])
        return self._file

    def close(self) -> Path | None:
        """Finish the file; its path, or None when nothing was set aside."""
        if self._file is None:
            return None
        self._file.close()
        return self.path


def _sentence(reject: Reject) -> str:
    return f"{reject.field} {reject.reason}".strip()


def _cells(batch: Batch, names: list[str], line_nos: list[int]) -> dict[int, list[str]]:
    """The original cells of some lines, as text."""
    if not line_nos:
        return {}
    places = np.searchsorted(batch.raw_line_no.to_numpy(), line_nos)
    rows = batch.raw.select(names).take(pa.array(places))
    columns = [["" if value is None else str(value) for value in rows.column(name).to_pylist()] for name in names]
    return {line_no: [column[index] for column in columns] for index, line_no in enumerate(line_nos)}
