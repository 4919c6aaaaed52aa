"""Emulators: quick stand-ins for a simulator, learnt from its outputs at points of the prior.

An emulator of one measure is a sum of small trees, grown by gradient boosting (Friedman 2001,
doi:10.1214/aos/1013203451; scikit-learn's histogram form). A Gaussian process would need a length scale for each of
some 48 parameters, which takes minutes per measure at a thousand points, and the measures are shares that lie at 0 or
100 over much of the prior, where no single length scale fits. What the emulator is wrong by is itself learnt: a second
ensemble predicts the square of the errors that the first made at points on which it was not trained, so that it is wide
where it is bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, load_extra
from feint.sim.results.request import Progress

FOLDS = 5
MEAN = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 8, "l2_regularization": 1.0, "max_bins": 16}
ERRORS = {"max_iter": 30, "learning_rate": 0.1, "max_leaf_nodes": 4, "min_samples_leaf": 30, "max_bins": 16}
LEAST_SHARE = 0.02  # of the mean squared error, below which no squared error is predicted
FEWEST = 50  # points
PURPOSE = "history matching"


@dataclass(frozen=True, kw_only=True)
class EmulatorCheck:
    """How good an emulator is, at points on which it was not trained."""

    name: str
    explained: Annotated[float, Field(description="share of the variance of what was simulated")]
    error: Annotated[float, Field(description="root of the mean squared error, in the unit of the measure")]
    noise: Annotated[float, Field(description="median Monte Carlo error of what was simulated, which is part of it")]
    covered: Annotated[float, Field(description="share of points within two predicted standard deviations")]


@dataclass(frozen=True, kw_only=True, eq=False)
class Emulator:
    """Expectation and variance of a measure at any point of the prior."""

    check: EmulatorCheck
    mean: Any  #: regressor of the measure
    squared_error: Any  #: regressor of the squared error
    least: float  #: least variance

    def predict(self, design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return expectation and variance at points in units of the prior (points, parameters)."""
        with single_thread():
            return self.mean.predict(design), np.maximum(self.squared_error.predict(design), self.least)


def emulate(name: str, design: np.ndarray, output: np.ndarray, variance: np.ndarray, *, seed: int = 0) -> Emulator:
    """Return the emulator of one measure.

    Parameters
    ----------
    name
        Name of the measure.
    design
        Points in units of the prior (points, parameters).
    output, variance
        What was simulated there and its Monte Carlo variance (points,); points where it is NaN are left out.
    seed
        Seed of the folds.

    Returns
    -------
    Emulator
        The emulator, with its cross-validated error.

    Raises
    ------
    InputError
        If the measure is known at fewer than FEWEST points, or scikit-learn is not installed.

    """
    known = np.isfinite(output)
    if known.sum() < FEWEST:
        raise InputError(f"{name!r} is known at {known.sum()} points: an emulator needs {FEWEST}; use more draws.")
    design, output, noise = design[known], output[known], float(np.sqrt(np.nanmedian(variance[known])))
    squares = (output - _outside(MEAN, design, output, seed)) ** 2
    typical = max(float(squares.mean()), np.finfo(float).tiny)
    least, total = LEAST_SHARE * typical, float(output.var())
    covered = squares <= 4 * np.maximum(_outside(ERRORS, design, squares, seed), least)
    check = EmulatorCheck(
        name=name,
        explained=1 - typical / total if total > 0 else 1.0,
        error=float(np.sqrt(typical)),
        noise=noise,
        covered=float(covered.mean()),
    )
    of_mean, of_errors = _grown(MEAN, design, output, seed), _grown(ERRORS, design, squares, seed)
    return Emulator(check=check, mean=of_mean, squared_error=of_errors, least=least)


def emulate_all(
    names: Sequence[str],
    design: np.ndarray,
    outputs: np.ndarray,
    variances: np.ndarray,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Emulator]:
    """Return the emulator of each measure, given outputs and variances (points, measures); see `emulate`."""
    emulators = []
    for name, output, variance in zip(names, outputs.T, variances.T, strict=True):
        emulators.append(emulate(name, design, output, variance, seed=seed))
        if progress is not None:
            progress(1 / len(names))
    return emulators


def _outside(form: dict[str, Any], design: np.ndarray, values: np.ndarray, seed: int) -> np.ndarray:
    """Return what trees predict of values (points,) at points on which they were not grown, by cross-validation."""
    folds = load_extra("sklearn.model_selection", PURPOSE).KFold(FOLDS, shuffle=True, random_state=seed)
    predicted = np.zeros(len(values))
    with single_thread():
        for within, out in folds.split(design):
            predicted[out] = _grown(form, design[within], values[within], seed).predict(design[out])
    return predicted


def _grown(form: dict[str, Any], design: np.ndarray, values: np.ndarray, seed: int) -> Any:
    """Return trees grown on points (points, parameters) and their values (points,)."""
    boosting = load_extra("sklearn.ensemble", PURPOSE).HistGradientBoostingRegressor
    with single_thread():
        return boosting(**form, early_stopping=False, random_state=seed).fit(design, values)


def single_thread() -> Any:
    """Return a context in which trees use one thread: for some thousand points more only wait for each other."""
    return load_extra("threadpoolctl", PURPOSE).threadpool_limits(1, "openmp")
