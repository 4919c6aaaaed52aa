"""Indices of designs that are made for them: Sobol indices of Saltelli's, and elementary effects of Morris's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.sim.analysis.among_converged import ALL
from feint.sim.analysis.response_surface import Response
from feint.sim.statistics.intervals import Interval
from feint.sim.sweeps.experimental_designs import MORRIS_LEVELS, problem

AT_ONCE = 50  # resamples held in memory together
BASES = {"saltelli": "base points", "morris": "trajectories"}
LEAST = {"saltelli": 8, "morris": 4}  # of them, which an interval needs
FIRST, TOTAL, SUMMED, EFFECT = "first", "total", "first_summed", "effect"
Measures = Mapping[str, Mapping[str, Interval]]
"""Measure → parameter or argument → index."""
Estimated = tuple[Measures, float, Mapping[str, tuple[float, float]]]
"""Measures, variance of the response, and the mean effect with its sign and the spread of each parameter (Morris)."""


def complete(response: Response, size: int) -> Response:
    """Return the response at the base points or trajectories, of `size` points each, that are known at all of them.

    Raises `InputError` if too few are.
    """
    known = np.array([row.all() for row in np.isfinite(response.value).reshape(-1, size)])
    if response.among == ALL or known.all():
        return response
    base, least = BASES[response.study.design], LEAST[response.study.design]
    if known.sum() < least:
        what = f"{known.sum():,} of {len(known):,} {base} are known at all their points"
        raise InputError(f"{what}, as elsewhere {response.not_known}: an interval needs at least {least}.")
    return response.at(np.repeat(known, size))


def reach_of(count: int, confidence: float) -> float:
    """Return how many deviations of a bootstrap over `count` base points or trajectories an interval reaches.

    It is Student's t of count - 1, times sqrt(count / (count - 1)): percentiles of a bootstrap fall short if there are
    few.
    """
    from scipy.stats import t

    return float(t.ppf((1 + confidence) / 2, count - 1)) * sqrt(count / (count - 1))


def sobol_indices(response: Response, confidence: float, resamples: int, seed: int) -> Estimated:
    """Return first-order and total indices and, if parameters move singly, first-order ones summed by argument.

    Intervals reach as far as `reach_of` says times the deviation of a bootstrap over base points. Raises `InputError`
    if the response varies by no more than sampling error.
    """
    if np.ptp(response.value) == 0:
        raise InputError(f"{response.title} is {response.value[0]:.4g} at every point: there is no variance to divide.")
    groups, variance = response.study.groups, float(response.value.var())
    split = load_extra("SALib.analyze.sobol", "a Sobol analysis").separate_output_values
    count = len(response.value) // (len(groups) + 2)
    centred = (response.value - response.value.mean()) / np.sqrt(variance)
    noise = _subtracted(response) / variance
    values, errors = (split(numbers, len(groups), count, False) for numbers in (centred, noise))
    drawn = np.random.default_rng([seed, count]).integers(count, size=(resamples, count))
    estimates = _estimates(values, errors, np.arange(count)[None])[:, 0]
    parts = (drawn[first : first + AT_ONCE] for first in range(0, resamples, AT_ONCE))
    again = np.concatenate([_estimates(values, errors, rows) for rows in parts], axis=1)
    reach = reach_of(count, confidence)
    if estimates[0] <= reach * again[0].std(ddof=1):
        raise InputError(
            f"{response.title} varies between points by no more than sampling error "
            f"(variance {variance:.2g}, of which Monte Carlo {response.variance.mean():.2g}): "
            "give each point more runs, or use streams = 'common'."
        )

    def interval(*rows: int) -> Interval:
        middle = float(estimates[list(rows)].sum())
        half = reach * float(np.nanstd(again[list(rows)].sum(axis=0), ddof=1))
        limits = {"low": middle - half, "high": middle + half}
        return Interval(estimate=middle, **limits, confidence=confidence, method="bootstrap over base points")

    measures = {
        FIRST: {name: interval(1 + i) for i, name in enumerate(groups)},
        TOTAL: {name: interval(1 + len(groups) + i) for i, name in enumerate(groups)},
    }
    if not response.study.by_group:
        rows = {group: [1 + i for i, its in enumerate(groups.values()) if its == group] for group in groups.values()}
        measures[SUMMED] = {group: interval(*its) for group, its in rows.items()}
    return measures, float(estimates[0]) * variance, {}


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
    """Return the Monte Carlo variance to subtract at each point (points,); 0 with common streams."""
    if response.runs is None or response.study.streams == "common":
        return np.zeros(len(response.value))
    if (response.runs < 2).any():
        few = "runs = 1 leaves" if response.among == ALL else "a point with a single converged run leaves"
        raise InputError(f"{few} the Monte Carlo variance unknown: independent streams need 2 runs per point.")
    return response.variance


def elementary_effects(response: Response, confidence: float, resamples: int, seed: int) -> Estimated:
    """Return means of absolute elementary effects, with intervals from a bootstrap over trajectories.

    SALib's intervals take a normal quantile; these reach as far as `reach_of` says.

    Morris 1991, doi:10.1080/00401706.1991.10484804; Campolongo et al. 2007, doi:10.1016/j.envsoft.2006.10.004. Raises
    `InputError` for independent streams, whose errors raise absolute changes by an amount that is not known.
    """
    study = response.study
    if response.runs is not None and study.streams == "independent":
        raise InputError(
            "streams = 'independent' would turn sampling error into elementary effects: Morris's design needs 'common'."
        )
    points = response.points[[factor.name for factor in study.factors]].to_numpy(float)
    analysis = load_extra("SALib.analyze.morris", "a Morris analysis").analyze(
        problem(study),
        points,  # of which SALib takes the signs of steps alone
        response.value,
        num_resamples=resamples,
        conf_level=confidence,
        num_levels=MORRIS_LEVELS,
        seed=np.random.SeedSequence([seed, len(points)]),
    )
    effects, signed, count = {}, {}, len(response.value) // (len(study.groups) + 1)
    wider = reach_of(count, confidence) / NormalDist().inv_cdf(0.5 + confidence / 2)
    columns = (analysis[column] for column in ("names", "mu_star", "mu_star_conf", "mu", "sigma"))
    for name, *numbers in zip(*columns, strict=True):
        middle, reach, mean, spread = map(float, numbers)
        reach *= wider
        limits = {"low": max(0.0, middle - reach), "high": middle + reach}
        method = "bootstrap over trajectories"
        effects[str(name)] = Interval(estimate=middle, **limits, confidence=confidence, method=method)
        signed[str(name)] = mean, spread
    in_order = {name: effects[name] for name in study.groups}
    return {EFFECT: in_order}, float(response.value.var()), {} if study.by_group else signed
