"""Remote state as desired state: making an object at WeCom equal to a document of ours, and keeping what differs for a person.

A hand edit is never silently overwritten and never silently accepted: it is noted, shown with a choice, and the room that owns the
object acts on `DriftDecided`.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from juqun.channels.wecom import documents
from juqun.channels.wecom.errors import (
    DriftChoiceError,
    DriftClosedError,
    DriftNotFoundError,
    WecomBusyError,
)
from juqun.channels.wecom.events import ComparisonAsked, DriftDecided
from juqun.channels.wecom.models import RemoteDrift
from juqun.channels.wecom.types import Document, DriftChoice, DriftKind, Settlement, Verdict
from juqun.kernel.events import publish

LAG_SECONDS = 30.0


def fingerprint(*, kind: DriftKind, document: Document) -> str:
    """A short mark under which a document of ours is known again."""
    return documents.fingerprint(kind, document)


def remember(*, earlier: Collection[str], mark: str) -> list[str]:
    """The marks of earlier documents with one more, the oldest forgotten."""
    return documents.remember(earlier, mark)


def normalise_document(*, kind: DriftKind, document: Document) -> dict[str, Any]:
    """A document in its comparable form."""
    return documents.normalise(kind, document)


def settle_document(
    *,
    kind: DriftKind,
    wanted: Document,
    earlier: Collection[str],
    read: Callable[[], Document | None],
    write: Callable[[], None],
) -> Settlement:
    """Make the remote object equal to `wanted` if it is ours to do; reads before and after writing. Calls WeCom.

    Nothing is written when it is equal, gone, or somebody else's hand (`earlier` holds the fingerprints of what may be
    overwritten). Raises WecomBusyError when WeCom still shows the document before the write: the read may lag, or the write was
    lost; repeating is safe.
    """
    found = read()
    verdict = documents.judge(kind, wanted, found, earlier)
    if verdict is not Verdict.OLDER:
        return Settlement(verdict=verdict, found=found)
    write()
    found = read()
    verdict = documents.judge(kind, wanted, found, earlier)
    if verdict is Verdict.OLDER:
        raise WecomBusyError(endpoint=kind.value, detail="an older document was read back", seconds=LAG_SECONDS)
    return Settlement(verdict=verdict, found=found, is_written=True)


def note_drift(
    *, kind: DriftKind, key: str, label: str, ours: Document, theirs: Document | None, blocker: str, at: datetime
) -> bool:
    """Keep a difference for a person; False when just this one was decided to be left as it is.

    Called again for an open one it brings it up to date. `blocker` names why theirs cannot be taken ("" when it can).
    """
    with transaction.atomic():
        if _is_ignored(kind, key, ours, theirs):
            _close(kind, key, at)
            return False
        fresh = {"label": label[:200], "ours": dict(ours), "theirs": None if theirs is None else dict(theirs)}
        known = RemoteDrift.objects.filter(kind=kind, key=key, closed_at__isnull=True)
        if known.update(**fresh, blocker=blocker, seen_at=at):
            return True
        RemoteDrift.objects.bulk_create(
            [RemoteDrift(kind=kind, key=key, **fresh, blocker=blocker, first_seen_at=at, seen_at=at)],
            ignore_conflicts=True,
        )
        return True


def ask_comparison(*, at: datetime) -> None:
    """Let every room compare what it manages at WeCom now; the night's round does so by itself."""
    with transaction.atomic():
        publish(ComparisonAsked(at=at))


def clear_drift(*, kind: DriftKind, key: str, at: datetime) -> bool:
    """Close an open difference because there is none any more; False when none was open."""
    return _close(kind, key, at)


def decide_drift(*, drift_id: int, choice: DriftChoice, actor: str, at: datetime) -> None:
    """Decide an open difference; the room that owns the object is told and acts.

    Raises DriftNotFoundError, DriftClosedError (somebody was faster), DriftChoiceError (theirs cannot be held here).
    """
    choice = DriftChoice(choice)
    with transaction.atomic():
        row = RemoteDrift.objects.select_for_update().filter(pk=drift_id).first()
        if row is None:
            raise DriftNotFoundError(drift_id=drift_id)
        if row.closed_at is not None:
            raise DriftClosedError(drift_id=drift_id)
        if choice is DriftChoice.TAKE_THEIRS and row.blocker:
            raise DriftChoiceError(drift_id=drift_id, blocker=row.blocker)
        row.choice, row.decided_by, row.closed_at = choice.value, actor[:150], at
        row.save(update_fields=["choice", "decided_by", "closed_at"])
        publish(DriftDecided(drift_id=drift_id, kind=row.kind, key=row.key, choice=choice.value, at=at))


def _close(kind: DriftKind, key: str, at: datetime) -> bool:
    return bool(RemoteDrift.objects.filter(kind=kind, key=key, closed_at__isnull=True).update(closed_at=at))


def _is_ignored(kind: DriftKind, key: str, ours: Document, theirs: Document | None) -> bool:
    """Whether the latest decision on this object was to leave just these two documents as they are."""
    last = RemoteDrift.objects.filter(kind=kind, key=key).exclude(choice="").order_by("-closed_at", "-pk").first()
    if last is None or last.choice != DriftChoice.IGNORE:
        return False
    return _marks(kind, last.ours, last.theirs) == _marks(kind, ours, theirs)


def _marks(kind: DriftKind, ours: Document, theirs: Document | None) -> tuple[str, str]:
    return documents.fingerprint(kind, ours), "" if theirs is None else documents.fingerprint(kind, theirs)
