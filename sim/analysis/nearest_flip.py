"""The nearest flip: the smallest change of parameters, in units of their priors, that changes what a claim is."""

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

HALVINGS = 6  # of the way to a flipped point
LOOKS = 6  # at fresh runs, each a little further away
FURTHER = 1.08  # factor of the distance between looks
FRESH = 2**40  # first of the runs that confirm
STEPS = 40  # of the optimizer, at most


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A point at which a claim is of another kind, with its effects on fresh runs."""

    kind: str  #: of the claim at the flip: holds or reversed
    changes: Mapping[str, tuple[Any, Any]]  #: dotted name → value at the point searched from, and at the flip
    distance: float  #: Euclidean, with each parameter's prior of length 1
    effects: Mapping[str, Interval]  #: by name of the tested part
    trained: int  #: number of points that the search tried


class Search:
    """Points around one, in units of the prior, tried on common random numbers."""

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
        """Return the values that differ from the point searched from."""
        moved = np.flatnonzero(units != self.base)
        return {self.factors[i].name: self.factors[i].at(float(np.clip(units[i], 0.0, 1.0))) for i in moved}

    def effects(self, units: np.ndarray, runs: range, confidence: float = CONFIDENCE) -> dict[str, Interval]:
        """Return the effects of the claim's tested parts at a point, on these runs."""
        there = self.point.at(self.changes(units))
        ended = run_paired(there, self.protocols, runs, seed=self.seed, precision=self.precision, threads=1)
        level = self.claim.confidence(confidence)
        return {part.name: part.estimand.measured(ended, level) for part in self.claim.tested}

    def margin(self, units: np.ndarray) -> float:
        """Return by how much a point is flipped; negative if it is not.

        Intervals are narrowed to the width that the confirming runs will have.
        """
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

    def flipped(self, units: np.ndarray) -> bool:
        """Return whether a point is flipped."""
        return self.margin(units) >= 0

    def distance(self, units: np.ndarray) -> float:
        """Return the distance of a point from the one searched from."""
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
    """Return the nearest point found at which a claim is of another kind; None if no candidate leads to one.

    From each of the nearest `tries` candidates that flip the claim, parameters are put back where possible (halves
    first, as in Zeller and Hildebrandt's delta debugging, doi:10.1109/32.988498), the rest is halved along the way, and
    COBYLA (scipy) shortens it as long as the claim stays flipped, all on the same `runs`. The nearest result is
    confirmed on fresh runs, a little further away if they do not confirm it; its intervals hold for all looks at all
    tries. It is a minimum found, not a proved one.

    Parameters
    ----------
    claim
        The claim.
    point
        Where to search from. If the runs of the search call it flipped, the result is None.
    drawn
        Candidates, as values by dotted name.
    kind
        Kind of the claim at the flip: holds or reversed.
    tries
        How many candidates are shortened.
    runs, confirming
        Number of runs per protocol and point in the search, and of fresh runs per look.
    seed, precision
        As for `simulate`.

    """
    search = Search(claim, point, kind=kind, runs=runs, confirming=confirming, seed=seed, precision=precision)
    if search.flipped(search.base):
        return None
    candidates = [np.array([in_units(factor, row[factor.name]) for factor in search.factors]) for row in drawn]
    nearest = islice(filter(search.flipped, sorted(candidates, key=search.distance)), tries)
    shortened = [shorten(search, put_back(search, units)) for units in nearest]
    level = look_confidence(CONFIDENCE, LOOKS * tries)
    for i, units in enumerate(sorted(shortened, key=search.distance)):
        if flip := confirmed(search, units, level, FRESH + i * LOOKS * confirming):
            return flip
    return None


def put_back(search: Search, units: np.ndarray) -> np.ndarray:
    """Return the point with as many parameters put back as possible, still flipped."""
    moved = np.flatnonzero(units != search.base)
    size = len(moved)
    while size > 1:
        size = (size + 1) // 2
        for first in range(0, len(moved), size):
            fewer = units.copy()
            fewer[moved[first : first + size]] = search.base[moved[first : first + size]]
            if search.flipped(fewer):
                units = fewer
        moved = np.flatnonzero(units != search.base)
        size = min(size, len(moved))
    return units


def shorten(search: Search, units: np.ndarray) -> np.ndarray:
    """Return a nearer point, first along the way, then wherever the optimizer finds one."""
    from scipy.optimize import minimize

    near, far = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if search.flipped(_between(search, units, middle)) else (middle, far)
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
        reached = search.margin(at(offsets))
        if reached >= 0 and search.distance(at(offsets)) < search.distance(best[0]):
            best[0] = at(offsets)
        return reached

    minimize(
        lambda offsets: float(np.linalg.norm(offsets)),
        units[moved] - search.base[moved],
        method="COBYLA",
        constraints={"type": "ineq", "fun": margin},
        options={"rhobeg": 0.25 * search.distance(units), "maxiter": STEPS},
    )
    return best[0]


def confirmed(search: Search, units: np.ndarray, confidence: float, first: int) -> Flip | None:
    """Return the flip if fresh runs from `first` on confirm it, here or a little further away."""
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
    """Return the limits of an interval narrowed to a share of its width."""
    reach = interval.half_width * share
    return interval.estimate - reach, interval.estimate + reach


def _between(search: Search, units: np.ndarray, share: float) -> np.ndarray:
    """Return a share of the way to a point, within the prior."""
    moved = units != search.base
    there = search.base.copy()
    there[moved] = np.clip(search.base[moved] + share * (units - search.base)[moved], 0.0, 1.0)
    return there
