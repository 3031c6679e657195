"""At most so many calls in flight per corp, in all processes together: places that a process leases for seconds.

A place in use is a row whose lease is renewed while calls follow one another, so it costs a write per second and not one per
call; it lapses by itself when its process goes quiet or is killed. The first places are kept for urgent calls (a customer waits)
and given back after each. Whoever finds no place says so on the rows, and holders hand theirs over at their next renewal.
All times are the machine's.
"""

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection

from juqun.channels.wecom.errors import WecomBusyError
from juqun.channels.wecom.models import CallSlot
from juqun.kernel import clock

log = logging.getLogger(__name__)

LEASE_SECONDS = 5.0
RENEW_SECONDS = 1.0
"""A lease younger than this is used without asking the database."""
WATCH_SECONDS = 1.0
"""How often leases of calls that take long are renewed beside them."""
LOOK_SECONDS = 0.02
WANTED_SECONDS = 2.0
PATIENCE_SECONDS = 30.0
STEP_BACK_SECONDS = 0.15
"""For so long somebody who gave up a place leaves it to those who waited."""


def reserved(places: int) -> int:
    """How many of the places are kept for urgent calls."""
    return min(2, (places + 1) // 4)


@dataclass(slots=True)
class _Lease:
    number: int
    renewed: float
    is_busy: bool = True


class Slots:
    """The places of one corp as this process sees them."""

    def __init__(self, corp: str, places: int) -> None:
        self._corp = corp
        self._places = places
        self._reserved = reserved(places)
        self._owner = secrets.token_hex(16)
        self._leases: dict[int, _Lease] = {}
        self._changed = threading.Condition()
        self._step_back_until = 0.0
        self._queues: dict[bool, list[object]] = {True: [], False: []}
        self._look_again = {True: 0.0, False: 0.0}
        self._watching = False

    @contextmanager
    def place(self, endpoint: str, *, is_urgent: bool) -> Iterator[None]:
        """Hold a place during a call; raises WecomBusyError when none gets free for long."""
        lease = self._enter(endpoint, is_urgent=is_urgent)
        try:
            yield
        finally:
            self._leave(lease)

    def close(self) -> None:
        """Give back what is held."""
        with self._changed:
            numbers = list(self._leases)
            self._leases.clear()
        if numbers:
            try:
                self._give_back(numbers)
            except DatabaseError:
                log.debug("places in flight lapse by themselves", exc_info=True)

    def _enter(self, endpoint: str, *, is_urgent: bool) -> _Lease:
        me = object()
        with self._changed:
            queue = self._queues[is_urgent]
            queue.append(me)
            try:
                return self._wait(endpoint, queue, me, is_urgent=is_urgent)
            finally:
                queue.remove(me)
                self._changed.notify_all()

    def _wait(self, endpoint: str, queue: list[object], me: object, *, is_urgent: bool) -> _Lease:
        """Until it is our turn and a place is free: first come, first served, urgent calls before the others."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        told_at = 0.0
        while True:
            if queue[0] is me and (is_urgent or not self._queues[True]):
                lease = self._idle(is_urgent=is_urgent) or self._new(is_urgent=is_urgent)
                if lease is not None:
                    self._watch()
                    return lease
            now = time.monotonic()
            if now > deadline:
                raise WecomBusyError(endpoint=endpoint, detail="too many calls in flight", seconds=1.0)
            if now - told_at > WANTED_SECONDS / 2 and now > self._step_back_until:
                told_at = now
                self._want(is_urgent=is_urgent)
            self._changed.wait(LOOK_SECONDS)

    def _leave(self, lease: _Lease) -> None:
        with self._changed:
            lease.is_busy = False
            if lease.number < self._reserved and self._leases.pop(lease.number, None) is lease:
                self._give_back([lease.number])
            self._changed.notify_all()

    def _idle(self, *, is_urgent: bool) -> _Lease | None:
        """A place that this process holds and does not use; its lease is renewed when it is not young."""
        while True:
            found = next(
                (
                    one
                    for one in self._leases.values()
                    if not one.is_busy and (is_urgent or one.number >= self._reserved)
                ),
                None,
            )
            if found is None:
                return None
            if time.monotonic() - found.renewed < RENEW_SECONDS or self._renewed(found):
                found.is_busy = True
                return found

    def _renewed(self, lease: _Lease) -> bool:
        """Renew the lease, unless somebody waits for a place or it was lost: then it is ours no more."""
        wall = clock.wall()
        mine = CallSlot.objects.filter(corp=self._corp, number=lease.number, held_by=self._owner)
        if mine.filter(wanted_until__lt=wall).update(held_until=_after(wall, LEASE_SECONDS)):
            lease.renewed = time.monotonic()
            return True
        del self._leases[lease.number]
        if mine.update(held_until=wall, held_by=""):
            self._step_back_until = time.monotonic() + STEP_BACK_SECONDS
        return False

    def _new(self, *, is_urgent: bool) -> _Lease | None:
        """Lease a free place; urgent calls try the common ones first, since those may be kept."""
        now = time.monotonic()
        if now < self._look_again[is_urgent] or (not is_urgent and now < self._step_back_until):
            return None
        wall = clock.wall()
        rows = CallSlot.objects.filter(corp=self._corp, number__lt=self._places).exclude(number__in=self._leases)
        free = rows.filter(held_until__lt=wall)
        if not is_urgent:
            free = free.filter(number__gte=self._reserved)
        for number in free.order_by("-number").values_list("number", flat=True):
            taken = CallSlot.objects.filter(corp=self._corp, number=number, held_until__lt=wall)
            if taken.update(held_by=self._owner, held_until=_after(wall, LEASE_SECONDS), wanted_until=wall):
                return self._hold(number)
        if not self._leases and CallSlot.objects.filter(corp=self._corp).count() < self._places:
            past = wall - timedelta(seconds=1)
            CallSlot.objects.bulk_create(
                [
                    CallSlot(corp=self._corp, number=number, held_until=past, wanted_until=past)
                    for number in range(self._places)
                ],
                ignore_conflicts=True,
            )
            return self._new(is_urgent=is_urgent)
        self._look_again[is_urgent] = now + LOOK_SECONDS
        return None

    def _hold(self, number: int) -> _Lease:
        lease = self._leases[number] = _Lease(number, time.monotonic())
        return lease

    def _want(self, *, is_urgent: bool) -> None:
        """Say on the rows that somebody waits."""
        wall = clock.wall()
        rows = CallSlot.objects.filter(corp=self._corp, number__gte=0 if is_urgent else self._reserved)
        rows.exclude(held_by=self._owner).update(wanted_until=_after(wall, WANTED_SECONDS))

    def _give_back(self, numbers: list[int]) -> None:
        mine = CallSlot.objects.filter(corp=self._corp, number__in=numbers, held_by=self._owner)
        mine.update(held_by="", held_until=clock.wall())

    def _watch(self) -> None:
        """Make sure that calls which outlast their lease keep it: a thread looks after them, and ends when all is quiet."""
        if not self._watching:
            self._watching = True
            threading.Thread(target=self._keep_watch, name="wecom-slots", daemon=True).start()

    def _keep_watch(self) -> None:
        while True:
            time.sleep(WATCH_SECONDS)
            with self._changed:
                if not any(lease.is_busy for lease in self._leases.values()):
                    self._watching = False
                    return
                now = time.monotonic()
                due = [one for one in self._leases.values() if one.is_busy and now - one.renewed > RENEW_SECONDS]
            if due:
                self._extend(due)

    def _extend(self, leases: list[_Lease]) -> None:
        numbers, now = [lease.number for lease in leases], time.monotonic()
        try:
            mine = CallSlot.objects.filter(corp=self._corp, number__in=numbers, held_by=self._owner)
            mine.update(held_until=_after(clock.wall(), LEASE_SECONDS))
        except Exception:  # whatever it is: the next round tries again, and the leases lapse by themselves
            log.warning("the places of calls in flight could not be renewed", exc_info=True)
        else:
            for lease in leases:
                lease.renewed = now
        finally:
            connection.close()


def _after(wall: datetime, seconds: float) -> datetime:
    return wall + timedelta(seconds=seconds)
