"""Stakes: what actors who compete win and lose by the systems they use, and how they learn from one another.

Of what a system does, a share `common` befalls all alike, and the rest its owner. In budgets a year an actor i with a
system made for what i wants stands at

    1 + value · [(1 - common) P_i(i) + common · mean over all actors' systems of P(i)] - cost / budget - penalty

with P(i) a system's performance where it is deployed on what i wants, and 0 for an actor without one, who pays nothing.
A system that serves its owner was trained towards what its owner wants. One that serves the average is merged of the
experts for what all want, each weighing as much as it befalls those who want it: w_ij = (1 - common) δ_ij + common / n.
The penalty is that of a system which serves its owner. With nothing in common the two kinds are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feint.agents.state import State
from feint.sim.markets.fine_tuning_uses import Workshop, deployed_on
from feint.sim.markets.market_parameters import Assumed, term
from feint.sim.markets.weight_averaging import blended

WITHOUT, OWNER, AVERAGE = range(3)
STRATEGIES = ("no system", "serves its owner", "serves the average")
DEAREST = 1e6  # budgets, beyond which a cost makes no difference


@dataclass(frozen=True, kw_only=True)
class Stakes(Assumed):
    """What is taken for granted of a competition; raises `InputError` for a number that is not valid."""

    value: float = term(1.0, (0.0, 1e6), "budgets a year that a perfect system is worth", "0.1 to 10")
    common: float = term(0.5, (0.0, 1.0), "share of what a system does that befalls all alike", "0 to 1")
    penalty: float = term(0.0, (0.0, 1e6), "budgets a year that it costs to use what serves its owner", "0 to 1")
    meetings: float = term(2.0, (0.0, 10.0), "times a year that one compares oneself with a peer", "0.5 to 5")
    selection: float = term(10.0, (0.0, 1e6), "how surely who has more is copied: e-folds of odds a budget", "1 to 100")
    trying: float = term(0.01, (0.0, 1.0), "share of these times that one tries something at random", "0 to 0.1")

    def weights(self, use: int, uses: int) -> np.ndarray:
        """What each expert weighs in the system of who wants a use, if it serves the average (uses,)."""
        return (1 - self.common) * (np.arange(uses) == use) + self.common / uses


@dataclass(frozen=True, kw_only=True, eq=False)
class Systems:
    """What systems do where they are deployed: performance of that for use i on use j, each (worlds, uses, uses)."""

    owner: np.ndarray
    average: np.ndarray
    steps: np.ndarray  #: that an expert takes; inf where its target was never reached (worlds, uses)

    def __len__(self) -> int:
        return len(self.steps)

    def world(self, i: int) -> Systems:
        """Those of one world alone."""
        rows = slice(i, i + 1)
        return Systems(owner=self.owner[rows], average=self.average[rows], steps=self.steps[rows])

    def own(self) -> np.ndarray:
        """Performance on what its owner wants, by strategy (worlds, uses, strategies)."""
        return np.stack([np.zeros_like(self.steps), *(_diagonal(each) for each in (self.owner, self.average))], axis=-1)


def systems_of(experts: Sequence[State], objectives: Sequence[int], stakes: Stakes) -> Systems:
    """Of worlds side by side, from an expert for each use."""
    count = len(experts)
    average = [blended(experts, stakes.weights(i, count).tolist()) for i in range(count)]
    steps = [np.where(each.reached, each.taken.astype(float), np.inf) for each in experts]
    owner, shared = (_performance(states, objectives) for states in (experts, average))
    return Systems(owner=owner, average=shared, steps=np.stack(steps, axis=1))


def systems(shop: Workshop, stakes: Stakes) -> list[Systems]:
    """Of a workshop's harmless uses, on each stream; worlds are its parents."""
    objectives = [shop.stages[use].objective for use in shop.domains]
    keys = range(1, shop.streams + 1)
    return [systems_of([shop.expert(use, key) for use in shop.domains], objectives, stakes) for key in keys]


def standing(stakes: Stakes, own: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """What an actor has by each strategy, but for what befalls all alike (…, strategies).

    `own` is performance on what is wanted, by strategy (…, strategies), `costs` what an expert costs, in budgets (…).
    """
    paid = np.minimum(costs, DEAREST)[..., None] * (np.arange(3) != WITHOUT)
    fined = stakes.penalty * (np.arange(3) == OWNER)
    return 1 + stakes.value * (1 - stakes.common) * own - paid - fined


def befalling(stakes: Stakes, done: np.ndarray) -> np.ndarray:
    """What befalls all alike, of performance that all actors' systems have on each use (actors, uses); (uses,)."""
    return stakes.value * stakes.common * done.mean(axis=0)


def _performance(states: Sequence[State], objectives: Sequence[int]) -> np.ndarray:
    rows = [np.stack([deployed_on(state, each) for each in objectives], axis=1) for state in states]
    return np.stack(rows, axis=1)


def _diagonal(each: np.ndarray) -> np.ndarray:
    return np.diagonal(each, axis1=-2, axis2=-1)
