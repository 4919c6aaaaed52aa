"""Competition: the actors of a market who want no hazard, with or without a system, year by year.

Each is without a system, or has one that serves its owner, or one that serves the average. A system is made anew every
year, at what its expert takes and a step costs by then. Time and again an actor meets a peer, who wants the same and
has a budget like its own, and copies the peer's strategy the more surely, the more the peer has (`imitation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feint.sim.markets.actors import MALICIOUS, Actors
from feint.sim.markets.imitation_dynamics import copied
from feint.sim.markets.market_parameters import Terms
from feint.sim.markets.payoffs import AVERAGE, OWNER, WITHOUT, Stakes, Systems, befalling, standing
from feint.sim.markets.training_cost import Price, cost

PEERS = 10  # classes of budget, in which actors are peers
ROUNDS = 10  # of a year, in each of which some compare themselves


@dataclass(frozen=True, kw_only=True, eq=False)
class Race:
    """A competition year by year; every array is (years,), or (years, strategies)."""

    shares: np.ndarray  #: of the actors, by strategy (years, strategies)
    pays: np.ndarray  #: share of the actors who would have more with a system that serves them than without any
    better: np.ndarray  #: what all would have more if the systems there are served the average, less their owners


class Competition:
    """A competition in the making; `run` lets its years pass.

    `systems` has the same world of each stream; uses are the harmless ones, in their order.
    """

    def __init__(
        self, stakes: Stakes, terms: Terms, actors: Actors, systems: Sequence[Systems], price: Price, seed: int
    ) -> None:
        self.stakes, self.price, self.years = stakes, price, terms.years
        self.generator = np.random.default_rng([seed, 0x72616365])
        races = actors.aim != MALICIOUS
        self.use, self.stream, self.budget = actors.use[races], actors.stream[races], actors.budget[races]
        self.order, self.first, self.size = _peers(self.use, self.budget)
        who = self.stream, self.use
        self.steps = np.concatenate([each.steps for each in systems])[who]
        self.own = np.concatenate([each.own() for each in systems])[who]
        kinds = [np.concatenate(found)[who] for found in zip(*((s.owner, s.average) for s in systems), strict=True)]
        self.done = np.stack([np.zeros_like(kinds[0]), *kinds])
        self.strategy = np.full(len(self.use), WITHOUT)
        self.year = 0

    def __len__(self) -> int:
        return len(self.use)

    def run(self) -> Race:
        """All years."""
        years = [self.passed() for _ in range(self.years)]
        names = ("shares", "pays", "better")
        return Race(**{name: np.array([year[name] for year in years]) for name in names})

    def standings(self) -> np.ndarray:
        """What each actor would have by each strategy this year, but for what befalls all (actors, strategies)."""
        asked = cost(self.steps, float(self.price.at(self.year)))
        costs = np.divide(asked, self.budget, out=np.full(len(self), np.inf), where=self.budget > 0)
        return standing(self.stakes, self.own, costs)

    def passed(self) -> dict[str, np.ndarray | float]:
        """One year, and what is to be told of it."""
        standings = self.standings()
        for _ in range(ROUNDS):
            self._round(standings)
        self.year += 1
        return self._told(standings)

    def _round(self, standings: np.ndarray) -> None:
        """Some look at a peer, or try something at random."""
        who = np.flatnonzero(self.generator.random(len(self)) < self.stakes.meetings / ROUNDS)
        tries = self.generator.random(len(who)) < self.stakes.trying
        looks = who[~tries]
        met = self.order[self.first[looks] + (self.generator.random(len(looks)) * self.size[looks]).astype(int)]
        now = self.stakes.selection * standings[np.arange(len(self)), self.strategy]
        copied(self.strategy, now, looks, met, self.generator.random(len(looks)))
        self.strategy[who[tries]] = self.generator.integers(standings.shape[1], size=int(tries.sum()))

    def _told(self, standings: np.ndarray) -> dict[str, np.ndarray | float]:
        count = np.bincount(self.strategy, minlength=standings.shape[1])
        return {
            "shares": count / max(1, len(self)),
            "pays": float((standings[:, OWNER] > standings[:, WITHOUT]).mean()),
            "better": self._better(),
        }

    def _better(self) -> float:
        """In budgets, the mean of all actors; what systems cost and what is fined is the same and left out."""
        have = self.strategy != WITHOUT
        apart = (self.own[:, AVERAGE] - self.own[:, OWNER])[have].sum() / max(1, len(self))
        alike = befalling(self.stakes, np.where(have[:, None], self.done[AVERAGE] - self.done[OWNER], 0.0))
        return float(self.stakes.value * (1 - self.stakes.common) * apart + alike[self.use].mean())


def _peers(use: np.ndarray, budget: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Actors in the order of their classes, and of each actor where its class begins in it and how large it is."""
    order = np.lexsort((budget, use))
    _, begins, place, count = np.unique(use[order], return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(use), int)
    rank[order] = (np.arange(len(use)) - begins[place]) * PEERS // count[place]
    classes = use * PEERS + rank
    names, at, size = np.unique(classes[order], return_index=True, return_counts=True)
    where = np.searchsorted(names, classes)
    return order, at[where], size[where]
