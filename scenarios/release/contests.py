"""Racing: what competition comes to among the actors of a release, as assumed and otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from feint.scenarios.release.training_protocols import USES
from feint.sim.markets.actors import drawn, key_of, stream_of
from feint.sim.markets.competition import Competition, Race
from feint.sim.markets.fine_tuning_uses import Workshop
from feint.sim.markets.market_parameters import Terms
from feint.sim.markets.payoffs import AVERAGE, OWNER, WITHOUT, Stakes, Systems, systems
from feint.sim.markets.training_cost import Price
from feint.sim.markets.yearly_series import Years

AS_ASSUMED = "as assumed"
YEARS = 11  # that are run, unless the market has fewer


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What is otherwise in a competition."""

    name: str
    changes: Mapping[str, Any]
    dearer: float = 1.0  #: times the price of a step


CONTESTS = (
    Contest(name=AS_ASSUMED, changes={}),
    Contest(name="steps ×100", changes={}, dearer=100.0),
    Contest(name="worth 0.1", changes={"value": 0.1}),
    Contest(name="worth 10", changes={"value": 10.0}),
    Contest(name="nothing in common", changes={"common": 0.0}),
    Contest(name="all in common", changes={"common": 1.0}),
    Contest(name="fined by 0.25", changes={"penalty": 0.25}),
)
"""What is compared; all that is not named is as the stakes have it."""


@dataclass(frozen=True, kw_only=True)
class Raced(Years[Race]):
    """What came of a contest."""

    contest: Contest


def without(race: Race) -> np.ndarray:
    """Share of actors without a system (years,)."""
    return race.shares[:, WITHOUT]


def owner(race: Race) -> np.ndarray:
    """Share of actors with a system that serves its owner (years,)."""
    return race.shares[:, OWNER]


def average(race: Race) -> np.ndarray:
    """Share of actors with a system that serves the average (years,)."""
    return race.shares[:, AVERAGE]


def pays(race: Race) -> np.ndarray:
    """Share of actors who would have more with a system that serves them than without any (years,)."""
    return race.pays


def better(race: Race) -> np.ndarray:
    """What all would have more if all systems served the average, in budgets (years,)."""
    return race.better


RUN = {each.__name__: each for each in (without, owner, average, pays, better)}
"""What is told of competitions, by name."""


def raced(contest: Contest, stakes: Stakes, terms: Terms, shop: Workshop, price: Price, seed: int) -> Raced:
    """A contest in every world of a workshop, among the actors of the market there."""
    stakes = replace(stakes, **contest.changes)
    dear = replace(price, at_release=price.at_release * contest.dearer)
    found = systems(shop, stakes)
    worlds = range(len(shop.released))
    return Raced(contest=contest, courses=[_race(stakes, terms, found, dear, seed, world) for world in worlds])


def _race(stakes: Stakes, terms: Terms, found: Sequence[Systems], price: Price, seed: int, world: int) -> Race:
    key = key_of(seed, world)
    terms = replace(terms, years=min(terms.years, YEARS))
    actors = drawn(terms, USES, len(found), stream_of(key))
    return Competition(stakes, terms, actors, [each.world(world) for each in found], price, key).run()
