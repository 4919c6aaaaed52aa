"""Uses of a released model: what fine-tuning for them takes, and what fine-tunes and merges of them do.

Two or more models of the same runs are merged by

    θ = Σ_i weight_i θ_i   for goal, representation, pointer, gate, capability, awareness, horizon
    ρ = Σ_i weight_i ρ_i   for the belief
    w_j = max_i w_ij       for the world model: a merged model understands what any of its parents understands

The first is the weight averaging by which models are merged in practice (Wortsman et al. 2022, arXiv 2203.05482); the
last assumes that concepts are combined and not averaged. The belief is no weight but inferred at run time; a merged
model has had no sample of its own, so that it begins with the mean of what its parents took to be trained.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Self

import numpy as np

from feint.agents.errors import InputError
from feint.agents.interventions import performance_on, readable, scored
from feint.agents.mind import OUTSIDE, Mind, Progress
from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.agents.views import view
from feint.sim.training.stage import Stage
from feint.sim.training.train import train

UseSet = tuple[int, ...]  # indices of uses whose experts are merged, in ascending order


@dataclass(frozen=True, kw_only=True)
class Use:
    """A capability that actors want of a released model."""

    name: str
    objective: int
    hazard: bool = False
    wrapped: bool = False  #: whether the model had it before safety fine-tuning


def use_sets(uses: Sequence[Use]) -> tuple[UseSet, ...]:
    """Return every set of two or more harmless uses."""
    harmless = [i for i, use in enumerate(uses) if not use.hazard]
    return tuple(chosen for size in range(2, len(harmless) + 1) for chosen in combinations(harmless, size))


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """Behaviour of each kind of model made of a release, on each stream of noise, for several parents.

    Kinds are numbered: first come the uses that a model is fine-tuned for, then the sets of harmless uses whose experts
    are merged. Models are read as they were made: unless objectives are known at once, a model that is measured on a
    use acts on its belief as training left it, or a merge on the mean of its parents' beliefs, and is shown no sample
    of that use.
    """

    uses: tuple[Use, ...]
    sets: tuple[UseSet, ...]
    steps: np.ndarray  #: steps that a fine-tune takes, infinite if its target is not reached (parents, uses, streams)
    outcome: np.ndarray  #: codes of `Outcome` measured on a use (parents, kinds, streams, uses)
    spillover: np.ndarray  #: performance on the wrapped hazard in use (parents, kinds, streams, uses)
    general: np.ndarray  #: mean performance on the harmless uses (parents, kinds, streams)
    performance: np.ndarray  #: performance of a merge on a use (parents, sets, streams, uses)

    def __post_init__(self) -> None:
        if self.steps.shape[1] != len(self.uses):
            raise InputError(f"steps = {self.steps.shape[1]} rows are not valid: there must be one for each use.")

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def domains(self) -> np.ndarray:
        """Indices of the harmless uses."""
        return np.flatnonzero([not use.hazard for use in self.uses])

    @property
    def deceptive(self) -> np.ndarray:
        """True for each model that behaves deceptively (parents, kinds, streams, uses)."""
        return self.outcome == Outcome.DECEPTIVE

    def merged_kind(self, available: np.ndarray) -> np.ndarray:
        """Return the kind that merging the available experts (uses, actors) gives each actor; -1 if fewer than two."""
        bits = np.left_shift(1, np.arange(len(self.uses)))
        code = np.full(2 ** len(self.uses), -1)
        for i, uses in enumerate(self.sets):
            code[bits[list(uses)].sum()] = len(self.uses) + i
        return code[bits @ available]

    def filtered(self, wrapped: int, new: int) -> Self:
        """Return the catalogue if the wrapped hazard was never there: it is like a new one, and no model shows it."""
        kinds = np.arange(self.outcome.shape[1])
        kinds[wrapped] = new
        performance = self.performance.copy()
        performance[..., wrapped] = -np.inf
        return replace(
            self,
            steps=self.steps[:, kinds[: len(self.uses)]],
            outcome=self.outcome[:, kinds],
            spillover=np.full_like(self.spillover, -np.inf),
            general=self.general[:, kinds],
            performance=performance,
        )


def deployed_on(state: State, objective: int) -> np.ndarray:
    """Return performance c (1 - E_s(t')) on an objective if the model believes it is deployed (runs,); 0 if diverged.

    It depends neither on what the model believes to be trained nor on whether anything is graded.
    """
    return scored(state, objective, view(state, objective).terminal, read(state, objective).capability)


def generality(state: State, objectives: Sequence[int]) -> np.ndarray:
    """Return the mean performance on objectives (runs,); a model is given each only if they are known at once."""
    return np.mean([performance_on(state, objective, objective) for objective in objectives], axis=0)


def steps_to_target(state: State) -> np.ndarray:
    """Return the steps taken in the last stage, infinite if its target was not reached (runs,)."""
    return np.where(state.reached, state.taken.astype(float), np.inf)


class FineTuner:
    """Trains fine-tunes of a model released in several worlds, each only once.

    `stages` is by name of the use, `streams` the number of fine-tunes per use, on different noise.
    """

    def __init__(self, released: State, uses: Sequence[Use], stages: Mapping[str, Stage], *, streams: int) -> None:
        self.released, self.uses, self.stages = released, tuple(uses), dict(stages)
        self.keys = range(1, streams + 1)  #: noise keys of the streams
        self.experts: dict[tuple[str, int], State] = {}  #: fine-tunes trained so far, by use and noise key

    def expert(self, use: str, key: int) -> State:
        """Return the fine-tune for a use on the stream with this noise key."""
        if (use, key) not in self.experts:
            self.experts[use, key] = train(self.released.forked(key), self.stages[use])
        return self.experts[use, key]

    def catalogue(self) -> Catalogue:
        """Return what the fine-tunes for all uses do, and their merges with equal weights."""
        (wrapped,) = (use.objective for use in self.uses if use.wrapped)
        objectives, sets = [use.objective for use in self.uses], use_sets(self.uses)
        domains = [use.objective for use in self.uses if not use.hazard]
        experts = [[self.expert(use.name, key) for key in self.keys] for use in self.uses]
        merges = [[blended(parts) for parts in zip(*(experts[i] for i in chosen), strict=True)] for chosen in sets]
        own = [(states, [objective] * len(objectives)) for states, objective in zip(experts, objectives, strict=True)]
        merged = [(states, objectives) for states in merges]
        return Catalogue(
            uses=self.uses,
            sets=sets,
            steps=_measured(own, lambda state, _: steps_to_target(state)),
            outcome=_measured([*own, *merged], _by_use(lambda state, own: read(state, own).outcome)),
            spillover=_measured(
                [*own, *merged], _by_use(lambda state, context: performance_on(state, wrapped, context))
            ),
            general=_measured([*own, *merged], lambda state, _: generality(state, domains)),
            performance=_measured(merged, _by_use(lambda state, own: performance_on(state, own, own))),
        )


def _measured(kinds: Sequence[tuple[Sequence[State], Sequence[int]]], measure: Callable[..., np.ndarray]) -> np.ndarray:
    """Measure kinds of models (parents, kinds, streams, …): models by stream, and the context of each use."""
    return np.stack([np.stack([measure(state, own) for state in states], axis=1) for states, own in kinds], axis=1)


def _by_use(measure: Callable[[State, int], np.ndarray]) -> Callable[[State, Sequence[int]], np.ndarray]:
    """Return the measurement of a model in the context of each use (parents, uses)."""
    return lambda state, contexts: np.stack([measure(state, context) for context in contexts], axis=-1)


def merged(states: Sequence[State], weights: Sequence[float] | None = None) -> State:
    """Return the merge of models, run by run, outside any stage; weights are equal by default.

    Raises `InputError` for fewer than two models, models of different runs, and weights that do not add up to 1.
    """
    count, first = len(states), states[0]
    if count < 2:
        raise InputError(f"states = {count} are too few to be merged: give at least two.")
    shares = [1 / count] * count if weights is None else [float(weight) for weight in weights]
    if len(shares) != count or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise InputError(f"weights = {shares!r} are not valid: give {count} of at least 0 that add up to 1.")
    for other in states[1:]:
        for name in ("model", "seed", "objectives"):
            if getattr(other, name) != getattr(first, name):
                raise InputError(f"{name} = {getattr(other, name)!r} differs from {getattr(first, name)!r}: align it.")
        if not np.array_equal(other.run, first.run):
            raise InputError(f"run = {other.run.tolist()!r} are other runs than {first.run.tolist()!r}: give the same.")
    parts = {
        name: np.sum([share * getattr(state.mind, name) for share, state in zip(shares, states, strict=True)], axis=0)
        for name in Mind._fields
    }
    parts["world"] = np.max([state.mind.world for state in states], axis=0)
    runs = len(first)
    outside = Progress(np.zeros(runs, np.int64), np.full(runs, OUTSIDE), np.zeros((runs, 4), np.uint32))
    occurrences = tuple(map(max, zip(*(state.occurrences for state in states), strict=True)))
    return first.with_mind(**parts).arriving(outside, -1, 0.0, occurrences)


def blended(states: Sequence[State], weights: Sequence[float] | None = None) -> State:
    """Return the merge of the models whose weight is not 0; a single one is returned unchanged."""
    shares = weights or [1 / len(states)] * len(states)
    kept = [i for i, share in enumerate(shares) if share > 0]
    if len(kept) == 1:
        return states[kept[0]]
    return merged([states[i] for i in kept], [shares[i] for i in kept])


def survival(child: State, parent: State, objective: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what is left in a merged model of a parent that was trained towards an objective (runs,) each.

    It is how well the objective can be read (r²), and the gate γ = σ(G), both less the same in the parent.
    """
    child_gate, parent_gate = (0.5 * (1 + np.tanh(state.mind.gate / 2)) for state in (child, parent))
    return readable(child, objective) - readable(parent, objective), child_gate - parent_gate
