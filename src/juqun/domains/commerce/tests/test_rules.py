from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juqun.domains.commerce import rules
from juqun.domains.commerce.errors import OrderInvalidError
from juqun.domains.commerce.types import OrderLineIn

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
LINES = st.lists(
    st.builds(
        OrderLineIn,
        product_ref=st.sampled_from(["A", "B", "C", "D"]),
        quantity=st.integers(0, 9),
        amount_fen=st.integers(0, 100_000),
    ),
    min_size=1,
    max_size=12,
)


@given(lines=LINES, share=st.floats(0, 1))
def test_parts_sum_to_the_whole_and_no_line_falls_below_zero(lines, share):
    total = rules.total_fen(lines)
    off = round(total * share)
    priced = rules.price_lines(lines, off)
    assert sum(line.coupon_fen for line in priced) == off
    assert sum(line.amount_fen for line in priced) == total - off
    assert all(line.amount_fen >= 0 and line.coupon_fen >= 0 for line in priced)
    assert [line.line_no for line in priced] == list(range(1, len(lines) + 1))


@given(lines=LINES, share=st.floats(0, 1), seed=st.randoms())
def test_order_of_scanning_does_not_change_what_a_product_cost(lines, share, seed):
    off = round(rules.total_fen(lines) * share)
    shuffled = list(lines)
    seed.shuffle(shuffled)

    def cost(some):
        return sorted((line.product_ref, line.amount_fen, line.coupon_fen) for line in rules.price_lines(some, off))

    assert cost(lines) == cost(shuffled)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": "a:b"}, "source"),
        ({"external_ref": ""}, "external_ref"),
        ({"lines": []}, "lines"),
        ({"lines": [OrderLineIn(product_ref="", quantity=1, amount_fen=1)]}, "lines[1].product_ref"),
        ({"lines": [OrderLineIn(product_ref="A", quantity=1, amount_fen=-1)]}, "lines[1].amount_fen"),
        ({"lines": [OrderLineIn(product_ref="A", quantity=-1, amount_fen=1)]}, "lines[1].quantity"),
        ({"lines": [OrderLineIn(product_ref="A", quantity=float("nan"), amount_fen=1)]}, "lines[1].quantity"),
        ({"lines": [OrderLineIn(product_ref="A", quantity=Decimal("0.0001"), amount_fen=1)]}, "lines[1].quantity"),
    ],
)
def test_orders_that_cannot_be_stored(changes, field):
    good = {"source": "pos", "external_ref": "1", "lines": [OrderLineIn(product_ref="A", quantity=1, amount_fen=1)]}
    rules.check_order(**good)
    with pytest.raises(OrderInvalidError) as refused:
        rules.check_order(**{**good, **changes})
    assert refused.value.field == field


def test_fingerprint_knows_the_same_post_in_another_zone_and_notices_any_change():
    base = {
        "store_id": 1,
        "member_id": None,
        "lines": [OrderLineIn(product_ref="A", quantity=1, amount_fen=1)],
        "coupon_code": None,
        "staff_id": None,
        "campaign_id": None,
        "at": AT,
    }
    first = rules.fingerprint(**base)
    assert rules.fingerprint(**{**base, "at": AT.astimezone(timezone(timedelta(hours=8)))}) == first
    same = [OrderLineIn(product_ref="A", quantity=Decimal("1.000"), amount_fen=1)]
    assert rules.fingerprint(**{**base, "lines": same}) == first
    changes = [
        {"store_id": 2},
        {"member_id": 1},
        {"coupon_code": "X"},
        {"at": AT + timedelta(seconds=1)},
        {"lines": []},
    ]
    assert len({rules.fingerprint(**{**base, **change}) for change in changes} | {first}) == len(changes) + 1
