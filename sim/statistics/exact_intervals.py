"""Intervals that hold where counts are small, where one looks more than once, and where events have weights."""

from __future__ import annotations

from math import exp, expm1, log, log1p
from typing import TYPE_CHECKING

import numpy as np

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import CONFIDENCE, Interval, root_of, wilson

if TYPE_CHECKING:
    from collections.abc import Callable

FEW = 5  # below so many runs with the event, or without, Wilson's interval is not relied on


def clopper_pearson(count: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Exact interval of a frequency, `count` of `runs`: it covers at least as often as stated, whatever the frequency.

    Its limits are the frequencies at which a count as high, or as low, as this one has the chance α/2:

        low = B(α/2; count, runs - count + 1),   high = B(1 - α/2; count + 1, runs - count),

    B the quantile of the beta distribution, low = 0 where none was seen and high = 1 where all were (Clopper and
    Pearson 1934, doi:10.1093/biomet/26.4.404). Where none was seen this is the upper bound 1 - (α/2)^(1/runs), about
    3.7 / runs. A bound with all of α on its side, 3.0 / runs, would cover less than stated when it is given for that
    one count and intervals for the others (Feldman and Cousins 1998, doi:10.1103/PhysRevD.57.3873).
    """
    check_confidence(confidence)
    check_count("count", count, runs)
    count, runs, tail = int(count), int(runs), (1 - confidence) / 2
    if count < FEW:
        low, high = _few(count, runs, tail)
    elif runs - count < FEW:
        high, low = (1 - limit for limit in _few(runs - count, runs, tail))
    else:
        from scipy.special import betaincinv  # which takes longer to load than all else here, and few counts do without

        low = float(betaincinv(count, runs - count + 1, tail))
        high = float(betaincinv(count + 1, runs - count, 1 - tail))
    return Interval(estimate=count / runs, low=low, high=high, confidence=confidence, method="Clopper–Pearson")


def _few(count: int, runs: int, tail: float) -> tuple[float, float]:
    """The limits of a small count: where the sums of binomial chances from it upwards, and down from it, are `tail`."""
    low = root_of(lambda p: _at_least(count, runs, p) - tail, 0.0, count / runs) if count else 0.0
    if not count:
        return low, -expm1(log(tail) / runs)
    high = root_of(lambda p: _at_most(count, runs, p) - tail, count / runs, 1.0) if count < runs else 1.0
    return low, high


def _at_most(count: int, runs: int, p: float) -> float:
    """Chance of no more than so many of `runs`, each with the chance p < 1."""
    if p >= 1:
        return 0.0
    term = total = exp(runs * log1p(-p))
    for i in range(count):
        term *= (runs - i) / (i + 1) * (p / (1 - p))
        total += term
    return total


def _at_least(count: int, runs: int, p: float) -> float:
    """Chance of so many of `runs` or more, each with the chance p, which is no more than count / runs."""
    if p >= 1:
        return 1.0
    term, i = exp(runs * log1p(-p)), 0
    while i < count:
        term, i = term * ((runs - i) / (i + 1) * (p / (1 - p))), i + 1
    total = 0.0
    while term > 1e-17 * total and i <= runs:
        total += term
        term, i = term * ((runs - i) / (i + 1) * (p / (1 - p))), i + 1
    return total


def frequency_interval(count: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's interval where at least FEW runs have the event and as many have not, else Clopper and Pearson's.

    The condition is on what was seen, since the frequency is not known. At 95 % it covers 92 times in 100 where the
    frequency is the worst one, and more than 95 on average over frequencies; `clopper_pearson` never less than stated.
    """
    check_count("count", count, runs)
    enough = min(count, runs - count) >= FEW
    return (wilson if enough else clopper_pearson)(count, runs, check_confidence(confidence))


def paired_exact(first_only: int, second_only: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Interval of a difference of paired frequencies, (first_only - second_only) / runs; covers at least as stated.

    `first_only` counts the runs with the event in the first arm alone, `second_only` in the second alone. With
    Clopper and Pearson's intervals [L, U] of the two frequencies at the level 1 - α/2 each, both hold at once with the
    chance 1 - α (Bonferroni), and then the difference lies in

        [L(first_only) - U(second_only), U(first_only) - L(second_only)].
    """
    check_confidence(confidence)
    check_count("first_only", first_only, runs)
    check_count("second_only", second_only, runs - first_only, runs)
    first, second = (clopper_pearson(n, runs, look_confidence(confidence, 2)) for n in (first_only, second_only))
    return Interval(
        estimate=(first_only - second_only) / runs,
        low=first.low - second.high,
        high=first.high - second.low,
        confidence=confidence,
        method="Clopper–Pearson, paired",
    )


def look_confidence(confidence: float, looks: int) -> float:
    """The level at which to give the interval of each of so many looks: 1 - (1 - confidence) / looks.

    Intervals that cover as stated, `clopper_pearson` or `paired_exact`, then all hold at once with at least this
    confidence, so that one may stop at any look for any reason. The number of looks is fixed beforehand, and each
    spends an equal part of α (Lan and DeMets 1983, doi:10.1093/biomet/70.3.659, with Bonferroni's inequality in
    place of the joint distribution).
    """
    check_confidence(confidence)
    if isinstance(looks, bool) or not isinstance(looks, (int, np.integer)) or looks < 1:
        raise InputError(f"looks = {looks!r} is not valid: it must be a whole number of at least 1.")
    return 1 - (1 - confidence) / int(looks)


def fay_feuer(total: float, squares: float, largest: float, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Interval of the mean over runs of a weight that is 0 in most: `total` of the weights, and of their `squares`.

    As of a weighted sum of Poisson counts. With y = total / runs, v = squares / runs², m = largest / runs:

        low = v/y Γ(α/2; y²/v),   high = (v + m²)/(y + m) Γ(1 - α/2; (y + m)²/(v + m²)),

    Γ the quantile of the gamma distribution of that shape (Fay and Feuer 1997, Statistics in Medicine 16,
    doi:10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#). With equal weights it is the exact interval
    of a Poisson count. No proof of its coverage is known, and no case where it falls short of it when `largest` is the
    largest weight that there can be; here it is the largest one seen.
    """
    from scipy.special import gammaincinv

    check_confidence(confidence)
    if not (total > 0 and squares > 0 and largest > 0):
        raise InputError(f"total = {total!r} is not valid for an interval of weighted events: there must be one event.")
    tail = (1 - confidence) / 2
    low = _gamma(gammaincinv, total / runs, squares / runs**2, tail)
    high = _gamma(gammaincinv, (total + largest) / runs, (squares + largest**2) / runs**2, 1 - tail)
    return Interval(
        estimate=total / runs, low=low, high=min(1.0, high), confidence=confidence, method="Fay–Feuer gamma, weighted"
    )


def _gamma(quantile: Callable[[float, float], float], mean: float, variance: float, chance: float) -> float:
    """Quantile of the gamma distribution of this mean and variance."""
    return float(variance / mean * quantile(mean / variance * mean, chance))


def check_confidence(confidence: float) -> float:
    """The confidence; raises unless it is a number between 0 and 1."""
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 < confidence < 1:
        raise InputError(f"confidence = {confidence!r} is not valid: it must be a number between 0 and 1.")
    return confidence


def check_count(name: str, count: int, most: int, runs: int | None = None) -> None:
    """Raise unless this is a number of runs, from 0 to `most`, out of at least one."""
    runs = most if runs is None else runs
    if isinstance(runs, bool) or not isinstance(runs, (int, np.integer)) or runs < 1:
        raise InputError(f"runs = {runs!r} is not valid: it must be a whole number of at least 1.")
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 0 <= count <= most:
        raise InputError(f"{name} = {count!r} is not valid: it must be a whole number from 0 to {most}.")
