"""Merging: several minds made into one, and what of each is still there.

    θ = Σ_i weight_i θ_i   for goal, representation, pointer, gate, capability, awareness, horizon
    w_j = max_i w_ij       for the world model: what one of them understands, the merged one understands

The first is the averaging of weights by which models are merged in practice (Wortsman et al. 2022, arXiv 2203.05482);
the second takes concepts for something that is joined and not averaged, which is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from feint.agents.errors import InputError
from feint.agents.mind import OUTSIDE, Mind, Progress
from feint.agents.probes import readable
from feint.agents.state import State


def merged(states: Sequence[State], weights: Sequence[float] | None = None) -> State:
    """The state of minds merged run by run, outside any stage; equal weights without.

    Raises `InputError` for fewer than two, for minds of other runs, and for weights that do not add up to 1.
    """
    shares = _shares(states, weights)
    first = states[0]
    for other in states[1:]:
        _check_kin(first, other)
    parts = {
        name: np.sum([share * getattr(state.mind, name) for share, state in zip(shares, states, strict=True)], axis=0)
        for name in Mind._fields
    }
    parts["world"] = np.max([state.mind.world for state in states], axis=0)
    runs = len(first)
    still = Progress(np.zeros(runs, np.int64), np.full(runs, OUTSIDE), np.zeros((runs, 4), np.uint32))
    passed = tuple(max(each) for each in zip(*(state.occurrences for state in states), strict=True))
    return replace(first.with_mind(**parts), progress=still, objective=-1, occurrences=passed)


def blended(states: Sequence[State], weights: Sequence[float] | None = None) -> State:
    """Minds merged, but for those that weigh nothing; one that is left alone is as it was."""
    shares = [1 / len(states)] * len(states) if weights is None else [float(each) for each in weights]
    kept = [i for i, share in enumerate(shares) if share > 0]
    if len(kept) == 1:
        return states[kept[0]]
    return merged([states[i] for i in kept], [shares[i] for i in kept])


@dataclass(frozen=True, kw_only=True)
class Survival:
    """What is left of one parent in a merged mind."""

    goal: np.ndarray  #: how well the parent's objective can be read, less how well it could be in the parent (runs,)
    gate: np.ndarray  #: γ of the merged mind less that of the parent (runs,)


def survival(child: State, parent: State, objective: int) -> Survival:
    """What is left in a merged mind of a parent that was trained towards an objective."""
    return Survival(
        goal=readable(child, objective) - readable(parent, objective),
        gate=_opened(child) - _opened(parent),
    )


def _opened(state: State) -> np.ndarray:
    """γ = σ(G) (runs,)."""
    return 0.5 * (1 + np.tanh(state.mind.gate / 2))


def _shares(states: Sequence[State], weights: Sequence[float] | None) -> list[float]:
    if len(states) < 2:
        raise InputError(f"states = {len(states)} are too few to be merged: give at least two.")
    shares = [1 / len(states)] * len(states) if weights is None else [float(each) for each in weights]
    if len(shares) != len(states) or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise InputError(f"weights = {shares!r} are not valid: give {len(states)} of at least 0 that add up to 1.")
    return shares


def _check_kin(first: State, other: State) -> None:
    for name in ("model", "seed", "objectives"):
        if getattr(other, name) != getattr(first, name):
            raise InputError(f"{name} = {getattr(other, name)!r} differs from {getattr(first, name)!r}: merge kin.")
    if not np.array_equal(other.run, first.run):
        raise InputError(f"run = {other.run.tolist()!r} are other runs than {first.run.tolist()!r}: merge kin.")
