"""The prior, or a table of draws: draws, and over how much of it an effect has one sign or the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from operator import itemgetter
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.sim.analysis import response_surface
from feint.sim.analysis.claims import KINDS, LEAST, rises
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.response_surface import AnalysisRequest, OutcomeName, Response, ResponseAnalysis
from feint.sim.results.figure_style import COLUMN_WIDTH
from feint.sim.results.report import Table, wrapped
from feint.sim.results.request import Confidence, Option
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.statistics.weighted import effective_size, share_over
from feint.sim.sweeps.experimental_designs import weights_of
from feint.sim.sweeps.factors import Factor, prior_factors
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep
from feint.sim.training.parameter_point import Point

DRAWN = ("prior", "sobol", "lhs", "table")  # designs whose points are a sample; of a table perhaps a weighted one
METHOD = "Clopper–Pearson, unresolved points either way"


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
    interval: Annotated[Interval, Field(serialization_alias="share", description="from certain to possible points")]
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
    ) -> Share:
        """Return the share of points (points,) of a kind, certainly of it, and possibly of it; with their weights."""
        count, sure, most = (int(points.sum()) for points in (is_it, certain, possible))
        sampling, lowest, highest = (share_over(points, weights, confidence) for points in (is_it, certain, possible))
        method = METHOD if weights is None else f"{METHOD}; {lowest.method.rpartition(' of ')[2]}"
        interval = replace(sampling, low=lowest.low, high=highest.high, method=method)
        return cls(count=count, certain=sure, possible=most, interval=interval, sampling=sampling)


def shares_of(
    kinds: Sequence[str],
    possible: Sequence[frozenset[str]],
    confidence: float = CONFIDENCE,
    weights: np.ndarray | None = None,
) -> dict[str, Share]:
    """Return the shares of points where a claim holds, is reversed, or is neither, from its kind and possible kinds."""
    return {
        kind: Share.of(
            np.array([estimated == kind for estimated in kinds]),
            np.array([allowed == {kind} for allowed in possible]),
            np.array([kind in allowed for allowed in possible]),
            confidence,
            weights,
        )
        for kind in KINDS
    }


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

    The limits are exact binomial ones of the points. `Share.sampling` takes each estimate at face value, although with
    common streams one sampling error moves all points; `Share.interval` does not. `-least` or less counts
    as reversed. Points where no run of an arm converged are left out, if converged runs are counted. Raises
    `InputError` if the points of the design are no sample, or `least` is not above 0. Points of a table count by their
    weights, and limits are those of the effective sample size.
    """
    check_confidence(confidence)
    response = response.known()
    study, rule = response.study, rises(check_least(least))
    if study.design not in DRAWN:
        raise InputError(f"design = {study.design!r} is no sample of points: a share needs one of {', '.join(DRAWN)}.")
    kinds = [rule.kind(value) for value in response.value.tolist()]
    possible = [rule.possible(interval.low, interval.high) for interval in response.intervals(confidence)]
    weights = weights_of(response.points)
    shares: dict[str, Any] = {**shares_of(kinds, possible, confidence, weights)}
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
