"""Simulates competition among the actors of a market who want no hazard: who uses a system, and whom systems serve.

An actor uses no system, one that serves its owner, or one that serves the average. A system is made again every year,
at the cost of its expert. Of what it does, a share `common` affects all actors equally and the rest its owner. A system
that serves its owner is the expert for what its owner wants, and costs a penalty. One that serves the average is a
merge of the experts for all uses, each weighted by its effect on the actors who want it.

Several times a year an actor compares itself with a peer, which wants the same use and has a similar budget: an actor
with payoff p copies the strategy of one with payoff p' with probability 1 / (1 + exp(-selection · (p' - p))) (Szabó and
Tőke 1998, doi:10.1103/PhysRevE.58.69; Traulsen, Nowak and Pacheco 2006, doi:10.1103/PhysRevE.74.011909). In an infinite
population shares change by `flow`, which is the replicator equation only for weak selection (Taylor and Jonker 1978).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from feint.agents.state import State
from feint.sim.markets.fine_tuning_uses import FineTuner, blended, deployed_on, steps_to_target
from feint.sim.markets.market_parameters import MALICIOUS, SHARE, Actors, Assumptions, Price, Terms, assumption, cost

WITHOUT, OWNER, AVERAGE = range(3)
MOST_COST = 1e6  # budgets; a higher cost makes no difference
PEERS = 10  # classes of budget, within which actors are peers
ROUNDS = 10  # of comparisons per year


class Stakes(Assumptions):
    """Assumptions on a competition; raises `InputError` for a number that is not valid."""

    name: ClassVar[str] = "competition"

    value: float = assumption(1.0, (0.0, 1e6), (0.1, 10), "budgets a year that a perfect system is worth", "budgets")
    common: float = assumption(0.5, SHARE, (0, 1), "share of what a system does that befalls all alike")
    penalty: float = assumption(
        0.0, (0.0, 1e6), (0, 1), "budgets a year that it costs to use what serves its owner", "budgets"
    )
    meetings: float = assumption(2.0, (0.0, 10.0), (0.5, 5), "times a year that one compares oneself with a peer")
    selection: float = assumption(
        10.0, (0.0, 1e6), (1, 100), "how surely who has more is copied: e-folds of odds a budget", "1/budget"
    )
    trying: float = assumption(0.01, SHARE, (0, 0.1), "share of these times that one tries something at random")

    def weights(self, use: int, uses: int) -> np.ndarray:
        """Return the weights of the experts in the system for a use, if it serves the average (uses,)."""
        return (1 - self.common) * (np.arange(uses) == use) + self.common / uses


@dataclass(frozen=True, kw_only=True, eq=False)
class Systems:
    """Deployed performance of systems made for use i on use j, by whom they serve; each is (…, uses, uses)."""

    owner: np.ndarray
    average: np.ndarray
    steps: np.ndarray  #: steps that an expert takes; infinite if its target was not reached (…, uses)

    @classmethod
    def of(cls, experts: Sequence[State], objectives: Sequence[int], stakes: Stakes) -> Systems:
        """Return the systems in several worlds (worlds, uses, uses), from an expert for each use."""
        count = len(experts)
        average = [blended(experts, stakes.weights(i, count).tolist()) for i in range(count)]
        owner, shared = (
            np.stack([np.stack([deployed_on(state, i) for i in objectives], axis=1) for state in states], axis=1)
            for states in (experts, average)
        )
        return cls(owner=owner, average=shared, steps=np.stack([steps_to_target(state) for state in experts], axis=1))

    def own(self) -> np.ndarray:
        """Return the performance on what the owner wants, by strategy (…, uses, strategies)."""
        kinds = (np.diagonal(kind, axis1=-2, axis2=-1) for kind in (self.owner, self.average))
        return np.stack([np.zeros_like(self.steps), *kinds], axis=-1)


def systems_by_world(tuner: FineTuner, stakes: Stakes) -> list[Systems]:
    """Return the systems in each world (streams, uses, uses), made of the experts for harmless uses."""
    domains = [use for use in tuner.uses if not use.hazard]
    objectives = [use.objective for use in domains]
    streams = [Systems.of([tuner.expert(use.name, key) for use in domains], objectives, stakes) for key in tuner.keys]
    names = ("owner", "average", "steps")
    tables = {name: np.stack([getattr(stream, name) for stream in streams], axis=1) for name in names}
    return [Systems(**dict(zip(tables, world, strict=True))) for world in zip(*tables.values(), strict=True)]


def payoff(stakes: Stakes, own: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Return what an actor gets by each strategy in budgets per year, without what is common to all (…, strategies).

    1 + value · (1 - common) · own - costs - penalty, with `own` the performance on what the actor wants by strategy (…,
    strategies) and `costs` the cost of an expert in budgets (…); an actor without a system pays nothing.
    """
    paid = np.minimum(costs, MOST_COST)[..., None] * (np.arange(3) != WITHOUT)
    penalty = stakes.penalty * (np.arange(3) == OWNER)
    return 1 + stakes.value * (1 - stakes.common) * own - paid - penalty


def common_payoff(stakes: Stakes, done: np.ndarray) -> np.ndarray:
    """Return what all get by use (uses,), from the performance of all actors' systems on each use (actors, uses)."""
    return stakes.value * stakes.common * done.mean(axis=0)


def imitate(strategy: np.ndarray, payoffs: np.ndarray, who: np.ndarray, met: np.ndarray, chance: np.ndarray) -> None:
    """Let actors `who` compare themselves with actors `met` at the same time; writes to `strategy` (actors,).

    `payoffs` are multiplied by the selection strength (actors,), `chance` is uniform between 0 and 1.
    """
    with np.errstate(over="ignore"):
        copies = chance < 1 / (1 + np.exp(payoffs[who] - payoffs[met]))
    strategy[who[copies]] = strategy[met[copies]]


def net_imitation(payoffs: np.ndarray, selection: float) -> np.ndarray:
    """Return the probability that j copies i less that i copies j, tanh(selection (p_i - p_j) / 2)."""
    return np.tanh(selection * (payoffs[..., :, None] - payoffs[..., None, :]) / 2)


def flow(shares: np.ndarray, net: np.ndarray, meetings: float, trying: float) -> np.ndarray:
    """Return the change per year of shares in an infinite population, given `net_imitation` (…, strategies).

    ẋ_i = meetings · [(1 - trying) x_i Σ_j x_j net_ij + trying (1 / n - x_i)]
    """
    gained = shares * np.einsum("...ij,...j", net, shares)
    return meetings * ((1 - trying) * gained + trying * (1 / shares.shape[-1] - shares))


def infinite_shares(stakes: Stakes, own: np.ndarray, costs: Iterable[np.ndarray]) -> np.ndarray:
    """Return shares in an infinite population that begins without systems, after years of these costs (…, strategies).

    `own` is as in `payoff`; it is broadcast to the costs of each year (…).
    """
    shares: Any = (np.arange(3) == WITHOUT).astype(float)
    for costs_of_year in costs:
        net = net_imitation(payoff(stakes, own, costs_of_year), stakes.selection)
        for _ in range(ROUNDS):
            shares = shares + flow(shares, net, stakes.meetings, stakes.trying) / ROUNDS
    return shares


class Competition:
    """Competition among the actors of a market, before its first year; `run` simulates all years.

    `systems` are those in the world of the market (streams, uses, uses); their uses are the harmless ones, in order.
    """

    def __init__(self, stakes: Stakes, terms: Terms, actors: Actors, systems: Systems, price: Price, seed: int) -> None:
        self.stakes, self.price, self.years = stakes, price, terms.years
        self.generator = np.random.default_rng([seed, 0x72616365])
        competes = actors.aim != MALICIOUS
        self.use, self.stream, self.budget = actors.use[competes], actors.stream[competes], actors.budget[competes]
        self.order, self.first, self.size = _peers(self.use, self.budget)
        tables = systems.steps, systems.own(), systems.owner, systems.average
        self.steps, self.own, owner, average = (table[self.stream, self.use] for table in tables)
        self.done = np.stack([np.zeros_like(owner), owner, average])
        self.strategy = np.full(len(self.use), WITHOUT)
        self.year = 0

    def __len__(self) -> int:
        return len(self.use)

    def run(self) -> SimpleNamespace:
        """Simulate all years and return their history: each quantity of a summary by year (years, …)."""
        years = [self.step_year() for _ in range(self.years)]
        return SimpleNamespace(**{name: np.array([year[name] for year in years]) for name in years[0]})

    def payoffs(self) -> np.ndarray:
        """Return what each actor would get by each strategy this year, without what is common to all."""
        dollars = cost(self.steps, float(self.price.at(self.year)))
        costs = np.divide(dollars, self.budget, out=np.full(len(self), np.inf), where=self.budget > 0)
        return payoff(self.stakes, self.own, costs)

    def step_year(self) -> dict[str, Any]:
        """Simulate one year and return its summary."""
        payoffs, generator, stakes = self.payoffs(), self.generator, self.stakes
        for _ in range(ROUNDS):  # in which some actors compare themselves with a peer, or try a strategy at random
            who = np.flatnonzero(generator.random(len(self)) < stakes.meetings / ROUNDS)
            tries = generator.random(len(who)) < stakes.trying
            compares = who[~tries]
            place = (generator.random(len(compares)) * self.size[compares]).astype(int)
            met = self.order[self.first[compares] + place]
            now = stakes.selection * payoffs[np.arange(len(self)), self.strategy]
            imitate(self.strategy, now, compares, met, generator.random(len(compares)))
            self.strategy[who[tries]] = generator.integers(payoffs.shape[1], size=int(tries.sum()))
        self.year += 1
        return self.summary(payoffs)

    def summary(self, payoffs: np.ndarray) -> dict[str, Any]:
        """Return the present shares, how many a system pays for, and what all would gain by the average, in budgets."""
        stakes, have = self.stakes, self.strategy != WITHOUT
        own = (self.own[:, AVERAGE] - self.own[:, OWNER])[have].sum() / max(1, len(self))
        common = common_payoff(stakes, np.where(have[:, None], self.done[AVERAGE] - self.done[OWNER], 0.0))
        return {
            "shares": np.bincount(self.strategy, minlength=payoffs.shape[1]) / max(1, len(self)),
            "pays": float((payoffs[:, OWNER] > payoffs[:, WITHOUT]).mean()),
            "better": float(stakes.value * (1 - stakes.common) * own + common[self.use].mean()),
        }


def _peers(use: np.ndarray, budget: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the actors sorted by class, and for each actor where its class begins in that order and its size."""
    order = np.lexsort((budget, use))
    _, begins, place, count = np.unique(use[order], return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(use), int)
    rank[order] = (np.arange(len(use)) - begins[place]) * PEERS // count[place]
    classes = use * PEERS + rank
    names, at, size = np.unique(classes[order], return_index=True, return_counts=True)
    where = np.searchsorted(names, classes)
    return order, at[where], size[where]
