"""Attribution: how the credit for conversions is shared among the channels on the way to them.

Attribution describes credit; only a holdout measures effect. The models differ a lot for one large channel, so they are
always shown side by side. The credits of every model sum to the number of conversions.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

START: Final = "\x02start"
CONVERSION: Final = "\x03conversion"
NULL: Final = "\x03null"
# First and last touch take 40 % each, those between share 20 %; two touches take half each.
EDGE_SHARE: Final = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A sequence of channels in the order of touching, how many conversions it led to, and how often it led to none."""

    channels: tuple[str, ...]
    conversions: float
    lost: float = 0


def position_shares(touches: int) -> list[float]:
    """Return the 40/20/40 shares of a path with that many touches; they sum to 1."""
    if touches == 1:
        return [1.0]
    if touches == 2:
        return [0.5, 0.5]
    between = (1 - 2 * EDGE_SHARE) / (touches - 2)
    return [EDGE_SHARE, *([between] * (touches - 2)), EDGE_SHARE]


def _by_shares(paths: Sequence[Path], shares: Callable[[int], Sequence[float]]) -> dict[str, float]:
    credit: dict[str, float] = defaultdict(float)
    for path in paths:
        for channel, share in zip(path.channels, shares(len(path.channels)), strict=True):
            credit[channel] += share * path.conversions
    return dict(credit)


def first_touch(paths: Sequence[Path]) -> dict[str, float]:
    """Give each conversion to the first channel of its path."""
    return _by_shares(paths, lambda n: [1.0] + [0.0] * (n - 1))


def last_touch(paths: Sequence[Path]) -> dict[str, float]:
    """Give each conversion to the last channel of its path."""
    return _by_shares(paths, lambda n: [0.0] * (n - 1) + [1.0])


def linear(paths: Sequence[Path]) -> dict[str, float]:
    """Share each conversion equally among the touches of its path."""
    return _by_shares(paths, lambda n: [1.0 / n] * n)


def position(paths: Sequence[Path]) -> dict[str, float]:
    """Share each conversion 40/20/40 among first, middle and last touches."""
    return _by_shares(paths, position_shares)


def shapley(paths: Sequence[Path]) -> dict[str, float]:
    """Share each conversion by Shapley value on channel sets.

    With v(S) = the conversions of journeys that lie wholly inside S, the Shapley value has a closed form: an equal split
    over the distinct channels of each journey (each journey is a unanimity game).
    """
    credit: dict[str, float] = defaultdict(float)
    for path in paths:
        distinct = dict.fromkeys(path.channels)
        for channel in distinct:
            credit[channel] += path.conversions / len(distinct)
    return dict(credit)


def removal_effects(paths: Sequence[Path]) -> dict[str, float]:
    """Return, per channel, the share of conversions lost when it is taken out of the first-order Markov chain.

    Exact: the absorption probabilities are solved, not simulated. Taking a channel out sends all who would come to it
    to "lost".
    """
    channels, within, converting, entering = _chain(paths)
    base = _conversion_probability(within, converting, entering, removed=None)
    if base == 0:
        return dict.fromkeys(channels, 0.0)
    return {
        channel: 1 - _conversion_probability(within, converting, entering, removed=index) / base
        for index, channel in enumerate(channels)
    }


def markov(paths: Sequence[Path]) -> dict[str, float]:
    """Share all conversions in proportion to the channels' removal effects (exact absorbing chain, order 1)."""
    effects = removal_effects(paths)
    total, weight = sum(path.conversions for path in paths), sum(effects.values())
    return {channel: total * effect / weight if weight else 0.0 for channel, effect in effects.items()}


MODELS: Final[Mapping[str, Callable[[Sequence[Path]], dict[str, float]]]] = {
    "first": first_touch,
    "last": last_touch,
    "linear": linear,
    "position": position,
    "markov": markov,
    "shapley": shapley,
}


def _chain(paths: Sequence[Path]) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Return channels, P(channel -> channel), P(channel -> conversion) and P(start -> channel)."""
    moves: Counter[tuple[str, str]] = Counter()
    for path in paths:
        steps = [START, *path.channels]
        for here, there in pairwise(steps):
            moves[here, there] += path.conversions + path.lost  # type: ignore[assignment]
        moves[path.channels[-1], CONVERSION] += path.conversions  # type: ignore[assignment]
        moves[path.channels[-1], NULL] += path.lost  # type: ignore[assignment]
    channels = sorted({channel for path in paths for channel in path.channels})
    index = {channel: i for i, channel in enumerate(channels)}
    within, converting, entering = np.zeros((len(channels),) * 2), np.zeros(len(channels)), np.zeros(len(channels))
    for (here, there), count in moves.items():
        if here == START:
            entering[index[there]] += count
        elif there == CONVERSION:
            converting[index[here]] += count
        elif there != NULL:
            within[index[here], index[there]] += count
    leaving = np.zeros(len(channels))
    for (here, _), count in moves.items():
        if here != START:
            leaving[index[here]] += count
    leaving[leaving == 0] = 1.0
    return channels, within / leaving[:, None], converting / leaving, entering / max(entering.sum(), 1e-300)


def _conversion_probability(
    within: np.ndarray, converting: np.ndarray, entering: np.ndarray, *, removed: int | None
) -> float:
    kept = np.arange(len(converting)) if removed is None else np.delete(np.arange(len(converting)), removed)
    if len(kept) == 0:
        return 0.0
    inner = np.eye(len(kept)) - within[np.ix_(kept, kept)]
    reached = np.linalg.solve(inner, converting[kept])
    return float(entering[kept] @ reached)
