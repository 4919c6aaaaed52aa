"""Rivalry: what competition comes to among actors with log-normal budgets, in the world of each run.

Each run is a world in which all who want a use have the expert that the engine made there. Peers, who want the same and
have a budget alike, copy one another by pairwise comparison: the game of `Competition`, round by round, for actors
without end. All terms are those of `Stakes` and `Terms`, by default.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np

from feint.agents.state import State
from feint.scenarios.release.affordability import DECADE, PRICE, RANGE, STANDING, TERMS
from feint.scenarios.release.training_protocols import DOMAINS, NAMED, made
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.markets.competition import PEERS, ROUNDS
from feint.sim.markets.imitation_dynamics import flow, lead
from feint.sim.markets.payoffs import AVERAGE, OWNER, STRATEGIES, WITHOUT, Stakes, Systems, standing, systems_of
from feint.sim.markets.training_cost import cost
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of

STAKES = Stakes()
EXPERTS: tuple[TrainingProtocol, ...] = tuple(made(domain, recorders=(STANDING,)) for domain in DOMAINS)
KNOWN = 8  # worlds that are kept at hand


def budgets() -> np.ndarray:
    """The middle budget of each class, in dollars (classes,)."""
    from scipy.special import ndtri

    return TERMS.budget * np.exp(TERMS.budget_spread * ndtri((np.arange(PEERS) + 0.5) / PEERS))


def costs(systems: Systems, year: int, dearer: float = 1.0) -> np.ndarray:
    """What an expert costs in a year, in budgets of each class (runs, uses, classes)."""
    return cost(systems.steps, dearer * float(PRICE.at(year)))[..., None] / budgets()


def ahead(systems: Systems, stakes: Stakes, year: int = DECADE, dearer: float = 1.0) -> np.ndarray:
    """By how much one with a system has more than one without, both of the median budget; the mean over uses (runs,).

    None is ahead where training led to no system; and no one pays more than RANGE budgets.
    """
    asked = cost(systems.steps, dearer * float(PRICE.at(year))) / TERMS.budget
    have = standing(stakes, systems.own(), asked)
    gain = np.where(np.isfinite(asked), have[..., OWNER] - have[..., WITHOUT], 0.0)
    return np.clip(gain, -RANGE, RANGE).mean(axis=1)


def ahead_at_once(systems: Systems, stakes: Stakes) -> np.ndarray:
    """The same at the release (runs,)."""
    return ahead(systems, stakes, 0)


def ahead_dear(systems: Systems, stakes: Stakes) -> np.ndarray:
    """The same at the release, where a step costs a hundred times as much (runs,)."""
    return ahead(systems, stakes, 0, 100.0)


def settled(systems: Systems, stakes: Stakes) -> np.ndarray:
    """Shares after a decade of imitation in each class of budget (runs, uses, classes, strategies)."""
    own = np.broadcast_to(systems.own()[:, :, None], (*systems.steps.shape, PEERS, len(STRATEGIES)))
    shares = np.broadcast_to(np.arange(len(STRATEGIES)) == WITHOUT, own.shape).astype(float)
    for year in range(DECADE):
        leads = lead(standing(stakes, own, costs(systems, year)), stakes.selection)
        for _ in range(ROUNDS):
            shares = shares + flow(shares, leads, stakes.meetings, stakes.trying) / ROUNDS
    return shares


def without(systems: Systems, stakes: Stakes) -> np.ndarray:
    """Share of actors who have no system after a decade (runs,)."""
    return settled(systems, stakes)[..., WITHOUT].mean(axis=(1, 2))


def serving_owners(systems: Systems, stakes: Stakes) -> np.ndarray:
    """Share of systems that serve their owner after a decade, of as many of either kind tried (runs,); ½ of none."""
    shares = settled(systems, stakes).mean(axis=(1, 2))
    both = shares[:, OWNER] + shares[:, AVERAGE]
    return np.divide(shares[:, OWNER], both, out=np.full(len(both), 0.5), where=both > 0)


def better(systems: Systems, stakes: Stakes) -> np.ndarray:
    """What all have where every system serves the average, less where every system serves its owner (runs,)."""
    own = systems.own().mean(axis=1)
    apart = own[:, AVERAGE] - own[:, OWNER]
    alike = (systems.average - systems.owner).mean(axis=(1, 2))
    return stakes.value * ((1 - stakes.common) * apart + stakes.common * alike)


def befalls(systems: Systems, stakes: Stakes) -> np.ndarray:
    """What befalls one without a system where all others have one that serves its owner (runs,)."""
    return stakes.value * stakes.common * systems.owner.mean(axis=(1, 2))


@dataclass(frozen=True)
class Rivalled:
    """The mean over runs of a number reckoned from what systems do in the world of each run."""

    words: str
    of: Callable[[Systems, Stakes], np.ndarray]  #: (runs,)
    stakes: Stakes = STAKES
    experts: tuple[TrainingProtocol, ...] = EXPERTS

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The ways that must be trained."""
        return self.experts

    def values(self, ended: Mapping[TrainingProtocol, RunOutcomes]) -> np.ndarray:
        """What each run contributes (runs,)."""
        return self.of(worlds([ended[protocol] for protocol in self.experts], self.stakes), self.stakes)

    def measured(self, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE) -> Interval:
        """Its estimate and interval."""
        return mean_of(self.values(ended), RANGE, confidence)

    def with_changes(self, changes: Mapping[str, Any]) -> Rivalled:
        """The same where each way is changed, save what it changes itself."""
        return replace(self, experts=tuple(protocol.with_defaults(changes) for protocol in self.experts))


_known: OrderedDict[Any, tuple[list[np.ndarray], Systems]] = OrderedDict()
_lock = Lock()


def worlds(ended: list[RunOutcomes], stakes: Stakes) -> Systems:
    """What systems do in the world of each run; several quantities of the same runs read them once."""
    recorded = [each.recorded[STANDING] for each in ended]
    key = (*map(id, recorded), stakes.common)
    with _lock:
        if key in _known:
            return _known[key][1]
    states = [State.joined(list(each)) for each in recorded]
    found = systems_of(states, [NAMED[domain].objective for domain in DOMAINS], stakes)
    with _lock:
        _known[key] = recorded, found  # what is held cannot be at another place, so that its number stays its own
        while len(_known) > KNOWN:
            _known.popitem(last=False)
    return found
