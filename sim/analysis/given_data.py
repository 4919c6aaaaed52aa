"""Sensitivity from given data: indices of a response whose points may lie anywhere, with or without weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, tanh

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.sim.analysis.response_surface import Response
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.weighted import effective_size, systematic
from feint.sim.sweeps.experimental_designs import weights_of

DELTA, PAWN = METHODS = ("delta", "pawn")
NAMES = {DELTA: "Borgonovo's delta", PAWN: "PAWN, the median over slices"}
FEWEST = 40  # points
RANDOM = 20  # columns of random numbers, which do nothing
RESAMPLES = 100  # of the bootstrap
BIAS_RESAMPLES = 10  # of each of them, to take out the bias
GRID, MOST_CLASSES = 100, 48  # SALib's: points at which densities are compared, and classes of delta
SLICES, IN_A_SLICE = 10, 20  # of PAWN: most slices, and the least points in each
Indices = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Function of columns (columns, points) and values (points,) that returns the index of each column (columns,)."""


@dataclass(frozen=True, kw_only=True)
class GivenIndices:
    """Index of each parameter, and what a parameter that does nothing is found to have."""

    indices: Mapping[str, Interval]
    inert: float  #: largest index among RANDOM columns of random numbers
    rows: int  #: points that are analysed
    effective: float | None  #: effective sample size, if points differ in weight


def given_indices(response: Response, method: str, *, confidence: float, resamples: int, seed: int) -> GivenIndices:
    """Return an index of each parameter from points that need no design.

    `delta` is half the mean distance between the density of the response and that given the parameter (Borgonovo 2007,
    doi:10.1016/j.ress.2006.04.015; estimator with its bias taken out by a bootstrap: Plischke, Borgonovo and Smith
    2013, doi:10.1016/j.ejor.2012.11.047); `pawn` the median over slices of the parameter of the Kolmogorov-Smirnov
    distance between the two distributions (Pianosi and Wagener 2018, doi:10.1016/j.envsoft.2018.07.019), which keeps
    its bias. Both are SALib's, which takes no weights: if points differ in weight, as many as the effective sample size
    are drawn by weight, so that the intervals are not those of more draws than there are in effect. Equal values of a
    parameter are ordered at random, and each value of the response is spread over the width of one run, because a class
    of equal values has no density. Raises `InputError` if points are too few, or do not differ.
    """
    response = response.known()
    weights, count = weights_of(response.points), len(response.value)
    effective = None if weights is None else effective_size(weights)
    size = count if effective is None else round(effective)
    if size < FEWEST:
        what = f"{count} points" if effective is None else f"{count} points of an effective sample size of {size}"
        raise InputError(f"{what} are too few for indices from given data: {FEWEST} are needed.")
    if np.ptp(response.value) == 0:
        raise InputError(f"{response.title} is {response.value[0]:.4g} at every point: there is no variance to divide.")
    rng = np.random.default_rng([seed, count])
    rows = np.arange(count) if weights is None else systematic(weights, size, seed)
    names = [factor.name for factor in response.factors]
    columns = [_ordered(response.points[name].iloc[rows].tolist(), rng) for name in names]
    values, estimate = _spread(response, rows, rng), _delta if method == DELTA else _pawn
    noise = np.array([rng.permutation(size) for _ in range(RANDOM)])
    # a density inverts matrices of one cell, for which BLAS would wake threads: 68 ms in place of 2.6 on a busy machine
    with load_extra("threadpoolctl", "sensitivity from given data").threadpool_limits(1):
        found, deviations = _estimates(estimate, np.array(columns), values, resamples, rng)
        nothing, _ = _estimates(estimate, noise, values, BIAS_RESAMPLES if method == DELTA else 0, rng)
    intervals = [_interval(*pair, confidence) for pair in zip(found, deviations, strict=True)]
    indices = dict(zip(names, intervals, strict=True))
    return GivenIndices(indices=indices, inert=float(nothing.max()), rows=size, effective=effective)


def _estimates(
    estimate: Indices, columns: np.ndarray, values: np.ndarray, resamples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the index of each column, of delta without its bias, and its deviation over a bootstrap of points."""
    found, again = estimate(columns, values), []
    for _ in range(resamples):
        chosen = rng.integers(len(values), size=len(values))
        again.append(estimate(columns[:, chosen], values[chosen]))
    if not again:
        return found, np.zeros(len(found))
    return 2 * found - np.mean(again, axis=0) if estimate is _delta else found, np.std(again, axis=0, ddof=1)


def _interval(middle: float, deviation: float, confidence: float) -> Interval:
    """Return the estimate and the limits that the deviation of a bootstrap gives it, all from 0 to 1."""
    from scipy.stats import norm

    reach = float(norm.ppf(0.5 + confidence / 2)) * deviation
    estimate, low, high = (float(np.clip(limit, 0, 1)) for limit in (middle, middle - reach, middle + reach))
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method="bootstrap over points")


def _ordered(cells: list, rng: np.random.Generator) -> np.ndarray:
    """Return the rank of each cell, numbers by size and names in the order of the alphabet, equal ones at random."""
    key = np.unique(np.array(cells), return_inverse=True)[1]
    ranks = np.empty(len(cells))
    ranks[np.lexsort((rng.random(len(cells)), key))] = np.arange(len(cells))
    return ranks


def _spread(response: Response, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the values at these points, each spread over one run, or over one step of the grid if that is more."""
    values = response.value[rows]
    step = np.full(len(rows), float(np.ptp(values)) / (GRID - 1))
    width = step if response.runs is None else np.maximum(step, 1 / response.runs[rows])
    return values + width * (rng.random(len(rows)) - 0.5)


def _delta(columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the plain estimate of delta of each column."""
    calc = load_extra("SALib.analyze.delta", "Borgonovo's delta").calc_delta
    count = len(values)
    classes = min(ceil(count ** (2 / (7 + tanh((1500 - count) / 500)))), MOST_CLASSES)
    grid, ends = np.linspace(values.min(), values.max(), GRID), np.linspace(0, count, classes + 1)
    return np.array([calc(values, grid, column, ends) for column in columns])


def _pawn(columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the median over slices of the Kolmogorov-Smirnov distance of each column."""
    analyze = load_extra("SALib.analyze.pawn", "PAWN").analyze
    names = [str(i) for i in range(len(columns))]
    given = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    slices = max(3, min(SLICES, len(values) // IN_A_SLICE))
    return np.asarray(analyze(given, columns.T, values, S=slices)["median"], float)
