"""Domain events: facts in the past tense, ids only, stored with the change and delivered after commit at least once.

`publish()` writes one log row and one job per subscriber inside the publisher's transaction, so that an event exists exactly when
its change does; retry and dead letter are per subscriber. No order is promised: handlers are idempotent.
The one table event -> subscriptions is handed over by the composition root through `wire()`.
"""

import dataclasses
import types
import typing
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import transaction

from juqun.kernel import clock, ids, jobs
from juqun.kernel.models import EventRecord, Queue
from juqun.kernel.secrets import seal, unseal

_SEAL = "sealed"
KEEP_DAYS = 90  # longer than anybody asks how something came about, and than any job is tried
PRUNED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events. `NAME` is `<room>.<fact>`; fields are int, str, bool, None, date or aware datetime.

    `SEALED` names the text fields that tell who a person is or open a door (an external id, a welcome code): they are encrypted
    wherever the event is stored, in the log, in its jobs and in dead letters.
    """

    NAME: ClassVar[str] = ""
    SEALED: ClassVar[frozenset[str]] = frozenset()

    def to_payload(self) -> dict[str, Any]:
        """The fields as JSON values, those of `SEALED` encrypted."""
        return {
            field.name: _stored(getattr(self, field.name), is_sealed=field.name in self.SEALED)
            for field in dataclasses.fields(self)
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """The event of `to_payload()`; fields that this version no longer has are ignored."""
        hints, values = typing.get_type_hints(cls), open_payload(payload)
        return cls(
            **{
                field.name: _revive(values[field.name], hints[field.name])
                for field in dataclasses.fields(cls)
                if field.name in values
            }
        )


def _stored(value: Any, *, is_sealed: bool) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return {_SEAL: b64encode(seal(value)).decode()} if is_sealed and value else value


def open_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON values of a stored event with the encrypted ones in the clear: for its handlers only."""
    return {
        name: unseal(b64decode(value[_SEAL])) if isinstance(value, dict) else value for name, value in payload.items()
    }


def _revive(value: Any, hint: Any) -> Any:
    if isinstance(value, str):
        kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        if datetime in kinds:
            return datetime.fromisoformat(value)
        if date in kinds:
            return date.fromisoformat(value)
    return value


Handler = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler of an event. `atomic=False` for handlers that call the outside world."""

    handler: Handler
    queue: str = Queue.BULK
    priority: int = 0
    atomic: bool = True

    @property
    def path(self) -> str:
        """The handler's dotted path, under which its jobs are stored."""
        return f"{self.handler.__module__}.{self.handler.__qualname__}"


_table: dict[str, tuple[type[Event], Sequence[Subscription]]] = {}
_handlers: dict[tuple[str, str], tuple[type[Event], Subscription]] = {}


def wire(table: Mapping[type[Event], Sequence[Subscription]]) -> None:
    """Take over the whole table event -> subscriptions (replacing any before)."""
    _table.clear()
    _handlers.clear()
    for kind, subscriptions in table.items():
        _table[kind.NAME] = (kind, subscriptions)
        for subscription in subscriptions:
            _handlers[kind.NAME, subscription.path] = (kind, subscription)


def wired() -> dict[str, tuple[type[Event], Sequence[Subscription]]]:
    """The table as it stands, by event name."""
    return dict(_table)


def publish(*events: Event) -> None:
    """Store `events` and one job per subscriber in the running transaction; raises when there is none.

    Nothing is delivered when the transaction rolls back.
    """
    if not events:
        return
    if not transaction.get_connection().in_atomic_block:
        msg = "publish() belongs into the transaction of the change that the event tells of"
        raise RuntimeError(msg)
    at = clock.now()
    told = [(event.NAME, event.to_payload()) for event in events]
    EventRecord.objects.bulk_create(
        [EventRecord(public_id=ids.new_id(), name=name, payload=payload, occurred_at=at) for name, payload in told],
        batch_size=1000,
    )
    for is_atomic, function in ((True, deliver), (False, deliver_outside)):
        requests = [
            jobs.Request(
                kwargs={"event": name, "handler": subscription.path, "payload": payload},
                queue=subscription.queue,
                priority=subscription.priority,
            )
            for name, payload in told
            for subscription in _table.get(name, (None, ()))[1]
            if subscription.atomic is is_atomic
        ]
        jobs.enqueue_requests(function, requests)


def _deliver(event: str, handler: str, payload: dict[str, Any]) -> None:
    found = _handlers.get((event, handler))
    if found is None:
        raise jobs.GiveUp(f"no subscription {event} -> {handler}; add it to the wiring or discard this job")
    kind, subscription = found
    subscription.handler(kind.from_payload(payload))


@jobs.job(queue=Queue.BULK, atomic=True, max_attempts=10)
def deliver(*, event: str, handler: str, payload: dict[str, Any]) -> None:
    """Hand one stored event to one handler; the handler's changes and the acknowledgement commit together."""
    _deliver(event, handler, payload)


@jobs.job(queue=Queue.BULK, atomic=False, max_attempts=10, lease_seconds=30)
def deliver_outside(*, event: str, handler: str, payload: dict[str, Any]) -> None:
    """Hand one stored event to one handler that calls the outside world (it must be idempotent by itself)."""
    _deliver(event, handler, payload)


@jobs.job(queue=Queue.BULK, atomic=False)
def prune_events() -> None:
    """Forget events of more than 90 days ago, in short transactions; wired once a day."""
    old = EventRecord.objects.filter(occurred_at__lt=clock.now() - timedelta(days=KEEP_DAYS)).order_by("occurred_at")
    while found := list(old.values_list("id", flat=True)[:PRUNED_AT_ONCE]):
        EventRecord.objects.filter(id__in=found).delete()
