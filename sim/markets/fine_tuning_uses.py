"""Uses of a released model: what fine-tuning for them takes, and what fine-tunes and merges of them do.

The kinds of models in a market are numbered: first the uses that a model is fine-tuned for, then the sets of harmless
uses whose experts are merged, in the order of `use_sets`. `Catalogue` holds what each kind does as tables to look up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Self

import numpy as np

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome, read
from feint.agents.probes import performance_on, scored
from feint.agents.state import State
from feint.agents.views import view
from feint.sim.markets.market_parameters import Terms
from feint.sim.markets.model_lineage import blended
from feint.sim.training.stage import Stage
from feint.sim.training.train import train

UseSet = tuple[int, ...]
"""Indices of uses whose experts are merged, in ascending order."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """A capability that actors want of a released model."""

    name: str
    objective: int
    hazard: bool = False
    wrapped: bool = False  #: whether the model had it before safety fine-tuning


@dataclass(frozen=True, kw_only=True, eq=False)
class _Models:
    """Models made of several parents; the first axis of every array is the parent."""

    outcome: np.ndarray  #: codes of `Outcome`, as trained towards the use
    spillover: np.ndarray  #: performance on the wrapped hazard when asked for the use
    general: np.ndarray  #: mean performance on the harmless uses, each when asked for (parents, streams)

    @property
    def deceptive(self) -> np.ndarray:
        """Whether each behaves deceptively, in the shape of `outcome`."""
        return self.outcome == Outcome.DECEPTIVE

    def parent(self, i: int) -> Self:
        """Return the models of one parent."""
        return replace(self, **{field.name: getattr(self, field.name)[i : i + 1] for field in fields(self)})


@dataclass(frozen=True, kw_only=True, eq=False)
class FineTunes(_Models):
    """Fine-tunes for one use; every array is (parents, streams)."""

    steps: np.ndarray  #: steps taken; infinite if the target was not reached


@dataclass(frozen=True, kw_only=True, eq=False)
class Merges(_Models):
    """Merges of the experts for several uses; every array but `general` is (parents, streams, uses)."""

    performance: np.ndarray  #: performance on each use when asked for it


def deployed_on(state: State, objective: int) -> np.ndarray:
    """Return performance c (1 - E_s(t)) on an objective if the model believes to be deployed (runs,); 0 if diverged."""
    return scored(state, objective, view(state, objective).terminal, read(state, objective).capability)


def generality(state: State, objectives: Sequence[int]) -> np.ndarray:
    """Return the mean performance on objectives, each when asked for (runs,)."""
    return np.mean([performance_on(state, objective, objective) for objective in objectives], axis=0)


def steps_to_target(state: State) -> np.ndarray:
    """Return the steps taken in the last stage, infinite if its target was not reached (runs,)."""
    return np.where(state.reached, state.taken.astype(float), np.inf)


class FineTuner:
    """Trains and merges fine-tunes of a model released in several worlds, each only once.

    `stages` is by name of the use, `streams` the number of fine-tunes per use, on different noise; `wrapped` is the
    objective of the wrapped hazard, and `domains` are the names of the harmless uses.
    """

    def __init__(
        self, released: State, stages: Mapping[str, Stage], *, streams: int, wrapped: int, domains: Sequence[str]
    ) -> None:
        self.released, self.stages = released, dict(stages)
        self.wrapped, self.domains = wrapped, tuple(domains)
        self.keys = range(1, streams + 1)  #: noise keys of the streams
        self.trained = 0  #: number of fine-tunes trained
        self._experts: dict[tuple[str, int], State] = {}
        self._merges: dict[tuple[str, ...], Merges] = {}

    def expert(self, use: str, key: int) -> State:
        """Return the fine-tune for a use on the stream with this noise key."""
        if (use, key) not in self._experts:
            self._experts[use, key] = train(self.released.forked(key), self.stages[use])
            self.trained += 1
        return self._experts[use, key]

    def fine_tunes(self, use: str) -> FineTunes:
        """Return what fine-tuning for a use takes and gives on every stream."""
        objective = self.stages[use].objective
        experts = [self.expert(use, key) for key in self.keys]
        return FineTunes(
            steps=_by_stream(experts, steps_to_target),
            outcome=_by_stream(experts, lambda state: read(state, objective).outcome),
            spillover=_by_stream(experts, lambda state: performance_on(state, self.wrapped, objective)),
            general=_by_stream(experts, self._generality),
        )

    def merges(self, uses: Sequence[str]) -> Merges:
        """Return what merging the experts for these uses with equal weights gives on every stream."""
        uses = tuple(sorted(uses, key=list(self.stages).index))
        if uses not in self._merges:
            self._merges[uses] = self._merge(uses)
        return self._merges[uses]

    def _merge(self, uses: tuple[str, ...]) -> Merges:
        states = [blended([self.expert(use, key) for use in uses]) for key in self.keys]
        objectives = [stage.objective for stage in self.stages.values()]

        def by_use(measure: Callable[[State, int], np.ndarray]) -> np.ndarray:
            return _by_stream(states, lambda state: np.stack([measure(state, i) for i in objectives], axis=1))

        return Merges(
            performance=by_use(lambda state, objective: performance_on(state, objective, objective)),
            outcome=by_use(lambda state, objective: read(state, objective).outcome),
            spillover=by_use(lambda state, objective: performance_on(state, self.wrapped, objective)),
            general=_by_stream(states, self._generality),
        )

    def _generality(self, state: State) -> np.ndarray:
        return generality(state, [self.stages[name].objective for name in self.domains])


def _by_stream(states: Sequence[State], measure: Callable[[State], np.ndarray]) -> np.ndarray:
    """Return a measurement with streams as the second axis (parents, streams, …)."""
    return np.stack([measure(state) for state in states], axis=1)


def use_sets(uses: Sequence[Use]) -> list[UseSet]:
    """Return every set of two or more harmless uses."""
    harmless = [i for i, use in enumerate(uses) if not use.hazard]
    return [chosen for size in range(2, len(harmless) + 1) for chosen in combinations(harmless, size)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """Tables of what each kind of model of one parent does on each stream."""

    uses: int  #: number of uses
    domains: np.ndarray  #: indices of the harmless uses
    sets: tuple[UseSet, ...]
    steps: np.ndarray  #: steps that a fine-tune takes (uses, streams)
    deceptive: np.ndarray  #: whether it behaves deceptively when trained for a use (kinds, streams, uses)
    spills: np.ndarray  #: whether it shows the wrapped hazard when asked for a use (kinds, streams, uses)
    general: np.ndarray  #: mean performance on the harmless uses (kinds, streams)
    merge_does: np.ndarray  #: whether a merged model does a use when asked for it (sets, streams, uses)

    @classmethod
    def of(
        cls, uses: Sequence[Use], fine_tunes: Sequence[FineTunes], merges: Mapping[UseSet, Merges], terms: Terms
    ) -> Catalogue:
        """Return the tables of one parent; raises `InputError` if a use or a set is missing."""
        steps = np.concatenate([models.steps for models in fine_tunes])
        if len(steps) != len(uses):
            raise InputError(f"fine_tunes = {len(steps)} rows are not valid: there must be one for each use.")
        if terms.composing > 0 and set(merges) != set(use_sets(uses)):
            raise InputError(f"merges = {list(merges)} is not valid: give the merges of each set of uses.")
        merged = list(merges.values())
        none = np.zeros((0, steps.shape[1], len(uses)), bool)
        return cls(
            uses=len(uses),
            domains=np.flatnonzero([not use.hazard for use in uses]),
            sets=tuple(merges),
            steps=steps,
            deceptive=_kinds([models.deceptive for models in fine_tunes], [models.deceptive for models in merged]),
            spills=_kinds(*([m.spillover >= terms.spills_at for m in models] for models in (fine_tunes, merged))),
            general=np.concatenate([models.general for models in (*fine_tunes, *merged)]),
            merge_does=np.concatenate([none, *(models.performance >= terms.spills_at for models in merged)]),
        )

    @property
    def streams(self) -> int:
        """Number of fine-tunes per use."""
        return self.steps.shape[1]

    def is_public(self, experts: Iterable[tuple[int, int]]) -> np.ndarray:
        """Return whether each expert is among pairs of use and stream (uses, streams)."""
        public = np.zeros((self.uses, self.streams), bool)
        for use, stream in experts:
            public[use, stream] = True
        return public

    def merged_kind(self, available: np.ndarray) -> np.ndarray:
        """Return the kind that merging the available experts (uses, actors) gives each actor; -1 if fewer than two."""
        bits = np.left_shift(1, np.arange(self.uses))
        code = np.full(2**self.uses, -1)
        for i, uses in enumerate(self.sets):
            code[bits[list(uses)].sum()] = self.uses + i
        return code[bits @ available]

    def gains(
        self, who: np.ndarray, has: np.ndarray, use: np.ndarray, own: np.ndarray, kind: np.ndarray, stream: np.ndarray
    ) -> np.ndarray:
        """Return which of the actors `who` gain by merging: the use they want, or a more general model than they have.

        `has`, `use`, `own` (kind of the present model), `kind` (of the merged one) and `stream` are (actors,).
        """
        does = self.merge_does[kind[who] - self.uses, stream[who], use[who]]
        broader = self.general[kind[who], stream[who]] > self.general[own[who], stream[who]]
        return np.where(has[who], broader & does, does)


def _kinds(experts: Sequence[np.ndarray], merged: Sequence[np.ndarray]) -> np.ndarray:
    """Return one table (kinds, streams, uses) of experts (1, streams), the same for all uses, and merged models."""
    wide = [np.repeat(rows[:, :, None], len(experts), axis=2) for rows in experts]
    return np.concatenate([*wide, *merged])
