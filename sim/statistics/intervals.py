"""Intervals for frequencies and for differences between paired arms.

In plain Python: the libraries that have Wilson's interval take longer to load than the default comparison takes to run.
So are the exact limits of few counts in `feint.sim.statistics.exact_intervals`, which most results have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

from feint.agents.errors import InputError

CONFIDENCE = 0.95
HALF_WIDTH = 0.01  # that a comparison says the cost of, unless another is asked for
SMALLEST_HALF_WIDTH = 1e-6


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with the interval that goes with it."""

    estimate: float
    low: float
    high: float
    confidence: float
    method: str

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2


def wilson(count: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Score interval of a frequency, `count` of `runs` (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Its limits are the frequencies p at which (count / runs - p)² = z² p (1 - p) / runs.
    """
    z2 = _quantile(confidence) ** 2 / runs
    share = count / runs
    centre, reach = share + z2 / 2, sqrt(z2 * share * (1 - share) + z2**2 / 4)
    low, high = max(0.0, (centre - reach) / (1 + z2)), min(1.0, (centre + reach) / (1 + z2))
    low, high = (0.0 if count == 0 else low), (1.0 if count == runs else high)
    return Interval(estimate=share, low=low, high=high, confidence=confidence, method="Wilson score")


def tango(first_only: float, second_only: float, runs: float, confidence: float = CONFIDENCE) -> Interval:
    """Score interval of a difference of paired frequencies, (first_only - second_only) / runs.

    `first_only` counts the runs with the event in the first arm alone, `second_only` in the second alone. The limits
    are the differences δ at which the score statistic

        (b - c - n δ) / sqrt(n (2 q + δ (1 - δ))),   q the maximum-likelihood frequency of `second_only` given δ,

    reaches the normal quantile. Never of zero width, and asymptotically right near 0 and 1 (Tango 1998,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B).
    """
    b, c, n = float(first_only), float(second_only), float(runs)
    z = _quantile(confidence)
    estimate = (b - c) / n

    def score(delta: float) -> float:
        linear = -b - c + (2 * n - b + c) * delta
        q = (sqrt(max(0.0, linear**2 + 8 * n * c * delta * (1 - delta))) - linear) / (4 * n)
        variance = n * (2 * q + delta * (1 - delta))
        return (b - c - n * delta) / sqrt(variance) if variance > 0 else 0.0

    edge = 1 - 1e-12
    low = -1.0 if score(-edge) <= z else root_of(lambda delta: score(delta) - z, -edge, estimate)
    high = 1.0 if score(edge) >= -z else root_of(lambda delta: score(delta) + z, estimate, edge)
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method="Tango score, paired")


def runs_needed(first_only: int, second_only: int, runs: int, half_width: float, confidence: float = CONFIDENCE) -> int:
    """How many runs an arm give Tango's interval this half-width, if the frequencies stay as they are."""
    check_half_width(half_width)

    def excess(n: float) -> float:
        share = n / runs
        return tango(first_only * share, second_only * share, n, confidence).half_width - half_width

    most = 4 * ceil((_quantile(confidence) / half_width) ** 2) + 16
    return 1 if excess(1.0) <= 0 else ceil(root_of(excess, 1.0, most))


def check_half_width(half_width: float) -> None:
    """Raise unless a half-width is one that runs can give an interval for a difference."""
    if not SMALLEST_HALF_WIDTH <= half_width < 1:
        least = f"{SMALLEST_HALF_WIDTH:g}"
        raise InputError(f"half_width = {half_width!r} is not valid: it must be at least {least} and below 1.")


def _quantile(confidence: float) -> float:
    """Normal quantile of a two-sided interval."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def root_of(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a monotone function changes sign, by halving; the two sides of [low, high] have opposite signs."""
    rising = function(low) < 0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        low, high = (middle, high) if (function(middle) < 0) == rising else (low, middle)
