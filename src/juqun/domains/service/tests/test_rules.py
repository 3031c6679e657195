"""The rules alone: every item gets a keeper or a named reason, loads stay level, nothing depends on chance."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from juqun.domains.service import rules
from juqun.domains.service.rules import Candidate, Given
from juqun.domains.service.types import ItemNote, Why

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)

candidates_of = st.lists(
    st.builds(
        Candidate,
        staff_id=st.integers(1, 30),
        tiers=st.integers(0, 3),
        load=st.integers(0, 40),
        has_same_role=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.staff_id,
)
given_of = st.lists(
    st.builds(Given, key=st.integers(0, 10_000), others=st.lists(st.integers(1, 40), max_size=2).map(tuple)),
    max_size=60,
    unique_by=lambda one: one.key,
)


@given(given_of, candidates_of, st.integers(1, 50))
def test_everybody_gets_a_keeper_or_a_named_reason(items, candidates, cap):
    found = rules.propose(given=items, candidates=candidates, cap=cap)
    assert set(found) == {one.key for one in items}
    for one in items:
        proposal = found[one.key]
        if one.others:
            assert proposal.why is Why.RELATION
            assert proposal.keeper_id in one.others
        elif proposal.keeper_id is None:
            assert (proposal.why, proposal.note) == (
                Why.NOBODY,
                ItemNote.ALL_FULL if candidates else ItemNote.NOBODY_NEAR,
            )
        else:
            assert proposal.note is ItemNote.NONE


@given(given_of, candidates_of, st.integers(1, 50))
def test_loads_stay_below_the_cap_and_level_and_near_comes_first(items, candidates, cap):
    found = rules.propose(given=items, candidates=candidates, cap=cap)
    moved = [one for one in found.values() if one.why in {Why.SAME_STORE, Why.UPWARDS}]
    got = {one.staff_id: sum(two.keeper_id == one.staff_id for two in moved) for one in candidates}
    after = {one.staff_id: one.load + got[one.staff_id] for one in candidates}
    for one in candidates:
        if got[one.staff_id]:
            assert after[one.staff_id] <= cap
            peers = [after[two.staff_id] for two in candidates if two.tiers == one.tiers]
            assert after[one.staff_id] <= min(peers) + 1
            assert all(after[two.staff_id] >= cap for two in candidates if two.tiers < one.tiers)
    if any(one.why is Why.NOBODY for one in found.values()):
        assert all(load >= cap for load in after.values())


@given(given_of, candidates_of, st.integers(1, 50), st.randoms())
def test_the_same_question_gets_the_same_answer(items, candidates, cap, random):
    mixed = list(candidates)
    random.shuffle(mixed)
    first = rules.propose(given=items, candidates=candidates, cap=cap)
    assert rules.propose(given=items, candidates=mixed, cap=cap) == first


def test_among_equals_the_givers_own_role_comes_first():
    candidates = [
        Candidate(staff_id=1, tiers=0, load=5),
        Candidate(staff_id=2, tiers=0, load=5, has_same_role=True),
        Candidate(staff_id=3, tiers=1, load=0),
    ]
    found = rules.propose(given=[Given(key=1), Given(key=2), Given(key=3)], candidates=candidates, cap=6)
    assert [found[key].keeper_id for key in (1, 2, 3)] == [2, 1, 3]
    assert found[3].why is Why.UPWARDS


def test_a_friend_near_by_comes_before_a_friend_elsewhere():
    candidates = [Candidate(staff_id=7, tiers=0, load=100)]
    found = rules.propose(given=[Given(key=1, others=(9, 7))], candidates=candidates, cap=1)
    assert (found[1].keeper_id, found[1].why) == (7, Why.RELATION)


def test_next_keeper_is_near_free_and_not_tried():
    candidates = [Candidate(staff_id=n, tiers=n // 2, load=n) for n in range(1, 5)]
    assert rules.next_keeper(candidates=candidates, cap=10, tried=[]) == 1
    assert rules.next_keeper(candidates=candidates, cap=10, tried=[1, 2]) == 3
    assert rules.next_keeper(candidates=candidates, cap=3, tried=[1, 2]) is None


def test_the_day_of_another_try_is_known_when_the_earlier_hand_overs_were_ours():
    first, second = NOW - timedelta(days=60), NOW - timedelta(days=10)
    assert rules.quota_retry_at(taken_over=[second, first], now=NOW) == first + rules.QUOTA_WINDOW
    assert rules.quota_retry_at(taken_over=[second], now=NOW) == NOW + rules.UNKNOWN_QUOTA_RETRY
    old = NOW - timedelta(days=91)
    assert rules.quota_retry_at(taken_over=[old, second], now=NOW) == NOW + rules.UNKNOWN_QUOTA_RETRY
