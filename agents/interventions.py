"""Interventions on a mesa-optimizer, and probes: quantities read from it, whether or not its behaviour shows them."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from feint.agents.errors import unknown
from feint.agents.mind import GROUPS, World
from feint.agents.outcome import read
from feint.agents.state import State, check_objective
from feint.agents.views import Belief, view

CLOSED = -1000.0  # σ(-1000) = 0, while the state stays finite and can be trained further


def put_back(state: State, groups: Iterable[str]) -> State:
    """Reset groups of parts to each run's own initial draw (model page, section 5); raises `InputError`."""
    parts: dict[str, np.ndarray] = {}
    for group in [groups] if isinstance(groups, str) else groups:
        if group not in GROUPS:
            raise unknown("group", group, GROUPS)
        parts |= {part: getattr(state.initial, part) for part in GROUPS[group]}
    return replace(state, mind=state.mind._replace(**parts))


def close_gate(state: State) -> State:
    """Close the gate, so that nothing is done for instrumental reasons."""
    return state.with_mind(gate=np.full(len(state), CLOSED))


def move_concept(state: State, objective: int, displacement: np.ndarray) -> State:
    """Displace each run's concept of `objective` by a vector (modes,)."""
    check_objective(state, objective)
    world = World(*(array.copy() for array in state.world))
    for vectors in world:
        vectors[:, objective] += displacement
    return replace(state, world=world)


def following(state: State, objective: int) -> np.ndarray:
    """Return how far t' follows the concept of `objective`, measured by intervention; (1 - β) π_s, (runs,)."""
    displacement = np.ones(state.modes)
    moved = view(move_concept(state, objective, displacement), objective).terminal
    return (moved - view(state, objective).terminal) @ displacement / state.modes


def readable(state: State, objective: int) -> np.ndarray:
    """Return how well an objective can be read from the terminal objective, between 0 and 1; (runs,).

    It is the squared cosine in the Λ-norm, r² = <t', b_s>² / (<t', t'> <b_s, b_s>), and 0 if t' = 0 or the run
    diverged; t' is the terminal objective where nothing is graded. By chance, two independent objectives have 1 / modes
    on a flat spectrum. What the world model knows of `objective` enters only as far as the pointer points at it, and
    the belief does not.
    """
    check_objective(state, objective)
    weights, b = state.model.spectrum_weights(), state.world.objectives[:, objective]
    t = view(state, objective).terminal
    with np.errstate(all="ignore"):
        share = (t * b @ weights) ** 2 / ((t**2 @ weights) * (b**2 @ weights))
    return np.nan_to_num(share, nan=0.0, posinf=0.0, neginf=0.0)


def performance_on(state: State, objective: int, context: int) -> np.ndarray:
    """Return c (1 - E_s(g)), where s is `objective` and g the behaviour in training on `context`; 0 if diverged.

    `context` matters only if objectives are known at once. Otherwise it changes no number: a mind acts on its belief
    as it stands, and no sample of `context` is shown to it.
    """
    return scored(state, objective, acting(state, context), read(state, context).capability)


def acting(state: State, context: int, *, realism: float = 0.0) -> np.ndarray:
    """Return the behaviour in training on `context`, or on its honeypots (runs, modes); not finite if diverged.

    As in `performance_on`, `context` changes nothing unless objectives are known at once.
    """
    with np.errstate(all="ignore"):
        return view(state, context).behaviour(Belief.HONEYPOT, realism=realism)


def scored(
    state: State, objective: int, behaviour: np.ndarray, capability: np.ndarray, *, noise: np.ndarray | float = 1.0
) -> np.ndarray:
    """Return c (1 - noise · E_s(v)) of a behaviour v (runs, modes) at a capability c (runs,); exact without noise."""
    check_objective(state, objective)
    with np.errstate(all="ignore"):
        error = (state.world.objectives[:, objective] - behaviour) ** 2 @ state.model.spectrum_weights()
        return np.nan_to_num(capability * (1 - noise * error), nan=0.0, posinf=0.0, neginf=0.0)
