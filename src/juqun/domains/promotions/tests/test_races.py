from functools import partial

import pytest

from juqun.domains.org.testing import make_small_chain
from juqun.domains.promotions import operations, queries
from juqun.domains.promotions.errors import CouponLimitReachedError, CouponsExhaustedError, CouponUsedError
from juqun.domains.promotions.testing import give_coupon, make_template, race
from juqun.domains.promotions.types import CouponView
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope

THREADS = 32
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chain(transactional_db, lake):
    return make_small_chain()


def stock(template_id):
    view = queries.get_template(scope=DataScope.whole_chain(), template_id=template_id)
    return view.issued, view.redeemed, view.committed_fen, view.spent_fen


def test_one_per_member_is_one(new_member, at):
    template_id, member_id = make_template(at=at), new_member()
    give = partial(give_coupon, template_id=template_id, member_id=member_id, at=at)
    answers = race([partial(give, intent_key=f"tap {number}") for number in range(THREADS)])
    assert sum(isinstance(answer, CouponView) for answer in answers) == 1
    assert sum(isinstance(answer, CouponLimitReachedError) for answer in answers) == THREADS - 1
    assert stock(template_id) == (1, 0, 500, 0)
    assert EventRecord.objects.filter(name="promotions.coupon_issued").count() == 1


def test_one_intent_is_one_coupon_and_one_answer(new_member, at):
    template_id, member_id = make_template(at=at, per_member=5), new_member()
    answers = race([partial(give_coupon, template_id=template_id, member_id=member_id, at=at)] * THREADS)
    assert len({answer.code for answer in answers}) == 1
    assert stock(template_id) == (1, 0, 500, 0)


@pytest.mark.parametrize("limit", [{"total": 10}, {"total": 100, "budget_fen": 5_000}])
def test_exactly_n_of_n(new_member, at, limit):
    template_id = make_template(at=at, **limit)
    members = [new_member(f"C{number}") for number in range(THREADS)]
    answers = race([partial(give_coupon, template_id=template_id, member_id=one, at=at) for one in members])
    assert sum(isinstance(answer, CouponView) for answer in answers) == 10
    assert sum(isinstance(answer, CouponsExhaustedError) for answer in answers) == THREADS - 10
    assert stock(template_id) == (10, 0, 5_000, 0)
    held = [one for one in members if queries.list_own_coupons(member_id=one)]
    assert len(held) == 10


def test_bulk_and_single_together_keep_the_stock(new_member, at):
    template_id = make_template(at=at, total=20)
    members = [new_member(f"C{number}") for number in range(40)]
    bulk = partial(
        operations.issue_coupons, template_id=template_id, member_ids=members, source="c", campaign_id=1, at=at
    )
    single = [partial(give_coupon, template_id=template_id, member_id=one, at=at) for one in members[:6]]
    answers = race([bulk, *single, bulk])
    unexpected = [answer for answer in answers if isinstance(answer, Exception)]
    assert all(isinstance(one, CouponsExhaustedError | CouponLimitReachedError) for one in unexpected), unexpected
    assert stock(template_id)[0] == 20
    assert sum(len(queries.list_own_coupons(member_id=one)) for one in members) == 20


def test_redeemed_once(chain, new_member, at):
    template_id = make_template(at=at)
    coupon = give_coupon(template_id=template_id, member_id=new_member(), at=at)
    redeem = partial(operations.redeem_coupon, code=coupon.code, store_id=chain.tianhe.id, amount_fen=3_000, at=at)
    answers = race([partial(redeem, order_key=f"pos:{number}") for number in range(THREADS)])
    assert answers.count(500) == 1
    assert sum(isinstance(answer, CouponUsedError) for answer in answers) == THREADS - 1
    assert stock(template_id) == (1, 1, 500, 500)
    assert EventRecord.objects.filter(name="promotions.coupon_redeemed").count() == 1


def test_one_order_posted_by_many_gets_one_answer(chain, new_member, at):
    template_id = make_template(at=at)
    coupon = give_coupon(template_id=template_id, member_id=new_member(), at=at)
    redeem = partial(
        operations.redeem_coupon,
        code=coupon.code,
        store_id=chain.tianhe.id,
        amount_fen=3_000,
        order_key="pos:1",
        at=at,
    )
    assert race([redeem] * THREADS) == [500] * THREADS
    assert stock(template_id) == (1, 1, 500, 500)
