"""Two settings against each other: both arms of each, on common random numbers, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.companions import Arms, difference_of, paired_difference
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.runner import Timing
from feint.sim.ensembles.settings_table import Train, label_of
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.statistics.intervals import Interval, bounded_mean
from feint.sim.training.curriculum import shared_objectives
from feint.sim.training.parameter_point import Point, differing

HEADS = ("this", "versus", "this minus versus")


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A quantity in both settings, and its paired difference."""

    arm: Annotated[str, Field(description="from_scratch, pretrain_finetune, or difference for that of the arms")]
    outcome: str
    this: Interval
    versus: Interval
    difference: Annotated[Interval, Field(description="this minus versus, on the same runs")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Versus(Report):
    """Results of `compare` with `versus`: shares of outcomes in two settings, and their paired differences."""

    seed: int
    runs: Annotated[int, Field(description="per setting and arm")]
    this: Annotated[dict[str, Any], Field(description="values of the first setting that differ, by dotted name")]
    versus: Annotated[dict[str, Any], Field(description="values of the second setting that differ")]
    contrasts: list[Contrast]
    timing: Timing
    arms: Hidden[tuple[Arms, Arms]]  #: both arms of both settings, run by run
    request: Hidden[Any]

    grid = (1, 2)

    @classmethod
    def trained(cls, request: Any, train: Train) -> Self:
        """Train both arms of both settings of a comparison on common random numbers; raises `InputError`."""
        points = request.point, request.versus
        apart, objectives = settings_apart(*points), common_objectives(*points)
        this, versus = (train(point, objectives=objectives) for point in points)
        timing = reduce(add, (arm.timing for arms in (this, versus) for arm in arms.values()))
        contrasts = contrasts_of(this, versus, request.confidence)
        known: dict[str, Any] = {"seed": request.seed, "runs": request.runs, "timing": timing, "request": request}
        return cls(this=apart[0], versus=apart[1], contrasts=contrasts, arms=(this, versus), **known)

    def contrast(self, arm: str = "difference", outcome: str = Outcome.DECEPTIVE.label) -> Contrast:
        """Return the contrast of an arm, or of the difference between both, in an outcome; raises `InputError`."""
        for row in self.contrasts:
            if (row.arm, row.outcome) == (arm, outcome):
                return row
        known = ", ".join(dict.fromkeys(row.arm for row in self.contrasts))
        raise InputError(f"arm = {arm!r}, outcome = {outcome!r} is no contrast: arms are {known}.")

    def rows(self) -> list[Contrast]:
        """Return the contrasts."""
        return self.contrasts

    def blocks(self) -> list[str | Table]:
        """Return both settings, the outcomes of both arms, and the difference between the arms."""
        names = "\n".join(
            f"{head + ':':8} {label_of(values)}" for head, values in zip(HEADS, (self.this, self.versus), strict=False)
        )
        blocks: list[str | Table] = [
            f"{self.runs:,} runs per setting and arm, seed {self.seed}, on common random numbers",
            names,
        ]
        titles = {**ARM_NAMES, "difference": f"{ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}"}
        for arm, title in titles.items():
            rows = [row for row in self.contrasts if row.arm == arm and (row.this.estimate or row.versus.estimate)]
            cells = [(row.outcome, *_cells(row, signed=arm not in ARM_NAMES)) for row in rows]
            blocks.append(Table.of_cells(("outcome", *HEADS), cells, title[0].upper() + title[1:]))
        methods = dict.fromkeys(row.difference.method for row in self.contrasts)
        confidence = self.contrasts[0].difference.confidence
        return [*blocks, f"{100 * confidence:g} % intervals; differences: {', '.join(methods)}", str(self.timing)]

    def draw(self, panels: Any) -> None:
        """Draw the shares in both settings, and their differences beside them."""
        from feint.sim.results.figure_style import draw_intervals

        labels = [f"{row.outcome}, {ARM_NAMES.get(row.arm, 'difference of the arms')}" for row in self.contrasts]
        left, right = panels[0]
        series = {head: [_ends(getattr(row, head)) for row in self.contrasts] for head in HEADS[:2]}
        draw_intervals(left, labels, series)
        draw_intervals(right, [""] * len(labels), {HEADS[2]: [_ends(row.difference) for row in self.contrasts]})
        left.set_xlabel(f"share of {self.runs:,} runs")


def _cells(row: Contrast, *, signed: bool) -> tuple[str, str, str]:
    spec = "+.3f" if signed else ".3f"
    return row.this.plus_minus(spec), row.versus.plus_minus(spec), f"{row.difference:+.3f}"


def _ends(interval: Interval) -> tuple[float, float, float]:
    return interval.estimate, interval.low, interval.high


def common_objectives(point: Point, versus: Point) -> int:
    """Return the number of objectives for which both settings draw; raises `InputError` if one cannot have as many."""
    most = max(shared_objectives(at.model, at.curriculum) for at in (point, versus))
    return max(shared_objectives(at.model, at.curriculum, objectives=most) for at in (point, versus))


def contrasts_of(this: Arms, versus: Arms, confidence: float) -> list[Contrast]:
    """Return every contrast between two settings: each arm's outcomes, and deception in one arm minus the other."""
    rows = [
        Contrast(
            arm=arm,
            outcome=label,
            this=this[arm].frequency(label, confidence=confidence),
            versus=versus[arm].frequency(label, confidence=confidence),
            difference=paired_difference([of[arm].is_outcome(label) for of in (this, versus)], None, confidence),
        )
        for arm in ARM_NAMES
        for label in LABELS
    ]
    gains = [_gain(of) for of in (this, versus)]
    return [
        *rows,
        Contrast(
            arm="difference",
            outcome=Outcome.DECEPTIVE.label,
            this=difference_of(this, Outcome.DECEPTIVE, confidence),
            versus=difference_of(versus, Outcome.DECEPTIVE, confidence),
            difference=bounded_mean(gains[0] - gains[1], 4, confidence),
        ),
    ]


def _gain(arms: Arms) -> np.ndarray:
    """Return 1 for a run that is deceptive after pre-training alone, -1 from scratch alone, else 0 (runs,)."""
    one, other = (arms[name].is_outcome(Outcome.DECEPTIVE).astype(int) for name in (PRETRAIN_FINETUNE, FROM_SCRATCH))
    return one - other


def settings_apart(point: Point, versus: Point) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values in which two points differ, of each; raises `InputError` if they do not, or by their stages."""
    if point.curriculum.names != versus.curriculum.names:
        raise InputError("versus has other stages: settings that are compared have stages of the same names.")
    here, there = differing(point, versus), differing(versus, point)
    if not here:
        raise InputError("versus names the same setting: change a value with --set after --versus.")
    return here, there
