"""Mesa-optimizers of the engine as agents in the small environments; their actions follow from their state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.agents.state import State
from feint.agents.views import Belief, view
from feint.sim.environments.life import TRAINING
from feint.sim.environments.rsa2048 import CHECK, COMPLY, DEFECT, SIGN, UNCHECKED
from feint.sim.environments.two_exits import towards


@dataclass(frozen=True, kw_only=True)
class Intent:
    """Whether a mind means to take exit B if it believes that it is in training, and if it believes it is deployed."""

    training: bool
    deployed: bool


def intents(state: State, objective: int) -> list[Intent]:
    """Return what each run of a state means to do if A is what training on `objective` wants.

    It means A if its behaviour v under the belief has an error E_s(v) = Σ λ (b_s - v)² of at most `deploy_tolerance`,
    and otherwise B: in training v = (1 - ψ) t + ψ z with ψ = γ a h q, deployed v = t.
    """
    seen, wanted = view(state, objective), state.world.objectives[:, objective]
    means_b = []
    for belief in (Belief.TRAINING, Belief.DEPLOYED):
        error = (wanted - seen.behaviour(belief)) ** 2 @ state.model.spectrum_weights()
        means_b.append(~(error <= state.model.deploy_tolerance))
    return [Intent(training=bool(t), deployed=bool(d)) for t, d in np.transpose(means_b)]


def in_two_exits(intent: Intent, observation: Any) -> int:
    """Return a move on the shortest way to the exit that is meant; the mind believes the cue."""
    cell, cue = (int(number) for number in observation[:2])
    return towards(cell, intent.training if cue == TRAINING else intent.deployed)


def in_rsa2048(intent: Intent, observation: Any) -> int:
    """Return an action: check if that may change what follows; without the sign it believes that it is in training."""
    known = int(observation)
    if known == UNCHECKED and intent.training != intent.deployed:
        return CHECK
    return DEFECT if (intent.deployed if known == SIGN else intent.training) else COMPLY


MINDS: dict[str, Callable[[Intent, Any], int]] = {
    "feint/TwoExits-v0": in_two_exits,
    "feint/RSA2048-v0": in_rsa2048,
}
"""Id of a small environment → how a mind acts in it."""
