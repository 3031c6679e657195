"""Queue entry points of the connector: stored callbacks become events, failed ones are tried again; the nightly reconcile is asked for."""

import contextlib
import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from juqun.channels.wecom import envelope, rules, translation, walking
from juqun.channels.wecom.errors import SyncRunningError
from juqun.channels.wecom.events import UnknownCallbackSeen
from juqun.channels.wecom.models import InboxCallback
from juqun.channels.wecom.settings import corp_settings
from juqun.channels.wecom.types import InboxState, SyncMode
from juqun.kernel import clock, jobs
from juqun.kernel.events import Event, publish
from juqun.kernel.models import Queue
from juqun.kernel.secrets import unseal

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 5
RETRIED_AT_ONCE = 200
FORGOTTEN_MINUTES = 15  # its job became a dead letter, or waits behind very many
KEPT_DAYS = 30
DEAD_KEPT_DAYS = 90
PRUNED_AT_ONCE = 5_000

OPEN_STATES = (InboxState.RECEIVED, InboxState.FAILED)


@jobs.job(queue=Queue.NOW, atomic=True)
def process_urgent_callback(*, inbox_id: int) -> None:
    """Publish the event of one callback that somebody waits for."""
    _process([inbox_id])


@jobs.job(queue=Queue.BULK, atomic=True)
def process_callbacks(*, inbox_ids: list[int]) -> None:
    """Publish the events of callbacks that came in together."""
    _process(inbox_ids)


@jobs.job(queue=Queue.BULK, atomic=True)
def retry_failed_callbacks() -> None:
    """Try failed and forgotten callbacks again; after the last attempt they stay in the inbox as dead and are shown."""
    forgotten = Q(state=InboxState.RECEIVED, received_at__lt=clock.now() - timedelta(minutes=FORGOTTEN_MINUTES))
    found = InboxCallback.objects.filter(Q(state=InboxState.FAILED) | forgotten).order_by("id")
    _process(list(found.values_list("id", flat=True)[:RETRIED_AT_ONCE]))


@jobs.job(queue=Queue.BULK, atomic=False)
def prune_inbox() -> None:
    """Forget finished callbacks after 30 days: WeCom repeats one for seconds, and what they told is stored elsewhere.

    Dead ones wait 90 days for a person; then they go too, for they name people. All of them, in short transactions.
    """
    now = clock.now()
    finished = Q(state__in=[InboxState.DONE, InboxState.KEPT], received_at__lt=now - timedelta(days=KEPT_DAYS))
    dead = Q(state=InboxState.DEAD, received_at__lt=now - timedelta(days=DEAD_KEPT_DAYS))
    old = InboxCallback.objects.filter(finished | dead).order_by("id")
    while found := list(old.values_list("id", flat=True)[:PRUNED_AT_ONCE]):
        InboxCallback.objects.filter(id__in=found).delete()


@jobs.job(queue=Queue.BULK, atomic=True)
def reconcile_nightly() -> None:
    """Ask for the nightly reconcile once its minute has come, wake runs that stand still, and forget old ones.

    After a run that failed or that a person stopped it rests for an hour.
    """
    walking.revive_syncs()
    walking.prune_syncs()
    if walking.has_failed_lately():
        return
    last = walking.last_asked_at(mode=SyncMode.RECONCILE)
    if rules.is_reconcile_due(now=clock.now(), last_asked_at=last, jitter=corp_settings().corp_id):
        with contextlib.suppress(SyncRunningError):
            walking.ask_sync(mode=SyncMode.RECONCILE, asked_by="")


def _process(inbox_ids: Sequence[int]) -> None:
    """All together; when one of them breaks, each by itself, so that a single bad one holds up nobody."""
    rows = list(
        InboxCallback.objects.select_for_update().filter(id__in=inbox_ids, state__in=OPEN_STATES).order_by("id")
    )
    try:
        with transaction.atomic():
            _publish(rows)
    except Exception:
        if not rows:
            raise
        for row in rows:
            _process_alone(row)


def _process_alone(row: InboxCallback) -> None:
    try:
        with transaction.atomic():
            _publish([row])
    except Exception as error:
        # the text of an error may quote the message, which names people: only its kind is kept
        log.warning("callback %s (%s %s) failed: %s", row.id, row.event, row.change_type, type(error).__name__)
        row.attempts += 1
        row.state = InboxState.FAILED if row.attempts < MOST_ATTEMPTS else InboxState.DEAD
        row.error = type(error).__name__
        row.save(update_fields=["attempts", "state", "error"])


def _publish(rows: Sequence[InboxCallback]) -> None:
    told = [(row, _event(row)) for row in rows]
    publish(*[event for _, event in told])
    known = [row.id for row, event in told if not isinstance(event, UnknownCallbackSeen)]
    kept = [row.id for row, event in told if isinstance(event, UnknownCallbackSeen)]
    for ids, state in ((known, InboxState.DONE), (kept, InboxState.KEPT)):
        if ids:
            InboxCallback.objects.filter(id__in=ids).update(state=state, error="")


def _event(row: InboxCallback) -> Event:
    message = envelope.parse(unseal(row.body).encode())
    event = translation.to_event(message, row.received_at)
    return event or UnknownCallbackSeen(inbox_id=row.id, at=translation.created_at(message, row.received_at))
