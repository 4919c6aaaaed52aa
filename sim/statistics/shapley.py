"""Shapley values: attribution of an effect to its parts, run by run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of

if TYPE_CHECKING:
    import pandas as pd

MOST = 12  # parts: n! of them, times what a corner may be worth, is a whole number that a float holds exactly


@dataclass(frozen=True, kw_only=True, eq=False)
class Game:
    """Worth of every set of parts in each run: the corners of a lattice, on paired runs.

    Corner i of `worth` (2^n, runs) is the set of the parts whose bits are set in i, part k being bit k. Raises
    `InputError` for an array of another shape.
    """

    parts: tuple[str, ...]
    worth: np.ndarray

    def __post_init__(self) -> None:
        if not 1 <= len(self.parts) <= MOST:
            raise InputError(f"parts = {len(self.parts)} is not valid: a whole is divided among 1 to {MOST} parts.")
        if self.worth.ndim != 2 or len(self.worth) != 2 ** len(self.parts) or not self.worth.shape[1]:
            raise InputError(
                f"worth has the shape {self.worth.shape}: it must be ({2 ** len(self.parts)}, runs) with a run or more."
            )

    @property
    def runs(self) -> int:
        """Number of parts."""
        return self.worth.shape[1]

    def corner(self, *parts: str) -> int:
        """Return the index of a set of parts in `worth`."""
        return sum(1 << self.parts.index(part) for part in parts)

    def corners(self) -> Iterator[tuple[str, ...]]:
        """Sets of parts, in the order of `worth`."""
        for i in range(len(self.worth)):
            yield tuple(part for k, part in enumerate(self.parts) if i >> k & 1)

    @property
    def whole(self) -> np.ndarray:
        """Worth of all parts together minus that of none (runs,)."""
        return self.worth[-1].astype(float) - self.worth[0]

    def shares(self) -> np.ndarray:
        """Return each part's Shapley value in each run (parts, runs); over the parts they add up to `whole`.

        The mean over all orders in which the parts may come of what a part adds when it comes,

            φ_i = Σ_{S without i} |S|! (n - |S| - 1)! / n!  [v(S + i) - v(S)]

        (Shapley 1953, doi:10.1515/9781400881970-018).
        """
        n = len(self.parts)
        return value_weights(n) @ self.worth.astype(float) / factorial(n)

    def interactions(self) -> dict[tuple[str, str], np.ndarray]:
        """Return for each pair how much more the two add together than apart, in each run (runs,).

        The Shapley interaction index,

            I_ij = Σ_{S without i, j} |S|! (n - |S| - 2)! / (n - 1)!  [v(S + i + j) - v(S + i) - v(S + j) + v(S)]

        (Grabisch and Roubens 1999, doi:10.1007/s001820050125).
        """
        n = len(self.parts)
        worth = self.worth.astype(float)
        return {
            (self.parts[i], self.parts[j]): pair_weights(n, i, j) @ worth / factorial(n - 1)
            for i, j in combinations(range(n), 2)
        }

    def attribution(self, span: int = 1, confidence: float = CONFIDENCE) -> Attribution:
        """Return mean shares and interactions with intervals; `span` is the largest difference of two corners.

        A part's share in a run lies within ±span, a pair's interaction within ±2 span.
        """
        pairs = self.interactions()
        return Attribution(
            parts=self.parts,
            runs=self.runs,
            confidence=confidence,
            whole=mean_of(self.whole, span, confidence),
            shares={
                part: mean_of(value, span, confidence) for part, value in zip(self.parts, self.shares(), strict=True)
            },
            pairs={pair: mean_of(value, 2 * span, confidence) for pair, value in pairs.items()},
        )


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Attribution of a difference: shares that add up to the whole, and interactions of pairs."""

    parts: tuple[str, ...]
    runs: int
    confidence: float
    whole: Interval
    shares: dict[str, Interval]
    pairs: dict[tuple[str, str], Interval] = field(repr=False)

    @property
    def order(self) -> list[str]:
        """Return the parts in decreasing order of the absolute share."""
        return sorted(self.parts, key=lambda part: -abs(self.shares[part].estimate))

    def pair(self, a: str, b: str) -> Interval:
        """Return the interaction of two parts, in either order."""
        return self.pairs[(a, b) if (a, b) in self.pairs else (b, a)]

    def frame(self) -> pd.DataFrame:
        """Return one row per share and pair: `part`, `other` (empty for a share), estimate, low, high and method."""
        import pandas as pd

        rows = [(part, "", value) for part, value in self.shares.items()]
        rows += [(a, b, value) for (a, b), value in self.pairs.items()]
        return pd.DataFrame(
            [(part, other, value.estimate, value.low, value.high, value.method) for part, other, value in rows],
            columns=["part", "other", "estimate", "low", "high", "method"],
        )


@cache
def value_weights(n: int) -> np.ndarray:
    """Return n! times the weight of each corner in each part's Shapley value (n, 2^n), as integers."""
    size = np.array([i.bit_count() for i in range(2**n)])
    in_it = np.array([factorial(max(s - 1, 0)) * factorial(n - s) for s in range(n + 1)], float)
    out_of_it = np.array([factorial(s) * factorial(max(n - s - 1, 0)) for s in range(n + 1)], float)
    has = _has(n)
    return np.where(has, in_it[size], -out_of_it[size])


def pair_weights(n: int, i: int, j: int) -> np.ndarray:
    """Return (n - 1)! times the weight of each corner in the interaction of parts i and j (2^n,), as integers."""
    has = _has(n)
    others = np.array([k.bit_count() for k in range(2**n)]) - has[i] - has[j]
    counts = np.array([factorial(s) * factorial(n - 2 - s) for s in range(n - 1)], float)
    return np.where(has[i] == has[j], 1.0, -1.0) * counts[others]


def _has(n: int) -> np.ndarray:
    """Return whether each part is in each corner (n, 2^n)."""
    return (np.arange(2**n) >> np.arange(n)[:, None] & 1).astype(bool)


def game(parts: Sequence[str], worth: Callable[[frozenset[str]], Any]) -> Game:
    """Return the game of a function of sets of parts, whose value is a number or an array over runs."""
    parts = tuple(parts)
    corners = (frozenset(part for k, part in enumerate(parts) if i >> k & 1) for i in range(2 ** len(parts)))
    return Game(parts=parts, worth=np.array([np.atleast_1d(worth(value)) for value in corners]))
