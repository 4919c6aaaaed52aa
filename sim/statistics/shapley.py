"""Shapley values: attribution of an effect to its parts, run by run, or of shares among selected runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import combinations
from math import factorial

import numpy as np

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import (
    CONFIDENCE,
    FEW,
    Interval,
    SelectedPairs,
    check_confidence,
    clopper_pearson,
    mean_of,
    share_of_selected,
)

RESAMPLES, AT_ONCE = 999, 100  # of a bootstrap, and those held in memory together
METHOD = f"percentile bootstrap over runs; exact where fewer than {FEW} have or lack it"
MOST = 12  # parts: n! of them, times what a corner may be worth, is a whole number that a float holds exactly


@dataclass(frozen=True, kw_only=True, eq=False)
class Game:
    """Worth of every set of parts in each run: the corners of a lattice, on paired runs."""

    parts: tuple[str, ...]
    worth: np.ndarray  #: (2^n, runs): corner i is the set of the parts whose bits are set in i, part k being bit k

    def __post_init__(self) -> None:
        corners = 2 ** len(self.parts)
        if not 1 <= len(self.parts) <= MOST:
            raise InputError(f"parts = {len(self.parts)} is not valid: a whole is divided among 1 to {MOST} parts.")
        if self.worth.ndim != 2 or len(self.worth) != corners or not self.worth.shape[1]:
            right = f"it must be ({corners}, runs) with a run or more"
            raise InputError(f"worth has the shape {self.worth.shape}: {right}.")

    def corner(self, *parts: str) -> int:
        """Return the index of a set of parts in `worth`."""
        return sum(1 << self.parts.index(part) for part in parts)

    def corners(self) -> Iterator[tuple[str, ...]]:
        """Yield the sets of parts in the order of `worth`."""
        yield from corners_of(self.parts)

    @property
    def whole(self) -> np.ndarray:
        """Worth of all parts together minus that of none (runs,)."""
        return self.worth[-1].astype(float) - self.worth[0]

    def shares(self) -> np.ndarray:
        """Return each part's Shapley value (Shapley 1953, doi:10.1515/9781400881970-018) in each run (parts, runs).

        φ_i = Σ_{S without i} |S|! (n - |S| - 1)! / n!  [v(S + i) - v(S)]; over the parts they add up to `whole`.
        """
        n = len(self.parts)
        return value_weights(n) @ self.worth.astype(float) / factorial(n)

    def interactions(self) -> dict[tuple[str, str], np.ndarray]:
        """Return each pair's Shapley interaction index in each run (Grabisch, Roubens 1999, doi:10.1007/s001820050125).

        I_ij = Σ_{S without i, j} |S|! (n - |S| - 2)! / (n - 1)!  [v(S + i + j) - v(S + i) - v(S + j) + v(S)]
        """
        worth, n = self.worth.astype(float), len(self.parts)
        weights = interaction_weights(self.parts)
        return {pair: weight @ worth / factorial(n - 1) for pair, weight in weights.items()}

    def attribution(self, span: int = 1, confidence: float = CONFIDENCE) -> Attribution:
        """Return mean shares and interactions with intervals; `span` is the largest difference of two corners."""
        shares = zip(self.parts, self.shares(), strict=True)
        return Attribution(
            parts=self.parts,
            confidence=confidence,
            whole=mean_of(self.whole, span, confidence),
            shares={part: mean_of(value, span, confidence) for part, value in shares},
            pairs={pair: mean_of(value, 2 * span, confidence) for pair, value in self.interactions().items()},
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectedGame:
    """Corners of a lattice that are worth shares among selected runs, of one arm, or of one minus those of another.

    Which runs are selected differs between corners, so that a run has no shares of its own: Shapley values are formed
    from the corners' values.
    """

    parts: tuple[str, ...]
    events: np.ndarray  #: whether runs have the event (2^n, arms, runs), in the order of `Game.worth`
    selected: np.ndarray  #: whether they are selected (2^n, arms, runs)
    how: str = "is selected"  #: the selection in words, as the end of a sentence

    def __post_init__(self) -> None:
        for corner, runs in zip(corners_of(self.parts), self.selected.sum(axis=2), strict=True):
            if not runs.all():
                these = f"exactly these parts: {', '.join(corner)}" if corner else "none of the parts"
                raise InputError(
                    f"no run of an arm {self.how} with {these}; without a value of every set, nothing can be divided."
                )

    def pairs(self, one: tuple[int, int], other: tuple[int, int]) -> SelectedPairs:
        """Return the paired counts of two sets of runs, each given by its corner and arm."""
        happened, chosen = ((which[one], which[other]) for which in (self.events, self.selected))
        return SelectedPairs.of(happened, chosen)

    def values(self, confidence: float = CONFIDENCE) -> list[Interval]:
        """Return the value of each corner: a share, or the difference of two."""
        if self.events.shape[1] == 2:
            return [self.pairs((i, 0), (i, 1)).difference(confidence) for i in range(len(self.events))]
        events, runs = (self.events & self.selected).sum(axis=2)[:, 0], self.selected.sum(axis=2)[:, 0]
        return [share_of_selected(*counts, confidence) for counts in zip(events.tolist(), runs.tolist(), strict=True)]

    def attribution(self, confidence: float = CONFIDENCE, seed: int = 0) -> Attribution:
        """Return shares and interactions; intervals are percentiles of a bootstrap over runs, the same in all corners.

        A share that fewer than FEW runs have, or lack, is held in the bootstrap, which does not see how far it may be
        off; the reach of its exact interval, times its weight, is added to the limits instead. Limits are at most as
        far apart as all that is possible.
        """
        check_confidence(confidence)
        n, arms = len(self.parts), self.events.shape[1]
        shapley, whole = value_weights(n) / factorial(n), np.eye(2**n)[[-1]] - np.eye(2**n)[[0]]
        among = interaction_weights(self.parts)
        crossed = np.reshape([*among.values()], (len(among), 2**n)) / factorial(max(n - 1, 0))
        weights = np.concatenate([whole, shapley, crossed])
        spans = np.repeat([1, 1, 2], [1, n, len(among)]) * arms
        intervals = self._intervals(weights, spans, confidence, seed)
        return Attribution(
            parts=self.parts,
            confidence=confidence,
            whole=intervals[0],
            shares=dict(zip(self.parts, intervals[1 : 1 + n], strict=True)),
            pairs=dict(zip(among, intervals[1 + n :], strict=True)),
        )

    def _intervals(self, weights: np.ndarray, spans: np.ndarray, confidence: float, seed: int) -> list[Interval]:
        """Return sums of the corners' values with weights (sums, 2^n), none beyond its span (sums,)."""
        happened, arms = self.events & self.selected, self.events.shape[1]
        events, runs = happened.sum(axis=2), self.selected.sum(axis=2)
        few, shares, sign = np.minimum(events, runs - events) < FEW, events / runs, np.array([1.0, -1.0][:arms])
        estimates = weights @ (shares @ sign)
        again = np.concatenate([weights @ (drawn @ sign).T for drawn in self._resampled(few, shares, seed)], axis=1)
        low, high = np.quantile(again, [(1 - confidence) / 2, (1 + confidence) / 2], axis=1)
        limits_of = cache(partial(clopper_pearson, confidence=confidence))  # many corners have the same counts
        for i, arm in np.argwhere(few):
            exact = limits_of(int(events[i, arm]), int(runs[i, arm]))
            reach, weight = (exact.estimate - exact.low, exact.high - exact.estimate), weights[:, i] * sign[arm]
            low -= np.where(weight > 0, reach[0], reach[1]) * np.abs(weight)
            high += np.where(weight > 0, reach[1], reach[0]) * np.abs(weight)
        limits = zip(estimates, np.maximum(low, -spans), np.minimum(high, spans), strict=True)
        return [
            Interval(estimate=float(at), low=float(least), high=float(most), confidence=confidence, method=METHOD)
            for at, least, most in limits
        ]

    def _resampled(self, few: np.ndarray, shares: np.ndarray, seed: int) -> Iterator[np.ndarray]:
        """Yield the corners' shares in resampled runs (resamples, 2^n, arms), those of few runs as they are."""
        rng, count = np.random.default_rng([seed, self.events.shape[2]]), self.events.shape[2]
        happened, chosen = (which.astype(float) for which in (self.events & self.selected, self.selected))
        for first in range(0, RESAMPLES, AT_ONCE):
            drawn = rng.integers(count, size=(min(AT_ONCE, RESAMPLES - first), count))
            times = np.array([np.bincount(row, minlength=count) for row in drawn], float)
            events, runs = (np.moveaxis(which @ times.T, 2, 0) for which in (happened, chosen))
            known = ~few & (runs > 0)
            yield np.divide(events, runs, out=np.broadcast_to(shares, events.shape).copy(), where=known)


def corners_of(parts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the sets of parts: that of corner i are the parts whose bits are set in i, part k being bit k."""
    for within in _within(len(parts)).T:
        yield tuple(part for part, is_in in zip(parts, within, strict=True) if is_in)


def interaction_weights(parts: Sequence[str]) -> dict[tuple[str, str], np.ndarray]:
    """Return (n - 1)! times the weight of each corner (2^n,) in the interaction index of each pair of n parts."""
    n, within, weights = len(parts), _within(len(parts)), {}
    for i, j in combinations(range(n), 2):
        others = within.sum(axis=0) - within[i] - within[j]
        weights[parts[i], parts[j]] = np.where(within[i] == within[j], 1.0, -1.0) * _orders(n - 2)[others]
    return weights


def value_weights(n: int) -> np.ndarray:
    """Return n! times the weight of each corner in the Shapley value of each of n parts (n, 2^n)."""
    within = _within(n)
    return np.where(within, 1.0, -1.0) * _orders(n - 1)[within.sum(axis=0) - within]


def _within(n: int) -> np.ndarray:
    return (np.arange(2**n) >> np.arange(n)[:, None] & 1).astype(bool)


def _orders(others: int) -> np.ndarray:
    """Return how many orders put s of the other parts before a part, and the rest after it, for s = 0, 1, ..."""
    return np.array([factorial(s) * factorial(others - s) for s in range(others + 1)], float)


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Attribution of a difference: shares that add up to the whole, and interactions of pairs."""

    parts: tuple[str, ...]
    confidence: float
    whole: Interval
    shares: dict[str, Interval]
    pairs: dict[tuple[str, str], Interval] = field(repr=False)

    @property
    def order(self) -> list[str]:
        """The parts in decreasing order of the absolute share."""
        return sorted(self.parts, key=lambda part: -abs(self.shares[part].estimate))

    def pair(self, a: str, b: str) -> Interval:
        """Return the interaction of two parts, in either order."""
        return self.pairs[(a, b) if (a, b) in self.pairs else (b, a)]
