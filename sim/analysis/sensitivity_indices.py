"""Estimators of sensitivity: Sobol indices on a Saltelli design and elementary effects on a Morris design, by SALib."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.sim.analysis.response_surface import Response
from feint.sim.statistics.intervals import Interval
from feint.sim.sweeps.experimental_designs import MORRIS_LEVELS, problem
from feint.sim.sweeps.factors import Factor

FIRST, TOTAL, SUMMED, EFFECT = "first", "total", "first_summed", "effect"
OVER_BASE_POINTS, OVER_TRAJECTORIES = "bootstrap over base points", "bootstrap over trajectories"
AT_ONCE = 50  # resamples held in memory together


def sobol_indices(
    response: Response, *, confidence: float, resamples: int, seed: int
) -> tuple[dict[str, dict[str, Interval]], float]:
    """Return first-order and total indices with intervals by measure and name, and the variance of the response.

    Intervals come from a bootstrap over base points. They reach as far as Student's t of base points - 1 has it, from
    the deviation over resamples times sqrt(n / (n - 1)): percentiles of a bootstrap fall short if base points are few.
    If parameters move singly, the first-order indices are also summed by argument. Raises `InputError` if the response
    does not vary, or by no more than sampling error.
    """
    from scipy.stats import t

    if np.ptp(response.value) == 0:
        raise InputError(f"{response.title} is {response.value[0]:.4g} at every point: there is no variance to divide.")
    groups, variance = response.study.groups, float(response.value.var())
    split = load_extra("SALib.analyze.sobol", "a Sobol analysis").separate_output_values
    count = len(response.value) // (len(groups) + 2)
    centred = (response.value - response.value.mean()) / np.sqrt(variance)
    values, errors = (split(each, len(groups), count, False) for each in (centred, _subtracted(response) / variance))
    drawn = np.random.default_rng([seed, count]).integers(count, size=(resamples, count))
    estimates = _estimates(values, errors, np.arange(count)[None])[:, 0]
    parts = (drawn[first : first + AT_ONCE] for first in range(0, resamples, AT_ONCE))
    again = np.concatenate([_estimates(values, errors, rows) for rows in parts], axis=1)
    reach = float(t.ppf((1 + confidence) / 2, count - 1)) * sqrt(count / (count - 1))
    if estimates[0] <= reach * again[0].std(ddof=1):
        raise InputError(
            f"{response.title} varies between points by no more than sampling error "
            f"(variance {variance:.2g}, of which Monte Carlo {response.variance.mean():.2g}): "
            "give each point more runs, or use streams = 'common'."
        )

    def interval(*rows: int) -> Interval:
        middle = float(estimates[list(rows)].sum())
        half = reach * float(np.nanstd(again[list(rows)].sum(axis=0), ddof=1))
        return _around(middle, half, middle - half, confidence, OVER_BASE_POINTS)

    measures = {
        FIRST: {name: interval(1 + i) for i, name in enumerate(groups)},
        TOTAL: {name: interval(1 + len(groups) + i) for i, name in enumerate(groups)},
    }
    if not response.study.by_group:
        rows = {group: [1 + i for i, its in enumerate(groups.values()) if its == group] for group in groups.values()}
        measures[SUMMED] = {group: interval(*its) for group, its in rows.items()}
    return measures, float(estimates[0]) * variance


def _estimates(values: Sequence[np.ndarray], errors: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Return variance, first-order and total indices (1 + 2 moved, resamples) of rows (resamples, base points).

    `values`, of unit variance, and the Monte Carlo variances `errors` are those at the base points A (base points,), at
    B, and at A with one factor or group taken from B (base points, moved). The estimators are those of Saltelli et al.
    2010 (doi:10.1016/j.cpc.2009.09.018). Each value is y = f + e with an error e of its own, of variance v; what errors
    add in the mean is subtracted:

        variance         Var(y) - mean v, over A and B
        total, times it  ½ mean (y_A - y_AB)² - ½ mean (v_A + v_AB)
        first, times it  mean y_B (y_AB - y_A), to which they add nothing: y_B shares its error with neither

    """
    from SALib.analyze.sobol import first_order, total_order

    rows = rows.T
    a, b, error_a, error_b = (part[rows] for part in (values[0], values[1], errors[0], errors[1]))
    raw = np.concatenate([a, b]).var(axis=0)
    clean = raw - np.concatenate([error_a, error_b]).mean(axis=0)
    scale = np.divide(raw, clean, out=np.full_like(clean, np.nan), where=clean > 0)
    first, total = [], []
    for ab, error in zip(values[2].T, errors[2].T, strict=True):
        added = np.divide((error_a + error[rows]).mean(axis=0) / 2, raw, out=np.zeros_like(raw), where=raw > 0)
        first.append(first_order(a, ab[rows], b) * scale)
        total.append((total_order(a, ab[rows], b) - added) * scale)
    return np.array([clean, *first, *total])


def _subtracted(response: Response) -> np.ndarray:
    """Return the Monte Carlo variance to subtract at each point (points,).

    It is 0 with common streams: the response is then one function of the parameters, and an inert parameter has the
    index 0 exactly.
    """
    if response.runs is None or response.study.streams == "common":
        return np.zeros(len(response.value))
    if (response.runs < 2).any():
        raise InputError("runs = 1 leaves the Monte Carlo variance unknown: independent streams need 2 runs a point.")
    return response.variance


def elementary_effects(
    response: Response, *, confidence: float, resamples: int, seed: int
) -> tuple[dict[str, dict[str, Interval]], dict[str, tuple[float, float]]]:
    """Return mean absolute elementary effects by name, and the mean effect with its sign and spread of each parameter.

    An elementary effect is the change of the response along one step of a trajectory, divided by the share of the range
    that the step covers (Morris 1991, doi:10.1080/00401706.1991.10484804); means of absolute effects are those of
    Campolongo et al. 2007 (doi:10.1016/j.envsoft.2006.10.004). Intervals come from a bootstrap over trajectories.
    Raises `InputError` for independent streams: their errors raise the mean of absolute changes by an amount that
    depends on the unknown changes themselves, so that it cannot be subtracted.
    """
    study = response.study
    if response.runs is not None and study.streams == "independent":
        raise InputError(
            "streams = 'independent' would turn sampling error into elementary effects: Morris's design needs 'common'."
        )
    cube = np.column_stack([_shares(factor, response.points[factor.name]) for factor in study.factors])
    found = load_extra("SALib.analyze.morris", "a Morris analysis").analyze(
        problem(study),
        cube,
        response.value,
        num_resamples=resamples,
        conf_level=confidence,
        num_levels=MORRIS_LEVELS,
        seed=np.random.SeedSequence([seed, len(cube)]),
    )
    at = {str(name): i for i, name in enumerate(found["names"])}
    middle, reach, mean, spread = (
        {name: float(found[column][i]) for name, i in at.items()}
        for column in ("mu_star", "mu_star_conf", "mu", "sigma")
    )
    effects = {
        name: _around(middle[name], reach[name], max(0.0, middle[name] - reach[name]), confidence, OVER_TRAJECTORIES)
        for name in study.groups
    }
    return {EFFECT: effects}, {} if study.by_group else {name: (mean[name], spread[name]) for name in effects}


def _around(middle: float, reach: float, low: float, confidence: float, method: str) -> Interval:
    return Interval(estimate=middle, low=low, high=middle + reach, confidence=confidence, method=method)


def _shares(factor: Factor, values: Any) -> np.ndarray:
    """Return how far along the range of a factor values lie: the inverse of `Factor.at`."""
    at, low, high = np.asarray(values, float), factor.low, factor.high
    if factor.log:
        at, low, high = np.log(at), np.log(low), np.log(high)
    return (at - low) / (high - low) if high > low else np.zeros_like(at)
