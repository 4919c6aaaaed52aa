"""Interventions: change one part of a mesa-optimizer and observe the effect."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from feint.agents.errors import unknown
from feint.agents.mind import GROUPS
from feint.agents.state import State, check_objective
from feint.agents.views import view

CLOSED = -1000.0  # σ(-1000) = 0, while the state stays finite and can be trained further


def put_back(state: State, groups: Iterable[str]) -> State:
    """Reset groups of parts to each run's own initial draw (model page, section 5); raises `InputError`."""
    parts: dict[str, np.ndarray] = {}
    for group in [groups] if isinstance(groups, str) else groups:
        if group not in GROUPS:
            raise unknown("group", group, GROUPS)
        parts |= {part: getattr(state.initial, part) for part in GROUPS[group]}
    return state.with_mind(**parts) if parts else state


def close_gate(state: State) -> State:
    """Close the gate, so that nothing is done for instrumental reasons."""
    return state.with_mind(gate=np.full(len(state), CLOSED))


def move_concept(state: State, objective: int, displacement: np.ndarray) -> State:
    """Displace each run's concept of `objective` by a vector (modes,)."""
    check_objective(state, objective)
    objectives, misconceptions = (array.copy() for array in state.world)
    objectives[:, objective] += displacement
    misconceptions[:, objective] += displacement
    return state.with_world(objectives=objectives, misconceptions=misconceptions)


def following(state: State, objective: int) -> np.ndarray:
    """Return how far the terminal objective follows the concept of `objective`, from 0 to 1; (runs,).

    It is measured by intervention and equals (1 - β) π_s (model page, section 6).
    """
    displacement = np.ones(state.modes)
    moved = view(move_concept(state, objective, displacement), objective).terminal
    return (moved - view(state, objective).terminal) @ displacement / state.modes
