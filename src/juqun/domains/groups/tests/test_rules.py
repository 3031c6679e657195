from datetime import UTC, datetime, timedelta

import pytest

from juqun.domains.groups import rules
from juqun.domains.groups.types import GroupState

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


def state(**changes: object) -> GroupState:
    given = {"is_dismissed": False, "member_count": 10, "capacity": 200, "last_activity_at": NOW, "now": NOW}
    return rules.state_of(**{**given, **changes})  # type: ignore[arg-type]


def test_group_is_open_until_its_capacity_and_silent_after_seven_days():
    assert state(member_count=199) == GroupState.OPEN
    assert state(member_count=200) == GroupState.FULL
    week = timedelta(days=7)
    assert state(last_activity_at=NOW - week + timedelta(seconds=1)) == GroupState.OPEN
    assert state(last_activity_at=NOW - week) == GroupState.SILENT


def test_dismissed_beats_silent_beats_full():
    old = NOW - timedelta(days=30)
    assert state(member_count=300, last_activity_at=old) == GroupState.SILENT
    assert state(is_dismissed=True, member_count=300, last_activity_at=old) == GroupState.DISMISSED


def test_room_base_name_keeps_the_kind_whole_and_fits_forty_bytes():
    assert rules.room_base_name("天河店", "亲子群") == "天河店亲子群"
    long = rules.room_base_name("中国石化广东广州天河区体育西路加油站", "车主福利群")
    assert long.endswith("车主福利群")
    assert long.startswith("中国石化广东广州")
    assert len(long.encode()) <= 40
    assert rules.room_base_name("店", "群" * 20) == "群" * 13


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("天河店亲子群", 1),
        ("天河店亲子群2", 2),
        ("天河店亲子群 12", 12),
        ("天河店亲子群甲", None),
        ("越秀店亲子群2", None),
    ],
)
def test_number_in_name(name: str, number: int | None):
    assert rules.number_in_name("天河店亲子群", name) == number


def test_no_base_name_is_no_series():
    assert rules.number_in_name("", "2") is None


def chat(number: int, members: int, capacity: int = 200) -> rules.LinkedChat:
    return rules.LinkedChat(
        chat_id=f"chat{number}", member_count=members, capacity=capacity, created_at=NOW + timedelta(days=number)
    )


def test_entry_leads_to_the_oldest_five_that_take_people():
    chats = [chat(7, 0), chat(1, 200), *[chat(n, 10) for n in range(2, 7)]]
    plan = rules.plan_entry(chats)
    assert plan.chat_ids == ("chat2", "chat3", "chat4", "chat5", "chat6")
    assert not plan.needs_next


def test_when_all_are_full_the_newest_stays_and_the_next_is_wanted():
    plan = rules.plan_entry([chat(2, 250), chat(1, 200)])
    assert plan.chat_ids == ("chat2",)
    assert plan.needs_next
    assert rules.plan_entry([]) == rules.EntryPlan(chat_ids=(), needs_next=False)


def choice(kind_id: int, tags: set[str], *, is_default: bool = False, priority: int = 0) -> rules.KindChoice:
    return rules.KindChoice(kind_id=kind_id, member_tags=frozenset(tags), is_default=is_default, priority=priority)


def test_choose_kind_by_most_tags_then_priority_then_age_then_default():
    plain = choice(1, set(), is_default=True)
    parents = choice(2, {"baby", "school"})
    drivers = choice(3, {"diesel"}, priority=5)
    seniors = choice(4, {"health"})
    choices = [seniors, drivers, parents, plain]
    assert rules.choose_kind(choices, frozenset({"baby", "school", "diesel"})) == 2
    assert rules.choose_kind(choices, frozenset({"baby", "diesel"})) == 3
    assert rules.choose_kind(choices, frozenset({"baby", "health"})) == 2
    assert rules.choose_kind(choices, frozenset({"unheard of"})) == 1
    assert rules.choose_kind([parents, drivers], frozenset()) is None


@pytest.mark.parametrize(("capacity", "possible"), [(2, False), (3, True), (500, True), (501, False)])
def test_capacity_bounds(capacity: int, possible: bool):
    assert rules.is_capacity_possible(capacity) is possible


@pytest.mark.parametrize(
    ("base", "theirs", "added"),
    [
        ("a", "ab", "b"),
        ("abcde", "bcdef", "f"),
        ("abcde", "cdefg", "fg"),
        ("ab", "b", None),  # one was taken off, none came
        ("ab", "bc", None),  # the oldest leaves a full list only
        ("abcde", "abcdf", None),  # not the oldest left
        ("ab", "ab", None),
    ],
)
def test_only_what_wecom_opens_itself_counts_as_its_own_growth(base, theirs, added):
    assert rules.own_growth(list(base), list(theirs)) == (None if added is None else tuple(added))
