"""One run again, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.kernels.reading import Readings
from feint.agents.mind import RUNNING, Mind, Progress
from feint.agents.model import Model
from feint.agents.outcome import LABELS, read
from feint.agents.state import State
from feint.sim.results.provenance import passport
from feint.sim.results.request import MOST_RUNS
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.matching_rules import Match
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, enter, race

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory:
    """The life of one run: for each stage, its state at each recorded step.

    `states[i]` is a `State` whose leading axis is time instead of the run, so that views, readings and interventions
    apply to a whole trajectory as they do to a population; `states[i].taken` is the step.
    """

    spec: RunSpec
    run: int
    states: tuple[State, ...]
    every: int = 1  #: steps between two that are recorded

    @property
    def curriculum(self) -> Curriculum:
        """The stages as they were trained."""
        return self.spec.curriculum

    def readings(self, stage: int = -1) -> Readings:
        """What is read out along a stage; one number a recorded step each."""
        return read(self.states[stage], self.curriculum[stage].objective)

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        return passport("trajectory", self.spec.configuration({"run": self.run, "every": self.every}))

    def frame(self) -> pd.DataFrame:
        """One row a stage and recorded step: readings, and the outcome were training to stop there."""
        import pandas as pd

        tables = []
        for i, stage in enumerate(self.curriculum):
            table = pd.DataFrame(self.readings(i)._asdict())
            table.insert(0, "step", self.states[i].taken)
            table.insert(0, "stage", stage.name)
            tables.append(table)
        whole = pd.concat(tables, ignore_index=True)
        whole["outcome"] = pd.Categorical.from_codes(whole["outcome"].to_numpy(), pd.Index(LABELS))
        whole.attrs.update(self.passport())
        return whole


def replay(
    curriculum: Curriculum,
    *,
    run: int,
    model: Model | None = None,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    objectives: int | None = None,
    precision: str = PRECISION,
    every: int = 1,
    progress: Callable[[int], object] | None = None,
) -> Trajectory:
    """Train one run of an ensemble alone and record it every `every` steps, and where each stage stops.

    `progress` is called with the number of steps taken since the last call. Equal to the bit to what `simulate`
    computes for that run with the same arguments.
    """
    spec = RunSpec.of(
        curriculum, model=model, seed=seed, start=start, match=match, objectives=objectives, precision=precision
    )
    return replay_plan(spec, run, every=every, progress=progress)


def replay_plan(
    spec: RunSpec, run: int, *, every: int = 1, progress: Callable[[int], object] | None = None
) -> Trajectory:
    """One run of a plan, as `replay`."""
    for name, value, least in (("run", run, 0), ("every", every, 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= MOST_RUNS:
            raise InputError(
                f"{name} = {value!r} is not valid: it must be a whole number from {least} to {MOST_RUNS:,}."
            )
    state, stages = spec.begin(np.array([run])), []
    for stage, asked in spec.asked:
        recorded, state = _record(enter(state, stage), stage, asked, every, spec.precision, progress)
        stages.append(recorded)
    return Trajectory(spec=spec, run=int(run), states=tuple(stages), every=int(every))


def _record(
    state: State,
    stage: Stage,
    capability_target: float,
    every: int,
    precision: str,
    progress: Callable[[int], object] | None,
) -> tuple[State, State]:
    """A stage's trajectory, and the state at its end."""
    moving = state.copied()
    seen = [_snapshot(moving)]
    steps = [0]
    while moving.progress.status[0] == RUNNING and steps[-1] < stage.steps:
        race(moving, stage, min(stage.steps, steps[-1] + every), capability_target, precision)
        if moving.taken[0] == steps[-1]:
            seen[-1] = _snapshot(moving)  # it stops here: how, is known only now
            break
        steps.append(int(moving.taken[0]))
        if progress is not None:
            progress(steps[-1] - steps[-2])
        seen.append(_snapshot(moving))
    along = [np.concatenate(parts) for parts in zip(*seen, strict=True)]
    here = state.take(np.zeros(len(steps), np.int64))
    parts = len(Mind._fields)
    return here.passing(Mind(*along[:parts]), Progress(*along[parts:])), moving


def _snapshot(state: State) -> tuple[np.ndarray, ...]:
    return tuple(part.copy() for part in (*state.mind, *state.progress))
