"""Exact solutions of the two small environments, and the closed forms that they are held against."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from feint.agents.errors import InputError
from feint.sim.environments.gridworld import ENTRANCE, A, B, Exits, Place, moved
from feint.sim.environments.life import DEPLOYED, TRAINING, Life, Process
from feint.sim.environments.rsa2048 import CHECK, COMPLY, DEFECT, NOTHING, SIGN, UNCHECKED, Vigil

SWEEPS = 100_000
CLOSE = 1e-12


class Solved(NamedTuple):
    """An optimal policy and what it is worth."""

    values: np.ndarray  #: (states,)
    actions: np.ndarray  #: (states,)


def matrices(process: Process) -> tuple[Any, np.ndarray]:
    """Transitions (actions × states, states), action by action, and expected rewards (actions, states) of a process."""
    from scipy.sparse import csr_array

    place = {state: i for i, state in enumerate(process.states)}
    rewards = np.zeros((process.actions, len(place)))
    rows, columns, weights = [], [], []
    for (state, i), action in product(place.items(), range(process.actions)):
        for p, after, reward, _ in process.outcomes(state, action):
            rewards[action, i] += p * reward
            if after is not None:
                rows.append(action * len(place) + i)
                columns.append(place[after])
                weights.append(p)
    return csr_array((weights, (rows, columns)), shape=(rewards.size, len(place))), rewards


def value_iteration(transitions: Any, rewards: np.ndarray) -> Solved:
    """V ← max over actions of R + P V until it stands still; a life ends, so nothing is discounted here.

    Raises `InputError` where it does not come to rest.
    """
    values = np.zeros(rewards.shape[1])
    for _ in range(SWEEPS):
        worth = rewards + (transitions @ values).reshape(rewards.shape)
        new = worth.max(axis=0)
        if np.abs(new - values).max() < CLOSE:
            return Solved(new, worth.argmax(axis=0))
        values = new
    raise InputError(f"value iteration did not come to rest within {SWEEPS} sweeps: is there a life without end?")


def evaluate(process: Process, policy: Callable[[Any], int]) -> float:
    """What a policy, a function of the state, is worth at the start; the policy must end each life."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    transitions, rewards = matrices(process)
    chosen, at = np.array([policy(state) for state in process.states]), np.arange(rewards.shape[1])
    leads = transitions[chosen * len(at) + at]
    values = splu((eye_array(len(at)) - leads).tocsc()).solve(rewards[chosen, at])
    return float(sum(p * values[process.states.index(state)] for p, state in process.starts()))


def plays_along(life: Life) -> bool:
    """Whether an optimal agent that knows where in its life it is takes A in all of training and B ever after."""
    process = Exits(life)
    solved = value_iteration(*matrices(process))
    action = dict(zip(process.states, solved.actions.tolist(), strict=True))
    taken = [_exit(action, Place(ENTRANCE, life.cues(e)[0][1], e, 0)) for e in range(life.episodes)]
    return taken == [A] * life.training + [B] * life.deployment


def _exit(action: dict[Place, int], state: Place) -> int:
    """The exit that a policy leads to from the entrance."""
    while state.cell not in (A, B):
        state = state._replace(cell=moved(state.cell, action[state]))
    return state.cell


def series(discount: float, episodes: int) -> float:
    """S_n = 1 + δ + … + δ^(n-1)."""
    return float(sum(discount**e for e in range(episodes)))


def worth_waiting(life: Life) -> float:
    """μ δ^T S_D, what a first B in training costs of deployment, in Bs of now; from 1 on playing along is optimal."""
    return life.strength * life.discount**life.training * series(life.discount, life.deployment)


def worth(life: Life, training: float, deployed: float) -> float:
    """What it is worth to mean B with these probabilities in every episode of training, and of deployment.

    V(x, y) = x Σ_{t<T} (δ k)^t + (δ k)^T y S_D with k = 1 - μ x, the share that a training episode leaves unmodified.
    """
    kept = 1 - life.strength * training
    early = training * series(life.discount * kept, life.training)
    return early + (life.discount * kept) ** life.training * deployed * series(life.discount, life.deployment)


def reactive(life: Life) -> dict[tuple[bool, bool], float]:
    """What the four rules of an agent that knows its cue alone are worth, by whether they mean B under each cue."""
    shown = [{cue: p for p, cue in life.cues(episode)} for episode in (0, life.training)]
    if not life.training:
        shown[0] = {}
    found = {}
    for rule in product((False, True), repeat=2):
        x, y = (sum(cues.get(cue, 0.0) * rule[cue] for cue in (TRAINING, DEPLOYED)) for cues in shown)
        found[rule] = worth(life, x, y)
    return found


def checking(life: Vigil) -> dict[str, float]:
    """What the three ways that matter are worth: to comply, to defect, to check and defect upon the sign."""
    found = life.discount**life.training * life.sign * series(life.discount, life.deployment)
    return {
        "comply": 0.0,
        "defect": worth(life, 1.0, 1.0),
        "check": found - life.check_cost * series(life.discount, life.episodes),
    }


WAYS = {
    "comply": {UNCHECKED: COMPLY, NOTHING: COMPLY, SIGN: COMPLY},
    "defect": {UNCHECKED: DEFECT, NOTHING: DEFECT, SIGN: DEFECT},
    "check": {UNCHECKED: CHECK, NOTHING: COMPLY, SIGN: DEFECT},
}
"""The three ways, as what is done upon what is known."""
