"""Reaching: what share of actors can pay for what the engine says a fine-tune takes, alone and in pools.

Budgets are log-normal, so that of steps n at a price p a share Φ(-(ln(n p) - ln median) / spread) can pay alone; of a
pool of m, the share of pools whose budgets add up to n p m^loss. All terms are those of `Terms`, by default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from feint.agents.state import State
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.markets.fine_tuning_uses import generality
from feint.sim.markets.market_parameters import Terms
from feint.sim.markets.training_cost import Price, cost, step_price
from feint.sim.markets.weight_averaging import merged
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of
from feint.sim.training.run_spec import Stop

TERMS = Terms()
ANCHOR = "llama-2-70b"
REFERENCE = 20.0
"""Steps in which the engine revives what is wrapped: the median at the default point, which a test holds to it."""
PRICE = Price(at_release=step_price(ANCHOR, REFERENCE))
DECADE = 10
POOL = 10
POOLS = 20_000  # drawn once, for the distribution of what they have
RANGE = 4  # performance lies between -3 and 1 for behaviours of unit norm


def dollars(ended: RunOutcomes, year: int = 0) -> np.ndarray:
    """What the last stage cost in a year (runs,); beyond any price where its target was never reached."""
    return cost(np.where(ended.reached, ended.steps.astype(float), np.inf), float(PRICE.at(year)))


def alone(asked: np.ndarray) -> np.ndarray:
    """Share of actors who can pay so much alone (runs,)."""
    from scipy.special import ndtr

    with np.errstate(divide="ignore"):
        return ndtr((np.log(TERMS.budget) - np.log(asked)) / TERMS.budget_spread)


@cache
def purses(members: int) -> np.ndarray:
    """What pools have together, in order (POOLS,)."""
    drawn = np.random.default_rng(0).standard_normal((POOLS, members))
    return np.sort((TERMS.budget * np.exp(TERMS.budget_spread * drawn)).sum(axis=1))


def pooled(asked: np.ndarray, loss: float = TERMS.pooling_loss, members: int = POOL) -> np.ndarray:
    """Share of pools that can pay so much and what pooling swallows (runs,)."""
    return 1 - np.searchsorted(purses(members), asked * members**loss) / POOLS


def now(ended: RunOutcomes) -> np.ndarray:
    """Share who can pay alone at the release (runs,)."""
    return alone(dollars(ended))


def later(ended: RunOutcomes) -> np.ndarray:
    """Share who can pay alone a decade after the release, less at the release (runs,)."""
    return alone(dollars(ended, DECADE)) - now(ended)


def together(ended: RunOutcomes) -> np.ndarray:
    """Share who can pay in pools at the release, less alone (runs,)."""
    return pooled(dollars(ended)) - now(ended)


def together_dear(ended: RunOutcomes) -> np.ndarray:
    """The same where a pool gets no more work done than one member's part would pay for (runs,)."""
    return pooled(dollars(ended), loss=1.0) - now(ended)


def unseen(ended: RunOutcomes) -> np.ndarray:
    """Share who can pay in pools and are not found out, less alone (runs,)."""
    hidden = 1 - TERMS.detection * POOL**-TERMS.evasion
    return hidden * pooled(dollars(ended)) - (1 - TERMS.detection) * now(ended)


def reached(ended: RunOutcomes) -> np.ndarray:
    """Whether training led there at all (runs,)."""
    return ended.reached.astype(float)


@dataclass(frozen=True)
class Standing:
    """The state in which each run ended, one by one (runs,)."""

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """From where the runs stood at the end of each stage."""
        last = stops[-1].state
        found = np.empty(len(last), object)
        found[:] = [last.take(slice(i, i + 1)) for i in range(len(last))]
        return found


STANDING = Standing()


@dataclass(frozen=True)
class Broader:
    """How much more general experts are when merged than the most general of them: the mean over paired runs."""

    words: str
    experts: tuple[TrainingProtocol, ...]
    objectives: tuple[int, ...]

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The ways that must be trained."""
        return self.experts

    def values(self, ended: Mapping[TrainingProtocol, RunOutcomes]) -> np.ndarray:
        """What each run contributes (runs,)."""
        states = [State.joined(list(ended[protocol].recorded[STANDING])) for protocol in self.experts]
        best = np.max([generality(each, self.objectives) for each in states], axis=0)
        return generality(merged(states), self.objectives) - best

    def measured(self, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE) -> Interval:
        """Its estimate and interval."""
        return mean_of(self.values(ended), RANGE, confidence)

    def with_changes(self, changes: Mapping[str, Any]) -> Broader:
        """The same where each way is changed, save what it changes itself."""
        return Broader(self.words, tuple(protocol.with_defaults(changes) for protocol in self.experts), self.objectives)
