"""Fits of a transfer law to measured effective data, by least squares in logarithms, with bootstrap intervals.

ln D_T = ln k + α ln D_F + β ln N
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import numpy as np

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.statistics.transfer_law import TransferLaw

RESAMPLES = 999
FEWEST = 3  # points of a fit
METHOD = "percentile bootstrap over runs"


@dataclass(frozen=True, kw_only=True)
class LawFit:
    """Constants of a law with intervals, and its goodness of fit; data in steps, N in modes."""

    k: Interval
    alpha: Interval
    beta: Interval | None  #: None where there was one size
    explained: float  #: R², share of the variance of ln D_T that the law explains
    factor: float  #: by which D_T is typically off: e to the root mean square of the residuals
    bend: float  #: α of the upper half of the data less α of the lower; 0 for a power law
    points: int  #: measured ones
    left_out: int  #: in the regime, but with no positive D_T or with one that from-scratch training never shows

    def law(self, name: str) -> TransferLaw:
        """Law with the estimated constants."""
        beta = 0.0 if self.beta is None else self.beta.estimate
        return TransferLaw(name=name, k=self.k.estimate, alpha=self.alpha.estimate, beta=beta)


def solve(data: np.ndarray, sizes: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return ln k, α and β that fit D_T (points,) best; NaN if too few points are left, β = 0 for a single size."""
    from scipy.linalg import lstsq

    good = np.isfinite(found) & (found > 0)
    several = len(np.unique(sizes)) > 1
    if good.sum() < FEWEST + several:
        return np.full(3, np.nan)
    columns = [np.ones(good.sum()), np.log(data[good]), *([np.log(sizes[good])] if several else [])]
    solved = lstsq(np.stack(columns, axis=1), np.log(found[good]))
    return np.concatenate([solved[0], np.zeros(3 - len(columns))])  # pyright: ignore[reportOptionalSubscript]


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

    Raises `InputError` where fewer than three points have a positive D_T.
    """
    found = measure(np.full(runs, 1 / runs))
    solved = solve(data, sizes, found)
    if np.isnan(solved).any():
        raise InputError(
            f"of {len(data)} points {int((found > 0).sum())} have a positive D_T: a law needs {FEWEST} or more; "
            "take more runs, or nearer objectives."
        )
    low, high = _limits(data, sizes, measure, runs, seed, confidence, resamples)
    k, alpha, beta = zip(solved, low, high, strict=True)
    good = np.isfinite(found) & (found > 0)
    explained, factor = _goodness(data[good], sizes[good], found[good], solved)
    return LawFit(
        k=_interval(np.exp(k), confidence),
        alpha=_interval(alpha, confidence),
        beta=_interval(beta, confidence) if len(np.unique(sizes)) > 1 else None,
        explained=explained,
        factor=factor,
        bend=_bend(data, sizes, found),
        points=int(good.sum()),
        left_out=int((~good).sum()),
    )


def _limits(
    data: np.ndarray,
    sizes: np.ndarray,
    measure: Callable[[np.ndarray], np.ndarray],
    runs: int,
    seed: int,
    confidence: float,
    resamples: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return percentile limits of ln k, α and β over the resamples of runs to which a law can be fitted."""

    def again(weights: np.ndarray) -> np.ndarray:
        return solve(data, sizes, measure(weights))

    drawn = drawn_anew(again, runs, seed, resamples)
    kept = drawn[:, np.isfinite(drawn).all(axis=0)]
    if not kept.size:
        return np.full(3, np.nan), np.full(3, np.nan)
    low, high = np.quantile(kept, [(1 - confidence) / 2, (1 + confidence) / 2], axis=1)
    return low, high


def drawn_anew(
    statistic: Callable[[np.ndarray], np.ndarray], runs: int, seed: int, resamples: int = RESAMPLES
) -> np.ndarray:
    """Return a statistic of the runs' weights (runs,) for resamples with replacement (…, resamples)."""
    from scipy.stats import DegenerateDataWarning, bootstrap

    with catch_warnings():
        simplefilter("ignore", DegenerateDataWarning)  # which it says of its own limits where a draw gives NaN
        return bootstrap(
            (np.arange(runs),),
            lambda drawn: statistic(np.bincount(drawn, minlength=runs) / runs),
            vectorized=False,
            n_resamples=resamples,
            method="percentile",
            random_state=np.random.default_rng(seed),  # pyright: ignore[reportCallIssue] - so called by all versions
        ).bootstrap_distribution


def _interval(told: Sequence[float] | np.ndarray, confidence: float) -> Interval:
    estimate, low, high = map(float, told)
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method=METHOD)


def _goodness(data: np.ndarray, sizes: np.ndarray, found: np.ndarray, solved: np.ndarray) -> tuple[float, float]:
    """Return R² and the typical factor of the residuals."""
    told = np.log(found)
    rest = told - (solved[0] + solved[1] * np.log(data) + solved[2] * np.log(sizes))
    spread = ((told - told.mean()) ** 2).sum()
    return float(1 - (rest**2).sum() / spread if spread > 0 else 1.0), float(np.exp(np.sqrt((rest**2).mean())))


def _bend(data: np.ndarray, sizes: np.ndarray, found: np.ndarray) -> float:
    """Return α of the upper half of the data minus α of the lower half, split at their geometric middle; or NaN."""
    middle = np.sqrt(data.min() * data.max())
    lower, upper = (solve(data[half], sizes[half], found[half])[1] for half in (data <= middle, data >= middle))
    return float(upper - lower)
