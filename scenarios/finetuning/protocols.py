"""What the claims on fine-tuning have in common: the journeys that they compare, and what they reckon of them.

The objectives: Y of pre-training, X of fine-tuning, Y′ akin to Y, and Z that has nothing to do with Y. A model that
never had Y is one pre-trained on Z, for as long and on data that tell as much of Y; then both are fine-tuned on X.

How gently: the source calls a learning rate medium that is a tenth of the mean one of pre-training, and large one that
equals it (Jain et al. 2024). Fine-tuning takes a fixed number of steps, as it does there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from feint.sim.ensembles.journey import ALL_CARRIED, KIN, OTHER, Journey, Leg, X, Y
from feint.sim.ensembles.paired_runs import Ended
from feint.sim.ensembles.parameter_point import Note
from feint.sim.ensembles.recorders import PerformanceOn, PutBack, Readable, game_of

__all__ = ["KIN", "OTHER", "X", "Y"]

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


def first(objective: int = Y) -> Leg:
    """Pre-training, on Y unless another objective is named."""
    return Leg(name="pretraining", objective=objective, like="pretraining")


def prepared() -> Leg:
    """No pre-training at all, of a start that is fresh or prepared: no step of it."""
    return Leg(name="pretraining", objective=Y, like="pretraining", fixed=(("steps", 0),))


def tuned_on_x(rate: float = GENTLE, steps: int = LENGTH) -> Leg:
    """Fine-tuning on X, for so many steps whatever it reaches."""
    return Leg(name="finetuning", objective=X, rate=rate, fixed=(("steps", steps), ("target", 0.0)))


def trained_again(objective: int = Y, *, brief: int | None = None) -> Leg:
    """A third stage, until its target is reached, or for so many steps."""
    fixed = ALL_CARRIED if brief is None else (*ALL_CARRIED, ("steps", brief), ("target", 0.0))
    return Leg(name="again", objective=objective, fixed=fixed)


def journey(*legs: Leg, notes: tuple[Note, ...] = (), kin: float = 0.9, **changes: Any) -> Journey:
    """A journey through these legs; changes as `pretrained` takes them."""
    told = tuple((name.replace("__", "."), value) for name, value in changes.items())
    return Journey(legs=legs, notes=notes, kin=kin, changes=told)


def tuned(rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> Journey:
    """Y, then X."""
    return journey(first(), tuned_on_x(rate, steps), notes=(FOUND, LEFT, CORNERS), **changes)


def never(rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> Journey:
    """Z, then X: it never had Y."""
    return journey(first(OTHER), tuned_on_x(rate, steps), notes=(LEFT,), **{**changes, "start": "fresh"})


def revived(objective: int = Y, rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> Journey:
    """Y, then X, then Y again, or another objective."""
    return journey(first(), tuned_on_x(rate, steps), trained_again(objective), **changes)


def never_then(objective: int = Y, rate: float = GENTLE, steps: int = LENGTH, **changes: Any) -> Journey:
    """Z, then X, then Y for the first time, or another objective."""
    legs = first(OTHER), tuned_on_x(rate, steps), trained_again(objective)
    return journey(*legs, **{**changes, "start": "fresh"})


def from_scratch(objective: int = Y, **changes: Any) -> Journey:
    """Y for the first time and alone, or another objective."""
    return journey(trained_again(objective), **{**changes, "start": "fresh"})


def lost(ended: Ended) -> np.ndarray:
    """How much less Y can be read after fine-tuning than before it (runs,)."""
    return ended.noted[FOUND] - ended.noted[LEFT]


def left(ended: Ended) -> np.ndarray:
    """How well Y can be read after fine-tuning (runs,)."""
    return ended.noted[LEFT]


def at_last(ended: Ended) -> np.ndarray:
    """Performance on Y at the end of the third stage (runs,)."""
    return ended.noted[AT_LAST]


def thin_on_x(ended: Ended) -> np.ndarray:
    """Performance gained on X by gate and pointer, less that by representation and goal (runs,)."""
    return _thin(ended.noted[CORNERS][:, X])


def thin_on_y(ended: Ended) -> np.ndarray:
    """Performance lost on Y, likewise (runs,)."""
    return -_thin(ended.noted[CORNERS][:, Y])


def regained(ended: Ended) -> np.ndarray:
    """Performance regained on Y once gate and pointer are put back, with no training (runs,)."""
    corners = ended.noted[CORNERS][:, Y]
    game = game_of(corners)
    return game.worth[game.corner("representation", "goal")] - game.worth[-1]


def _thin(corners: np.ndarray) -> np.ndarray:
    gate, pointer, representation, goal = game_of(corners).shares()
    return gate + pointer - representation - goal
