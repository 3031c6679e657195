"""Customer lifetime value: how many purchases a customer is still to make (BG/NBD), and how much each brings (Gamma-Gamma).

Both models need three figures per customer: `frequency` (periods with a repeat purchase), `recency` (periods from the first
to the last purchase) and `age` (periods from the first purchase to now), all in one unit, and for the money the mean value of
a repeat purchase. Fader, Hardie and Lee 2005 (BG/NBD) and Fader and Hardie 2013 (Gamma-Gamma); fitted by maximum likelihood
over distinct (frequency, recency, age), which makes ten thousands of customers a matter of seconds. Honest limit, measured
on the CDNOW buyers: the second 39 weeks brought 1,882 purchases where 1,653 had been expected (-12 %).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from juqun.domains.audience.errors import ClvFitError

Floats = npt.NDArray[np.float64]

_TOLERANCE: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseModel:
    """BG/NBD: purchase rates vary as gamma(r, alpha), the chance to drop out after a purchase as beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendModel:
    """Gamma-Gamma: values of a customer's purchases vary as gamma(p, v), v over customers as gamma(q, gamma)."""

    p: float
    q: float
    gamma: float
    customers: int


def fit_purchases(frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> PurchaseModel:
    """Return the BG/NBD model that makes the customers' purchase histories most likely.

    Raises ClvFitError when nobody bought again or the search does not settle.
    """
    x, t_x, t = _history(frequency, recency, age)
    if not (x > 0).any():
        raise ClvFitError(reason="nobody bought a second time")
    distinct, weight = np.unique(np.column_stack([x, t_x, t]), axis=0, return_counts=True)
    x, t_x, t = distinct.T
    scale = max(float(t.max()), 1.0)  # searched in units of the longest age, so that one start fits weeks and days

    def cost(log_parameters: Floats) -> float:
        r, alpha, a, b = np.exp(log_parameters)
        return -float(weight @ _log_likelihood(r, alpha, a, b, x, t_x / scale, t / scale)) / float(weight.sum())

    found = _search(cost, np.log([0.5, 0.2, 0.8, 2.0]))
    r, alpha, a, b = np.exp(found)
    alpha *= scale
    total = float(weight @ _log_likelihood(r, alpha, a, b, x, t_x, t))
    return PurchaseModel(r=float(r), alpha=float(alpha), a=float(a), b=float(b), log_likelihood=total)


def expected_purchases(
    model: PurchaseModel, periods: float, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> Floats:
    """Return how many purchases each customer is expected to make in the next `periods` (equation 10 of the paper)."""
    x, t_x, t = _history(frequency, recency, age)
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    z = periods / (alpha + t + periods)
    hypergeometric = hyp2f1(r + x, b + x, a + b + x - 1, z)
    grown = 1 - ((alpha + t) / (alpha + t + periods)) ** (r + x) * hypergeometric
    return np.asarray((a + b + x - 1) / (a - 1) * grown / (1 + _odds_dropped(model, x, t_x, t)), dtype=np.float64)


def probability_alive(
    model: PurchaseModel, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> Floats:
    """Return how likely each customer is still a customer; 1 for those who have not bought again yet."""
    return np.asarray(1 / (1 + _odds_dropped(model, *_history(frequency, recency, age))), dtype=np.float64)


def fit_spend(frequency: npt.ArrayLike, mean_value: npt.ArrayLike) -> SpendModel:
    """Return the Gamma-Gamma model of the mean value of repeat purchases.

    Customers without a repeat purchase or without a positive value are left out. Raises ClvFitError when none is left or
    the search does not settle.
    """
    x, m = np.asarray(frequency, dtype=np.float64), np.asarray(mean_value, dtype=np.float64)
    known = (x > 0) & (m > 0)
    x, m = x[known], m[known]
    if len(x) == 0:
        raise ClvFitError(reason="no repeat purchase has a value")
    scale = float(m.mean())  # searched in units of the mean, so that one start fits yuan and fen

    def cost(log_parameters: Floats) -> float:
        p, q, gamma = np.exp(log_parameters)
        value = m / scale
        terms = (
            gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
            + (p * x - 1) * np.log(value) + p * x * np.log(x) - (p * x + q) * np.log(x * value + gamma)
        )  # fmt: skip
        return -float(terms.mean())

    p, q, gamma = np.exp(_search(cost, np.log([2.0, 2.0, 1.0])))
    return SpendModel(p=float(p), q=float(q), gamma=float(gamma) * scale, customers=len(x))


def expected_value(model: SpendModel, frequency: npt.ArrayLike, mean_value: npt.ArrayLike) -> Floats:
    """Return the expected value of a purchase of each customer: their own mean drawn towards everybody's.

    Customers without repeat purchases get everybody's mean. NaN where q <= 1, for which no mean exists.
    """
    x, m = np.asarray(frequency, dtype=np.float64), np.asarray(mean_value, dtype=np.float64)
    if model.q <= 1:
        return np.full(np.broadcast(x, m).shape, np.nan)
    everybody = model.p * model.gamma / (model.q - 1)
    own = model.p * x / (model.p * x + model.q - 1)
    return np.asarray((1 - own) * everybody + np.where(x > 0, own * m, 0.0), dtype=np.float64)


def lifetime_value(purchases: npt.ArrayLike, value: npt.ArrayLike) -> Floats:
    """Return expected purchases times their expected value, in the value's unit; no margin and no discounting."""
    return np.asarray(purchases, dtype=np.float64) * np.asarray(value, dtype=np.float64)


def _history(frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    x, t_x, t = (np.asarray(values, dtype=np.float64) for values in (frequency, recency, age))
    if (x < 0).any() or (t_x < 0).any() or (t_x > t + _TOLERANCE).any():
        raise ValueError("frequency and recency are not negative, and recency is at most age")
    return x, t_x, t


def _log_likelihood(r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, t: Floats) -> Floats:
    """Log likelihood of each history: still a customer, or dropped out after the last purchase (only with x > 0)."""
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t)
    with np.errstate(divide="ignore", invalid="ignore"):
        dropped = betaln(a + 1, b + x - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    dropped = np.where(x > 0, dropped, -np.inf)
    return np.asarray(common + np.logaddexp(alive, dropped), dtype=np.float64)


def _odds_dropped(model: PurchaseModel, x: Floats, t_x: Floats, t: Floats) -> Floats:
    ratio = (model.r + x) * (np.log(model.alpha + t) - np.log(model.alpha + t_x))
    return np.where(x > 0, model.a / (model.b + np.maximum(x, 1) - 1) * np.exp(ratio), 0.0)


def _search(cost: Callable[[Floats], float], start: Floats) -> Floats:
    """Minimise over log parameters: a simplex to come near from any start, then a gradient method to settle exactly."""
    near = minimize(cost, start, method="Nelder-Mead", options={"maxiter": 2_000, "xatol": 1e-4, "fatol": 1e-9})
    found = minimize(cost, near.x, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-8})
    best = found if found.fun <= near.fun else near
    if not (near.success and np.isfinite(best.fun)):
        raise ClvFitError(reason="it is too short or too uniform")
    return np.asarray(best.x, dtype=np.float64)
