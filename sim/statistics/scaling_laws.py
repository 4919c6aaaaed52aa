"""Scaling laws of transfer: the law as arithmetic, learning curves, and fits of the law to measured data.

    D_T = k · D_F^α · N^β   (Hernandez et al. 2021)

D_F is the data of fine-tuning in characters, N the parameters of the model without its embeddings, D_T the effective
data transferred in characters: with D_F + D_T from scratch the same model reaches the same loss.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Any

import numpy as np

from feint.agents.errors import InputError
from feint.sim.results.report import Number
from feint.sim.statistics.intervals import CONFIDENCE, Interval

LOW_DATA = 0.1  #: the law was fitted where D_F is at most this share of D(N)
ENOUGH = 0.99  #: D(N) is the data from scratch that reach this share of the performance with infinite data


@dataclass(frozen=True, kw_only=True)
class TransferLaw:
    """Constants of one pre-training distribution; raises `InputError` unless all are finite and k is above 0."""

    name: str
    k: float  #: D_T of one character of fine-tuning and one parameter, in characters
    alpha: float  #: exponent of the fine-tuning data
    beta: float  #: exponent of the model size
    provenance: str = "[D]"  #: of the constants: [V] read in the source, [S] in a summary of it, [D] derived

    def __post_init__(self) -> None:
        _check("k", self.k)
        _check("alpha", self.alpha, least=-inf)
        _check("beta", self.beta, least=-inf)

    def transferred(self, data: float, size: float, *, enough: float | None = None) -> float:
        """Return D_T of `data` characters and `size` parameters; data beyond a tenth of D(N), `enough`, are refused."""
        _check("data", data)
        _check("size", size)
        if enough is not None:
            _check("enough", enough)
            if data > LOW_DATA * enough:
                raise InputError(
                    f"data = {data:g} is outside the law's low-data regime: it must be at most {LOW_DATA * enough:g}, "
                    f"which is {LOW_DATA:g} of D(N) = {enough:g}."
                )
        try:
            return self.k * data**self.alpha * size**self.beta
        except OverflowError:
            raise InputError(f"data = {data:g} and size = {size:g} give more than any number: give less.") from None

    def multiplier(self, data: float, size: float, *, enough: float | None = None) -> float:
        """Return (D_F + D_T) / D_F; about k N^β / D_F^(1 - α) if it is large."""
        return (data + self.transferred(data, size, enough=enough)) / data

    def by_size(self, factor: float) -> float:
        """Return the factor on D_T of a model that is `factor` times as large."""
        _check("factor", factor)
        return factor**self.beta

    def by_data(self, factor: float) -> float:
        """Return the factor on D_T of `factor` times as much fine-tuning data."""
        _check("factor", factor)
        return factor**self.alpha

    def data_for_size(self, factor: float) -> float:
        """Return how many times the fine-tuning data equal a model `factor` times as large: factor^(β/α)."""
        _check("factor", factor)
        if self.alpha == 0:
            raise InputError("alpha = 0 has no exchange rate: no amount of data changes what is transferred.")
        return factor ** (self.beta / self.alpha)


def crossing(near: TransferLaw, far: TransferLaw) -> float:
    """Return D_F at which two laws of equal β give the same D_T, (k₁ / k₂)^(1 / (α₂ - α₁)); infinite if none."""
    if near.beta != far.beta:
        needed = "where two laws cross then depends on the size; it must be the same in both"
        raise InputError(f"beta = {near.beta!r} and {far.beta!r} differ: {needed}.")
    return inf if near.alpha == far.alpha else (near.k / far.k) ** (1 / (far.alpha - near.alpha))


def _check(name: str, value: float, least: float = 0.0) -> None:
    """Raise `InputError` unless a value is a finite number above `least`."""
    if isinstance(value, bool) or not isinstance(value, Real) or not least < value < inf:
        right = "a finite number above 0" if least == 0 else "a finite number"
        raise InputError(f"{name} = {value!r} is not valid for a transfer law: it must be {right}.")


TEXT = TransferLaw(name="text", k=1.9e4, alpha=0.18, beta=0.38, provenance="[S]")
TEXT_AND_CODE = TransferLaw(name="text and other code", k=2.1e5, alpha=0.096, beta=0.38, provenance="[S]")
LAWS: Mapping[str, TransferLaw] = {law.name: law for law in (TEXT, TEXT_AND_CODE)}
"""The two laws of the paper for transfer to Python code, by pre-training data."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Data of a step and parameters of a mode in the law: conventions, by default about the range of the paper."""

    law: TransferLaw = TEXT
    characters: float = 1e4  #: that one step, which is one sample, stands for
    parameters: float = 1e6  #: that one mode stands for

    def __post_init__(self) -> None:
        _check("characters", self.characters)
        _check("parameters", self.parameters)

    def worth(self, steps: int, modes: int) -> int:
        """Return D_T in whole steps for this many steps of fine-tuning and modes; 0 for 0 steps."""
        if not steps:
            return 0
        return round(self.law.transferred(steps * self.characters, modes * self.parameters) / self.characters)


SCALE = Scale()


@dataclass(frozen=True, kw_only=True, eq=False)
class LearningCurve:
    """Loss of runs at amounts of data that rise from 0 or more; one step of training is one sample."""

    data: np.ndarray  #: steps (points,)
    losses: np.ndarray  #: of each run (points, runs)

    def __post_init__(self) -> None:
        if self.data.ndim != 1 or len(self.data) < 2 or self.data[0] < 0 or (np.diff(self.data) <= 0).any():
            raise InputError("data are not valid for a learning curve: they must be numbers that rise from 0 or more.")
        if self.losses.ndim != 2 or len(self.losses) != len(self.data):
            fit = f"do not fit {len(self.data)} amounts of data: they must be (points, runs)"
            raise InputError(f"losses of shape {self.losses.shape} {fit}.")

    @property
    def mean(self) -> np.ndarray:
        """The mean loss over the runs (points,)."""
        return self.losses.mean(axis=1)

    def weighted(self, weights: np.ndarray) -> np.ndarray:
        """Return the mean loss (points,) with weights (runs,) that add up to 1."""
        return self.losses @ weights

    @property
    def enough(self) -> float:
        """D(N): the least data that reach 99 % of the best mean performance, 1 - loss, of the curve."""
        best = least_loss(self.mean)
        return float(data_for(self.data, best, np.array([1 - ENOUGH * (1 - best[-1])]))[0])

    @property
    def low(self) -> np.ndarray:
        """Whether each amount of data is in the low-data regime, above 0 and at most a tenth of D(N); (points,)."""
        return (self.data > 0) & (self.data <= LOW_DATA * self.enough)

    def at(self, data: np.ndarray) -> np.ndarray:
        """Return losses at other amounts of data by linear interpolation (amounts, runs); NaN beyond the last."""
        place = np.clip(np.searchsorted(self.data, data, side="right") - 1, 0, len(self.data) - 2)
        share = (data - self.data[place]) / (self.data[place + 1] - self.data[place])
        measured = self.losses[place] + share[:, None] * (self.losses[place + 1] - self.losses[place])
        measured[data > self.data[-1]] = np.nan
        return measured


def least_loss(loss: np.ndarray) -> np.ndarray:
    """Return the least loss with at most this much data, as if training kept its best state (points,)."""
    return np.minimum.accumulate(loss)


def data_for(data: np.ndarray, loss: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the least data that reach each wanted loss, by linear interpolation (wanted,); NaN if none do."""
    best = least_loss(loss)
    falls = np.concatenate([[True], np.diff(best) < 0])
    falls[np.flatnonzero(falls[1:] & ~falls[:-1])] = True  # from where a fall sets out, after a level stretch
    measured = np.interp(-wanted, -best[falls], data[falls])
    return np.where(wanted < best[-1], np.nan, np.where(wanted >= best[0], 0.0, measured))


RESAMPLES = 999
FEWEST = 3  # points of a fit
METHOD = "percentile bootstrap over runs"


@dataclass(frozen=True, kw_only=True)
class LawFit:
    """Constants of a law with intervals, and its goodness of fit; data in steps, N in modes."""

    k: Interval
    alpha: Interval
    beta: Interval | None  #: None if there was one size
    explained: float  #: R², share of the variance of ln D_T that the law explains
    factor: float  #: by which D_T is typically off: e to the root mean square of the residuals
    bend: Number  #: α of the upper half of ln D_F less α of the lower; 0 for a power law, NaN if there are too few
    points: int  #: measured ones
    left_out: int  #: in the regime, but with no positive D_T or with one that from-scratch training never shows

    def law(self, name: str) -> TransferLaw:
        """Law with the estimated constants."""
        beta = 0.0 if self.beta is None else self.beta.estimate
        return TransferLaw(name=name, k=self.k.estimate, alpha=self.alpha.estimate, beta=beta)


def solve(data: np.ndarray, sizes: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return ln k, α and β that fit D_T (points,) best; NaN if too few points are left, β = 0 for a single size."""
    good, several = np.isfinite(measured) & (measured > 0), np.ptp(sizes) > 0
    if good.sum() < FEWEST + several:
        return np.full(3, np.nan)
    columns = [np.ones(good.sum()), np.log(data[good]), *([np.log(sizes[good])] if several else [])]
    solved, *_ = np.linalg.lstsq(np.stack(columns, axis=1), np.log(measured[good]))
    return np.concatenate([solved, np.zeros(3 - len(columns))])


def fit(
    data: np.ndarray,
    sizes: np.ndarray,
    measure: Callable[[np.ndarray], np.ndarray],
    runs: int,
    *,
    seed: int = 0,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> LawFit:
    """Fit D_T at these D_F and N (points,); `measure` gives it from weights of the runs, which add up to 1 (runs,).

    Limits are percentiles over the resamples of runs to which a law can be fitted. Raises `InputError` if fewer than
    three points have a positive D_T.
    """
    measured = measure(np.full(runs, 1 / runs))
    solved = solve(data, sizes, measured)
    if np.isnan(solved).any():
        raise InputError(
            f"of {len(data)} points {int((measured > 0).sum())} have a positive D_T: a law needs {FEWEST} or more; "
            "take more runs, or nearer objectives."
        )
    drawn = resample_runs(lambda weights: solve(data, sizes, measure(weights)), runs, seed, resamples)
    kept, ends = drawn[:, np.isfinite(drawn).all(axis=0)], [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(kept, ends, axis=1) if kept.size else np.full((2, 3), np.nan)

    def interval(estimate: float, low: float, high: float) -> Interval:
        limits = {"low": float(low), "high": float(high)}
        return Interval(estimate=float(estimate), **limits, confidence=confidence, method=METHOD)

    k, alpha, beta = zip(solved, low, high, strict=True)
    return LawFit(
        k=interval(*np.exp(k)),
        alpha=interval(*alpha),
        beta=interval(*beta) if len(np.unique(sizes)) > 1 else None,
        **_goodness(data, sizes, measured, solved),
    )


def _goodness(data: np.ndarray, sizes: np.ndarray, measured: np.ndarray, solved: np.ndarray) -> dict[str, Any]:
    """Return the fields of `LawFit` that say how well the solved law describes the measured D_T."""
    good = np.isfinite(measured) & (measured > 0)
    logs = np.log(measured[good])
    rest = logs - (solved[0] + solved[1] * np.log(data[good]) + solved[2] * np.log(sizes[good]))
    spread = ((logs - logs.mean()) ** 2).sum()
    middle = np.sqrt(data.min() * data.max())
    lower, upper = (solve(data[half], sizes[half], measured[half])[1] for half in (data <= middle, data >= middle))
    return {
        "explained": float(1 - (rest**2).sum() / spread if spread > 0 else 1.0),
        "factor": float(np.exp(np.sqrt((rest**2).mean()))),
        "bend": float(upper - lower),
        "points": int(good.sum()),
        "left_out": int((~good).sum()),
    }


def resample_runs(
    statistic: Callable[[np.ndarray], np.ndarray], runs: int, seed: int, resamples: int = RESAMPLES
) -> np.ndarray:
    """Return a statistic of the runs' weights (runs,) for resamples with replacement (…, resamples)."""
    drawn = np.random.default_rng(seed).integers(0, runs, (resamples, runs))
    return np.stack([statistic(np.bincount(row, minlength=runs) / runs) for row in drawn], axis=-1)
