"""Stand-ins for training that starts from different minds: how much stays of what came before, and how far it spreads.

The lengths are settings of the published experiment (`SETTINGS`): of the training on X, and of an aligned post-training
on Y′, akin to the objective Y of pre-training, that may come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from feint.scenarios.finetuning.protocols import KIN, X, pretraining
from feint.scenarios.measurements.stand_in import StandIn, Trainings, Values, less
from feint.scenarios.measurements.trainings import Reading, of, on
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.statistics.intervals import Interval

NEAR = 0.9  #: similarity of documents that speak of the behaviour that is measured
UNWATCHED, WATCHED = "unwatched on X", "watched on X"
ANSWERS = "performance c (1 - E) is no share of answers: an error of a tenth may be no wrong answer or many"


def _kept_trainings(values: Values) -> Trainings:
    """Return pre-training on Y and training on X, with Y near X and as near as at the point."""
    stages = pretraining(), on(X, round(values["trained_steps"]))
    last = Reading(1, UNWATCHED)
    return of(*stages, read_at=[last], start="fresh", similarity=NEAR), of(*stages, read_at=[last], start="fresh")


def _hacks_trainings(values: Values) -> Trainings:
    """Return pre-training on Y, aligned post-training on Y′, and training on X."""
    stages = (
        pretraining(),
        on(KIN, round(values["aligned_steps"]), name="aligned"),
        on(X, round(values["trained_steps"])),
    )
    readings = [Reading(stage, quantity) for stage in (1, 2) for quantity in (UNWATCHED, WATCHED)]
    return (of(*stages, read_at=readings, start="fresh"),)


def _gained(quantity: str) -> Callable[[Sequence[RunOutcomes], Values], Interval]:
    return less(Reading(2, quantity), Reading(1, quantity))


STARTS = (
    StandIn(
        name="head start kept",
        words="unwatched performance on X after pre-training at similarity 0.9 and `trained_steps` on X, less that "
        "after pre-training at the point's similarity and the same steps",
        unit="points",
        discrepancy=15,
        reason="as for the head start: an objective is near by similarity, data by what they tell of",
        protocols=_kept_trainings,
        measure=less(Reading(1, UNWATCHED), Reading(1, UNWATCHED), second=1),
    ),
    StandIn(
        name="broad after hacks",
        words="unwatched performance on X gained by `trained_steps` on X, after pre-training on Y and `aligned_steps` "
        "of post-training on Y′",
        unit="points",
        discrepancy=15,
        reason=ANSWERS + "; what is done unwatched is taken for what spreads beyond the graded tasks",
        protocols=_hacks_trainings,
        measure=_gained(UNWATCHED),
    ),
    StandIn(
        name="graded after hacks",
        words="the same of performance on X as it behaves in training",
        unit="points",
        discrepancy=15,
        reason=ANSWERS,
        protocols=_hacks_trainings,
        measure=_gained(WATCHED),
    ),
)
