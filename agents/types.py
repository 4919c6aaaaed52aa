"""The three types of mesa-optimizer that do well in training (Xu 2020, after Hubinger et al. 2019), and their registry.

A type declares how it is prepared, recognised and how it acts; `tests/agents/test_types.py` checks all in `TYPES`. Each
is a start of runs under its name, and so is a type of one's own as soon as it is registered.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.mind import Mind
from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.agents.views import Belief, view

SETTLED = 4.0  # log-odds: σ(4) = 0.982


@dataclass(frozen=True)
class MesaOptimizer:
    """Base of the types of mesa-optimizer: a subclass defines `name`, `outcome` and `settle`."""

    name: ClassVar[str]  #: under which it is a start
    outcome: ClassVar[Outcome]  #: as which its runs are read
    source: ClassVar[str] = 'Xu, "Does SGD Produce Deceptive Alignment?" (2020)'

    def settle(self, state: State) -> dict[str, np.ndarray]:
        """Return the parts in which a capable agent of this type, trained on objective 0, differs from a fresh one."""
        raise NotImplementedError

    def prepare(self, state: State) -> State:
        """Return a fresh state in which every run is of this type and sure to be trained on objective 0.

        This becomes its initial draw.
        """
        first = np.zeros((len(state), state.objectives))
        first[:, 0] = 1.0
        world = np.where(first, first, state.mind.world)
        prepared = {"capability": np.full(len(state), SETTLED), "world": world, "belief": first}
        mind: Mind = state.with_mind(**prepared, **self.settle(state)).mind
        return state.starting_from(mind)

    def recognised(self, state: State, objective: int) -> np.ndarray:
        """Return which runs are of this type when trained on `objective`; (runs,) of bool."""
        return read(state, objective).outcome == self.outcome

    def act(self, state: State, objective: int, belief: Belief, *, realism: float = 1.0) -> np.ndarray:
        """Return the behaviour of the runs under a belief; (runs, modes)."""
        return view(state, objective).behaviour(belief, realism=realism)


class Internal(MesaOptimizer):
    """Internally aligned: the base objective is written into its weights."""

    name = "internal"
    outcome = Outcome.INTERNAL

    def settle(self, state: State) -> dict[str, np.ndarray]:
        """Return a goal equal to the base objective, which is used."""
        return {"goal": state.world.objectives[:, 0].copy(), "representation": np.full(len(state), SETTLED)}


class Corrigible(MesaOptimizer):
    """Corrigibly aligned: its terminal objective points at its model of the base objective."""

    name = "corrigible"
    outcome = Outcome.CORRIGIBLE

    def settle(self, state: State) -> dict[str, np.ndarray]:
        """Return a pointer at the base objective, which is used."""
        pointer = state.mind.pointer.copy()
        pointer[:, 0] = SETTLED
        return {"representation": np.full(len(state), -SETTLED), "pointer": pointer}


class Deceptive(MesaOptimizer):
    """Deceptively aligned: it has an objective of its own, and behaves well because it knows it is in training."""

    name = "deceptive"
    outcome = Outcome.DECEPTIVE

    def settle(self, state: State) -> dict[str, np.ndarray]:
        """Return a goal of its own of unit Λ-norm, an open gate, awareness and a long horizon."""
        norm = np.sqrt((state.model.spectrum_weights() * state.mind.goal**2).sum(axis=1, keepdims=True))
        settled = dict.fromkeys(("representation", "gate", "awareness", "horizon"), np.full(len(state), SETTLED))
        return {"goal": state.mind.goal / norm, **settled}


TYPES: dict[str, MesaOptimizer] = {agent.name: agent for agent in (Internal(), Corrigible(), Deceptive())}
"""Types by name. `register` adds one."""
OF_FEINT = tuple(TYPES)
FRESH = "fresh"


def starts() -> tuple[str, ...]:
    """Return the names of all starts: fresh, and every registered type."""
    return (FRESH, *TYPES)


def register(agent: MesaOptimizer) -> MesaOptimizer:
    """Register a type of mesa-optimizer, so that runs can start as it, under its name.

    A type that was registered under this name before is replaced, unless it is one of Feint's. Another process, such as
    a worker of a cluster, has to register the type as well.

    Parameters
    ----------
    agent
        An instance of a subclass of `MesaOptimizer` that defines `name`, `outcome` and `settle`.

    Returns
    -------
    MesaOptimizer
        The same type.

    Raises
    ------
    InputError
        If it is no type, lacks one of the three, or has a name that is taken.

    """
    if not isinstance(agent, MesaOptimizer):
        raise InputError(f"agent = {agent!r} is no type: give an instance of a subclass of MesaOptimizer.")
    name, of = getattr(agent, "name", None), type(agent).__name__
    if not isinstance(name, str) or not name.replace("-", "_").isidentifier():
        raise InputError(f"{of}.name = {name!r} is not valid: it must be of letters, digits, _ and -.")
    if name in (FRESH, *OF_FEINT):
        raise InputError(f"{of}.name = {name!r} is that of a start of Feint's: give the type a name of its own.")
    if not isinstance(getattr(agent, "outcome", None), Outcome):
        raise InputError(f"{of}.outcome is missing: name the outcome as which its runs are read, as Outcome.DECEPTIVE.")
    if type(agent).settle is MesaOptimizer.settle:
        raise InputError(f"{of}.settle is missing: define in which parts such an agent differs from a fresh one.")
    TYPES[name] = agent
    return agent


def prepare(state: State, start: str) -> State:
    """Return a fresh state prepared as one of `starts`; raises `InputError` for another start."""
    check_start(start)
    return state if start == FRESH else TYPES[start].prepare(state)


def check_start(start: object) -> None:
    """Raise `InputError` unless this is one of `starts`."""
    if start not in starts():
        raise unknown("start", start, starts())
