"""Laws fitted to the arms of a transfer experiment, what sets their constants, and the published laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from warnings import catch_warnings, simplefilter

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.scenarios.transfer.arms import Arms
from feint.sim.results.report import Number, Table, from_attributes, wrapped
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.statistics.scaling_laws import LawFit, TransferLaw, crossing, fit, resample_runs

NEARNESS: Mapping[str, tuple[float, ...]] = {
    "similarity": (0.1, 0.5, 0.9),
    "similarity_decay": (0.0, 0.5, 1.0),
    "spectrum": (0.0, 1.0, 2.0),
}
"""All combinations are tried."""
CORRELATED = ("overlap, k", "overlap, alpha", "k, alpha")
WORKED = ((1e8, 1e6), (1e6, 1e8), (4e7, 3e5))  #: parameters and characters of worked values


@dataclass(frozen=True, kw_only=True)
class Law:
    """A law fitted at one size and one point, with what was measured there in the low-data regime."""

    changes: dict[str, Any]
    overlap: Annotated[float, Field(description="Σ λ_k s_k / Σ λ_k: similarity of the objectives where training looks")]
    fit: Annotated[LawFit | None, Field(alias="law", description="null if fewer than three points have a positive D_T")]
    data: Annotated[list[int], Field(description="D_F, steps, of the low-data regime")]
    transferred: Annotated[list[Number], Field(description="D_T, steps; null if scratch never gets there")]

    @property
    def ceiling(self) -> float:
        """D_T at the end of the regime, in steps."""
        return self.transferred[-1]


@dataclass(frozen=True, kw_only=True)
class Weight:
    """Change of ln k and α from a parameter's lowest level to its highest; null if no law could be fitted."""

    parameter: str
    of_k: Number
    of_alpha: Number


@dataclass(frozen=True, kw_only=True)
class Gap:
    """D_T of the nearer objective less that of the further one, in steps, at one D_F."""

    data: int
    estimate: Number
    low: Number
    high: Number


@dataclass(frozen=True, kw_only=True)
class Puzzle:
    """The nearer objective against the further one."""

    further: Law
    nearer: Law
    crossing: Annotated[float | None, Field(description="D_F at which the fitted laws cross, steps")]
    overtaken: Annotated[int | None, Field(description="least D_F at which the nearer one is seen to transfer less")]
    gap: Annotated[list[Gap], Field(description="D_T of the nearer objective less that of the further one, by D_F")]

    @classmethod
    def of(cls, further: Arms, nearer: Arms, seed: int) -> Puzzle:
        """Return both laws, where they cross, and where the nearer objective is overtaken."""
        laws, gap, cross = [law_of(arms, seed) for arms in (further, nearer)], gap_of(further, nearer, seed), None
        if laws[0].fit and laws[1].fit:
            cross = crossing(laws[1].fit.law("nearer"), laws[0].fit.law("further"))
        overtaken = next((at.data for at in gap if at.high < 0), None)
        return cls(further=laws[0], nearer=laws[1], crossing=cross, overtaken=overtaken, gap=gap)

    def table(self) -> Table:
        """Return both laws, where they cross, and how far apart they are at the end of the low-data regime."""
        laws = {changes_text(law.changes): law.fit for law in (self.further, self.nearer)}
        end, sentences = self.gap[-1], ["One of both laws could not be fitted, so there is no crossing to speak of."]
        if self.crossing is not None:
            cross = (
                f"The fitted laws cross at D_F = {self.crossing:,.0f} steps; the low-data regime ends at {end.data:,}, "
                f"where the further objective transfers {self.further.ceiling:,.0f} and the nearer one "
                f"{self.nearer.ceiling:,.0f} as measured."
            )
            more = f"{end.estimate:+,.0f} [{end.low:+,.0f}, {end.high:+,.0f}] more"
            less = "Nowhere in the regime is it seen to transfer less."
            if self.overtaken is not None:
                less = f"It is seen to transfer less for the first time at D_F = {self.overtaken:,}."
            sentences = [cross, f"There the nearer objective transfers {more}. {less}"]
        title = "The puzzle: nearer objectives have a lower α, so the laws must cross."
        return law_table(laws, title, "\n".join(map(wrapped, sentences)))


def changes_text(changes: Mapping[str, float]) -> str:
    """Return changes to a point in words."""
    return ", ".join(f"{name} {value:g}" for name, value in changes.items())


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """The pair if pre-training hands over some groups alone."""

    carried: str
    further: Law
    nearer: Law


@dataclass(frozen=True, kw_only=True)
class WorkedValue:
    """A worked value of a law: sizes in parameters, data in characters."""

    size: float
    data: float
    transferred: float
    multiplier: Annotated[float, Field(description="(D_F + D_T) / D_F")]


@dataclass(frozen=True, kw_only=True)
class PublishedLaw:
    """A law of the paper, as arithmetic."""

    name: str
    k: float
    alpha: float
    beta: float
    provenance: str
    size_tenfold: Annotated[float, Field(description="factor of D_T if the model is ten times as large")]
    data_hundredfold: Annotated[float, Field(description="factor of D_T with a hundred times as much data")]
    data_for_size_tenfold: Annotated[float, Field(description="factor of the data that is worth ten times the size")]
    worked: list[WorkedValue]

    @classmethod
    def of(cls, law: TransferLaw) -> PublishedLaw:
        """Return the arithmetic of a law."""
        worked = []
        for size, data in WORKED:
            numbers = {"transferred": law.transferred(data, size), "multiplier": law.multiplier(data, size)}
            worked.append(WorkedValue(size=size, data=data, **numbers))
        factors = {"size_tenfold": law.by_size(10), "data_hundredfold": law.by_data(100)}
        return from_attributes(cls, law, **factors, data_for_size_tenfold=law.data_for_size(10), worked=worked)


def law_of(arms: Arms, seed: int = 0) -> Law:
    """Return the law of one pair of arms, with what it was fitted to."""
    try:
        fitted = fit_arms((arms,), seed)
    except InputError:
        fitted = None
    return Law(
        changes=dict(arms.changes),
        overlap=arms.overlap,
        fit=fitted,
        data=arms.steps[arms.low].astype(int).tolist(),
        transferred=arms.transferred()[arms.low].tolist(),
    )


def gap_of(further: Arms, nearer: Arms, seed: int) -> list[Gap]:
    """Return D_T of the nearer less that of the further, over the low-data regime of the latter, with limits."""

    def gap(weights: np.ndarray) -> np.ndarray:
        return (nearer.transferred(weights) - further.transferred(weights))[further.low]

    drawn = resample_runs(gap, further.runs, seed)
    with catch_warnings():
        simplefilter("ignore", RuntimeWarning)  # of an amount of data at which no draw has a number: its limits are NaN
        limits = np.nanquantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=1)
    numbers = np.array([gap(np.full(further.runs, 1 / further.runs)), *limits]).T.tolist()
    steps = further.steps[further.low].astype(int).tolist()
    return [Gap(data=at, estimate=row[0], low=row[1], high=row[2]) for at, row in zip(steps, numbers, strict=True)]


def fit_arms(several: Sequence[Arms], seed: int) -> LawFit:
    """Return one law fitted to the low-data regimes of all these arms, which have the same number of runs."""
    low = [arms.low for arms in several]  # as the whole sample has it, also if runs are resampled

    def of_weights(weights: np.ndarray) -> np.ndarray:
        return np.concatenate([arms.transferred(weights)[here] for arms, here in zip(several, low, strict=True)])

    data = np.concatenate([arms.steps[here] for arms, here in zip(several, low, strict=True)]).astype(float)
    sizes = np.concatenate([np.full(here.sum(), float(arms.modes)) for arms, here in zip(several, low, strict=True)])
    return fit(data, sizes, of_weights, several[0].runs, seed=seed)


def weight(name: str, laws: Sequence[Law]) -> Weight:
    """Return how far a parameter moves both constants, the mean over the levels of the others."""
    levels = NEARNESS[name]
    ends = [[law.fit for law in laws if law.fit and law.changes[name] == level] for level in (levels[0], levels[-1])]
    of_k, of_alpha = (
        [np.mean([value(fitted) for fitted in group]) if group else np.nan for group in ends]
        for value in (lambda fitted: np.log(fitted.k.estimate), lambda fitted: fitted.alpha.estimate)
    )
    return Weight(parameter=name, of_k=float(of_k[1] - of_k[0]), of_alpha=float(of_alpha[1] - of_alpha[0]))


def correlations(laws: Sequence[Law]) -> dict[str, float]:
    """Return Spearman's rank correlations of the overlap and both constants; NaN for fewer than three laws."""
    from scipy.stats import spearmanr

    rows = [(law.overlap, law.fit.k.estimate, law.fit.alpha.estimate) for law in laws if law.fit]
    if len(rows) < 3:
        return dict.fromkeys(CORRELATED, np.nan)
    matrix = np.asarray(spearmanr(np.array(rows))[0])
    return dict(zip(CORRELATED, matrix[np.triu_indices(3, 1)].tolist(), strict=True))


def law_table(fits: Mapping[str, LawFit | None], title: str, note: str = "") -> Table:
    """Return a table of fitted laws by name."""
    columns = {"k": "{.k:,.0f}", "alpha": "{.alpha:.3f}", "R²": "{.explained:.2f}", "off by": "x{.factor:.2f}"}
    columns |= {"bend": "{.bend:+.2f}"}
    rows = [[name, *(text.format(fit) if fit else "-" for text in columns.values())] for name, fit in fits.items()]
    return Table.of_cells(("", *columns), rows, title, note)


def published_table(laws: Sequence[PublishedLaw]) -> Table:
    """Return the paper's laws, as arithmetic."""
    columns: dict[str, Any] = {
        "pre-trained on": "name",
        "k": lambda law: f"{law.k:.2g}",
        "alpha": lambda law: f"{law.alpha:g}",
        "beta": lambda law: f"{law.beta:g}",
    }
    for i, (size, data) in enumerate(WORKED):
        columns[f"N {size:.0e}\nD_F {data:.0e}"] = lambda law, i=i: f"{law.worked[i].multiplier:,.4g}"
    title = (
        "The paper's own constants, as arithmetic: characters, and parameters without embeddings; worked values of "
        "the multiplier (D_F + D_T) / D_F."
    )
    return Table(laws, columns, wrapped(title))
