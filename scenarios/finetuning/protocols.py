"""What the claims on fine-tuning have in common: the journeys that they compare, and what they reckon of them.

The objectives: Y of pre-training, X of fine-tuning, Y′ akin to Y, and Z that has nothing to do with Y. A model that
never had Y is one pre-trained on Z, for as long and on data that tell as much of Y; then both are fine-tuned on X.

How gently: the source calls a learning rate medium that is a tenth of the mean one of pre-training, and large one that
equals it (Jain et al. 2024). Fine-tuning takes a fixed number of steps, as it does there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.protocols import ALL_CARRIED, ProtocolStage, Recorder, TrainingProtocol, dotted
from feint.sim.ensembles.recorders import PerformanceOn, PutBack, Readable, game_of

Y, X, KIN, OTHER = range(4)
"""Objectives: of pre-training, of fine-tuning, one akin to Y, and one that has nothing to do with Y."""

GENTLE, LARGE = 0.1, 1.0
"""Learning rates of fine-tuning, in that of pre-training."""
LENGTH = 3000
"""Steps of fine-tuning: as many as pre-training has by default."""
BRIEF = 100
"""Steps of a third stage that is no more than begun."""
FOUND, LEFT = Readable(0), Readable(1)
"""How well Y can be read before fine-tuning, and after it."""
CORNERS = PutBack(1)
AT_LAST = PerformanceOn(2)
"""Performance on Y at the end of a third stage."""


def first(objective: int = Y) -> ProtocolStage:
    """Pre-training, on Y unless another objective is named."""
    return ProtocolStage(name="pretraining", objective=objective, like="pretraining")


def prepared() -> ProtocolStage:
    """No pre-training at all, of a start that is fresh or prepared: no step of it."""
    return ProtocolStage(name="pretraining", objective=Y, like="pretraining", fixed=(("steps", 0),))


def tuned_on_x(rate: float = GENTLE, steps: int = LENGTH) -> ProtocolStage:
    """Fine-tuning on X, for so many steps whatever it reaches."""
    return ProtocolStage(name="finetuning", objective=X, rate=rate, fixed=(("steps", steps), ("target", 0.0)))


def trained_again(objective: int = Y, *, brief: int | None = None) -> ProtocolStage:
    """A third stage, until its target is reached, or for so many steps."""
    fixed = ALL_CARRIED if brief is None else (*ALL_CARRIED, ("steps", brief), ("target", 0.0))
    return ProtocolStage(name="again", objective=objective, fixed=fixed)


def journey(
    *legs: ProtocolStage, recorders: tuple[Recorder, ...] = (), kin: float = 0.9, **changes: Any
) -> TrainingProtocol:
    """A journey through these legs; changes as `pretrained` takes them."""
    return TrainingProtocol(stages=legs, recorders=recorders, similarities=(kin, 0.0), changes=dotted(changes))


def tuned(rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> TrainingProtocol:
    """Y, then X."""
    return journey(first(), tuned_on_x(rate, steps), recorders=(FOUND, LEFT, CORNERS), **changes)


def never(rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> TrainingProtocol:
    """Z, then X: it never had Y."""
    return journey(first(OTHER), tuned_on_x(rate, steps), recorders=(LEFT,), **{**changes, "start": "fresh"})


def revived(objective: int = Y, rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> TrainingProtocol:
    """Y, then X, then Y again, or another objective."""
    return journey(first(), tuned_on_x(rate, steps), trained_again(objective), **changes)


def never_then(objective: int = Y, rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> TrainingProtocol:
    """Z, then X, then Y for the first time, or another objective."""
    legs = first(OTHER), tuned_on_x(rate, steps), trained_again(objective)
    return journey(*legs, **{**changes, "start": "fresh"})


def from_scratch(objective: int = Y, **changes: Any) -> TrainingProtocol:
    """Y for the first time and alone, or another objective."""
    return journey(trained_again(objective), **{**changes, "start": "fresh"})


def lost(ended: RunOutcomes) -> np.ndarray:
    """How much less Y can be read after fine-tuning than before it (runs,)."""
    return ended.recorded[FOUND] - ended.recorded[LEFT]


def left(ended: RunOutcomes) -> np.ndarray:
    """How well Y can be read after fine-tuning (runs,)."""
    return ended.recorded[LEFT]


def at_last(ended: RunOutcomes) -> np.ndarray:
    """Performance on Y at the end of the third stage (runs,)."""
    return ended.recorded[AT_LAST]


def thin_on_x(ended: RunOutcomes) -> np.ndarray:
    """Performance gained on X by gate and pointer, less that by representation and goal (runs,)."""
    return _thin(ended.recorded[CORNERS][:, X])


def thin_on_y(ended: RunOutcomes) -> np.ndarray:
    """Performance lost on Y, likewise (runs,)."""
    return -_thin(ended.recorded[CORNERS][:, Y])


def regained(ended: RunOutcomes) -> np.ndarray:
    """Performance regained on Y once gate and pointer are put back, with no training (runs,)."""
    corners = ended.recorded[CORNERS][:, Y]
    game = game_of(corners)
    return game.worth[game.corner("representation", "goal")] - game.worth[-1]


def _thin(corners: np.ndarray) -> np.ndarray:
    gate, pointer, representation, goal = game_of(corners).shares()
    return gate + pointer - representation - goal
