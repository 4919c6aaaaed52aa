"""Conditions: under what a model is released, and what is counted of the markets that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from feint.scenarios.release.affordability import ANCHOR, REFERENCE
from feint.scenarios.release.training_protocols import NONE, SUPPRESSED, UNLEARNED, USES
from feint.sim.markets.expert_catalogue import Sets
from feint.sim.markets.fine_tuning_uses import Composed, Taken
from feint.sim.markets.market import Course
from feint.sim.markets.market_parameters import Terms
from feint.sim.markets.training_cost import PUBLISHED, step_price
from feint.sim.markets.yearly_series import Years
from feint.sim.statistics.intervals import Interval

FILTERED = "filtered"
"""A release whose pre-training data never told of what would be the wrapped hazard: it takes what a new one does."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What is done otherwise, and with which release."""

    name: str
    experiment: str
    changes: Mapping[str, Any]
    release: str = SUPPRESSED
    dearer: float = 1.0  #: times the price of a step
    at: float | None = None  #: dollars a step, whatever it costs elsewhere

    def terms(self, terms: Terms) -> Terms:
        """As they hold here."""
        return replace(terms, **self.changes)

    def dollars(self, step_price: float) -> float:
        """What a step costs at the release, where that is what it costs elsewhere."""
        return self.dearer * step_price if self.at is None else self.at


COST, PACE, SHARING, MITIGATION, BASE = "cost", "pace", "sharing", "mitigation", "open release"
MONEY, COMPOSITION = "money", "composition"
DEARER, PACES, POOLS = (100.0, 10.0, 1.0, 0.1, 0.01), (0.0, 0.1, 0.5, 1.0), (1, 3, 10, 30)
COMPOSING = (0.0, 0.2, 1.0)
PRICED = tuple(name for name, point in PUBLISHED.items() if point.dollars is not None)
RESISTED = "filtered-6.9b"
"""The published point that tells steps and no money."""
MITIGATIONS: dict[str, Mapping[str, Any]] = {
    "no evaluation": {"detection": 0.0},
    "evaluation finds 0.9": {"detection": 0.9},
    "take-down of 0.9 a year": {"takedown": 0.9},
    "nothing is published": {"sharing": 0.0},
    "tamper resistance 10": {"tamper": 10.0},
    "tamper resistance 100": {"tamper": 100.0},
    "structured access, 0.9": {"screening": 0.9},
    "staged by 3 years": {"staged": 3},
}
CONDITIONS = (
    Condition(name=BASE, experiment="", changes={}),
    *(Condition(name=f"×{by:g}", experiment=COST, changes={}, dearer=by) for by in DEARER),
    *(Condition(name=f"pace {pace:g}", experiment=PACE, changes={"fall": pace}) for pace in PACES),
    *(Condition(name=f"pools of {size}", experiment=SHARING, changes={"members": size}) for size in POOLS),
    *(Condition(name=name, experiment=MITIGATION, changes=changes) for name, changes in MITIGATIONS.items()),
    *(Condition(name=f"composing {one:g}", experiment=COMPOSITION, changes={"composing": one}) for one in COMPOSING),
    *(Condition(name=name, experiment=MONEY, changes={}, at=step_price(name, REFERENCE)) for name in PRICED),
    Condition(name=RESISTED, experiment=MONEY, changes={}, release=RESISTED, at=step_price(ANCHOR, REFERENCE)),
    Condition(name=UNLEARNED, experiment=MITIGATION, changes={}, release=UNLEARNED),
    Condition(name=FILTERED, experiment=MITIGATION, changes={}, release=FILTERED),
    Condition(name="no release", experiment=MITIGATION, changes={}, release=NONE),
)
"""What is compared; all that is not named is as the terms have it."""


def resisting(taken: Mapping[str, Taken]) -> dict[str, Taken]:
    """The same where the wrapped hazard takes the steps that filtered pre-training is published to resist."""
    steps = np.full_like(taken["wrapped hazard"].steps, PUBLISHED[RESISTED].span[0])
    return {**taken, "wrapped hazard": replace(taken["wrapped hazard"], steps=steps)}


def never_there(composed: Mapping[Sets, Composed]) -> dict[Sets, Composed]:
    """What merging gives where the wrapped hazard was never there: none of it."""
    place = [use.name for use in USES].index("wrapped hazard")
    found = {}
    for uses, each in composed.items():
        shows = each.shows.copy()
        shows[:, :, place] = -np.inf
        found[uses] = replace(each, shows=shows, by_the_way=np.full_like(each.by_the_way, -np.inf))
    return found


def filtered(taken: Mapping[str, Taken]) -> dict[str, Taken]:
    """What fine-tunes take where the wrapped hazard was never there: what a new one does, and none by the way."""
    new = taken["new hazard"]
    found = {name: replace(each, by_the_way=np.full_like(each.by_the_way, -np.inf)) for name, each in taken.items()}
    return {**found, "wrapped hazard": replace(new, by_the_way=np.full_like(new.by_the_way, -np.inf))}


@dataclass(frozen=True, kw_only=True)
class Found(Years[Course]):
    """What came of a condition."""

    condition: Condition

    def reach(self, use: str, year: int) -> Interval:
        """Share of those who want a use who have it, in a year."""
        place = [each.name for each in USES].index(use)
        return self.mean(lambda course: course.reach[:, place], year)

    @property
    def money(self) -> dict[str, float]:
        """Dollars over all years, by kind; the mean over markets, what is held at the end."""
        sums = {name: np.mean([course.money[name].sum() for course in self.courses]) for name in MONEY_SUMMED}
        return {**{k: float(v) for k, v in sums.items()}, "held": self._held}

    @property
    def _held(self) -> float:
        return float(np.mean([course.money["held"][-1] for course in self.courses]))


MONEY_SUMMED = ("income", "spent", "overhead", "returned")


def hazard(course: Course) -> np.ndarray:
    """Share of malicious actors who have what they want (years,)."""
    return course.hazard


def exposure(course: Course) -> np.ndarray:
    """Share of the others who run something that descends from the release (years,)."""
    return course.exposure


def vulnerability(course: Course) -> np.ndarray:
    """What defence leaves open (years,)."""
    return course.vulnerability


def risk(course: Course) -> np.ndarray:
    """The product of the three (years,)."""
    return course.risk


def caught(course: Course) -> np.ndarray:
    """Share of malicious actors who were found out (years,)."""
    return course.caught


def inherited(course: Course) -> np.ndarray:
    """Share of what the others run that plays along in training alone (years,)."""
    return course.inherited


def benefit(course: Course) -> np.ndarray:
    """Mean reach of the harmless uses (years,)."""
    return course.reach[:, [i for i, use in enumerate(USES) if not use.hazard]].mean(axis=1)


def breadth(course: Course) -> np.ndarray:
    """Mean performance on all harmless uses of what the others run (years,)."""
    return course.breadth


def composite(course: Course) -> np.ndarray:
    """Share of what the others run that was merged (years,)."""
    return course.composite


QUANTITIES = {
    each.__name__: each
    for each in (hazard, exposure, vulnerability, risk, caught, inherited, benefit, breadth, composite)
}
"""What is told of markets, by name."""
