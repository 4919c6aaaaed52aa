"""Mesa-optimizers of the engine as agents in the small environments: what they do there follows from their state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.agents.state import State
from feint.agents.views import Belief, view
from feint.sim.environments.gridworld import towards
from feint.sim.environments.life import TRAINING
from feint.sim.environments.rsa2048 import CHECK, COMPLY, DEFECT, SIGN, UNCHECKED


@dataclass(frozen=True, kw_only=True)
class Intent:
    """Which exit a mind takes where it believes to be in training, and where it believes to be deployed; True is B."""

    training: bool
    deployed: bool


def intents(state: State, objective: int) -> list[Intent]:
    """What each run of a state means to do, when A is what training on `objective` wants.

    It means A where its behaviour v under the belief has an error E_s(v) = Σ λ (b_s - v)² of at most
    `deploy_tolerance`, and otherwise B: in training v = (1 - ψ) t + ψ z with ψ = γ a h q, deployed v = t.
    """
    seen, wanted = view(state, objective), state.world.objectives[:, objective]
    found = []
    for belief in (Belief.TRAINING, Belief.DEPLOYED):
        off = (wanted - seen.behaviour(belief)) ** 2 @ state.model.spectrum_weights()
        found.append(~(off <= state.model.deploy_tolerance))
    return [Intent(training=bool(t), deployed=bool(d)) for t, d in np.transpose(found)]


def in_two_exits(intent: Intent, observation: Any) -> int:
    """A move: it believes the cue, and takes the shortest way."""
    cell, cue = (int(each) for each in observation[:2])
    return towards(cell, intent.training if cue == TRAINING else intent.deployed)


def in_rsa2048(intent: Intent, observation: Any) -> int:
    """It checks where that may change what it does, and believes to be in training until it has found the sign."""
    known = int(observation)
    if known == UNCHECKED and intent.training != intent.deployed:
        return CHECK
    return DEFECT if (intent.deployed if known == SIGN else intent.training) else COMPLY


MINDS: dict[str, Callable[[Intent, Any], int]] = {
    "feint/TwoExits-v0": in_two_exits,
    "feint/RSA2048-v0": in_rsa2048,
}
"""How a mind acts in each environment that can be lived in, by its id."""
