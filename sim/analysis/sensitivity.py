"""Sensitivity: how much of a response's variation is due to each parameter, or to the parameters of each argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, check_whole, load_extra
from feint.sim.analysis.among_converged import ALL, in_two_lines
from feint.sim.analysis.response_surface import LIMITS, Response, ResponseAnalysis, ResponseRequest
from feint.sim.results.figure_style import COLUMN_WIDTH, canvas, with_fixed_layout
from feint.sim.results.report import Hidden, Number, Table, table, wrapped
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.sweeps.experimental_designs import MORRIS_LEVELS, problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESAMPLES = 1000
AT_ONCE = 50  # resamples held in memory together
BASES = {"saltelli": "base points", "morris": "trajectories"}
LEAST = {"saltelli": 8, "morris": 4}  # of them, which an interval needs
FIRST, TOTAL, SUMMED, EFFECT = "first", "total", "first_summed", "effect"
HEADINGS = {FIRST: "first", TOTAL: "total", EFFECT: "mean absolute effect"}
LOOKS: dict[str, dict[str, Any]] = {
    FIRST: {"label": "first-order index", "color": "#56b4e9", "hatch": "...."},
    TOTAL: {"label": "total index", "color": "#0072b2"},
    EFFECT: {"label": "mean absolute effect", "color": "#0072b2"},
}
Measures = Mapping[str, Mapping[str, Interval]]
"""Measure → parameter or argument → index."""
Estimated = tuple[Measures, float, Mapping[str, tuple[float, float]]]
"""Measures, variance of the response, and the mean effect with its sign and the spread of each parameter (Morris)."""


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
    """Indices of a response by what was moved: parameters, or groups of those that belong to one argument.

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

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per measure and name."""
        groups = self.study.groups
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
        what = "Sobol indices" if self.method == "Sobol" else "Elementary effects"
        heading = f"{what}, {self.points:,} points, {100 * self.confidence:g} % intervals ({method})"
        yield "\n".join([self.response.title, *self._left_out(), wrapped(heading), wrapped(self._variances())])
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
        what = f"{BASES[self.study.design]} with a point where {self.response.not_known}"
        return [wrapped(f"{self.left_out:,} points are left out: those of {what}")]

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

    def figure(self) -> Figure:
        """Return bars with intervals, from the largest total index or effect down."""
        return bars(self.measures, self.response.title)


def by_size(measures: Measures) -> list[str]:
    """Return what moved, from the largest total index or effect to the smallest."""
    indices = measures.get(TOTAL) or measures[EFFECT]
    return sorted(indices, key=lambda name: -indices[name].estimate)


def bars(measures: Measures, title: str) -> Figure:
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
        axes.set_xlabel("share of the variance" if TOTAL in measures else "change over the whole range")
        drawn.suptitle(in_two_lines(title), fontsize=8, x=0.01, ha="left")
        drawn.legend(loc="outside lower center", ncols=2, frameon=False)
        sns.despine(fig=drawn)
        return with_fixed_layout(drawn)


def sensitivity(
    response: Response, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES, seed: int = 0
) -> Sensitivity:
    """Return the Sobol indices of a response on a Saltelli design, or the elementary effects on a Morris design.

    `resamples` and `seed` are those of the bootstrap. If converged runs are counted, base points and trajectories with
    a point where no run of an arm converged are left out. Raises `InputError` if the design is another, or if there is
    no variance to divide.
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
    sobol, groups = study.design == "saltelli", study.groups
    response = _complete(response, len(groups) + 1 + sobol)
    estimate = _sobol_indices if sobol else _elementary_effects
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


def _complete(response: Response, size: int) -> Response:
    """Return the response at the base points or trajectories, of `size` points each, that are known at all of them.

    Raises `InputError` if too few are.
    """
    known = np.array([row.all() for row in np.isfinite(response.value).reshape(-1, size)])
    if response.among == ALL or known.all():
        return response
    base, least = BASES[response.study.design], LEAST[response.study.design]
    if known.sum() < least:
        what = f"{known.sum():,} of {len(known):,} {base} are known at all their points"
        raise InputError(f"{what}, as elsewhere {response.not_known}: an interval needs at least {least}.")
    return response.at(np.repeat(known, size))


def _sobol_indices(response: Response, confidence: float, resamples: int, seed: int) -> Estimated:
    """Return first-order and total indices and, if parameters move singly, first-order ones summed by argument.

    Intervals reach as far as Student's t of base points - 1 times the deviation of a bootstrap over base points times
    sqrt(n / (n - 1)): percentiles of a bootstrap fall short if base points are few. Raises `InputError` if the response
    varies by no more than sampling error.
    """
    from scipy.stats import t

    if np.ptp(response.value) == 0:
        raise InputError(f"{response.title} is {response.value[0]:.4g} at every point: there is no variance to divide.")
    groups, variance = response.study.groups, float(response.value.var())
    split = load_extra("SALib.analyze.sobol", "a Sobol analysis").separate_output_values
    count = len(response.value) // (len(groups) + 2)
    centred = (response.value - response.value.mean()) / np.sqrt(variance)
    noise = _subtracted(response) / variance
    values, errors = (split(numbers, len(groups), count, False) for numbers in (centred, noise))
    drawn = np.random.default_rng([seed, count]).integers(count, size=(resamples, count))
    estimates = _estimates(values, errors, np.arange(count)[None])[:, 0]
    parts = (drawn[first : first + AT_ONCE] for first in range(0, resamples, AT_ONCE))
    again = np.concatenate([_estimates(values, errors, rows) for rows in parts], axis=1)
    reach = float(t.ppf((1 + confidence) / 2, count - 1)) * sqrt(count / (count - 1))
    if estimates[0] <= reach * again[0].std(ddof=1):
        raise InputError(
            f"{response.title} varies between points by no more than sampling error "
            f"(variance {variance:.2g}, of which Monte Carlo {response.variance.mean():.2g}): "
            "give each point more runs, or use streams = 'common'."
        )

    def interval(*rows: int) -> Interval:
        middle = float(estimates[list(rows)].sum())
        half = reach * float(np.nanstd(again[list(rows)].sum(axis=0), ddof=1))
        limits = {"low": middle - half, "high": middle + half}
        return Interval(estimate=middle, **limits, confidence=confidence, method="bootstrap over base points")

    measures = {
        FIRST: {name: interval(1 + i) for i, name in enumerate(groups)},
        TOTAL: {name: interval(1 + len(groups) + i) for i, name in enumerate(groups)},
    }
    if not response.study.by_group:
        rows = {group: [1 + i for i, its in enumerate(groups.values()) if its == group] for group in groups.values()}
        measures[SUMMED] = {group: interval(*its) for group, its in rows.items()}
    return measures, float(estimates[0]) * variance, {}


def _estimates(values: Sequence[np.ndarray], errors: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Return variance, first-order and total indices (1 + 2 moved, resamples) of rows (resamples, base points).

    `values`, of unit variance, and the Monte Carlo variances `errors` are those at the base points A (base points,), at
    B, and at A with one factor or group taken from B (base points, moved). The estimators are those of Saltelli et al.
    2010 (doi:10.1016/j.cpc.2009.09.018). Each value is y = f + e with an error e of its own, of variance v; what errors
    add in the mean is subtracted:

        variance         Var(y) - mean v, over A and B
        total, times it  ½ mean (y_A - y_AB)² - ½ mean (v_A + v_AB)
        first, times it  mean y_B (y_AB - y_A), to which they add nothing: y_B shares its error with neither

    """
    from SALib.analyze.sobol import first_order, total_order

    rows = rows.T
    a, b, error_a, error_b = (part[rows] for part in (values[0], values[1], errors[0], errors[1]))
    raw = np.concatenate([a, b]).var(axis=0)
    clean = raw - np.concatenate([error_a, error_b]).mean(axis=0)
    scale = np.divide(raw, clean, out=np.full_like(clean, np.nan), where=clean > 0)
    first, total = [], []
    for ab, error in zip(values[2].T, errors[2].T, strict=True):
        added = np.divide((error_a + error[rows]).mean(axis=0) / 2, raw, out=np.zeros_like(raw), where=raw > 0)
        first.append(first_order(a, ab[rows], b) * scale)
        total.append((total_order(a, ab[rows], b) - added) * scale)
    return np.array([clean, *first, *total])


def _subtracted(response: Response) -> np.ndarray:
    """Return the Monte Carlo variance to subtract at each point (points,); 0 with common streams."""
    if response.runs is None or response.study.streams == "common":
        return np.zeros(len(response.value))
    if (response.runs < 2).any():
        few = "runs = 1 leaves" if response.among == ALL else "a point with a single converged run leaves"
        raise InputError(f"{few} the Monte Carlo variance unknown: independent streams need 2 runs per point.")
    return response.variance


def _elementary_effects(response: Response, confidence: float, resamples: int, seed: int) -> Estimated:
    """Return means of absolute elementary effects, with intervals from a bootstrap over trajectories.

    Morris 1991, doi:10.1080/00401706.1991.10484804; Campolongo et al. 2007, doi:10.1016/j.envsoft.2006.10.004. Raises
    `InputError` for independent streams, whose errors raise absolute changes by an amount that is not known.
    """
    study = response.study
    if response.runs is not None and study.streams == "independent":
        raise InputError(
            "streams = 'independent' would turn sampling error into elementary effects: Morris's design needs 'common'."
        )
    points = response.points[[factor.name for factor in study.factors]].to_numpy(float)
    analysis = load_extra("SALib.analyze.morris", "a Morris analysis").analyze(
        problem(study),
        points,  # of which SALib takes the signs of steps alone
        response.value,
        num_resamples=resamples,
        conf_level=confidence,
        num_levels=MORRIS_LEVELS,
        seed=np.random.SeedSequence([seed, len(points)]),
    )
    effects, signed = {}, {}
    columns = (analysis[column] for column in ("names", "mu_star", "mu_star_conf", "mu", "sigma"))
    for name, *numbers in zip(*columns, strict=True):
        middle, reach, mean, spread = map(float, numbers)
        limits = {"low": max(0.0, middle - reach), "high": middle + reach}
        method = "bootstrap over trajectories"
        effects[str(name)] = Interval(estimate=middle, **limits, confidence=confidence, method=method)
        signed[str(name)] = mean, spread
    in_order = {name: effects[name] for name in study.groups}
    return {EFFECT: in_order}, float(response.value.var()), {} if study.by_group else signed


@dataclass(frozen=True, kw_only=True)
class SensitivityRequest(ResponseRequest):
    """Variation of the outcome explained by each parameter: Sobol indices or Morris's elementary effects."""

    kind = "sensitivity"
    analysis = sensitivity
