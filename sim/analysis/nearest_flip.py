"""The nearest flip: the smallest change, in the prior's own units, that turns a claim over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from feint.sim.analysis.claims import HOLDS, Claim
from feint.sim.analysis.priors import factors_at, in_units
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.statistics.intervals import CONFIDENCE, Interval, look_confidence
from feint.sim.sweeps.factors import Factor
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import PRECISION

HALVINGS = 6  # of the way to a point that is turned over
LOOKS = 6  # at fresh runs, each a little further on
FURTHER = 1.08  # by how much
FRESH = 2**40  # first of the runs that confirm
STEPS = 40  # of the optimizer, at most


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A point at which a claim is turned over, and what was found there on fresh runs."""

    kind: str  #: what it is there: holds or reversed
    changes: Mapping[str, tuple[Any, Any]]  #: dotted name → value at the point one stands at, and at the flip
    distance: float  #: Euclidean, each parameter's prior of length 1
    effects: Mapping[str, Interval]  #: of each part that the claim's verdict hangs on, by name
    trained: int  #: points that the search tried


class Search:
    """Points around one, in the prior's own units, tried on common random numbers."""

    def __init__(
        self, claim: Claim, point: Point, *, kind: str, runs: int, confirming: int, seed: int, precision: str
    ) -> None:
        self.claim, self.point, self.kind = claim, point, kind
        self.runs, self.confirming, self.seed, self.precision = runs, confirming, seed, precision
        self.protocols = [protocol for part in claim.tested for protocol in part.estimand.protocols]
        self.factors: list[Factor] = factors_at(point)
        self.base = np.array([in_units(factor, point.value(factor.name)) for factor in self.factors])
        self.known: dict[bytes, float] = {}

    def changes(self, units: np.ndarray) -> dict[str, Any]:
        """What differs from the point one stands at."""
        moved = np.flatnonzero(units != self.base)
        return {self.factors[i].name: self.factors[i].at(float(np.clip(units[i], 0.0, 1.0))) for i in moved}

    def effects(self, units: np.ndarray, runs: range, confidence: float = CONFIDENCE) -> dict[str, Interval]:
        """The claim's parts at a point, on these runs."""
        there = self.point.at(self.changes(units))
        ended = run_paired(there, self.protocols, runs, seed=self.seed, precision=self.precision, threads=1)
        level = self.claim.confidence(confidence)
        return {part.name: part.estimand.measured(ended, level) for part in self.claim.tested}

    def margin(self, units: np.ndarray) -> float:
        """By how much a point is turned over, by intervals as wide as the confirming runs will have; else below 0."""
        key = units.tobytes()
        if key not in self.known:
            effects = self.effects(units, range(self.runs))
            narrower = min(1.0, self.runs / self.confirming) ** 0.5
            margins = [
                part.rule.margin(self.kind, *_narrowed(effects[part.name], narrower)) for part in self.claim.tested
            ]
            enough = self.claim.any_part and self.kind == HOLDS
            self.known[key] = max(margins) if enough else min(margins)
        return self.known[key]

    def turned(self, units: np.ndarray) -> bool:
        """Whether a point is turned over."""
        return self.margin(units) >= 0

    def distance(self, units: np.ndarray) -> float:
        """From the point one stands at."""
        return float(np.linalg.norm(units - self.base))


def nearest_flip(
    claim: Claim,
    point: Point,
    drawn: Iterable[Mapping[str, Any]],
    *,
    kind: str,
    tries: int = 4,
    runs: int = 400,
    confirming: int = 4000,
    seed: int = 0,
    precision: str = PRECISION,
) -> Flip | None:
    """The nearest point found at which a claim is of another kind; None where no candidate leads to one.

    None too where one stands on the limit, so that the runs of the search call the point itself turned over.

    From each of the nearest `tries` of the `drawn` changes that turn it over: what can be put back is put back (halves
    first, as Zeller and Hildebrandt's delta debugging does, doi:10.1109/32.988498), the rest is halved along the way,
    and then COBYLA (scipy) shortens it as far as the sign holds. All that is on the same `runs`. The nearest is
    confirmed on `confirming` fresh ones, a little further on where they do not confirm it; its intervals hold for all
    looks at all tries. It is a minimum found, not a minimum proved.
    """
    search = Search(claim, point, kind=kind, runs=runs, confirming=confirming, seed=seed, precision=precision)
    if search.turned(search.base):
        return None
    there = [np.array([in_units(each, row[each.name]) for each in search.factors]) for row in drawn]
    there = islice(filter(search.turned, sorted(there, key=search.distance)), tries)
    found = [shorten(search, put_back(search, units)) for units in there]
    level = look_confidence(CONFIDENCE, LOOKS * tries)
    for i, units in enumerate(sorted(found, key=search.distance)):
        if flip := confirmed(search, units, level, FRESH + i * LOOKS * confirming):
            return flip
    return None


def put_back(search: Search, units: np.ndarray) -> np.ndarray:
    """As many coordinates as can be where one stands, the point still turned over."""
    moved = np.flatnonzero(units != search.base)
    size = len(moved)
    while size > 1:
        size = (size + 1) // 2
        for first in range(0, len(moved), size):
            fewer = units.copy()
            fewer[moved[first : first + size]] = search.base[moved[first : first + size]]
            if search.turned(fewer):
                units = fewer
        moved = np.flatnonzero(units != search.base)
        size = min(size, len(moved))
    return units


def shorten(search: Search, units: np.ndarray) -> np.ndarray:
    """Nearer along the way, then wherever the optimizer finds a shorter one."""
    from scipy.optimize import minimize

    near, far = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if search.turned(_between(search, units, middle)) else (middle, far)
    units = _between(search, units, far)
    moved = np.flatnonzero(units != search.base)
    if len(moved) < 2:
        return units

    def at(offsets: np.ndarray) -> np.ndarray:
        moving = search.base.copy()
        moving[moved] = np.clip(search.base[moved] + offsets, 0.0, 1.0)
        return moving

    best = [units]

    def margin(offsets: np.ndarray) -> float:
        found = search.margin(at(offsets))
        if found >= 0 and search.distance(at(offsets)) < search.distance(best[0]):
            best[0] = at(offsets)
        return found

    minimize(
        lambda offsets: float(np.linalg.norm(offsets)),
        units[moved] - search.base[moved],
        method="COBYLA",
        constraints={"type": "ineq", "fun": margin},
        options={"rhobeg": 0.25 * search.distance(units), "maxiter": STEPS},
    )
    return best[0]


def confirmed(search: Search, units: np.ndarray, confidence: float, first: int) -> Flip | None:
    """The flip, where fresh runs from `first` on say so too, here or a little further on."""
    for look in range(LOOKS):
        there = _between(search, units, FURTHER**look)
        fresh = range(first + look * search.confirming, first + (look + 1) * search.confirming)
        effects = search.effects(there, fresh, confidence)
        kinds = {
            part.name: part.rule.possible(effects[part.name].low, effects[part.name].high)
            for part in search.claim.tested
        }
        if search.claim.possible(kinds) == {search.kind}:
            changes = {name: (search.point.value(name), value) for name, value in search.changes(there).items()}
            return Flip(
                kind=search.kind,
                changes=changes,
                distance=search.distance(there),
                effects=effects,
                trained=len(search.known),
            )
    return None


def _narrowed(interval: Interval, share: float) -> tuple[float, float]:
    """The limits of an interval that is a share as wide."""
    reach = interval.half_width * share
    return interval.estimate - reach, interval.estimate + reach


def _between(search: Search, units: np.ndarray, share: float) -> np.ndarray:
    """A share of the way, and no further than the prior goes."""
    moved = units != search.base
    there = search.base.copy()
    there[moved] = np.clip(search.base[moved] + share * (units - search.base)[moved], 0.0, 1.0)
    return there
