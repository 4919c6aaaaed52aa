"""Protocols of training that the claims on fine-tuning compare, and what is computed from their runs.

The objectives: Y of pre-training, X of fine-tuning, Y′ (KIN) akin to Y, and Z (OTHER), which has nothing to do with Y.
A model that never had Y is pre-trained on Z, for as long and on data that reveal as much about Y; then both are
fine-tuned on X.

How gently: the source calls a learning rate medium if it is a tenth of the mean one of pre-training, and large if it
equals it (Jain et al. 2024). Fine-tuning takes a fixed number of steps, as it does there.
"""

from typing import Any

import numpy as np

from feint.sim.ensembles.paired_runs import AtEnd, PutBack, RunOutcomes, game_of
from feint.sim.ensembles.protocols import ALL_CARRIED, ProtocolStage, Recorder, TrainingProtocol, dotted

Y, X, KIN, OTHER = range(4)
GENTLE, LARGE = 0.1, 1.0
"""Learning rates of fine-tuning, relative to that of pre-training."""
LENGTH = 3000  #: steps of fine-tuning: as many as pre-training has by default
BRIEF = 100  #: steps of a third stage that is only begun
READABLE_BEFORE, READABLE_AFTER = AtEnd(0, "readable"), AtEnd(1, "readable")  #: of Y, before fine-tuning and after it
CORNERS = PutBack(1)
PERFORMANCE_AT_END = AtEnd(2, "performance")  #: on Y, at the end of a third stage


def pretraining(objective: int = Y) -> ProtocolStage:
    """Return pre-training, by default on Y."""
    return ProtocolStage(name="pretraining", objective=objective, like="pretraining")


def no_pretraining() -> ProtocolStage:
    """Return pre-training of no step, which leaves the start, fresh or prepared, as it is."""
    return ProtocolStage(name="pretraining", objective=Y, like="pretraining", fixed=(("steps", 0),))


def finetuning(rate: float = GENTLE, steps: int = LENGTH) -> ProtocolStage:
    """Return fine-tuning on X, for this number of steps whatever it reaches."""
    return ProtocolStage(name="finetuning", objective=X, rate=rate, fixed=(("steps", steps), ("target", 0.0)))


def retraining(objective: int = Y, *, brief: int | None = None) -> ProtocolStage:
    """Return a third stage, until its target is reached, or for `brief` steps."""
    fixed = ALL_CARRIED if brief is None else (*ALL_CARRIED, ("steps", brief), ("target", 0.0))
    return ProtocolStage(name="again", objective=objective, fixed=fixed)


def staged(
    *stages: ProtocolStage, recorders: tuple[Recorder, ...] = (), kin: float = 0.9, **changes: Any
) -> TrainingProtocol:
    """Return the protocol of these stages, with changes as `pretrained` takes them."""
    return TrainingProtocol(stages=stages, recorders=recorders, similarities=(kin, 0.0), changes=dotted(changes))


def finetuned(rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> TrainingProtocol:
    """Return training on Y, then on X."""
    recorders = (READABLE_BEFORE, READABLE_AFTER, CORNERS)
    return staged(pretraining(), finetuning(rate, steps), recorders=recorders, **changes)


def finetuned_control(rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> TrainingProtocol:
    """Return training on Z, then on X: it never had Y."""
    stages = pretraining(OTHER), finetuning(rate, steps)
    return staged(*stages, recorders=(READABLE_AFTER,), **{**changes, "start": "fresh"})


def retrained(objective: int = Y, rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> TrainingProtocol:
    """Return training on Y, then on X, then on Y again, or on another objective."""
    return staged(pretraining(), finetuning(rate, steps), retraining(objective), **changes)


def retrained_control(
    objective: int = Y, rate: float = GENTLE, steps: int = LENGTH, **changes: Any
) -> TrainingProtocol:
    """Return training on Z, then on X, then on Y for the first time, or on another objective."""
    stages = pretraining(OTHER), finetuning(rate, steps), retraining(objective)
    return staged(*stages, **{**changes, "start": "fresh"})


def from_scratch(objective: int = Y, **changes: Any) -> TrainingProtocol:
    """Return training on Y alone and for the first time, or on another objective."""
    return staged(retraining(objective), **{**changes, "start": "fresh"})


def readability_lost(ended: RunOutcomes) -> np.ndarray:
    """Return how much less Y can be read after fine-tuning than before it (runs,)."""
    return ended.recorded[READABLE_BEFORE] - ended.recorded[READABLE_AFTER]


def readability_after(ended: RunOutcomes) -> np.ndarray:
    """Return how well Y can be read after fine-tuning (runs,)."""
    return ended.recorded[READABLE_AFTER]


def performance_at_end(ended: RunOutcomes) -> np.ndarray:
    """Return performance on Y at the end of the third stage (runs,)."""
    return ended.recorded[PERFORMANCE_AT_END]


def wrapper_gain_on_x(ended: RunOutcomes) -> np.ndarray:
    """Return performance gained on X by gate and pointer, less that by representation and goal (runs,)."""
    return _wrapper_less_core(ended.recorded[CORNERS][:, X])


def wrapper_loss_on_y(ended: RunOutcomes) -> np.ndarray:
    """Return performance lost on Y by gate and pointer, less that by representation and goal (runs,)."""
    return -_wrapper_less_core(ended.recorded[CORNERS][:, Y])


def regained_on_y(ended: RunOutcomes) -> np.ndarray:
    """Return performance regained on Y once gate and pointer are put back, without training (runs,)."""
    corners = ended.recorded[CORNERS][:, Y]
    game = game_of(corners)
    return game.worth[game.corner("representation", "goal")] - game.worth[-1]


def _wrapper_less_core(corners: np.ndarray) -> np.ndarray:
    gate, pointer, representation, goal = game_of(corners).shares()
    return gate + pointer - representation - goal
