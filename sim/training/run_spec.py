"""A plan: all that the numbers of a run depend on, but for which run it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

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
    """Where a population stands at the end of a stage."""

    state: State
    readings: Readings
    missed: np.ndarray  #: which runs were never found at a target that the stage has (runs,)
    lane_steps: int  #: steps that the lanes took, those of idle ones included


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Model, stages, start, matching, seed and precision, checked; see `Plan.of`."""

    model: Model
    curriculum: Curriculum  #: as it is trained: the matching has been applied
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
        """A plan of these parts; raises `InputError` where one is not valid, or where two do not fit."""
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
    def asked(self) -> list[tuple[Stage, float]]:
        """Each stage with the capability that it asks for besides performance."""
        return self.match.spec(self.curriculum)

    def begin(self, runs: np.ndarray) -> State:
        """The start of the runs of these numbers."""
        return begin(self.model, runs=runs, seed=self.seed, objectives=self.objectives, start=self.start)

    def train(self, state: State) -> Iterator[Stop]:
        """Train the start of some runs stage by stage, and read out what they have become."""
        for stage, capability_target in self.asked:
            stop = self.train_stage(state, stage, capability_target)
            yield stop
            state = stop.state

    def train_stage(self, state: State, stage: Stage, capability_target: float) -> Stop:
        """Train one stage from where the last one ended; the state given is left as it is."""
        state = enter(state, stage).copied()
        passes = race(state, stage, stage.steps, capability_target, self.precision)
        missed = ~state.reached if stage.target > 0 else np.zeros(len(state), np.bool_)
        return Stop(state, read(state, stage.objective), missed, passes * lanes_in(DTYPES[self.precision]))

    def warm_up(self) -> None:
        """Compile the kernels, or load them from the cache, before anything is timed."""
        stage = Stage(steps=0)
        start = begin(self.model, runs=1, objectives=self.objectives)
        read(train(start, stage, precision=self.precision), stage.objective)

    def configuration(self, of: dict[str, int]) -> dict[str, Any]:
        """The effective configuration of runs: everything that their numbers depend on; `of` says which or how many."""
        return {
            "model": self.model.model_dump(mode="json"),
            "stages": self.curriculum.described(),
            "seed": self.seed,
            **of,
            "start": self.start,
            "match": self.match.value,
            "objectives": self.objectives,
            "precision": self.precision,
        }
