"""Laws fitted to what the arms of a transfer experiment show, and what sets their constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from feint.agents.errors import InputError
from feint.scenarios.transfer.arms import Arms
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.statistics.scaling_law_fit import LawFit, drawn_anew, fit

NEARNESS: Mapping[str, tuple[float, ...]] = {
    "similarity": (0.1, 0.5, 0.9),
    "similarity_decay": (0.0, 0.5, 1.0),
    "spectrum": (0.0, 1.0, 2.0),
}
"""All combinations are tried."""
TOGETHER = ("overlap, k", "overlap, alpha", "k, alpha")


@dataclass(frozen=True, kw_only=True, eq=False)
class Law:
    """A law fitted at one size, at one point, with what was measured there in the low-data regime."""

    changes: Mapping[str, Any]
    overlap: float  #: Σ λ_k s_k / Σ λ_k: similarity of the objectives where training looks
    found: LawFit | None  #: None where fewer than three amounts of data have a positive D_T
    data: np.ndarray  #: D_F in steps (points,)
    measured: np.ndarray  #: D_T in steps (points,)

    @property
    def ceiling(self) -> float:
        """D_T at the end of the regime, in steps."""
        return float(self.measured[-1])


@dataclass(frozen=True, kw_only=True)
class Weight:
    """How far one parameter moves ln k and α from its first level to its last, the mean over the others' levels."""

    parameter: str
    of_k: float
    of_alpha: float


def law_of(arms: Arms, seed: int = 0) -> Law:
    """The law of one pair of arms, with what it was fitted to."""
    try:
        found = fit_arms((arms,), seed)
    except InputError:
        found = None
    return Law(
        changes=arms.changes,
        overlap=arms.overlap,
        found=found,
        data=arms.steps[arms.low],
        measured=arms.transferred()[arms.low],
    )


def gap_of(further: Arms, nearer: Arms, seed: int) -> np.ndarray:
    """D_T of the nearer less that of the further, over the low-data regime of the latter, with its bootstrap limits."""

    def gap(weights: np.ndarray) -> np.ndarray:
        return (nearer.transferred(weights) - further.transferred(weights))[further.low]

    drawn = drawn_anew(gap, further.runs, seed)
    with catch_warnings():
        simplefilter("ignore", RuntimeWarning)  # of an amount of data at which no draw has a number: its limits are NaN
        limits = np.nanquantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=1)
    return np.array([gap(np.full(further.runs, 1 / further.runs)), *limits])


def fit_arms(several: Sequence[Arms], seed: int) -> LawFit:
    """One law fitted to the low-data regimes of all these arms, which have the same number of runs."""
    low = [arms.low for arms in several]  # as the whole sample has it, also where runs are drawn anew

    def of_weights(weights: np.ndarray) -> np.ndarray:
        return np.concatenate([arms.transferred(weights)[here] for arms, here in zip(several, low, strict=True)])

    data = np.concatenate([arms.steps[here] for arms, here in zip(several, low, strict=True)]).astype(float)
    sizes = np.concatenate([np.full(here.sum(), float(arms.modes)) for arms, here in zip(several, low, strict=True)])
    return fit(data, sizes, of_weights, several[0].runs, seed=seed)


def weight(name: str, laws: Sequence[Law]) -> Weight:
    """How far a parameter moves both constants."""
    levels = NEARNESS[name]
    ends = [
        [law.found for law in laws if law.found and law.changes[name] == level] for level in (levels[0], levels[-1])
    ]
    of_k, of_alpha = (
        [np.mean([value(each) for each in group]) if group else np.nan for group in ends]
        for value in (lambda each: np.log(each.k.estimate), lambda each: each.alpha.estimate)
    )
    return Weight(parameter=name, of_k=float(of_k[1] - of_k[0]), of_alpha=float(of_alpha[1] - of_alpha[0]))


def together(laws: Sequence[Law]) -> dict[str, float]:
    """Rank correlations (Spearman's) of the overlap and both constants; NaN of fewer than three laws."""
    from scipy.stats import spearmanr

    rows = [(law.overlap, law.found.k.estimate, law.found.alpha.estimate) for law in laws if law.found]
    if len(rows) < 3:
        return dict.fromkeys(TOGETHER, np.nan)
    found = np.asarray(spearmanr(np.array(rows))[0])
    return dict(zip(TOGETHER, (float(found[0, 1]), float(found[0, 2]), float(found[1, 2])), strict=True))
