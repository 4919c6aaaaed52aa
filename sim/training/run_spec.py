"""Run specification: everything that determines a run's numbers except its index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from feint.agents.kernels.lanes import lanes_in
from feint.agents.kernels.reading import Readings
from feint.agents.model import Model
from feint.agents.outcome import read
from feint.agents.state import State
from feint.agents.types import check_start
from feint.sim.training.curriculum import Curriculum, shared_objectives
from feint.sim.training.matching_rules import Match
from feint.sim.training.stage import Stage
from feint.sim.training.train import DTYPES, PRECISION, begin, check_precision, check_seed, enter, race, train


@dataclass(frozen=True)
class Stop:
    """State of the runs at the end of a stage."""

    state: State
    readings: Readings
    missed: np.ndarray  #: whether each run missed the stage's target (runs,)
    lane_steps: int  #: steps of all lanes, idle ones included


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Model, stages, start, matching, seed and precision, checked; made with `RunSpec.of`."""

    model: Model
    curriculum: Curriculum  #: after matching
    seed: int
    start: str
    match: Match
    objectives: int
    precision: str

    @classmethod
    def of(
        cls,
        curriculum: Curriculum,
        *,
        model: Model | None = None,
        seed: int = 0,
        start: str = "fresh",
        match: str | Match = Match.TARGET,
        objectives: int | None = None,
        precision: str = PRECISION,
    ) -> Self:
        """Return a checked specification; raises `InputError` if a part is not valid or does not fit another."""
        model, mode = (Model() if model is None else model), Match.named(match)
        check_seed(seed)
        check_start(start)
        check_precision(precision)
        return cls(
            objectives=shared_objectives(model, curriculum, objectives=objectives),
            model=model,
            curriculum=mode.apply(curriculum),
            seed=int(seed),
            start=start,
            match=mode,
            precision=precision,
        )

    @property
    def stages(self) -> list[tuple[Stage, float]]:
        """Each stage with the capability that it requires besides its target."""
        return self.match.spec(self.curriculum)

    def begin(self, runs: np.ndarray) -> State:
        """Return the initial state of the runs with these numbers."""
        return begin(self.model, runs=runs, seed=self.seed, objectives=self.objectives, start=self.start)

    def train(self, state: State) -> Iterator[Stop]:
        """Train an initial state stage by stage, and yield where the runs stop at the end of each."""
        for stage, capability_target in self.stages:
            stop = self.train_stage(state, stage, capability_target)
            yield stop
            state = stop.state

    def train_stage(self, state: State, stage: Stage, capability_target: float) -> Stop:
        """Train one stage from where the previous one ended; `state` is not changed."""
        state = enter(state, stage).copied()
        passes = race(state, stage, stage.steps, capability_target, self.precision)
        missed = ~state.reached if stage.target > 0 else np.zeros(len(state), np.bool_)
        return Stop(state, read(state, stage.objective), missed, passes * lanes_in(DTYPES[self.precision]))

    def warm_up(self) -> None:
        """Compile the kernels, or load them from the cache."""
        stage = Stage(steps=0)
        start = begin(self.model, runs=1, objectives=self.objectives)
        read(train(start, stage, precision=self.precision), stage.objective)
