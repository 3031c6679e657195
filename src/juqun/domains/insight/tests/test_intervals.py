import pytest

from juqun.domains.insight.rules.intervals import wilson


def test_the_published_case_124_of_645():
    share = wilson(124, 645)
    assert round(share.value * 100, 2) == 19.22
    assert (round(share.low * 100, 1), round(share.high * 100, 1)) == (16.4, 22.4)


@pytest.mark.parametrize(("k", "n"), [(0, 0), (0, 10), (10, 10), (1, 1), (3, 7)])
def test_an_interval_stays_inside_nought_and_one_and_holds_the_share(k, n):
    share = wilson(k, n)
    assert 0 <= share.low <= share.value <= share.high <= 1


def test_nobody_tells_nothing():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
