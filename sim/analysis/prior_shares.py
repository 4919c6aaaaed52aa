"""Shares: over how much of the prior an effect has one sign, the other, or neither."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from feint.agents.errors import InputError
from feint.sim.analysis.response_surface import Response
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, clopper_pearson

LEAST = 0.02  # an effect below it counts as none, unless another is asked for
DRAWN = ("prior", "sobol", "lhs")  # designs whose points are a sample


@dataclass(frozen=True, kw_only=True)
class Share:
    """The points of one kind: how many are, how many are so beyond the luck of their runs, and how many may be."""

    count: int
    certain: int  #: their own interval lies within the kind
    possible: int  #: their own interval reaches into the kind
    interval: Interval  #: from the lower limit of `certain` to the upper limit of `possible`
    sampling: Interval  #: of `count` alone: it takes each point for what its runs say

    @classmethod
    def of(cls, is_it: np.ndarray, certain: np.ndarray, possible: np.ndarray, confidence: float) -> Share:
        """From three answers a point (points,)."""
        count, sure, most = (int(answers.sum()) for answers in (is_it, certain, possible))
        found, least, greatest = (clopper_pearson(n, len(is_it), confidence) for n in (count, sure, most))
        how = "Clopper–Pearson, unresolved points either way"
        whole = replace(found, low=least.low, high=greatest.high, method=how)
        return cls(count=count, certain=sure, possible=most, interval=whole, sampling=found)


@dataclass(frozen=True, kw_only=True, eq=False)
class Shares:
    """Where an effect of at least `least` holds, is reversed, or is neither."""

    response: Response
    least: float
    unresolved: int  #: points whose own interval holds `least`, or its negative
    kinds: dict[str, Share]  #: holds, reversed, neither

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self.response.value)

    @property
    def of_what(self) -> str:
        """What the shares are shares of."""
        whole = self.response.study.design == "prior" or all(
            spec == "prior" for spec in self.response.study.vary.values()
        )
        return "the prior" if whole else "the ranges varied"


def shares(response: Response, least: float = LEAST, *, confidence: float = CONFIDENCE) -> Shares:
    """The shares of the prior, or of the ranges varied, where an effect holds, is reversed, or neither.

    It holds where it is `least` or more, and is reversed where it is -`least` or less. The points are the sample, and
    the limits are exact binomial ones. Points of a Sobol sequence and of a Latin hypercube lie more evenly than
    independent ones, so that these limits are as a rule too wide, which is not proved for every response. `sampling`
    takes each point for what its runs say; with common streams luck moves all points together, and where the effect
    crosses `least` slowly it then misses the share more often than it holds it. `interval` does not. Raises
    `InputError` for a design whose points are no sample, and where `least` is not above 0.
    """
    check_confidence(confidence)
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 < least < np.inf:
        raise InputError(f"least = {least!r} is not valid: it must be a number above 0.")
    if response.study.design not in DRAWN:
        raise InputError(
            f"design = {response.study.design!r} is no sample of points: a share needs one of {', '.join(DRAWN)}."
        )
    intervals = response.intervals(confidence)
    low, high = (np.array([getattr(each, end) for each in intervals]) for end in ("low", "high"))
    value = response.value
    answers = {
        "holds": (value >= least, low >= least, high >= least),
        "reversed": (value <= -least, high <= -least, low <= -least),
        "neither": (abs(value) < least, (low > -least) & (high < least), (low < least) & (high > -least)),
    }
    resolved = np.any([certain for _, certain, _ in answers.values()], axis=0)
    return Shares(
        response=response,
        least=float(least),
        unresolved=int((~resolved).sum()),
        kinds={name: Share.of(*each, confidence) for name, each in answers.items()},
    )
