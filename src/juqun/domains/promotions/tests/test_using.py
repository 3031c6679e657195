from datetime import timedelta

import pytest

from juqun.domains.promotions import operations, queries
from juqun.domains.promotions.errors import (
    CouponBelowThresholdError,
    CouponExpiredError,
    CouponFrozenError,
    CouponUnknownError,
    CouponUsedError,
    CouponWrongMemberError,
    CouponWrongStoreError,
    RedemptionConflictError,
)
from juqun.domains.promotions.testing import give_coupon, make_template
from juqun.domains.promotions.types import CouponState
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope
from juqun.lake import feed
from juqun.lake.engine import get_engine

ALL = DataScope.whole_chain()


@pytest.fixture
def template_id(chain, at):
    return make_template(at=at, store_id=chain.tianhe.id, budget_fen=100_000)


@pytest.fixture
def coupon(template_id, new_member, at):
    return give_coupon(template_id=template_id, member_id=new_member(), at=at)


@pytest.fixture
def use(chain, coupon, at):
    """A function that redeems the coupon; keyword arguments change one thing."""

    def redeem(operation=operations.redeem_coupon, **changes):
        values = {
            "code": coupon.code,
            "store_id": chain.tianhe.id,
            "order_key": "pos:1",
            "amount_fen": 3_000,
            "member_id": coupon.member_id,
            "at": at,
        }
        return operation(**{**values, **changes})

    return redeem


def stock(template_id):
    view = queries.get_template(scope=ALL, template_id=template_id)
    return view.issued, view.redeemed, view.committed_fen, view.spent_fen


def test_redeem_and_repeat(use, coupon, template_id, chain, at):
    assert use() == 500
    assert use() == 500
    assert use(member_id=None) == 500
    view = queries.get_coupon_by_code(code=coupon.code.lower())
    assert (view.state, view.used_at, view.order_key) == (CouponState.USED, at, "pos:1")
    assert stock(template_id) == (1, 1, 500, 500)
    assert EventRecord.objects.filter(name="promotions.coupon_redeemed").count() == 1
    feed.flush()
    lake = get_engine()
    redemptions = lake.query("SELECT member_id, store_id, coupon_ref, amount_fen FROM redemptions").to_pylist()
    assert redemptions == [
        {
            "member_id": coupon.member_id,
            "store_id": chain.tianhe.id,
            "coupon_ref": f"coupon:{coupon.id}",
            "amount_fen": 500,
        }
    ]
    kinds = lake.query("SELECT kind FROM touches ORDER BY kind").column("kind").to_pylist()
    assert kinds == ["coupon_issued", "coupon_redeemed"]


@pytest.mark.parametrize(
    ("changes", "error", "next_step"),
    [
        ({"code": "NOSUCHCODE"}, CouponUnknownError, "scan it again"),
        ({"store_id": "yuexiu"}, CouponWrongStoreError, "use it there"),
        ({"member_id": "stranger"}, CouponWrongMemberError, "use the card of its owner"),
        ({"amount_fen": 1_999}, CouponBelowThresholdError, "add goods"),
        ({"at": "late"}, CouponExpiredError, "newer one"),
    ],
)
def test_refusals_name_the_next_step_and_change_nothing(
    use, chain, new_member, template_id, coupon, at, changes, error, next_step
):
    values = {"yuexiu": chain.yuexiu.id, "stranger": new_member("C9"), "late": at + timedelta(days=30)}
    changes = {name: values.get(value, value) for name, value in changes.items()}
    with pytest.raises(error) as refused:
        use(**changes)
    assert next_step in refused.value.message
    assert set(refused.value.fields) >= {"coupon_code"}
    with pytest.raises(error):
        quote_it(use, **changes)
    assert stock(template_id) == (1, 0, 500, 0)
    assert queries.get_coupon_by_code(code=coupon.code) == coupon


def quote_it(use, **changes):
    def quote(*, order_key, **values):
        return operations.quote_coupon(**values)

    return use(quote, **changes)


def test_used_on_another_order(use, template_id):
    use()
    with pytest.raises(CouponUsedError) as refused:
        use(order_key="pos:2")
    assert "another one" in refused.value.message
    assert stock(template_id) == (1, 1, 500, 500)


def test_same_order_with_other_figures(use):
    use()
    with pytest.raises(RedemptionConflictError):
        use(amount_fen=3_001)


def test_quotes_change_nothing(use, coupon, template_id):
    assert [quote_it(use) for _ in range(3)] == [500, 500, 500]
    assert queries.get_coupon_by_code(code=coupon.code) == coupon
    assert use() == 500
    assert stock(template_id) == (1, 1, 500, 500)


def test_return_and_use_again(use, coupon, template_id, at):
    use()
    assert operations.return_coupon(order_key="pos:1", at=at) is True
    assert operations.return_coupon(order_key="pos:1", at=at) is False
    assert stock(template_id) == (1, 0, 500, 0)
    assert use(order_key="pos:2") == 500
    assert stock(template_id) == (1, 1, 500, 500)
    assert operations.return_coupon(order_key="pos:1", at=at) is False
    assert queries.get_coupon_by_code(code=coupon.code).order_key == "pos:2"


def test_an_order_that_gave_the_coupon_back_takes_a_new_number(use, at, template_id):
    use()
    operations.return_coupon(order_key="pos:1", at=at)
    with pytest.raises(RedemptionConflictError):
        use()
    assert stock(template_id) == (1, 0, 500, 0)


def test_returned_after_its_end_it_stays_expired(use, at, template_id):
    use()
    late = at + timedelta(days=40)
    operations.return_coupon(order_key="pos:1", at=late)
    with pytest.raises(CouponExpiredError):
        use(order_key="pos:2", at=late)
    assert operations.expire_due(at=late) == 1
    assert stock(template_id) == (1, 0, 0, 0)


def test_freeze_holds_it_for_one_order(use, coupon, template_id, at):
    assert use(operations.freeze_coupon) == 500
    assert use(operations.freeze_coupon) == 500
    for operation in (operations.freeze_coupon, operations.redeem_coupon):
        with pytest.raises(CouponFrozenError):
            use(operation, order_key="pos:2")
    assert operations.expire_due(at=at + timedelta(days=40)) == 0
    assert use(at=at + timedelta(days=40)) == 500, "frozen in time: the payment may be late"
    assert stock(template_id) == (1, 1, 500, 500)


def test_release_lets_go(use, coupon):
    use(operations.freeze_coupon)
    assert operations.release_coupons(order_keys=["pos:1"]) == 1
    assert operations.release_coupons(order_keys=["pos:1"]) == 0
    assert use(order_key="pos:2") == 500


def test_percentage_commits_its_cap_and_spends_what_it_took(chain, new_member, at):
    template_id = operations.create_template(
        name="10 % off",
        kind="percent",
        percent_bp=1_000,
        amount_fen=800,
        valid_from=at,
        valid_until=at + timedelta(days=5),
        total=10,
        budget_fen=1_600,
        actor="Hong",
    )
    coupon = give_coupon(template_id=template_id, member_id=new_member(), at=at)
    assert stock(template_id) == (1, 0, 800, 0)
    off = operations.redeem_coupon(
        code=coupon.code, store_id=chain.nanshan.id, order_key="pos:1", amount_fen=2_005, at=at
    )
    assert off == 201
    assert stock(template_id) == (1, 1, 201, 201)
    operations.return_coupon(order_key="pos:1", at=at)
    assert stock(template_id) == (1, 0, 800, 0)
