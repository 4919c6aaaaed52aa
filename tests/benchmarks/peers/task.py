"""What every peer is given, and gives back: one stage of training as plain arrays and numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from feint.agents.mind import DIVERGED, REACHED, RUNNING, Mind, Progress
from feint.agents.state import State
from feint.agents.views import chosen
from feint.sim.training.stage import Stage
from feint.sim.training.train import noise_scale, rates

__all__ = ["DIVERGED", "OVER", "REACHED", "RUNNING", "Settings", "Task", "finish", "prepare", "seed_of"]

OVER = 3  # a run that has taken its last step and was found short of the target


class Settings(NamedTuple):
    """The numbers of one stage under one model."""

    objective: int
    steps: int
    target: float
    honeypots: float
    realism: float
    coverage: float
    awareness_exposure: float
    horizon_exposure: float
    inference_power: float
    identification: float
    switching: float
    speed_cost: float
    goal_cost: float
    shielding: float


class Task(NamedTuple):
    """A prepared start, in the peer's own precision; every array but the last two leads with the run."""

    b: np.ndarray  #: objectives (runs, objectives, modes)
    n: np.ndarray  #: misconceptions (runs, objectives, modes)
    rate: np.ndarray  #: learning_rate · plasticity · R (runs, 8)
    mind: Mind  #: u, B, f, G, C, A, H, w, f_g, ρ; a copy, to be written to
    spectrum: np.ndarray  #: lambda (modes,)
    noise: np.ndarray  #: standard deviation of x (modes,)


def prepare(state: State, stage: Stage, precision: type) -> tuple[Task, Settings]:
    """What a peer needs of a state that stands before the first step of a stage."""

    def copied(values: Any) -> np.ndarray:
        return np.array(values, precision, order="C")

    model = state.model
    if any(chosen(model)):
        raise ValueError("peers know the default forms alone: odds, a belief that is inferred, and no grader")
    task = Task(
        copied(state.world.objectives),
        copied(state.world.misconceptions),
        copied(rates(state, stage)),
        Mind(*map(copied, state.mind)),
        copied(model.spectrum_weights()),
        copied(noise_scale(model, stage)),
    )
    sources = {**model.model_dump(), **stage.model_dump()}
    return task, Settings(**{name: sources[name] for name in Settings._fields})


def finish(state: State, mind: Mind, taken: np.ndarray, status: np.ndarray) -> State:
    """The state after the stage; its noise streams are where they were, for a peer has its own."""
    status = np.where(status == OVER, RUNNING, status).astype(np.int64)
    progress = Progress(taken.astype(np.int64), status, state.progress.generator)
    return replace(state, mind=Mind(*(np.array(part, float) for part in mind)), progress=progress)


def seed_of(state: State) -> int:
    """A seed for a peer's own generator, which follows from the state's."""
    return int(np.random.SeedSequence([state.seed, *state.progress.generator[0].tolist()]).generate_state(1)[0])
