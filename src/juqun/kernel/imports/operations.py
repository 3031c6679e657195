"""Writes of the imports room: one run over one file. The room that owns the rows hands in columns and a sink."""

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from django.conf import settings

from juqun.kernel import clock, ids
from juqun.kernel.imports.ahead import one_ahead, uncollected
from juqun.kernel.imports.casts import Caster
from juqun.kernel.imports.models import ImportRun
from juqun.kernel.imports.readers import read_parts
from juqun.kernel.imports.rejects import RejectFile
from juqun.kernel.imports.types import Batch, Column, ImportResult, OnProgress, Prepare, Progress, Sink

# About 20,000 lines of members: a database sink holds the write lock of SQLite for well under a second at a time.
BATCH_BYTES = 2 << 20
NAMED_AFTER = 60  # letters of the file's name in the error file's; file systems allow 255 bytes
UPLOADS: Final = "upload-*"
"""Files that a surface keeps in the import folder only while it imports them."""
LONGEST_RUN: Final = timedelta(hours=6)


def read_batches(*, path: Path | str, columns: Sequence[Column], batch_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
    """Read a CSV, XLSX or Parquet file in typed batches of about `batch_bytes` of text.

    CSV may be UTF-8, UTF-16 or GB18030, with comma, semicolon, tab or bar. Lines that are broken, or whose values do not
    fit their column, are in `Batch.rejects` and not in `Batch.table`. Raises ImportFileError and ImportHeaderError.
    """
    for batch, _cells in _read(Path(path), columns, batch_bytes):
        yield batch


def run_import(
    *,
    kind: str,
    path: Path | str,
    columns: Sequence[Column],
    sink: Sink,
    actor: str,
    prepare: Prepare | None = None,
    on_progress: OnProgress | None = None,
    batch_bytes: int = BATCH_BYTES,
) -> ImportResult:
    """Run `sink` over all batches of a file and keep the books: counts, progress, state, error file.

    `prepare` works on a batch one step ahead, in another thread and without the database; the sink finds what it made in
    `Batch.prepared`.

    The sink opens its own transactions; what earlier batches committed stays when a later one fails, so a sink must be
    idempotent by the file's own keys, and the same file can simply be imported again. Raises ImportFileError and
    ImportHeaderError (the run is then noted as failed), and whatever the sink raises.
    """
    path = Path(path)
    run = ImportRun.objects.create(
        public_id=ids.new_id(), kind=kind, filename=path.name, actor_name=actor, started_at=clock.now()
    )
    stem = path.stem[:NAMED_AFTER]
    rejects = RejectFile(Path(settings.JUQUN_IMPORT_DIR) / f"{run.public_id}-{stem}-errors.csv", path)
    try:
        for batch, broken_cells in one_ahead(_prepared(path, columns, batch_bytes, prepare)):
            with uncollected():
                outcome = sink(dataclasses.replace(batch, run_id=run.pk))
            run.rows_rejected += rejects.add(batch, [*batch.rejects, *outcome.rejects], broken_cells)
            run.rows_ok += outcome.rows_ok
            run.rows_skipped += outcome.rows_skipped
            run.rows_total += batch.raw.num_rows + len(broken_cells)
            run.progress = batch.progress
            run.save(update_fields=["rows_rejected", "rows_ok", "rows_skipped", "rows_total", "progress"])
            if on_progress is not None:
                on_progress(_progress(run))
    except BaseException as error:
        run.state, run.failure = ImportRun.State.FAILED, f"{type(error).__name__}: {error}"
        raise
    else:
        run.state, run.progress = ImportRun.State.DONE, 1.0
    finally:
        error_file = rejects.close()
        run.error_file, run.finished_at = error_file.name if error_file else "", clock.now()
        run.save()
    return ImportResult(
        run_id=run.pk,
        rows_ok=run.rows_ok,
        rows_skipped=run.rows_skipped,
        rows_rejected=run.rows_rejected,
        error_file=error_file,
    )


def discard_error_files(*, older_than_days: int) -> int:
    """Delete error files of runs that ended longer ago (they hold people's data); answers how many."""
    limit = clock.start_of_day(
        clock.day_from_number(clock.day_number(clock.business_day(clock.now())) - older_than_days)
    )
    discarded = 0
    for run in ImportRun.objects.filter(finished_at__lt=limit).exclude(error_file=""):
        (Path(settings.JUQUN_IMPORT_DIR) / run.error_file).unlink(missing_ok=True)
        discarded += ImportRun.objects.filter(pk=run.pk).update(error_file="")
    return discarded


def end_broken_runs() -> int:
    """Clear up behind imports whose process was killed; answers how many runs were still called running.

    What a surface had stored for them holds people's data and goes too. A run that is older than six hours has no process.
    """
    folder, limit = Path(settings.JUQUN_IMPORT_DIR), clock.wall() - LONGEST_RUN
    for upload in folder.glob(UPLOADS):
        if datetime.fromtimestamp(upload.stat().st_mtime, UTC) < limit:
            upload.unlink(missing_ok=True)
    started_long_ago = ImportRun.objects.filter(state=ImportRun.State.RUNNING, started_at__lt=clock.now() - LONGEST_RUN)
    return started_long_ago.update(
        state=ImportRun.State.FAILED, finished_at=clock.now(), failure="its process ended; import the file again"
    )


def _prepared(
    path: Path, columns: Sequence[Column], batch_bytes: int, prepare: Prepare | None
) -> Iterator[tuple[Batch, dict[int, list[str]]]]:
    for batch, broken_cells in _read(path, columns, batch_bytes):
        yield batch if prepare is None else dataclasses.replace(batch, prepared=prepare(batch)), broken_cells


def _read(path: Path, columns: Sequence[Column], batch_bytes: int) -> Iterator[tuple[Batch, dict[int, list[str]]]]:
    caster = Caster(columns, filename=path.name)
    try:
        for part in read_parts(path, batch_bytes):
            table, extras, misfits = caster.cast(part.raw, part.line_no)
            rejects = (*part.broken, *misfits)
            if rejects:
                bad = pa.array(sorted({reject.line_no for reject in rejects}), pa.int64())
                keep = pa.array(~np.isin(part.line_no.to_numpy(), bad.to_numpy()))
                table, extras = table.filter(keep), extras.filter(keep) if extras.num_columns else extras
            yield (
                Batch(
                    table=table,
                    extras=extras,
                    raw=part.raw,
                    raw_line_no=part.line_no,
                    rejects=rejects,
                    progress=part.progress,
                ),
                part.broken_cells,
            )
    finally:
        caster.close()


def _progress(run: ImportRun) -> Progress:
    return Progress(
        fraction=run.progress,
        rows_total=run.rows_total,
        rows_ok=run.rows_ok,
        rows_skipped=run.rows_skipped,
        rows_rejected=run.rows_rejected,
    )
