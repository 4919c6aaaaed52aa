"""Scores of predictions: how probable the published numbers are by what the model gives in their place.

The log predictive density of a row is that of a normal distribution around the model's number, with the variance

    error² + discrepancy² + Monte Carlo error²,

in the logarithm of base e, and in the row's unit: only differences between points say anything. Rows of one stand-in
share its Monte Carlo error and the share COMMON of its discrepancy's variance. If the model is far from a measurement,
a larger variance would raise the density: so the density is also computed without Monte Carlo error, and the lower of
the two counts. Then few runs never score better than many, and the score converges as the number of runs grows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, pi, sqrt
from statistics import NormalDist

import numpy as np

from feint.scenarios.measurements.rows import MeasurementRow
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.sim.statistics.intervals import Interval

COMMON = 0.5
"""Share of a discrepancy's variance that rows of one stand-in have in common; the rest is each row's own."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The score of a row."""

    log_density: float  #: per unit of the row
    best: float  #: log density if the model gave the published number exactly, without Monte Carlo error
    deviation: float  #: published less model, in standard deviations

    @property
    def lost(self) -> float:
        """Log density that the deviation costs, 0 at best."""
        return self.best - self.log_density


def scored(row: MeasurementRow, number: Interval) -> Scored:
    """Return the score of a row whose stand-in was measured."""
    variance, noise = row.error**2 + STAND_INS[row.stand_in].discrepancy ** 2, monte_carlo_error(number) ** 2
    away = row.value - number.estimate
    return Scored(
        log_density=min(_log_density(away, variance), _log_density(away, variance + noise)),
        best=_log_density(0.0, variance),
        deviation=away / sqrt(variance + noise),
    )


def joint(rows: Sequence[MeasurementRow], numbers: Mapping[str, Interval], *, exact: bool = False) -> float:
    """Return the joint log density of all rows that have a number; 0 of none.

    With `exact` it is the density that would be reached if the model gave every published number exactly.
    """
    rows = [row for row in rows if row.scored and row.stand_in in numbers]
    names = dict.fromkeys(row.stand_in for row in rows)
    together = ([row for row in rows if row.stand_in == name] for name in names)
    return sum(_of_one_stand_in(group, numbers, exact=exact) for group in together)


def _of_one_stand_in(rows: Sequence[MeasurementRow], numbers: Mapping[str, Interval], *, exact: bool) -> float:
    """Return the joint log density of rows with one stand-in: the lower one of with and without Monte Carlo error."""
    from scipy.stats import multivariate_normal

    away = np.array([0.0 if exact else row.value - numbers[row.stand_in].estimate for row in rows])
    matrices = [
        covariance(rows, numbers, monte_carlo=monte_carlo) for monte_carlo in ((False,) if exact else (False, True))
    ]
    return min(float(multivariate_normal.logpdf(away, cov=matrix)) for matrix in matrices)  # pyright: ignore


def covariance(
    rows: Sequence[MeasurementRow], numbers: Mapping[str, Interval], *, monte_carlo: bool = True
) -> np.ndarray:
    """Return the covariance of published less model between rows (rows, rows), by stand-ins.

    Errors of rows are independent. Different stand-ins are taken to have nothing in common.
    """
    same = np.array([[float(one.stand_in == other.stand_in) for other in rows] for one in rows])
    variances = np.array([STAND_INS[row.stand_in].discrepancy ** 2 for row in rows])
    noise = [monte_carlo_error(numbers[row.stand_in]) ** 2 if monte_carlo else 0.0 for row in rows]
    own = np.array([row.error**2 for row in rows]) + (1 - COMMON) * variances
    return same * (COMMON * variances + np.array(noise)) + np.diag(own)


def monte_carlo_error(number: Interval) -> float:
    """Return the standard error of a number of the model, from its limits."""
    return number.half_width / NormalDist().inv_cdf(0.5 + number.confidence / 2)


def _log_density(away: float, variance: float) -> float:
    return -0.5 * (log(2 * pi * variance) + away**2 / variance)
