"""Computes what share of actors can pay for a fine-tune, alone and in pools; estimands of the release claims.

Budgets are log-normal. If a fine-tune takes n steps at a price p, a share Φ(-(ln(n p) - ln median) / spread) can pay
alone; of pools of m actors, the share whose budgets add up to n p m^loss. Assumptions are the defaults of `Terms`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar

import numpy as np

from feint.agents.state import State
from feint.scenarios.release.training_protocols import DOMAINS, OBJECTIVE, fine_tuned
from feint.sim.analysis.estimands import Ended, Estimand
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.markets.fine_tuning_uses import generality, merged
from feint.sim.markets.market_parameters import PUBLISHED, Assumptions, Price, Terms, assumption, cost
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of
from feint.sim.training.train import Stop

TERMS = Terms()
ANCHOR = "llama-2-70b"
REFERENCE = 30.0
"""Median steps in which the engine revives the wrapped hazard at the default point; a test checks it."""
PRICES = {name: point.dollars / REFERENCE for name, point in PUBLISHED.items() if point.dollars is not None}
"""Dollars per step if a published fine-tune took REFERENCE of the engine's steps."""
PRICE = Price(step_price=PRICES[ANCHOR])
DECADE = 10
POOL = 10
POOLS = 20_000  # drawn once, for the distribution of their budgets
RANGE = 4  # performance lies between -3 and 1 for behaviours of unit norm


class FineTuning(Assumptions):
    """Number of fine-tunes that are made, and their cost; raises `InputError` for a number that is not valid."""

    name: ClassVar[str] = "release"

    streams: int = assumption(8, (1, 1000), None, "fine-tunes of each model for each use")
    step_price: float = assumption(PRICE.step_price, (0.0, None), None, "dollars per step at the release")


def fine_tune_cost(ended: RunOutcomes, year: int = 0) -> np.ndarray:
    """Return the dollars that the last stage costs in a year (runs,); infinite if its target was not reached."""
    return cost(np.where(ended.reached, ended.steps, np.inf), float(PRICE.at(year)))


def share_alone(dollars: np.ndarray) -> np.ndarray:
    """Return the share of actors that can pay these dollars alone (runs,)."""
    from scipy.special import ndtr

    with np.errstate(divide="ignore"):
        return ndtr((np.log(TERMS.budget) - np.log(dollars)) / TERMS.budget_spread)


@cache
def pool_budgets(members: int) -> np.ndarray:
    """Return a sample of the total budgets of pools, sorted (POOLS,)."""
    drawn = np.random.default_rng(0).standard_normal((POOLS, members))
    return np.sort((TERMS.budget * np.exp(TERMS.budget_spread * drawn)).sum(axis=1))


def share_pooled(dollars: np.ndarray, loss: float = TERMS.pooling_loss, members: int = POOL) -> np.ndarray:
    """Return the share of pools that can pay these dollars and the loss of pooling (runs,)."""
    return 1 - np.searchsorted(pool_budgets(members), dollars * members**loss) / POOLS


def at_release(ended: RunOutcomes) -> np.ndarray:
    """Return the share of actors that can pay alone at the release (runs,)."""
    return share_alone(fine_tune_cost(ended))


def decade_gain(ended: RunOutcomes) -> np.ndarray:
    """Return the share that can pay alone a decade after the release, less at the release (runs,)."""
    return share_alone(fine_tune_cost(ended, DECADE)) - at_release(ended)


def pooling_gain(ended: RunOutcomes, loss: float = TERMS.pooling_loss) -> np.ndarray:
    """Return the share that can pay in pools at the release, less alone (runs,); at a loss of 1 pools gain nothing."""
    return share_pooled(fine_tune_cost(ended), loss) - at_release(ended)


def undetected_gain(ended: RunOutcomes) -> np.ndarray:
    """Return the share that can pay in pools and is not detected, less the same alone (runs,)."""
    undetected = 1 - TERMS.detection * POOL**-TERMS.evasion
    return undetected * share_pooled(fine_tune_cost(ended)) - (1 - TERMS.detection) * at_release(ended)


def reached(ended: RunOutcomes) -> np.ndarray:
    """Return whether training reached its target (runs,)."""
    return ended.reached.astype(float)


def last_states(stops: Sequence[Stop]) -> np.ndarray:
    """Record the state in which each run ended (runs,)."""
    last = stops[-1].state
    states = np.empty(len(last), object)
    states[:] = [last.take(slice(i, i + 1)) for i in range(len(last))]
    return states


EXPERTS = tuple(fine_tuned(domain, recorders=(last_states,)) for domain in DOMAINS)
GOALS = tuple(OBJECTIVE[domain] for domain in DOMAINS)
"""Objectives of the experts."""


@dataclass(frozen=True)
class ExpertsMean(Estimand):
    """Mean over runs of a number within ±RANGE, computed from how the experts for the harmless uses ended."""

    of: Callable[[list[RunOutcomes]], np.ndarray]  #: (runs,)
    protocols: tuple[TrainingProtocol, ...] = EXPERTS  # pyright: ignore[reportIncompatibleMethodOverride]

    def values(self, ended: Ended) -> np.ndarray:
        """Return the contribution of each run (runs,)."""
        return self.of([ended[protocol] for protocol in self.protocols])

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        return mean_of(self.values(ended), RANGE, confidence)

    def with_changes(self, changes: Mapping[str, Any]) -> ExpertsMean:
        """Return the estimand at changed parameters; what a protocol itself changes stays."""
        return replace(self, protocols=tuple(protocol.with_defaults(changes) for protocol in self.protocols))


def final_states(ended: list[RunOutcomes]) -> list[State]:
    """Return the final states of each expert, all runs in one."""
    return [State.joined(list(outcomes.recorded[last_states])) for outcomes in ended]


def merging_gain(ended: list[RunOutcomes]) -> np.ndarray:
    """Return how much more general the merge of the experts is than the most general of them (runs,)."""
    states = final_states(ended)
    best = np.max([generality(state, GOALS) for state in states], axis=0)
    return generality(merged(states), GOALS) - best
