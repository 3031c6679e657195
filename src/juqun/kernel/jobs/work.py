"""A worker: threads that claim and run jobs, with a heartbeat for long ones and a graceful end."""

import logging
import threading
from collections.abc import Sequence
from datetime import timedelta

from django.db import close_old_connections, connection

from juqun.kernel import clock
from juqun.kernel.jobs.declare import DEFAULT_LEASE_SECONDS
from juqun.kernel.jobs.queue import wake_up
from juqun.kernel.jobs.run import CLAIM_AT_ONCE, Claimed, claim, execute, new_owner
from juqun.kernel.models import Job, Queue

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
LOOK_SECONDS_CLUSTER = 0.5
TROUBLE_SECONDS = 2.0


class Worker:
    """Runs jobs of the given queues in threads of this process.

    `threads` maps a queue to its number of threads; every queue has threads of its own, so that a long send never delays a welcome.
    """

    def __init__(self, threads: dict[str, int] | None = None, *, lease_seconds: int = DEFAULT_LEASE_SECONDS) -> None:
        self._lease_seconds = lease_seconds
        self._plan = threads or {Queue.NOW: 2, Queue.SEND: 1, Queue.BULK: 1}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._held: dict[str, list[Claimed]] = {}
        self._held_lock = threading.Lock()

    def start(self) -> None:
        """Start all threads."""
        for queue, count in self._plan.items():
            for index in range(count):
                thread = threading.Thread(target=self._run, args=([queue],), name=f"jobs-{queue}-{index}", daemon=True)
                self._threads.append(thread)
        self._threads.append(threading.Thread(target=self._beat, name="jobs-heartbeat", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float = 20) -> None:
        """Finish the jobs in hand, claim no more; what does not end in time is taken over after its lease."""
        self._stop.set()
        wake_up.set()
        for thread in self._threads:
            thread.join(timeout_seconds)

    def _run(self, queues: Sequence[str]) -> None:
        owner = new_owner()
        limit = min(CLAIM_AT_ONCE[Queue(queue)] for queue in queues)
        look = LOOK_SECONDS_CLUSTER if connection.vendor == "postgresql" else LOOK_SECONDS
        while not self._stop.is_set():
            try:
                batch = claim(queues=queues, owner=owner, limit=limit, lease_seconds=self._lease_seconds)
                if batch:
                    self._work(owner, batch)
                else:
                    wake_up.wait(look)
                    wake_up.clear()
            except Exception:
                log.exception("worker thread in trouble; it goes on")
                close_old_connections()
                self._stop.wait(TROUBLE_SECONDS)
        connection.close()

    def _work(self, owner: str, batch: list[Claimed]) -> None:
        with self._held_lock:
            self._held[owner] = list(batch)
        try:
            for claimed in batch:
                if self._stop.is_set():
                    self._give_back(batch[batch.index(claimed) :])
                    return
                execute(claimed)
                with self._held_lock:
                    self._held[owner].remove(claimed)
        finally:
            with self._held_lock:
                self._held.pop(owner, None)

    @staticmethod
    def _give_back(rest: list[Claimed]) -> None:
        for claimed in rest:
            Job.objects.filter(id=claimed.id, owner=claimed.owner).update(
                state="waiting", owner="", held_until=clock.wall(), attempts=claimed.attempts - 1
            )

    def _beat(self) -> None:
        """Extend the lease of everything in hand, well before it runs out."""
        while not self._stop.wait(self._lease_seconds / 3):
            with self._held_lock:
                held = [claimed for batch in self._held.values() for claimed in batch]
            try:
                for owner in {claimed.owner for claimed in held}:
                    ids = [claimed.id for claimed in held if claimed.owner == owner]
                    until = clock.wall() + timedelta(seconds=self._lease_seconds)
                    Job.objects.filter(id__in=ids, owner=owner).update(held_until=until)
            except Exception:
                log.exception("heartbeat failed; it goes on")
                close_old_connections()
        connection.close()
