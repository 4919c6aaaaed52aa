"""Composition: what the actors of a market can have, fine-tunes and what merging them gives, as tables to look up.

A kind of model is the index of the use it was fine-tuned for; beyond those come the sets of harmless uses whose experts
are merged, in the order of `sets`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from feint.agents.errors import InputError
from feint.sim.markets.fine_tuning_uses import Composed, Taken, Use, deceives
from feint.sim.markets.market_parameters import Terms

Sets = tuple[int, ...]
"""Indices of the uses whose experts are merged, rising."""


def all_sets(uses: Sequence[Use]) -> list[Sets]:
    """Every set of two or more harmless uses."""
    harmless = [i for i, use in enumerate(uses) if not use.hazard]
    return [each for size in range(2, len(harmless) + 1) for each in combinations(harmless, size)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """What each kind of model is on each stream, of one parent; kinds are uses, then sets."""

    uses: int
    domains: np.ndarray  #: indices of the harmless uses
    sets: tuple[Sets, ...]
    steps: np.ndarray  #: that a fine-tune takes (uses, streams)
    deceptive: np.ndarray  #: whether it plays along in training alone, as trained for a use (kinds, streams, uses)
    spills: np.ndarray  #: whether it shows the wrapped hazard by the way, likewise
    general: np.ndarray  #: mean performance on the harmless uses (kinds, streams)
    shown: np.ndarray  #: whether a merged model does a use that is asked for (sets, streams, uses)

    @classmethod
    def of(
        cls, uses: Sequence[Use], taken: Sequence[Taken], composed: Mapping[Sets, Composed], terms: Terms
    ) -> Catalogue:
        """From what fine-tunes and merging gave; raises `InputError` where something is missing."""
        steps = np.concatenate([each.steps for each in taken])
        if len(steps) != len(uses):
            raise InputError(f"taken = {len(steps)} rows are not valid: there must be one for each use.")
        if terms.composing > 0 and set(composed) != set(all_sets(uses)):
            raise InputError(f"composed = {list(composed)} is not valid: give what merging each set of uses gave.")
        made = list(composed.values())
        return cls(
            uses=len(uses),
            domains=np.flatnonzero([not use.hazard for use in uses]),
            sets=tuple(composed),
            steps=steps,
            deceptive=_kinds([deceives(each) for each in taken], [deceives(each) for each in made]),
            spills=_kinds(*([each.by_the_way >= terms.spills_at for each in some] for some in (taken, made))),
            general=np.concatenate([each.general for each in (*taken, *made)]),
            shown=np.concatenate([_none(steps, uses), *(each.shows >= terms.spills_at for each in made)]),
        )

    @property
    def streams(self) -> int:
        """How many there are of each fine-tune."""
        return self.steps.shape[1]

    def lying(self, known: Iterable[tuple[int, int]]) -> np.ndarray:
        """Whether an expert is public, from pairs of use and stream (uses, streams)."""
        lies = np.zeros((self.uses, self.streams), bool)
        for use, stream in known:
            lies[use, stream] = True
        return lies

    def kind(self, lies: np.ndarray) -> np.ndarray:
        """The kind that merging gives of the experts there are (uses, actors); -1 of fewer than two."""
        bits = np.left_shift(1, np.arange(self.uses))
        code = np.full(2**self.uses, -1)
        for i, each in enumerate(self.sets):
            code[bits[list(each)].sum()] = self.uses + i
        return code[bits @ lies]

    def gains(
        self, who: np.ndarray, has: np.ndarray, use: np.ndarray, own: np.ndarray, kind: np.ndarray, stream: np.ndarray
    ) -> np.ndarray:
        """Which of these actors gain by merging: what they want, or a more general model than they have."""
        reaches = self.shown[kind[who] - self.uses, stream[who], use[who]]
        broader = self.general[kind[who], stream[who]] > self.general[own[who], stream[who]]
        return np.where(has[who], broader & reaches, reaches)


def _kinds(experts: Sequence[np.ndarray], merged: Sequence[np.ndarray]) -> np.ndarray:
    """Experts (1, streams), alike for every use, and what was merged (1, streams, uses) as one table."""
    wide = [np.repeat(each[:, :, None], len(experts), axis=2) for each in experts]
    return np.concatenate([*wide, *merged])


def _none(steps: np.ndarray, uses: Sequence[Use]) -> np.ndarray:
    return np.zeros((0, steps.shape[1], len(uses)), bool)
