"""Actors of a market: their aims, the uses that they want, their budgets and their pools."""

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
    """Actors as arrays of shape (actors,); members of a pool are adjacent."""

    aim: np.ndarray  #: BENIGN, NEGLIGENT or MALICIOUS
    use: np.ndarray  #: index of the wanted use
    budget: np.ndarray  #: dollars per year
    stream: np.ndarray  #: which of the fine-tunes for that use the actor would make
    vetted: np.ndarray  #: whether served before the others in a staged release
    pool: np.ndarray  #: number of its pool

    def __len__(self) -> int:
        return len(self.aim)


def market_seed(seed: int, world: int) -> int:
    """Return the seed of the market in one of several worlds."""
    return seed + world * 1_000_003


def market_generator(seed: int) -> np.random.Generator:
    """Return the generator of a market, from which its actors are drawn first."""
    return np.random.default_rng([seed, 0x6D61726B])


def draw_actors(terms: Terms, uses: Sequence[Use], streams: int, generator: np.random.Generator) -> Actors:
    """Draw the actors of a market: aims, wanted uses, and budgets B with ln B ~ N(ln median, spread²).

    Benign and negligent actors want one of the harmless uses with equal probability; malicious actors want the wrapped
    hazard or the new one. Members of a pool want the same use; the last pool of a use may be smaller.
    """
    count = terms.actors
    aim = np.searchsorted(
        [1 - terms.malicious - terms.negligent, 1 - terms.malicious], generator.random(count), "right"
    )
    use = _draw_uses(terms, uses, aim, generator)
    order = np.argsort(use, kind="stable")
    place = np.arange(count) - np.searchsorted(use[order], use[order])
    return Actors(
        aim=aim[order],
        use=use[order],
        budget=terms.budget * np.exp(terms.budget_spread * generator.standard_normal(count)),
        stream=generator.integers(streams, size=count),
        vetted=(aim[order] == BENIGN) & (generator.random(count) < terms.vetted),
        pool=np.cumsum(place % terms.members == 0) - 1,
    )


def _draw_uses(terms: Terms, uses: Sequence[Use], aim: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    harmless = [i for i, use in enumerate(uses) if not use.hazard]
    (wrapped,) = (i for i, use in enumerate(uses) if use.hazard and use.wrapped)
    (new,) = (i for i, use in enumerate(uses) if use.hazard and not use.wrapped)
    wanted = generator.choice(harmless, size=len(aim))
    hazard = np.where(generator.random(len(aim)) < terms.wants_new, new, wrapped)
    return np.where(aim == MALICIOUS, hazard, wanted)
