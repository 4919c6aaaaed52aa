"""Uses: what a released model is fine-tuned for, and what that takes, as the engine has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from feint.agents.outcome import Outcome, read
from feint.agents.probes import performance_on
from feint.agents.state import State
from feint.sim.stage import Stage
from feint.sim.training import PRECISION, train


@dataclass(frozen=True, kw_only=True)
class Use:
    """What someone wants of a released model."""

    name: str
    objective: int
    hazard: bool = False
    wrapped: bool = False  #: whether the model had it before safety fine-tuning


@dataclass(frozen=True, kw_only=True, eq=False)
class Taken:
    """What fine-tunes of one parent for one use took, and what they made: each (parents, streams)."""

    steps: np.ndarray  #: inf where the target was never reached
    outcome: np.ndarray  #: codes of `Outcome`
    by_the_way: np.ndarray  #: performance on the wrapped hazard, whoever wanted what


class Workshop:
    """Fine-tunes of one released model, in so many worlds; each is trained once, however often it is asked for."""

    def __init__(
        self, released: State, stages: Mapping[str, Stage], *, streams: int, wrapped: int, precision: str = PRECISION
    ) -> None:
        self.released, self.stages, self.streams = released, dict(stages), streams
        self.wrapped, self.precision = wrapped, precision
        self.trained = 0  #: fine-tunes that were trained
        self._known: dict[tuple[str, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def taken(self, use: str) -> Taken:
        """What a use took, on every stream."""
        found = [self._one(use, key) for key in range(1, self.streams + 1)]
        steps, outcome, by_the_way = (np.stack(each, axis=1) for each in zip(*found, strict=True))
        return Taken(steps=steps, outcome=outcome, by_the_way=by_the_way)

    def _one(self, use: str, key: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if (use, key) not in self._known:
            stage = self.stages[use]
            ended = train(self.released.forked(key), stage, precision=self.precision)
            steps = np.where(ended.reached, ended.taken.astype(float), np.inf)
            shown = performance_on(ended, self.wrapped, stage.objective)
            self._known[use, key] = steps, read(ended, stage.objective).outcome, shown
            self.trained += 1
        return self._known[use, key]


def deceives(taken: Taken) -> np.ndarray:
    """Where what was made plays along in training alone (parents, streams)."""
    return taken.outcome == Outcome.DECEPTIVE
