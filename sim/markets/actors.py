"""Actors: those who meet a released model, as arrays side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feint.sim.markets.fine_tuning_uses import Use
from feint.sim.markets.market_parameters import Terms

BENIGN, NEGLIGENT, MALICIOUS = range(3)
AIMS = ("benign", "negligent", "malicious")


@dataclass(frozen=True, kw_only=True, eq=False)
class Actors:
    """Who they are; every array is (actors,), and members of a pool stand side by side."""

    aim: np.ndarray  #: BENIGN, NEGLIGENT or MALICIOUS
    use: np.ndarray  #: index of the use that each wants
    budget: np.ndarray  #: dollars a year
    stream: np.ndarray  #: which fine-tune of that use would be theirs
    vetted: np.ndarray  #: whether served before the others in a staged release
    pool: np.ndarray  #: number of the pool that each is in

    def __len__(self) -> int:
        return len(self.aim)


def key_of(seed: int, world: int) -> int:
    """The seed of the market in one world, of as many as there are side by side."""
    return seed + world * 1_000_003


def stream_of(key: int) -> np.random.Generator:
    """The stream of a market, on which its actors are drawn first."""
    return np.random.default_rng([key, 0x6D61726B])


def drawn(terms: Terms, uses: Sequence[Use], streams: int, generator: np.random.Generator) -> Actors:
    """Actors of a market: aims, what each wants, and budgets B with ln B ~ N(ln median, spread²).

    Benign and negligent actors want a harmless use, each as likely; malicious ones a hazard, wrapped or new. Pools are
    of actors who want the same; those that are left over make a smaller one.
    """
    count = terms.actors
    aim = np.searchsorted(
        [1 - terms.malicious - terms.negligent, 1 - terms.malicious], generator.random(count), "right"
    )
    use = _wanted(terms, uses, aim, generator)
    order = np.argsort(use, kind="stable")
    place = np.arange(count) - np.searchsorted(use[order], use[order])
    pool = np.cumsum(place % terms.members == 0) - 1
    return Actors(
        aim=aim[order],
        use=use[order],
        budget=terms.budget * np.exp(terms.budget_spread * generator.standard_normal(count)),
        stream=generator.integers(streams, size=count),
        vetted=(aim[order] == BENIGN) & (generator.random(count) < terms.vetted),
        pool=pool,
    )


def _wanted(terms: Terms, uses: Sequence[Use], aim: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Index of the use that each actor wants (actors,)."""
    harmless = [i for i, use in enumerate(uses) if not use.hazard]
    (wrapped,) = (i for i, use in enumerate(uses) if use.hazard and use.wrapped)
    (new,) = (i for i, use in enumerate(uses) if use.hazard and not use.wrapped)
    use = generator.choice(harmless, size=len(aim))
    bad = np.where(generator.random(len(aim)) < terms.wants_new, new, wrapped)
    return np.where(aim == MALICIOUS, bad, use)
