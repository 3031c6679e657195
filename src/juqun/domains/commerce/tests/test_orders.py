from datetime import timedelta
from functools import partial

import pytest

from juqun.domains.commerce import handlers as order_handlers
from juqun.domains.commerce import operations, queries
from juqun.domains.commerce.errors import (
    HoldExpiredError,
    OrderRepeatedDifferentlyError,
    OrderStateError,
    OrderUnknownError,
    PickupCodeUnknownError,
    PickupWrongStoreError,
    TillKeyUnknownError,
)
from juqun.domains.commerce.testing import line, make_order
from juqun.domains.commerce.types import OrderState
from juqun.domains.members import operations as members
from juqun.domains.members.events import MembersMerged, MembersSplit
from juqun.domains.promotions import handlers as coupon_handlers
from juqun.domains.promotions import queries as coupons
from juqun.domains.promotions.errors import CouponFrozenError, CouponWrongStoreError
from juqun.domains.promotions.testing import give_coupon, make_template, race
from juqun.domains.promotions.types import CouponState
from juqun.kernel.errors import NotFoundError
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope
from juqun.lake import feed
from juqun.lake.engine import get_engine

ALL = DataScope.whole_chain()


@pytest.fixture
def coupon(chain, new_member, at):
    template_id = make_template(at=at, store_id=chain.tianhe.id)
    return give_coupon(template_id=template_id, member_id=new_member(), at=at)


def paid_events():
    return EventRecord.objects.filter(name="commerce.order_paid").count()


def test_record_order_with_coupon_and_repeat(chain, coupon, at):
    record = partial(
        operations.record_order,
        source="pos",
        external_ref="T-1",
        store_id=chain.tianhe.id,
        lines=[line("B", 2_000), line("A", 1_001)],
        coupon_code=coupon.code,
        staff_id=chain.wang.id,
        paid_at=at,
    )
    first = record()
    assert (first.amount_fen, first.discount_fen, first.state) == (2_501, 500, OrderState.PAID)
    assert first.member_id == coupon.member_id
    assert [(one.product_ref, one.amount_fen, one.coupon_fen) for one in first.lines] == [
        ("B", 1_667, 333),
        ("A", 834, 167),
    ]
    assert record() == first
    assert paid_events() == 1
    assert queries.count_orders(scope=ALL) == 1
    assert coupons.get_coupon_by_code(code=coupon.code).state is CouponState.USED
    feed.flush()
    lake = get_engine()
    assert lake.query(
        "SELECT order_key, amount_fen, discount_fen, line_count, source, staff_id FROM orders"
    ).to_pylist() == [
        {
            "order_key": "pos:T-1",
            "amount_fen": 2_501,
            "discount_fen": 500,
            "line_count": 2,
            "source": "pos",
            "staff_id": chain.wang.id,
        }
    ]
    assert lake.query("SELECT sum(amount_fen) AS paid, sum(coupon_fen) AS off FROM order_lines").to_pylist() == [
        {"paid": 2_501, "off": 500}
    ]


@pytest.mark.parametrize("change", ["amount", "store", "coupon", "time"])
def test_repeat_with_other_content_is_a_conflict(chain, coupon, at, change):
    first = make_order(store_id=chain.tianhe.id, paid_at=at)
    changes = {
        "amount": {"amount_fen": 2_999},
        "store": {"store_id": chain.yuexiu.id},
        "coupon": {"coupon_code": coupon.code},
        "time": {"paid_at": at + timedelta(seconds=1)},
    }[change]
    with pytest.raises(OrderRepeatedDifferentlyError):
        make_order(**{"store_id": chain.tianhe.id, "paid_at": at, **changes})
    assert queries.list_orders(scope=ALL) == [first]
    assert coupons.get_coupon_by_code(code=coupon.code).state is CouponState.ISSUED


def test_refused_coupon_stores_no_order(chain, coupon, at):
    with pytest.raises(CouponWrongStoreError):
        make_order(store_id=chain.yuexiu.id, paid_at=at, coupon_code=coupon.code)
    assert queries.count_orders(scope=ALL) == 0
    assert feed.count_pending() == 1, "only the touch of the issued coupon"
    assert make_order(store_id=chain.yuexiu.id, paid_at=at).discount_fen == 0


def test_order_of_posts_does_not_change_money(chain, new_member, at):
    template_id = make_template(at=at)

    def post(prefix, turns):
        cards = {name: new_member(f"{prefix}{name}") for name in "xyz"}
        codes = {name: give_coupon(template_id=template_id, member_id=cards[name], at=at).code for name in cards}
        totals = {}
        for name in turns:
            order = make_order(
                store_id=chain.tianhe.id,
                paid_at=at,
                external_ref=f"{prefix}{name}",
                amount_fen=2_000 + ord(name),
                coupon_code=codes[name],
            )
            totals[name] = (order.amount_fen, order.discount_fen)
        return totals

    assert post("1", "xyz") == post("2", "zyx") == post("3", "yxz")


def test_scope(chain, new_member, at):
    order = make_order(store_id=chain.tianhe.id, paid_at=at)
    inside, outside = DataScope(paths=(chain.guangzhou.path,)), DataScope(paths=(chain.nanshan.path,))
    assert queries.get_order(scope=inside, order_id=order.id) == order
    assert queries.list_orders(scope=outside) == []
    assert queries.count_orders(scope=outside) == 0
    with pytest.raises(OrderUnknownError):
        queries.get_order(scope=outside, order_id=order.id)


def place(chain, coupon, at, **changes):
    values = {
        "intent_key": "tap-1",
        "store_id": chain.tianhe.id,
        "member_id": coupon.member_id,
        "lines": [line(amount_fen=3_000)],
        "coupon_code": coupon.code,
        "at": at,
    }
    return operations.place_order(**{**values, **changes})


def test_hold_pay_pick_up(chain, coupon, at):
    held = place(chain, coupon, at)
    assert place(chain, coupon, at + timedelta(seconds=5)) == held
    assert (held.state, held.amount_fen, held.pickup_code) == (OrderState.HELD, 2_500, None)
    with pytest.raises(CouponFrozenError):
        make_order(store_id=chain.tianhe.id, paid_at=at, coupon_code=coupon.code)
    paid = operations.pay_order(order_id=held.id, paid_at=at + timedelta(minutes=15))
    assert operations.pay_order(order_id=held.id, paid_at=at + timedelta(minutes=16)) == paid
    assert (paid.state, paid.amount_fen, len(paid.pickup_code)) == (OrderState.PAID, 2_500, 14)
    assert paid_events() == 1
    with pytest.raises(PickupWrongStoreError):
        operations.redeem_pickup(code=paid.pickup_code, store_id=chain.yuexiu.id, staff_id=chain.li.id, at=at)
    with pytest.raises(PickupCodeUnknownError):
        operations.redeem_pickup(code="NONE", store_id=chain.tianhe.id, staff_id=chain.li.id, at=at)
    hand_over = partial(
        operations.redeem_pickup, code=paid.pickup_code.lower(), store_id=chain.tianhe.id, staff_id=chain.li.id
    )
    assert hand_over(at=at).state is OrderState.PICKED_UP
    assert hand_over(at=at + timedelta(minutes=9)).state is OrderState.PICKED_UP
    with pytest.raises(OrderStateError):
        hand_over(at=at + timedelta(minutes=11))
    with pytest.raises(OrderStateError):
        hand_over(at=at, staff_id=chain.wang.id)
    assert EventRecord.objects.filter(name="commerce.order_picked_up").count() == 1


def test_hold_that_is_not_paid_gives_the_coupon_back(chain, coupon, at):
    held = place(chain, coupon, at)
    late = at + timedelta(minutes=15, seconds=1)
    with pytest.raises(HoldExpiredError):
        operations.pay_order(order_id=held.id, paid_at=late)
    assert operations.release_due_holds(at=at + timedelta(minutes=15)) == 0
    assert operations.release_due_holds(at=late) == 1
    assert operations.release_due_holds(at=late) == 0
    with pytest.raises(HoldExpiredError):
        operations.pay_order(order_id=held.id, paid_at=at)
    assert coupons.get_coupon_by_code(code=coupon.code).state is CouponState.ISSUED
    assert paid_events() == 0
    assert make_order(store_id=chain.tianhe.id, paid_at=at, coupon_code=coupon.code).discount_fen == 500


def test_refund_once_gives_the_coupon_back_and_tells_the_lake(chain, coupon, at):
    order = make_order(store_id=chain.tianhe.id, paid_at=at, coupon_code=coupon.code)
    feed.flush()
    refunded = operations.refund_order(order_id=order.id, at=at)
    assert operations.refund_order(order_id=order.id, at=at) == refunded
    assert refunded.state is OrderState.REFUNDED
    assert EventRecord.objects.filter(name="commerce.order_refunded").count() == 1
    assert coupons.get_coupon_by_code(code=coupon.code).state is CouponState.ISSUED
    feed.flush()
    rows = get_engine().query("SELECT order_key, amount_fen, refunded FROM orders").to_pylist()
    assert rows == [{"order_key": "pos:T-1", "amount_fen": 2_500, "refunded": True}]
    held = place(chain, coupon, at)
    with pytest.raises(OrderStateError):
        operations.refund_order(order_id=held.id, at=at)


def test_orders_and_coupons_follow_their_people(chain, new_member, at):
    keep, absorb = new_member("C1"), new_member("C2")
    template_id = make_template(at=at, per_member=2)
    coupon = give_coupon(template_id=template_id, member_id=absorb, at=at)
    make_order(store_id=chain.tianhe.id, paid_at=at, member_id=absorb)
    merge_id = members.merge_members(keep_id=keep, absorb_id=absorb, actor="Hong", reason="same phone")
    before_news = make_order(
        store_id=chain.tianhe.id, paid_at=at, external_ref="T-2", member_id=keep, coupon_code=coupon.code
    )
    assert before_news.discount_fen == 500
    for handlers in (coupon_handlers, order_handlers):
        for _ in range(2):
            handlers.on_members_merged(MembersMerged(keep_id=keep, absorb_id=absorb))
    assert len(coupons.list_own_coupons(member_id=keep)) == 1
    assert queries.count_orders(scope=ALL, member_id=keep) == 2
    assert queries.count_orders(scope=ALL, member_id=absorb) == 0
    members.undo_merge(merge_id=merge_id, actor="Hong")
    for handlers in (coupon_handlers, order_handlers):
        handlers.on_members_split(MembersSplit(keep_id=keep, absorb_id=absorb))
    assert len(coupons.list_own_coupons(member_id=absorb)) == 1
    assert queries.count_orders(scope=ALL, member_id=absorb) == 1


def test_till_keys(chain):
    made = operations.create_till_key(store_id=chain.tianhe.id, name="till 1")
    view = queries.check_till_key(secret=made.secret)
    assert (view.name, view.node_id, view.node_path, view.node_kind) == (
        "till 1",
        chain.tianhe.id,
        chain.tianhe.path,
        "store",
    )
    assert queries.list_till_keys(scope=DataScope(paths=(chain.nanshan.path,))) == []
    assert queries.list_till_keys(scope=ALL) == [view]
    assert queries.get_till_key(scope=DataScope(paths=(chain.tianhe.path,)), key_id=made.id) == view
    with pytest.raises(NotFoundError):
        queries.get_till_key(scope=DataScope(paths=(chain.nanshan.path,)), key_id=made.id)
    assert operations.revoke_till_key(key_id=made.id) is True
    assert operations.revoke_till_key(key_id=made.id) is False
    for secret in (made.secret, made.secret[:-1], ""):
        with pytest.raises(TillKeyUnknownError):
            queries.check_till_key(secret=secret)


def test_the_use_of_a_till_key_is_written_once_an_hour(chain, at, django_assert_num_queries):
    made = operations.create_till_key(store_id=chain.tianhe.id, name="till 1")
    assert queries.check_till_key(secret=made.secret).last_used_at is None
    assert operations.note_till_key_use(key=queries.check_till_key(secret=made.secret), at=at) is True
    key = queries.check_till_key(secret=made.secret)
    assert key.last_used_at == at
    with django_assert_num_queries(0):
        assert operations.note_till_key_use(key=key, at=at + timedelta(minutes=59)) is False
    assert operations.note_till_key_use(key=key, at=at + timedelta(minutes=60)) is True


@pytest.mark.django_db(transaction=True)
def test_one_order_posted_by_32_at_once(transactional_db, chain, coupon, at):
    post = partial(make_order, store_id=chain.tianhe.id, paid_at=at, coupon_code=coupon.code)
    answers = race([post] * 32)
    assert len(set(answers)) == 1
    assert answers[0].discount_fen == 500
    assert paid_events() == 1
    assert queries.count_orders(scope=ALL) == 1


@pytest.mark.django_db(transaction=True)
def test_one_coupon_on_32_orders_at_once(transactional_db, chain, coupon, at):
    posts = [
        partial(make_order, store_id=chain.tianhe.id, paid_at=at, external_ref=f"T-{n}", coupon_code=coupon.code)
        for n in range(32)
    ]
    answers = race(posts)
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    assert queries.count_orders(scope=ALL) == 1
    assert paid_events() == 1


@pytest.mark.django_db(transaction=True)
def test_paying_against_the_sweeper(transactional_db, chain, coupon, at):
    held = place(chain, coupon, at)
    pay = partial(operations.pay_order, order_id=held.id, paid_at=at + timedelta(minutes=14))
    sweep = partial(operations.release_due_holds, at=at + timedelta(minutes=16))
    race([pay, sweep, pay, sweep])
    order = queries.get_order(scope=ALL, order_id=held.id)
    state = coupons.get_coupon_by_code(code=coupon.code).state
    assert (order.state, state) in [
        (OrderState.PAID, CouponState.USED),
        (OrderState.RELEASED, CouponState.ISSUED),
    ]
