"""Planning through the doors: reasons, arms, exposures, idempotence, caps of plans that run at once, scope."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from juqun.domains.campaigns import operations, queries
from juqun.domains.campaigns.errors import (
    CampaignNotFoundError,
    CampaignStateError,
    HoldoutOutOfRangeError,
    LinkMissingError,
    LinkUnknownError,
    NodeOutsideActorError,
    PlanExpiredError,
    StartInPastError,
    TextTooLongError,
)
from juqun.domains.campaigns.models import MessageBatch, PressureEntry
from juqun.domains.campaigns.testing import (
    FRIDAY,
    NOON,
    external_userids,
    make_draft,
    make_friends,
    make_guides,
    refresh_dims,
)
from juqun.domains.campaigns.types import CampaignState, HoldoutUnit, SkipReason
from juqun.domains.members import operations as members
from juqun.domains.members.types import ConsentPurpose
from juqun.domains.org import operations as org
from juqun.domains.org import queries as org_queries
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import PolicyKey, PolicyMode
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.lake import feed
from juqun.lake.engine import get_engine
from juqun.lake.testing import fresh_lake

WHOLE = DataScope.whole_chain()


@pytest.fixture
def chain(db, settings, tmp_path):
    fresh_lake(settings, tmp_path)
    with clock.travelled(NOON):
        yield make_small_chain()


@pytest.fixture
def friends(chain: SmallChain) -> dict[str, list[int]]:
    """Ten friends in each of the three stores, two guides a store."""
    found = {}
    for store in (chain.tianhe, chain.yuexiu, chain.nanshan):
        guides = make_guides(store_id=store.id, count=2, prefix=f"guide{store.code}")
        people = external_userids(10, prefix=f"wm{store.code}Customer")
        found[store.code] = list(
            make_friends(store_id=store.id, guides=guides, external_userids=people, at=NOON).values()
        )
    refresh_dims()
    return found


def plan(campaign_id: int):
    return operations.plan_campaign(campaign_id=campaign_id, at=NOON)


def test_every_member_of_the_snapshot_has_a_fate_and_planning_again_changes_nothing(chain, friends):
    no_consent, no_friend, no_staff = friends["S001"][:3]
    campaign_id = make_draft(node_id=chain.chain.id, holdout_bp=3_000)
    members.set_consent(member_id=no_consent, purpose=ConsentPurpose.MARKETING, granted=False, source="test", at=NOON)
    guides = {one.userid: one.id for one in org_queries.list_staff(scope=WHOLE)}
    members.lose_friend(member_id=no_friend, staff_id=guides["guideS0011"], at=NOON, by="customer")
    org.staff_left(staff_id=guides["guideS0010"], at=NOON)
    assert no_staff in friends["S001"][::2]
    dry = operations.dry_run(campaign_id=campaign_id, at=NOON)
    assert PressureEntry.objects.count() == 0
    result = plan(campaign_id)
    assert result.snapshot == 30
    assert result.skipped == {SkipReason.NO_CONSENT: 1, SkipReason.NOT_FRIEND: 1, SkipReason.NO_STAFF: 4}
    assert result.treated + result.holdout == 24
    assert result.planned == result.treated
    assert result.holdout > 0
    assert (dry.snapshot, dry.treated, dry.holdout, dry.skipped) == (
        result.snapshot,
        result.treated,
        result.holdout,
        result.skipped,
    )
    assert plan(campaign_id) == result
    assert PressureEntry.objects.count() == result.treated
    feed.flush()
    rows = get_engine().query("SELECT arm, unit, count(*)::INT AS n FROM exposures GROUP BY ALL ORDER BY arm DESC")
    assert rows.to_pylist() == [
        {"arm": "treated", "unit": "member", "n": result.treated},
        {"arm": "holdout", "unit": "member", "n": result.holdout},
    ]


def test_stores_are_drawn_whole(chain, friends):
    campaign_id = make_draft(node_id=chain.chain.id, holdout_bp=3_333, unit=HoldoutUnit.STORE)
    result = plan(campaign_id)
    assert (result.treated, result.holdout) == (20, 10)
    feed.flush()
    rows = get_engine().query(
        "SELECT unit_id, count(DISTINCT arm)::INT AS arms, count(*)::INT AS n FROM exposures GROUP BY ALL"
    )
    assert {(row["arms"], row["n"]) for row in rows.to_pylist()} == {(1, 10)}
    assert {row["unit_id"] for row in rows.to_pylist()} == {chain.tianhe.id, chain.yuexiu.id, chain.nanshan.id}


def test_plan_keeps_to_its_node(chain, friends):
    campaign_id = make_draft(node_id=chain.guangzhou.id)
    assert plan(campaign_id).snapshot == 20


def test_second_campaign_of_the_day_meets_the_cap_of_each_store(chain, friends):
    org.set_policy(
        actor_staff_id=chain.hong.id,
        node_id=chain.nanshan.id,
        key=PolicyKey.MESSAGES_PER_DAY,
        mode=PolicyMode.FREE,
        value=2,
    )
    assert plan(make_draft(node_id=chain.chain.id)).treated == 30
    second = plan(make_draft(node_id=chain.chain.id))
    assert second.treated == 10
    assert second.skipped == {SkipReason.CAPPED_DAY: 20}


def test_held_out_members_use_no_place(chain, friends):
    first = plan(make_draft(node_id=chain.chain.id, holdout_bp=5_000))
    second = plan(make_draft(node_id=chain.chain.id))
    assert second.treated == first.holdout > 0


def test_quiet_hours_move_or_skip(chain, friends):
    morning = make_draft(node_id=chain.chain.id, starts_at=NOON - timedelta(hours=5))
    plan(morning)
    eight = NOON - timedelta(hours=4)
    assert set(MessageBatch.unscoped.values_list("not_before", flat=True)) == {eight}
    night = make_draft(node_id=chain.chain.id, starts_at=NOON + timedelta(hours=10, minutes=30))
    assert plan(night).skipped == {SkipReason.QUIET: 30}


def test_stopping_before_the_launch_gives_the_places_back(chain, friends):
    first = make_draft(node_id=chain.chain.id)
    plan(first)
    operations.stop_campaign(campaign_id=first, at=NOON)
    operations.stop_campaign(campaign_id=first, at=NOON)
    assert queries.message_counts(scope=WHOLE, campaign_id=first) == {"cancelled": 30, "cancelled/stopped": 30}
    assert plan(make_draft(node_id=chain.chain.id)).treated == 30
    with pytest.raises(CampaignStateError):
        operations.launch_campaign(campaign_id=first, at=NOON)


def test_launch_queues_once_and_not_after_its_day(chain, friends):
    campaign_id = make_draft(node_id=chain.chain.id)
    with pytest.raises(CampaignStateError):
        operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    plan(campaign_id)
    with pytest.raises(PlanExpiredError) as caught:
        operations.launch_campaign(campaign_id=campaign_id, at=NOON + timedelta(days=1))
    assert caught.value.planned_day == FRIDAY.isoformat()
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    assert queries.message_counts(scope=WHOLE, campaign_id=campaign_id) == {"queued": 30}


def test_draft_is_checked(chain, friends):
    with pytest.raises(LinkMissingError):
        make_draft(node_id=chain.chain.id, link_url="")
    with pytest.raises(TextTooLongError):
        make_draft(node_id=chain.chain.id, text="好" * 1_334)
    with pytest.raises(NodeOutsideActorError):
        make_draft(node_id=chain.nanshan.id, actor_staff_id=chain.chen.id)
    with pytest.raises(StartInPastError):
        plan(make_draft(node_id=chain.chain.id, starts_at=NOON - timedelta(days=1)))
    org.set_policy(
        actor_staff_id=chain.hong.id,
        node_id=chain.chain.id,
        key=PolicyKey.HOLDOUT_BASIS_POINTS,
        mode=PolicyMode.RANGE,
        value=1_000,
        low=500,
        high=2_000,
    )
    with pytest.raises(HoldoutOutOfRangeError):
        make_draft(node_id=chain.tianhe.id, holdout_bp=100)
    by_policy = make_draft(node_id=chain.tianhe.id, holdout_bp=None)
    assert queries.get_campaign(scope=WHOLE, campaign_id=by_policy).holdout_bp == 1_000


def test_each_sees_their_own_part_and_a_stranger_nothing(chain, friends):
    campaign_id = make_draft(node_id=chain.guangzhou.id, actor_staff_id=chain.chen.id)
    plan(campaign_id)
    whole = queries.get_campaign(scope=WHOLE, campaign_id=campaign_id)
    assert whole.created_by == "Chen"
    assert whole.counts == {"planned": 20}
    li = DataScope(paths=(chain.tianhe.path,))
    assert queries.get_campaign(scope=li, campaign_id=campaign_id).counts == {"planned": 10}
    assert [view.staff_name for view in queries.staff_progress(scope=li, campaign_id=campaign_id)] == [
        "guideS001 0",
        "guideS001 1",
    ]
    zhao = DataScope(paths=(chain.nanshan.path,))
    assert queries.list_campaigns(scope=zhao) == []
    for read in (queries.get_campaign, queries.message_counts, queries.staff_progress, queries.list_messages):
        with pytest.raises(CampaignNotFoundError):
            read(scope=zhao, campaign_id=campaign_id)
    assert queries.list_member_messages(scope=zhao, member_id=friends["S001"][0]) == []


def test_link_token_leads_back_to_its_campaign(chain, friends):
    campaign_id = make_draft(node_id=chain.chain.id)
    plan(campaign_id)
    batch = MessageBatch.unscoped.first()
    target = queries.resolve_link(token=batch.token)
    assert (target.campaign_id, target.link_url) == (campaign_id, "https://shop.example/weekend")
    for _ in range(2):
        operations.record_link_opened(token=batch.token, member_id=friends["S001"][0], at=NOON)
    feed.flush()
    rows = get_engine().query("SELECT member_id, campaign_id FROM touches WHERE kind = 'link'").to_pylist()
    assert rows == [{"member_id": friends["S001"][0], "campaign_id": campaign_id}]
    with pytest.raises(LinkUnknownError):
        queries.resolve_link(token="unknown")


def test_planned_campaigns_are_exported_to_the_lake(chain, friends):
    make_draft(node_id=chain.chain.id)
    campaign_id = make_draft(node_id=chain.chain.id, measure_days=14)
    plan(campaign_id)
    day = clock.day_number(FRIDAY)
    assert queries.export_campaigns_dim().to_pylist() == [
        {
            "campaign_id": campaign_id,
            "name": "周末回访",
            "unit": "member",
            "starts_day": day,
            "ends_day": day + 13,
            "holdout_bp": 0,
        }
    ]


def test_planning_takes_a_fixed_number_of_statements(chain, django_assert_max_num_queries):
    guides = make_guides(store_id=chain.tianhe.id, count=3)
    make_friends(store_id=chain.tianhe.id, guides=guides, external_userids=external_userids(150), at=NOON)
    refresh_dims()
    campaign_id = make_draft(node_id=chain.chain.id)
    with django_assert_max_num_queries(70):
        assert plan(campaign_id).treated == 150


@pytest.mark.django_db(transaction=True)
def test_two_plans_at_once_share_the_cap(settings, tmp_path):
    fresh_lake(settings, tmp_path)
    chain = make_small_chain()
    guides = make_guides(store_id=chain.tianhe.id, count=2)
    make_friends(store_id=chain.tianhe.id, guides=guides, external_userids=external_userids(40), at=NOON)
    refresh_dims()
    drafts = [make_draft(node_id=chain.chain.id) for _ in range(3)]
    results, failures = [], []
    gate = threading.Barrier(4)

    def run(campaign_id: int) -> None:
        try:
            gate.wait(10)
            results.append(plan(campaign_id))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in [*drafts, drafts[0]]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sum(result.treated for result in {result.campaign_id: result for result in results}.values()) == 40
    assert PressureEntry.objects.filter(released_at=None).count() == 40
    states = {queries.get_campaign(scope=WHOLE, campaign_id=one).state for one in drafts}
    assert states == {CampaignState.PLANNED}
