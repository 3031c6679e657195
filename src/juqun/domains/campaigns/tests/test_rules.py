"""Decisions without a database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juqun.domains.campaigns import rules
from juqun.domains.campaigns.types import Arm, SkipReason

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def test_member_arm_depends_on_salt_and_member_alone():
    alone = rules.draw_members("salt", [7], 1_000)
    among = rules.draw_members("salt", range(1_000), 1_000)
    assert alone[7] == among[7]
    assert rules.draw_members("other", range(1_000), 1_000) != among


def test_member_holdout_share_is_the_asked_one_within_four_standard_errors():
    arms = rules.draw_members("a salt", range(100_000), 1_000)
    held = sum(arm == Arm.HOLDOUT for arm in arms.values())
    assert abs(held - 10_000) < 4 * (100_000 * 0.1 * 0.9) ** 0.5


def test_salts_draw_independently():
    first = rules.draw_members("one", range(50_000), 5_000)
    second = rules.draw_members("two", range(50_000), 5_000)
    both = sum(first[i] == second[i] == Arm.HOLDOUT for i in range(50_000))
    assert abs(both - 12_500) < 4 * (50_000 * 0.25 * 0.75) ** 0.5


@pytest.mark.parametrize(
    ("holdout_bp", "stores", "held"),
    [(1_000, 457, 46), (1_000, 10, 1), (100, 10, 1), (0, 10, 0), (10_000, 10, 10), (9_990, 10, 9), (1_000, 1, 0)],
)
def test_store_holdout_is_an_exact_number(holdout_bp: int, stores: int, held: int):
    arms = rules.draw_stores("salt", range(stores), holdout_bp)
    assert sum(arm == Arm.HOLDOUT for arm in arms.values()) == held
    assert arms == rules.draw_stores("salt", reversed(range(stores)), holdout_bp)


def test_all_members_of_a_store_share_its_arm():
    stores = {member_id: member_id % 20 for member_id in range(400)}
    arms = rules.assign_arms("salt", by_store=True, stores_of_members=stores, holdout_bp=2_500)
    by_store = rules.draw_stores("salt", range(20), 2_500)
    assert arms == {member_id: by_store[store_id] for member_id, store_id in stores.items()}


def test_smallest_free_places_are_taken():
    assert rules.choose_slots({1}, {1, 3}, 2, 4) == rules.Slots(day_slot=2, month_slot=2)
    assert rules.choose_slots(set(), set(), 1, 4) == rules.Slots(day_slot=1, month_slot=1)


@pytest.mark.parametrize(
    ("day", "month", "caps", "reason"),
    [
        ({1}, {1}, (1, 4), SkipReason.CAPPED_DAY),
        (set(), {1, 2}, (1, 2), SkipReason.CAPPED_MONTH),
        ({1}, {1}, (1, 1), SkipReason.CAPPED_MONTH),
        (set(), set(), (0, 4), SkipReason.CAPPED_DAY),
        (set(), {2, 3}, (1, 2), SkipReason.CAPPED_MONTH),
    ],
)
def test_full_cap_is_named(day, month, caps, reason):
    assert rules.choose_slots(day, month, *caps) == reason


@given(
    used=st.sets(st.integers(1, 12)),
    cap_day=st.integers(0, 12),
    cap_month=st.integers(0, 12),
)
def test_places_never_pass_a_cap_nor_collide(used, cap_day, cap_month):
    choice = rules.choose_slots(used, used, cap_day, cap_month)
    if isinstance(choice, rules.Slots):
        assert 1 <= choice.day_slot <= cap_day
        assert 1 <= choice.month_slot <= cap_month
        assert choice.day_slot not in used
        assert choice.month_slot not in used
    else:
        assert len(used) >= min(cap_day, cap_month)


def test_month_is_the_business_days_own():
    assert rules.month_key(date(2026, 2, 28)) == 202602


@pytest.mark.parametrize(
    ("hour", "quiet", "expected"),
    [
        (12, (21, 8), local(12)),
        (7, (21, 8), local(8)),
        (22, (21, 8), None),
        (21, (21, 8), None),
        (8, (21, 8), local(8)),
        (13, (12, 14), local(14)),
        (3, (0, 6), local(6)),
        (23, (0, 0), local(23)),
        (22, (21, 24), None),
        (3, (24, 8), local(8)),
    ],
)
def test_quiet_hours_move_the_task_inside_its_day_only(hour, quiet, expected):
    assert rules.after_quiet(local(hour), *quiet, SHANGHAI) == expected


def test_task_leaves_at_the_full_hour_when_quiet_ends():
    assert rules.after_quiet(local(7, 45), 21, 8, SHANGHAI) == local(8)


def test_chunks_hold_at_most_the_limit_and_lose_nobody():
    pieces = list(rules.chunks(range(25_001)))
    assert [len(piece) for piece in pieces] == [10_000, 10_000, 5_001]
    assert [member for piece in pieces for member in piece] == list(range(25_001))


def test_three_reminders_in_any_24_hours():
    start = local(9)
    times: list[datetime] = []
    for minutes in range(0, 5 * 24 * 60, 30):
        now = start + timedelta(minutes=minutes)
        if rules.may_remind(times[-3:], now):
            times.append(now)
    assert times[1] - times[0] == timedelta(hours=4)
    for at in times:
        assert sum(at <= other < at + timedelta(hours=24) for other in times) <= 3
    assert len(times) == 15


@pytest.mark.parametrize(("hour", "expected"), [(8, False), (9, True), (19, True), (20, False)])
def test_staff_are_reminded_in_shop_hours(hour, expected):
    assert rules.is_reminding_hour(local(hour), SHANGHAI) is expected


def test_results_are_asked_for_ever_more_seldom():
    created = local(9)
    waits = [rules.next_collect(created, created + age) - (created + age) for age in map(_minutes, (0, 8, 60, 1_440))]
    assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=1)]


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def test_cut_keeps_whole_characters():
    assert rules.cut_bytes("中文活动", 7) == "中文"
    assert rules.cut_bytes("short", 128) == "short"


def test_token_is_matched_as_a_whole_segment():
    texts = ["https://shop.example/h5/l/ABC123?from=wx", "see https://x/h5/l/ABC12 now", "nothing"]
    assert rules.match_tokens(["ABC123", "ABC12", "ABC1", "ZZZ"], texts) == {"ABC123", "ABC12"}


def _candidate(**changes):
    facts = {
        "member_id": 1,
        "store_id": 2,
        "staff_id": 3,
        "userid": "wang",
        "is_friend": True,
        "has_consent": True,
        "not_before": local(9),
        "cap_day": 1,
        "cap_month": 4,
    }
    return rules.Candidate(**(facts | changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"has_consent": False, "is_friend": False}, SkipReason.NO_CONSENT),
        ({"is_friend": False, "staff_id": None}, SkipReason.NOT_FRIEND),
        ({"staff_id": None}, SkipReason.NO_STAFF),
        ({"store_id": None}, SkipReason.NO_STORE),
        ({"not_before": None}, SkipReason.QUIET),
    ],
)
def test_reason_why_a_member_is_skipped(changes, reason):
    assert rules.skip_reason(_candidate(**changes), needs_store=True) == reason


def test_member_without_store_is_reached_when_members_are_drawn():
    assert rules.skip_reason(_candidate(store_id=None), needs_store=False) is None
