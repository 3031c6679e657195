"""Call budgets: all processes together stay below WeCom's limits per corp and call, and all of them rest when WeCom says so.

WeCom does not say where its minute begins, so a budget holds for any span: calls are counted by short parts of time, and the
parts of a whole span and one more are added up. Days and months are those of Shanghai's calendar. A process takes calls from the
row in blocks: a busy one in big blocks, a quiet one in small ones, so that nothing is set aside for nobody.
All of this is business time, as WeCom (or the rehearsal in its place) counts it.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from juqun.channels.wecom.endpoints import ALL_CALLS, Endpoint
from juqun.channels.wecom.errors import WecomBusyError
from juqun.channels.wecom.models import CallBudget
from juqun.kernel import clock

MINUTE, HOUR = 60, 3600
PARTS = 6
FIRST_BLOCK = 4
BLOCKS_PER_MINUTE = 50
REST_SECONDS = (60, 600, 3_600)
"""WeCom blocks a minute, an hour, or till the day ends; which one it was shows only when the next call meets a block again."""
AFTERMATH = timedelta(seconds=120)

Taken = dict[str, dict[str, int]]


@dataclass(slots=True)
class _Block:
    part: int = -1
    left: int = 0
    size: int = FIRST_BLOCK
    blocked_until: datetime | None = None


class Budget:
    """The budgets of one corp as this process sees them."""

    def __init__(self, corp: str) -> None:
        self._corp = corp
        self._lock = threading.Lock()
        self._blocks: dict[str, _Block] = {}

    def take(self, endpoint: Endpoint) -> None:
        """Count one call; raises WecomBusyError with the seconds until there is room again."""
        now = clock.now()
        with self._lock:
            self._take(endpoint, endpoint, now)
            self._take(ALL_CALLS, endpoint, now)

    def block(self, endpoint: Endpoint) -> float:
        """Let every process rest from this call, since WeCom's limit is reached; returns for how many seconds.

        A block right after another means that it was not the minute's: the rest becomes longer.
        """
        now = clock.now()
        row, _created = CallBudget.objects.get_or_create(corp=self._corp, endpoint=endpoint.path)
        with transaction.atomic():
            row = CallBudget.objects.select_for_update().get(pk=row.pk)
            until = row.blocked_until
            if until is None or until <= now:  # else: another call of the same moment has told already
                row.blocks = row.blocks + 1 if until is not None and now - until < AFTERMATH else 1
                rest = REST_SECONDS[min(row.blocks, len(REST_SECONDS)) - 1]
                row.blocked_until = until = now + timedelta(seconds=rest)
                row.save(update_fields=["blocks", "blocked_until"])
        with self._lock:
            self._blocks.setdefault(endpoint.path, _Block()).blocked_until = until
        return (until - now).total_seconds()

    def _take(self, counted: Endpoint, endpoint: Endpoint, now: datetime) -> None:
        block = self._blocks.setdefault(counted.path, _Block())
        if block.blocked_until is not None and block.blocked_until > now:
            raise _busy(endpoint, block.blocked_until, now)
        part = int(now.timestamp()) // (MINUTE // PARTS)
        if block.part != part or block.left <= 0:
            most = max(1, counted.per_minute // BLOCKS_PER_MINUTE)
            block.size = min(most, block.size * 2 if block.part == part else FIRST_BLOCK)
            block.left, block.part = self._reserve(counted, endpoint, block.size, now), part
        block.left -= 1

    def _reserve(self, counted: Endpoint, endpoint: Endpoint, wanted: int, now: datetime) -> int:
        of_call = {"corp": self._corp, "endpoint": counted.path}
        with transaction.atomic():
            row = CallBudget.objects.select_for_update().filter(**of_call).first()
            if row is None:
                CallBudget.objects.bulk_create([CallBudget(**of_call)], ignore_conflicts=True)
                row = CallBudget.objects.select_for_update().get(**of_call)
            if row.blocked_until is not None and row.blocked_until > now:
                raise _busy(endpoint, row.blocked_until, now)
            row.taken, grant, free_at = reserve(row.taken, counted, wanted, now)
            if not grant:
                raise _busy(endpoint, free_at, now)
            row.save(update_fields=["taken"])
        return grant


def reserve(taken: Taken, endpoint: Endpoint, wanted: int, now: datetime) -> tuple[Taken, int, datetime]:
    """Take up to `wanted` calls from what was `taken`: the new state, how many were granted, and if none, when to ask again."""
    kept: Taken = {}
    grant, free_at = wanted, now
    for name, part, keep, limit in _spans(endpoint, now):
        counts = {number: count for number, count in taken.get(name, {}).items() if part - int(number) < keep}
        kept[name] = counts
        room = limit - sum(counts.values())
        grant = min(grant, room)
        if room <= 0:
            oldest = min(int(number) for number in counts)
            free_at = max(free_at, _end_of(name, oldest, keep, now))
    if grant <= 0:
        return kept, 0, free_at
    for name, part, _keep, _limit in _spans(endpoint, now):
        kept[name][str(part)] = kept[name].get(str(part), 0) + grant
    return kept, grant, free_at


def _spans(endpoint: Endpoint, now: datetime) -> list[tuple[str, int, int, int]]:
    """(name, number of the present part, how many parts count, limit) of each span that the call has a limit for."""
    seconds, day = int(now.timestamp()), clock.business_day(now)
    spans = [
        ("minute", seconds // (MINUTE // PARTS), PARTS + 1, endpoint.per_minute),
        ("hour", seconds // (HOUR // PARTS), PARTS + 1, endpoint.per_hour),
    ]
    if endpoint.per_day is not None:
        spans.append(("day", clock.day_number(day), 1, endpoint.per_day))
    if endpoint.per_month is not None:
        spans.append(("month", day.year * 12 + day.month, 1, endpoint.per_month))
    return spans


def _end_of(span: str, oldest: int, keep: int, now: datetime) -> datetime:
    """When the oldest part that counts ceases to count."""
    if span in {"minute", "hour"}:
        length = (MINUTE if span == "minute" else HOUR) // PARTS
        return datetime.fromtimestamp((oldest + keep) * length, tz=now.tzinfo)
    day = clock.business_day(now)
    if span == "day":
        return clock.start_of_day(day + timedelta(days=1))
    return clock.start_of_day((day.replace(day=28) + timedelta(days=4)).replace(day=1))


def _busy(endpoint: Endpoint, until: datetime, now: datetime) -> WecomBusyError:
    rest = round((until - now).total_seconds(), 3)
    return WecomBusyError(endpoint=endpoint.path, detail="call budget used up", seconds=rest)
