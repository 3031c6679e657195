"""The seeded people: the same seed gives the same town, and nobody's decision hangs on anybody else's."""

from juqun_town import plan

BASKETS = {number: [[("milk", 2_500), ("rice", 4_000)], [("tea", 1_200)]] for number in range(1, 501)}


def test_same_seed_same_people_and_another_seed_others():
    assert plan.recruits(1, range(1, 501)) == plan.recruits(1, range(1, 501))
    assert plan.recruits(1, range(1, 501)) != plan.recruits(2, range(1, 501))


def test_one_household_more_changes_nobody_else():
    few = plan.recruits(1, range(1, 251))
    many = plan.recruits(1, range(1, 501))
    assert few == [one for one in many if one.household <= 250]
    one = plan.extra_orders(1, [7], BASKETS)
    assert one == [order for order in plan.extra_orders(1, range(1, 501), BASKETS) if order.household == 7]


def test_shares_are_what_they_say():
    found = plan.recruits(3, range(1, 20_001))
    assert abs(len(found) / 20_000 - plan.RECRUIT_SHARE) < 0.02
    assert abs(sum(one.joins for one in found) / len(found) - plan.JOIN_SHARE) < 0.03
    assert all(one.leaves_week is None or (one.joins and one.leaves_week > one.week) for one in found)


def test_the_coupon_is_shown_once_and_only_where_it_fits():
    found = plan.extra_orders(1, range(1, 501), BASKETS)
    assert {order.day for order in found} <= set(range(1, plan.EFFECT_DAYS))
    for order in found:
        fits = order.number == 0 and order.amount_fen >= plan.COUPON_THRESHOLD_FEN
        assert order.shows_coupon is fits
        assert order.net_fen == order.amount_fen - (plan.COUPON_OFF_FEN if fits else 0)
    assert plan.extra_orders(1, [600], BASKETS) == []
