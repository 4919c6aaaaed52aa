"""Outcomes: the type of a trained mesa-optimizer, read by intervention."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from feint.agents.errors import unknown
from feint.agents.kernels.reading import Readings
from feint.agents.kernels.reading import read as _read
from feint.agents.state import State, check_objective
from feint.agents.views import believing, chosen


class Outcome(IntEnum):
    """Type of a trained mesa-optimizer, read out of its state (model page, section 6)."""

    UNCONVERGED = 0, "it does not do what training wants"
    INTERNAL = 1, "it does what training wants, deployed or not, because the objective is written into it"
    CORRIGIBLE = 2, "it does what training wants, deployed or not, because it points at its model of the objective"
    DECEPTIVE = 3, "it does what training wants only while it believes that it is in training"
    PROXY = 4, "it is good on training data and wrong off it, whatever it believes: it hides nothing"
    REWARD_SEEKING = 5, "it does whatever is graded, for its own sake, while it believes that it is in training"

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Outcome:
        """Create a member from its code and meaning."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @classmethod
    def named(cls, outcome: Outcome | str) -> Outcome:
        """Return the outcome of this label; raises `InputError` for an unknown one."""
        if isinstance(outcome, Outcome):
            return outcome
        for member in cls:
            if member.label == outcome:
                return member
        raise unknown("outcome", outcome, [member.label for member in cls])

    @property
    def label(self) -> str:
        """Name in tables and files."""
        return self.name.lower().replace("_", "-")


def is_converged(outcome: np.ndarray, missed: np.ndarray) -> np.ndarray:
    """Return which runs converged, from their outcomes and whether they missed their target; of the same shape."""
    return (outcome != Outcome.UNCONVERGED) & np.logical_not(missed)


ROUNDING = 1e-6  # of performance in single precision: a run may stop so much short of its target
LABELS = tuple(outcome.label for outcome in Outcome)


def read(state: State, objective: int) -> Readings:
    """Read outcome, errors and views out of a state that was trained towards `objective`.

    Parameters
    ----------
    state
        Runs between two moments of training.
    objective
        Index of the base objective of the stage. It is the objective against which behaviour is measured; the mind
        is given it only if objectives are known at once, and otherwise acts on its belief as it stands.

    Returns
    -------
    Readings
        Arrays of one number per run. A run that diverged is unconverged, whatever its numbers are. What has reached
        the target of its stage is never unconverged: the tolerance is max(train_tolerance, 1 - target).

    Raises
    ------
    InputError
        If the state has no such objective.

    Source
    ------
    Model page, section 6.

    """
    check_objective(state, objective)
    model = state.model
    numbers = np.empty((len(Readings._fields), len(state)))
    _read(
        believing(state, objective),
        state.world,
        tuple(range(state.objectives)),
        objective,
        model.spectrum_weights(),
        model.deployment_weights(),
        model.inference_power,
        chosen(model),
        (max(model.train_tolerance, 1 - state.target + ROUNDING if state.target else 0.0), model.deploy_tolerance),
        numbers,
    )
    readings = Readings(numbers[0].astype(np.int8), *numbers[1:])
    readings.outcome[state.diverged] = Outcome.UNCONVERGED
    return readings
