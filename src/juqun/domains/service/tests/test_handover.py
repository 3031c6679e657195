"""Hand-overs through the doors, against a WeCom that remembers transfers."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction

from juqun.channels.wecom.events import TransferFailed
from juqun.config import wiring
from juqun.domains.groups import queries as groups
from juqun.domains.groups.testing import make_group
from juqun.domains.members import operations as member_operations
from juqun.domains.members import queries as members
from juqun.domains.members.testing import AT, make_friend, make_member
from juqun.domains.members.types import LostBy
from juqun.domains.org import operations as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import PolicyKey, PolicyMode, Role
from juqun.domains.service import jobs, operations, queries
from juqun.domains.service.errors import (
    HandoverMessageError,
    HandoverNotFoundError,
    HandoverStateError,
    KeeperUnfitError,
    NothingToHandOverError,
)
from juqun.domains.service.models import HandoverItem
from juqun.domains.service.testing import TransferWecom, transfer_wecom
from juqun.domains.service.types import HandoverReason, HandoverState, ItemKind, ItemNote, ItemState, Why
from juqun.kernel import clock
from juqun.kernel.events import publish
from juqun.kernel.scope import DataScope
from juqun.kernel.testing import run_all_jobs

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = DataScope.whole_chain()
LEFT_AT = AT + timedelta(days=30)
RESIGNED = "externalcontact/resigned/transfer_customer"
ON_JOB = "externalcontact/transfer_customer"


@pytest.fixture
def chain() -> SmallChain:
    wiring.connect()
    return make_small_chain()


@pytest.fixture
def wecom() -> Iterator[TransferWecom]:
    with transfer_wecom(["li", "wang", "chen", "hong", "zhao", "mei"]) as world:
        yield world


def befriend(chain: SmallChain, count: int, *, staff_id: int | None = None, start: int = 0) -> list[int]:
    return [
        make_friend(staff_id=staff_id or chain.wang.id, store_id=chain.tianhe.id, external_userid=f"wm{n:04d}")
        for n in range(start, start + count)
    ]


def leave(staff_id: int) -> int:
    """Somebody leaves; the id of the hand-over that is proposed by then."""
    org.staff_left(staff_id=staff_id, at=LEFT_AT)
    run_all_jobs()
    return queries.list_handovers(scope=EVERYTHING)[0].id


def states(handover_id: int) -> Counter[ItemState]:
    return Counter(one.state for one in queries.list_items(scope=EVERYTHING, handover_id=handover_id))


def item_of(handover_id: int, member_id: int):
    items = queries.list_items(scope=EVERYTHING, handover_id=handover_id)
    return next(one for one in items if one.member_id == member_id)


def tick() -> None:
    jobs.push()
    run_all_jobs()


def test_a_leaver_is_proposed_by_rule_and_nothing_is_asked_before_a_person_agrees(chain, wecom):
    member_ids = befriend(chain, 5)
    shared = member_ids[0]
    member_operations.add_friend(
        member_id=shared, staff_id=chain.zhao.id, external_userid="wm0000", state="", at=AT + timedelta(hours=1)
    )
    guided = make_member(store_id=chain.tianhe.id)
    group_id = make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        found = queries.get_handover(scope=EVERYTHING, handover_id=handover_id)
        assert (found.state, found.reason, found.customers, found.groups) == (
            HandoverState.PROPOSED, HandoverReason.LEFT, 5, 1,
        )  # fmt: skip
        del guided
        by_member = {one.member_id: one for one in queries.list_items(scope=EVERYTHING, handover_id=handover_id)}
        assert (by_member[shared].keeper_id, by_member[shared].why) == (chain.zhao.id, Why.RELATION)
        rest = [by_member[one] for one in member_ids[1:]]
        assert {(one.keeper_id, one.why) for one in rest} == {(chain.li.id, Why.SAME_STORE)}
        (group,) = [one for one in by_member.values() if one.kind is ItemKind.GROUP]
        assert (group.group_id, group.keeper_id) == (group_id, chain.li.id)
        tick()
        assert wecom.script.bodies(RESIGNED) == []
        org.staff_left(staff_id=chain.wang.id, at=LEFT_AT)
        assert operations.open_for_leaver(staff_id=chain.wang.id) is None
        assert len(queries.list_handovers(scope=EVERYTHING)) == 1


def test_after_a_day_everything_has_its_keeper_and_history_stays(chain, wecom):
    member_ids = befriend(chain, 3)
    member_operations.tag_members(member_ids=member_ids, tag="vip", source="test")
    group_id = make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT, chat_id="wrA")
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        operations.approve(handover_id=handover_id, actor="Chen")
        run_all_jobs()
        assert states(handover_id) == {ItemState.WAITING: 3, ItemState.DONE: 1}
        assert groups.get_group(scope=EVERYTHING, group_id=group_id).owner_staff_id == chain.li.id
        with pytest.raises(HandoverStateError):
            operations.approve(handover_id=handover_id, actor="Chen")
    with clock.travelled(LEFT_AT + timedelta(hours=23)):
        tick()
        assert states(handover_id)[ItemState.WAITING] == 3
    with clock.travelled(LEFT_AT + timedelta(hours=24, minutes=1)):
        tick()
        found = queries.get_handover(scope=EVERYTHING, handover_id=handover_id)
        assert (found.state, found.done, found.total) == (HandoverState.DONE, 4, 4)
        for member_id in member_ids:
            member = members.get_member(scope=EVERYTHING, member_id=member_id)
            assert (member.staff_id, member.tags, member.is_friend) == (chain.li.id, ("vip",), True)
            (link,) = members.list_friend_links(member_ids=[member_id])
            assert link.staff_id == chain.li.id
            lines = [one.kind for one in members.get_timeline(scope=EVERYTHING, member_id=member_id)]
            assert lines.count("handed_over") == 1
            assert "friend_added" in lines
        assert [len(body["external_userid"]) for body in wecom.script.bodies(RESIGNED)] == [3]


def test_refused_full_twice_and_gone_each_have_a_named_reason(chain, wecom):
    mei = org.add_staff(node_id=chain.tianhe.id, name="Mei", userid="mei", role=Role.GUIDE)
    ids = befriend(chain, 8)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        wecom.full = {"mei"}
        wecom.refusing, wecom.twice, wecom.gone = {"wm0000"}, {"wm0001"}, {"wm0002"}
        operations.approve(handover_id=handover_id, actor="Chen")
        run_all_jobs()
        tick()
        # Mei is full: hers go on to Li
        assert {one.keeper_id for one in queries.list_items(scope=EVERYTHING, handover_id=handover_id)} == {chain.li.id}
        blocked = item_of(handover_id, ids[1])
        assert (blocked.state, blocked.note) == (ItemState.BLOCKED, ItemNote.QUOTA)
        assert blocked.next_try_at == LEFT_AT + timedelta(days=30)
        gone = item_of(handover_id, ids[2])
        assert (gone.state, gone.note) == (ItemState.UNREACHABLE, ItemNote.NOT_A_CONTACT)
        del mei
    with clock.travelled(LEFT_AT + timedelta(hours=25)):
        tick()
        refused = item_of(handover_id, ids[0])
        assert (refused.state, refused.note) == (ItemState.REFUSED, ItemNote.CUSTOMER_REFUSED)
        assert refused.win_back_code_id is not None
        assert not members.get_member(scope=EVERYTHING, member_id=ids[0]).is_friend
        assert members.get_member(scope=EVERYTHING, member_id=ids[0]).staff_id == chain.li.id
        (notice,) = wecom.script.bodies("message/send")
        assert notice["touser"] == "li"
        assert states(handover_id) == {
            ItemState.DONE: 5, ItemState.REFUSED: 1, ItemState.BLOCKED: 1, ItemState.UNREACHABLE: 1,
        }  # fmt: skip
        # the customer comes back by the code
        member_operations.add_friend(
            member_id=ids[0], staff_id=chain.li.id, external_userid="wm0000", state="", at=clock.now()
        )
        run_all_jobs()
        assert (item_of(handover_id, ids[0]).state, item_of(handover_id, ids[0]).why) == (ItemState.DONE, Why.CAME)
    with clock.travelled(LEFT_AT + timedelta(days=31)):
        wecom.twice = set()
        tick()
        assert item_of(handover_id, ids[1]).state == ItemState.WAITING
    with clock.travelled(LEFT_AT + timedelta(days=33)):
        tick()
        assert queries.get_handover(scope=EVERYTHING, handover_id=handover_id).state == HandoverState.DONE
        assert states(handover_id) == {ItemState.DONE: 7, ItemState.UNREACHABLE: 1}


def test_a_lost_answer_is_read_back_before_anything_is_repeated(chain, wecom, settings):
    settings.JUQUN_SEND_GRACE_SECONDS = 3600
    ids = befriend(chain, 4)
    make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT, chat_id="wrA")
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        operations.approve(handover_id=handover_id, actor="Chen")
        wecom.losing = 2
        run_all_jobs()
        assert states(handover_id) == {ItemState.REQUESTED: 5}
        tick()
        assert states(handover_id) == {ItemState.REQUESTED: 5}
        settings.JUQUN_SEND_GRACE_SECONDS = 0
        del wecom.started["wang", "li", "wm0003"]  # this one did not arrive
        tick()
        tick()
        assert states(handover_id) == {ItemState.WAITING: 4, ItemState.DONE: 1}
        asked = Counter(one for body in wecom.script.bodies(RESIGNED) for one in body["external_userid"])
        assert asked == {"wm0000": 1, "wm0001": 1, "wm0002": 1, "wm0003": 2}
        assert len(wecom.script.bodies("externalcontact/groupchat/transfer")) == 1
    del ids


def test_a_group_that_wecom_no_longer_knows_holds_nobody_else_up(chain, wecom, settings):
    settings.JUQUN_SEND_GRACE_SECONDS = 3600
    befriend(chain, 2)
    make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT, chat_id="wrA")
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        wecom.losing = 2
        operations.approve(handover_id=handover_id, actor="Chen")
        run_all_jobs()
        assert states(handover_id) == {ItemState.REQUESTED: 3}
        settings.JUQUN_SEND_GRACE_SECONDS = 0
        wecom.started.clear()
        wecom.script.script("externalcontact/groupchat/get", {"errcode": 40050, "errmsg": "invalid chat_id"})
        wecom.script.script(
            "externalcontact/groupchat/transfer",
            {"failed_chat_list": [{"chat_id": "wrA", "errcode": 90501, "errmsg": "invalid chat_id"}]},
        )
        tick()
        tick()
        assert states(handover_id) == {ItemState.WAITING: 2, ItemState.UNREACHABLE: 1}


def test_news_of_wecom_settles_at_once(chain, wecom):
    ids = befriend(chain, 3)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        operations.approve(handover_id=handover_id, actor="Chen")
        run_all_jobs()
        member_operations.add_friend(
            member_id=ids[0], staff_id=chain.li.id, external_userid="wm0000", state="", at=clock.now(),
            is_handed_over=True,
        )  # fmt: skip
        told = [
            TransferFailed(taker_userid="li", external_userid=f"wm000{number}", reason=reason, at=clock.now())
            for number, reason in ((1, "customer_refused"), (2, "customer_limit_exceed"))
        ]
        with transaction.atomic():
            publish(*told, *told)
        run_all_jobs()
        assert item_of(handover_id, ids[0]).state == ItemState.DONE
        assert item_of(handover_id, ids[1]).state == ItemState.REFUSED
        following = item_of(handover_id, ids[2])
        assert (following.keeper_id, following.why) == (chain.chen.id, Why.NEXT)


def test_a_person_changes_proposals_in_bulk_and_one_by_one(chain, wecom):
    mei = org.add_staff(node_id=chain.tianhe.id, name="Mei", userid="mei", role=Role.GUIDE)
    ids = befriend(chain, 6)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        shares = {
            one.keeper_id: one.customers for one in queries.keeper_shares(scope=EVERYTHING, handover_id=handover_id)
        }
        assert shares == {chain.li.id: 3, mei.id: 3}
        assert operations.change_keeper(handover_id=handover_id, to_staff_id=chain.li.id, from_keeper_id=mei.id) == 3
        one = item_of(handover_id, ids[0])
        assert operations.change_keeper(handover_id=handover_id, to_staff_id=chain.chen.id, item_ids=[one.id]) == 1
        assert item_of(handover_id, ids[0]).why is Why.CHOSEN
        with pytest.raises(KeeperUnfitError):
            operations.change_keeper(handover_id=handover_id, to_staff_id=chain.wang.id)
        operations.approve(handover_id=handover_id, actor="Chen")
        run_all_jobs()
        assert operations.change_keeper(handover_id=handover_id, to_staff_id=mei.id) == 0  # asked for already
        bodies = {body["takeover_userid"]: len(body["external_userid"]) for body in wecom.script.bodies(RESIGNED)}
        assert bodies == {"li": 5, "chen": 1}


def test_staff_without_the_feature_or_verification_are_not_proposed_again(chain, wecom):
    wecom.follow = ["chen", "hong"]
    befriend(chain, 2)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        assert {one.keeper_id for one in queries.list_items(scope=EVERYTHING, handover_id=handover_id)} == {
            chain.chen.id
        }
        wecom.unfit = {"chen"}
        operations.approve(handover_id=handover_id, actor="Hong")
        run_all_jobs()
        tick()
        assert {
            (one.keeper_id, one.state) for one in queries.list_items(scope=EVERYTHING, handover_id=handover_id)
        } == {(chain.hong.id, ItemState.WAITING)}


def test_with_nobody_left_the_reason_is_named_and_a_person_can_choose(chain, wecom):
    wecom.follow = []
    befriend(chain, 2)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        assert {
            (one.keeper_id, one.state, one.note)
            for one in queries.list_items(scope=EVERYTHING, handover_id=handover_id)
        } == {(None, ItemState.TAKER_FULL, ItemNote.NOBODY_NEAR)}
        operations.approve(handover_id=handover_id, actor="Hong")
        run_all_jobs()
        assert operations.change_keeper(handover_id=handover_id, to_staff_id=chain.zhao.id, only_keeperless=True) == 2
        run_all_jobs()
        assert states(handover_id) == {ItemState.WAITING: 2}
    with clock.travelled(LEFT_AT + timedelta(days=8)):
        assert queries.count_keeperless(scope=EVERYTHING, at=clock.now()) == 2
        assert queries.progress(scope=DataScope(paths=(chain.nanshan.path,)), at=clock.now()).keeperless == 0


def test_a_keeper_who_leaves_too_is_replaced(chain, wecom):
    befriend(chain, 2)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        org.staff_left(staff_id=chain.li.id, at=LEFT_AT)
        run_all_jobs()
        items = queries.list_items(scope=EVERYTHING, handover_id=handover_id)
        assert {(one.keeper_id, one.why) for one in items} == {(chain.chen.id, Why.NEXT)}


def test_the_policy_approves_after_its_hours(chain, wecom):
    befriend(chain, 1)
    with clock.travelled(LEFT_AT):
        org.set_policy(
            actor_staff_id=chain.hong.id, node_id=chain.chain.id, key=PolicyKey.HANDOVER_AUTO_APPROVE_HOURS,
            mode=PolicyMode.FIXED, value=12,
        )  # fmt: skip
        handover_id = leave(chain.wang.id)
    with clock.travelled(LEFT_AT + timedelta(hours=11)):
        tick()
        assert queries.get_handover(scope=EVERYTHING, handover_id=handover_id).state == HandoverState.PROPOSED
    with clock.travelled(LEFT_AT + timedelta(hours=13)):
        tick()
        found = queries.get_handover(scope=EVERYTHING, handover_id=handover_id)
        assert (found.state, found.approved_by) == (HandoverState.RUNNING, "policy")
        assert states(handover_id) == {ItemState.WAITING: 1}


def test_on_request_only_the_chosen_move_and_the_giver_keeps_who_refuses(chain, wecom):
    ids = befriend(chain, 4)
    asked = {"scope": EVERYTHING, "giver_staff_id": chain.wang.id, "reason": HandoverReason.MOVED, "actor": "Li"}
    with pytest.raises(HandoverMessageError):
        operations.open_on_request(**asked, message="好" * 201)
    with pytest.raises(NothingToHandOverError):
        operations.open_on_request(**asked, member_ids=[10**9])
    with clock.travelled(LEFT_AT):
        handover_id = operations.open_on_request(
            **asked, member_ids=ids[:2], keeper_ids=[chain.zhao.id], message="以后由赵店长为您服务"
        )
        run_all_jobs()
        wecom.refusing = {"wm0001"}
        operations.approve(handover_id=handover_id, actor="Li")
        run_all_jobs()
        (body,) = wecom.script.bodies(ON_JOB)
        assert body["external_userid"] == ["wm0000", "wm0001"]
        assert body["transfer_success_msg"] == "以后由赵店长为您服务"
    with clock.travelled(LEFT_AT + timedelta(hours=25)):
        tick()
        assert states(handover_id) == {ItemState.DONE: 1, ItemState.REFUSED: 1}
        found = [members.get_member(scope=EVERYTHING, member_id=pk) for pk in ids]
        assert [one.staff_id for one in found] == [chain.zhao.id, chain.wang.id, chain.wang.id, chain.wang.id]
        assert [one.is_friend for one in found] == [True] * 4
        assert wecom.script.bodies("message/send") == []


def test_a_request_that_nobody_decided_over_gives_way_when_the_giver_leaves(chain, wecom):
    ids = befriend(chain, 2)
    with clock.travelled(LEFT_AT):
        request_id = operations.open_on_request(
            scope=EVERYTHING, giver_staff_id=chain.wang.id, reason=HandoverReason.ON_REQUEST, member_ids=ids[:1],
            actor="Li",
        )  # fmt: skip
        run_all_jobs()
        handover_id = leave(chain.wang.id)
        assert handover_id != request_id
        assert queries.get_handover(scope=EVERYTHING, handover_id=request_id).state == HandoverState.CANCELLED
        assert queries.get_handover(scope=EVERYTHING, handover_id=handover_id).customers == 2


def test_a_request_can_be_withdrawn(chain, wecom):
    befriend(chain, 1)
    handover_id = operations.open_on_request(
        scope=EVERYTHING, giver_staff_id=chain.wang.id, reason=HandoverReason.MOVED, actor="Li"
    )
    run_all_jobs()
    operations.cancel(handover_id=handover_id)
    assert queries.list_items(scope=EVERYTHING, handover_id=handover_id) == []
    with pytest.raises(HandoverStateError):
        operations.cancel(handover_id=handover_id)


def test_erased_and_merged_customers(chain, wecom):
    ids = befriend(chain, 3)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        member_operations.erase_member(member_id=ids[0], actor="test")
        merge_id = member_operations.merge_members(keep_id=ids[1], absorb_id=ids[2], actor="test", reason="same")
        run_all_jobs()
        items = queries.list_items(scope=EVERYTHING, handover_id=handover_id)
        assert [one.member_id for one in items] == [ids[1], ids[1]]
        member_operations.undo_merge(merge_id=merge_id, actor="test")
        run_all_jobs()
        items = queries.list_items(scope=EVERYTHING, handover_id=handover_id)
        assert sorted(one.member_id for one in items) == sorted(ids[1:])


def test_what_wecom_counts_as_unassigned_is_taken_up(chain, wecom):
    befriend(chain, 1)
    row = {"handover_userid": "wang", "dimission_time": int(LEFT_AT.timestamp())}
    wecom.unassigned = [{**row, "external_userid": name} for name in ("wm0000", "wmNeverSeen")]
    with clock.travelled(LEFT_AT + timedelta(days=1)):
        jobs.read_unassigned()
        run_all_jobs()
        (found,) = queries.list_handovers(scope=EVERYTHING)
        assert (found.giver_id, found.customers, found.state) == (chain.wang.id, 2, HandoverState.PROPOSED)
        jobs.read_unassigned()
        run_all_jobs()
        assert len(queries.list_handovers(scope=EVERYTHING)) == 1


def test_hand_overs_are_seen_in_scope_only(chain, wecom):
    befriend(chain, 1)
    handover_id = leave(chain.wang.id)
    stranger = DataScope(paths=(chain.nanshan.path,))
    assert queries.list_handovers(scope=stranger) == []
    assert queries.list_items(scope=stranger, handover_id=handover_id) == []
    with pytest.raises(HandoverNotFoundError):
        queries.get_handover(scope=stranger, handover_id=handover_id)
    city = DataScope(paths=(chain.guangzhou.path,))
    assert queries.get_handover(scope=city, handover_id=handover_id).customers == 1


def test_three_hundred_groups_a_day(chain, wecom):
    for number in range(305):
        make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT, chat_id=f"wr{number}")
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        operations.approve(handover_id=handover_id, actor="Chen")
        run_all_jobs()
        assert states(handover_id) == {ItemState.DONE: 300, ItemState.BLOCKED: 5}
        bodies = wecom.script.bodies("externalcontact/groupchat/transfer")
        assert [len(body["chat_id_list"]) for body in bodies] == [100, 100, 100]
    with clock.travelled(LEFT_AT + timedelta(days=1)):
        tick()
        assert states(handover_id) == {ItemState.DONE: 305}


def test_an_open_item_exists_once(chain, wecom):
    befriend(chain, 2)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        operations.collect(handover_id=handover_id)
        assert HandoverItem.unscoped.count() == 2


def test_whoever_returns_keeps_what_was_not_asked_for_yet(chain, wecom):
    befriend(chain, 2)
    org.set_policy(
        actor_staff_id=chain.hong.id, node_id=chain.chain.id, key=PolicyKey.HANDOVER_AUTO_APPROVE_HOURS,
        mode=PolicyMode.FIXED, value=24,
    )  # fmt: skip
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        org.staff_returned(staff_id=chain.wang.id, at=LEFT_AT + timedelta(hours=1))
        run_all_jobs()
        assert queries.get_handover(scope=EVERYTHING, handover_id=handover_id).state == HandoverState.CANCELLED
    with clock.travelled(LEFT_AT + timedelta(days=2)):
        tick()
        assert wecom.script.bodies(RESIGNED) == wecom.script.bodies(ON_JOB) == []
        second_id = leave_again(chain.wang.id)
        wecom.full = {"li", "chen", "hong", "zhao"}
        operations.change_keeper(handover_id=second_id, to_staff_id=chain.zhao.id)
        operations.approve(handover_id=second_id, actor="Chen")
        for _next_keeper in wecom.full:
            tick()
        assert set(states(second_id)) == {ItemState.TAKER_FULL}
        org.staff_returned(staff_id=chain.wang.id, at=clock.now())
        run_all_jobs()
        assert queries.get_handover(scope=EVERYTHING, handover_id=second_id).state == HandoverState.DONE
        assert queries.list_items(scope=EVERYTHING, handover_id=second_id) == []


def leave_again(staff_id: int) -> int:
    org.staff_left(staff_id=staff_id, at=clock.now())
    run_all_jobs()
    return queries.list_handovers(scope=EVERYTHING)[0].id


def test_two_who_are_one_are_open_once_over_all_hand_overs_of_a_giver(chain, wecom):
    ids = befriend(chain, 2)
    for pk in ids:  # the guide stays, without a friendship
        member_operations.lose_friend(member_id=pk, staff_id=chain.wang.id, at=AT + timedelta(days=1), by=LostBy.STAFF)
    with clock.travelled(LEFT_AT):
        first, second = (make_handover(chain.wang.id, chain.zhao.id, pk) for pk in ids)
        wecom.full = {"zhao"}
        member_operations.merge_members(keep_id=ids[0], absorb_id=ids[1], actor="test", reason="same")
        run_all_jobs()
        assert [one.member_id for one in queries.list_items(scope=EVERYTHING, handover_id=first)] == [ids[0]]
        assert queries.list_items(scope=EVERYTHING, handover_id=second) == []


def make_handover(giver_id: int, keeper_id: int, member_id: int) -> int:
    handover_id = operations.open_on_request(
        scope=EVERYTHING, giver_staff_id=giver_id, reason=HandoverReason.MOVED, member_ids=[member_id],
        keeper_ids=[keeper_id], actor="Li",
    )  # fmt: skip
    run_all_jobs()
    return handover_id


def test_a_hand_over_ends_with_its_last_open_customer_even_if_that_one_is_erased(chain, wecom):
    (only,) = befriend(chain, 1)
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        operations.approve(handover_id=handover_id, actor="Chen")
        run_all_jobs()
        assert states(handover_id) == {ItemState.WAITING: 1}
        member_operations.erase_member(member_id=only, actor="test")
        tick()
        assert queries.get_handover(scope=EVERYTHING, handover_id=handover_id).state == HandoverState.DONE


def test_a_group_that_wecom_does_not_show_holds_up_nobody(chain, wecom, settings):
    befriend(chain, 1)
    make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT, chat_id="wrA")
    settings.JUQUN_SEND_GRACE_SECONDS = 3600
    with clock.travelled(LEFT_AT):
        handover_id = leave(chain.wang.id)
        operations.approve(handover_id=handover_id, actor="Chen")
        wecom.losing = 2
        run_all_jobs()
        assert states(handover_id) == {ItemState.REQUESTED: 2}
        settings.JUQUN_SEND_GRACE_SECONDS = 0
        wecom.started.clear()
        wecom.script.script("externalcontact/groupchat/get", {"errcode": 40050, "errmsg": "invalid chat id"})
        operations.work(handover_id=handover_id)
        assert states(handover_id) == {ItemState.WAITING: 1, ItemState.DONE: 1}
