"""Which premise must differ between two published experiments, and over which range, for both to be true.

The claim. None: two results that seem to contradict each other may both be true of one kind of mind, if one premise of
the two experiments differed.

The experiment. Minds are drawn from the prior. At each draw one premise after the other is set to levels over its
range, everything else and all random numbers kept, and for every pair of levels, one for each experiment, the model is
held to what both published (`ConflictReading`).

What would count against reading anything into it. A premise is a parameter of a toy. That a difference of it would
reconcile two results does not say that it was there, and premises that differ together are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import fill
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.scenarios.measurements.conflict_cases import Case, Premise, PublishedExperiment, case_of, value_at
from feint.scenarios.measurements.conflict_figure import QUANTILES, draw_conflict
from feint.scenarios.measurements.conflict_responses import (
    Responses,
    alone,
    contrasts,
    distances,
    reached,
    responses,
)
from feint.scenarios.measurements.score import COMMON
from feint.sim.results.report import Hidden, Number, Report, Table, wrapped
from feint.sim.results.request import Option, Progress, Request, Runs, Seed
from feint.sim.statistics.intervals import Interval, quantile_interval
from feint.sim.statistics.weighted import share_over

CUT = 2.0  #: standard deviations within which a measurement is met, as on the scoreboard
ALIKE = (COMMON, 1.0)  #: shares of a discrepancy that two experiments have in common, in the order of the report


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
    model: Annotated[
        dict[str, tuple[float, float]] | None,
        Field(description="by stand-in, the medians of the model's numbers at these two values"),
    ]
    whole: Annotated[
        Interval | None,
        Field(description="share of the draws at which the model gives the whole published difference, both being met"),
    ]
    reaches: Annotated[Number, Field(description="median of the part of that difference that the model reaches")]
    places: Hidden[np.ndarray]  #: of both values in the range, at the draws of `apart` (draws, 2)
    premise: Hidden[Premise]

    @classmethod
    def of(cls, case: Case, response: Responses, common: float, cut: float) -> PremiseShare:
        """Return the shares of a premise."""
        premise, met = response.premise, distances(case, response.numbers, common) <= cut
        equal = np.einsum("dii->di", met).any(axis=1)
        apart = np.flatnonzero(met.any(axis=(1, 2)) & ~equal)
        levels = [_nearest(response.places[draw], met[draw]) for draw in apart]
        pairs = np.array(levels, dtype=int).reshape(-1, 2)
        places, numbers = (values[apart[:, None], pairs] for values in (response.places, response.numbers))
        part = reached(case, response.numbers, cut)
        return cls(
            name=premise.name,
            parameters=tuple(factor.name for factor in premise.factors),
            why=premise.why,
            equal=share_over(equal),
            apart=share_over(np.isin(np.arange(len(met)), apart)),
            whole=share_over(part >= 1) if np.isfinite(part).all() else None,
            reaches=float(np.median(part)),
            places=places,
            premise=premise,
            **_values(case, premise, places, numbers),
        )

    def cells(self) -> list[str]:
        """Return the texts of the premise in the table of a reading."""
        values = [self._range(k) for k in (0, 1)]
        higher = f"{100 * self.higher.estimate:.0f} %" if self.higher else "-"
        apart = share_text(self.apart).replace("% [", "%\n[")
        return [fill(self.name, 17), f"{100 * self.equal.estimate:.0f} %", apart, *values, higher]

    def reached(self) -> list[str]:
        """Return the texts of the premise in the table of what the model reaches."""
        whole = share_text(self.whole) if self.whole else "-"
        part = f"{100 * self.reaches:.0f} %" if np.isfinite(self.reaches) else "-"
        numbers = [f"{first:.0f} · {second:.0f}" for first, second in self.model.values()] if self.model else []
        return [self.name, whole, part, *numbers]

    def _range(self, side: int) -> str:
        if not len(self.places):
            return "-"
        low, middle, high = (self.premise.shown(place) for place in np.quantile(self.places[:, side], QUANTILES))
        return f"{middle}\n[{low}, {high}]"


def _nearest(places: np.ndarray, met: np.ndarray) -> tuple[int, int]:
    """Return the pair of levels that meets both experiments with the smallest difference."""
    apart = np.where(met, abs(places[:, None] - places[None, :]), np.inf)
    first, second = np.unravel_index(np.argmin(apart), apart.shape)
    return int(first), int(second)


def _values(case: Case, premise: Premise, places: np.ndarray, numbers: np.ndarray) -> dict[str, Any]:
    """Return facts of the two values that reconcile: places (draws, 2), numbers (draws, 2, stand-ins)."""
    if not len(places):
        return dict.fromkeys(("first", "second", "higher", "model"))
    medians = np.median(numbers, axis=0).T.tolist()
    return {
        "first": _quantiles(premise, places[:, 0]),
        "second": _quantiles(premise, places[:, 1]),
        "higher": share_over(places[:, 0] > places[:, 1]),
        "model": {name: (pair[0], pair[1]) for name, pair in zip(case.stand_ins, medians, strict=True)},
    }


def _quantiles(premise: Premise, places: np.ndarray) -> list[Interval]:
    """Return quantiles of a premise's value with limits of order statistics; the ends of the range of too few draws."""
    quantiles = [quantile_interval(places, share, (0.0, 1.0)) for share in QUANTILES]
    if len(premise.factors) > 1:
        return quantiles
    return [quantile.mapped(lambda place: float(value_at(premise.factors[0], place))) for quantile in quantiles]


def share_text(share: Interval) -> str:
    """Return a share with its limits in per cent."""
    return f"{100 * share.estimate:.0f} % [{100 * share.low:.0f}, {100 * share.high:.0f}]"


@dataclass(frozen=True, kw_only=True)
class ConflictReading:
    """What reconciles two experiments, if they share a part of the model's error."""

    common: Annotated[float, Field(description="part of a discrepancy's variance that both experiments share")]
    conflict: Annotated[
        Number, Field(description="largest difference of the sources, in standard deviations, if the model has none")
    ]
    first: Annotated[Interval, Field(description="share of the draws that meet the first experiment as they are")]
    second: Annotated[Interval, Field(description="share of the draws that meet the second experiment as they are")]
    both: Annotated[Interval, Field(description="share of the draws that meet both as they are: nothing need differ")]
    premises: Annotated[list[PremiseShare], Field(description="the most reconciling difference first")]

    @classmethod
    def of(cls, case: Case, varied: Sequence[Responses], common: float, cut: float) -> ConflictReading:
        """Return the reading of the numbers of all premises."""
        as_drawn = varied[0].numbers[:, :1]
        first, second = (share_over(alone(case, one, as_drawn)[:, 0] <= cut) for one in case.experiments)
        shares = [PremiseShare.of(case, response, common, cut) for response in varied]
        apart = [abs(one.value - other.value) / deviation for one, other, deviation in contrasts(case, common)]
        return cls(
            common=common,
            conflict=max(apart, default=float("nan")),
            first=first,
            second=second,
            both=share_over(distances(case, as_drawn, common)[:, 0, 0] <= cut),
            premises=sorted(shares, key=lambda share: (-share.apart.estimate, -share.equal.estimate)),
        )

    def blocks(self, names: Sequence[str]) -> Iterator[str | Table]:
        """Yield what is assumed, the premises, and those that cannot reconcile."""
        part = "half of" if self.common == COMMON else "all of" if self.common == 1 else f"{100 * self.common:g} % of"
        apart = f"the sources are {self.conflict:.2f} standard deviations apart where both measured the same"
        apart = f" If nothing differs, {apart}." if np.isfinite(self.conflict) else ""
        alone = f"{names[0]} alone {share_text(self.first)}, {names[1]} alone {share_text(self.second)}"
        yield wrapped(
            f"If both experiments share {part} what the model is wrong by.{apart} Of the draws as they are, "
            f"these meet: {alone}, both {share_text(self.both)}."
        )
        headings = ("premise", "equal", "only\napart", *(fill(name, 16) for name in names), "first\nhigher")
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
        yield from self.reach()

    def reach(self) -> Iterator[str | Table]:
        """Yield how much of the published differences the model reaches, and its numbers, by the last reading."""
        yield wrapped(
            "in full: share of the draws at which the model gives at least the whole of the published difference while "
            "each experiment is met; reaches: the part of it that is reached, the median of the draws. Then the "
            "medians of the model's numbers at the two values above, the first's · the second's."
        )
        stand_ins = list(dict.fromkeys(row.stand_in for one in self.experiments for row in one.rows))
        headings = ("premise", "in full", "reaches", *(fill(name, 12) for name in stand_ins))
        rows = [share.reached() for share in self.rows()]
        cells = [[*row, *["-"] * (len(headings) - len(row))] for row in rows]
        yield Table.of_cells(headings, sorted(cells, key=lambda row: row[0]))

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
    runs: Runs = 128
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
