"""Sobol indices of a response on a Saltelli design, by SALib's estimators, with Monte Carlo variance taken out."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, Self

import numpy as np

from feint.agents.errors import InputError
from feint.sim.analysis.response_surface import Response
from feint.sim.analysis.sensitivity import FIRST, SUMMED, TOTAL, Sensitivity, groups_of
from feint.sim.results.optional_dependencies import load_extra
from feint.sim.statistics.intervals import Interval

AT_ONCE = 50  # resamples held in memory together


def indices(response: Response, *, confidence: float, resamples: int, seed: int) -> Sensitivity:
    """First-order and total indices with intervals, by a bootstrap over base points.

    An interval reaches as far as Student's t of base points - 1 has it, from the deviation over resamples, which
    is the bootstrap's times sqrt(n / (n - 1)): its percentiles fall short where base points are few. Raises
    `InputError` where the response does not vary, or not by more than the luck of its runs.
    """
    if np.ptp(response.value) == 0:
        raise InputError(f"{response.title} is {response.value[0]:.4g} at every point: there is no variance to divide.")
    names = list(groups_of(response.study))
    base = BasePoints.of(response, len(names))
    found = base.estimates(np.arange(base.count)[None])[:, 0]
    drawn = np.random.default_rng([seed, base.count]).integers(base.count, size=(resamples, base.count))
    again = np.concatenate([base.estimates(drawn[i : i + AT_ONCE]) for i in range(0, resamples, AT_ONCE)], axis=1)
    reach = reach_of(base.count, confidence)
    if found[0] <= reach * again[0].std(ddof=1):
        raise InputError(
            f"{response.title} varies between points by no more than the luck of their runs "
            f"(variance {response.value.var():.2g}, of which Monte Carlo {response.variance.mean():.2g}): "
            "give each point more runs, or use streams = 'common'."
        )
    return Sensitivity(
        response=response,
        method="Sobol",
        measures=_measures(response, names, found[1:], again[1:], reach, confidence),
        variance=float(found[0]) * float(response.value.var()),
        noise=float(response.variance.mean()),
        resamples=resamples,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class BasePoints:
    """Values and Monte Carlo variances at A, at B and at A with one thing taken from B, scaled to unit variance."""

    a: np.ndarray  #: (base points,)
    b: np.ndarray
    ab: np.ndarray  #: (base points, things moved)
    error_a: np.ndarray
    error_b: np.ndarray
    error_ab: np.ndarray

    @classmethod
    def of(cls, response: Response, moved: int) -> Self:
        """The base points of a response."""
        split = load_extra("SALib.analyze.sobol", "a Sobol analysis").separate_output_values
        count, variance = len(response.value) // (moved + 2), response.value.var()
        a, b, ab, _ = split((response.value - response.value.mean()) / np.sqrt(variance), moved, count, False)
        errors = split(subtracted(response) / variance, moved, count, False)
        return cls(a=a, b=b, ab=ab, error_a=errors[0], error_b=errors[1], error_ab=errors[2])

    @property
    def count(self) -> int:
        """How many base points."""
        return len(self.a)

    def estimates(self, rows: np.ndarray) -> np.ndarray:
        """Variance, first-order indices and total ones (1 + 2 moved, resamples) of resamples (resamples, base points).

        The estimators are those of Saltelli et al. 2010 (doi:10.1016/j.cpc.2009.09.018). Each value is y = f + e with
        an error e of its own, of variance v; what errors add in the mean is subtracted:

            variance         Var(y) - mean v, over A and B
            total, times it  ½ mean (y_A - y_AB)² - ½ mean (v_A + v_AB)
            first, times it  mean y_B (y_AB - y_A), to which they add nothing: y_B shares its error with neither

        """
        from SALib.analyze.sobol import first_order, total_order

        rows = rows.T
        a, b, error_a, error_b = (part[rows] for part in (self.a, self.b, self.error_a, self.error_b))
        raw = np.concatenate([a, b]).var(axis=0)
        clean = raw - np.concatenate([error_a, error_b]).mean(axis=0)
        scale = np.divide(raw, clean, out=np.full_like(clean, np.nan), where=clean > 0)
        first, total = [], []
        for ab, error in zip(self.ab.T, self.error_ab.T, strict=True):
            luck = np.divide((error_a + error[rows]).mean(axis=0) / 2, raw, out=np.zeros_like(raw), where=raw > 0)
            first.append(first_order(a, ab[rows], b) * scale)
            total.append((total_order(a, ab[rows], b) - luck) * scale)
        return np.array([clean, *first, *total])


def reach_of(count: int, confidence: float) -> float:
    """How many standard deviations over resamples of so many base points an interval reaches to either side."""
    from scipy.stats import t

    return float(t.ppf((1 + confidence) / 2, count - 1)) * sqrt(count / (count - 1))


def subtracted(response: Response) -> np.ndarray:
    """The Monte Carlo variance to take out at each point (points,).

    With common streams none: the response is then one function of the parameters, and one that does not act on it has
    the index 0 exactly.
    """
    if response.runs is None or response.study.streams == "common":
        return np.zeros(len(response.value))
    if (response.runs < 2).any():
        raise InputError("runs = 1 leaves the Monte Carlo variance unknown: independent streams need 2 runs a point.")
    return response.variance


def _measures(
    response: Response, names: list[str], found: np.ndarray, again: np.ndarray, reach: float, confidence: float
) -> dict[str, dict[str, Interval]]:
    """Indices by measure and name; where parameters moved singly, also the first-order ones summed by argument."""

    def interval(rows: list[int]) -> Interval:
        middle, half = float(found[rows].sum()), reach * float(np.nanstd(again[rows].sum(axis=0), ddof=1))
        told: dict[str, Any] = {"confidence": confidence, "method": "bootstrap over base points"}
        return Interval(estimate=middle, low=middle - half, high=middle + half, **told)

    measures = {
        FIRST: {name: interval([i]) for i, name in enumerate(names)},
        TOTAL: {name: interval([len(names) + i]) for i, name in enumerate(names)},
    }
    if not response.study.by_group:
        groups = groups_of(response.study)
        together = {group: [i for i, name in enumerate(names) if groups[name] == group] for group in groups.values()}
        measures[SUMMED] = {group: interval(rows) for group, rows in together.items()}
    return measures
