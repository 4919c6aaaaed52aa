"""Means of paired runs with their intervals: Student's, or one from exact limits where nearly all runs are alike."""

from __future__ import annotations

import numpy as np

from feint.sim.statistics.exact_intervals import FEW, clopper_pearson
from feint.sim.statistics.intervals import CONFIDENCE, Interval


def student(values: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Student's interval of a mean (runs,); its limits are the mean where all values are the same."""
    from scipy.stats import t

    runs = len(values)
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1)) / runs**0.5 if runs > 1 else float("inf")
    reach = float(t.ppf(0.5 + confidence / 2, runs - 1)) * error if runs > 1 else float("inf")
    return Interval(estimate=mean, low=mean - reach, high=mean + reach, confidence=confidence, method="Student, paired")


def bounded_mean(scores: np.ndarray, span: int, confidence: float = CONFIDENCE) -> Interval:
    """Interval of the mean of whole numbers that differ by `span` at most (runs,).

    Student's, or, where fewer than FEW runs differ from the most common score, the mean ± span · U with U the exact
    upper limit of the share that differs.
    """
    differing, _ = _differing(scores)
    if differing >= FEW:
        return student(scores, confidence)
    return _exact(scores, differing, span, confidence, "score")


def mean_of(values: np.ndarray, bound: int, confidence: float = CONFIDENCE) -> Interval:
    """Interval of the mean of values within ±bound (runs,): Student's, or by exact limits where nearly all are alike.

    Where fewer than FEW runs differ from the most common value m, it is the mean ± (bound + |m|) · U with U the exact
    upper limit of the share of runs that differ. So a share that no run shows is told with how much may be missed.
    """
    differing, common = _differing(values)
    if differing >= FEW:
        return student(values, confidence)
    return _exact(values, differing, bound + abs(common), confidence, "value")


def _differing(values: np.ndarray) -> tuple[int, float]:
    """How many runs differ from the most common value, and that value."""
    found, times = np.unique(values, return_counts=True)
    return len(values) - int(times.max()), float(found[times.argmax()])


def _exact(values: np.ndarray, differing: int, reach: float, confidence: float, what: str) -> Interval:
    """The mean ± reach · U, with U the exact upper limit of the share of runs that differ."""
    mean, beyond = float(values.mean()), reach * clopper_pearson(differing, len(values), confidence).high
    method = f"Clopper–Pearson, of any other {what}"
    return Interval(estimate=mean, low=mean - beyond, high=mean + beyond, confidence=confidence, method=method)
