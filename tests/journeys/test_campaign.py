"""A campaign from the plan to the last result, against the emulator over HTTP, with the mishaps that cost others customers.

Every test counts at the emulator what customers received: each treated member exactly once, the holdout never.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from unittest import mock

import pytest

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomUnknownOutcomeError
from juqun.domains.campaigns import jobs as campaign_jobs
from juqun.domains.campaigns import operations, queries
from juqun.domains.campaigns.models import MessageBatch
from juqun.domains.campaigns.testing import make_segment_of_friends
from juqun.domains.campaigns.types import CampaignState, MessageState
from juqun.domains.members import operations as members
from juqun.domains.members.types import ConsentPurpose
from juqun.domains.promotions import operations as promotions
from juqun.domains.promotions import queries as promotion_queries
from juqun.domains.promotions.types import CouponKind
from juqun.kernel import clock, jobs
from juqun.kernel.testing import run_all_jobs
from juqun.lake import feed
from juqun.lake.engine import get_engine
from juqun.lake.testing import fresh_lake
from tests.support import shop_town
from tests.support.shop_town import WHOLE, ShopTown
from wecom_emulator.running import run_in_thread

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CUSTOMERS, GUIDES = 60, 4
ADD = "externalcontact/add_msg_template"
NOON = clock.from_business_time(clock.business_time(clock.wall()).replace(hour=12, minute=0, second=0, microsecond=0))


@pytest.fixture
def town(settings, tmp_path) -> Iterator[ShopTown]:
    fresh_lake(settings, tmp_path)
    settings.JUQUN_SEND_GRACE_SECONDS = 0
    with run_in_thread(clock=NOON.isoformat()) as emulator, clock.travelled(NOON):
        settings.JUQUN_WECOM_BASE_URL = emulator.base_url
        yield shop_town.build(base_url=emulator.base_url, customers=CUSTOMERS, guides=GUIDES, at=NOON)


def planned(town: ShopTown, *, holdout_bp: int = 2_000, coupon_template_id: int | None = None) -> int:
    campaign_id = operations.create_campaign(
        name="周末回访",
        segment_id=make_segment_of_friends(),
        text="周末好，进店有礼",
        link_url="https://shop.example/weekend",
        coupon_template_id=coupon_template_id,
        node_id=town.chain.chain.id,
        starts_at=NOON,
        holdout_bp=holdout_bp,
    )
    plan = operations.plan_campaign(campaign_id=campaign_id, at=NOON)
    assert plan.snapshot == CUSTOMERS == plan.treated + plan.holdout + sum(plan.skipped.values())
    assert plan == operations.plan_campaign(campaign_id=campaign_id, at=NOON)
    return campaign_id


def arms(campaign_id: int) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {"treated": set(), "holdout": set()}
    for message in queries.list_messages(scope=WHOLE, campaign_id=campaign_id, limit=CUSTOMERS):
        assert message.arm is not None
        found[message.arm].add(message.member_id)
    return found


def drain() -> None:
    """Run what is due until the sweep finds nothing more to do."""
    for _ in range(6):
        jobs.enqueue(campaign_jobs.push, dedupe_key="campaigns.push")
        run_all_jobs()


def finish(town: ShopTown) -> None:
    town.confirm_all()
    with clock.travelled(NOON + timedelta(hours=1)):
        jobs.enqueue(campaign_jobs.collect)
        run_all_jobs()
        jobs.enqueue(campaign_jobs.tidy)
        jobs.enqueue(campaign_jobs.tidy)
        run_all_jobs()


def assert_each_exactly_once(town: ShopTown, campaign_id: int) -> None:
    sides = arms(campaign_id)
    assert town.received() == Counter(
        {member_id: int(member_id in sides["treated"]) for member_id in town.members.values()}
    )
    counts = queries.message_counts(scope=WHOLE, campaign_id=campaign_id)
    assert counts.get("sent") == len(sides["treated"])
    assert counts.get("skipped/holdout", 0) == len(sides["holdout"])
    assert set(counts) <= {"sent", "skipped", "skipped/holdout"}
    assert queries.get_campaign(scope=WHOLE, campaign_id=campaign_id).state == CampaignState.DONE


def test_campaign_reaches_each_treated_member_once_and_the_holdout_never(town):
    campaign_id = planned(town)
    feed.flush()
    assert get_engine().query("SELECT count(*) AS n FROM exposures").to_pylist() == [{"n": CUSTOMERS}]
    assert town.calls(ADD) == 0
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    drain()
    assert town.calls(ADD) == GUIDES
    finish(town)
    assert_each_exactly_once(town, campaign_id)
    feed.flush()
    rows = get_engine().query("SELECT state, reason, count(*)::INT AS n FROM messages GROUP BY ALL ORDER BY state DESC")
    sides = arms(campaign_id)
    assert rows.to_pylist() == [
        {"state": "skipped", "reason": "holdout", "n": len(sides["holdout"])},
        {"state": "sent", "reason": "", "n": len(sides["treated"])},
    ]
    touches = get_engine().query("SELECT member_id FROM touches WHERE kind = 'message'").to_pydict()["member_id"]
    assert sorted(touches) == sorted(sides["treated"])


@pytest.mark.parametrize(
    ("fault", "extra_calls"),
    [
        ({"cut": True, "after_effect": True, "times": GUIDES}, 0),
        ({"cut": True, "times": GUIDES}, GUIDES),
        ({"errcode": -1, "after_effect": True, "times": 3}, 0),
        ({"errcode": -1, "times": 3}, 3),
        ({"errcode": 45009, "times": 0}, 0),
    ],
    ids=["answer lost", "cut before anything happened", "busy but done", "busy and not done", "no fault"],
)
def test_lost_answers_neither_double_nor_lose_anybody(town, fault, extra_calls):
    campaign_id = planned(town)
    if fault["times"]:
        town.post("faults", {"route": ADD, **fault})
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    drain()
    assert town.calls(ADD) == GUIDES + extra_calls
    assert town.tasks_made() == GUIDES
    finish(town)
    assert_each_exactly_once(town, campaign_id)


def test_random_mishaps_of_every_kind_neither_double_nor_lose_anybody(town):
    campaign_id = planned(town)
    town.post("faults", {"route": ADD, "cut": True, "after_effect": True, "probability": 0.4, "seed": 7, "times": 8})
    town.post("faults", {"route": ADD, "cut": True, "probability": 0.4, "seed": 8, "times": 8})
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    for _ in range(6):
        drain()
    assert town.tasks_made() == GUIDES
    finish(town)
    assert_each_exactly_once(town, campaign_id)


def test_stop_takes_back_what_staff_have_not_confirmed(town):
    campaign_id = planned(town, holdout_bp=0)
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    drain()
    guide = town.guides[0]
    town.post(f"actors/staff/{guide.userid}/tasks/confirm", {})
    operations.stop_campaign(campaign_id=campaign_id, at=NOON)
    drain()
    town.confirm_all()
    got = town.received()
    assert sum(got.values()) == CUSTOMERS // GUIDES
    counts = queries.message_counts(scope=WHOLE, campaign_id=campaign_id)
    assert counts["sent"] == CUSTOMERS // GUIDES
    assert counts["cancelled/stopped"] == CUSTOMERS - CUSTOMERS // GUIDES
    again = planned(town, holdout_bp=0)
    free = queries.message_counts(scope=WHOLE, campaign_id=again)
    assert free[MessageState.PLANNED] == CUSTOMERS - CUSTOMERS // GUIDES
    assert free["skipped/capped_day"] == CUSTOMERS // GUIDES


def test_customer_who_left_after_the_plan_is_not_written_to(town):
    campaign_id = planned(town, holdout_bp=0)
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    drain()
    gone = next(iter(town.members))
    town.post(f"actors/customers/{gone}/delete_staff", {"userid": town.guides[0].userid})
    finish(town)
    counts = queries.message_counts(scope=WHOLE, campaign_id=campaign_id)
    assert counts == {"sent": CUSTOMERS - 1, "refused": 1, "refused/not_friend": 1}


def test_consent_withdrawn_after_the_plan_holds(town):
    campaign_id = planned(town, holdout_bp=0)
    withdrawn = next(iter(town.members.values()))
    members.set_consent(member_id=withdrawn, purpose=ConsentPurpose.MARKETING, granted=False, source="test", at=NOON)
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    drain()
    finish(town)
    assert town.received()[withdrawn] == 0
    counts = queries.message_counts(scope=WHOLE, campaign_id=campaign_id)
    assert counts == {"sent": CUSTOMERS - 1, "skipped": 1, "skipped/no_consent": 1}


def test_who_gets_no_coupon_gets_no_message_that_promises_one(town):
    template_id = promotions.create_template(
        name="满减券",
        kind=CouponKind.AMOUNT,
        amount_fen=500,
        percent_bp=0,
        threshold_fen=2_000,
        valid_from=NOON - timedelta(days=1),
        valid_until=NOON + timedelta(days=30),
        total=CUSTOMERS - 5,
        actor="test",
    )
    campaign_id = planned(town, holdout_bp=0, coupon_template_id=template_id)
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    drain()
    finish(town)
    counts = queries.message_counts(scope=WHOLE, campaign_id=campaign_id)
    assert counts == {"sent": CUSTOMERS - 5, "skipped": 5, "skipped/no_coupon": 5}
    template = promotion_queries.get_template(scope=WHOLE, template_id=template_id)
    assert template.issued == CUSTOMERS - 5
    sent = {m.member_id for m in queries.list_messages(scope=WHOLE, campaign_id=campaign_id, state=MessageState.SENT)}
    got = town.received()
    assert {member_id for member_id in got if got[member_id]} == sent


def test_task_made_twice_by_a_frozen_process_is_taken_back_before_staff_confirm(town):
    campaign_id = planned(town, holdout_bp=0)
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    frozen = []

    def freeze_first(**call):
        if not frozen:
            frozen.append(call)
            raise WecomUnknownOutcomeError(endpoint=ADD)
        return create_mass_message(**call)

    create_mass_message = wecom.create_mass_message
    with mock.patch.object(wecom, "create_mass_message", freeze_first):
        drain()
    assert town.tasks_made() == GUIDES
    MessageBatch.unscoped.filter(attempts=2).update(is_verified=False)
    create_mass_message(**frozen[0])  # the process wakes up and does what it had begun
    assert town.tasks_made() == GUIDES + 1
    drain()
    finish(town)
    assert town.received() == Counter(dict.fromkeys(town.members.values(), 1))


def test_staff_are_reminded_in_shop_hours_and_the_task_is_taken_back_after_a_week(town):
    campaign_id = planned(town, holdout_bp=0)
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    drain()
    for hour in [*range(1, 25), 7 * 24, 7 * 24 + 1]:
        with clock.travelled(NOON + timedelta(hours=hour)):
            town.post("clock", {"now": (NOON + timedelta(hours=hour)).isoformat()})
            for job in (campaign_jobs.remind, campaign_jobs.collect, campaign_jobs.tidy):
                jobs.enqueue(job)
            run_all_jobs()
        if hour == 24:
            first_day = [view.reminders for view in queries.staff_progress(scope=WHOLE, campaign_id=campaign_id)]
    assert first_day == [2] * GUIDES, "at 16:00 and at 9:00; nobody is nudged at night"
    assert queries.message_counts(scope=WHOLE, campaign_id=campaign_id) == {
        "cancelled": CUSTOMERS,
        "cancelled/expired": CUSTOMERS,
    }
    assert queries.get_campaign(scope=WHOLE, campaign_id=campaign_id).state == CampaignState.DONE
    town.confirm_all()
    assert sum(town.received().values()) == 0
