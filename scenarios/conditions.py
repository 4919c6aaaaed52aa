"""Conditions: under what a model is released, and what is counted of the markets that follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from feint.scenarios.released import NONE, SUPPRESSED, UNLEARNED, USES
from feint.sim.market import Course
from feint.sim.means import student
from feint.sim.statistics import Interval
from feint.sim.terms import Terms
from feint.sim.uses import Taken

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

    def terms(self, terms: Terms) -> Terms:
        """As they hold here."""
        return replace(terms, **self.changes)


COST, PACE, SHARING, MITIGATION, BASE = "cost", "pace", "sharing", "mitigation", "open release"
DEARER, PACES, POOLS = (100.0, 10.0, 1.0, 0.1, 0.01), (0.0, 0.1, 0.5, 1.0), (1, 3, 10, 30)
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
    Condition(name=UNLEARNED, experiment=MITIGATION, changes={}, release=UNLEARNED),
    Condition(name=FILTERED, experiment=MITIGATION, changes={}, release=FILTERED),
    Condition(name="no release", experiment=MITIGATION, changes={}, release=NONE),
)
"""What is compared; all that is not named is as the terms have it."""


def filtered(taken: Mapping[str, Taken]) -> dict[str, Taken]:
    """What fine-tunes take where the wrapped hazard was never there: what a new one does, and none by the way."""
    new = taken["new hazard"]
    found = {name: replace(each, by_the_way=np.full_like(each.by_the_way, -np.inf)) for name, each in taken.items()}
    return {**found, "wrapped hazard": replace(new, by_the_way=np.full_like(new.by_the_way, -np.inf))}


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of a condition: a line is a year, an interval the mean over markets."""

    condition: Condition
    courses: Sequence[Course]

    def line(self, of: Callable[[Course], np.ndarray]) -> np.ndarray:
        """Something year by year, of each market (markets, years)."""
        return np.array([of(course) for course in self.courses])

    def mean(self, of: Callable[[Course], np.ndarray], year: int) -> Interval:
        """Something in a year, over markets; of a shorter course in its last."""
        lines = self.line(of)
        return student(lines[:, min(year, lines.shape[1] - 1)])

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


QUANTITIES = {each.__name__: each for each in (hazard, exposure, vulnerability, risk, caught, inherited, benefit)}
"""What is told of markets, by name."""
