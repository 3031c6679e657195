"""Working one step ahead: while a batch is being written, the next one is read, cast and prepared on another core."""

import contextvars
import gc
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

_STOP_CHECK_SECONDS: Final = 0.1


class _Belt(Generic[Item]):
    """A place for one finished thing between the maker's thread and the taker."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._place: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(maxsize=1)
        self._is_left = threading.Event()

    def make(self) -> None:
        """Make everything, waiting for the place to be free; errors are handed over like things."""
        try:
            for item in self._items:
                if not self._put(item, None):
                    return
            self._put(None, None)
        except BaseException as error:
            self._put(None, error)

    def _put(self, item: Item | None, error: BaseException | None) -> bool:
        while not self._is_left.is_set():
            try:
                self._place.put((item, error), timeout=_STOP_CHECK_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def take(self) -> Item | None:
        """The next thing, None after the last one; raises what the maker raised."""
        item, error = self._place.get()
        if error is not None:
            raise error
        return item

    def leave(self) -> None:
        """Tell the maker that nobody takes any more."""
        self._is_left.set()


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield `items` while a thread already makes the next one; its errors are raised here, in their turn.

    The thread inherits the context (language, travelled time). It must not touch the database: its connection would see
    nothing of the caller's transaction.
    """
    belt = _Belt(items)
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(belt.make,), name="import-ahead", daemon=True
    )
    thread.start()
    try:
        while (item := belt.take()) is not None:
            yield item
    finally:
        belt.leave()
        thread.join()


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the cycle collector: a batch makes hundreds of thousands of objects, none of them in cycles, and looking
    through them again and again costs a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
