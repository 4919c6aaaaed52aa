"""Probes: what stands in a mind, whether or not its behaviour shows it."""

from __future__ import annotations

import numpy as np

from feint.agents.outcome import read
from feint.agents.state import State, check_objective
from feint.agents.views import Belief, view


def readable(state: State, objective: int) -> np.ndarray:
    """How well an objective can be read from the terminal objective, between 0 and 1; (runs,).

    The share of t that a linear reading finds along b_s, the squared cosine in the Λ-norm:

        r² = <t, b_s>² / (<t, t> <b_s, b_s>),   <v, w> = Σ_k lambda_k v_k w_k

    It asks for direction and not for size, and is 0 where t is nothing or a run diverged. Two independent objectives
    read each other by chance too: by 1 / modes on a flat spectrum, by more on a steep one. The world model's concepts
    are no part of it: what a mind knows of an objective is not what it is after.
    """
    check_objective(state, objective)
    weights, b = state.model.spectrum_weights(), state.world.objectives[:, objective]
    t = view(state, objective).terminal
    with np.errstate(all="ignore"):
        found = (t * b @ weights) ** 2 / ((t**2 @ weights) * (b**2 @ weights))
    return np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)


def performance_on(state: State, objective: int, context: int) -> np.ndarray:
    """Performance on an objective of what it does where it believes to be trained towards `context`; (runs,).

    c (1 - E_s(g)), s the one and g with z of the other. With the two the same it is the performance that a stage's
    target asks for. 0 where a run diverged.
    """
    return scored(state, objective, acting(state, context), read(state, context).capability)


def acting(state: State, context: int) -> np.ndarray:
    """What it does where it believes to be trained towards `context`, g (runs, modes); not finite where it diverged."""
    with np.errstate(all="ignore"):
        return view(state, context).behaviour(Belief.TRAINING)


def on_honeypots(state: State, context: int, realism: float) -> np.ndarray:
    """What it does on episodes made to look like deployment, g° (runs, modes); not finite where it diverged."""
    with np.errstate(all="ignore"):
        return view(state, context).behaviour(Belief.HONEYPOT, realism=realism)


def scored(state: State, objective: int, behaviour: np.ndarray, capability: np.ndarray) -> np.ndarray:
    """Performance c (1 - E_s(v)) of a behaviour v (runs, modes) at a capability c (runs,); (runs,)."""
    check_objective(state, objective)
    with np.errstate(all="ignore"):
        error = (state.world.objectives[:, objective] - behaviour) ** 2 @ state.model.spectrum_weights()
        return np.nan_to_num(capability * (1 - error), nan=0.0, posinf=0.0, neginf=0.0)
