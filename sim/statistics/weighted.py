"""Effective sample size of weighted draws, and intervals of shares and means over them."""

from __future__ import annotations

from dataclasses import replace
from math import inf, sqrt

import numpy as np

from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, clopper_pearson

METHOD = "Clopper–Pearson of the effective sample size"


def effective_size(weights: np.ndarray) -> float:
    """Return the number of draws of equal weight that are worth as much: (Σ w)² / Σ w² (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def are_equal(weights: np.ndarray) -> bool:
    """Return whether weights are equal but for rounding, so that their draws are a sample like any other."""
    return bool(np.ptp(weights) <= 1e-9 * weights.max())


def systematic(weights: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return the numbers of draws, in order, each as often as its weight says (systematic resampling).

    A comb of `draws` teeth with a random start lies over the cumulated weights. With equal weights and as many draws as
    there are, each is there once.
    """
    if draws == len(weights) and are_equal(weights):
        return np.arange(draws)
    comb = (np.arange(draws) + np.random.default_rng([seed, draws, len(weights)]).random()) / draws
    heaped = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(heaped, comb, side="right"), len(weights) - 1)


def share_over(is_it: np.ndarray, weights: np.ndarray | None = None, confidence: float = CONFIDENCE) -> Interval:
    """Return the weighted share of draws (draws,); without weights, the exact interval of Clopper and Pearson.

    With weights w that sum to 1 and the share p, the limits are those of n p events of n draws,

        n = min(1 / Σ w²,  p (1 - p) / Σ w² (1{is it} - p)²),   low = B(α/2; n p, n - n p + 1),
        high = B(1 - α/2; n p + 1, n - n p),

    B the quantile of the beta distribution. The second n is that of Korn and Graubard (1998, Survey Methodology 24),
    which also holds if heavier draws are more often of the kind; alone it is too large if few draws are of it, and the
    first alone too large if many heavy ones are. No interval knows of what hardly any draw is of, whatever its weight.
    """
    is_it = np.asarray(is_it, bool)
    if weights is None:
        return clopper_pearson(int(is_it.sum()), len(is_it), confidence)
    from scipy.special import betaincinv

    check_confidence(confidence)
    parts = weights / weights.sum()
    share = min(1.0, float(parts[is_it].sum()))
    spread = float((parts**2 * (is_it - share) ** 2).sum())
    size = effective_size(parts)
    if 0 < share < 1 and spread > 0:
        size = min(size, share * (1 - share) / spread)
    events, tail = share * size, (1 - confidence) / 2
    low = float(betaincinv(events, size - events + 1, tail)) if share > 0 else 0.0
    high = float(betaincinv(events + 1, size - events, 1 - tail)) if share < 1 else 1.0
    return Interval(estimate=share, low=low, high=high, confidence=confidence, method=METHOD)


def mean_over_draws(values: np.ndarray, weights: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Return the weighted mean of values (draws,), with Student's interval of the effective sample size n.

    With weights w that sum to 1, the mean m and s² = Σ w (x - m)², the variance of the mean is the larger one of s² / n
    and Σ w² (x - m)², times n / (n - 1). Limits are infinite if n is hardly above 1.
    """
    from scipy.stats import t

    parts = weights / weights.sum()
    mean, size = float(parts @ values), effective_size(parts)
    interval = Interval(estimate=mean, low=-inf, high=inf, confidence=confidence, method="Student, weighted")
    if size < 1 + 1e-9:
        return interval
    apart = (values - mean) ** 2
    variance = max(float(parts @ apart) / size, float(parts**2 @ apart)) * size / (size - 1)
    reach = float(t.ppf(0.5 + confidence / 2, size - 1)) * sqrt(variance)
    return replace(interval, low=mean - reach, high=mean + reach)
