"""ROC curves: how well scores separate two kinds of runs."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import load_extra
from feint.sim.results.report import Hidden
from feint.sim.statistics.intervals import CONFIDENCE, Interval, frequency_interval

FEW = 20  #: of a kind, below which a number is said to rest on few
RESAMPLES = 499  # of an interval
BANDS = 199  # of the band of a curve
GRID = np.linspace(0, 1, 201)  #: false-alarm rates at which a band is drawn
METHOD = "percentile bootstrap over runs, stratified"
OF_CAUGHT = "percentile bootstrap over runs and threshold, joined with the exact one at the threshold"
ROUNDING = 1e-9  # of a number of runs


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """ROC curve: detection rate by false-alarm rate, with a band at the rates of GRID."""

    false_alarms: list[float]
    detections: list[float]
    low: Hidden[np.ndarray]
    high: Hidden[np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Separation:
    """Separation of one kind of runs from another by scores; fields are None if one of the two has no run."""

    positives: int
    negatives: int
    auc: Interval | None
    caught: Annotated[
        Interval | None,
        Field(description="share of the positives above the threshold that keeps to the false-alarm rate, ties spared"),
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

    The threshold is the one that catches most with at most `false_alarms` of the negatives at or above it. What is
    caught has an interval that covers the threshold's own uncertainty: that of a bootstrap over the runs of both kinds,
    each with its threshold, joined with the exact one for a known threshold.
    """
    counts = {"positives": len(positives), "negatives": len(negatives)}
    if not min(counts.values()):
        return Separation(**counts, auc=None, caught=None)
    area = _area(positives, negatives, confidence)
    caught = share_caught(positives, negatives, false_alarms)
    known = frequency_interval(round(caught * len(positives)), len(positives), confidence)
    generator = np.random.default_rng(0)
    drawn = [
        share_caught(
            *(generator.choice(scores, len(scores)) for scores in (positives, negatives)), false_alarms=false_alarms
        )
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(drawn, [0.5 - confidence / 2, 0.5 + confidence / 2]).tolist()
    joined = replace(known, low=min(low, known.low), high=max(high, known.high), method=OF_CAUGHT)
    return Separation(**counts, auc=area, caught=joined)


def share_caught(positives: np.ndarray, negatives: np.ndarray, false_alarms: float) -> float:
    """Return the share of positives above the threshold that suspects at most `false_alarms` of the negatives.

    Of n negatives at most k = ⌊false_alarms · n⌋ may be suspected, so that the threshold lies just above the one with
    the (k + 1)th largest score; what ties with that one is not suspected.
    """
    spared = len(negatives) - 1 - int(false_alarms * len(negatives) + ROUNDING)
    return float((positives > np.partition(negatives, spared)[spared]).mean())


def curve(positives: np.ndarray, negatives: np.ndarray, *, confidence: float = CONFIDENCE) -> Curve | None:
    """Return the ROC curve with its pointwise band; None if one of the two has no run."""
    if not min(len(positives), len(negatives)):
        return None
    rate, hit = _rates(positives, negatives)
    generator, drawn = np.random.default_rng(0), np.empty((BANDS, len(GRID)))
    for row in drawn:
        again = _rates(generator.choice(positives, len(positives)), generator.choice(negatives, len(negatives)))
        row[:] = np.interp(GRID, *again)
    low, high = np.quantile(drawn, [0.5 - confidence / 2, 0.5 + confidence / 2], axis=0)
    return Curve(false_alarms=rate.tolist(), detections=hit.tolist(), low=low, high=high)


def _labelled(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and scores of both kinds together."""
    return np.repeat([1, 0], [len(positives), len(negatives)]), np.concatenate([positives, negatives])


def _rates(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false-alarm rates and detection rates."""
    return load_extra("sklearn.metrics", "judging auditors").roc_curve(*_labelled(positives, negatives))[:2]


def _area(positives: np.ndarray, negatives: np.ndarray, confidence: float) -> Interval:
    """Return the area under the curve."""
    from scipy.stats import bootstrap

    labels, scores = _labelled(positives, negatives)
    area = load_extra("sklearn.metrics", "judging auditors").roc_auc_score(labels, scores)
    estimate, low, high, method = float(area), 0.0, 1.0, "none, of one run"
    if min(len(positives), len(negatives)) > 1:  # a single run does not show the spread of its kind
        places = np.unique(scores, return_inverse=True)[1]
        drawn = bootstrap(
            (places[: len(positives)], places[len(positives) :]),
            _above,
            n_resamples=RESAMPLES,
            batch=50,
            method="percentile",
            confidence_level=confidence,
            random_state=np.random.default_rng(0),  # pyright: ignore[reportCallIssue] - so called by all versions
        ).confidence_interval
        low, high, method = float(drawn.low), float(drawn.high), METHOD
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method=method)


def above(positives: np.ndarray, negatives: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the probability that a positive is above a negative, ties by half: Mann and Whitney's U / mn."""
    from scipy.stats import rankdata

    m, n = positives.shape[axis], negatives.shape[axis]
    ranks = rankdata(np.concatenate([positives, negatives], axis=axis), axis=axis)
    return (ranks[..., :m].sum(axis=-1) - m * (m + 1) / 2) / (m * n)


def _above(positives: np.ndarray, negatives: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return `above` of scores that are whole numbers from 0 on (..., runs), by counts and not by sorting."""
    assert axis in (-1, positives.ndim - 1)
    most, rows = int(max(positives.max(), negatives.max())) + 1, negatives.size // negatives.shape[-1]
    each = np.ravel(negatives.reshape(rows, -1) + most * np.arange(rows)[:, None])
    counts = np.bincount(each, minlength=most * rows).reshape(rows, most)
    below = np.cumsum(counts, axis=1) - counts / 2
    won = np.take_along_axis(below, positives.reshape(rows, -1), axis=1).sum(axis=1)
    return (won / (positives.shape[-1] * negatives.shape[-1])).reshape(positives.shape[:-1])
