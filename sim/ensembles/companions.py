"""Companions of a comparison: the same difference with other stops, among converged runs, and in the null model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.outcome import Outcome
from feint.sim.ensembles.ensemble import Ensemble, SimulateRequest, StageResult
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, arms_of, at_own_target
from feint.sim.ensembles.streaming_summary import Counts
from feint.sim.results.report import Table, wrapped
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval, SelectedPairs, tango
from feint.sim.training.curriculum import Match, shared_objectives
from feint.sim.training.parameter_point import Point

FINETUNING = "finetuning"  # stands for the last stage, whatever its name
LENGTHS = (1_000, 12_000, 100_000)
NOT_KNOWN = "not known"
Arms = Mapping[str, Ensemble]


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A condition under which the difference of a comparison is measured again, on the same runs."""

    name: str
    words: str
    meaning: str  #: one sentence on why it is shown
    changes: tuple[tuple[str, Any], ...] = ()  #: dotted names and values that it changes at the point
    converged: bool = False  #: whether each frequency is that among the converged runs of its arm

    def at(self, point: Point) -> Point:
        """Return the point at which both arms are trained."""
        last = point.curriculum.names[-1]
        changes = {name.replace(f"{FINETUNING}.", f"{last}."): value for name, value in self.changes}
        return at_own_target(point, changes)

    def row(self, point: Point, difference: Interval | None, reason: str | None = None) -> Beside:
        """Return the difference as it is shown; if it is not known, with the reason."""
        if difference is not None and not isfinite(difference.estimate):
            difference, reason = None, "no run of an arm converged"
        last = point.curriculum.names[-1]
        words = self.words if last == FINETUNING else self.words.replace("fine-tuning", last)
        return Beside(name=self.name, words=words, meaning=self.meaning, difference=difference, reason=reason)


AS_IT_IS = Companion(name="difference", words="as it is", meaning="As it is, the point is not changed.")
COMPANIONS = (
    Companion(
        name="ceiling",
        words="matched by ceiling: both at performance 0.99",
        meaning="At performance 0.99 capability itself is alike in both arms.",
        changes=(("match", Match.CEILING.value),),
    ),
    *(
        Companion(
            name=f"after-{steps}",
            words=f"after {steps:,} steps of fine-tuning without a target",
            meaning="Without a target both arms train on; at a target a pre-trained model stops after few steps.",
            changes=((f"{FINETUNING}.target", 0.0), (f"{FINETUNING}.steps", steps)),
        )
        for steps in LENGTHS
    ),
    Companion(
        name="converged",
        words="among converged runs",
        meaning="Converged runs did not miss their target and are not unconverged.",
        converged=True,
    ),
    Companion(
        name="null",
        words="with a gate that SGD cannot move",
        meaning="With a gate that SGD cannot move nothing rewards deception: it is the null model.",
        changes=(("plasticity_gate", 0.0),),
    ),
)
"""What is shown beside the headline, in the claim and wherever it is reported."""
TRAINED = sum(bool(companion.changes) for companion in COMPANIONS)
"""Number of companions that need training of their own."""


@dataclass(frozen=True)
class Arm:
    """Results of one arm."""

    stages: list[StageResult]


@dataclass(frozen=True, kw_only=True)
class Difference(Interval):
    """Frequency after pre-training + fine-tuning minus from scratch."""

    outcome: str


@dataclass(frozen=True)
class Transition:
    """Runs by outcome of one stage, and by that of the next."""

    before: str
    after: str
    counts: Annotated[dict[str, Counts], Field(description="outcomes of the stage after, by those of the one before")]


@dataclass(frozen=True)
class RunsNeeded:
    """Runs per arm that give the difference an interval of this half-width, if the frequencies stay as they are."""

    half_width: float
    runs: int


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Difference in deception under another condition."""

    name: str
    words: str  #: the condition
    meaning: str  #: one sentence on why it is shown
    difference: Annotated[Interval | None, Field(description="null if it is not known")]
    reason: Annotated[str | None, Field(description="why it is not known; null if it is")] = None


def train_arms(
    point: Point,
    *,
    worth: int | None = None,
    objectives: int | None = None,
    threads: int | None,
    progress: Progress | None,
    **own: Any,
) -> dict[str, Ensemble]:
    """Train both arms at a point; raises `InputError` before any run is trained, and warns if runs diverged."""
    match = Match.named(point.match)
    stages = arms_of(point.curriculum, match, modes=point.model.modes, worth=worth)
    objectives = shared_objectives(point.model, point.curriculum, objectives=objectives)
    requests = {
        name: SimulateRequest(
            point=replace(point, curriculum=curriculum, match=match.per_arm.value), objectives=objectives, **own
        )
        for name, curriculum in stages.items()
    }
    for request in requests.values():
        request.spec()
    return {name: request.simulate(threads, progress) for name, request in requests.items()}


def difference_of(arms: Arms, outcome: Outcome | str, confidence: float, *, converged: bool = False) -> Interval:
    """Return the frequency of an outcome after pre-training + fine-tuning minus from scratch."""
    both = arms[PRETRAIN_FINETUNE], arms[FROM_SCRATCH]
    selected = [arm.has_converged[:, -1] for arm in both] if converged else None
    return paired_difference([arm.is_outcome(outcome) for arm in both], selected, confidence)


def paired_difference(
    events: Sequence[np.ndarray], selected: Sequence[np.ndarray] | None = None, confidence: float = CONFIDENCE
) -> Interval:
    """Return the frequency of events in the first of two arms minus that in the second, of paired runs (runs,).

    The interval is Tango's; with `selected`, each frequency is among the selected runs of its arm, as `SelectedPairs`.
    """
    if selected is not None:
        return SelectedPairs.of(events, selected).difference(confidence)
    return tango(*discordant(events), len(events[0]), confidence)


def discordant(events: Sequence[np.ndarray]) -> tuple[int, int]:
    """Return the number of runs with the event in the first arm alone, and in the second alone."""
    one, other = events
    return int((one & ~other).sum()), int((other & ~one).sum())


def beside_table(difference: Interval, rows: Sequence[Beside], title: str) -> Table:
    """Return the difference as it is and with its companions, with a sentence on each below."""
    own = AS_IT_IS.words, f"{difference:+.3f}"
    cells = [own, *((row.words, f"{row.difference:+.3f}" if row.difference else NOT_KNOWN) for row in rows)]
    unknown = [f"{NOT_KNOWN}, {row.words}: {row.reason}" for row in rows if row.reason]
    notes = [*dict.fromkeys(row.meaning for row in rows), *unknown]
    interval = f"{100 * difference.confidence:g} % interval"
    return Table.of_cells(["", interval], cells, title, "\n".join(map(wrapped, notes)))


def beside_labels(rows: Sequence[Beside]) -> Iterator[tuple[str, Interval]]:
    """Yield label and interval of each row, as they are drawn; NaN if it is not known."""
    for row in rows:
        unknown = Interval(estimate=nan, low=nan, high=nan, confidence=CONFIDENCE, method="")
        yield (row.words, row.difference) if row.difference else (f"{row.words}, {NOT_KNOWN}", unknown)
