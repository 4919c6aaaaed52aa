"""Regions: boxes of parameters in which a response is high or low, said in words."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from feint.agents.errors import InputError
from feint.sim.analysis.response_surface import DIFFERENCE, Response, score_interval
from feint.sim.analysis.trees import Condition, Tree
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence

FEWEST = 40  # points: one half finds the regions, the other judges them
EVEN = ("grid", "lhs", "sobol", "prior", "table")  # designs whose points stand for the space
METHOD = "t over held-out points, and the luck of their runs"


@dataclass(frozen=True, kw_only=True)
class Region:
    """A box, the share of points in it and the response's mean there, both over points that it was not found on."""

    conditions: tuple[Condition, ...]
    points: int
    share: float
    mean: Interval

    @property
    def where(self) -> str:
        """Its conditions in words."""
        return " and ".join(each.text for each in self.conditions) or "everywhere"


@dataclass(frozen=True, kw_only=True, eq=False)
class Regions:
    """Boxes that together hold every point, from the highest mean to the lowest."""

    response: Response
    regions: tuple[Region, ...]
    explained: float | None  #: share of the variance over held-out points; None where they do not vary
    found_on: int  #: points
    held_out: int  #: points

    def sentences(self) -> list[str]:
        """Each region in words."""
        sign = "+" if self.response.of == DIFFERENCE else ""
        return [
            f"{each.where}: {self.response.noun} {each.mean.estimate:{sign}.2f} "
            f"[{each.mean.low:{sign}.2f}, {each.mean.high:{sign}.2f}] in {100 * each.share:.0f} % of the points"
            for each in self.regions
        ]


def regions(response: Response, *, confidence: float = CONFIDENCE, seed: int = 0) -> Regions:
    """The leaves of a regression tree that is grown on one half of the points, drawn by `seed`.

    Means, intervals and shares are those of the other half, which had no part in the choice of the boxes. Each point
    weighs the same however many runs it has, since a region is a share of the points. Raises `InputError` for a design
    whose points do not stand for the space, and for fewer than FEWEST points.
    """
    check_confidence(confidence)
    design, count = response.study.design, len(response.value)
    if design not in EVEN:
        raise InputError(
            f"design = {design!r} has no points that stand for the space: regions need one of {', '.join(EVEN)}."
        )
    if count < FEWEST:
        raise InputError(
            f"{count} points are too few: one half finds regions and the other judges them, so {FEWEST} are needed."
        )
    drawn = np.random.default_rng([seed, count]).permutation(count)
    finding, judging = drawn[: count // 2], drawn[count // 2 :]
    tree = Tree.of(response, finding, seed)
    leaf = tree.leaves(response)[judging]
    found = []
    for at, conditions in tree.boxes().items():
        inside = judging[leaf == at]
        mean = mean_over(response, inside, confidence)
        share = len(inside) / len(judging)
        found.append(Region(conditions=conditions, points=len(inside), share=share, mean=mean))
    return Regions(
        response=response,
        regions=tuple(sorted(found, key=lambda each: -each.mean.estimate)),
        explained=_explained(response.value[judging], leaf),
        found_on=len(finding),
        held_out=len(judging),
    )


def mean_over(response: Response, rows: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """The mean of a response over some points, with an interval for the mean over all points like them.

    Two things are uncertain: which points were drawn, by Student's t over them; and how their runs went, by the score
    interval of the mean counts. With common streams the points share their runs, so that these count once and not once
    a point. The two are joined as for independent ones, each limit apart (MOVER: Zou and Donner 2008,
    doi:10.1002/sim.3095). Of a single point the interval is all that is possible.
    """
    from scipy.stats import t

    values, bounds = response.value[rows], response.bounds
    middle = float(values.mean()) if len(values) else float("nan")
    low, high = bounds
    if len(values) > 1:
        reach = float(t.ppf((1 + confidence) / 2, len(values) - 1)) * float(values.std(ddof=1)) / sqrt(len(values))
        luck = _luck(response, rows, confidence)
        low = max(low, middle - sqrt(reach**2 + (middle - luck.low) ** 2)) if luck else middle - reach
        high = min(high, middle + sqrt(reach**2 + (luck.high - middle) ** 2)) if luck else middle + reach
    return Interval(estimate=middle, low=low, high=high, confidence=confidence, method=METHOD)


def _luck(response: Response, rows: np.ndarray, confidence: float) -> Interval | None:
    """The interval of a mean over given points; None of a function."""
    if response.gained is None or response.lost is None or response.runs is None:
        return None
    runs = response.runs[rows]
    of_all = float(runs.min() if response.study.streams == "common" else runs.sum())
    gained, lost = (float((counts[rows] / runs).mean()) * of_all for counts in (response.gained, response.lost))
    return score_interval(response.of, gained, lost, of_all, confidence)


def _explained(values: np.ndarray, leaf: np.ndarray) -> float | None:
    """1 - the variance within leaves over the variance, of held-out points."""
    if np.ptp(values) == 0:
        return None
    within = sum(((values[leaf == at] - values[leaf == at].mean()) ** 2).sum() for at in np.unique(leaf))
    return 1 - float(within / ((values - values.mean()) ** 2).sum())
