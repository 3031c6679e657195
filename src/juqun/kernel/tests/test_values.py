"""Clock, money, ids, errors, secrets: rules without a database."""

import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from juqun.kernel import clock, ids, money, secrets
from juqun.kernel.errors import ConflictError


def test_travel_is_local_to_the_context():
    there = datetime(2017, 12, 1, 4, tzinfo=UTC)
    with clock.travelled(there):
        assert clock.now() == there
    assert clock.now() > datetime(2025, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="aware"), clock.travelled(datetime(2017, 1, 1)):  # noqa: DTZ001 - the point
        pass


def test_control_file_moves_every_follower_and_may_stand_still(tmp_path):
    path = tmp_path / "clock.json"
    at = datetime(2017, 6, 1, tzinfo=UTC)
    try:
        clock.write_control(path, at, running=False)
        clock.follow_control(path)
        assert clock.now() == at
        clock.write_control(path, at + timedelta(days=1))
        clock.follow_control(path)
        assert timedelta(0) <= clock.now() - at - timedelta(days=1) < timedelta(seconds=5)
    finally:
        clock.follow_control(None)


def test_business_days_and_lake_numbers():
    assert clock.business_day(datetime(2017, 1, 1, 16, 1, tzinfo=UTC)) == date(2017, 1, 2)
    assert clock.start_of_day(date(2017, 1, 2)) == datetime(2017, 1, 1, 16, tzinfo=UTC)
    assert clock.day_number(date(1970, 1, 1)) == 0
    assert clock.day_from_number(clock.day_number(date(2017, 5, 6))) == date(2017, 5, 6)
    monday, sunday = date(2026, 11, 16), date(2026, 11, 22)
    assert clock.week_number(monday) == clock.week_number(sunday)
    assert clock.week_number(monday) == clock.week_number(date(2026, 11, 15)) + 1


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_parts_sum_to_the_whole(total, weights):
    parts = money.split_largest_remainder(total, weights)
    assert sum(parts) == total
    assert all(part * total >= 0 for part in parts)


@pytest.mark.parametrize(
    ("amount", "points", "expected"), [(1000, 1250, 125), (1, 5000, 1), (-1, 5000, -1), (333, 3333, 111), (0, 1, 0)]
)
def test_percent_rounds_half_up(amount, points, expected):
    assert money.percent_fen(amount, points) == expected


def test_yuan_in_and_out():
    assert money.parse_yuan(" ¥1,234.50 ") == 123450
    assert money.format_yuan(-123450) == "-1,234.50"
    for bad in ("", "12.345", "abc", "NaN"):
        with pytest.raises(ValueError, match=r"fen|yuan"):
            money.parse_yuan(bad)


def test_ids_sort_by_making():
    made = [ids.new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert {len(one) for one in made} == {26}


@dataclass(eq=False)
class LidStuckError(ConflictError):
    code: ClassVar[str] = "lid_stuck"
    message: ClassVar[str] = "Lid %(lid)s is stuck; push harder."
    lid: int


def test_an_error_says_code_fields_and_the_next_step():
    error = LidStuckError(lid=3)
    assert (error.code, error.fields, error.http_status) == ("lid_stuck", {"lid": 3}, 409)
    assert str(error) == "Lid 3 is stuck; push harder."
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


def test_sealed_values_differ_and_open_again():
    one, two = secrets.seal("13800138000"), secrets.seal("13800138000")
    assert one != two
    assert secrets.unseal(one) == secrets.unseal(two) == "13800138000"
    with pytest.raises(InvalidTag):
        secrets.unseal(one[:-1] + bytes([one[-1] ^ 1]))


def test_hash_finds_again_but_keeps_kinds_apart():
    assert secrets.keyed_hash("phone", "1") == secrets.keyed_hash("phone", "1")
    assert secrets.keyed_hash("phone", "1") != secrets.keyed_hash("card", "1")


@pytest.mark.parametrize(("value", "shown"), [("+8613800138000", "+86****00"), ("abc", "a**"), ("", "")])
def test_mask(value, shown):
    assert secrets.mask(value) == shown
