"""A store manager with 250 customers and three groups leaves; somebody else moves: nobody is lost, nothing is done twice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from juqun.domains.groups import queries as groups
from juqun.domains.members import operations as member_operations
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import operations as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import Role
from juqun.domains.service import jobs, operations, queries
from juqun.domains.service.types import HandoverReason, HandoverState, ItemNote, ItemState, Why
from juqun.kernel.scope import DataScope
from juqun.kernel.testing import run_all_jobs
from tests.journeys.rehearsal import Stage, running_stage

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = DataScope.whole_chain()


@pytest.fixture
def stage(tmp_path: Path, settings: Any) -> Iterator[Stage]:
    settings.JUQUN_SEND_GRACE_SECONDS = 0
    with running_stage(tmp_path, settings) as running:
        running.staff("hong", "chen", "li", "wang", "zhao", "mei")
        yield running


@pytest.fixture
def chain(stage: Stage) -> SmallChain:
    return make_small_chain()


def befriend(stage: Stage, userid: str, count: int) -> list[str]:
    customers = stage.customers(*[f"{userid} {n}" for n in range(count)])
    stage.post(
        "actors/batch",
        actions=[{"actor": "customer", "id": one, "do": "add", "userid": userid} for one in customers],
    )
    stage.settle()
    return customers


def change_settings(stage: Stage, **settings: int) -> None:
    assert stage.emulator.patch("/emulator/settings", json=settings).status_code == 200


def member_of(external_userid: str) -> int:
    found = members.find_member_id(kind=IdentityKind.EXTERNAL_USERID, value=external_userid)
    assert found is not None
    return found


def states(handover_id: int) -> Counter[ItemState]:
    return Counter(one.state for one in queries.list_items(scope=EVERYTHING, handover_id=handover_id))


def tick(stage: Stage) -> None:
    jobs.push()
    stage.settle()


def test_a_store_manager_leaves_and_nobody_is_lost(stage: Stage, chain: SmallChain):
    mei = org.add_staff(node_id=chain.tianhe.id, name="Mei", userid="mei", role=Role.STORE_MANAGER)
    customers = befriend(stage, "li", 250)
    befriend(stage, "mei", 3)
    member_operations.tag_members(member_ids=[member_of(one) for one in customers], tag="vip", source="test")
    chats = [stage.worker("li", "create_group", name=f"天河群{n}")["chat_id"] for n in range(3)]
    change_settings(stage, customers_per_staff=60)
    before = {one: len(members.get_timeline(scope=EVERYTHING, member_id=member_of(one))) for one in customers[:9]}

    stage.worker("li", "leave_company")
    (found,) = queries.list_handovers(scope=EVERYTHING)
    assert (found.state, found.giver_id, found.customers, found.groups) == (
        HandoverState.PROPOSED, chain.li.id, 250, 3,
    )  # fmt: skip
    shares = {one.keeper_id: one for one in queries.keeper_shares(scope=EVERYTHING, handover_id=found.id)}
    assert shares.keys() == {mei.id, chain.wang.id}
    assert abs(shares[mei.id].load + shares[mei.id].customers - shares[chain.wang.id].customers) <= 1
    change_settings(stage, customers_per_staff=400)
    # answers are lost after the first call to each keeper took effect
    stage.post("faults", route="externalcontact/resigned/transfer_customer", cut=True, after_effect=True, times=2)
    operations.approve(handover_id=found.id, actor="Chen")
    stage.settle()
    for _ in range(4):
        tick(stage)
    assert states(found.id) == {ItemState.WAITING: 250, ItemState.DONE: 3}
    for chat_id in chats:
        group_id = groups.get_group_id(chat_id=chat_id)
        assert group_id is not None
        assert groups.get_group(scope=EVERYTHING, group_id=group_id).owner_staff_id in {mei.id, chain.wang.id}

    for one in customers[:5]:
        stage.customer(one, "refuse_transfer")
    assert states(found.id)[ItemState.REFUSED] == 5
    stage.customer(customers[5], "accept_transfer")
    assert states(found.id)[ItemState.DONE] == 4
    stage.advance(hours=25)
    tick(stage)
    assert states(found.id) == {ItemState.DONE: 248, ItemState.REFUSED: 5}
    found = queries.get_handover(scope=EVERYTHING, handover_id=found.id)
    assert found.state == HandoverState.DONE

    items = {one.member_id: one for one in queries.list_items(scope=EVERYTHING, handover_id=found.id)}
    for one in customers:
        member = members.get_member(scope=EVERYTHING, member_id=member_of(one))
        item = items[member.id]
        assert member.tags == ("vip",)
        assert member.staff_id == item.keeper_id
        kept = [link.staff_id for link in members.list_friend_links(member_ids=[member.id])]
        assert kept == ([item.keeper_id] if item.state == ItemState.DONE else [])
    for one, length in before.items():
        lines = [line.kind for line in members.get_timeline(scope=EVERYTHING, member_id=member_of(one))]
        assert lines.count("handed_over") == 1
        assert len(lines) > length
    # the store is asked to win back who refused, with a code that leads to the keeper
    refused = items[member_of(customers[0])]
    assert (refused.note, refused.win_back_code_id is not None) == (ItemNote.CUSTOMER_REFUSED, True)
    keeper = {mei.id: "mei", chain.wang.id: "wang"}[refused.keeper_id]
    assert stage.notices(keeper)
    stage.customer(customers[0], "add", userid=keeper)
    assert states(found.id) == {ItemState.DONE: 249, ItemState.REFUSED: 4}
    assert stage.count_calls("externalcontact/resigned/transfer_customer") <= 6


def test_a_full_keeper_passes_on_and_nobody_is_asked_twice(stage: Stage, chain: SmallChain):
    befriend(stage, "wang", 12)
    befriend(stage, "li", 3)
    change_settings(stage, customers_per_staff=3)
    stage.worker("wang", "leave_company")
    (found,) = queries.list_handovers(scope=EVERYTHING)
    operations.approve(handover_id=found.id, actor="Chen")
    stage.settle()
    for _ in range(4):
        tick(stage)
    items = queries.list_items(scope=EVERYTHING, handover_id=found.id)
    assert {one.keeper_id for one in items} == {chain.chen.id}
    assert {one.why for one in items} == {Why.NEXT}
    stage.advance(hours=25)
    for _ in range(4):
        tick(stage)
    # three fit with Chen and three with Hong; the rest is told to have nobody, by name
    assert states(found.id) == {ItemState.DONE: 3, ItemState.WAITING: 9}
    stage.advance(hours=25)
    for _ in range(3):
        tick(stage)
    assert states(found.id) == {ItemState.DONE: 6, ItemState.TAKER_FULL: 6}
    left = queries.list_items(scope=EVERYTHING, handover_id=found.id, state=ItemState.TAKER_FULL)
    assert {(one.keeper_id, one.note) for one in left} == {(None, ItemNote.ALL_FULL)}
    change_settings(stage, customers_per_staff=100)
    assert operations.change_keeper(handover_id=found.id, to_staff_id=chain.chen.id, only_keeperless=True) == 6
    stage.settle()
    stage.advance(hours=25)
    tick(stage)
    assert queries.get_handover(scope=EVERYTHING, handover_id=found.id).state == HandoverState.DONE


def test_on_the_job_a_customer_moves_twice_in_ninety_days_at_most(stage: Stage, chain: SmallChain):
    (customer,) = befriend(stage, "wang", 1)
    way = [(chain.wang.id, chain.zhao.id), (chain.zhao.id, chain.wang.id), (chain.wang.id, chain.zhao.id)]
    for giver_id, taker_id in way:
        handover_id = operations.open_on_request(
            scope=EVERYTHING, giver_staff_id=giver_id, reason=HandoverReason.MOVED, keeper_ids=[taker_id],
            member_ids=[member_of(customer)], message="以后由同事为您服务", actor="Hong",
        )  # fmt: skip
        stage.settle()
        operations.approve(handover_id=handover_id, actor="Hong")
        stage.settle()
        stage.advance(hours=25)
        tick(stage)
    (item,) = queries.list_items(scope=EVERYTHING, handover_id=handover_id)
    assert (item.state, item.note) == (ItemState.BLOCKED, ItemNote.QUOTA)
    assert [one["text"] for one in stage.inbox(customer, "transfer")] == ["以后由同事为您服务"] * 2
    kept = [link.staff_id for link in members.list_friend_links(member_ids=[member_of(customer)])]
    assert kept == [chain.wang.id]
    stage.advance(days=91)
    tick(stage)
    stage.advance(hours=25)
    tick(stage)
    assert states(handover_id) == {ItemState.DONE: 1}
    kept = [link.staff_id for link in members.list_friend_links(member_ids=[member_of(customer)])]
    assert kept == [chain.zhao.id]


def test_callbacks_that_are_lost_cost_time_only(stage: Stage, chain: SmallChain):
    customers = befriend(stage, "wang", 4)
    stage.worker("wang", "leave_company")
    (found,) = queries.list_handovers(scope=EVERYTHING)
    operations.approve(handover_id=found.id, actor="Chen")
    stage.settle()
    stage.emulator.delete("/emulator/callback")
    stage.post(f"actors/customers/{customers[0]}/refuse_transfer")
    stage.advance(hours=25)
    jobs.push()
    run_all_jobs()
    assert states(found.id) == {ItemState.DONE: 3, ItemState.REFUSED: 1}
    for one in customers[1:]:
        (link,) = members.list_friend_links(member_ids=[member_of(one)])
        assert link.staff_id == chain.li.id
