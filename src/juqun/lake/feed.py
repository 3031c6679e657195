"""The way of a fact: recorded in the business transaction, moved to Parquet exactly once by `flush`.

Flushing claims rows for a named batch (committed), writes the batch in one change of the lake's manifest, then marks
the rows flushed. Killed anywhere, the next flush finds the claimed batch: the manifest tells whether it had been
written, so it is written or only marked. Flushers wait for one another on a lock that a killed process releases.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
from django.db import connection, transaction

from juqun.kernel import clock
from juqun.kernel.ids import new_id
from juqun.lake import manifest as lake_manifest
from juqun.lake import writer
from juqun.lake.errors import UnknownTableError
from juqun.lake.models import FactOutbox
from juqun.lake.schemas import DIMS, fit_row, rows_to_table

_LOCK: Final = "flush"
BATCH_ROWS: Final = 20_000
_INSERT_ROWS: Final = 500  # SQLite binds at most 32,766 values per statement; rows here bind six
# Longer than any event or callback can be delivered again.
KEEP_FLUSHED_DAYS: Final = 60

_dims: dict[str, Callable[[], pa.Table]] = {}
_on_news: set[str] = set()


def record(fact: str, key: str, row: dict[str, Any]) -> None:
    """Record one fact inside the transaction that makes it true; the same (fact, key) again is without effect.

    `row` holds the fact's columns (`schemas.FACTS`); `ts` is required, aware or naive business time; `day`, `week` and
    a single-column key are filled in; a column left out or None becomes -1 (ids), "" or 0. Raises FactRowError,
    UnknownTableError.
    """
    record_many(fact, [(key, row)])


def record_many(fact: str, rows: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Record many facts of one kind inside the transaction that makes them true; see `record`."""
    now = clock.wall()
    items = [FactOutbox(fact=fact, key=key, payload=fit_row(fact, key, row), recorded_at=now) for key, row in rows]
    FactOutbox.objects.bulk_create(items, batch_size=_INSERT_ROWS, ignore_conflicts=True)


def restate(fact: str, key: str, row: dict[str, Any]) -> None:
    """Record that a fact now reads differently (an order was refunded): the row replaces the one with its key.

    `ts` must be the fact's own time, as recorded before: it says in which partition the old row lies. Raises as `record`.
    """
    FactOutbox.objects.bulk_create(
        [FactOutbox(fact=fact, key=key, payload=fit_row(fact, key, row), recorded_at=clock.wall(), restates=True)],
        update_conflicts=True,
        unique_fields=["fact", "key"],
        update_fields=["payload", "recorded_at", "restates", "batch", "flushed_at"],
    )


def count_pending() -> int:
    """Return how many recorded facts have not reached the lake yet."""
    return FactOutbox.objects.filter(flushed_at__isnull=True).count()


def flush(*, batch_rows: int = BATCH_ROWS) -> int:
    """Move every committed fact of the outbox into the lake, each exactly once; returns the rows moved.

    Call it outside a transaction: it commits its claims before it writes files.
    """
    with standing_still() as moved_before:
        return moved_before + _flush_all(batch_rows)


def flush_if_free(*, batch_rows: int = BATCH_ROWS) -> int | None:
    """`flush`, or None at once while another flush or a compaction is at work: a worker's thread is too dear to wait there."""
    with lake_manifest.locked_if_free(lake_manifest.lake_dir(), _LOCK) as is_mine:
        return _finish_claimed() + _flush_all(batch_rows) if is_mine else None


def _flush_all(batch_rows: int) -> int:
    moved = 0
    while batch := _claim(batch_rows):
        moved += _write_batch(batch)
    return moved


@contextmanager
def standing_still() -> Iterator[int]:
    """Hold the feed while the lake is rearranged; yields the rows of batches that a killed flush had left behind.

    Inside, every batch of the feed that the lake holds is marked as flushed.
    """
    with lake_manifest.locked(lake_manifest.lake_dir(), _LOCK):
        yield _finish_claimed()


def _finish_claimed() -> int:
    return sum(_write_batch(batch) for batch in _claimed_batches())


def _claimed_batches() -> list[str]:
    pending = FactOutbox.objects.filter(flushed_at__isnull=True).exclude(batch="")
    return sorted(pending.values_list("batch", flat=True).distinct())


def _claim(limit: int) -> str:
    """Give up to `limit` free rows the name of a new batch; returns it, or "" when no row is free."""
    batch = f"{writer.FEED_PREFIX}{new_id()}"
    with transaction.atomic():
        free = FactOutbox.objects.filter(flushed_at__isnull=True, batch="").order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            free = free.select_for_update(skip_locked=True)
        ids = list(free.values_list("id", flat=True)[:limit])
        for start in range(0, len(ids), _INSERT_ROWS):
            FactOutbox.objects.filter(id__in=ids[start : start + _INSERT_ROWS]).update(batch=batch)
    return batch if ids else ""


def _write_batch(batch: str) -> int:
    rows = FactOutbox.objects.filter(batch=batch, flushed_at__isnull=True).order_by("id")
    fresh: dict[str, list[dict[str, Any]]] = {}
    restated: dict[str, list[dict[str, Any]]] = {}
    ids = []
    for row_id, fact, payload, restates in rows.values_list("id", "fact", "payload", "restates").iterator(5_000):
        (restated if restates else fresh).setdefault(fact, []).append(payload)
        ids.append(row_id)
    writer.append_many(_tables(fresh), batch, restated=_tables(restated))
    # By batch, not by id: a row restated since left the batch and goes with the next one.
    FactOutbox.objects.filter(batch=batch, flushed_at__isnull=True).update(flushed_at=clock.wall())
    return len(ids)


def _tables(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, pa.Table]:
    return {fact: rows_to_table(fact, payloads) for fact, payloads in rows.items()}


def purge_flushed() -> int:
    """Remove outbox rows that were flushed long ago; returns how many."""
    limit = clock.wall() - timedelta(days=KEEP_FLUSHED_DAYS)
    deleted, _ = FactOutbox.objects.filter(flushed_at__lt=limit).delete()
    return deleted


def wire_dims(table: Mapping[str, Callable[[], pa.Table]], *, on_news: Iterable[str] = ()) -> None:
    """Name the function that exports each dimension; called once with the wiring's table. Raises UnknownTableError.

    `on_news`: dimensions whose room tells of each change; they are exported then, and once a day.
    """
    for name in [*table, *on_news]:
        if name not in DIMS:
            raise UnknownTableError(table=name, known=", ".join(DIMS))
    _dims.clear()
    _dims.update(table)
    _on_news.clear()
    _on_news.update(on_news)


def restless_dims() -> list[str]:
    """The dimensions that change without news: those that must be exported again and again."""
    return [name for name in _dims if name not in _on_news]


def refresh_dims(names: Iterable[str] | None = None) -> int:
    """Export the named dimensions (all that are wired by default) and replace them in one change; returns the rows.

    Raises UnknownTableError for a dimension that nobody exports.
    """
    wanted = list(_dims) if names is None else list(names)
    for name in wanted:
        if name not in _dims:
            raise UnknownTableError(table=name, known=", ".join(_dims))
    return writer.replace_dims({name: _dims[name]() for name in wanted})
