"""The prior, or a table of draws: draws, and over how much of it an effect has one sign or the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, log
from operator import itemgetter
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.sim.analysis import response_surface
from feint.sim.analysis.claims import HOLDS, KINDS, LEAST, REVERSED, Rule, rises
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.response_surface import AnalysisRequest, OutcomeName, Response, ResponseAnalysis
from feint.sim.results.figure_style import COLUMN_WIDTH
from feint.sim.results.report import Number, Table, wrapped
from feint.sim.results.request import Confidence, Option
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.statistics.weighted import effective_size, share_over
from feint.sim.sweeps.experimental_designs import weights_of
from feint.sim.sweeps.factors import Factor, prior_factors
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep
from feint.sim.training.parameter_point import Point

DRAWN = ("prior", "sobol", "lhs", "table")  # designs whose points are a sample; of a table perhaps a weighted one
SIZES = (0.02, 0.05, 0.1, 0.2)  # of effects, whose shares are reported
METHOD = "Clopper–Pearson, unresolved points either way"
DOUBTED = "Clopper–Pearson, and mistakes at unresolved points"
UNEVEN = 2 / 3  # of the expected mistakes in one direction: twice as many points on one side of a limit as on the other


def check_least(least: float) -> float:
    """Return the smallest effect that counts; raises `InputError` unless it is a number above 0."""
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 < least < np.inf:
        raise InputError(f"least = {least!r} is not valid: it must be a number above 0.")
    return float(least)


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
    interval: Annotated[
        Interval,
        Field(serialization_alias="share", description="that also covers what the points' own runs leave unresolved"),
    ]
    sampling: Annotated[
        Interval, Field(description="limits from the points alone, which take each estimate at face value")
    ]

    @classmethod
    def of(
        cls,
        is_it: np.ndarray,
        certain: np.ndarray,
        possible: np.ndarray,
        confidence: float,
        weights: np.ndarray | None = None,
        doubts: np.ndarray | None = None,
    ) -> Share:
        """Return the share of points (points,) of a kind, certainly of it, and possibly of it; with their weights.

        `doubts` bound the chance (points,) that it is mistaken whether a point is of the kind. With them, limits are

            low = p - √((p - low₀)² + (2/3 D)²),   D = Σ w doubt over unresolved points of the kind,
            high = p + √((high₀ - p)² + (2/3 D')²),   D' the same over others that may be of it,

        p the share, w the weights, which sum to 1, and low₀ and high₀ the limits from the points alone, in which the
        spread of mistakes is counted already: D is for what does not cancel. Were points spread evenly around a limit,
        mistakes in both directions would; 2/3 of those in one are left if twice as many lie on its one side as on its
        other. Without doubts, unresolved points count in full, which is right whatever their errors have in common.
        """
        count, sure, most = (int(points.sum()) for points in (is_it, certain, possible))
        sampling = share_over(is_it, weights, confidence)
        if doubts is None:
            ends = share_over(certain, weights, confidence).low, share_over(possible, weights, confidence).high
        else:
            ends = _doubted(sampling, is_it & ~certain, possible & ~is_it, doubts, weights)
        method = METHOD if doubts is None else DOUBTED
        method = method if weights is None else f"{method}; {sampling.method.rpartition(' of ')[2]}"
        interval = replace(sampling, low=ends[0], high=ends[1], method=method)
        return cls(count=count, certain=sure, possible=most, interval=interval, sampling=sampling)


def shares_of(
    kinds: Sequence[str],
    possible: Sequence[frozenset[str]],
    doubts: Mapping[Any, np.ndarray] | None = None,
    *,
    confidence: float = CONFIDENCE,
    weights: np.ndarray | None = None,
) -> dict[str, Share]:
    """Return the shares of points where a claim holds, is reversed, or is neither, from its kind and possible kinds.

    `doubts` are those of `Share.of` by kind, of points whose runs are independent of those of the others.
    """
    return {
        kind: Share.of(
            np.array([estimated == kind for estimated in kinds]),
            np.array([allowed == {kind} for allowed in possible]),
            np.array([kind in allowed for allowed in possible]),
            confidence,
            weights,
            doubts[kind] if doubts else None,
        )
        for kind in KINDS
    }


def _doubted(
    sampling: Interval, lose: np.ndarray, gain: np.ndarray, doubts: np.ndarray, weights: np.ndarray | None
) -> tuple[float, float]:
    """Return the limits of a share from the points that it may lose, and that it may gain, by mistake (points,)."""
    parts = np.full(len(doubts), 1 / len(doubts)) if weights is None else weights / weights.sum()
    out, into = (UNEVEN * float(parts[of] @ doubts[of]) for of in (lose, gain))
    share = sampling.estimate
    return max(0.0, share - hypot(share - sampling.low, out)), min(1.0, share + hypot(sampling.high - share, into))


Judged = tuple[list[str], list[frozenset[str]], dict[str, np.ndarray]]
"""Per draw, its kind by the estimate, the kinds that its interval allows, and by kind the doubt about it (draws,)."""


def judged(rule: Rule, limits: np.ndarray, confidence: float) -> Judged:
    """Return what a rule says of draws from their estimates and limits at a confidence level (draws, 3)."""
    rows = limits.tolist()
    kinds, possible = [rule.kind(row[0]) for row in rows], [rule.possible(low, high) for _, low, high in rows]
    doubts = [rule.doubts(estimate, low, high, confidence) for estimate, low, high in rows]
    return kinds, possible, {kind: np.array([of[kind] for of in doubts]) for kind in KINDS}


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """Shares of draws whose effect is at least a size, in either direction."""

    size: float
    above: Annotated[Interval, Field(description="effects of at least the size")]
    below: Annotated[Interval, Field(description="effects of at most its negative")]


@dataclass(frozen=True, kw_only=True)
class EffectSpread:
    """Distribution of an effect over draws."""

    lower: Annotated[Number, Field(description="lower quartile of the estimates")]
    median: Annotated[Number, Field(description="median of the estimates")]
    upper: Annotated[Number, Field(description="upper quartile of the estimates")]
    beyond: list[Beyond]

    @classmethod
    def of(cls, limits: np.ndarray, level: float, weights: np.ndarray | None = None) -> Self:
        """Return the distribution of effects from their limits at a confidence level (draws, 3), and their weights."""
        known: dict[str, Any] = {} if weights is None else {"weights": weights, "method": "inverted_cdf"}
        lower, median, upper = np.quantile(limits[:, 0], (0.25, 0.5, 0.75), **known).tolist()
        beyond = []
        for size in SIZES:
            kinds, possible, doubts = judged(rises(size), limits, level)
            shares = shares_of(kinds, possible, doubts, weights=weights)
            beyond.append(Beyond(size=size, above=shares[HOLDS].interval, below=shares[REVERSED].interval))
        return cls(lower=lower, median=median, upper=upper, beyond=beyond)

    def text(self) -> str:
        """Return the distribution in words."""
        shares = ", ".join(
            f"{of.size:g} in {of.above.estimate:.2f} (-{of.size:g} in {of.below.estimate:.2f})" for of in self.beyond
        )
        quartiles = f"median {self.median:+.3f}, quartiles {self.lower:+.3f} and {self.upper:+.3f}"
        return f"{quartiles}; beyond {shares} of it"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PriorShare(ResponseAnalysis):
    """Over how much of the prior an effect of at least `least` holds, is reversed, or is neither."""

    kind = "share"
    libraries = ("scipy",)
    size = (COLUMN_WIDTH, 1)
    series: ClassVar = {"share": "share, from certain to possible points", "sampling": "limits from the points alone"}

    of_what: str
    least: float
    points: int
    unresolved: Annotated[int, Field(description="points whose own interval contains `least`, or its negative")]
    holds: Share
    reversed: Share
    neither: Share
    effective: Annotated[
        float | None, Field(description="effective sample size of a table whose points differ in weight; else null")
    ] = None

    @property
    def kinds(self) -> dict[str, Share]:
        """The shares by name."""
        return {kind: getattr(self, kind) for kind in KINDS}

    def blocks(self) -> Iterator[str | Table]:
        """Yield what is counted, and a table of the kinds."""
        level = f"{100 * self.confidence:g} %"
        sample = f"shares of {self.of_what}, {self.points:,} points"
        sample += "" if self.effective is None else f" by weight (effective sample size {self.effective:.1f})"
        left = f"{self.unresolved:,} are unresolved: the {level} interval of their own runs holds a limit"
        kinds = f"holds: {self.least:+g} or more; reversed: {-self.least:+g} or less"
        yield "\n".join([self.response.heading, wrapped(f"{sample}; {left}"), kinds])
        alone = {"sampling alone": lambda row: f"[{row['sampling'].low:.3f}, {row['sampling'].high:.3f}]"}
        same = {name: name for name in ("certain", "possible")}
        names = {"": "kind", "points": "points", f"share, {level}": "share", **same}
        yield Table(self.rows(), {heading: itemgetter(name) for heading, name in names.items()} | alone, rule=False)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per kind of points."""
        return [
            {"kind": kind, "points": share.count, "share": share.interval, "sampling": share.sampling}
            | {"certain": share.certain, "possible": share.possible}
            for kind, share in self.kinds.items()
        ]

    def draw(self, panels: Any) -> None:
        """Draw the shares of the kinds."""
        super().draw(panels)
        panels[0, 0].set_title(self.response.title.replace(", ", ",\n"), fontsize=8, loc="left")
        panels[0, 0].set_xlabel(f"share of {self.of_what}")


def prior_share(response: Response, least: float = LEAST, *, confidence: float = CONFIDENCE) -> PriorShare:
    """Return the shares of the prior, or of the ranges varied, where an effect holds, is reversed, or is neither.

    The limits are exact binomial ones of the points. `Share.sampling` takes each estimate at face value;
    `Share.interval` also covers unresolved points: with common streams, where one sampling error moves all points,
    counted in full, with independent ones by the chance that they are of another kind. `-least` or less counts as
    reversed. Points where no run of an arm converged are left out, if converged runs are counted. Raises `InputError`
    if the points of the design are no sample, or `least` is not above 0. Points of a table count by their weights, and
    limits are those of the effective sample size.
    """
    check_confidence(confidence)
    response = response.known()
    study, rule = response.study, rises(check_least(least))
    if study.design not in DRAWN:
        raise InputError(f"design = {study.design!r} is no sample of points: a share needs one of {', '.join(DRAWN)}.")
    intervals = response.intervals(confidence)
    limits = np.array([(value, of.low, of.high) for value, of in zip(response.value, intervals, strict=True)])
    kinds, possible, doubts = judged(rule, limits, intervals[0].confidence)
    weights = weights_of(response.points)
    counted = doubts if study.streams == "independent" else None
    shares: dict[str, Any] = {**shares_of(kinds, possible, counted, confidence=confidence, weights=weights)}
    whole = study.design == "prior" or all(spec == "prior" for spec in study.vary.values())
    return PriorShare(
        **response.facts(confidence),
        of_what="the table" if study.design == "table" else "the prior" if whole else "the ranges varied",
        least=float(least),
        points=len(kinds),
        unresolved=sum(len(allowed) > 1 for allowed in possible),
        effective=None if weights is None else effective_size(weights),
        **shares,
    )


@dataclass(frozen=True, kw_only=True)
class ShareRequest(AnalysisRequest):
    """Share of the parameter ranges in which pre-training raises, lowers or does not change the outcome."""

    kind = "share"

    least: Annotated[float, Option("A difference smaller than this counts as none.", "X")] = LEAST
    outcome: OutcomeName = DECEPTIVE
    confidence: Confidence = CONFIDENCE

    def analyse(self, sweep: Sweep) -> PriorShare:
        """Return the shares of the sweep's points."""
        difference = response_surface.response(sweep, response_surface.DIFFERENCE, self.outcome, self.among)
        return prior_share(difference, self.least, confidence=self.confidence)
