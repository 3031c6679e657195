"""Effects of campaigns against their holdouts: which comparison is allowed, and how sure it is.

What was drawn is what is compared. A campaign drawn by member is compared by members; one drawn by store or group is
compared by the drawn units' totals, and comparing its members one by one is refused: on real clustered data that calls
14-26 % of effectless campaigns a success at a nominal 5 %, the units' comparison 3-6 % (measured by re-randomised A/A runs).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from scipy.stats import chi2, t

from juqun.domains.insight.errors import NaiveTestRefusedError, TooFewUnitsError
from juqun.domains.insight.types import DrawUnit, Interval

CONFIDENCE: Final = 0.95
# Below this p-value a split differs from its plan by more than chance would in a thousand campaigns.
SAMPLE_RATIO_ALARM: Final = 0.001
_SMALLEST_CLUSTER_ARM: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmMoments:
    """Spending of one arm's members in the window (outcome) and before it: count, means, sample (co)variances; fen."""

    members: int
    outcome_mean: float
    before_mean: float = 0.0
    outcome_variance: float = 0.0
    before_variance: float = 0.0
    covariance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTotals:
    """Totals of an arm's units, one entry per unit: members, their spending in the window and before it (fen)."""

    members: Sequence[int] | np.ndarray
    outcome: Sequence[float] | np.ndarray
    before: Sequence[float] | np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Treated minus holdout per member, with 95 % interval, p-value and what CUPED gained."""

    difference: Interval
    relative: Interval | None
    treated_mean: float
    holdout_mean: float
    p_value: float
    cuped_gain: float


def compare_members(treated: ArmMoments, holdout: ArmMoments, *, drawn_by: DrawUnit) -> Effect:
    """Return the effect of a campaign drawn by member: difference in means with CUPED, unequal variances (Welch).

    Raises NaiveTestRefusedError when stores or groups were drawn, TooFewUnitsError below two members in an arm.
    """
    if drawn_by is not DrawUnit.MEMBER:
        raise NaiveTestRefusedError(unit=drawn_by.value)
    if min(treated.members, holdout.members) < _SMALLEST_CLUSTER_ARM:
        raise TooFewUnitsError(treated=treated.members, holdout=holdout.members)
    freedom = np.array([treated.members - 1.0, holdout.members - 1.0])
    theta = _theta(
        float(freedom @ [treated.covariance, holdout.covariance]),
        float(freedom @ [treated.before_variance, holdout.before_variance]),
    )
    arms = [_member_arm(arm, theta) for arm in (treated, holdout)]
    raw = treated.outcome_variance / treated.members + holdout.outcome_variance / holdout.members
    return _effect(arms[0], arms[1], theta, raw)


def compare_units(treated: UnitTotals, holdout: UnitTotals) -> Effect:
    """Return the effect per member of a campaign drawn by store or group, from the units' totals.

    The mean per member of an arm is a ratio of totals; its error comes from how far each unit's total lies from what the
    ratio predicts (linearised, each residual weighed by its unit's leverage as in CR2), with one degree of freedom less
    than units in each arm. Raises TooFewUnitsError below two units in an arm.
    """
    if min(len(treated.members), len(holdout.members)) < _SMALLEST_CLUSTER_ARM:
        raise TooFewUnitsError(treated=len(treated.members), holdout=len(holdout.members))
    parts = [_linearised(arm) for arm in (treated, holdout)]
    theta = _theta(
        sum(float(outcome @ before) for _, outcome, before, _ in parts),
        sum(float(before @ before) for _, _, before, _ in parts),
    )
    arms = [_unit_arm(part, theta) for part in parts]
    raw = sum(_unit_arm(part, 0.0).variance for part in parts)
    return _effect(arms[0], arms[1], theta, raw)


def sample_ratio_p_value(treated: int, holdout: int, *, holdout_share: float) -> float:
    """Return the chi-square p-value of the observed split against the planned one; `holdout_share` lies inside (0, 1)."""
    total = treated + holdout
    if total == 0:
        return 1.0
    expected = np.array([total * (1 - holdout_share), total * holdout_share])
    statistic = float((((np.array([treated, holdout]) - expected) ** 2) / expected).sum())
    return float(chi2.sf(statistic, df=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arm:
    """One arm after adjustment: mean outcome, mean before, weight, variance of the adjusted mean, degrees of freedom."""

    outcome_mean: float
    before_mean: float
    weight: float
    variance: float
    freedom: float


def _theta(covariance: float, variance: float) -> float:
    return covariance / variance if variance > 0 else 0.0


def _member_arm(arm: ArmMoments, theta: float) -> _Arm:
    adjusted = arm.outcome_variance - 2 * theta * arm.covariance + theta * theta * arm.before_variance
    return _Arm(
        outcome_mean=arm.outcome_mean,
        before_mean=arm.before_mean,
        weight=arm.members,
        variance=max(adjusted, 0.0) / arm.members,
        freedom=arm.members - 1,
    )


_Linearised = tuple[tuple[float, float, float], np.ndarray, np.ndarray, int]


def _linearised(arm: UnitTotals) -> _Linearised:
    """Return (members, mean outcome, mean before), leverage-weighed residuals of both per member, and the unit count."""
    members, outcome, before = (np.asarray(x, dtype=float) for x in (arm.members, arm.outcome, arm.before))
    total = members.sum()
    means = float(outcome.sum() / total), float(before.sum() / total)
    weigh = 1.0 / (total * np.sqrt(np.clip(1.0 - members / total, 1e-9, None)))
    return (
        (float(total), *means),
        (outcome - means[0] * members) * weigh,
        (before - means[1] * members) * weigh,
        len(members),
    )


def _unit_arm(part: _Linearised, theta: float) -> _Arm:
    (members, outcome_mean, before_mean), outcome, before, units = part
    residual = outcome - theta * before
    return _Arm(
        outcome_mean=outcome_mean,
        before_mean=before_mean,
        weight=members,
        variance=float(residual @ residual),
        freedom=units - 1,
    )


def _effect(treated: _Arm, holdout: _Arm, theta: float, raw_variance: float) -> Effect:
    common = (treated.weight * treated.before_mean + holdout.weight * holdout.before_mean) / (
        treated.weight + holdout.weight
    )
    means = [arm.outcome_mean - theta * (arm.before_mean - common) for arm in (treated, holdout)]
    variance = treated.variance + holdout.variance
    difference = means[0] - means[1]
    if variance <= 0:
        exact = Interval(value=difference, low=difference, high=difference)
        p_value = 1.0 if difference == 0 else 0.0
        return Effect(difference=exact, relative=None, treated_mean=means[0], holdout_mean=means[1], p_value=p_value,
                      cuped_gain=1.0)  # fmt: skip
    freedom = variance**2 / (treated.variance**2 / treated.freedom + holdout.variance**2 / holdout.freedom)
    width = float(t.ppf(0.5 + CONFIDENCE / 2, freedom))
    error = sqrt(variance)
    return Effect(
        difference=Interval(value=difference, low=difference - width * error, high=difference + width * error),
        relative=_relative(means[0], means[1], treated.variance, holdout.variance, width),
        treated_mean=means[0],
        holdout_mean=means[1],
        p_value=float(2 * t.sf(abs(difference) / error, freedom)),
        cuped_gain=raw_variance / variance,
    )


def _relative(treated: float, holdout: float, var_treated: float, var_holdout: float, width: float) -> Interval | None:
    """Return treated / holdout - 1 by the delta method; None where the holdout's mean may be zero."""
    if holdout <= width * sqrt(var_holdout):
        return None
    ratio = treated / holdout
    half = width * sqrt(var_treated + ratio**2 * var_holdout) / holdout
    return Interval(value=ratio - 1, low=ratio - 1 - half, high=ratio - 1 + half)
