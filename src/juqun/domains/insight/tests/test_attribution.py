from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juqun.domains.insight.rules import attribution
from juqun.domains.insight.rules.attribution import MODELS, Path


def path(text, conversions, lost=0):
    return Path(channels=tuple(text.split(">")), conversions=conversions, lost=lost)


# serhiipuzyrov.com 2019-07: Google Ads 2, Mailing 1, Google Ads > Mailing 1, Google Ads once without conversion.
PUZYROV = [path("g", 2, lost=1), path("m", 1), path("g>m", 1)]
# Bryl's example: C1 > C2 > C3 converts once; C1 alone and C2 > C3 are lost.
BRYL = [path("c1>c2>c3", 1), path("c1", 0, lost=1), path("c2>c3", 0, lost=1)]


def test_markov_gives_puzyrovs_published_example():
    assert attribution.removal_effects(PUZYROV) == pytest.approx({"g": 0.75, "m": 0.5}, abs=1e-12)
    assert attribution.markov(PUZYROV) == pytest.approx({"g": 2.4, "m": 1.6}, abs=1e-12)


def test_markov_gives_bryls_published_example():
    assert attribution.removal_effects(BRYL) == pytest.approx({"c1": 0.5, "c2": 1, "c3": 1}, abs=1e-12)
    assert attribution.markov(BRYL) == pytest.approx({"c1": 0.2, "c2": 0.4, "c3": 0.4}, abs=1e-12)


def test_the_simple_models_on_one_path():
    paths = [path("a>b>b>c", 10)]
    assert attribution.first_touch(paths) == {"a": 10, "b": 0, "c": 0}
    assert attribution.last_touch(paths) == {"a": 0, "b": 0, "c": 10}
    assert attribution.linear(paths) == {"a": 2.5, "b": 5, "c": 2.5}
    assert attribution.position(paths) == pytest.approx({"a": 4, "b": 2, "c": 4})
    assert attribution.shapley(paths) == pytest.approx({"a": 10 / 3, "b": 10 / 3, "c": 10 / 3})


def shapley_by_definition(paths):
    """The average, over all orders in which channels may join, of what each adds to v(S) = journeys inside S."""
    channels = sorted({c for p in paths for c in p.channels})

    def worth(inside):
        return sum(p.conversions for p in paths if set(p.channels) <= inside)

    credit, orders = dict.fromkeys(channels, 0.0), list(permutations(channels))
    for order in orders:
        for i, channel in enumerate(order):
            credit[channel] += (worth(set(order[: i + 1])) - worth(set(order[:i]))) / len(orders)
    return credit


journeys = st.lists(
    st.builds(
        Path,
        channels=st.lists(st.sampled_from("abcde"), min_size=1, max_size=6).map(tuple),
        conversions=st.integers(1, 40),
        lost=st.integers(0, 40),
    ),
    min_size=1,
    max_size=12,
)


@given(journeys)
def test_the_credits_of_every_model_sum_to_the_conversions(paths):
    total = sum(p.conversions for p in paths)
    for name, model in MODELS.items():
        credit = model(paths)
        assert sum(credit.values()) == pytest.approx(total, rel=1e-9), name
        assert min(credit.values()) >= -1e-9, name


@given(journeys)
def test_the_closed_form_is_the_shapley_value(paths):
    assert attribution.shapley(paths) == pytest.approx(shapley_by_definition(paths))


@given(st.integers(1, 50))
def test_position_shares_sum_to_one(touches):
    assert sum(attribution.position_shares(touches)) == pytest.approx(1)


def test_channels_that_never_convert_get_nothing_and_break_nothing():
    assert attribution.markov([path("a>b", 0, lost=3)]) == {"a": 0.0, "b": 0.0}
