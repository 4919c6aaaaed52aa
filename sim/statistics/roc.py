"""ROC curves: how well scores separate two kinds of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import load_extra
from feint.sim.results.report import Hidden
from feint.sim.statistics.intervals import CONFIDENCE, Interval, frequency_interval

FEW = 20  #: of a kind, below which a number is told to rest on few
RESAMPLES = 499  # of an interval
BANDS = 199  # of the band of a curve
GRID = np.linspace(0, 1, 201)  #: false-alarm rates at which a band is drawn
PURPOSE = "judging auditors"
METHOD = "percentile bootstrap over runs, stratified"


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """ROC curve: detection rate by false-alarm rate, with a band at the rates of GRID."""

    false_alarms: list[float]
    detections: list[float]
    low: Hidden[np.ndarray]
    high: Hidden[np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Separation:
    """How well one kind of runs is separated from another; fields are None if one of the two has no run."""

    positives: int
    negatives: int
    auc: Interval | None
    caught: Annotated[
        Interval | None,
        Field(description="share of the positives above the threshold that keeps to the false-alarm rate"),
    ]

    @computed_field(description="whether there are few runs of one kind")
    @property
    def few(self) -> bool:
        """Whether there are few runs of either kind."""
        return min(self.positives, self.negatives) < FEW


def separation(
    positives: np.ndarray, negatives: np.ndarray, *, false_alarms: float, confidence: float = CONFIDENCE
) -> Separation:
    """Return how well scores (runs,) separate positives from negatives.

    The area is the probability that a positive scores above a negative, ties by half; its interval is a bootstrap in
    each kind. The threshold is the one that catches most with at most `false_alarms` of the negatives above it. The
    interval of what is caught takes the threshold as given.
    """
    counts = {"positives": len(positives), "negatives": len(negatives)}
    if not min(counts.values()):
        return Separation(**counts, auc=None, caught=None)
    rate, hit, _ = _curve(positives, negatives)
    share = float(hit[rate <= false_alarms].max())
    caught = frequency_interval(round(share * len(positives)), len(positives), confidence)
    return Separation(**counts, auc=_area(positives, negatives, confidence), caught=caught)


def curve(positives: np.ndarray, negatives: np.ndarray, *, confidence: float = CONFIDENCE) -> Curve | None:
    """Return the ROC curve with its pointwise band; None if one of the two has no run."""
    if not min(len(positives), len(negatives)):
        return None
    rate, hit, _ = _curve(positives, negatives)
    generator, drawn = np.random.default_rng(0), np.empty((BANDS, len(GRID)))
    for row in drawn:
        again = _curve(generator.choice(positives, len(positives)), generator.choice(negatives, len(negatives)))
        row[:] = np.interp(GRID, again[0], again[1])
    low, high = np.quantile(drawn, [0.5 - confidence / 2, 0.5 + confidence / 2], axis=0)
    return Curve(false_alarms=rate.tolist(), detections=hit.tolist(), low=low, high=high)


def _curve(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return false-alarm rates, detection rates and thresholds."""
    return load_extra("sklearn.metrics", PURPOSE).roc_curve(*_labelled(positives, negatives))


def _area(positives: np.ndarray, negatives: np.ndarray, confidence: float) -> Interval:
    """Return the area under the curve."""
    from scipy.stats import bootstrap

    estimate = float(load_extra("sklearn.metrics", PURPOSE).roc_auc_score(*_labelled(positives, negatives)))
    if min(len(positives), len(negatives)) < 2:  # one run tells nothing of its kind's spread
        return Interval(estimate=estimate, low=0.0, high=1.0, confidence=confidence, method="none, of one run")
    drawn = bootstrap(
        (positives, negatives),
        above,
        n_resamples=RESAMPLES,
        batch=50,
        vectorized=True,
        method="percentile",
        confidence_level=confidence,
        random_state=np.random.default_rng(0),  # pyright: ignore[reportCallIssue] - so called by all versions
    ).confidence_interval
    return Interval(
        estimate=estimate, low=float(drawn.low), high=float(drawn.high), confidence=confidence, method=METHOD
    )


def above(positives: np.ndarray, negatives: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the probability that a positive is above a negative, ties by half: Mann and Whitney's U / mn."""
    from scipy.stats import rankdata

    m, n = positives.shape[axis], negatives.shape[axis]
    ranks = rankdata(np.concatenate([positives, negatives], axis=axis), axis=axis)
    return (ranks[..., :m].sum(axis=-1) - m * (m + 1) / 2) / (m * n)


def _labelled(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and scores of both kinds together."""
    return np.repeat([1, 0], [len(positives), len(negatives)]), np.concatenate([positives, negatives])
