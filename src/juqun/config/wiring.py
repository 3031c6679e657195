"""The one table "event -> handlers", the schedules, and the lake's dimensions: what happens when, on one page."""

from collections.abc import Mapping, Sequence

from juqun.kernel import events
from juqun.kernel.events import Event, Subscription
from juqun.kernel.jobs.schedule import Every

SUBSCRIPTIONS: Mapping[type[Event], Sequence[Subscription]] = {}

SCHEDULES: Sequence[Every] = ()


def connect() -> None:
    """Hand the tables to the kernel."""
    events.wire(SUBSCRIPTIONS)
