"""BG/NBD and Gamma-Gamma on the raw CDNOW log, against the published parameters and against the library `lifetimes`."""

import warnings
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pytest

from juqun.domains.audience.errors import ClvFitError
from juqun.domains.audience.rules import clv

with warnings.catch_warnings():  # the library is of 2020 and sets a pandas option that has since lost its meaning
    warnings.simplefilter("ignore")
    import lifetimes

# ... and its own arithmetic warns while it fits.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
LOG = Path(lifetimes.__file__).parent / "datasets" / "CDNOW_sample.txt"
# One row per customer: repeat purchase days until the end of the 39 weeks of calibration, in weeks, and mean repeat value.
SUMMARY = f"""
WITH log AS (
    SELECT parts[2] AS customer, strptime(parts[3], '%Y%m%d')::DATE AS day, parts[5]::DECIMAL(9, 2) AS value
    FROM (SELECT regexp_split_to_array(trim(line), '\\s+') AS parts
          FROM read_csv('{LOG}', header = false, columns = {{'line': 'VARCHAR'}}, delim = '\x01'))
),
days AS (SELECT customer, day, sum(value) AS value FROM log GROUP BY ALL),
calibration AS (SELECT *, min(day) OVER (PARTITION BY customer) AS first FROM days WHERE day <= DATE '1997-09-30')
SELECT
    customer,
    (count(*) - 1)::DOUBLE AS frequency,
    (max(day) - first) / 7.0 AS recency,
    (DATE '1997-09-30' - first) / 7.0 AS age,
    coalesce(avg(value) FILTER (WHERE day > first), 0)::DOUBLE AS mean_value
FROM calibration GROUP BY customer, first ORDER BY customer
"""


@cache
def buyers():
    return duckdb.sql(SUMMARY).fetchnumpy()


def history():
    found = buyers()
    return found["frequency"], found["recency"], found["age"]


@cache
def purchases():
    return clv.fit_purchases(*history())


def test_the_raw_log_gives_the_published_bg_nbd():
    assert len(buyers()["customer"]) == 2_357
    model = purchases()
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx((0.2426, 4.4136, 0.7929, 2.4259), abs=0.001)
    assert model.log_likelihood == pytest.approx(-9582.43, abs=0.01)


def test_a_customers_next_39_weeks():
    (expected,) = clv.expected_purchases(purchases(), 39, [2], [30.43], [38.86])
    assert expected == pytest.approx(1.226, abs=0.001)


def test_the_raw_log_gives_the_published_gamma_gamma():
    found = buyers()
    model = clv.fit_spend(found["frequency"], found["mean_value"])
    assert model.customers == 946
    assert (model.p, model.q, model.gamma) == pytest.approx((6.250, 3.744, 15.44), abs=0.01)


def test_lifetimes_fits_and_predicts_the_same():
    fitter = lifetimes.BetaGeoFitter()
    fitter.fit(*history())
    theirs = fitter.params_
    model = purchases()
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx(tuple(theirs[["r", "alpha", "a", "b"]]), rel=2e-3)
    same = clv.PurchaseModel(**{name: float(theirs[name]) for name in ("r", "alpha", "a", "b")}, log_likelihood=0.0)
    frequency, recency, age = history()
    ours = clv.expected_purchases(same, 39, frequency, recency, age)
    np.testing.assert_allclose(
        ours, fitter.conditional_expected_number_of_purchases_up_to_time(39, frequency, recency, age), rtol=1e-6
    )
    alive = clv.probability_alive(same, frequency, recency, age)
    np.testing.assert_allclose(alive, fitter.conditional_probability_alive(frequency, recency, age), rtol=1e-9)


def test_lifetimes_expects_the_same_value_of_a_purchase():
    found = buyers()
    again = found["frequency"] > 0
    frequency, value = found["frequency"][again], found["mean_value"][again]
    fitter = lifetimes.GammaGammaFitter()
    fitter.fit(frequency, value)
    same = clv.SpendModel(p=fitter.params_["p"], q=fitter.params_["q"], gamma=fitter.params_["v"], customers=946)
    np.testing.assert_allclose(
        clv.expected_value(same, frequency, value),
        fitter.conditional_expected_average_profit(frequency, value),
        rtol=1e-9,
    )


def test_other_units_give_the_same_model():
    frequency, recency, age = history()
    days = clv.fit_purchases(frequency, recency * 7, age * 7)
    weeks = purchases()
    assert (days.r, days.alpha / 7, days.a, days.b) == pytest.approx((weeks.r, weeks.alpha, weeks.a, weeks.b), rel=1e-3)
    found = buyers()
    yuan, fen = (clv.fit_spend(frequency, found["mean_value"] * unit) for unit in (1, 100))
    assert (fen.p, fen.q, fen.gamma / 100) == pytest.approx((yuan.p, yuan.q, yuan.gamma), rel=1e-3)


def test_those_who_have_not_bought_again_are_worth_everybodys_mean():
    model = clv.SpendModel(p=6.25, q=3.744, gamma=15.44, customers=946)
    (value,) = clv.expected_value(model, [0], [0])
    assert value == pytest.approx(6.25 * 15.44 / 2.744)
    assert clv.lifetime_value([2.0], [value])[0] == pytest.approx(2 * value)
    assert np.isnan(clv.expected_value(clv.SpendModel(p=1, q=0.9, gamma=1, customers=1), [1], [5])).all()


def test_what_cannot_be_fitted_is_said():
    with pytest.raises(ClvFitError):
        clv.fit_purchases([0, 0], [0, 0], [5, 6])
    with pytest.raises(ClvFitError):
        clv.fit_spend([0, 1], [3, 0])
    with pytest.raises(ValueError, match="recency is at most age"):
        clv.fit_purchases([1], [9], [5])
