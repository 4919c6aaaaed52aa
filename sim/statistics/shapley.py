"""Shapley values: attribution of an effect to its parts, run by run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from math import factorial

import numpy as np

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of

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
        for within in self._within().T:
            yield tuple(part for part, is_in in zip(self.parts, within, strict=True) if is_in)

    def _within(self) -> np.ndarray:
        """Return whether each part is in each corner (n, 2^n)."""
        return _within(len(self.parts))

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
        n, within, worth = len(self.parts), self._within(), self.worth.astype(float)
        indices = {}
        for i, j in combinations(range(n), 2):
            others = within.sum(axis=0) - within[i] - within[j]
            weights = np.where(within[i] == within[j], 1.0, -1.0) * _orders(n - 2)[others]
            indices[self.parts[i], self.parts[j]] = weights @ worth / factorial(n - 1)
        return indices

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
