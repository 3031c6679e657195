"""The contact-pressure ledger: caps hold, also for plans that run at once, and places are given back."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Count

from juqun.domains.campaigns.models import PressureEntry
from juqun.domains.campaigns.outbox import pressure
from juqun.domains.campaigns.testing import FRIDAY, NOON, make_campaign_row, make_candidate
from juqun.domains.campaigns.types import SkipReason
from juqun.domains.org.testing import make_small_chain


def purpose(campaign_id: int, day=FRIDAY) -> pressure.Purpose:
    return pressure.Purpose(campaign_id=campaign_id, day=day)


def take(campaign_id: int, members, *, day=FRIDAY, cap_day=1, cap_month=4):
    with transaction.atomic():
        return pressure.reserve(
            purpose=purpose(campaign_id, day),
            candidates=[make_candidate(m, cap_day=cap_day, cap_month=cap_month) for m in members],
        )


@pytest.fixture
def node_id(db) -> int:
    return make_small_chain().chain.id


def test_second_campaign_of_a_day_meets_the_daily_cap(node_id):
    first, second = make_campaign_row(node_id=node_id), make_campaign_row(node_id=node_id)
    assert take(first, range(1, 101)) == {}
    refused = take(second, range(51, 151))
    assert refused == dict.fromkeys(range(51, 101), SkipReason.CAPPED_DAY)


def test_monthly_cap_counts_over_days_and_ends_with_the_month(node_id):
    for offset in range(3):
        assert take(make_campaign_row(node_id=node_id), [1], day=FRIDAY - timedelta(days=offset), cap_month=3) == {}
    late = make_campaign_row(node_id=node_id)
    assert take(late, [1], day=FRIDAY + timedelta(days=1), cap_month=3) == {1: SkipReason.CAPPED_MONTH}
    assert take(late, [1], day=FRIDAY + timedelta(days=30), cap_month=3) == {}


def test_place_given_back_can_be_taken_again_and_history_stays(node_id):
    first, second = make_campaign_row(node_id=node_id), make_campaign_row(node_id=node_id)
    take(first, [1, 2])
    pressure.give_back(campaign_id=first, member_ids=[1], at=NOON)
    assert take(second, [1, 2]) == {2: SkipReason.CAPPED_DAY}
    assert PressureEntry.objects.filter(member_id=1).count() == 2
    assert PressureEntry.objects.get(member_id=1, campaign_id=first).released_at == NOON


def test_same_campaign_takes_one_place_however_often_it_asks(node_id):
    campaign_id = make_campaign_row(node_id=node_id)
    assert take(campaign_id, [1], cap_day=3) == {}
    assert take(campaign_id, [1], cap_day=3) == {}
    assert PressureEntry.objects.filter(member_id=1).count() == 1


def test_place_is_unique_in_the_table(node_id):
    first, second = make_campaign_row(node_id=node_id), make_campaign_row(node_id=node_id)
    take(first, [1])
    row = PressureEntry.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        PressureEntry.objects.create(
            member_id=1, campaign_id=second, day=row.day, month=row.month, day_slot=1, month_slot=2
        )


def test_looking_takes_nothing(node_id):
    first, second = make_campaign_row(node_id=node_id), make_campaign_row(node_id=node_id)
    take(first, [1])
    candidates = [make_candidate(1), make_candidate(2)]
    assert pressure.capped_now(purpose=purpose(second), candidates=candidates) == {1: SkipReason.CAPPED_DAY}
    assert PressureEntry.objects.count() == 1


def test_ten_thousand_places_cost_a_fixed_number_of_looks(node_id, django_assert_max_num_queries):
    campaign_id = make_campaign_row(node_id=node_id)
    with django_assert_max_num_queries(200):
        assert take(campaign_id, range(1, 10_001)) == {}
    assert PressureEntry.objects.count() == 10_000


@pytest.mark.django_db(transaction=True)
def test_plans_at_once_never_exceed_a_cap_together():
    node_id = make_small_chain().chain.id
    campaigns = [make_campaign_row(node_id=node_id) for _ in range(4)]
    members = range(1, 601)
    refused: dict[int, dict] = {}
    failures: list[BaseException] = []
    gate = threading.Barrier(len(campaigns))

    def plan(campaign_id: int) -> None:
        try:
            gate.wait(10)
            refused[campaign_id] = take(campaign_id, members, cap_day=2, cap_month=4)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=plan, args=(campaign_id,)) for campaign_id in campaigns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    per_member = PressureEntry.objects.values_list("member_id").annotate(number=Count("id"))
    assert dict(per_member) == dict.fromkeys(members, 2)
    assert sum(map(len, refused.values())) == 2 * len(members)
