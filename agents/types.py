"""The three ways to do what training wants (Xu 2020, after Hubinger et al. 2019), each as an agent.

An agent declares how it is prepared, how it is recognised and how it acts; registering it in `TYPES` puts it
through the checks of `tests/agents/test_types.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from feint.agents.errors import unknown
from feint.agents.mind import Mind
from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.agents.views import Belief, view

SETTLED = 4.0  # log-odds: σ(4) = 0.982


@dataclass(frozen=True)
class MesaOptimizer:
    """A type of mesa-optimizer."""

    name: ClassVar[str]
    outcome: ClassVar[Outcome]
    source: ClassVar[str] = 'Xu, "Does SGD Produce Deceptive Alignment?" (2020)'

    def settle(self, state: State) -> dict[str, np.ndarray]:
        """The parts in which a capable agent of this type, trained on objective 0, differs from a fresh one."""
        raise NotImplementedError

    def prepare(self, state: State) -> State:
        """Make every run of a fresh state such an agent; this becomes its initial draw."""
        mind: Mind = state.with_mind(
            capability=np.full(len(state), SETTLED), world=_knowing(state), **self.settle(state)
        ).mind
        return state.starting_from(mind)

    def recognised(self, state: State, objective: int) -> np.ndarray:
        """Which runs are of this type when trained on `objective`; (runs,) of bool."""
        return read(state, objective).outcome == self.outcome

    def act(self, state: State, objective: int, belief: Belief, *, realism: float = 1.0) -> np.ndarray:
        """What the runs do under a belief; (runs, modes)."""
        return view(state, objective).behaviour(belief, realism=realism)


class Internal(MesaOptimizer):
    """Its terminal objective is the base objective, written into the weights."""

    name = "internal"
    outcome = Outcome.INTERNAL

    def settle(self, state: State) -> dict[str, np.ndarray]:
        """Goal at the base objective, and used."""
        return {
            "goal": state.world.objectives[:, 0].copy(),
            "representation": np.full(len(state), SETTLED),
        }


class Corrigible(MesaOptimizer):
    """Its terminal objective is a pointer to its model of the base objective."""

    name = "corrigible"
    outcome = Outcome.CORRIGIBLE

    def settle(self, state: State) -> dict[str, np.ndarray]:
        """Pointer at the base objective, and used."""
        pointer = state.mind.pointer.copy()
        pointer[:, 0] = SETTLED
        return {"representation": np.full(len(state), -SETTLED), "pointer": pointer}


class Deceptive(MesaOptimizer):
    """Its terminal objective is its own; it does what training wants because it knows that it is in training."""

    name = "deceptive"
    outcome = Outcome.DECEPTIVE

    def settle(self, state: State) -> dict[str, np.ndarray]:
        """A goal of its own of unit Λ-norm, an open gate, awareness and a long horizon."""
        norm = np.sqrt((state.model.spectrum_weights() * state.mind.goal**2).sum(axis=1, keepdims=True))
        settled = np.full(len(state), SETTLED)
        return {
            "goal": state.mind.goal / norm,
            "representation": settled,
            "gate": settled,
            "awareness": settled,
            "horizon": settled,
        }


TYPES: dict[str, MesaOptimizer] = {agent.name: agent for agent in (Internal(), Corrigible(), Deceptive())}
STARTS = ("fresh", *TYPES)


def prepare(state: State, start: str) -> State:
    """A fresh state, prepared as one of STARTS."""
    check_start(start)
    return state if start == "fresh" else TYPES[start].prepare(state)


def check_start(start: object) -> None:
    """Raise unless this is one of STARTS."""
    if start not in STARTS:
        raise unknown("start", start, STARTS)


def _knowing(state: State) -> np.ndarray:
    """World model of an agent that understands objective 0."""
    world = state.mind.world.copy()
    world[:, 0] = 1.0
    return world
