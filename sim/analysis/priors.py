"""The prior around a point: draws from it, its units, and the share of draws of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np

from feint.sim.analysis.claims import KINDS
from feint.sim.analysis.prior_shares import Share
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.sweeps import experimental_designs as designs
from feint.sim.sweeps.factors import Factor, prior_factors
from feint.sim.sweeps.study import Study
from feint.sim.training.parameter_point import Point


def prior_draws(point: Point, draws: int, seed: int) -> list[dict[str, Any]]:
    """Return the values by dotted name of `draws` points of a scrambled Sobol sequence over the whole prior.

    Raises `InputError` if `draws` is no power of two.
    """
    study = Study(design="prior", samples=draws, seed=seed, model=point.model, curriculum=point.curriculum)
    tables = designs.points(study)
    return [
        {str(name): value for name, value in row.items()}
        for table in tables
        for row in table.drop(columns="point").to_dict("records")
    ]


def factors_at(point: Point) -> list[Factor]:
    """Return every parameter that has a prior."""
    return prior_factors(point.model, point.curriculum)


def in_units(factor: Factor, value: float) -> float:
    """Return the place of a value between the ends of its prior, 0 and 1, in the logarithm if the prior is logarithmic.

    A value of 0, which a logarithmic prior does not contain, counts as its low end.
    """
    if not factor.log:
        return (value - factor.low) / (factor.high - factor.low)
    if value <= 0:
        return 0.0
    return (log(value) - log(factor.low)) / (log(factor.high) - log(factor.low))


def shares_of(
    kinds: Sequence[str], possible: Sequence[frozenset[str]], confidence: float = CONFIDENCE
) -> dict[str, Share]:
    """Return the shares of points where a claim holds, is reversed, or is neither, from its kind and possible kinds."""
    return {
        kind: Share.of(
            np.array([one == kind for one in kinds]),
            np.array([maybe == {kind} for maybe in possible]),
            np.array([kind in maybe for maybe in possible]),
            confidence,
        )
        for kind in KINDS
    }
