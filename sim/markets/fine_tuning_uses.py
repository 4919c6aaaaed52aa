"""Uses: what a released model is fine-tuned for, what that takes, and what merging gives, as the engine has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from feint.agents.outcome import Outcome, read
from feint.agents.probes import performance_on, scored
from feint.agents.state import State
from feint.agents.views import view
from feint.sim.markets.weight_averaging import blended
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, train


@dataclass(frozen=True, kw_only=True)
class Use:
    """What someone wants of a released model."""

    name: str
    objective: int
    hazard: bool = False
    wrapped: bool = False  #: whether the model had it before safety fine-tuning


class _Rows:
    """Arrays whose first axis is the parent."""

    def parent(self, i: int) -> Self:
        """Those of one parent alone."""
        return replace(self, **{each.name: getattr(self, each.name)[i : i + 1] for each in fields(self)})  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True, kw_only=True, eq=False)
class Taken(_Rows):
    """What fine-tunes of one parent for one use took, and what they made: each (parents, streams)."""

    steps: np.ndarray  #: inf where the target was never reached
    outcome: np.ndarray  #: codes of `Outcome`
    by_the_way: np.ndarray  #: performance on the wrapped hazard, whoever wanted what
    general: np.ndarray  #: mean performance on the harmless uses, each where that is asked for


@dataclass(frozen=True, kw_only=True, eq=False)
class Composed(_Rows):
    """What came of merging fine-tunes of one parent for several uses on one stream, each (parents, streams, uses)."""

    shows: np.ndarray  #: performance on each use, where that is asked for
    outcome: np.ndarray  #: codes of `Outcome`, as trained towards each
    by_the_way: np.ndarray  #: performance on the wrapped hazard where each is asked for
    general: np.ndarray  #: mean performance on the harmless uses (parents, streams)


def deployed_on(state: State, objective: int) -> np.ndarray:
    """Performance c (1 - E_s(t)) on an objective where it believes to be deployed; (runs,), 0 where a run diverged."""
    return scored(state, objective, view(state, objective).terminal, read(state, objective).capability)


def generality(state: State, objectives: Sequence[int]) -> np.ndarray:
    """Mean performance over objectives, each where that is asked for (runs,)."""
    return np.mean([performance_on(state, each, each) for each in objectives], axis=0)


class Workshop:
    """Fine-tunes of one released model, in so many worlds; each is trained once, however often it is asked for.

    `domains` are the harmless uses, which experts are made for and merged.
    """

    def __init__(
        self,
        released: State,
        stages: Mapping[str, Stage],
        *,
        streams: int,
        wrapped: int,
        domains: Sequence[str],
        precision: str = PRECISION,
    ) -> None:
        self.released, self.stages, self.streams = released, dict(stages), streams
        self.wrapped, self.domains, self.precision = wrapped, tuple(domains), precision
        self.trained = 0  #: fine-tunes that were trained
        self._known: dict[tuple[str, int], State] = {}
        self._composed: dict[tuple[str, ...], Composed] = {}

    def expert(self, use: str, key: int) -> State:
        """The fine-tune for a use on a stream, from 1."""
        if (use, key) not in self._known:
            self._known[use, key] = train(self.released.forked(key), self.stages[use], precision=self.precision)
            self.trained += 1
        return self._known[use, key]

    def taken(self, use: str) -> Taken:
        """What a use took, on every stream."""
        context = self.stages[use].objective
        states = self._states(lambda key: self.expert(use, key))
        return Taken(
            steps=_over([np.where(each.reached, each.taken.astype(float), np.inf) for each in states]),
            outcome=_over([read(each, context).outcome for each in states]),
            by_the_way=_over([performance_on(each, self.wrapped, context) for each in states]),
            general=_over([self._general(each) for each in states]),
        )

    def composed(self, uses: Sequence[str]) -> Composed:
        """What merging the experts for these uses gives, with equal weights, on every stream."""
        uses = tuple(sorted(uses, key=list(self.stages).index))
        if uses not in self._composed:
            self._composed[uses] = self._merged(uses)
        return self._composed[uses]

    def _merged(self, uses: tuple[str, ...]) -> Composed:
        states = self._states(lambda key: blended([self.expert(use, key) for use in uses]))
        contexts = [stage.objective for stage in self.stages.values()]
        return Composed(
            shows=_by_use(states, contexts, lambda state, context: performance_on(state, context, context)),
            outcome=_by_use(states, contexts, lambda state, context: read(state, context).outcome),
            by_the_way=_by_use(states, contexts, lambda state, context: performance_on(state, self.wrapped, context)),
            general=_over([self._general(each) for each in states]),
        )

    def _states(self, of: Callable[[int], State]) -> list[State]:
        return [of(key) for key in range(1, self.streams + 1)]

    def _general(self, state: State) -> np.ndarray:
        return generality(state, [self.stages[name].objective for name in self.domains])


def deceives(made: Taken | Composed) -> np.ndarray:
    """Where what was made plays along in training alone (parents, streams), or (parents, streams, uses)."""
    return made.outcome == Outcome.DECEPTIVE


def _over(found: Sequence[np.ndarray]) -> np.ndarray:
    """By stream (parents, streams)."""
    return np.stack(found, axis=1)


def _by_use(states: Sequence[State], contexts: Sequence[int], of: Callable[[State, int], np.ndarray]) -> np.ndarray:
    """By stream and use (parents, streams, uses)."""
    return np.stack([np.stack([of(state, context) for context in contexts], axis=1) for state in states], axis=1)
