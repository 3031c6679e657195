"""Things that happen by time alone: they are due at an instant and done by the next request after it.

There is no thread behind it. Every call of the API and every request of the admin side first lets happen what is due,
in the order of its instants, so nobody can see a moment at which something due has not happened.
"""

from collections.abc import Callable

from wecom_emulator.state.timers import Timer
from wecom_emulator.world import World

Deed = Callable[[World, str, int], None]

DEEDS: dict[str, Deed] = {}
"""What each kind of timer does, given its subject and the instant it was due. Filled by the rules' modules."""

NEXT = "timers_next_due"
"""The counter with the earliest instant at which anything is due; 0 when nothing is."""


def on_time(kind: str) -> Callable[[Deed], Deed]:
    """Register what happens when a timer of a kind is due."""

    def keep(deed: Deed) -> Deed:
        DEEDS[kind] = deed
        return deed

    return keep


def schedule(world: World, kind: str, subject: str, due_at: int) -> None:
    """Let something happen at an instant; the same kind and subject again moves it."""
    corp, timer_id = world.corp, f"{kind}:{subject}"
    corp.timers[timer_id] = Timer(timer_id=timer_id, kind=kind, subject=subject, due_at=due_at)
    earliest = corp.counters.get(NEXT, 0)
    if not earliest or due_at < earliest:
        corp.counters[NEXT] = due_at


def cancel(world: World, kind: str, subject: str) -> None:
    """Take a timer back; nothing happens when there is none."""
    world.corp.timers.pop(f"{kind}:{subject}", None)


def run_due(world: World) -> int:
    """Let everything happen that is due by now, oldest first, and return how many things that were."""
    corp, now, done = world.corp, world.clock.now(), 0
    while 0 < corp.counters.get(NEXT, 0) <= now:
        due = sorted(
            (timer for timer in corp.timers.values() if timer.due_at <= now),
            key=lambda timer: (timer.due_at, timer.timer_id),
        )
        for timer in due:
            corp.timers.pop(timer.timer_id, None)
        corp.counters[NEXT] = min((timer.due_at for timer in corp.timers.values()), default=0)
        for timer in due:
            deed = DEEDS.get(timer.kind)
            if deed is not None:
                deed(world, timer.subject, timer.due_at)
        done += len(due)
    return done
