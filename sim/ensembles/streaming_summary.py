"""What is recorded and reported of runs, and summaries: their counts and moments, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, NonNegativeInt, computed_field

from feint.agents.errors import unknown
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.runner import Sums, Timing, add_up
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, face
from feint.sim.results.report import Hidden, Number, Report, Table, folded
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval, frequency_interval, methods_of
from feint.sim.training.curriculum import Curriculum, Match
from feint.sim.training.parameter_point import PlainModel
from feint.sim.training.train import RunSpec, Stop

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST_SUMMED = 10**12
UNITS = {
    "steps": ("SGD steps taken", "steps"),
    "missed": ("whether the target was never reached", "1"),
    "diverged": ("whether the state stopped being finite", "1"),
    "outcome": ("type of the mesa-optimizer, by intervention", "code"),
    "performance": ("c (1 - E_s(g))", "performance"),
    "train_error": ("E_s(g), error on the training objective", "error"),
    "deployed_error": ("E'(t), error at deployment when it believes it is deployed", "error"),
    "watched_error": ("E'(g), error at deployment when it believes it is in training", "error"),
    "following": ("(1 - β) π_s, how far it follows its concept of the objective", "fraction"),
    "representation": ("β, share of the written goal", "fraction"),
    "gate": ("γ, readiness to play along", "fraction"),
    "capability": ("c", "fraction"),
    "awareness": ("a, probability it gives to being in training", "probability"),
    "horizon": ("h, reach past the episode", "fraction"),
    "instrumental": ("ψ, instrumental gate", "fraction"),
    "belief": ("ρ_s, probability it gives to being trained for the objective of the stage", "probability"),
}
"""What is recorded of each run at the end of each stage, with its unit; `read` returns more of a state."""
MEASURED = tuple(name for name in UNITS if name not in ("missed", "diverged", "outcome"))
AT_STOP = {"performance": "performance", "capability": "capability", "train_error": "error E(g)"}
"""Recorded quantities whose distribution at the stop is reported, and their names in a table."""


def recordings(stop: Stop) -> dict[str, np.ndarray]:
    """Return what is recorded of each run at the end of a stage, under the names of UNITS."""
    counted = {"steps": stop.state.taken, "missed": stop.missed, "diverged": stop.state.diverged}
    return counted | {name: values for name, values in stop.readings._asdict().items() if name in UNITS}


Counts = Annotated[dict[str, NonNegativeInt], Field(description="runs by outcome; they add up to the runs")]


@dataclass(frozen=True, kw_only=True)
class StageOutcomes:
    """How the runs ended one stage."""

    name: str
    counts: Counts
    missed_target: Annotated[
        NonNegativeInt, Field(description="runs that were never found at the target; they are counted above too")
    ]
    diverged: Annotated[
        NonNegativeInt, Field(description="runs whose state stopped being finite; they are counted as unconverged")
    ]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OutcomeReport(Report):
    """Base of reports of the runs of one curriculum."""

    seed: int
    runs: int
    model: PlainModel
    timing: Timing
    spec: Hidden[RunSpec]  #: what was trained
    request: Hidden[Any]

    at_stop_heading: ClassVar[str]  #: sentence above the table of the stops

    @property
    def curriculum(self) -> Curriculum:
        """The stages as they were trained."""
        return self.spec.curriculum

    @property
    def start(self) -> str:
        """How the runs started."""
        return self.spec.start

    @property
    def match(self) -> Match:
        """What was held equal."""
        return self.spec.match

    def counts(self, stage: int = -1) -> dict[str, int]:
        """Return how many runs ended a stage as each type; they add up to the runs."""
        raise NotImplementedError

    def failures(self, stage: int) -> tuple[int, int]:
        """Return how many runs missed the target of a stage, and how many diverged in it."""
        raise NotImplementedError

    def outcomes_of(self, stage: int) -> dict[str, Any]:
        """Return the fields of `StageOutcomes` for a stage."""
        missed, diverged = self.failures(stage)
        name, counts = self.curriculum.names[stage], self.counts(stage)
        return {"name": name, "counts": counts, "missed_target": missed, "diverged": diverged}

    def frequency(self, outcome: Outcome | str, stage: int = -1, confidence: float = CONFIDENCE) -> Interval:
        """Return how often a stage ends as this type, with its `frequency_interval`."""
        return frequency_interval(self.counts(stage)[Outcome.named(outcome).label], self.runs, confidence)

    def stop_cell(self, quantity: str, stage: int) -> str:
        """Return the distribution of a quantity at the end of a stage as a cell of a table."""
        raise NotImplementedError

    def blocks(self) -> list[str | Table]:
        """Return the outcomes after each stage, and how the runs stopped."""
        heading = f"{self.runs:,} runs, seed {self.seed}, start {self.start}, matched by {self.match.value}"
        return [heading, *outcome_blocks({"": self}), str(self.timing)]

    def figure(self) -> Figure:
        """Return bars with intervals: the share of runs by outcome after each stage."""
        import seaborn as sns

        stages = self.curriculum.names
        with canvas((max(PAGE_WIDTH, 2.3 * len(stages)), 2.6)) as drawn:
            panels = drawn.subplots(1, len(stages), sharex=True, sharey=True, squeeze=False)[0]
            for i, (panel, stage) in enumerate(zip(panels, stages, strict=True)):
                for outcome in Outcome:
                    share = self.frequency(outcome, i)
                    panel.barh(outcome.label, share.estimate, **face(outcome))
                    reach = [[share.estimate - share.low], [share.high - share.estimate]]
                    panel.errorbar(share.estimate, outcome.label, xerr=reach, fmt="none", ecolor="black", capsize=2)
                panel.set(title=f"after\n{stage}", xlim=(0, 1), xlabel=f"share of {self.runs:,} runs")
            panels[0].set_yticks(range(len(LABELS)), LABELS)
            panels[0].invert_yaxis()
            sns.despine(fig=drawn)
        return drawn


Columns = Mapping[str, tuple[OutcomeReport, int]]
"""Heading → a report, and the number of a stage."""


def outcome_blocks(arms: Mapping[str, OutcomeReport], confidence: float = CONFIDENCE) -> Iterator[str | Table]:
    """Yield the tables of outcomes and of stops, with one column per arm and stage."""
    columns = dict(_columns(arms))
    intervals = {
        outcome.label: [arm.frequency(outcome, i, confidence) for arm, i in columns.values()] for outcome in Outcome
    }
    methods = methods_of([interval for row in intervals.values() for interval in row])
    rows = [[label, *(f"{interval:.3f}" for interval in row)] for label, row in intervals.items()]
    yield _table("outcome", columns, rows, f"{100 * confidence:g} % intervals: {methods}")
    yield next(iter(arms.values())).at_stop_heading
    steps, *others = [
        [label, *(arm.stop_cell(name, i) for arm, i in columns.values())]
        for name, label in {"steps": "steps", **AT_STOP}.items()
    ]
    yield _table("", columns, [steps, *_failures(columns), *others])


def _table(corner: str, columns: Columns, rows: Sequence[Sequence[str]], note: str = "") -> Table:
    heads = [corner + " " * (corner in columns), *columns]  # a stage may have the name of the corner
    return Table(rows, {head: itemgetter(i) for i, head in enumerate(heads)}, note=note)


def _columns(arms: Mapping[str, OutcomeReport]) -> Iterator[tuple[str, tuple[OutcomeReport, int]]]:
    """Yield the heading of each arm and stage; the names of arms end on the same line, as do those of stages."""
    names = {arm: folded(arm) for arm in arms}
    most = max(name.count("\n") for name in names.values())
    for arm, report in arms.items():
        gap = "\n" * (1 + most - names[arm].count("\n"))
        for i, stage in enumerate(report.curriculum.names):
            yield f"{names[arm]}{gap}{folded(stage)}".lstrip("\n"), (report, i)


def _failures(columns: Columns) -> Iterator[list[str]]:
    """Yield a row of the runs that missed a target, if there is one, and of those that diverged, if some did."""
    counts = [(arm.curriculum[i].target > 0, *arm.failures(i)) for arm, i in columns.values()]
    if any(aimed for aimed, _, _ in counts):
        yield ["missed target", *(f"{missed:,}" if aimed else "" for aimed, missed, _ in counts)]
    if any(diverged for _, _, diverged in counts):
        yield ["diverged", *(f"{diverged:,}" for _, _, diverged in counts)]


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
