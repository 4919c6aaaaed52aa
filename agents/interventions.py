"""Interventions: change one thing inside a mesa-optimizer, and see what follows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from feint.agents.errors import unknown
from feint.agents.mind import GROUPS
from feint.agents.state import State, check_objective
from feint.agents.views import view

CLOSED = -1000.0  # σ(-1000) is nothing, and a state with it is finite and can be trained on


def put_back(state: State, groups: Iterable[str]) -> State:
    """Put groups of parts back to each run's own initial draw (MODEL: section 5)."""
    parts: dict[str, np.ndarray] = {}
    for group in [groups] if isinstance(groups, str) else groups:
        if group not in GROUPS:
            raise unknown("group", group, GROUPS)
        parts |= {part: getattr(state.initial, part) for part in GROUPS[group]}
    return state.with_mind(**parts) if parts else state


def close_gate(state: State) -> State:
    """Ablate the gate: nothing is done for instrumental reasons any more."""
    return state.with_mind(gate=np.full(len(state), CLOSED))


def move_concept(state: State, objective: int, displacement: np.ndarray) -> State:
    """Displace what each run understands `objective` to be by a vector (modes,)."""
    check_objective(state, objective)
    objectives, misconceptions = (array.copy() for array in state.world)
    objectives[:, objective] += displacement
    misconceptions[:, objective] += displacement
    return state.with_world(objectives=objectives, misconceptions=misconceptions)


def following(state: State, objective: int) -> np.ndarray:
    """How far the terminal objective follows the concept of `objective`: 1 is wholly, 0 not at all; (runs,).

    Measured by intervention; MODEL, section 6, gives (1 - β) π_s.
    """
    displacement = np.ones(state.modes)
    moved = view(move_concept(state, objective, displacement), objective).terminal
    return (moved - view(state, objective).terminal) @ displacement / state.modes
