"""Which premise must differ between two published experiments, and over which range, for both to be true.

The claim. None: two results that seem to contradict each other may both be true of one kind of mind, if one premise of
the two experiments differed.

The experiment. Minds are drawn from the prior. At each draw one premise after the other is set to levels over its
range, everything else and all random numbers kept, and for every pair of levels, one for each experiment, the race is
held to what both published (`ConflictReading`).

What would count against reading anything into it. A premise is a parameter of a toy. That a difference of it would
reconcile two results does not say that it was there, and premises that differ together are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import fill
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.scenarios.measurements.conflict_cases import (
    PUBLISHED,
    Case,
    Experiment,
    Premise,
    PublishedExperiment,
    case_of,
    value_at,
)
from feint.scenarios.measurements.conflict_figure import QUANTILES, draw_conflict
from feint.scenarios.measurements.rows import MeasurementRow
from feint.scenarios.measurements.score import COMMON
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.sim.analysis.prior_shares import prior_draws
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.results.report import Hidden, Number, Report, Table, wrapped
from feint.sim.results.request import Option, Progress, Request, Runs, Seed
from feint.sim.statistics.intervals import CONFIDENCE, Interval, clopper_pearson
from feint.sim.training.parameter_point import Point

CUT = 2.0  #: standard deviations within which a measurement is met, as on the scoreboard
ALIKE = (COMMON, 1.0)  #: shares of a discrepancy that two experiments have in common, in the order of the report


@dataclass(frozen=True, kw_only=True, eq=False)
class Responses:
    """Numbers of the race at draws, as one premise varies."""

    premise: Premise
    places: np.ndarray  #: of the levels in the premise's range, the first that of the draw itself (draws, levels)
    numbers: np.ndarray  #: of the stand-ins of the case (draws, levels, stand-ins)


def responses(
    case: Case,
    *,
    draws: int,
    runs: int,
    levels: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Responses]:
    """Return the numbers of the race for each premise; each draw has its own runs, its levels have the same ones."""
    rows = drawn(draws, seed)
    report = one_at_a_time(progress)

    def at(i: int) -> list[np.ndarray]:
        numbers = _numbers(case, rows[i], range(i * runs, (i + 1) * runs), levels, seed)
        report(1)
        return numbers

    by_draw = list(in_order(at, range(draws), threads=threads))
    places = [[[p.place(_own(p, row)), *p.places(levels)] for row in rows] for p in case.premises]
    return [
        Responses(premise=premise, places=np.array(places[k]), numbers=np.stack([numbers[k] for numbers in by_draw]))
        for k, premise in enumerate(case.premises)
    ]


def drawn(draws: int, seed: int) -> list[dict[str, Any]]:
    """Return values by name: of parameters from a Sobol sequence, of published settings from a Latin hypercube."""
    from scipy.stats.qmc import LatinHypercube

    cube = LatinHypercube(len(PUBLISHED), rng=np.random.default_rng(seed)).random(draws)
    settings = [
        {name: value_at(factor, place) for (name, factor), place in zip(PUBLISHED.items(), row, strict=True)}
        for row in cube.tolist()
    ]
    return [{**row, **own} for row, own in zip(prior_draws(Point(), draws, seed), settings, strict=True)]


def _own(premise: Premise, row: Mapping[str, Any]) -> dict[str, Any]:
    return {factor.name: row.get(factor.name, factor.base) for factor in premise.factors}


def _numbers(case: Case, row: Mapping[str, Any], runs: range, levels: int, seed: int) -> list[np.ndarray]:
    """Return the numbers of the stand-ins at one draw, for each premise (levels, stand-ins)."""
    point = Point().at({name: value for name, value in row.items() if name not in PUBLISHED})
    stand_ins = [STAND_INS[name] for name in case.stand_ins]
    changes = [[{}, *map(premise.at, premise.places(levels))] for premise in case.premises]
    settings = [[{**row, **change} for change in of_one] for of_one in changes]

    def trained(change: Mapping[str, Any], values: Mapping[str, Any]) -> list[list[Any]]:
        of_point = {name: value for name, value in change.items() if name not in PUBLISHED}
        return [[training.with_defaults(of_point) for training in one.trainings(values)] for one in stand_ins]

    cells = [list(map(trained, *pair)) for pair in zip(changes, settings, strict=True)]
    wanted = [training for of_one in cells for cell in of_one for part in cell for training in part]
    ended = run_paired(point, wanted, runs, seed=seed, threads=1)

    def measured(cell: list[list[Any]], values: Mapping[str, Any]) -> list[float]:
        pairs = zip(stand_ins, cell, strict=True)
        return [one.measure([ended[training] for training in part], values).estimate for one, part in pairs]

    return [np.array(list(map(measured, *pair))) for pair in zip(cells, settings, strict=True)]


def distances(case: Case, numbers: np.ndarray, common: float) -> np.ndarray:
    """Return how far both experiments are from being met, for every pair of levels (draws, first, second).

    It is the largest of three kinds of standard deviations: of the first's measurements, of the second's, and of the
    differences between measurements that both made with one stand-in. Two measurements of a stand-in share the part
    `common` of its discrepancy's variance, which their difference does not have. Monte Carlo error is not counted, so
    that few runs do not make more of the prior fit.
    """
    first, second = (_alone(case, experiment, numbers) for experiment in case.experiments)
    worst = np.maximum(first[:, :, None], second[:, None, :])
    for one, other, deviation in contrasts(case, common):
        k = case.stand_ins.index(one.stand_in)
        race = numbers[:, :, None, k] - numbers[:, None, :, k]
        worst = np.maximum(worst, abs(one.value - other.value - race) / deviation)
    return worst


def _alone(case: Case, experiment: Experiment, numbers: np.ndarray) -> np.ndarray:
    """Return the largest distance of one experiment's measurements, in standard deviations (draws, levels)."""
    return np.max(
        [
            abs(row.value - numbers[:, :, case.stand_ins.index(row.stand_in)])
            / np.hypot(row.error, STAND_INS[row.stand_in].discrepancy)
            for row in experiment.rows
        ],
        axis=0,
    )


def contrasts(case: Case, common: float) -> Iterator[tuple[MeasurementRow, MeasurementRow, float]]:
    """Yield pairs of measurements that both experiments made, with the standard deviation of their difference."""
    first, second = case.experiments
    for one in first.rows:
        for other in second.rows:
            if one.stand_in == other.stand_in:
                own = 2 * (1 - common) * STAND_INS[one.stand_in].discrepancy ** 2
                yield one, other, float(np.sqrt(one.error**2 + other.error**2 + own))


@dataclass(frozen=True, kw_only=True)
class PremiseShare:
    """Over how much of the prior a premise reconciles two experiments, and with which values."""

    name: str
    parameters: tuple[str, ...]
    why: str
    equal: Annotated[Interval, Field(description="share of the draws at which one value meets both experiments")]
    apart: Annotated[Interval, Field(description="share at which two values do, one for each, and no single value")]
    first: Annotated[
        list[Interval] | None,
        Field(
            description="10, 50 and 90 % of the first experiment's value over the draws of `apart`, by the smallest "
            "difference that reconciles; of several parameters, their place in their ranges; null if there is none"
        ),
    ]
    second: Annotated[list[Interval] | None, Field(description="the same of the second experiment's value")]
    higher: Annotated[Interval | None, Field(description="share of those draws at which the first's value is higher")]
    places: Hidden[np.ndarray]  #: of both values in the range, at the draws of `apart` (draws, 2)
    premise: Hidden[Premise]

    @classmethod
    def of(cls, case: Case, response: Responses, common: float, cut: float) -> PremiseShare:
        """Return the shares of a premise."""
        premise, met = response.premise, distances(case, response.numbers, common) <= cut
        equal = np.einsum("dii->di", met).any(axis=1)
        apart = met.any(axis=(1, 2)) & ~equal
        places = np.array([_nearest(*pair) for pair in zip(response.places[apart], met[apart], strict=True)])
        places = places.reshape(-1, 2)
        facts: dict[str, Any] = {"first": None, "second": None, "higher": None}
        if len(places):
            facts = {name: _quantiles(premise, places[:, k]) for k, name in enumerate(("first", "second"))}
            facts["higher"] = _share(places[:, 0] > places[:, 1])
        return cls(
            name=premise.name,
            parameters=tuple(factor.name for factor in premise.factors),
            why=premise.why,
            equal=_share(equal),
            apart=_share(apart),
            places=places,
            premise=premise,
            **facts,
        )

    def cells(self) -> list[str]:
        """Return the texts of the premise in the table of a reading."""
        values = [self._range(k) for k in (0, 1)]
        higher = f"{100 * self.higher.estimate:.0f} %" if self.higher else "-"
        return [fill(self.name, 20), f"{100 * self.equal.estimate:.0f} %", per_cent(self.apart), *values, higher]

    def _range(self, side: int) -> str:
        if not len(self.places):
            return "-"
        low, middle, high = (self.premise.shown(place) for place in np.quantile(self.places[:, side], QUANTILES))
        return f"{middle}\n[{low}, {high}]"


def _share(is_it: np.ndarray) -> Interval:
    return clopper_pearson(int(is_it.sum()), len(is_it), CONFIDENCE)


def _nearest(places: np.ndarray, met: np.ndarray) -> tuple[float, float]:
    """Return the pair of places that meets both experiments with the smallest difference."""
    apart = np.where(met, abs(places[:, None] - places[None, :]), np.inf)
    first, second = np.unravel_index(np.argmin(apart), apart.shape)
    return float(places[first]), float(places[second])


def _quantiles(premise: Premise, places: np.ndarray) -> list[Interval]:
    """Return quantiles of a premise's value with limits of order statistics; the ends of the range of too few draws."""
    from scipy.stats import quantile_test

    def at(share: float) -> Interval:
        limits = quantile_test(places, p=share).confidence_interval(CONFIDENCE)
        low, high = (float(x if np.isfinite(x) else end) for x, end in zip(limits, (0.0, 1.0), strict=True))
        estimate = float(np.quantile(places, share))
        low, high = min(low, estimate), max(high, estimate)
        return Interval(estimate=estimate, low=low, high=high, confidence=CONFIDENCE, method="order statistics")

    quantiles = [at(share) for share in QUANTILES]
    if len(premise.factors) > 1:
        return quantiles
    return [quantile.mapped(lambda place: float(value_at(premise.factors[0], place))) for quantile in quantiles]


def per_cent(share: Interval) -> str:
    """Return a share with its limits in per cent."""
    return f"{100 * share.estimate:.0f} % [{100 * share.low:.0f}, {100 * share.high:.0f}]"


@dataclass(frozen=True, kw_only=True)
class ConflictReading:
    """What reconciles two experiments, if they share a part of what the race is wrong by."""

    common: Annotated[float, Field(description="part of a discrepancy's variance that both experiments share")]
    conflict: Annotated[
        Number, Field(description="largest difference of the sources, in standard deviations, if the race has none")
    ]
    first: Annotated[Interval, Field(description="share of the draws that meet the first experiment as they are")]
    second: Annotated[Interval, Field(description="share of the draws that meet the second experiment as they are")]
    both: Annotated[Interval, Field(description="share of the draws that meet both as they are: nothing need differ")]
    premises: Annotated[list[PremiseShare], Field(description="the most reconciling difference first")]

    @classmethod
    def of(cls, case: Case, varied: Sequence[Responses], common: float, cut: float) -> ConflictReading:
        """Return the reading of the numbers of all premises."""
        as_drawn = varied[0].numbers[:, :1]
        first, second = (_share(_alone(case, one, as_drawn)[:, 0] <= cut) for one in case.experiments)
        shares = [PremiseShare.of(case, response, common, cut) for response in varied]
        apart = [abs(one.value - other.value) / deviation for one, other, deviation in contrasts(case, common)]
        return cls(
            common=common,
            conflict=max(apart, default=float("nan")),
            first=first,
            second=second,
            both=_share(distances(case, as_drawn, common)[:, 0, 0] <= cut),
            premises=sorted(shares, key=lambda share: (-share.apart.estimate, -share.equal.estimate)),
        )

    def blocks(self, names: Sequence[str]) -> Iterator[str | Table]:
        """Yield what is assumed, the premises, and those that cannot reconcile."""
        part = "half of" if self.common == COMMON else "all of" if self.common == 1 else f"{100 * self.common:g} % of"
        apart = f"the sources are {self.conflict:.1f} standard deviations apart where both measured the same"
        apart = f" If nothing differs, {apart}." if np.isfinite(self.conflict) else ""
        alone = f"{names[0]} alone {per_cent(self.first)}, {names[1]} alone {per_cent(self.second)}"
        yield wrapped(
            f"If both experiments share {part} what the race is wrong by.{apart} Of the draws as they are, "
            f"these meet: {alone}, both {per_cent(self.both)}."
        )
        headings = ("premise", "equal", "only apart", *(fill(name, 16) for name in names), "first\nhigher")
        yield Table.of_cells(headings, [share.cells() for share in self.premises])
        never = [share.name for share in self.premises if share.apart.estimate == 0]
        if len(never) == len(self.premises):
            yield wrapped("No difference of a single premise reconciles them at any draw where no value does so alone.")
        elif never:
            yield wrapped(f"No difference reconciles them at any draw: {', '.join(never)}.")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Conflict(Report):
    """Two published experiments, and the premises whose difference would make both true."""

    grid = (1, 2)
    size = (6.9, 4.4)
    shared = {"sharey": True}

    scenario: Literal["conflict"] = "conflict"
    case: Annotated[str, Field(description="name of the case")]
    title: str
    draws: int
    runs: int
    levels: int
    cut: float
    seed: int
    experiments: list[PublishedExperiment]
    readings: Annotated[list[ConflictReading], Field(description="by the part of a discrepancy that both share")]
    request: Hidden[ConflictRequest]

    def rows(self) -> list[PremiseShare]:
        """Return one row per premise, of the last reading."""
        return self.readings[-1].premises

    def blocks(self) -> Iterator[str | Table]:
        """Yield the experiments, and what reconciles them by each reading."""
        yield wrapped(
            f"{self.title} {self.draws} draws from the prior, {self.runs} runs each, {self.levels} levels of each "
            f"premise, seed {self.seed}. A measurement is met within {self.cut:g} standard deviations of its error and "
            "the discrepancy of its stand-in, a difference of two within as many of its own."
        )
        for experiment in self.experiments:
            head = wrapped(f"{experiment.name}: {experiment.says or 'measured'}.")
            yield "\n".join([head, *(wrapped(f"  {row}", "    ") for row in experiment.rows)])
        yield wrapped(
            "equal: share of the draws at which one value of the premise meets both; only apart: share at which only "
            "two values do, one for each experiment, with 95 % limits. Then those two values by the smallest "
            "difference: median and [10 %, 90 %] of the draws; of several parameters, their place in their ranges."
        )
        for reading in self.readings:
            yield from reading.blocks([experiment.name for experiment in self.experiments])

    def draw(self, panels: Any) -> None:
        """Draw how much of the prior each premise reconciles, and with which values."""
        draw_conflict(panels[0], self.readings, [experiment.name for experiment in self.experiments])


@dataclass(frozen=True, kw_only=True)
class ConflictRequest(Request):
    """Which premise must differ between two published experiments, over which range, for both to be true."""

    kind = "conflict"
    unit = " draws"

    case: Annotated[str, Option("Name of a case that ships, or its file.", "NAME|FILE.toml", argument=True)]
    premise: Annotated[tuple[str, ...] | None, Option("Only this premise; repeatable. All by default.", "NAME")] = None
    draws: Annotated[int, Option("Draws from the prior, a power of two.", "N", least=2)] = 64
    levels: Annotated[int, Option("Levels of each premise over its range.", "N", least=2, most=99)] = 5
    cut: Annotated[float, Option("Standard deviations within which a measurement is met.", "X")] = CUT
    runs: Runs = 64
    seed: Seed = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.draws & (self.draws - 1):
            raise InputError(f"draws = {self.draws} is not valid: it must be a power of two.")
        if isinstance(self.cut, bool) or not 0 < self.cut < np.inf:
            raise InputError(f"cut = {self.cut!r} is not valid: it must be above 0.")

    def work(self) -> float:
        """Return the number of draws."""
        return self.draws

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Conflict:
        """Compute what each premise reconciles."""
        case = case_of(self.case)
        if self.premise:
            case = case.only(self.premise)
        sizes = {name: getattr(self, name) for name in ("draws", "runs", "levels", "seed")}
        varied = responses(case, **sizes, threads=threads, progress=progress)
        read = partial(ConflictReading.of, case, varied, cut=self.cut)
        return Conflict(
            case=case.name,
            title=case.title,
            cut=self.cut,
            experiments=[PublishedExperiment.of(experiment) for experiment in case.experiments],
            readings=[read(common=common) for common in ALIKE],
            request=self,
            **sizes,
        )
