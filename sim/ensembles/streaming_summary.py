"""Summaries of ensembles: counts and moments of runs, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import NonNegativeInt, computed_field

from feint.agents.errors import unknown
from feint.agents.outcome import LABELS
from feint.sim.ensembles.outcome_report import UNITS, OutcomeReport, StageOutcomes, recordings
from feint.sim.ensembles.runner import Sums, Timing, add_up
from feint.sim.results.report import Hidden, Number
from feint.sim.results.request import Progress
from feint.sim.training.train import RunSpec, Stop

if TYPE_CHECKING:
    import pandas as pd

MOST_SUMMED = 10**12
MEASURED = tuple(name for name in UNITS if name not in ("missed", "diverged", "outcome"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Numbers of finite values, their means, and sums of squared deviations, each (stages, measured).

    Two are added as Chan, Golub and LeVeque do ("Algorithms for computing the sample variance", The American
    Statistician 37(3), 1983, doi:10.1080/00031305.1983.10483115).
    """

    count: np.ndarray
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Self:
        """Return the moments over runs of values (…, runs)."""
        finite = np.isfinite(values)
        count = finite.sum(axis=-1)
        kept = np.where(finite, values, 0.0)
        mean = kept.sum(axis=-1) / np.maximum(count, 1)
        squares = (np.where(finite, values - mean[..., None], 0.0) ** 2).sum(axis=-1)
        return cls(count=count, mean=mean, squares=squares)

    def __add__(self, other: Moments) -> Moments:
        count = self.count + other.count
        apart, share = other.mean - self.mean, other.count / np.maximum(count, 1)
        return Moments(
            count=count,
            mean=self.mean + apart * share,
            squares=self.squares + other.squares + apart**2 * self.count * share,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally(Sums):
    """Counts over runs; tallies of different runs of one specification can be added."""

    counts: np.ndarray  #: runs by outcome (stages, outcomes)
    missed: np.ndarray  #: runs that missed their target (stages,)
    diverged: np.ndarray  #: runs whose state stopped being finite (stages,)
    steps: np.ndarray  #: SGD steps of all runs (stages,)
    flow: np.ndarray  #: runs by outcome of the first stage and of the last (outcomes, outcomes)

    @classmethod
    def of(cls, stops: Iterable[Stop]) -> Self:
        """Return the tally of runs from where they stopped at the end of each stage."""
        stops = list(stops)
        outcomes = [stop.readings.outcome for stop in stops]
        steps = np.array([stop.state.taken.sum() for stop in stops])
        return cls(
            runs=len(stops[0].state),
            run_steps=int(steps.sum()),
            lane_steps=sum(stop.lane_steps for stop in stops),
            counts=np.array([np.bincount(codes, minlength=len(LABELS)) for codes in outcomes]),
            missed=np.array([np.count_nonzero(stop.missed) for stop in stops]),
            diverged=np.array([np.count_nonzero(stop.state.diverged) for stop in stops]),
            steps=steps,
            flow=crossed(outcomes[0], outcomes[-1]),
        )


def crossed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the number of runs by two outcomes (outcomes, outcomes), from the codes of each (runs,)."""
    n = len(LABELS)
    return np.bincount(one.astype(np.int64) * n + other, minlength=n * n).reshape(n, n)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Block(Sums):
    tally: Tally
    moments: Moments

    @classmethod
    def of(cls, spec: RunSpec, block: range) -> Self:
        stops = list(spec.train(spec.begin(np.arange(block.start, block.stop))))
        recorded = [recordings(stop) for stop in stops]
        values = np.array([[of_stage[name] for name in MEASURED] for of_stage in recorded], float)
        tally = Tally.of(stops)
        sums = {"runs": tally.runs, "run_steps": tally.run_steps, "lane_steps": tally.lane_steps}
        return cls(tally=tally, moments=Moments.of(values), **sums)


def add_up_runs(
    spec: RunSpec, runs: int, threads: int | None, progress: Progress | None
) -> tuple[Tally, Moments, Timing]:
    """Train runs, and return their tally and moments and the time that it took."""
    spec.warm_up()
    total, timing = add_up(lambda block: _Block.of(spec, block), runs, threads=threads, progress=progress)
    return total.tally, total.moments, timing


@dataclass(frozen=True)
class Measure:
    """Mean and standard deviation over the runs whose value is finite; the deviation of fewer than two is null."""

    runs: NonNegativeInt
    mean: Number | None
    deviation: Number | None


@dataclass(frozen=True, kw_only=True)
class StageSummary(StageOutcomes):
    """How the runs ended one stage, and the moments of what was recorded."""

    measures: dict[str, Measure]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Summary(OutcomeReport):
    """Results of `summarize`."""

    tally: Hidden[Tally]
    moments: Hidden[Moments]

    at_stop_heading = "At the stop, means and, after ±, standard deviations over runs:"

    @computed_field
    @property
    def stages(self) -> list[StageSummary]:
        """How the runs ended each stage."""
        return [
            StageSummary(**self.outcomes_of(i), measures={name: self._measure(name, i) for name in MEASURED})
            for i in range(len(self.curriculum))
        ]

    def _measure(self, name: str, stage: int) -> Measure:
        runs = int(self.moments.count[stage, MEASURED.index(name)])
        return Measure(runs, self.mean(name, stage) if runs else None, self.deviation(name, stage))

    def counts(self, stage: int = -1) -> dict[str, int]:
        """Return how many runs ended a stage as each type; they add up to the runs."""
        return dict(zip(LABELS, self.tally.counts[stage].tolist(), strict=True))

    def failures(self, stage: int) -> tuple[int, int]:
        """Return how many runs missed the target of a stage, and how many diverged in it."""
        return int(self.tally.missed[stage]), int(self.tally.diverged[stage])

    def mean(self, name: str, stage: int = -1) -> float:
        """Return the mean of a recorded quantity over the runs in which it is finite."""
        return float(self.moments.mean[stage, self._place(name)])

    def deviation(self, name: str, stage: int = -1) -> float:
        """Return its sample standard deviation over those runs; NaN if there are fewer than two."""
        i = self._place(name)
        count, squares = self.moments.count[stage, i], self.moments.squares[stage, i]
        return float(np.sqrt(squares / (count - 1))) if count > 1 else float("nan")

    def _place(self, name: str) -> int:
        if name not in MEASURED:
            raise unknown("measure", name, MEASURED)
        return MEASURED.index(name)

    def stop_cell(self, quantity: str, stage: int) -> str:
        """Return the mean of a quantity at the end of a stage and its standard deviation."""
        digits = 0 if quantity == "steps" else 3
        return f"{self.mean(quantity, stage):,.{digits}f} ± {self.deviation(quantity, stage):,.{digits}f}"

    def frame(self) -> pd.DataFrame:
        """Return one row per stage: runs, counts, missed, diverged, and mean and deviation of each measure."""
        import pandas as pd

        rows = []
        for i, stage in enumerate(self.curriculum.names):
            row = {"stage": stage, "runs": self.runs, **self.counts(i)}
            row |= dict(zip(("missed", "diverged"), self.failures(i), strict=True))
            for name in MEASURED:
                row |= {f"{name}_mean": self.mean(name, i), f"{name}_deviation": self.deviation(name, i)}
            rows.append(row)
        table = pd.DataFrame(rows)
        table.attrs.update(self.passport())
        return table
