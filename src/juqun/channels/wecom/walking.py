"""Walking through a whole corp with checkpoints: a run is cut into shards, and a shard is walked page by page.

A page's effect and the shard's new cursor are stored in one transaction, so that a walker which is killed at any moment repeats
at most the page that it had in hand. Nothing is held while WeCom is called. Which pages there are and what they change is known
by the room of the run's kind: it hands a `SyncStep` for each.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q

from juqun.channels.wecom import rules
from juqun.channels.wecom.errors import SyncRunningError, WecomAnswerError, WecomError, WecomRefusedError
from juqun.channels.wecom.events import SyncAsked
from juqun.channels.wecom.models import SyncPage, SyncPart, SyncRun
from juqun.channels.wecom.types import (
    FindingKind,
    RetryLater,
    SyncFinding,
    SyncKind,
    SyncMode,
    SyncShard,
    SyncState,
    SyncStep,
    SyncTaken,
)
from juqun.kernel import clock, jobs
from juqun.kernel.events import publish

OPEN_STATES = (SyncState.PLANNING, SyncState.RUNNING)
LEASE_SECONDS = 10.0  # of a shard, renewed with every step; a step is one call and one short transaction
TURN_SECONDS = 5.0  # so long a walker works before it lets other calls in the same queue go first
BUSY_SECONDS = 5.0
KEPT_FINDINGS = 20  # examples per shard and run; the counts tell the rest
STILL_MINUTES = 5
REST_MINUTES = 60
KEPT_DAYS = 90
PRUNED_AT_ONCE = 50
LEAST_SHARDS = 8  # so that few subjects still keep several walkers busy


class _TakenOverError(Exception):
    """Another walker has this shard now, or its run was stopped: nothing of this step may be stored."""


def ask_sync(*, kinds: Sequence[SyncKind] = tuple(SyncKind), mode: SyncMode, asked_by: str = "") -> int:
    """Begin to read the whole corp, kind after kind; returns the id of the first run. Raises SyncRunningError."""
    wanted = [kind for kind in SyncKind if kind in kinds]
    going_on = SyncRun.objects.filter(state__in=OPEN_STATES, kind__in=wanted).values_list("kind", flat=True).first()
    if going_on is not None:
        raise SyncRunningError(kind=going_on)
    try:
        with transaction.atomic():
            return _begin(wanted, SyncMode(mode), asked_by)
    except IntegrityError:
        raise SyncRunningError(kind=wanted[0]) from None


def _begin(kinds: Sequence[SyncKind], mode: SyncMode, asked_by: str) -> int:
    run = SyncRun.objects.create(
        kind=kinds[0],
        mode=mode,
        state=SyncState.PLANNING,
        asked_by=asked_by[:150],
        asked_at=clock.now(),
        begun_at=clock.wall(),
        following=[str(kind) for kind in kinds[1:]],
    )
    publish(SyncAsked(run_id=run.pk, kind=run.kind))
    return run.pk


@contextmanager
def failing_run(*, run_id: int) -> Iterator[None]:
    """Around the calls that plan a run: what passes by is tried again later, what does not ends the run with its reason."""
    try:
        yield
    except WecomError as error:
        _later(error)
        _fail(run_id, str(error))


def _fail(run_id: int, error: str) -> None:
    """End a run that WeCom refuses; the kinds after it are read all the same: the app may lack the right to one of them only."""
    with transaction.atomic():
        if stop_sync(run_id=run_id, error=error):
            _begin_following(SyncRun.objects.get(pk=run_id))


def needs_plan(*, run_id: int) -> bool:
    """Whether a run is still to be cut into shards."""
    return SyncRun.objects.filter(pk=run_id, state=SyncState.PLANNING).exists()


def plan_sync(
    *,
    run_id: int,
    subjects: Sequence[str],
    most: int,
    calls: int,
    findings: Sequence[SyncFinding] = (),
    least_shards: int = LEAST_SHARDS,
) -> None:
    """Cut a run into shards of at most `most` subjects each; nothing when that was done. A run about nothing is done at once."""
    size = max(1, min(most, -(-len(subjects) // least_shards)))
    with transaction.atomic():
        run = SyncRun.objects.select_for_update().filter(pk=run_id, state=SyncState.PLANNING).first()
        if run is None:
            return
        run.state, run.started_at, run.plan_calls = SyncState.RUNNING, clock.now(), calls
        run.findings = [_stored(finding) for finding in findings[:KEPT_FINDINGS]]
        run.save(update_fields=["state", "started_at", "plan_calls", "findings"])
        wall = clock.wall()
        SyncPart.objects.bulk_create(
            [_part(run_id, subjects[at : at + size], wall) for at in range(0, len(subjects), size)], batch_size=500
        )
        _end_if_done(run_id)


def _part(run_id: int, subjects: Sequence[str], wall: datetime) -> SyncPart:
    return SyncPart(run_id=run_id, subjects=list(subjects), size=len(subjects), moved_at=wall)


def list_open_shards(*, run_id: int) -> list[int]:
    """The shards of a run that are not done."""
    parts = SyncPart.objects.filter(run_id=run_id, is_open=True, run__state=SyncState.RUNNING)
    return list(parts.order_by("pk").values_list("pk", flat=True))


def walk_shard(
    *, shard_id: int, next_step: Callable[[SyncShard], SyncStep], seconds: float = TURN_SECONDS
) -> tuple[int, ...]:
    """Walk on with a shard for one turn; returns the shards to be walked next: itself, its halves, or none when it is done.

    What WeCom refuses is narrowed down to the subject it refuses, which is noted; the rest goes on. Wrong credentials end the run.
    Raises jobs.RetryLater while WeCom is busy.
    """
    shard = _claim(shard_id)
    if shard is None:
        return ()
    try:
        return _walk(shard, next_step, until=clock.wall() + timedelta(seconds=seconds))
    finally:
        SyncPart.objects.filter(pk=shard.id, generation=shard.generation).update(held_until=None)


def _walk(shard: SyncShard, next_step: Callable[[SyncShard], SyncStep], *, until: datetime) -> tuple[int, ...]:
    at: SyncShard | None = shard
    while at is not None and clock.wall() < until:
        try:
            step = next_step(at)
        except WecomError as error:
            code = refusal_code(error)
            if code is not None:
                return _narrow(at, code)
            _later(error)
            _fail(at.run_id, str(error))
            return ()
        try:
            with transaction.atomic():
                at = _advance(at, step, step.apply())
        except _TakenOverError:
            return ()
    return () if at is None else (at.id,)


def refusal_code(error: WecomError) -> str | None:
    """By what code WeCom refuses the one that was asked about; None when it is busy, or refuses us altogether."""
    if isinstance(error.retry, RetryLater):
        return None
    if isinstance(error, WecomRefusedError | WecomAnswerError) or error.errcode in rules.OUT_OF_SIGHT_CODES:
        return str(error.errcode or error.code)
    return None


def _later(error: WecomError) -> None:
    if isinstance(error.retry, RetryLater):
        seconds = error.retry.seconds
        raise jobs.RetryLater(BUSY_SECONDS if seconds is None else seconds) from error


def _claim(shard_id: int) -> SyncShard | None:
    """Take a shard, or take it over from a walker that has not moved; None when there is nothing left to do.

    Raises jobs.RetryLater while somebody walks it.
    """
    with transaction.atomic():
        row = SyncPart.objects.select_for_update().filter(pk=shard_id, is_open=True).first()
        run = None if row is None else SyncRun.objects.filter(pk=row.run_id, state=SyncState.RUNNING).first()
        if row is None or run is None:
            return None
        wall = clock.wall()
        if row.held_until is not None and row.held_until > wall:
            raise jobs.RetryLater((row.held_until - wall).total_seconds())
        row.generation, row.held_until = row.generation + 1, wall + timedelta(seconds=LEASE_SECONDS)
        row.save(update_fields=["generation", "held_until"])
        return _shard(row, run)


def _shard(row: SyncPart, run: SyncRun) -> SyncShard:
    return SyncShard(
        id=row.pk,
        run_id=run.pk,
        mode=SyncMode(run.mode),
        started_at=run.started_at or run.asked_at,
        subjects=tuple(row.subjects),
        cursor=row.cursor,
        is_read=row.is_read,
        settled=row.settled,
        pages=row.pages,
        generation=row.generation,
    )


def _advance(shard: SyncShard, step: SyncStep, taken: SyncTaken) -> SyncShard | None:
    """Store where a shard goes on and what the step found; None when it is done. Raises _TakenOverError."""
    row = SyncPart.objects.select_for_update().filter(pk=shard.id, is_open=True, generation=shard.generation).first()
    if row is None:
        raise _TakenOverError
    if taken.seen:
        SyncPage.objects.create(part=row, number=row.pages, seen=taken.seen)
    row.cursor, row.is_read, row.settled = step.cursor, step.is_read, step.settled
    row.is_open = not step.is_done
    row.reached = row.size if step.is_done else min(row.size, step.reached)
    row.pages += step.is_page
    row.calls += step.calls
    row.checked += taken.checked
    row.added += taken.added
    row.lost += taken.lost
    row.edited += taken.edited
    row.refused += taken.refused
    row.findings = [*row.findings, *map(_stored, taken.findings)][:KEPT_FINDINGS]
    row.moved_at = clock.wall()
    row.held_until = row.moved_at + timedelta(seconds=LEASE_SECONDS)
    row.save()
    if step.is_done:
        _end_if_done(shard.run_id)
        return None
    return _shard(row, row.run)


def _stored(finding: SyncFinding) -> list[str]:
    return [str(finding.kind), finding.subject, finding.other, finding.code]


def _narrow(shard: SyncShard, code: str) -> tuple[int, ...]:
    """Begin a refused shard anew once (a cursor may have died), then halve it, until one subject is left: that one is noted."""
    with transaction.atomic():
        row = SyncPart.objects.select_for_update().filter(pk=shard.id, is_open=True).first()
        if row is None or row.generation != shard.generation:
            return ()
        row.calls, row.moved_at = row.calls + 1, clock.wall()
        following: tuple[int, ...] = (row.pk,)
        if row.cursor and not row.restarts:
            row.cursor, row.reached, row.restarts = "", 0, 1
        elif len(row.subjects) > 1:
            middle = len(row.subjects) // 2
            halves = [_part(row.run_id, half, row.moved_at) for half in (row.subjects[:middle], row.subjects[middle:])]
            following = tuple(one.pk for one in SyncPart.objects.bulk_create(halves))
            row.is_open, row.size, row.reached = False, 0, 0
        else:
            found = SyncFinding(
                kind=FindingKind.REFUSED, subject=row.subjects[0], code=code
            )  # staff: who is to be helped
            row.findings, row.refused = [*row.findings, _stored(found)][:KEPT_FINDINGS], row.refused + 1
            row.is_open, row.reached, following = False, row.size, ()
        row.save()
        _end_if_done(row.run_id)
    return following


def read_seen(*, shard_id: int) -> Iterator[bytes]:
    """What the pages of a shard showed, as the room stored it."""
    pages = SyncPage.objects.filter(part_id=shard_id).order_by("number").values_list("seen", flat=True)
    return (bytes(seen) for seen in pages.iterator(chunk_size=200))


def stop_sync(*, run_id: int, error: str) -> bool:
    """End a run that cannot go on, with the reason; False when it has ended already. What it took up stays."""
    with transaction.atomic():
        # parts before their run, as whoever walks locks them
        SyncPart.objects.filter(run_id=run_id, is_open=True).update(is_open=False, generation=F("generation") + 1)
        stopped = SyncRun.objects.filter(pk=run_id, state__in=OPEN_STATES).update(
            state=SyncState.FAILED, error=error, finished_at=clock.now(), ended_at=clock.wall()
        )
        if stopped:
            SyncPage.objects.filter(part__run_id=run_id).delete()
    return bool(stopped)


def _end_if_done(run_id: int) -> None:
    """End a run whose shards are all done, and begin with the kind that follows."""
    run = SyncRun.objects.select_for_update().get(pk=run_id)
    if run.state != SyncState.RUNNING or SyncPart.objects.filter(run_id=run_id, is_open=True).exists():
        return
    run.state, run.finished_at, run.ended_at = SyncState.DONE, clock.now(), clock.wall()
    run.save(update_fields=["state", "finished_at", "ended_at"])
    SyncPage.objects.filter(part__run_id=run_id).delete()
    _begin_following(run)


def _begin_following(run: SyncRun) -> None:
    open_kinds = set(SyncRun.objects.filter(state__in=OPEN_STATES).values_list("kind", flat=True))
    following = [SyncKind(kind) for kind in run.following if kind not in open_kinds]
    if following:
        _begin(following, SyncMode(run.mode), run.asked_by)


def revive_syncs() -> int:
    """Tell again of runs that nobody has moved on for some minutes; returns how many. They go on where they stood."""
    before = clock.wall() - timedelta(minutes=STILL_MINUTES)
    with transaction.atomic():
        still = SyncRun.objects.filter(state__in=OPEN_STATES).annotate(moved_at=Max("parts__moved_at"))
        still = still.filter(Q(moved_at__lt=before) | Q(moved_at__isnull=True, begun_at__lt=before))
        told = [SyncAsked(run_id=run.pk, kind=run.kind) for run in still]
        publish(*told)
    return len(told)


def last_asked_at(*, mode: SyncMode) -> datetime | None:
    """When a run of this mode, of whatever kind, was last asked for and did not fail; None if never."""
    runs = SyncRun.objects.filter(mode=mode).exclude(state=SyncState.FAILED)
    last: datetime | None = runs.aggregate(last=Max("asked_at"))["last"]
    return last


def has_failed_lately() -> bool:
    """Whether a run failed or was stopped within the last hour: asking again every few minutes mends nothing."""
    since = clock.wall() - timedelta(minutes=REST_MINUTES)
    return SyncRun.objects.filter(state=SyncState.FAILED, ended_at__gt=since).exists()


def prune_syncs() -> int:
    """Forget runs of more than 90 days ago; returns how many."""
    old = SyncRun.objects.filter(asked_at__lt=clock.now() - timedelta(days=KEPT_DAYS)).exclude(state__in=OPEN_STATES)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:PRUNED_AT_ONCE])
    SyncRun.objects.filter(pk__in=ids).delete()
    return len(ids)
