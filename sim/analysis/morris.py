"""Elementary effects of a response on a Morris design, by SALib."""

from __future__ import annotations

from typing import Any

import numpy as np

from feint.agents.errors import InputError
from feint.sim.analysis.response_surface import Response
from feint.sim.analysis.sensitivity import EFFECT, Sensitivity, groups_of
from feint.sim.results.optional_dependencies import load_extra
from feint.sim.statistics.intervals import Interval
from feint.sim.sweeps import experimental_designs as designs
from feint.sim.sweeps.factors import Factor


def effects(response: Response, *, confidence: float, resamples: int, seed: int) -> Sensitivity:
    """Mean absolute elementary effects with intervals, by a bootstrap over trajectories.

    An elementary effect is the change of the response along one step of a trajectory, divided by the share of the
    range that the step goes (Morris 1991, doi:10.1080/00401706.1991.10484804); the mean of absolute ones is that of
    Campolongo et al. 2007 (doi:10.1016/j.envsoft.2006.10.004). Raises `InputError` for independent streams: their
    errors raise the mean of absolute changes by what depends on the unknown changes themselves, so that it cannot be
    taken out.
    """
    study = response.study
    if response.runs is not None and study.streams == "independent":
        raise InputError(
            "streams = 'independent' would make elementary effects out of luck: Morris's design needs 'common'."
        )
    cube = np.column_stack([_shares(factor, response.points[factor.name]) for factor in study.factors])
    told = load_extra("SALib.analyze.morris", "a Morris analysis").analyze(
        designs.problem(study),
        cube,
        response.value,
        num_resamples=resamples,
        conf_level=confidence,
        num_levels=designs.MORRIS_LEVELS,
        seed=np.random.SeedSequence([seed, len(cube)]),
    )
    at = {str(name): i for i, name in enumerate(told["names"])}
    singly = {} if study.by_group else at
    return Sensitivity(
        response=response,
        method="Morris",
        measures={EFFECT: {name: _interval(told, at[name], confidence) for name in groups_of(study)}},
        variance=float(response.value.var()),
        noise=float(response.variance.mean()),
        resamples=resamples,
        mean_effect={name: float(told["mu"][i]) for name, i in singly.items()},
        spread={name: float(told["sigma"][i]) for name, i in singly.items()},
    )


def _interval(told: Any, i: int, confidence: float) -> Interval:
    middle, reach = float(told["mu_star"][i]), float(told["mu_star_conf"][i])
    low, high = max(0.0, middle - reach), middle + reach
    how = "bootstrap over trajectories"
    return Interval(estimate=middle, low=low, high=high, confidence=confidence, method=how)


def _shares(factor: Factor, values: Any) -> np.ndarray:
    """How far along the way from low to high these values lie: `Factor.at` the other way round."""
    at, low, high = np.asarray(values, float), factor.low, factor.high
    if factor.log:
        at, low, high = np.log(at), np.log(low), np.log(high)
    return (at - low) / (high - low) if high > low else np.zeros_like(at)
