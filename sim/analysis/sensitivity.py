"""Sensitivity: how much of a response's variation is due to each parameter, or to the parameters of each argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, check_whole, unknown
from feint.sim.analysis.among_converged import in_two_lines
from feint.sim.analysis.designed_data import (
    BASES,
    EFFECT,
    FIRST,
    LEAST,
    SUMMED,
    TOTAL,
    Measures,
    complete,
    elementary_effects,
    sobol_indices,
)
from feint.sim.analysis.given_data import DELTA, METHODS, NAMES, PAWN, RANDOM, given_indices
from feint.sim.analysis.given_data import RESAMPLES as GIVEN_RESAMPLES
from feint.sim.analysis.response_surface import LIMITS, Response, ResponseAnalysis, ResponseRequest
from feint.sim.analysis.response_surface import response as read_response
from feint.sim.results.figure_style import COLUMN_WIDTH, canvas
from feint.sim.results.report import Hidden, Number, Table, table, wrapped
from feint.sim.results.request import Option
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.sweeps.experimental_designs import weights_of
from feint.sim.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESAMPLES = 1000
HEADINGS = {FIRST: "first", TOTAL: "total", EFFECT: "mean absolute effect", DELTA: "delta", PAWN: "PAWN"}
BY_SIZE = (TOTAL, EFFECT, DELTA, PAWN)  # measures by which parameters are put in order
WHAT = {"Sobol": "Sobol indices", "Morris": "Elementary effects", **NAMES}
LOOKS: dict[str, dict[str, Any]] = {
    FIRST: {"label": "first-order index", "color": "#56b4e9", "hatch": "...."},
    TOTAL: {"label": "total index", "color": "#0072b2"},
    EFFECT: {"label": "mean absolute effect", "color": "#0072b2"},
    **{method: {"label": name, "color": "#0072b2"} for method, name in NAMES.items()},
}
TOGETHER = "that of all its parameters at once, each up or down"  # how the elementary effect of a group is defined
ALONG = {TOTAL: "share of the variance", EFFECT: "change over the whole range", DELTA: "delta", PAWN: "distance"}


@dataclass(frozen=True, kw_only=True)
class Index:
    """Indices of one parameter, or of one argument's parameters together."""

    name: str
    argument: str
    first: Annotated[Interval | None, Field(description="share of the variance that it explains alone")]
    total: Annotated[Interval | None, Field(description="share of the variance that is left if all else is known")]
    effect: Annotated[
        Interval | None,
        Field(description=f"Morris: mean absolute change over the whole range; of an argument, {TOGETHER}"),
    ]
    mean_effect: Annotated[float | None, Field(description="Morris, of a parameter: the mean change with its sign")]
    spread: Annotated[float | None, Field(description="Morris, of a parameter: standard deviation of the changes")]
    delta: Annotated[Interval | None, Field(description="Borgonovo's delta, from given data")] = None
    pawn: Annotated[Interval | None, Field(description="PAWN's median distance over slices, from given data")] = None


@dataclass(frozen=True, kw_only=True)
class ArgumentSum:
    """Sum of the first-order indices of an argument's parameters, without what they do only together."""

    argument: str
    parameters: list[str]
    first_summed: Interval


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Sensitivity(ResponseAnalysis):
    """Indices of a response by what was moved: parameters, or groups of those that belong to one argument.

    A Saltelli design has the measures `first` and `total` and, if parameters moved singly, `first_summed` by argument;
    a Morris design has `effect`. From given data there is `delta` or `pawn`.
    """

    kind = "sensitivity"
    libraries = ("SALib", "scipy")

    method: Literal["Sobol", "Morris", "delta", "pawn"]
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
    inert: Annotated[
        float | None, Field(description=f"largest index of {RANDOM} random columns, which do nothing; of given data")
    ] = None
    effective: Annotated[
        float | None, Field(description="effective sample size of points that differ in weight; else null")
    ] = None

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per measure and name."""
        groups = {index.name: index.argument for index in self.indices}
        return [
            {"measure": measure, "name": name, "argument": groups.get(name, name)}
            | {limit: getattr(index, limit) for limit in LIMITS[:3]}
            for measure, indices in self.measures.items()
            for name, index in indices.items()
        ]

    def blocks(self) -> Iterator[str | Table]:
        """Yield what was analysed, the indices from the largest down, and their sums by argument."""
        first = next(iter(self.measures.values()))
        method = next(iter(first.values())).method
        heading = f"{WHAT[self.method]}, {self.points:,} points, {100 * self.confidence:g} % intervals ({method})"
        about = self._variances() if self.inert is None else self._given_data()
        if self.method == "Morris" and self.by == "argument":
            about += f"; the effect of an argument is {TOGETHER}, which has no sign of its own"
        yield "\n".join([self.response.title, *self._left_out(), wrapped(heading), wrapped(about)])
        columns: dict[str, Any] = {"argument": "name"}
        if self.by == "parameter":
            columns = {"parameter\n  argument": lambda index: f"{index.name}\n  {index.argument}"}
        columns |= {heading: measure for measure, heading in HEADINGS.items() if measure in self.measures}
        if self.method == "Morris" and self.by == "parameter":
            columns["mean effect"] = lambda index: f"{index.mean_effect:+.3f}"
            columns["spread"] = lambda index: f"{index.spread:.3f}"
        yield Table(self.indices, columns, rule=False)
        several = [argument for argument in self.arguments if len(argument.parameters) > 1]
        if several:
            rows = [["\n  ".join([s.argument, *s.parameters]), f"{s.first_summed:.3f}"] for s in several]
            what = "First-order indices summed by argument; what its parameters do only together is not in the sum:"
            yield "\n".join([wrapped(what), *table(rows)])

    def _left_out(self) -> list[str]:
        """Return the line that says how many points are left out; none if none are."""
        if not self.left_out:
            return []
        base = f"of {BASES[self.study.design]} with a point " if self.inert is None else ""
        return [wrapped(f"{self.left_out:,} points are left out: those {base}where {self.response.not_known}")]

    def _given_data(self) -> str:
        """Return what was analysed, and which index a parameter that does nothing may have, in words."""
        inert = f"{RANDOM} columns of random numbers, which do nothing, have at most {self.inert:.3f}"
        if self.effective is None:
            return inert
        drawn = f"as many points as the effective sample size, {self.effective:.0f}, are drawn by weight"
        return f"{drawn}, because SALib takes no weights; {inert}"

    def _variances(self) -> str:
        """Return how much of the variance is Monte Carlo's, and whether it is subtracted, in words."""
        if self.response.runs is None:
            return f"variance {self.variance:.3g}"
        noise = self.monte_carlo_variance
        whole = self.variance + (noise if self.subtracted else 0.0)
        share = f"{100 * noise / whole:.1f} %" if whole > 0 else "all"
        if not isfinite(noise):
            return f"variance between points {whole:.3g}; a point has a single run, so that Monte Carlo's is not known"
        between = f"variance between points {whole:.3g}, Monte Carlo variance {noise:.2g} ({share} of it)"
        if self.subtracted:
            return f"{between}, which is subtracted: streams are independent"
        return f"{between}; streams are common, so that no sampling error is charged to a parameter that does not act"

    def drawing(self) -> Figure:
        """Return bars with intervals, from the largest total index or effect down."""
        along = "change over the whole ranges, all parameters at once" if self.by == "argument" else ALONG[EFFECT]
        return bars(self.measures, self.response.title, ALONG | {EFFECT: along})


def by_size(measures: Measures) -> list[str]:
    """Return what moved, from the largest total index or effect to the smallest."""
    indices = next(measures[name] for name in BY_SIZE if name in measures)
    return sorted(indices, key=lambda name: -indices[name].estimate)


def bars(measures: Measures, title: str, along: Mapping[str, str] = ALONG) -> Figure:
    """Return indices as bars with intervals, from the largest total index or effect down."""
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
        axes.set_xlabel(next(along[name] for name in BY_SIZE if name in measures))
        drawn.suptitle(in_two_lines(title), fontsize=8, x=0.01, ha="left")
        drawn.legend(loc="outside lower center", ncols=2, frameon=False)
        sns.despine(fig=drawn)
        return drawn


def sensitivity(
    response: Response,
    *,
    method: str | None = None,
    confidence: float = CONFIDENCE,
    resamples: int | None = None,
    seed: int = 0,
) -> Sensitivity:
    """Return the Sobol indices of a response on a Saltelli design, or the elementary effects on a Morris design.

    With `method` "delta" or "pawn", return an index from given data (`given_indices`), for points of any design.
    `resamples` and `seed` are those of the bootstrap. If converged runs are counted, base points and trajectories with
    a point where no run of an arm converged are left out. Raises `InputError` if the design is another, or if there is
    no variance to divide.
    """
    check_confidence(confidence)
    usual = RESAMPLES if method is None else GIVEN_RESAMPLES
    resamples = check_whole("resamples", usual if resamples is None else resamples, 2)
    if method is None:
        return _of_design(response, confidence, resamples, seed)
    return _from_given_data(response, method, confidence, resamples, seed)


def _of_design(response: Response, confidence: float, resamples: int, seed: int) -> Sensitivity:
    """Return the indices of a Saltelli or Morris design."""
    study = response.study
    if study.design not in LEAST:
        raise InputError(
            f"design = {study.design!r} has no sensitivity indices: Sobol indices need design = 'saltelli', "
            "elementary effects design = 'morris'; method = 'delta' and 'pawn' (--method) take any."
        )
    samples, least = study.samples or 0, LEAST[study.design]
    if samples < least:
        raise InputError(f"samples = {samples} is too few for an interval: it must be at least {least}.")
    sobol, groups = study.design == "saltelli", study.groups
    response = complete(response, len(groups) + 1 + sobol)
    estimate = sobol_indices if sobol else elementary_effects
    measures, variance, signed = estimate(response, confidence, resamples, seed)
    indices = []
    for name in by_size(measures):
        intervals = {measure: measures.get(measure, {}).get(name) for measure in HEADINGS}
        mean, spread = signed.get(name, (None, None))
        indices.append(Index(name=name, argument=groups[name], **intervals, mean_effect=mean, spread=spread))
    arguments = []
    for argument, interval in measures.get(SUMMED, {}).items():
        parameters = [name for name, its in groups.items() if its == argument]
        arguments.append(ArgumentSum(argument=argument, parameters=parameters, first_summed=interval))
    return Sensitivity(
        **response.facts(confidence),
        method="Sobol" if sobol else "Morris",
        by="argument" if study.by_group else "parameter",
        points=len(response.value),
        streams=study.streams,
        variance=variance,
        monte_carlo_variance=float(response.variance.mean()),
        subtracted=sobol and study.streams == "independent",
        resamples=resamples,
        indices=indices,
        arguments=arguments,
        measures=measures,
    )


def _from_given_data(response: Response, method: str, confidence: float, resamples: int, seed: int) -> Sensitivity:
    """Return an index of each parameter from points that need no design; raises `InputError`."""
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    response = response.known()
    given = given_indices(response, method, confidence=confidence, resamples=resamples, seed=seed)
    measures, groups = {method: given.indices}, {factor.name: factor.group for factor in response.factors}
    weights, values = weights_of(response.points), response.value
    others: Any = dict.fromkeys((FIRST, TOTAL, EFFECT, "mean_effect", "spread"))
    return Sensitivity(
        **response.facts(confidence),
        method=method,  # pyright: ignore[reportArgumentType] - one of METHODS
        by="parameter",
        points=given.rows,
        streams=response.study.streams,
        variance=float(np.average((values - np.average(values, weights=weights)) ** 2, weights=weights)),
        monte_carlo_variance=float(np.average(response.variance, weights=weights)),
        subtracted=False,
        resamples=resamples,
        indices=[
            Index(name=name, argument=groups[name], **(others | {method: given.indices[name]}))
            for name in by_size(measures)
        ],
        arguments=[],
        measures=measures,
        inert=given.inert,
        effective=given.effective,
    )


@dataclass(frozen=True, kw_only=True)
class SensitivityRequest(ResponseRequest):
    """Variation of the outcome explained by each parameter: Sobol indices or Morris's elementary effects."""

    kind = "sensitivity"

    method: Annotated[
        str | None, Option("Index from given data, for a sweep of any design, also a weighted one: delta or pawn.")
    ] = None

    def analyse(self, sweep: Sweep) -> Sensitivity:
        """Return the indices of the response."""
        surface = read_response(sweep, self.of, self.outcome, self.among)
        return sensitivity(surface, method=self.method, confidence=self.confidence)
