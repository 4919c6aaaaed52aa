"""Intervals of frequencies, of differences between paired arms, of means, and of weighted events.

What the default comparison needs is plain Python, since SciPy takes longer to load than that comparison to run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, expm1, inf, isfinite, log, log1p, nan, prod, sqrt
from statistics import NormalDist

import numpy as np

from feint.agents.errors import InputError, check_whole
from feint.sim.results.report import Number

CONFIDENCE = 0.95
HALF_WIDTH = 0.01  # half-width whose cost in runs a comparison reports by default
SMALLEST_HALF_WIDTH = 1e-6
FEW = 5  # with fewer runs that have, or lack, the event, exact limits replace Wilson's


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with its interval; formatted, as in `f"{interval:.3f}"`, it reads 0.530 [0.508, 0.552]."""

    estimate: Number  #: NaN if it is not known
    low: Number  #: lower limit
    high: Number  #: upper limit
    confidence: float  #: level at which the limits hold, between 0 and 1
    method: str  #: name of the interval

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        return f"{self.estimate:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def plus_minus(self, spec: str = ".2f") -> str:
        """Return the estimate with its half-width, as in 0.53 ±0.02, or as in 0.53 – if there is no interval."""
        reach = f"±{self.half_width:{spec.removeprefix('+')}}" if isfinite(self.half_width) else "–"
        return f"{self.estimate:{spec}} {reach}"

    def mapped(self, function: Callable[[float], float]) -> Interval:
        """Return the interval of an increasing function of what is estimated."""
        return replace(self, estimate=function(self.estimate), low=function(self.low), high=function(self.high))

    @property
    def half_width(self) -> float:
        """Half of the distance between the limits."""
        return (self.high - self.low) / 2


def wilson(count: float, runs: float, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of a frequency, `count` of `runs` (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Its limits are the frequencies p at which (count / runs - p)² = z² p (1 - p) / runs.
    """
    z2 = _quantile(confidence) ** 2 / runs
    share = count / runs
    centre, reach = share + z2 / 2, sqrt(z2 * share * (1 - share) + z2**2 / 4)
    low, high = max(0.0, (centre - reach) / (1 + z2)), min(1.0, (centre + reach) / (1 + z2))
    low, high = (0.0 if count == 0 else low), (1.0 if count == runs else high)
    return Interval(estimate=share, low=low, high=high, confidence=confidence, method="Wilson score")


def tango(first_only: float, second_only: float, runs: float, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of a difference of paired frequencies, (first_only - second_only) / runs.

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
    """Return the runs per arm that give Tango's interval this half-width, if the frequencies stay as they are."""
    check_half_width(half_width)

    def excess(n: float) -> float:
        return tango(first_only * (n / runs), second_only * (n / runs), n, confidence).half_width - half_width

    most = 4 * ceil((_quantile(confidence) / half_width) ** 2) + 16
    return 1 if excess(1.0) <= 0 else ceil(root_of(excess, 1.0, most))


def check_half_width(half_width: float) -> None:
    """Raise `InputError` unless an interval of a difference can have this half-width."""
    if not SMALLEST_HALF_WIDTH <= half_width < 1:
        least = f"{SMALLEST_HALF_WIDTH:g}"
        raise InputError(f"half_width = {half_width!r} is not valid: it must be at least {least} and below 1.")


def _quantile(confidence: float) -> float:
    """Return the normal quantile of a two-sided interval."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def root_of(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a monotone function changes sign, by bisection; signs differ at the ends of [low, high]."""
    rising = function(low) < 0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        low, high = (middle, high) if (function(middle) < 0) == rising else (low, middle)


def clopper_pearson(count: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact interval of a frequency, `count` of `runs`, which covers at least as often as stated.

    Its limits are the frequencies at which a count as high, or as low, as this one has the probability α/2:

        low = B(α/2; count, runs - count + 1),   high = B(1 - α/2; count + 1, runs - count),

    B the quantile of the beta distribution (Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404). If none was seen,
    high is 1 - (α/2)^(1/runs), about 3.7 / runs: 3.0 / runs, with all of α on one side, would cover less than
    stated if it is given for that count alone (Feldman and Cousins 1998, doi:10.1103/PhysRevD.57.3873).
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
    """Return the limits of a small count: where its upper and lower binomial tails are `tail`."""
    if not count:
        return 0.0, -expm1(log(tail) / runs)
    low = root_of(lambda p: _chance(count, runs, runs, p) - tail, 0.0, count / runs)
    return low, root_of(lambda p: _chance(0, count, runs, p) - tail, count / runs, 1.0) if count < runs else 1.0


def _chance(least: int, most: int, runs: int, p: float) -> float:
    """Return the probability of `least` to `most` events in `runs`, each with probability p."""
    if p >= 1:
        return float(most == runs)
    term, total = exp(runs * log1p(-p)), 0.0
    for i in range(most + 1):
        if i >= least:
            if term <= 1e-17 * total:
                break
            total += term
        term *= (runs - i) / (i + 1) * (p / (1 - p))
    return total


def frequency_interval(count: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's interval if at least FEW runs have the event and FEW lack it, else Clopper and Pearson's.

    At 95 % it covers 92 % of the time at the worst frequency and more than 95 % on average over frequencies.
    """
    check_count("count", count, runs)
    enough = min(count, runs - count) >= FEW
    return (wilson if enough else clopper_pearson)(count, runs, check_confidence(confidence))


def methods_of(intervals: Iterable[Interval]) -> str:
    """Return the methods of the intervals of some frequencies in words."""
    methods = {interval.method for interval in intervals}
    few = f" where fewer than {FEW} have or lack it" if len(methods) > 1 else ""
    return "; ".join(sorted(methods, reverse=True)) + few


def paired_exact(first_only: int, second_only: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Return an interval of a difference of paired frequencies, as `tango`, that covers at least as often as stated.

    With Clopper and Pearson's intervals [L, U] of the two frequencies at the level 1 - α/2 each, both hold at once with
    probability 1 - α (Bonferroni), and then the difference is in

        [L(first_only) - U(second_only), U(first_only) - L(second_only)].
    """
    check_confidence(confidence)
    check_count("first_only", first_only, runs)
    check_count("second_only", second_only, runs - first_only, runs)
    first, second = (clopper_pearson(n, runs, look_confidence(confidence, 2)) for n in (first_only, second_only))
    estimate, low, high = (first_only - second_only) / runs, first.low - second.high, first.high - second.low
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method="Clopper–Pearson, paired")


def share_of_selected(
    count: int,
    selected: int,
    confidence: float = CONFIDENCE,
    *,
    interval: Callable[[int, int, float], Interval] = frequency_interval,
) -> Interval:
    """Return the interval of a share among selected runs; all that is possible if none is selected."""
    if selected:
        return interval(count, selected, confidence)
    method = "no run selected"
    return Interval(estimate=nan, low=0.0, high=1.0, confidence=check_confidence(confidence), method=method)


@dataclass(frozen=True, kw_only=True)
class SelectedPairs:
    """Counts of paired runs of two arms, in each of which some are selected, and some of those have an event."""

    events: tuple[int, int]  #: selected runs with the event in each arm
    selected: tuple[int, int]
    both: int  #: runs that are selected in both arms
    event_in: tuple[int, int]  #: those of them with the event in the first arm, and in the second
    event_in_both: int  #: those of them with the event in both

    @classmethod
    def of(cls, events: Sequence[np.ndarray], selected: Sequence[np.ndarray]) -> SelectedPairs:
        """Return the counts of runs from whether they have the event and are selected, in each arm (runs,)."""
        (one, other), (first, second) = events, selected
        both = first & second
        return cls(
            events=(_number(one & first), _number(other & second)),
            selected=(_number(first), _number(second)),
            both=_number(both),
            event_in=(_number(one & both), _number(other & both)),
            event_in_both=_number(one & other & both),
        )

    def difference(self, confidence: float = CONFIDENCE) -> Interval:
        """Return the share of the event in the first arm minus that in the second, each among its own selected runs.

        With p the shares, [l, u] their limits by `frequency_interval` and φ the correlation of their estimates,

            low  = p₁ - p₂ - sqrt((p₁ - l₁)² - 2 φ (p₁ - l₁) (u₂ - p₂) + (u₂ - p₂)²),
            high = p₁ - p₂ + sqrt((u₁ - p₁)² - 2 φ (u₁ - p₁) (p₂ - l₂) + (p₂ - l₂)²)

        (Newcombe 1998, doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C, method 10; Zou and
        Donner 2008, doi:10.1002/sim.3095, for estimates of any kind). All that is possible if an arm has no such run.
        """
        if not all(self.selected):
            method = "no run selected"
            return Interval(estimate=nan, low=-1.0, high=1.0, confidence=check_confidence(confidence), method=method)
        counts = zip(self.events, self.selected, strict=True)
        one, other = (frequency_interval(events, runs, confidence) for events, runs in counts)
        p, q, phi = one.estimate, other.estimate, self.correlation
        below, above, under, over = p - one.low, one.high - p, q - other.low, other.high - q
        low = p - q - sqrt(max(0.0, below**2 - 2 * phi * below * over + over**2))
        high = p - q + sqrt(max(0.0, above**2 - 2 * phi * above * under + under**2))
        method = "Newcombe, paired"
        return Interval(estimate=p - q, low=max(-1.0, low), high=min(1.0, high), confidence=confidence, method=method)

    def exact_difference(self, confidence: float = CONFIDENCE) -> Interval:
        """Return the same difference with an interval that covers at least as often as stated, as `paired_exact`."""
        if not all(self.selected):
            return self.difference(confidence)
        level = look_confidence(confidence, 2)
        one, other = (clopper_pearson(*counts, level) for counts in zip(self.events, self.selected, strict=True))
        estimate, low, high = one.estimate - other.estimate, one.low - other.high, one.high - other.low
        return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method="Clopper–Pearson, paired")

    @property
    def correlation(self) -> float:
        """Correlation of the two estimated shares, from the runs that are selected in both arms."""
        shares = [events / selected for events, selected in zip(self.events, self.selected, strict=True)]
        (p, q), (one, other) = shares, self.event_in
        covariance = self.event_in_both - p * other - q * one + p * q * self.both
        spread = sqrt(prod(n * share * (1 - share) for n, share in zip(self.selected, shares, strict=True)))
        return covariance / spread if spread > 0 else 0.0


def _number(chosen: np.ndarray) -> int:
    return int(np.count_nonzero(chosen))


def look_confidence(confidence: float, looks: int) -> float:
    """Return the confidence level of each interval if there are several looks: 1 - (1 - confidence) / looks.

    Exact intervals then all hold at once with at least `confidence`, so that one may stop at any look for any reason
    (Lan and DeMets 1983, doi:10.1093/biomet/70.3.659, with Bonferroni's inequality in place of the joint distribution).
    """
    check_confidence(confidence)
    return 1 - (1 - confidence) / check_whole("looks", looks, 1)


def fay_feuer(total: float, squares: float, largest: float, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the mean over runs of a weight that is mostly 0, as of a weighted sum of Poisson counts.

    `total` is the sum of the weights and `squares` that of their squares. With y = total / runs, v = squares / runs², m
    = largest / runs:

        low = v/y Γ(α/2; y²/v),   high = (v + m²)/(y + m) Γ(1 - α/2; (y + m)²/(v + m²)),

    Γ the quantile of the gamma distribution of that shape (Fay and Feuer 1997, Statistics in Medicine 16,
    doi:10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#). Its coverage has no proof, but no case is
    known in which it is too low if `largest` is the largest possible weight; here it is the largest one seen.
    """
    from scipy.special import gammaincinv

    check_confidence(confidence)
    if not (total > 0 and squares > 0 and largest > 0):
        raise InputError(f"total = {total!r} is not valid for an interval of weighted events: there must be one event.")
    tail = (1 - confidence) / 2

    def quantile(mean: float, variance: float, chance: float) -> float:
        return float(variance / mean * gammaincinv(mean / variance * mean, chance))

    low = quantile(total / runs, squares / runs**2, tail)
    high = min(1.0, quantile((total + largest) / runs, (squares + largest**2) / runs**2, 1 - tail))
    method = "Fay–Feuer gamma, weighted"
    return Interval(estimate=total / runs, low=low, high=high, confidence=confidence, method=method)


def check_confidence(confidence: float) -> float:
    """Return the confidence level; raises `InputError` unless it is a number between 0 and 1."""
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 < confidence < 1:
        raise InputError(f"confidence = {confidence!r} is not valid: it must be a number between 0 and 1.")
    return confidence


def check_count(name: str, count: int, most: int, runs: int | None = None) -> None:
    """Raise `InputError` unless `count` is a number of runs from 0 to `most`, out of at least one run."""
    check_whole("runs", most if runs is None else runs, 1)
    check_whole(name, count, 0, most)


def quantile_interval(
    values: np.ndarray,
    share: float,
    ends: tuple[float, float] = (-inf, inf),
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return a quantile of values (runs,) with limits by order statistics, or `ends` if there are too few values."""
    from scipy.stats import quantile_test

    estimate = float(np.median(values) if share == 0.5 else np.quantile(values, share))  # infinite ones have a median
    limits = quantile_test(values, p=share).confidence_interval(confidence)
    low, high = (float(limit if isfinite(limit) else end) for limit, end in zip(limits, ends, strict=True))
    low, high = min(low, estimate), max(high, estimate)
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method="order statistics")


def student(values: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Return Student's interval of the mean of values (runs,); of zero width if all values are the same."""
    from scipy.stats import t

    runs, mean, reach = len(values), float(np.mean(values)), inf
    if runs > 1:
        reach = float(t.ppf(0.5 + confidence / 2, runs - 1)) * (float(np.std(values, ddof=1)) / runs**0.5)
    return Interval(estimate=mean, low=mean - reach, high=mean + reach, confidence=confidence, method="Student, paired")


def bounded_mean(scores: np.ndarray, span: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the mean of integers that differ by at most `span` (runs,): `mean_of`, ± span · U."""
    return _mean(scores, lambda _: span, "score", confidence)


def mean_of(values: np.ndarray, bound: float, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the mean of values within ±bound (runs,).

    It is Student's; if fewer than FEW runs differ from the most common value m, it is the mean ± (bound + |m|) · U with
    U the exact upper limit of the share of runs that differ.
    """
    return _mean(values, lambda common: bound + abs(common), "value", confidence)


def _mean(values: np.ndarray, reach: Callable[[float], float], what: str, confidence: float) -> Interval:
    """Return Student's interval or, if few runs differ, one that reaches as far as a function of the common value."""
    distinct, times = np.unique(values, return_counts=True)
    differing, common = len(values) - int(times.max()), float(distinct[times.argmax()])
    if differing >= FEW:
        return student(values, confidence)
    mean, beyond = float(values.mean()), reach(common) * clopper_pearson(differing, len(values), confidence).high
    method = f"Clopper–Pearson, of any other {what}"
    return Interval(estimate=mean, low=mean - beyond, high=mean + beyond, confidence=confidence, method=method)
