"""Prior shares: over how much of the prior an effect has one sign, the other, or neither."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.response_surface import (
    DIFFERENCE,
    AnalysisRequest,
    OutcomeName,
    Response,
    ResponseAnalysis,
    facts_of,
    response,
)
from feint.sim.results.report import Table, wrapped
from feint.sim.results.request import Confidence, Option
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, clopper_pearson
from feint.sim.sweeps.sweep_results import Sweep

LEAST = 0.02  # smallest effect that counts, by default
DRAWN = ("prior", "sobol", "lhs")  # designs whose points are a sample
METHOD = "Clopper–Pearson, unresolved points either way"


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
        count, sure, most = (int(answers.sum()) for answers in (is_it, certain, possible))
        sampling, lowest, highest = (clopper_pearson(n, len(is_it), confidence) for n in (count, sure, most))
        interval = replace(sampling, low=lowest.low, high=highest.high, method=METHOD)
        return cls(count=count, certain=sure, possible=most, interval=interval, sampling=sampling)


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
        return {"holds": self.holds, "reversed": self.reversed, "neither": self.neither}

    def blocks(self) -> Iterator[str | Table]:
        """Yield what is counted, and a table of the kinds."""
        level = f"{100 * self.confidence:g} %"
        sample = f"shares of {self.of_what}, {self.points:,} points"
        left = f"{self.unresolved:,} are unresolved: the {level} interval of their own runs holds a limit"
        kinds = f"holds: {self.least:+g} or more; reversed: {-self.least:+g} or less"
        yield "\n".join([self.response.title, wrapped(f"{sample}; {left}"), kinds])
        yield Table(
            list(self.kinds.items()),
            {
                "": lambda row: row[0],
                "points": lambda row: row[1].count,
                f"share, {level}": lambda row: row[1].interval,
                "certain": lambda row: row[1].certain,
                "possible": lambda row: row[1].possible,
                "sampling alone": lambda row: f"[{row[1].sampling.low:.3f}, {row[1].sampling.high:.3f}]",
            },
            rule=False,
        )


def prior_share(response: Response, least: float = LEAST, *, confidence: float = CONFIDENCE) -> PriorShare:
    """Return the shares of the prior, or of the ranges varied, where an effect holds, is reversed, or is neither.

    The points are the sample, and the limits are exact binomial ones. Points of a Sobol sequence and of a Latin
    hypercube are spread more evenly than independent ones, so that these limits are as a rule too wide, which is not
    proved for every response. `Share.sampling` takes each estimate at face value: with common streams one sampling
    error moves all points together, and where the effect crosses `least` slowly it then misses the share more often
    than not. `Share.interval` does not.

    Parameters
    ----------
    response
        The effect at every point.
    least
        Smallest effect that counts; its negative or less counts as reversed.
    confidence
        Confidence level of all intervals.

    Raises
    ------
    InputError
        If the points of the design are no sample, or `least` is not above 0.

    """
    check_confidence(confidence)
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 < least < np.inf:
        raise InputError(f"least = {least!r} is not valid: it must be a number above 0.")
    study = response.study
    if study.design not in DRAWN:
        raise InputError(f"design = {study.design!r} is no sample of points: a share needs one of {', '.join(DRAWN)}.")
    limits = [(interval.low, interval.high) for interval in response.intervals(confidence)]
    value, (low, high) = response.value, np.array(limits).T
    answers = {
        "holds": (value >= least, low >= least, high >= least),
        "reversed": (value <= -least, high <= -least, low <= -least),
        "neither": (abs(value) < least, (low > -least) & (high < least), (low < least) & (high > -least)),
    }
    shares = {name: Share.of(*columns, confidence) for name, columns in answers.items()}
    resolved = np.any([certain for _, certain, _ in answers.values()], axis=0)
    whole = study.design == "prior" or all(spec == "prior" for spec in study.vary.values())
    return PriorShare(
        **facts_of(response, confidence),
        of_what="the prior" if whole else "the ranges varied",
        least=float(least),
        points=len(value),
        unresolved=int((~resolved).sum()),
        holds=shares["holds"],
        reversed=shares["reversed"],
        neither=shares["neither"],
    )


@dataclass(frozen=True, kw_only=True)
class ShareRequest(AnalysisRequest):
    """In what share of the parameter ranges does pre-training raise, lower or not change the outcome?"""

    kind = "share"
    drawn = False

    least: Annotated[float, Option("A difference smaller than this counts as none.", "X")] = LEAST
    outcome: OutcomeName = DECEPTIVE
    confidence: Confidence = CONFIDENCE

    def analyse(self, sweep: Sweep) -> PriorShare:
        """Return the shares of the sweep's points."""
        return prior_share(response(sweep, DIFFERENCE, self.outcome), self.least, confidence=self.confidence)
