"""Jobs and events through their doors, on whatever database the run uses."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from django.db import connection, transaction

from juqun.kernel import clock, events, jobs
from juqun.kernel.events import Event, Subscription
from juqun.kernel.jobs.run import back_off_seconds, claim, execute, new_owner
from juqun.kernel.jobs.schedule import Every, declare, lead, tick
from juqun.kernel.jobs.work import Worker
from juqun.kernel.models import EventRecord, Job, JobState, Schedule

seen: list[object] = []


@pytest.fixture(autouse=True)
def _forget():
    seen.clear()


@jobs.job()
def note(*, value: object) -> None:
    seen.append(value)


@jobs.job(max_attempts=2)
def fail(*, value: object) -> None:
    Job.objects.filter(name="nobody").delete()
    seen.append(value)
    msg = "no luck"
    raise RuntimeError(msg)


@jobs.job()
def later() -> None:
    seen.append("later")
    raise jobs.RetryLater(60)


@jobs.job()
def hopeless() -> None:
    msg = "wrong number"
    raise jobs.GiveUp(msg)


@jobs.job(atomic=True)
def leave_trace_then_fail() -> None:
    Schedule.objects.create(name="trace", job="x", every_seconds=1, next_run_at=clock.now())
    msg = "after the change"
    raise RuntimeError(msg)


@pytest.mark.django_db(transaction=True)
def test_runs_once_and_leaves_nothing():
    jobs.enqueue(note, value=1)
    assert jobs.run_pending() == 1
    assert seen == [1]
    assert not Job.objects.exists()
    assert jobs.run_pending() == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_stored_when_the_business_transaction_rolls_back():
    def change() -> None:
        with transaction.atomic():
            jobs.enqueue(note, value=1)
            raise KeyError

    with pytest.raises(KeyError):
        change()
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_higher_priority_first_then_oldest():
    jobs.enqueue(note, value="old")
    jobs.enqueue(note, value="new")
    jobs.enqueue(note, value="urgent", priority=5)
    jobs.run_pending()
    assert seen == ["urgent", "old", "new"]


@pytest.mark.django_db(transaction=True)
def test_a_waiting_key_is_stored_once_and_free_again_when_running():
    assert jobs.enqueue(note, dedupe_key="k", value=1)
    assert not jobs.enqueue(note, dedupe_key="k", value=2)
    (claimed,) = claim(queues=["bulk"], owner=new_owner(), limit=5, lease_seconds=5)
    assert jobs.enqueue(note, dedupe_key="k", value=3), "a change made while the job runs needs another run"
    execute(claimed)
    jobs.run_pending()
    assert seen == [1, 3]


@pytest.mark.django_db(transaction=True)
def test_failure_backs_off_then_becomes_a_dead_letter_that_can_be_retried():
    jobs.enqueue(fail, value=1)
    assert jobs.run_pending() == 0
    job = Job.objects.get()
    assert (job.state, job.attempts) == (JobState.WAITING, 1)
    assert job.held_until > clock.wall()
    assert "no luck" in job.last_error
    Job.objects.update(held_until=clock.wall() - timedelta(seconds=1))
    jobs.run_pending()
    assert Job.objects.get().state == JobState.DEAD
    assert jobs.retry([job.id]) == 1
    assert jobs.run_pending() == 0
    assert Job.objects.get().attempts == 1
    assert jobs.discard([job.id]) == 0, "only dead letters may be discarded"


@pytest.mark.django_db(transaction=True)
def test_signals_to_the_runner():
    jobs.enqueue(later)
    jobs.enqueue(hopeless)
    jobs.run_pending()
    waiting, dead = Job.objects.order_by("id")
    assert (waiting.state, waiting.attempts) == (JobState.WAITING, 0)
    assert waiting.held_until > clock.wall() + timedelta(seconds=50)
    assert (dead.state, dead.last_error) == (JobState.DEAD, "wrong number")


@pytest.mark.django_db(transaction=True)
def test_the_change_of_a_failed_job_is_rolled_back():
    jobs.enqueue(leave_trace_then_fail)
    jobs.run_pending()
    assert not Schedule.objects.filter(name="trace").exists()


@pytest.mark.django_db(transaction=True)
def test_an_expired_lease_is_taken_over_and_the_late_owner_commits_nothing():
    jobs.enqueue(note, value=1)
    (first,) = claim(queues=["bulk"], owner=new_owner(), limit=1, lease_seconds=60)
    assert claim(queues=["bulk"], owner=new_owner(), limit=1, lease_seconds=60) == []
    Job.objects.update(held_until=clock.wall() - timedelta(seconds=1))
    (second,) = claim(queues=["bulk"], owner=new_owner(), limit=1, lease_seconds=60)
    assert second.attempts == 2
    assert execute(first) is False
    assert Job.objects.count() == 1
    assert execute(second) is True
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_run_at_follows_business_time():
    tomorrow = clock.now() + timedelta(days=1)
    jobs.enqueue(note, value=1, run_at=tomorrow)
    assert jobs.run_pending() == 0
    with clock.travelled(tomorrow + timedelta(seconds=1)):
        assert jobs.run_pending() == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_process_dies_each_time_ends_as_dead_letter():
    jobs.enqueue(fail, value=1)
    for _ in range(3):
        claim(queues=["bulk"], owner=new_owner(), limit=1, lease_seconds=60)
        Job.objects.update(held_until=clock.wall() - timedelta(seconds=1))
    jobs.run_pending()
    assert Job.objects.get().state == JobState.DEAD
    assert seen == []


@pytest.mark.django_db(transaction=True)
def test_worker_threads_do_everything_once():
    jobs.enqueue_many(note, [{"value": n} for n in range(500)])
    worker = Worker({"bulk": 3})
    worker.start()
    for _ in range(200):
        if not Job.objects.exists():
            break
        threading.Event().wait(0.05)
    worker.stop()
    assert sorted(seen) == list(range(500))


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 2), (2, 4), (5, 32), (20, 900)])
def test_back_off_doubles_with_jitter(attempt, ceiling):
    assert back_off_seconds(attempt, 0.0) == ceiling / 2
    assert ceiling / 2 < back_off_seconds(attempt, 0.5) < back_off_seconds(attempt, 0.999) < ceiling


@pytest.mark.django_db(transaction=True)
def test_schedules_tick_once_each_time_even_beside_themselves():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with clock.travelled(start):
        declare([Every("noting", 60, note)])
        results: list[int] = []

        def tick_here() -> None:
            with clock.travelled(start):
                results.append(tick())
            connection.close()

        threads = [threading.Thread(target=tick_here) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(results) == 1
        assert tick() == 0
    with clock.travelled(start + timedelta(days=3)):
        assert tick() == 1, "what was missed is done once, not a thousand times"
    with clock.travelled(start + timedelta(days=3, seconds=59)):
        assert tick() == 0, "and not once more a second later"
    with clock.travelled(start + timedelta(days=3, seconds=60)):
        assert tick() == 1
        declare([])
        assert not Schedule.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_leader():
    assert lead("a")
    assert lead("a")
    assert not lead("b")


@dataclass(frozen=True, slots=True, kw_only=True)
class LampLit(Event):
    NAME: ClassVar[str] = "tests.lamp_lit"
    lamp_id: int
    at: datetime
    colour: str | None = None
    lit_by: str = ""

    SEALED: ClassVar[frozenset[str]] = frozenset({"lit_by"})


def on_lamp_lit(event: LampLit) -> None:
    seen.append(event)


def on_lamp_lit_too(event: LampLit) -> None:
    seen.append(event.lamp_id)


@pytest.fixture
def _lamps():
    before = dict(events.wired().values())
    events.wire({LampLit: [Subscription(on_lamp_lit), Subscription(on_lamp_lit_too, queue="now", atomic=False)]})
    yield
    events.wire(before)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_lamps")
def test_an_event_reaches_every_subscriber_after_commit():
    lit = LampLit(lamp_id=7, at=clock.now())
    with pytest.raises(RuntimeError, match="transaction"):
        events.publish(lit)
    with transaction.atomic():
        events.publish(lit)
        assert seen == []
    jobs.run_pending()
    assert sorted(seen, key=str) == sorted([lit, 7], key=str)
    assert EventRecord.objects.get().payload["lamp_id"] == 7


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_lamps")
def test_a_rolled_back_event_never_happened():
    def light() -> None:
        with transaction.atomic():
            events.publish(LampLit(lamp_id=7, at=clock.now()))
            raise KeyError

    with pytest.raises(KeyError):
        light()
    assert not EventRecord.objects.exists()
    assert jobs.run_pending() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_lamps")
def test_what_tells_who_somebody_is_lies_nowhere_in_the_clear():
    lit = LampLit(lamp_id=7, at=clock.now(), colour="red", lit_by="wmMeiMei")
    with transaction.atomic():
        events.publish(lit)
    rows = [
        str(payload) for payload in (*EventRecord.objects.values_list("payload"), *Job.objects.values_list("payload"))
    ]
    assert len(rows) == 3
    assert all("red" in row and "wmMeiMei" not in row for row in rows)
    assert LampLit.from_payload(EventRecord.objects.get().payload) == lit
    jobs.run_pending()
    assert lit in seen


@pytest.mark.django_db(transaction=True)
def test_old_events_are_forgotten():
    start = datetime(2017, 1, 1, tzinfo=UTC)
    for days in (0, 1, 89):
        with clock.travelled(start + timedelta(days=days)), transaction.atomic():
            events.publish(LampLit(lamp_id=days, at=clock.now()))
    with clock.travelled(start + timedelta(days=91)):
        events.prune_events()
    assert [record.payload["lamp_id"] for record in EventRecord.objects.order_by("id")] == [1, 89]


@jobs.job()
def give_up_without_a_word() -> None:
    raise jobs.GiveUp("")


@pytest.mark.django_db(transaction=True)
def test_a_job_may_give_up_without_a_word():
    jobs.enqueue(give_up_without_a_word)
    assert jobs.run_pending() == 0
    assert Job.objects.get().state == JobState.DEAD


@pytest.mark.django_db
def test_a_clock_that_went_ahead_and_came_back_stops_nothing():
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with clock.travelled(at):
        declare([Every("noting", 60, note)])
        tick()
        jobs.run_pending()
    with clock.travelled(at + timedelta(days=400)):
        tick()
        jobs.run_pending()
        jobs.enqueue(note, value="soon")
        jobs.enqueue(note, value="in an hour", run_at=clock.now() + timedelta(hours=1))
    with clock.travelled(at + timedelta(minutes=2)):
        assert tick() == 1
        due = Job.objects.filter(run_at__lte=clock.now()).count()
        assert (due, Job.objects.get(payload__value="in an hour").run_at) == (2, clock.now() + timedelta(hours=1))
        assert tick() == 0
    with clock.travelled(at + timedelta(minutes=3)):
        assert tick() == 1
