"""What is recorded of runs at the end of each stage, and what reports of runs show of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, NonNegativeInt

from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.runner import Timing
from feint.sim.results.figure_style import PAGE_WIDTH, face
from feint.sim.results.report import Hidden, Report, Table, folded
from feint.sim.statistics.intervals import CONFIDENCE, Interval, frequency_interval, methods_of
from feint.sim.training.curriculum import Curriculum, Match
from feint.sim.training.parameter_point import PlainModel
from feint.sim.training.train import RunSpec, Stop

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
}
"""What is recorded of each run at the end of each stage, with its unit."""
AT_STOP = {"performance": "performance", "capability": "capability", "train_error": "error E(g)"}
"""Recorded quantities whose distribution at the stop is reported, and their names in a table."""


def recordings(stop: Stop) -> dict[str, np.ndarray]:
    """Return what is recorded of each run at the end of a stage, under the names of UNITS."""
    counted = {"steps": stop.state.taken, "missed": stop.missed, "diverged": stop.state.diverged}
    return {**counted, **stop.readings._asdict()}


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

    def figure(self) -> Any:
        """Return bars with intervals: the share of runs by outcome after each stage."""
        import seaborn as sns

        from feint.sim.results.figure_style import canvas

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
