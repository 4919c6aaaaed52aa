"""What an ensemble comes to, without its runs: counts and moments, in memory that does not grow with them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.ensemble import UNITS, recordings
from feint.sim.ensembles.runner import Timing, blocks, check_threads, in_order
from feint.sim.results.provenance import passport
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval, frequency_interval
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.matching_rules import Match
from feint.sim.training.run_spec import RunSpec, Stop
from feint.sim.training.train import PRECISION

if TYPE_CHECKING:
    import pandas as pd

MOST_SUMMED = 10**12
MEASURED = tuple(name for name in UNITS if name not in ("missed", "diverged", "outcome"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """How many values of each of MEASURED were finite, their means, and sums of squared deviations (stages, measured).

    Two are added as Chan, Golub and LeVeque do ("Algorithms for computing the sample variance", The American
    Statistician 37(3), 1983, doi:10.1080/00031305.1983.10483115).
    """

    count: np.ndarray
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Self:
        """Moments of one stage's values (measured, runs)."""
        finite = np.isfinite(values)
        count = finite.sum(axis=1)
        kept = np.where(finite, values, 0.0)
        mean = kept.sum(axis=1) / np.maximum(count, 1)
        squares = (np.where(finite, values - mean[:, None], 0.0) ** 2).sum(axis=1)
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
class Tally:
    """Counts over runs; tallies of different runs of one plan can be added."""

    runs: int
    counts: np.ndarray  #: runs by outcome (stages, outcomes)
    missed: np.ndarray  #: runs that were never found at their target (stages,)
    diverged: np.ndarray  #: (stages,)
    steps: np.ndarray  #: SGD steps taken in all (stages,)
    flow: np.ndarray  #: runs by outcome of the first stage and of the last (outcomes, outcomes)
    lane_steps: int

    @classmethod
    def of(cls, stops: Iterable[Stop]) -> Self:
        """The tally of one population that stopped at the end of each stage."""
        stops = list(stops)
        outcomes = [stop.readings.outcome for stop in stops]
        return cls(
            runs=len(stops[0].state),
            counts=np.array([np.bincount(each, minlength=len(LABELS)) for each in outcomes]),
            missed=np.array([np.count_nonzero(stop.missed) for stop in stops]),
            diverged=np.array([np.count_nonzero(stop.state.diverged) for stop in stops]),
            steps=np.array([stop.state.taken.sum() for stop in stops]),
            flow=crossed(outcomes[0], outcomes[-1]),
            lane_steps=sum(stop.lane_steps for stop in stops),
        )

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})


def crossed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Runs by two outcomes of theirs (outcomes, outcomes), from the codes of each (runs,)."""
    n = len(LABELS)
    return np.bincount(one.astype(np.int64) * n + other, minlength=n * n).reshape(n, n)


@dataclass(frozen=True, kw_only=True, eq=False)
class Summary:
    """Results of `summarize`."""

    spec: RunSpec
    tally: Tally
    moments: Moments
    timing: Timing

    @property
    def runs(self) -> int:
        """Runs summed."""
        return self.tally.runs

    @property
    def curriculum(self) -> Curriculum:
        """The stages as they were trained."""
        return self.spec.curriculum

    def counts(self, stage: int = -1) -> dict[str, int]:
        """How many runs ended a stage as each type; they add up to the runs."""
        return dict(zip(LABELS, self.tally.counts[stage].tolist(), strict=True))

    def frequency(self, outcome: Outcome | str, stage: int = -1, confidence: float = CONFIDENCE) -> Interval:
        """How often a stage ends as this type, with its `frequency_interval`."""
        return frequency_interval(self.counts(stage)[Outcome.named(outcome).label], self.runs, confidence)

    def mean(self, name: str, stage: int = -1) -> float:
        """Mean of what is recorded under a name, over the runs in which it is finite."""
        return float(self.moments.mean[stage, self._place(name)])

    def deviation(self, name: str, stage: int = -1) -> float:
        """Its sample standard deviation over those runs; NaN where there are fewer than two."""
        i = self._place(name)
        count, squares = self.moments.count[stage, i], self.moments.squares[stage, i]
        return float(np.sqrt(squares / (count - 1))) if count > 1 else float("nan")

    def _place(self, name: str) -> int:
        if name not in MEASURED:
            raise unknown("measure", name, MEASURED)
        return MEASURED.index(name)

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        return passport("summary", self.spec.configuration({"runs": self.runs}))

    def frame(self) -> pd.DataFrame:
        """One row a stage: runs, counts, missed, diverged, and mean and deviation of each measure."""
        import pandas as pd

        rows = []
        for i, stage in enumerate(self.spec.curriculum.names):
            told = {"stage": stage, "runs": self.runs, **self.counts(i)}
            told |= {"missed": int(self.tally.missed[i]), "diverged": int(self.tally.diverged[i])}
            for name in MEASURED:
                told |= {f"{name}_mean": self.mean(name, i), f"{name}_deviation": self.deviation(name, i)}
            rows.append(told)
        table = pd.DataFrame(rows)
        table.attrs.update(self.passport())
        return table


def summarize(
    curriculum: Curriculum,
    *,
    model: Model | None = None,
    runs: int = 1000,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    objectives: int | None = None,
    precision: str = PRECISION,
    progress: Progress | None = None,
) -> Summary:
    """Train as `simulate` does, the same runs to the bit, and keep counts and moments alone.

    Memory does not grow with `runs`, of which there may be as many as 10^12. Arguments as for `simulate`; `progress`
    is called with the number of runs that finished all stages. No number depends on threads.
    """
    if isinstance(runs, bool) or not isinstance(runs, (int, np.integer)) or not 1 <= runs <= MOST_SUMMED:
        raise InputError(f"runs = {runs!r} is not valid: it must be a whole number from 1 to {MOST_SUMMED:,}.")
    spec = RunSpec.of(
        curriculum, model=model, seed=seed, start=start, match=match, objectives=objectives, precision=precision
    )
    threads = check_threads(threads)
    spec.warm_up()
    begun = time.perf_counter()
    tally, moments = None, None
    for one, its in in_order(lambda block: _summed(spec, block), blocks(0, runs), threads=threads, ahead=2 * threads):
        tally, moments = (tally + one, moments + its) if tally and moments else (one, its)
        if progress is not None:
            progress(one.runs)
    assert tally is not None
    assert moments is not None
    seconds = time.perf_counter() - begun
    run_steps = int(tally.steps.sum())
    timing = Timing(run_steps=run_steps, lane_steps=tally.lane_steps, seconds=seconds, threads=threads)
    return Summary(spec=spec, tally=tally, moments=moments, timing=timing)


def _summed(spec: RunSpec, block: range) -> tuple[Tally, Moments]:
    """One block of runs."""
    stops, moments = [], []
    for stop in spec.train(spec.begin(np.arange(block.start, block.stop))):
        stops.append(stop)
        told = recordings(stop)
        moments.append(Moments.of(np.array([told[name] for name in MEASURED], float)))
    parts = {name: np.array([getattr(each, name) for each in moments]) for name in ("count", "mean", "squares")}
    return Tally.of(stops), Moments(**parts)
