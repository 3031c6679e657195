"""Reads of the imports room. Files concern the whole chain: who sees only a part of it sees no runs."""

from pathlib import Path

from django.conf import settings

from juqun.kernel.imports.errors import ImportRunNotFoundError
from juqun.kernel.imports.models import ImportRun
from juqun.kernel.imports.types import RunView
from juqun.kernel.scope import DataScope


def list_runs(*, scope: DataScope, kind: str | None = None, limit: int = 50) -> list[RunView]:
    """The latest runs, newest first, all or of one kind; none for a scope below the whole chain."""
    if not scope.is_whole_chain:
        return []
    rows = ImportRun.objects.order_by("-started_at", "-pk")
    if kind is not None:
        rows = rows.filter(kind=kind)
    return [_view(row) for row in rows[:limit]]


def get_run(*, scope: DataScope, run_id: int) -> RunView:
    """One run. Raises ImportRunNotFoundError, also for a scope below the whole chain."""
    row = ImportRun.objects.filter(pk=run_id).first() if scope.is_whole_chain else None
    if row is None:
        raise ImportRunNotFoundError(run=str(run_id))
    return _view(row)


def _view(row: ImportRun) -> RunView:
    return RunView(
        id=row.pk,
        public_id=row.public_id,
        kind=row.kind,
        filename=row.filename,
        actor_name=row.actor_name,
        state=row.state,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=row.progress,
        rows_total=row.rows_total,
        rows_ok=row.rows_ok,
        rows_skipped=row.rows_skipped,
        rows_rejected=row.rows_rejected,
        error_file=Path(settings.JUQUN_IMPORT_DIR) / row.error_file if row.error_file else None,
        failure=row.failure,
    )
