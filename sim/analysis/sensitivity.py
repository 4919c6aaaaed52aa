"""Sensitivity: how much of a response's variation is due to each parameter, or to the parameters of each argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from feint.agents.errors import InputError, check_whole
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.response_surface import (
    AnalysisRequest,
    Of,
    OutcomeName,
    Response,
    ResponseAnalysis,
    facts_of,
    response,
)
from feint.sim.analysis.sensitivity_indices import (
    EFFECT,
    FIRST,
    SUMMED,
    TOTAL,
    elementary_effects,
    sobol_indices,
)
from feint.sim.results.figure_style import COLUMN_WIDTH, canvas, settled
from feint.sim.results.report import Hidden, Number, Table, table, wrapped
from feint.sim.results.request import Confidence
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep_results import Sweep

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

RESAMPLES = 1000
LEAST = {"saltelli": 8, "morris": 4}  # base points and trajectories that an interval needs
HEADINGS = {FIRST: "first", TOTAL: "total", EFFECT: "mean absolute effect"}
LOOKS: dict[str, dict[str, Any]] = {
    FIRST: {"label": "first-order index", "color": "#56b4e9", "hatch": "...."},
    TOTAL: {"label": "total index", "color": "#0072b2"},
    EFFECT: {"label": "mean absolute effect", "color": "#0072b2"},
}
Measures = Mapping[str, Mapping[str, Interval]]
"""Measure → parameter or argument → index."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """Indices of one parameter, or of one argument's parameters together."""

    name: str
    argument: str
    first: Annotated[Interval | None, Field(description="share of the variance that it explains alone")]
    total: Annotated[Interval | None, Field(description="share of the variance that is left if all else is known")]
    effect: Annotated[Interval | None, Field(description="Morris: mean absolute change over the whole range")]
    mean_effect: Annotated[float | None, Field(description="Morris, of a parameter: the mean change with its sign")]
    spread: Annotated[float | None, Field(description="Morris, of a parameter: standard deviation of the changes")]


@dataclass(frozen=True, kw_only=True)
class ArgumentSum:
    """Sum of the first-order indices of an argument's parameters, without what they do only together."""

    argument: str
    parameters: list[str]
    first_summed: Interval


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Sensitivity(ResponseAnalysis):
    """Indices of a response by what moved: parameters, or groups of those that belong to one argument.

    A Saltelli design has the measures `first` and `total` and, if parameters moved singly, `first_summed` by argument;
    a Morris design has `effect`.
    """

    kind = "sensitivity"
    libraries = ("SALib", "scipy")

    method: Literal["Sobol", "Morris"]
    by: Literal["parameter", "argument"]
    points: int
    streams: str
    variance: Annotated[
        float, Field(description="of the response over points; Monte Carlo variance taken out if subtracted")
    ]
    monte_carlo_variance: Annotated[Number, Field(description="of a point, the mean over points; null of single runs")]
    subtracted: bool
    resamples: int
    indices: list[Index]
    arguments: list[ArgumentSum]
    measures: Hidden[Measures]

    def frame(self) -> pd.DataFrame:
        """Return one row per measure and name, with the passport in `attrs`."""
        import pandas as pd

        groups = self.study.groups
        rows = [
            (measure, name, groups.get(name, name), index.estimate, index.low, index.high)
            for measure, indices in self.measures.items()
            for name, index in indices.items()
        ]
        table = pd.DataFrame(rows, columns=["measure", "name", "argument", "estimate", "low", "high"])
        table.attrs.update(self.passport())
        return table

    def blocks(self) -> Iterator[str | Table]:
        """Yield what was analysed, the indices from the largest down, and their sums by argument."""
        first = next(iter(self.measures.values()))
        method = next(iter(first.values())).method
        what = "Sobol indices" if self.method == "Sobol" else "Elementary effects"
        heading = f"{what}, {self.points:,} points, {100 * self.confidence:g} % intervals ({method})"
        yield "\n".join([self.response.title, wrapped(heading), wrapped(self._variances())])
        yield Table(self.indices, self._columns(), rule=False)
        several = [argument for argument in self.arguments if len(argument.parameters) > 1]
        if several:
            rows = [["\n  ".join([s.argument, *s.parameters]), f"{s.first_summed:.3f}"] for s in several]
            what = "First-order indices summed by argument; what its parameters do only together is not in the sum:"
            yield "\n".join([wrapped(what), *table(rows)])

    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = {"argument": "name"}
        if self.by == "parameter":
            columns = {"parameter\n  argument": lambda index: f"{index.name}\n  {index.argument}"}
        columns |= {heading: measure for measure, heading in HEADINGS.items() if measure in self.measures}
        if self.method == "Morris" and self.by == "parameter":
            columns["mean effect"] = lambda index: f"{index.mean_effect:+.3f}"
            columns["spread"] = lambda index: f"{index.spread:.3f}"
        return columns

    def _variances(self) -> str:
        """Return how much of the variance is Monte Carlo's, and whether it is subtracted, in words."""
        if self.response.runs is None:
            return f"variance {self.variance:.3g}"
        noise = self.monte_carlo_variance
        whole = self.variance + (noise if self.subtracted else 0.0)
        share = f"{100 * noise / whole:.1f} %" if whole > 0 else "all"
        seen = f"variance between points {whole:.3g}, Monte Carlo variance {noise:.2g} ({share} of it)"
        if self.subtracted:
            return f"{seen}, which is subtracted: streams are independent"
        return f"{seen}; streams are common, so that no luck is charged to a parameter that does not act"

    def figure(self) -> Figure:
        """Return bars with intervals, from the largest total index or effect down."""
        return bars(self.measures, self.response.title)


def by_size(measures: Measures) -> list[str]:
    """Return what moved, from the largest total index or effect to the smallest."""
    indices = measures.get(TOTAL) or measures[EFFECT]
    return sorted(indices, key=lambda name: -indices[name].estimate)


def bars(measures: Measures, title: str) -> Figure:
    """Return indices as bars with intervals, from the largest total index or effect down."""
    import numpy as np
    import seaborn as sns

    shown, order = [measure for measure in measures if measure != SUMMED], by_size(measures)
    places, thickness = np.arange(len(order)), 0.8 / len(shown)
    with canvas((COLUMN_WIDTH, 0.9 + 0.28 * len(places))) as drawn:
        axes = drawn.subplots()
        for i, measure in enumerate(shown):
            indices = [measures[measure][name] for name in order]
            at = places + (i - (len(shown) - 1) / 2) * thickness
            middle = np.array([index.estimate for index in indices])
            reach = [middle - [index.low for index in indices], [index.high for index in indices] - middle]
            axes.barh(at, middle, thickness, edgecolor="#222222", linewidth=0.5, **LOOKS[measure])
            axes.errorbar(middle, at, xerr=reach, fmt="none", ecolor="black", elinewidth=0.8, capsize=1.5)
        axes.set_yticks(places, order)
        axes.invert_yaxis()
        axes.axvline(0, color="#222222", linewidth=0.6)
        axes.set_xlabel("share of the variance" if TOTAL in measures else "change over the whole range")
        drawn.suptitle(title, fontsize=8, x=0.01, ha="left")
        drawn.legend(loc="outside lower center", ncols=2, frameon=False)
        sns.despine(fig=drawn)
        return settled(drawn)


def sensitivity(
    response: Response, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES, seed: int = 0
) -> Sensitivity:
    """Return the Sobol indices of a response on a Saltelli design, or the elementary effects on a Morris design.

    Parameters
    ----------
    response
        One number at every point of the design.
    confidence
        Confidence level of all intervals.
    resamples
        Number of bootstrap samples.
    seed
        Seed of the bootstrap.

    Raises
    ------
    InputError
        If the design is another, or if there is no variance to divide.

    """
    check_confidence(confidence)
    resamples, study = check_whole("resamples", resamples, 2), response.study
    if study.design not in LEAST:
        raise InputError(
            f"design = {study.design!r} has no sensitivity indices: Sobol indices need design = 'saltelli', "
            "elementary effects design = 'morris'."
        )
    samples, least = study.samples or 0, LEAST[study.design]
    if samples < least:
        raise InputError(f"samples = {samples} is too few for an interval: it must be at least {least}.")
    bootstrap: dict[str, Any] = {"confidence": confidence, "resamples": resamples, "seed": seed}
    signed: Mapping[str, tuple[float, float]] = {}
    if sobol := study.design == "saltelli":
        measures, variance = sobol_indices(response, **bootstrap)
    else:
        measures, signed = elementary_effects(response, **bootstrap)
        variance = float(response.value.var())
    return Sensitivity(
        **facts_of(response, confidence),
        method="Sobol" if sobol else "Morris",
        by="argument" if study.by_group else "parameter",
        points=len(response.value),
        streams=study.streams,
        variance=variance,
        monte_carlo_variance=float(response.variance.mean()),
        subtracted=sobol and study.streams == "independent",
        resamples=resamples,
        indices=[_index(name, study, measures, signed) for name in by_size(measures)],
        arguments=[
            ArgumentSum(
                argument=group,
                parameters=[name for name, its in study.groups.items() if its == group],
                first_summed=interval,
            )
            for group, interval in measures.get(SUMMED, {}).items()
        ],
        measures=measures,
    )


def _index(name: str, study: Study, measures: Measures, signed: Mapping[str, tuple[float, float]]) -> Index:
    mean, spread = signed.get(name, (None, None))
    intervals = {measure: measures.get(measure, {}).get(name) for measure in HEADINGS}
    return Index(name=name, argument=study.groups[name], **intervals, mean_effect=mean, spread=spread)


@dataclass(frozen=True, kw_only=True)
class SensitivityRequest(AnalysisRequest):
    """How much each parameter explains of the outcome's variation: Sobol indices or Morris's elementary effects."""

    kind = "sensitivity"

    of: Of = None
    outcome: OutcomeName = DECEPTIVE
    confidence: Confidence = CONFIDENCE

    def analyse(self, sweep: Sweep) -> Sensitivity:
        """Return the indices of the sweep's parameters."""
        return sensitivity(response(sweep, self.of, self.outcome), confidence=self.confidence)
