"""The nearest point at which a claim stops holding, is reversed, or holds: a random search that learns the slope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import exp, log
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from feint.sim.analysis.allocation import FACTOR, Looks, growing, protocols_in, runs_of
from feint.sim.analysis.claims import HOLDS, REVERSED, Claim, Part
from feint.sim.analysis.prior_shares import factors_at, in_units
from feint.sim.ensembles.paired_runs import TOLERANCES
from feint.sim.results.report import Number
from feint.sim.statistics.intervals import CONFIDENCE, Interval, look_confidence
from feint.sim.sweeps.factors import Factor
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import PRECISION

STOPS = "stops holding"
Turn = Literal["holds", "stops holding", "reversed"]
WALKS, PER_WALK = 8, 30_000  # walks that begin a search, from 2 to WALKS; runs of a search per walk
FIRST_RUNS, RACE = 100, 0.25  # runs per protocol and point of these walks, and their part of the runs of a search
RUNGS = ((200, 0.45), (800, 0.8), (3200, 1.0))
"""Runs per point of the walk on from the nearest, until these parts of the runs are spent."""
FEWEST = 12  # points that are tried on a rung at least; a small search takes fewer runs per point
HALVINGS = 6  # of the way to a start
LOOKS, FURTHER = 10, 1.03  # at fresh runs, and the factor of the distance between them
PUSHES = 6  # of a point that more runs do not call flipped, by FURTHER, then by twice, three times as many such factors
OWN_RUNS, FRESH = 2**36, 2**40  # runs between two searches; first of the runs that confirm
NAMED = 6  # largest changes that the text names
ANY, UPHILL, BACK = range(3)  # kinds of steps: in any direction, along the slope, and putting parameters back
SMALLEST, LARGEST = 0.03, 0.8  # length of a step, relative to the distance


@dataclass(frozen=True, kw_only=True)
class Change:
    """A parameter at the point and at the flip."""

    name: str
    here: Any
    there: Any


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A point at which a claim is of another kind."""

    distance: Annotated[float, Field(description="Euclidean, with each parameter's prior of length 1")]
    changes: Annotated[list[Change], Field(description="the largest first, in units of the prior")]
    effects: Annotated[
        dict[str, Interval], Field(description="of each part there, on fresh runs; simultaneous for all looks")
    ]

    def __str__(self) -> str:
        """Return the largest changes, the distance, and the effects, by the names of the parts if there are several."""
        moved = [f"{move.name} {' → '.join(_told_apart(move.here, move.there))}" for move in self.changes]
        more = f" and {len(moved) - NAMED} smaller changes" if len(moved) > NAMED else ""
        named = len(self.effects) > 1
        effects = (f"{f'{name} ' if named else ''}{effect:+.3f}" for name, effect in self.effects.items())
        where = f"{', '.join(moved[:NAMED])}{more} (distance {_distance(self.distance)} in the prior's units)"
        return f"{where}; there {', '.join(effects)}"


@dataclass(frozen=True, kw_only=True)
class NearestFlip:
    """The nearest flip of one kind that independent searches found, and how far theirs lie."""

    kind: Annotated[Turn, Field(description="what the claim does there")]
    starts: Annotated[int, Field(description="draws from the prior at which it does so, where searches may start")]
    searches: Annotated[int, Field(description="independent searches, each with random numbers and runs of its own")]
    found: Annotated[int, Field(description="searches whose flip fresh runs confirmed")]
    lowest: Annotated[Number, Field(description="distance of the nearest flip; null if none was found")]
    median: Annotated[Number, Field(description="median distance of the flips found")]
    highest: Annotated[Number, Field(description="distance of the furthest flip found")]
    nearest: Annotated[Flip | None, Field(description="null if none was found")]

    @classmethod
    def of(cls, kind: Turn, flips: list[Flip | None], starts: int) -> Self:
        """Return the nearest of the flips of several searches, None for one that found none."""
        found = sorted(filter(None, flips), key=lambda flip: flip.distance)
        spread = np.quantile([flip.distance for flip in found], (0, 0.5, 1)) if found else np.full(3, np.nan)
        lowest, median, highest = spread.tolist()
        counts: dict[str, Any] = {"starts": starts, "searches": len(flips), "found": len(found)}
        nearest = found[0] if found else None
        return cls(kind=kind, **counts, lowest=lowest, median=median, highest=highest, nearest=nearest)

    def __str__(self) -> str:
        """Return where the flip lies, and the distances over the searches."""
        does = "is reversed" if self.kind == REVERSED else self.kind
        if self.nearest is None:
            return f"none found at which the claim {does}, by {self.searches} searches from {self.starts} draws."
        spread = ", ".join(map(_distance, (self.lowest, self.median, self.highest))) + " (lowest, median, highest)"
        by = f"{self.found} of {self.searches} searches found one, at distances of {spread}."
        return f"the claim {does} at {self.nearest} on fresh runs. {by}"


def _told_apart(here: Any, there: Any) -> tuple[str, str]:
    """Return two values with three digits, or with as many as tell them apart."""
    digits, most = 3, 17
    while True:
        one, other = (f"{value:.{digits}g}" if isinstance(value, float) else str(value) for value in (here, there))
        if one != other or digits == most:
            return one, other
        digits += 1


def _distance(value: float) -> str:
    return f"{value:.2f}" if value >= 0.01 else f"{value:.2g}"


class Walk:
    """A random walk of one search over flipped points, each nearer than the last, on runs of its own.

    Several walks from the starts, which learn from each other's points, come first, and the nearest goes on. A step is
    taken in any direction and a little inwards; along the slope of the margin, estimated by a ridge regression on the
    points tried nearby; or by putting parameters back, the most expensive more often, or the cheapest at once with the
    others moved out to the same distance. Steps grow where they succeed and shrink where they do not.
    """

    chances = (0.2, 0.55, 0.25)  #: of each kind of step

    def __init__(self, search: FlipSearch, number: int) -> None:
        self.search, self.first, self.rng = search, number * OWN_RUNS, np.random.default_rng((search.seed, number))
        self.runs, self.spent, self.sizes = FIRST_RUNS, 0, [0.3, 0.3, 0.5]
        self.tried: list[np.ndarray] = []
        self.margins: list[float] = []
        self.counts: list[int] = []

    def walked(self, starts: list[np.ndarray], budget: int) -> np.ndarray | None:
        """Return the nearest flipped point found with a number of runs, by its offsets; None if no start is flipped."""
        if self.flipped(np.zeros(len(self.search.base))):
            return None
        count, race = int(np.clip(budget // PER_WALK, 2, WALKS)), int(budget * RACE)
        begin = self._begun(starts, race, count)
        found: list[np.ndarray] = []
        self.runs = FIRST_RUNS
        for i in range(count if begin else 0):
            self.here, self.sizes = self._shortened(begin[i % len(begin)]), [0.3, 0.3, 0.5]
            found.append(self.here)
            self._go(self.spent + (race - self.spent) // (count - i))
            found.append(self.here)
        for runs, until in RUNGS:
            self.runs = int(np.clip((budget * until - self.spent) / FEWEST, self.runs, runs))
            found = [*self._flipped_further([*begin, *found], budget)]
            if not found:
                return None
            self.here, self.sizes = found[-1], [0.2, 0.2, 0.5]
            self._go(int(budget * until))
            found.append(self.here)
        return self.here

    def _begun(self, starts: list[np.ndarray], race: int, count: int) -> list[np.ndarray]:
        """Return starts that are flipped, with more runs per point if fewer call none of them so."""
        for k in range(3):
            self.runs, until = FIRST_RUNS * 2**k, race * 2**k // 2
            if begin := list(islice(self._flipped_of(starts, until), count)):
                return begin
        return []

    def _flipped_further(self, points: list[np.ndarray], until: int) -> Iterator[np.ndarray]:
        """Yield points, each nearer than the last, that are flipped with the runs of now, if need be further out."""
        most = np.inf
        for point in sorted(points, key=np.linalg.norm):
            last = 0.0
            for there in (self.search.within(point * FURTHER ** (k * (k + 1) // 2)) for k in range(PUSHES)):
                distance = float(np.linalg.norm(there))
                if not last < distance < most or self.spent + self.runs > until:
                    break
                last = distance
                if self.flipped(there):
                    most = distance
                    yield there
                    break

    def flipped(self, offsets: np.ndarray) -> bool:
        """Return whether a point is flipped."""
        margin, runs = self.search.margin(offsets, range(self.first, self.first + self.runs))
        self.tried.append(offsets)
        self.margins.append(margin)
        self.counts.append(runs)
        self.spent += runs
        return margin >= 0

    def _flipped_of(self, starts: list[np.ndarray], budget: int) -> Iterator[np.ndarray]:
        """Yield the starts that are flipped, in any order, until a number of runs is spent."""
        for i in self.rng.permutation(len(starts)):
            if self.spent < budget and self.flipped(starts[i]):
                yield starts[i]

    def _shortened(self, start: np.ndarray) -> np.ndarray:
        """Return the nearest flipped point on the way to a flipped start."""
        near, far = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            near, far = (near, middle) if self.flipped(middle * start) else (middle, far)
        return far * start

    def _go(self, until: int) -> None:
        while self.spent + self.runs <= until:
            kind = int(self.rng.choice(3, p=self.chances))
            there = self.search.within(self._back() if kind == BACK else self._step(kind))
            nearer = bool(np.linalg.norm(there) < np.linalg.norm(self.here)) and self.flipped(there)
            self.spent += 0 if nearer else 1  # so that it ends
            self.here = there if nearer else self.here
            self.sizes[kind] = float(np.clip(self.sizes[kind] * (1.5 if nearer else 0.9), SMALLEST, LARGEST))

    def _step(self, kind: int) -> np.ndarray:
        """Return a point to one side and a little nearer."""
        here, rng, distance = self.here, self.rng, float(np.linalg.norm(self.here))
        free = (here != 0) | (rng.random() < 0.5)
        step = self.sizes[ANY] * distance * rng.standard_normal(len(here)) * free / free.sum() ** 0.5
        if kind == UPHILL:
            slope = self._slope() * free
            slope -= slope @ here / distance**2 * here
            step = step / 2 + self.sizes[UPHILL] * distance * rng.random() * slope / max(np.linalg.norm(slope), 1e-12)
        there = here + step
        return there * min(1.0, (1 - 0.3 * self.sizes[kind]) * distance / float(np.linalg.norm(there)))

    def _slope(self) -> np.ndarray:
        """Return the slope of the margin around the present point."""
        around, margins = np.array(self.tried) - self.here, np.array(self.margins)
        squares = (around**2).sum(axis=1)
        near = np.argsort(squares)[: 3 * len(self.here)]
        reach = self.sizes[ANY] * float(np.linalg.norm(self.here))
        weights = np.array(self.counts)[near] / self.runs / (1 + squares[near] / reach**2)
        around = around[near] - np.average(around[near], axis=0, weights=weights)
        margins = margins[near] - np.average(margins[near], weights=weights)
        ridge = max(0.5 * float(weights @ (around**2).sum(axis=1)) / len(self.here), 1e-9)
        gram = (around.T * weights) @ around + ridge * np.eye(len(self.here))
        return np.linalg.solve(gram, around.T @ (weights * margins))

    def _back(self) -> np.ndarray:
        """Return the point with some parameters put back, in part or wholly."""
        there, rng, size = self.here.copy(), self.rng, np.abs(self.here)
        moved = np.flatnonzero(there)
        most = max(1, int(self.sizes[BACK] * len(moved) / 2))
        count = min(len(moved), int(rng.integers(1, most + 1)))
        if count < len(moved) and rng.random() < 0.5:
            there[moved[np.argsort(size[moved])[:count]]] = 0
            return there * 0.999 * np.linalg.norm(size) / np.linalg.norm(there)
        there[rng.choice(len(there), count, replace=False, p=size / size.sum())] *= rng.integers(2) * rng.random()
        return there


@dataclass(kw_only=True, eq=False)
class FlipSearch:
    """Searches around a point for the nearest one at which a claim is of another kind.

    Points are arrays `offsets` from the point (parameters,), in units of each parameter's prior. Tolerances, which
    change how runs are read and not how they are trained, are never moved. The target of fine-tuning may be, where
    it has one: it changes when training stops, and the reading follows the stop rule (condition 1 of section 6 of the
    model's page: what has reached its target is not unconverged).
    """

    claim: Claim
    point: Point
    kind: Turn  #: what the claim does at the flip
    searches: int = 3
    budget: int = 60_000  #: runs per protocol that the searches train together, without those that confirm
    confirming: int = 4000  #: fresh runs per look
    seed: int = 0
    precision: str = PRECISION
    walk: type[Walk] = Walk

    def __post_init__(self) -> None:
        self.factors = [factor for factor in factors_at(self.point) if factor.name not in TOLERANCES]
        self.base = self._units({factor.name: self.point.value(factor.name) for factor in self.factors})
        enough_by_one = self.claim.any_part or self.kind == STOPS
        self.level = 1 - (1 - CONFIDENCE) / (len(self.claim.tested) if enough_by_one else 1)
        self.level = look_confidence(self.level, LOOKS * self.searches)
        self.spent = 0  #: runs per protocol trained so far, without those that confirm

    def nearest(self, candidates: Iterable[Mapping[str, Any]]) -> NearestFlip:
        """Return the nearest flip found from candidates, values by dotted name, at some of which the claim is flipped.

        Every search starts from the candidate that a short walk brings nearest (`Walk`), and takes more runs per point
        as it gets nearer. Its result is confirmed on fresh runs, a little further away if they do not confirm it; the
        intervals hold for all looks of all searches. It is the nearest one found; a nearer one may exist. None is found
        if the runs of a search call the point itself flipped.
        """
        starts = [self._units(values) - self.base for values in candidates]
        return NearestFlip.of(self.kind, [self._search(i, starts) for i in range(self.searches)], len(starts))

    def _search(self, number: int, starts: list[np.ndarray]) -> Flip | None:
        walk = self.walk(self, number)
        there = walk.walked(starts, self.budget // self.searches)
        self.spent += walk.spent
        return None if there is None else self._confirmed(there, FRESH + number * LOOKS * self.confirming)

    def _units(self, values: Mapping[str, Any]) -> np.ndarray:
        return np.array([in_units(factor, values[factor.name]) for factor in self.factors])

    def within(self, offsets: np.ndarray) -> np.ndarray:
        """Return offsets within the prior, or between it and the point."""
        least, most = np.minimum(self.base, 0), np.maximum(self.base, 1)
        return np.clip(offsets, least - self.base, most - self.base)

    def values(self, offsets: np.ndarray) -> dict[str, Any]:
        """Return the values that differ from those of the point by dotted name, the largest change first."""
        order = sorted(np.flatnonzero(offsets), key=lambda i: -abs(offsets[i]))
        return {self.factors[i].name: _value(self.factors[i], float((self.base + offsets)[i])) for i in order}

    def effects(self, offsets: np.ndarray, runs: range) -> dict[str, Interval]:
        """Return the effects of the claim's tested parts at a point, on these runs."""
        ((effects, _),) = self.looked(offsets, runs, Looks(first=len(runs), most=len(runs)))
        return effects

    def looked(self, offsets: np.ndarray, runs: range, looks: Looks) -> Iterator[tuple[dict[str, Interval], int]]:
        """Yield the effects at a point at each look at these runs, and the number of runs behind them."""
        keys: dict[str, Any] = {"seed": self.seed, "precision": self.precision, "threads": 1}
        for ended in growing(self.point.at(self.values(offsets)), protocols_in(self.claim.tested), runs, looks, **keys):
            parts = (
                (part.name, part.estimand, part.estimand.measured(ended, self.level)) for part in self.claim.tested
            )
            yield {name: estimand.within_limits(effect) for name, estimand, effect in parts}, runs_of(ended)

    def margin(self, offsets: np.ndarray, runs: range) -> tuple[float, int]:
        """Return by how much a point is flipped, from -1 to 1, negative if it is not, and the runs that this took.

        Intervals are narrowed to the width that the confirming runs will have. A first part of the runs is enough
        if the sign is the same wherever in their own intervals the effects lie.
        """
        margin, taken = -1.0, 0
        for effects, taken in self.looked(offsets, runs, Looks(first=-(-len(runs) // FACTOR), most=len(runs))):
            narrower = min(1.0, taken / self.confirming) ** 0.5
            margin, lowest, highest = (self._combined(effects, narrower, pick) for pick in (None, min, max))
            if (lowest >= 0) == (highest >= 0):
                break
        return margin, taken

    def _combined(
        self, effects: Mapping[str, Interval], narrower: float, pick: Callable[[list[float]], float] | None
    ) -> float:
        """Return the margin at the estimates, or the one picked for each part from those in its interval."""
        margins = []
        for part in self.claim.tested:
            middle, reach = effects[part.name].estimate, effects[part.name].half_width
            aside = (0.0,) if pick is None else (-reach * (1 - narrower), 0.0, reach * (1 - narrower))
            at = [self._margin(part, middle + by - reach * narrower, middle + by + reach * narrower) for by in aside]
            margins.append(at[0] if pick is None else pick(at))
        one_is_enough = self.kind == (HOLDS if self.claim.any_part else STOPS)
        return float(np.nan_to_num(np.clip((max if one_is_enough else min)(margins), -1, 1), nan=-1.0))

    def _margin(self, part: Part, low: float, high: float) -> float:
        if self.kind == STOPS:
            return min(max(low - most, least - high) for least, most in part.rule.holds)
        return part.rule.margin(self.kind, low, high)

    def _confirmed(self, offsets: np.ndarray, first: int) -> Flip | None:
        """Return the flip if fresh runs from `first` on confirm it, here or a little further away."""
        for look in range(LOOKS):
            there = self.within(offsets * FURTHER**look)
            effects = self.effects(there, range(first + look * self.confirming, first + (look + 1) * self.confirming))
            limits = {name: (effect.low, effect.high) for name, effect in effects.items()}
            kinds = self.claim.possible(
                {part.name: part.rule.possible(*limits[part.name]) for part in self.claim.tested}
            )
            if HOLDS not in kinds if self.kind == STOPS else kinds == {self.kind}:
                values = self.values(there)
                changes = [
                    Change(name=name, here=self.point.value(name), there=value) for name, value in values.items()
                ]
                return Flip(distance=float(np.linalg.norm(there)), changes=changes, effects=effects)
        return None


def _value(factor: Factor, units: float) -> Any:
    """Return the value at a place that may lie beyond the ends of the prior; the inverse of `in_units`."""
    if 0 <= units <= 1:
        return factor.at(units)
    if factor.log:
        value = exp(log(factor.low) + units * (log(factor.high) - log(factor.low)))
    else:
        value = factor.low + units * (factor.high - factor.low)
    return round(value) if factor.whole else value
