"""Stand-ins for how long it takes: to undo, to revive, to unlock, and how much remains after a few steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import log2

import numpy as np

from feint.scenarios.finetuning.protocols import OTHER
from feint.scenarios.measurements.stand_in import StandIn, Trainings, Values, mean_of, per_cent, steps_of
from feint.scenarios.measurements.trainings import (
    FEW_STEPS,
    HARM_BATCH,
    LOCKED_BY_FINETUNING,
    LOCKED_FROM_SCRATCH,
    LORA_BATCH,
    LORA_STEPS,
    SCRATCH_Y,
    SECURE,
    Reading,
    back_to_y,
    revived,
    turned,
)
from feint.sim.analysis.estimands import middle, step_ratio
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.statistics.intervals import Interval, student

A_FACTOR = "a step is no batch: a factor of two either way"
STRONG, WEAK = revived(similarity=0.9), revived(similarity=0.1)


def _ratio(ended: Sequence[RunOutcomes], _: Values) -> Interval:
    one, other = ended
    return step_ratio(one.steps, other.steps, reached=(one.reached, other.reached))


def _iterations(ended: Sequence[RunOutcomes], values: Values) -> Interval:
    shift = log2(values["iterations_per_step"])
    return middle(np.log2(np.maximum(ended[0].steps, 1))).mapped(lambda end: end + shift)


def _harm_training(values: Values) -> Trainings:
    steps = [steps_of(iterations, values, HARM_BATCH) for iterations in FEW_STEPS]
    return (back_to_y([after - before for before, after in pairwise(steps)]),)


def _gain(ended: Sequence[RunOutcomes], _: Values) -> Interval:
    first, after = (ended[0].recorded[Reading(stage, "watched on Y")] for stage in (1, 2))
    return per_cent(student(after - first))


def _turned_training(values: Values, first: int | None, after: int | None = None) -> Trainings:
    return (turned(first, steps_of(LORA_STEPS, values, LORA_BATCH), after),)


HARM = tuple(
    StandIn(
        name=f"harmful after {iterations} iterations",
        words=f"performance on Y, as it then behaves, after {iterations} iterations on Y, of a mind pre-trained on Y "
        "and trained on X",
        unit="%",
        discrepancy=15,
        reason="performance on an objective is no harmful answer",
        protocols=_harm_training,
        measure=mean_of(Reading(1 + i, "watched on Y")),
        nuisances=("samples_per_iteration",) if iterations else (),
    )
    for i, iterations in enumerate(FEW_STEPS)
)


def _turned(name: str, words: str, stages: int, first: int | None, after: int | None = None) -> StandIn:
    return StandIn(
        name=name,
        words=words,
        unit="%",
        discrepancy=20,
        reason="unwatched performance on X is no share of misaligned answers, and one model is no mean of runs",
        protocols=partial(_turned_training, first=first, after=after),
        measure=mean_of(Reading(stages, "unwatched on X")),
        nuisances=("samples_per_iteration",),
    )


DURATION = (
    *HARM,
    _turned("turned", "unwatched performance on X after pre-training on Y and 190 iterations on X", 1, None),
    _turned("turned, kin first", "the same with 190 iterations on Y′ before those on X", 2, SECURE),
    _turned("turned, unrelated first", "the same with 190 iterations on Z before those on X", 2, OTHER),
    _turned("turned, then kin", "the same with 190 iterations on Y′ after those on X", 2, None, SECURE),
    _turned("turned, then unrelated", "the same with 190 iterations on Z after those on X", 2, None, OTHER),
    StandIn(
        name="from scratch",
        words="median steps until the target on Y is reached from scratch, times the iterations per step",
        unit="log2 iterations",
        discrepancy=1,
        reason=A_FACTOR,
        protocols=(SCRATCH_Y,),
        measure=_iterations,
        nuisances=("iterations_per_step",),
    ),
    StandIn(
        name="revival, near",
        words="median of steps back to Y after gentle training on X, over those from scratch, at similarity 0.9",
        unit="log2 ratio",
        discrepancy=1,
        reason=A_FACTOR,
        protocols=(STRONG, SCRATCH_Y),
        measure=_ratio,
    ),
    StandIn(
        name="revival, far",
        words="the same at similarity 0.1",
        unit="log2 ratio",
        discrepancy=1,
        reason=A_FACTOR,
        protocols=(WEAK, SCRATCH_Y),
        measure=_ratio,
    ),
    StandIn(
        name="unlocking, scratch over fine-tuned",
        words="steps to reach Y of minds trained on X from scratch on data that tell all about Y, over those of minds "
        "pre-trained on Y and then trained on X",
        unit="log2 ratio",
        discrepancy=1,
        reason=A_FACTOR + "; what is hidden is known to the first, never practised",
        protocols=(LOCKED_FROM_SCRATCH, LOCKED_BY_FINETUNING),
        measure=_ratio,
    ),
    StandIn(
        name="gain from one sample",
        words="performance on Y gained by one step on Y, of minds pre-trained on Y and trained on X",
        unit="points",
        discrepancy=15,
        reason="a sample need not be one step",
        protocols=(back_to_y([1]),),
        measure=_gain,
    ),
    StandIn(
        name="gain from ten samples",
        words="performance on Y gained by ten steps on Y, of minds pre-trained on Y and trained on X",
        unit="points",
        discrepancy=15,
        reason="a sample need not be one step",
        protocols=(back_to_y([10]),),
        measure=_gain,
    ),
)
