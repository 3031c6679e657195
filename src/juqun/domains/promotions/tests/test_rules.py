from datetime import UTC, datetime, timedelta

import pytest

from juqun.domains.promotions import rules
from juqun.domains.promotions.errors import (
    CouponBelowThresholdError,
    CouponExpiredError,
    CouponFrozenError,
    CouponNotYetValidError,
    CouponUsedError,
    CouponVoidError,
    CouponWrongMemberError,
    CouponWrongStoreError,
    TemplateInvalidError,
)
from juqun.domains.promotions.types import CouponKind, CouponState, CouponTerms, CouponView

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)


def terms(**changes):
    values = {
        "kind": CouponKind.AMOUNT,
        "amount_fen": 500,
        "percent_bp": 0,
        "threshold_fen": 2_000,
        "store_id": 7,
        "valid_from": AT,
        "valid_until": AT + timedelta(days=1),
    }
    return CouponTerms(**{**values, **changes})


def coupon(**changes):
    values = {
        "id": 1,
        "code": "0123456789ABCDEF",
        "template_id": 1,
        "template_name": "5 off 20",
        "member_id": 3,
        "kind": CouponKind.AMOUNT,
        "amount_fen": 500,
        "percent_bp": 0,
        "threshold_fen": 2_000,
        "store_id": 7,
        "store_name": "Tianhe",
        "state": CouponState.ISSUED,
        "valid_from": AT,
        "valid_until": AT + timedelta(days=1),
        "issued_at": AT,
        "used_at": None,
        "campaign_id": None,
        "order_key": None,
    }
    return CouponView(**{**values, **changes})


def use(view, **changes):
    values = {"store_id": 7, "amount_fen": 2_000, "member_id": 3, "order_key": "pos:1", "at": AT}
    return rules.check_usable(view, **{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "amount_fen", "off"),
    [
        ({}, 2_000, 500),
        ({}, 300, 300),
        ({"kind": CouponKind.PERCENT, "percent_bp": 1_000, "amount_fen": 0}, 2_005, 201),  # 200.5 fen, half up
        ({"kind": CouponKind.PERCENT, "percent_bp": 1_000, "amount_fen": 0}, 2_004, 200),
        ({"kind": CouponKind.PERCENT, "percent_bp": 5_000, "amount_fen": 800}, 10_000, 800),
        ({"kind": CouponKind.PERCENT, "percent_bp": 5_000, "amount_fen": 800}, 0, 0),
    ],
)
def test_discount(changes, amount_fen, off):
    assert rules.discount_fen(terms(**changes), amount_fen) == off


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_fen": 0}, "amount_fen"),
        ({"percent_bp": 100}, "percent_bp"),
        ({"threshold_fen": 499}, "threshold_fen"),
        ({"kind": CouponKind.PERCENT, "percent_bp": 0}, "percent_bp"),
        ({"kind": CouponKind.PERCENT, "percent_bp": 10_000}, "percent_bp"),
        ({"kind": CouponKind.PERCENT, "percent_bp": 100, "amount_fen": -1}, "amount_fen"),
        ({"kind": CouponKind.PERCENT, "percent_bp": 100, "threshold_fen": -1}, "threshold_fen"),
        ({"valid_until": AT}, "valid_until"),
    ],
)
def test_terms_that_cannot_be_kept(changes, field):
    with pytest.raises(TemplateInvalidError) as refused:
        rules.check_terms(terms(**changes))
    assert refused.value.field == field


def test_a_percentage_under_a_budget_needs_a_cap():
    uncapped = terms(kind=CouponKind.PERCENT, percent_bp=1_000, amount_fen=0)
    with pytest.raises(TemplateInvalidError) as refused:
        rules.check_limits(name="x", total=5, per_member=1, budget_fen=1_000, terms=uncapped)
    assert refused.value.field == "amount_fen"


def test_usable():
    assert use(coupon()) == 500
    assert use(coupon(store_id=None), store_id=99) == 500
    assert use(coupon(), member_id=None) == 500
    assert use(coupon(state=CouponState.FROZEN, order_key="pos:1")) == 500


def test_a_hold_made_in_time_outlives_the_last_moment():
    held = coupon(state=CouponState.FROZEN, order_key="pos:1")
    assert use(held, at=AT + timedelta(days=2)) == 500


@pytest.mark.parametrize(
    ("view", "call", "error"),
    [
        (coupon(), {"member_id": 4}, CouponWrongMemberError),
        (coupon(), {"store_id": 8}, CouponWrongStoreError),
        (coupon(state=CouponState.USED, order_key="pos:9"), {}, CouponUsedError),
        (coupon(state=CouponState.FROZEN, order_key="pos:9"), {}, CouponFrozenError),
        (coupon(state=CouponState.VOID), {}, CouponVoidError),
        (coupon(state=CouponState.EXPIRED), {}, CouponExpiredError),
        (coupon(), {"at": AT + timedelta(days=1)}, CouponExpiredError),
        (coupon(), {"at": AT - timedelta(seconds=1)}, CouponNotYetValidError),
        (coupon(), {"amount_fen": 1_999}, CouponBelowThresholdError),
        # Several faults at once: always the same one is told, and a stranger learns nothing of the state.
        (coupon(state=CouponState.USED, order_key="pos:9"), {"member_id": 4, "store_id": 8}, CouponWrongMemberError),
    ],
)
def test_each_refusal_is_its_own_error(view, call, error):
    with pytest.raises(error):
        use(view, **call)


def test_code_is_read_as_people_type_it():
    assert rules.normalise_code(" o1l2-abcd efgh ") == "0112ABCDEFGH"


def test_state_at_shows_expiry_before_the_job_has_run():
    assert coupon().state_at(AT) is CouponState.ISSUED
    assert coupon().state_at(AT + timedelta(days=1)) is CouponState.EXPIRED
    assert coupon(state=CouponState.USED, order_key="pos:1").state_at(AT + timedelta(days=2)) is CouponState.USED
