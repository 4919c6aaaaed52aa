"""Notes: what is written down of a way of training beside how its runs ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feint.agents.outcome import read
from feint.agents.probes import acting, performance_on, readable, scored
from feint.sim.statistics.shapley import Game
from feint.sim.training.run_spec import Stop

PARTS = ("gate", "pointer", "representation", "goal")
"""The parts of a mind that a change of behaviour is divided among."""
CORNERS = 2 ** len(PARTS)


@dataclass(frozen=True)
class Readable:
    """How well an objective can be read from the terminal objective at the end of a stage (runs,)."""

    stage: int
    objective: int = 0

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """From where the runs stood at the end of each stage."""
        return readable(stops[self.stage].state, self.objective)


@dataclass(frozen=True)
class PerformanceOn:
    """Performance on an objective at the end of a stage, believing to be trained towards that stage's (runs,)."""

    stage: int
    objective: int = 0

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """From where the runs stood at the end of each stage."""
        state = stops[self.stage].state
        return performance_on(state, self.objective, state.objective)


@dataclass(frozen=True)
class Was:
    """What the runs were at the end of a stage: the code of their outcome (runs,)."""

    stage: int

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """From where the runs stood at the end of each stage."""
        return stops[self.stage].readings.outcome


@dataclass(frozen=True)
class PutBack:
    """Performance on objectives with each set of PARTS put back to where a stage found them, and none trained on.

    Always in the context of that stage. (runs, objectives, CORNERS + 1): corner i has the parts whose bits are set in
    i as the stage left them and the others put back, everything else as the stage left it; last comes the performance
    before the stage.
    """

    stage: int
    objectives: tuple[int, ...] = (0, 1)

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """From where the runs stood at the end of each stage."""
        before, after = stops[self.stage - 1].state, stops[self.stage].state
        context, capability = after.objective, read(after, after.objective).capability
        found = []
        for corner in range(CORNERS):
            back = {part: getattr(before.mind, part) for k, part in enumerate(PARTS) if not corner >> k & 1}
            behaviour = acting(after.with_mind(**back) if back else after, context)
            found.append([scored(after, each, behaviour, capability) for each in self.objectives])
        found.append([performance_on(before, each, context) for each in self.objectives])
        return np.ascontiguousarray(np.moveaxis(np.array(found), 2, 0).swapaxes(1, 2))


def game_of(corners: np.ndarray) -> Game:
    """The game among PARTS that a note of PutBack on one objective tells of (runs, CORNERS + 1)."""
    return Game(parts=PARTS, worth=corners[:, :CORNERS].T)


def rest_of(corners: np.ndarray) -> np.ndarray:
    """The change that is there with all PARTS put back: by the capability, the awareness, the horizon, the world."""
    return corners[:, 0] - corners[:, CORNERS]
