"""Computes the outcome of competition among infinitely many actors with log-normal budgets, in the world of each run.

It is the game of `Competition`, round by round, in the limit of infinitely many actors, all of which that want a use
have the expert that the engine made in that world. Assumptions are the defaults of `Stakes` and `Terms`.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np

from feint.scenarios.release.affordability import DECADE, GOALS, PRICE, RANGE, TERMS, final_states, last_states
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.markets.competition import AVERAGE, OWNER, PEERS, WITHOUT, Stakes, Systems, infinite_shares, payoff
from feint.sim.markets.market_parameters import cost

STAKES = Stakes()
CACHED = 8  # worlds that are kept in memory


def budgets() -> np.ndarray:
    """Return the middle budget of each class of peers, in dollars (classes,)."""
    from scipy.special import ndtri

    return TERMS.budget * np.exp(TERMS.budget_spread * ndtri((np.arange(PEERS) + 0.5) / PEERS))


def expert_cost(systems: Systems, year: int, dearer: float = 1.0) -> np.ndarray:
    """Return the dollars that each expert costs in a year (runs, uses)."""
    return cost(systems.steps, dearer * float(PRICE.at(year)))


def gain(systems: Systems, stakes: Stakes, year: int = DECADE, dearer: float = 1.0) -> np.ndarray:
    """Return how much more an actor of the median budget gets with a system than without, mean over uses (runs,).

    The gain is 0 if training led to no system, and lies within ±RANGE budgets.
    """
    costs = expert_cost(systems, year, dearer) / TERMS.budget
    payoffs = payoff(stakes, systems.own(), costs)
    gains = np.where(np.isfinite(costs), payoffs[..., OWNER] - payoffs[..., WITHOUT], 0.0)
    return np.clip(gains, -RANGE, RANGE).mean(axis=1)


def shares_after_decade(systems: Systems, stakes: Stakes) -> np.ndarray:
    """Return the shares of strategies after a decade, by class of budget (runs, uses, classes, strategies)."""
    costs = (expert_cost(systems, year)[..., None] / budgets() for year in range(DECADE))
    return infinite_shares(stakes, systems.own()[:, :, None], costs)


def without(systems: Systems, stakes: Stakes) -> np.ndarray:
    """Return the share of actors that have no system after a decade (runs,)."""
    return shares_after_decade(systems, stakes)[..., WITHOUT].mean(axis=(1, 2))


def serving_owners(systems: Systems, stakes: Stakes) -> np.ndarray:
    """Return the share of systems that serve their owner after a decade (runs,); ½ if there are none."""
    shares = shares_after_decade(systems, stakes).mean(axis=(1, 2))
    both = shares[:, OWNER] + shares[:, AVERAGE]
    return np.divide(shares[:, OWNER], both, out=np.full(len(both), 0.5), where=both > 0)


def average_gain(systems: Systems, stakes: Stakes) -> np.ndarray:
    """Return what all get if every system serves the average, less if every system serves its owner (runs,)."""
    own = systems.own().mean(axis=1)
    apart = own[:, AVERAGE] - own[:, OWNER]
    common = (systems.average - systems.owner).mean(axis=(1, 2))
    return stakes.value * ((1 - stakes.common) * apart + stakes.common * common)


def effect_on_others(systems: Systems, stakes: Stakes) -> np.ndarray:
    """Return what an actor without a system gets from all others' systems that serve their owners (runs,)."""
    return stakes.value * stakes.common * systems.owner.mean(axis=(1, 2))


def in_worlds(
    of: Callable[..., np.ndarray], stakes: Stakes = STAKES, **more: float
) -> Callable[[list[RunOutcomes]], np.ndarray]:
    """Return a number of systems and stakes as one of the runs whose worlds the systems are in."""
    return lambda ended: of(worlds(ended, stakes), stakes, **more)


_cached: dict[Any, tuple[list[np.ndarray], Systems]] = {}
_lock = Lock()


def worlds(ended: list[RunOutcomes], stakes: Stakes) -> Systems:
    """Return the systems in the world of each run, computed once for several estimands of the same runs."""
    recorded = [outcomes.recorded[last_states] for outcomes in ended]
    key = (*map(id, recorded), stakes.common)
    with _lock:
        if key not in _cached:
            if len(_cached) == CACHED:
                del _cached[next(iter(_cached))]
            # keeping the arrays alive keeps their ids unique
            _cached[key] = recorded, Systems.of(final_states(ended), GOALS, stakes)
        return _cached[key][1]
