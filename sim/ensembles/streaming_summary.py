"""Quantities recorded of runs, reports of how runs ended, and summaries in memory that does not grow with the runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, NonNegativeInt, computed_field

from feint.agents.errors import unknown
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.runner import Sums, Timing
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, face, panels
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import Hidden, Number, Report, Table, folded
from feint.sim.statistics.intervals import CONFIDENCE, Interval, methods_of, share_of_selected
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.parameter_point import PlainModel
from feint.sim.training.train import RunSpec, Stop

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST_SUMMED = 10**12
UNITS = data_beside(__file__, "quantities.toml")
"""Meaning and unit of the quantities that are recorded of a run at the end of a stage."""
MEASURED = tuple(name for name in UNITS if name not in ("missed", "diverged", "outcome"))
AT_STOP = {"performance": "performance", "capability": "capability", "train_error": "error E(g)"}
"""Recorded quantities whose distribution at the stop is reported, and their names in a table."""


def recordings(stop: Stop) -> dict[str, np.ndarray]:
    """Return the quantities of UNITS at the end of a stage, by name (runs,)."""
    counted = {"steps": stop.state.taken, "missed": stop.missed, "diverged": stop.state.diverged}
    return counted | {name: values for name, values in stop.readings._asdict().items() if name in UNITS}


Counts = Annotated[dict[str, NonNegativeInt], Field(description="runs by outcome; they add up to the runs")]


@dataclass(frozen=True, kw_only=True)
class Converged:
    """Converged runs, which reached their target, if there was one, and are not unconverged; and how they ended."""

    runs: NonNegativeInt
    counts: Counts
    shares: Annotated[
        dict[str, Interval], Field(description="share of the converged runs with each outcome; null if there is none")
    ]

    @classmethod
    def of(cls, counts: Iterable[int], confidence: float = CONFIDENCE) -> Self:
        """Return the converged runs from their numbers by outcome (outcomes,)."""
        by_outcome = dict(zip(LABELS, map(int, counts), strict=True))
        runs = sum(by_outcome.values())
        shares = {label: share_of_selected(count, runs, confidence) for label, count in by_outcome.items()}
        return cls(runs=runs, counts=by_outcome, shares=shares)


@dataclass(frozen=True, kw_only=True)
class StageOutcomes:
    """Outcomes of the runs after a stage."""

    name: str
    counts: Counts
    converged: Converged
    missed_target: Annotated[
        NonNegativeInt, Field(description="runs that were never found at the target; they are counted above too")
    ]
    diverged: Annotated[
        NonNegativeInt, Field(description="runs whose state stopped being finite; they are counted as unconverged")
    ]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OutcomeReport(Report):
    """Base of reports of the runs of one curriculum."""

    seed: int  #: of all random streams
    runs: int  #: number of runs
    model: PlainModel
    timing: Timing
    spec: Hidden[RunSpec]  #: what was trained
    request: Hidden[Any]  #: what was asked for
    outcomes: Hidden[np.ndarray]  #: number of runs (stages, outcomes)
    missed: Hidden[np.ndarray]  #: number of runs that missed the target, by outcome (stages, outcomes)
    diverged: Hidden[np.ndarray]  #: number of runs whose state stopped being finite (stages,)

    at_stop_heading: ClassVar[str]  #: sentence above the table of the stops

    @property
    def curriculum(self) -> Curriculum:
        """Stages as they were trained."""
        return self.spec.curriculum

    def counts(self, stage: int = -1, *, converged: bool = False) -> dict[str, int]:
        """Return the number of runs by outcome after a stage, or of converged runs alone; they add up to the runs."""
        counts = converged_of(self.outcomes, self.missed) if converged else self.outcomes
        return dict(zip(LABELS, counts[stage].tolist(), strict=True))

    def converged(self, stage: int = -1, confidence: float = CONFIDENCE) -> Converged:
        """Return the runs that converged in a stage: how many there are, and how they ended."""
        return Converged.of(self.counts(stage, converged=True).values(), confidence)

    def outcomes_of(self, stage: int, confidence: float = CONFIDENCE) -> dict[str, Any]:
        """Return the fields of `StageOutcomes` for a stage."""
        return {
            "name": self.curriculum.names[stage],
            "counts": self.counts(stage),
            "converged": self.converged(stage, confidence),
            "missed_target": int(self.missed[stage].sum()),
            "diverged": int(self.diverged[stage]),
        }

    def frequency(
        self, outcome: Outcome | str, stage: int = -1, confidence: float = CONFIDENCE, *, converged: bool = False
    ) -> Interval:
        """Return the share of runs with this outcome after a stage, with its `frequency_interval`.

        It is a share of all runs, or of the converged ones; the latter is NaN, from 0 to 1, if no run converged.
        """
        counts = self.counts(stage, converged=converged)
        return share_of_selected(counts[Outcome.named(outcome).label], sum(counts.values()), confidence)

    def stop_cell(self, quantity: str, stage: int) -> str:
        """Return the distribution of a quantity at the end of a stage as a cell of a table."""
        raise NotImplementedError

    def blocks(self) -> list[str | Table]:
        """Return the outcomes after each stage, and how the runs stopped."""
        spec = self.spec
        heading = f"{self.runs:,} runs, seed {self.seed}, start {spec.start}, matched by {spec.match.value}"
        return [heading, *outcome_blocks({"": self}), str(self.timing)]

    def drawing(self) -> Figure:
        """Return bars with intervals: the share of runs by outcome after each stage."""
        import seaborn as sns

        stages = self.curriculum.names
        with canvas((max(PAGE_WIDTH, 2.3 * len(stages)), 2.6)) as drawn:
            axes = panels(drawn, 1, len(stages), sharex=True, sharey=True)[0]
            for i, (panel, stage) in enumerate(zip(axes, stages, strict=True)):
                for outcome in Outcome:
                    share = self.frequency(outcome, i)
                    panel.barh(outcome.label, share.estimate, **face(outcome))
                    reach = [[share.estimate - share.low], [share.high - share.estimate]]
                    panel.errorbar(share.estimate, outcome.label, xerr=reach, fmt="none", ecolor="black", capsize=2)
                panel.set(label=stage, title=f"after\n{stage}", xlim=(0, 1), xlabel=f"share of {self.runs:,} runs")
            for panel in axes:
                panel.set_yticks(range(len(LABELS)), LABELS)
            axes[0].invert_yaxis()
            sns.despine(fig=drawn)
        return drawn


def outcome_blocks(arms: Mapping[str, OutcomeReport], confidence: float = CONFIDENCE) -> Iterator[str | Table]:
    """Yield the tables of outcomes, of those of converged runs, and of stops, with one column per arm and stage."""
    columns = dict(_columns(arms))
    shares = {
        heading: {outcome: arm.frequency(outcome, i, confidence) for outcome in Outcome}
        for heading, (arm, i) in columns.items()
    }
    corner = "outcome" + " " * ("outcome" in columns)  # a stage may have the name of the corner
    cells = {heading: of_stage.__getitem__ for heading, of_stage in shares.items()}
    yield Table(list(Outcome), {corner: "label", **cells}, note=_methods(shares.values(), confidence))
    yield _among_converged(columns, corner, confidence)
    yield next(iter(arms.values())).at_stop_heading
    steps, *others = [
        [label, *(arm.stop_cell(name, i) for arm, i in columns.values())]
        for name, label in {"steps": "steps", **AT_STOP}.items()
    ]
    yield Table.of_cells(["", *columns], [steps, *_failures(columns.values()), *others])


def _among_converged(columns: Mapping[str, tuple[OutcomeReport, int]], corner: str, confidence: float) -> str | Table:
    """Return the outcomes of the converged runs as a table, or one sentence if all runs converged."""
    found = {heading: arm.converged(i, confidence) for heading, (arm, i) in columns.items()}
    if all(one.runs == arm.runs for one, (arm, _) in zip(found.values(), columns.values(), strict=True)):
        return "All runs converged: none missed its target, and none is unconverged."
    rows = [["runs", *(f"{one.runs:,}" for one in found.values())]]
    rows += [  # but what is unconverged has not converged
        [label, *(f"{one.shares[label]}" if one.runs else "" for one in found.values())] for label in LABELS[1:]
    ]
    title = "Among the converged runs, which did not miss their target and are not\nunconverged:"
    note = _methods((one.shares for one in found.values() if one.runs), confidence)
    return Table.of_cells([corner, *columns], rows, title=title, note=note)


def _methods(shares: Iterable[Mapping[Any, Interval]], confidence: float) -> str:
    """Return the note below a table with the methods of its intervals."""
    methods = methods_of(share for of_stage in shares for share in of_stage.values())
    return f"{100 * confidence:g} % intervals: {methods}" if methods else ""


def _columns(arms: Mapping[str, OutcomeReport]) -> Iterator[tuple[str, tuple[OutcomeReport, int]]]:
    """Yield the heading of each arm and stage; the names of arms end on the same line, as do those of stages."""
    names = {arm: folded(arm) for arm in arms}
    most = max(name.count("\n") for name in names.values())
    for arm, report in arms.items():
        gap = "\n" * (1 + most - names[arm].count("\n"))
        for i, stage in enumerate(report.curriculum.names):
            yield f"{names[arm]}{gap}{folded(stage)}".lstrip("\n"), (report, i)


def _failures(columns: Iterable[tuple[OutcomeReport, int]]) -> Iterator[list[str]]:
    """Yield a row of the runs that missed a target, if there is one, and of those that diverged, if some did."""
    counts = [(arm.curriculum[i].target > 0, int(arm.missed[i].sum()), int(arm.diverged[i])) for arm, i in columns]
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
        squares = self.squares + other.squares + apart**2 * self.count * share
        return Moments(count=count, mean=self.mean + apart * share, squares=squares)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally(Sums):
    """Counts over runs; tallies of different runs of one specification can be added."""

    counts: np.ndarray  #: runs by outcome (stages, outcomes)
    missed: np.ndarray  #: those that missed their target (stages, outcomes)
    diverged: np.ndarray  #: runs whose state stopped being finite (stages,)
    steps: np.ndarray  #: SGD steps of all runs (stages,)

    @classmethod
    def of(cls, stops: Iterable[Stop], **more: Any) -> Self:
        """Return the tally of runs from where they stopped at the end of each stage."""
        stops = list(stops)
        steps = np.array([stop.state.taken.sum() for stop in stops])
        return cls(
            runs=len(stops[0].state),
            run_steps=int(steps.sum()),
            lane_steps=sum(stop.lane_steps for stop in stops),
            counts=np.array([by_outcome(stop.readings.outcome) for stop in stops]),
            missed=np.array([by_outcome(stop.readings.outcome[stop.missed]) for stop in stops]),
            diverged=np.array([np.count_nonzero(stop.state.diverged) for stop in stops]),
            steps=steps,
            **more,
        )


def by_outcome(codes: np.ndarray) -> np.ndarray:
    """Return the number of runs by outcome (outcomes,), from the code of each (runs,)."""
    return np.bincount(codes, minlength=len(LABELS))


def converged_of(counts: np.ndarray, missed: np.ndarray) -> np.ndarray:
    """Return the converged runs by outcome, from all runs and those that missed their target (…, outcomes)."""
    return np.where(np.arange(len(LABELS)) == Outcome.UNCONVERGED, 0, counts - missed)


def crossed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the number of runs by two outcomes (outcomes, outcomes), from the codes of each (runs,)."""
    n = len(LABELS)
    return np.bincount(one.astype(np.int64) * n + other, minlength=n * n).reshape(n, n)


def by_names(flow: np.ndarray) -> dict[str, Counts]:
    """Return counts by the names of two outcomes, from an array of them (outcomes, outcomes)."""
    rows = (dict(zip(LABELS, row, strict=True)) for row in flow.tolist())
    return dict(zip(LABELS, rows, strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredTally(Tally):
    """Counts over runs, and moments of the quantities in MEASURED."""

    moments: Moments

    @classmethod
    def trained(cls, spec: RunSpec, block: range) -> Self:
        """Train the runs with these numbers, and return their sums."""
        stops = list(spec.train(spec.begin(np.arange(block.start, block.stop))))
        recorded = [recordings(stop) for stop in stops]
        values = np.array([[of_stage[name] for name in MEASURED] for of_stage in recorded], float)
        return cls.of(stops, moments=Moments.of(values))


@dataclass(frozen=True)
class Measure:
    """Mean and standard deviation over the runs whose value is finite; the deviation of fewer than two is null."""

    runs: NonNegativeInt
    mean: Number | None
    deviation: Number | None


@dataclass(frozen=True, kw_only=True)
class StageSummary(StageOutcomes):
    """Outcomes of the runs after a stage, and moments of the recorded quantities."""

    measures: dict[str, Measure]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Summary(OutcomeReport):
    """Results of `summarize`: `stages` has runs by outcome, and mean and standard deviation of what is measured."""

    tally: Hidden[Tally]  #: counts over all runs
    moments: Hidden[Moments]  #: of the quantities in MEASURED (stages, measured)

    at_stop_heading = "At the stop, means and, after ±, standard deviations over runs:"

    @computed_field
    @property
    def stages(self) -> list[StageSummary]:
        """Outcomes and moments after each stage."""
        return [StageSummary(**self.outcomes_of(i), measures=self._measures(i)) for i in range(len(self.curriculum))]

    def _measures(self, stage: int) -> dict[str, Measure]:
        finite = zip(MEASURED, self.moments.count[stage].tolist(), strict=True)
        return {
            name: Measure(runs, self.mean(name, stage) if runs else None, self.deviation(name, stage))
            for name, runs in finite
        }

    def mean(self, name: str, stage: int = -1) -> float:
        """Return the mean of a quantity in MEASURED over the runs in which it is finite; raises `InputError`."""
        return float(self.moments.mean[stage, _place(name)])

    def deviation(self, name: str, stage: int = -1) -> float:
        """Return its sample standard deviation over those runs; NaN if there are fewer than two."""
        count, squares = (values[stage, _place(name)] for values in (self.moments.count, self.moments.squares))
        return float(np.sqrt(squares / (count - 1))) if count > 1 else float("nan")

    def stop_cell(self, quantity: str, stage: int) -> str:
        """Return the mean of a quantity at the end of a stage and its standard deviation."""
        digits = 0 if quantity == "steps" else 3
        return f"{self.mean(quantity, stage):,.{digits}f} ± {self.deviation(quantity, stage):,.{digits}f}"

    def frame(self) -> pd.DataFrame:
        """Return one row per stage: runs, counts, converged, missed, diverged, and moments of each measure."""
        import pandas as pd

        rows = [
            {"stage": stage, "runs": self.runs}
            | self.counts(i)
            | {"converged": self.converged(i).runs}
            | {f"converged_{label}": count for label, count in self.counts(i, converged=True).items()}
            | {"missed": int(self.missed[i].sum()), "diverged": int(self.diverged[i])}
            | {f"{name}_{of}": getattr(self, of)(name, i) for name in MEASURED for of in ("mean", "deviation")}
            for i, stage in enumerate(self.curriculum.names)
        ]
        table = pd.DataFrame(rows)
        table.attrs.update(self.passport())
        return table


def _place(name: str) -> int:
    if name not in MEASURED:
        raise unknown("measure", name, MEASURED)
    return MEASURED.index(name)
