from datetime import UTC, datetime, timedelta

import pytest

from juqun.channels.wecom.budget import Budget, reserve
from juqun.channels.wecom.endpoints import ALL_CALLS, Endpoint
from juqun.channels.wecom.errors import WecomBusyError
from juqun.channels.wecom.models import CallBudget
from juqun.channels.wecom.types import RetryLater
from juqun.kernel import clock

AT = datetime(2017, 6, 1, 4, 0, tzinfo=UTC)


def take_all(budget, endpoint):
    count = 0
    while True:
        try:
            budget.take(endpoint)
        except WecomBusyError as error:
            return count, error.retry
        count += 1


def test_budget_stops_short_of_the_limit_and_is_shared(db):
    endpoint = Endpoint(path="x", per_minute=60, per_hour=100)
    one, two = Budget("corp"), Budget("corp")
    with clock.travelled(AT):
        for _ in range(30):
            one.take(endpoint)
            two.take(endpoint)
        with pytest.raises(WecomBusyError) as caught:
            one.take(endpoint)
        assert caught.value.retry == RetryLater(70.0)
    with clock.travelled(AT + timedelta(seconds=70)):
        assert take_all(one, endpoint) == (40, RetryLater(4130.0))


@pytest.mark.parametrize("offset", range(0, 60, 7))
def test_no_span_of_a_minute_or_an_hour_holds_more_than_the_limit(offset):
    """WeCom may count from any second: a greedy caller, a try every five seconds, checked over every span."""
    endpoint, taken, sent = Endpoint(path="x", per_minute=20, per_hour=120), {}, []
    for second in range(offset, offset + 3 * 3600, 5):
        taken, grant, _ = reserve(taken, endpoint, 1_000, AT + timedelta(seconds=second))
        sent += [second] * grant
    for length, limit in ((60, 20), (3600, 120)):
        assert max(sum(start <= second < start + length for second in sent) for start in set(sent)) <= limit
    assert len(sent) >= 240


def test_a_quiet_process_takes_little_and_a_busy_one_much(db):
    endpoint, budget = Endpoint(path="x", per_minute=10_000), Budget("corp")

    def counted():
        return sum(CallBudget.objects.get(endpoint="x").taken["minute"].values())

    with clock.travelled(AT):
        budget.take(endpoint)
        assert counted() == 4
        for _ in range(999):
            budget.take(endpoint)
        assert 1_000 <= counted() <= 1_200


@pytest.mark.parametrize(
    ("endpoint", "seconds"),
    [
        (Endpoint(path="x", per_day=5), 12 * 3600),
        (Endpoint(path="x", per_month=5), 29 * 86_400 + 12 * 3600),
    ],
)
def test_days_and_months_are_those_of_the_calendar(endpoint, seconds):
    taken, grant, _ = reserve({}, endpoint, 8, AT)  # noon in Shanghai on the first of June
    assert grant == 5
    _, grant, free_at = reserve(taken, endpoint, 8, AT)
    assert (grant, free_at) == (0, AT + timedelta(seconds=seconds))
    assert reserve(taken, endpoint, 8, free_at)[1] == 5


def test_all_calls_of_one_address_have_a_budget_of_their_own(db):
    object.__setattr__(ALL_CALLS, "per_minute", 10)
    try:
        budget = Budget("corp")
        with clock.travelled(AT):
            for number in range(10):
                budget.take(Endpoint(path=f"x{number}"))
            with pytest.raises(WecomBusyError) as caught:
                budget.take(Endpoint(path="another"))
        assert caught.value.endpoint == "another"
    finally:
        object.__setattr__(ALL_CALLS, "per_minute", 19_000)
