"""Estimands: the numbers that claims speak of, measured on paired runs of training protocols, with their intervals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from math import log2
from typing import Any, Self

import numpy as np

from feint.agents.outcome import Outcome
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.results.report import Number
from feint.sim.statistics.intervals import (
    CONFIDENCE,
    Interval,
    bounded_mean,
    frequency_interval,
    mean_of,
    student,
    tango,
)

DECEPTIVE = Outcome.DECEPTIVE.label
Ended = Mapping[TrainingProtocol, RunOutcomes]
"""Outcomes of each protocol, all on the same runs."""
Limits = tuple[float, float]
SHARE, SHARE_DIFFERENCE = (0.0, 1.0), (-1.0, 1.0)
"""Limits of a share, and of a difference of two shares."""


@dataclass(frozen=True)
class Estimand:
    """A number that is measured on the runs of the training protocols in its fields."""

    words: str
    limits: Limits | None = field(default=None, kw_only=True)  #: least and largest possible value, if they are declared

    def within_limits(self, interval: Interval) -> Interval:
        """Return an interval without what lies outside the declared limits of the estimand."""
        if self.limits is None:
            return interval
        least, most = self.limits
        return replace(interval, low=max(least, interval.low), high=min(most, interval.high))

    def _named(self) -> dict[str, TrainingProtocol]:
        values = {known.name: getattr(self, known.name) for known in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, TrainingProtocol)}

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The protocols that must be trained."""
        return tuple(self._named().values())

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        raise NotImplementedError

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """Return the estimand at changed parameters; what a protocol itself changes stays."""
        return replace(self, **{name: its.with_defaults(changes) for name, its in self._named().items()})  # pyright: ignore


@dataclass(frozen=True, kw_only=True)
class Effect(Interval):
    """An interval with the words for what it estimates."""

    estimate: Number
    low: Number
    high: Number
    quantity: str

    @classmethod
    def of(cls, estimand: Estimand, interval: Interval, **more: Any) -> Self:
        """Return an interval as the effect that an estimand describes, within the limits that it declares."""
        return cls(quantity=estimand.words, **vars(estimand.within_limits(interval)), **more)


@dataclass(frozen=True)
class Term:
    """Frequency of an outcome of a protocol, with a sign, which is a weight in a `Weighted` sum."""

    protocol: TrainingProtocol
    outcome: str = DECEPTIVE
    sign: float = 1


@dataclass(frozen=True)
class Frequency(Estimand):
    """A signed sum of frequencies over paired runs: Σ sign · [outcome], averaged over the runs.

    Its interval is `frequency_interval` of one term, Tango's of a difference, and `bounded_mean` of more terms.
    """

    terms: tuple[Term, ...]

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The protocols that must be trained."""
        return tuple(dict.fromkeys(term.protocol for term in self.terms))

    def scores(self, ended: Ended) -> np.ndarray:
        """Return the contribution of each run (runs,)."""
        happened = [ended[term.protocol].outcome == Outcome.named(term.outcome) for term in self.terms]
        return np.array([term.sign for term in self.terms]) @ np.array(happened, np.int64)

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        scores = self.scores(ended)
        up, down, runs = int((scores > 0).sum()), int((scores < 0).sum()), len(scores)
        signs = sorted(term.sign for term in self.terms)
        if signs == [1]:
            return frequency_interval(up, runs, confidence)
        if signs == [-1, 1]:
            return tango(up, down, runs, confidence)
        return bounded_mean(scores, len(signs), confidence)

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """Return the estimand at changed parameters; what a protocol itself changes stays."""
        terms = (replace(term, protocol=term.protocol.with_defaults(changes)) for term in self.terms)
        return replace(self, terms=tuple(terms))


@dataclass(frozen=True)
class StepRatio(Estimand):
    """Median of log₂ of one protocol's steps in the last stage over another's, run by run.

    A run that stopped short of its target would have needed more steps: the limits use the extreme ratios possible.
    """

    protocol: TrainingProtocol
    over: TrainingProtocol

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        one, other = ended[self.protocol], ended[self.over]
        return step_ratio(one.steps, other.steps, confidence, reached=(one.reached, other.reached))


@dataclass(frozen=True)
class Loss(Estimand):
    """Mean difference between what another protocol and this one reach, over paired runs, with Student's interval."""

    protocol: TrainingProtocol
    than: TrainingProtocol
    of: str = "performance"  #: name of a number of `RunOutcomes`

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        return student(getattr(ended[self.than], self.of) - getattr(ended[self.protocol], self.of), confidence)


@dataclass(frozen=True)
class MeanEstimand(Estimand):
    """Mean over runs of a number computed from how a protocol ended, less that of another one; interval `mean_of`."""

    of: Callable[[RunOutcomes], np.ndarray]  #: (runs,)
    protocol: TrainingProtocol
    than: TrainingProtocol | None = None
    bound: int = 1  #: the number lies within ±bound

    def values(self, ended: Ended) -> np.ndarray:
        """Return the contribution of each run (runs,)."""
        numbers = self.of(ended[self.protocol])
        return numbers - self.of(ended[self.than]) if self.than else numbers

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        return mean_of(self.values(ended), self.bound * len(self.protocols), confidence)


def difference(words: str, plus: TrainingProtocol, minus: TrainingProtocol, outcome: str = DECEPTIVE) -> Frequency:
    """Return how much more often one protocol ends in an outcome than another."""
    return Frequency(words, (Term(plus, outcome), Term(minus, outcome, -1)))


def frequency(words: str, protocol: TrainingProtocol, outcome: str = DECEPTIVE) -> Frequency:
    """Return how often a protocol ends in an outcome."""
    return Frequency(words, (Term(protocol, outcome),))


def step_ratio(
    steps: np.ndarray,
    others: np.ndarray,
    confidence: float = CONFIDENCE,
    *,
    reached: tuple[np.ndarray, np.ndarray] | None = None,
) -> Interval:
    """Return the median of log₂(steps / others) over the same runs (runs,), with limits of order statistics.

    `reached` says whether each run reached its target under either protocol; others may have needed any more steps.
    """
    steps, others = (np.maximum(counts, 1) for counts in (steps, others))
    ratios, widest = np.log2(steps / others), log2(max(steps.max(), others.max()))
    whole, others_whole = reached or (np.ones(len(steps), bool),) * 2
    least = middle(np.where(others_whole, ratios, -widest), (-widest, widest), confidence)
    most = middle(np.where(whole, ratios, widest), (-widest, widest), confidence)
    return replace(most, estimate=float(np.median(ratios)), low=min(least.low, most.low))


def middle(
    values: np.ndarray, ends: tuple[float, float] = (-np.inf, np.inf), confidence: float = CONFIDENCE
) -> Interval:
    """Return the median of values (runs,) with limits of order statistics; `ends` replace limits of too few runs."""
    from scipy.stats import quantile_test

    limits = quantile_test(values, p=0.5).confidence_interval(confidence)
    low, high = (float(limit if np.isfinite(limit) else end) for limit, end in zip(limits, ends, strict=True))
    estimate, method = float(np.median(values)), "order statistics, paired"
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method=method)
