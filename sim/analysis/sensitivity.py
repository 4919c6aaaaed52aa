"""Sensitivity: how much of a response's variation goes back to each parameter, or to each argument's parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError
from feint.sim.results.figure_style import STYLE
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from feint.sim.analysis.response_surface import Response
    from feint.sim.sweeps.study import Study

RESAMPLES = 1000
LEAST = {"saltelli": 8, "morris": 4}  # base points and trajectories, for an interval over them
FIRST, TOTAL, SUMMED, EFFECT = "first", "total", "first_summed", "effect"
MEASURES = {
    FIRST: "share of the variance that it explains alone",
    TOTAL: "share of the variance that would be left if all else were known",
    SUMMED: "sum of its parameters' first-order indices: what they do together beyond that is not in it",
    EFFECT: "mean absolute change of the response over its whole range",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Sensitivity:
    """Indices of a response by what moved: parameters, or groups of those that belong to one argument.

    A Saltelli design has the measures `first` and `total`, and where parameters moved singly `first_summed` by
    argument; a Morris design has `effect`.
    """

    response: Response
    method: str  #: "Sobol" or "Morris"
    measures: dict[str, dict[str, Interval]]  #: measure → name of what moved → index
    variance: float  #: of the response over points, less `noise` where that was subtracted
    noise: float  #: Monte Carlo variance of a point, the mean over points
    resamples: int
    mean_effect: dict[str, float] = field(default_factory=dict)  #: Morris, parameters moved singly: with its sign
    spread: dict[str, float] = field(default_factory=dict)  #: Morris, likewise: standard deviation of the effects

    @property
    def subtracted(self) -> bool:
        """Whether Monte Carlo variance was taken out."""
        return self.method == "Sobol" and self.response.study.streams == "independent"

    @property
    def groups(self) -> dict[str, str]:
        """The argument of each thing that moved."""
        return groups_of(self.response.study)

    @property
    def order(self) -> list[str]:
        """What moved, from the largest total index or effect to the smallest."""
        found = self.measures[TOTAL if self.method == "Sobol" else EFFECT]
        return sorted(found, key=lambda name: -found[name].estimate)

    def frame(self) -> pd.DataFrame:
        """One row a measure and name."""
        import pandas as pd

        rows = [
            (measure, name, self.groups.get(name, name), index.estimate, index.low, index.high)
            for measure, found in self.measures.items()
            for name, index in found.items()
        ]
        return pd.DataFrame(rows, columns=["measure", "name", "argument", "estimate", "low", "high"])


def sensitivity(
    response: Response, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES, seed: int = 0
) -> Sensitivity:
    """Sobol indices of a response on a Saltelli design, elementary effects of one on a Morris design.

    Raises `InputError` for another design, and where there is no variance to divide.
    """
    from feint.sim.analysis import morris, sobol

    check_confidence(confidence)
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 2:
        raise InputError(f"resamples = {resamples!r} is not valid: it must be a whole number of at least 2.")
    design, samples = response.study.design, response.study.samples or 0
    if design not in LEAST:
        raise InputError(
            f"design = {design!r} has no sensitivity indices: Sobol indices need design = 'saltelli', "
            "elementary effects design = 'morris'."
        )
    if samples < LEAST[design]:
        raise InputError(f"samples = {samples} is too few for an interval: it must be at least {LEAST[design]}.")
    found = sobol.indices if design == "saltelli" else morris.effects
    return found(response, confidence=confidence, resamples=resamples, seed=seed)


def groups_of(study: Study) -> dict[str, str]:
    """What a study moves one at a time, parameters or arguments, in the order of its design; each with its argument."""
    return {factor.group if study.by_group else factor.name: factor.group for factor in study.factors}


LOOKS: dict[str, dict[str, Any]] = {
    FIRST: {"label": "first-order index", "color": "#56b4e9", "hatch": "...."},
    TOTAL: {"label": "total index", "color": "#0072b2"},
    EFFECT: {"label": "mean absolute effect", "color": "#0072b2"},
}


def figure(found: Sensitivity) -> Figure:
    """Bars with intervals, from the largest total index or effect down."""
    import matplotlib as mpl
    import numpy as np
    import seaborn as sns
    from matplotlib.figure import Figure

    from feint.sim.analysis.phase_diagrams import COLUMN_WIDTH, settled

    shown = [measure for measure in found.measures if measure != SUMMED]
    places, thickness = np.arange(len(found.order)), 0.8 / len(shown)
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(COLUMN_WIDTH, 0.9 + 0.28 * len(places)), layout="constrained")
        axes = drawn.subplots()
        for i, measure in enumerate(shown):
            bars = [found.measures[measure][name] for name in found.order]
            at, middle = places + (i - (len(shown) - 1) / 2) * thickness, np.array([bar.estimate for bar in bars])
            reach = [middle - [bar.low for bar in bars], [bar.high for bar in bars] - middle]
            axes.barh(at, middle, thickness, edgecolor="#222222", linewidth=0.5, **LOOKS[measure])
            axes.errorbar(middle, at, xerr=reach, fmt="none", ecolor="black", elinewidth=0.8, capsize=1.5)
        axes.set_yticks(places, found.order)
        axes.invert_yaxis()
        axes.axvline(0, color="#222222", linewidth=0.6)
        axes.set_xlabel("share of the variance" if found.method == "Sobol" else "change over the whole range")
        drawn.suptitle(found.response.title, fontsize=8, x=0.01, ha="left")
        drawn.legend(loc="outside lower center", ncols=2, frameon=False)
        sns.despine(fig=drawn)
        return settled(drawn)
