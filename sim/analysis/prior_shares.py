"""The prior: draws from it, over how much of it an effect has one sign or the other, and where a claim flips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import log
from operator import itemgetter
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.sim.analysis import response_surface
from feint.sim.analysis.claims import HOLDS, KINDS, LEAST, Claim, rises
from feint.sim.analysis.estimands import DECEPTIVE, Effect
from feint.sim.analysis.response_surface import AnalysisRequest, OutcomeName, Response, ResponseAnalysis
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.results.report import Table, wrapped
from feint.sim.results.request import Confidence, Option
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, clopper_pearson, look_confidence
from feint.sim.sweeps.factors import Factor, prior_factors
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import PRECISION

DRAWN = ("prior", "sobol", "lhs")  # designs whose points are a sample
METHOD = "Clopper–Pearson, unresolved points either way"
HALVINGS = 6  # of the way to a flipped point
LOOKS = 6  # at fresh runs, each a little further away
FURTHER = 1.08  # factor of the distance between looks
FRESH = 2**40  # first of the runs that confirm
STEPS = 40  # of the optimizer, at most


def factors_at(point: Point) -> list[Factor]:
    """Return every parameter that has a prior."""
    return prior_factors(point.model, point.curriculum)


def prior_draws(point: Point, draws: int, seed: int) -> list[dict[str, Any]]:
    """Return the values by dotted name of `draws` points, a power of two, of a Sobol sequence over the whole prior."""
    study = Study(design="prior", samples=draws, seed=seed, model=point.model, curriculum=point.curriculum)
    rows = response_surface.points_of(study).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def in_units(factor: Factor, value: float) -> float:
    """Return the place of a value in its prior, from 0 to 1; 0 counts as the low end of a logarithmic one."""
    if not factor.log:
        return (value - factor.low) / (factor.high - factor.low)
    return (log(value) - log(factor.low)) / (log(factor.high) - log(factor.low)) if value > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class Share:
    """The points of one kind: as estimated, certainly, and possibly."""

    count: Annotated[int, Field(serialization_alias="points")]
    certain: Annotated[int, Field(description="points whose own interval lies within the kind")]
    possible: Annotated[int, Field(description="points whose own interval reaches into the kind")]
    interval: Annotated[Interval, Field(serialization_alias="share", description="from certain to possible points")]
    sampling: Annotated[Interval, Field(description="limits of points alone, which takes each for what its runs say")]

    @classmethod
    def of(cls, is_it: np.ndarray, certain: np.ndarray, possible: np.ndarray, confidence: float) -> Share:
        """Return the share of points (points,) of a kind, certainly of it, and possibly of it."""
        count, sure, most = (int(points.sum()) for points in (is_it, certain, possible))
        sampling, lowest, highest = (clopper_pearson(n, len(is_it), confidence) for n in (count, sure, most))
        interval = replace(sampling, low=lowest.low, high=highest.high, method=METHOD)
        return cls(count=count, certain=sure, possible=most, interval=interval, sampling=sampling)


def shares_of(
    kinds: Sequence[str], possible: Sequence[frozenset[str]], confidence: float = CONFIDENCE
) -> dict[str, Share]:
    """Return the shares of points where a claim holds, is reversed, or is neither, from its kind and possible kinds."""
    return {
        kind: Share.of(
            np.array([estimated == kind for estimated in kinds]),
            np.array([allowed == {kind} for allowed in possible]),
            np.array([kind in allowed for allowed in possible]),
            confidence,
        )
        for kind in KINDS
    }


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PriorShare(ResponseAnalysis):
    """Over how much of the prior an effect of at least `least` holds, is reversed, or is neither."""

    kind = "share"
    libraries = ("scipy",)

    of_what: str
    least: float
    points: int
    unresolved: Annotated[int, Field(description="points whose own interval holds `least`, or its negative")]
    holds: Share
    reversed: Share
    neither: Share

    @property
    def kinds(self) -> dict[str, Share]:
        """The shares by name."""
        return {kind: getattr(self, kind) for kind in KINDS}

    def blocks(self) -> Iterator[str | Table]:
        """Yield what is counted, and a table of the kinds."""
        level = f"{100 * self.confidence:g} %"
        sample = f"shares of {self.of_what}, {self.points:,} points"
        left = f"{self.unresolved:,} are unresolved: the {level} interval of their own runs holds a limit"
        kinds = f"holds: {self.least:+g} or more; reversed: {-self.least:+g} or less"
        yield "\n".join([self.response.title, wrapped(f"{sample}; {left}"), kinds])
        rows = [
            {"": kind, "points": share.count, f"share, {level}": share.interval, "certain": share.certain}
            | {"possible": share.possible, "sampling alone": f"[{share.sampling.low:.3f}, {share.sampling.high:.3f}]"}
            for kind, share in self.kinds.items()
        ]
        yield Table(rows, {heading: itemgetter(heading) for heading in rows[0]}, rule=False)


def prior_share(response: Response, least: float = LEAST, *, confidence: float = CONFIDENCE) -> PriorShare:
    """Return the shares of the prior, or of the ranges varied, where an effect holds, is reversed, or is neither.

    The limits are exact binomial ones of the points. `Share.sampling` takes each estimate at face value, although with
    common streams one sampling error moves all points; `Share.interval` does not. `-least` or less counts
    as reversed. Raises `InputError` if the points of the design are no sample, or `least` is not above 0.
    """
    check_confidence(confidence)
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 < least < np.inf:
        raise InputError(f"least = {least!r} is not valid: it must be a number above 0.")
    study, rule = response.study, rises(least)
    if study.design not in DRAWN:
        raise InputError(f"design = {study.design!r} is no sample of points: a share needs one of {', '.join(DRAWN)}.")
    kinds = [rule.kind(value) for value in response.value.tolist()]
    possible = [rule.possible(interval.low, interval.high) for interval in response.intervals(confidence)]
    shares: dict[str, Any] = {**shares_of(kinds, possible, confidence)}
    whole = study.design == "prior" or all(spec == "prior" for spec in study.vary.values())
    return PriorShare(
        **response.facts(confidence),
        of_what="the prior" if whole else "the ranges varied",
        least=float(least),
        points=len(kinds),
        unresolved=sum(len(allowed) > 1 for allowed in possible),
        **shares,
    )


@dataclass(frozen=True, kw_only=True)
class ShareRequest(AnalysisRequest):
    """Share of the parameter ranges in which pre-training raises, lowers or does not change the outcome."""

    kind = "share"
    drawn = False

    least: Annotated[float, Option("A difference smaller than this counts as none.", "X")] = LEAST
    outcome: OutcomeName = DECEPTIVE
    confidence: Confidence = CONFIDENCE

    def analyse(self, sweep: Sweep) -> PriorShare:
        """Return the shares of the sweep's points."""
        difference = response_surface.response(sweep, response_surface.DIFFERENCE, self.outcome)
        return prior_share(difference, self.least, confidence=self.confidence)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A parameter at the point that is searched from, and at the flip."""

    name: str
    here: Any
    there: Any


@dataclass(frozen=True, kw_only=True)
class Flip:
    """The nearest point found at which the claim is of another kind."""

    kind: Annotated[Literal["holds", "reversed"], Field(description="the kind there")]
    distance: Annotated[float, Field(description="Euclidean, with each parameter's prior of length 1")]
    changes: list[Change]
    effects: Annotated[
        dict[str, Effect], Field(description="of each part there, on fresh runs; simultaneous for all looks")
    ]

    def effect_text(self) -> str:
        """Return the effects there, with the names of the parts if there are several."""
        named = len(self.effects) > 1
        return ", ".join(f"{f'{name} ' if named else ''}{effect:+.3f}" for name, effect in self.effects.items())


@dataclass(kw_only=True, eq=False)
class FlipSearch:
    """Search around a point, on common random numbers, for the nearest one at which a claim is of another kind.

    Points are arrays `units` in units of the prior (parameters,).
    """

    claim: Claim
    point: Point
    kind: Literal["holds", "reversed"]  #: of the claim at the flip
    tries: int = 4  #: how many candidates are shortened
    runs: int = 400  #: per protocol and point in the search
    confirming: int = 4000  #: fresh runs per look
    seed: int = 0
    precision: str = PRECISION

    def __post_init__(self) -> None:
        self.factors = factors_at(self.point)
        self.base = self.units_of({factor.name: self.point.value(factor.name) for factor in self.factors})
        self.known: dict[bytes, float] = {}

    def nearest(self, candidates: Iterable[Mapping[str, Any]]) -> Flip | None:
        """Return the nearest flip found from candidates, values by dotted name; None if the point itself is flipped.

        From each of the nearest candidates that flip the claim, parameters are put back where possible (halves first,
        as in Zeller and Hildebrandt's delta debugging, doi:10.1109/32.988498), the rest is halved along the way, and
        COBYLA shortens it as long as the claim stays flipped. The nearest result is confirmed on fresh runs, a little
        further away if need be; its intervals hold for all looks at all tries. It need not be the nearest of all flips.
        """
        if self.flipped(self.base):
            return None
        flipped = filter(self.flipped, sorted(map(self.units_of, candidates), key=self.distance))
        shortened = [self.shortened(self.put_back(units)) for units in islice(flipped, self.tries)]
        level = look_confidence(CONFIDENCE, LOOKS * self.tries)
        for i, units in enumerate(sorted(shortened, key=self.distance)):
            if flip := self.confirmed(units, level, FRESH + i * LOOKS * self.confirming):
                return flip
        return None

    def units_of(self, values: Mapping[str, Any]) -> np.ndarray:
        """Return values by dotted name in units of the prior."""
        return np.array([in_units(factor, values[factor.name]) for factor in self.factors])

    def changes(self, units: np.ndarray) -> dict[str, Any]:
        """Return the values that differ from the point searched from."""
        moved = np.flatnonzero(units != self.base)
        return {self.factors[i].name: self.factors[i].at(float(np.clip(units[i], 0.0, 1.0))) for i in moved}

    def effects(self, units: np.ndarray, runs: range, confidence: float = CONFIDENCE) -> dict[str, Interval]:
        """Return the effects of the claim's tested parts at a point, on these runs."""
        there = self.point.at(self.changes(units))
        protocols = [protocol for part in self.claim.tested for protocol in part.estimand.protocols]
        ended = run_paired(there, protocols, runs, seed=self.seed, precision=self.precision, threads=1)
        level = self.claim.confidence(confidence)
        return {part.name: part.estimand.measured(ended, level) for part in self.claim.tested}

    def margin(self, units: np.ndarray) -> float:
        """Return by how much a point is flipped if confirming runs narrow its intervals; negative if it is not."""
        key = units.tobytes()
        if key not in self.known:
            effects, narrower = self.effects(units, range(self.runs)), min(1.0, self.runs / self.confirming) ** 0.5
            margins = []
            for part in self.claim.tested:
                middle, reach = effects[part.name].estimate, effects[part.name].half_width * narrower
                margins.append(part.rule.margin(self.kind, middle - reach, middle + reach))
            self.known[key] = max(margins) if self.claim.any_part and self.kind == HOLDS else min(margins)
        return self.known[key]

    def flipped(self, units: np.ndarray) -> bool:
        """Return whether a point is flipped."""
        return self.margin(units) >= 0

    def distance(self, units: np.ndarray) -> float:
        """Return the distance of a point from the one searched from."""
        return float(np.linalg.norm(units - self.base))

    def between(self, units: np.ndarray, share: float) -> np.ndarray:
        """Return a share of the way to a point, within the prior."""
        there, moved = self.base.copy(), units != self.base
        there[moved] = np.clip(self.base[moved] + share * (units - self.base)[moved], 0.0, 1.0)
        return there

    def put_back(self, units: np.ndarray) -> np.ndarray:
        """Return the point with as many parameters put back as possible, still flipped."""
        moved = np.flatnonzero(units != self.base)
        size = len(moved)
        while size > 1:
            size = (size + 1) // 2
            for first in range(0, len(moved), size):
                fewer = units.copy()
                fewer[moved[first : first + size]] = self.base[moved[first : first + size]]
                if self.flipped(fewer):
                    units = fewer
            moved = np.flatnonzero(units != self.base)
            size = min(size, len(moved))
        return units

    def shortened(self, units: np.ndarray) -> np.ndarray:
        """Return a nearer point, first along the way, then wherever the optimizer finds one."""
        from scipy.optimize import minimize

        near, far = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            near, far = (near, middle) if self.flipped(self.between(units, middle)) else (middle, far)
        best = self.between(units, far)
        moved = np.flatnonzero(best != self.base)
        if len(moved) < 2:
            return best

        def margin(offsets: np.ndarray) -> float:
            nonlocal best
            there = self.base.copy()
            there[moved] = np.clip(self.base[moved] + offsets, 0.0, 1.0)
            if self.flipped(there) and self.distance(there) < self.distance(best):
                best = there
            return self.margin(there)

        minimize(
            lambda offsets: float(np.linalg.norm(offsets)),
            best[moved] - self.base[moved],
            method="COBYLA",
            constraints={"type": "ineq", "fun": margin},
            options={"rhobeg": 0.25 * self.distance(best), "maxiter": STEPS},
        )
        return best

    def confirmed(self, units: np.ndarray, confidence: float, first: int) -> Flip | None:
        """Return the flip if fresh runs from `first` on confirm it, here or a little further away."""
        for look in range(LOOKS):
            there = self.between(units, FURTHER**look)
            fresh = range(first + look * self.confirming, first + (look + 1) * self.confirming)
            effects = self.effects(there, fresh, confidence)
            limits = {name: (effect.low, effect.high) for name, effect in effects.items()}
            kinds = {part.name: part.rule.possible(*limits[part.name]) for part in self.claim.tested}
            if self.claim.possible(kinds) == {self.kind}:
                moved = self.changes(there).items()
                changes = [Change(name=name, here=self.point.value(name), there=value) for name, value in moved]
                named = {part.name: Effect.of(part.estimand.words, effects[part.name]) for part in self.claim.tested}
                return Flip(kind=self.kind, distance=self.distance(there), changes=changes, effects=named)
        return None
