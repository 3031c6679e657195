import threading
import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection

from juqun.channels.wecom import slots as slots_module
from juqun.channels.wecom.errors import WecomBusyError
from juqun.channels.wecom.models import CallSlot
from juqun.channels.wecom.slots import Slots, reserved
from juqun.kernel import clock

PATH = "externalcontact/get"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(slots_module, "PATIENCE_SECONDS", 0.1)


def test_places_are_kept_for_urgent_calls():
    assert [reserved(places) for places in (1, 2, 3, 5, 6, 7, 10, 20)] == [0, 0, 1, 1, 1, 2, 2, 2]


def test_ordinary_calls_leave_the_kept_place_to_urgent_ones(db, impatient):
    slots = Slots("corp", 5)
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(slots.place(PATH, is_urgent=False))
        with pytest.raises(WecomBusyError), slots.place(PATH, is_urgent=False):
            pass
        with slots.place(PATH, is_urgent=True):
            assert CallSlot.objects.filter(held_until__gt=clock.wall()).count() == 5
            with pytest.raises(WecomBusyError) as caught, slots.place(PATH, is_urgent=True):
                pass
            assert caught.value.detail == "too many calls in flight"
        with slots.place(PATH, is_urgent=True):  # it was given back at once
            pass


def test_calls_that_follow_one_another_cost_no_statement(db, django_assert_num_queries):
    slots = Slots("corp", 5)
    with slots.place(PATH, is_urgent=False):
        pass
    with django_assert_num_queries(0):
        for is_urgent in (False, True) * 50:
            with slots.place(PATH, is_urgent=is_urgent):
                pass


def test_a_process_that_was_killed_or_is_quiet_frees_its_places(db, impatient, monkeypatch):
    killed, other = Slots("corp", 2), Slots("corp", 2)
    for _ in range(2):
        killed._enter(PATH, is_urgent=False)
    with pytest.raises(WecomBusyError):
        other._enter(PATH, is_urgent=False)
    later = clock.wall() + timedelta(seconds=slots_module.LEASE_SECONDS + 0.1)
    monkeypatch.setattr(clock, "wall", lambda: later)
    with other.place(PATH, is_urgent=False):
        pass
    killed.close()


def test_whoever_waits_gets_a_place_at_the_holders_next_renewal(db, impatient, monkeypatch):
    monkeypatch.setattr(slots_module, "RENEW_SECONDS", 0.0)
    greedy, waiting = Slots("corp", 1), Slots("corp", 1)
    with greedy.place(PATH, is_urgent=False), pytest.raises(WecomBusyError):
        waiting._enter(PATH, is_urgent=False)
    with pytest.raises(WecomBusyError):  # it sees the wish, gives the place up, and steps back
        greedy._enter(PATH, is_urgent=False)
    with waiting.place(PATH, is_urgent=False):
        pass


def test_a_closed_client_keeps_nothing(db):
    slots = Slots("corp", 5)
    with slots.place(PATH, is_urgent=False):
        pass
    slots.close()
    assert not CallSlot.objects.filter(held_until__gt=clock.wall()).exists()


@pytest.mark.django_db(transaction=True)
def test_a_call_that_outlasts_its_lease_keeps_its_place(monkeypatch):
    monkeypatch.setattr(slots_module, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(slots_module, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(slots_module, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(slots_module, "PATIENCE_SECONDS", 0.1)
    slow, other = Slots("corp", 1), Slots("corp", 1)
    with slow.place(PATH, is_urgent=False):
        time.sleep(0.8)
        with pytest.raises(WecomBusyError), other.place(PATH, is_urgent=False):
            pass
    deadline = time.monotonic() + 2
    while slow._watching and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not slow._watching


@pytest.mark.django_db(transaction=True)
def test_never_more_calls_than_places_in_many_threads_of_several_holders():
    pools, lock = [Slots("corp", 5) for _ in range(3)], threading.Lock()
    running, most, done, errors = 0, 0, 0, []

    def work(slots):
        nonlocal running, most, done
        try:
            for _ in range(8):
                with slots.place(PATH, is_urgent=False):
                    with lock:
                        running += 1
                        most = max(most, running)
                    time.sleep(0.01)
                    with lock:
                        running, done = running - 1, done + 1
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(slots,)) for slots in pools * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert (done, most) == (96, 4)
