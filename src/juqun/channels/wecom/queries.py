"""Reads of the inbox and of the sync runs. Both belong to the chain as a whole: a smaller scope sees none."""

from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from juqun.channels.wecom import documents
from juqun.channels.wecom.errors import DriftNotFoundError
from juqun.channels.wecom.models import InboxCallback, MediaFile, RemoteDrift, SyncPart, SyncRun
from juqun.channels.wecom.types import (
    DriftChoice,
    DriftKind,
    DriftView,
    FindingKind,
    InboxEntry,
    InboxState,
    SyncFinding,
    SyncKind,
    SyncMode,
    SyncRunView,
    SyncState,
)
from juqun.kernel import clock
from juqun.kernel.scope import DataScope

MEDIA_RENEWED_AFTER = timedelta(days=2, hours=12)
MEDIA_UNUSED_AFTER = timedelta(days=90)


def list_inbox(
    *, scope: DataScope, state: InboxState | None = None, limit: int = 50, offset: int = 0
) -> list[InboxEntry]:
    """List stored callbacks, newest first, without their content."""
    if not scope.is_whole_chain:
        return []
    rows = InboxCallback.objects.order_by("-id")
    if state is not None:
        rows = rows.filter(state=state)
    return [
        InboxEntry(
            id=row.id,
            received_at=row.received_at,
            event=row.event,
            change_type=row.change_type,
            state=InboxState(row.state),
            attempts=row.attempts,
            error=row.error,
        )
        for row in rows.defer("body")[offset : offset + limit]
    ]


def count_inbox(*, scope: DataScope) -> dict[InboxState, int]:
    """Count stored callbacks by state; every state has an entry."""
    counts = dict.fromkeys(InboxState, 0)
    if scope.is_whole_chain:
        for state, count in InboxCallback.objects.values_list("state").annotate(count=Count("id")):
            counts[InboxState(state)] = count
    return counts


def list_drifts(
    *, scope: DataScope, is_open: bool = True, kind: DriftKind | None = None, limit: int = 100, offset: int = 0
) -> list[DriftView]:
    """List differences, the longest open first; with `is_open` False the history, newest first. Headquarters only."""
    if not scope.is_whole_chain:
        return []
    rows = RemoteDrift.objects.filter(closed_at__isnull=is_open)
    if kind is not None:
        rows = rows.filter(kind=kind)
    rows = rows.order_by("first_seen_at", "pk") if is_open else rows.order_by("-closed_at", "-pk")
    return [_drift_view(row) for row in rows[offset : offset + limit]]


def count_drifts(*, scope: DataScope) -> int:
    """Count the open differences; none for a smaller scope than the chain."""
    return RemoteDrift.objects.filter(closed_at__isnull=True).count() if scope.is_whole_chain else 0


def list_old_media(*, at: datetime) -> list[str]:
    """Content hashes of kept files that were used within 90 days and whose upload is older than 2.5 days, or missing; no scope."""
    old = Q(uploaded_at__isnull=True) | Q(uploaded_at__lte=at - MEDIA_RENEWED_AFTER)
    found = MediaFile.objects.filter(old, used_at__gt=at - MEDIA_UNUSED_AFTER).order_by("pk")
    return list(found.values_list("content_hash", flat=True))


def get_drift(*, drift_id: int) -> DriftView:
    """One difference; a system look-up without scope. Raises DriftNotFoundError."""
    row = RemoteDrift.objects.filter(pk=drift_id).first()
    if row is None:
        raise DriftNotFoundError(drift_id=drift_id)
    return _drift_view(row)


def _drift_view(row: RemoteDrift) -> DriftView:
    kind = DriftKind(row.kind)
    return DriftView(
        id=row.pk,
        kind=kind,
        key=row.key,
        label=row.label,
        ours=row.ours,
        theirs=row.theirs,
        differences=documents.differences(kind, row.ours, row.theirs),
        blocker=row.blocker,
        first_seen_at=row.first_seen_at,
        seen_at=row.seen_at,
        choice=DriftChoice(row.choice) if row.choice else None,
        decided_by=row.decided_by,
        closed_at=row.closed_at,
    )


_SUMS = ("size", "reached", "pages", "calls", "checked", "added", "lost", "edited", "refused")
SHOWN_FINDINGS = 12
READ_PARTS = 12  # of a run, those that tell of refusals and ends first: a run may have a thousand


def list_syncs(*, scope: DataScope, limit: int = 20, after_id: int = 0) -> list[SyncRunView]:
    """List sync runs, newest first, with what they found; only those asked for after `after_id`."""
    if not scope.is_whole_chain:
        return []
    runs = SyncRun.objects.filter(pk__gt=after_id).order_by("-pk")[:limit]
    return _sync_views(runs)


def _sync_views(runs: QuerySet[SyncRun]) -> list[SyncRunView]:
    found = list(runs)
    parts = SyncPart.objects.filter(run__in=[run.pk for run in found])
    sums = {row["run_id"]: row for row in parts.values("run_id").annotate(**{name: Sum(name) for name in _SUMS})}
    examples: dict[int, list[list[str]]] = {}
    place = Window(RowNumber(), partition_by="run_id", order_by=("-refused", "-lost", "pk"))
    telling = parts.exclude(findings=[]).annotate(place=place).filter(place__lte=READ_PARTS)
    for run_id, findings in telling.order_by("run_id", "place").values_list("run_id", "findings"):
        examples.setdefault(run_id, []).extend(findings)
    return [_sync_view(run, sums.get(run.pk, {}), examples.get(run.pk, [])) for run in found]


def _sync_view(run: SyncRun, sums: dict[str, int], examples: list[list[str]]) -> SyncRunView:
    count = {name: sums.get(name) or 0 for name in _SUMS}
    share = 1.0 if run.state == SyncState.DONE else count["reached"] / count["size"] if count["size"] else 0.0
    pages = count["pages"]
    return SyncRunView(
        id=run.pk,
        kind=SyncKind(run.kind),
        mode=SyncMode(run.mode),
        state=SyncState(run.state),
        asked_by=run.asked_by,
        asked_at=run.asked_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        share=share,
        pages=pages,
        pages_estimated=max(pages, round(pages / share)) if share else pages,
        calls=run.plan_calls + count["calls"],
        checked=count["checked"],
        added=count["added"],
        lost=count["lost"],
        edited=count["edited"],
        refused=count["refused"],
        seconds=round(((run.ended_at or clock.wall()) - run.begun_at).total_seconds(), 1),
        error=run.error,
        following=tuple(SyncKind(kind) for kind in run.following),
        findings=tuple(
            SyncFinding(kind=FindingKind(kind), subject=subject, other=other, code=code)
            for kind, subject, other, code in _mixed([*run.findings, *examples])
        ),
    )


def _mixed(examples: list[list[str]]) -> list[list[str]]:
    """A few of every kind, so that one kind does not hide the others."""
    by_kind: dict[str, list[list[str]]] = {}
    for example in examples:
        by_kind.setdefault(example[0], []).append(example)
    return [one for kind in FindingKind for one in by_kind.get(kind, [])[:SHOWN_FINDINGS]]
