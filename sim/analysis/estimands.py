"""Estimands: the numbers that claims speak of, measured on paired runs of training protocols, with their intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import log2, nan
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field

from feint.agents.outcome import Outcome
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.results.report import Number
from feint.sim.statistics.intervals import (
    CONFIDENCE,
    FEW,
    Interval,
    SelectedPairs,
    bounded_mean,
    clopper_pearson,
    frequency_interval,
    look_confidence,
    mean_of,
    quantile_interval,
    student,
    tango,
)

DECEPTIVE = Outcome.DECEPTIVE.label
Ended = Mapping[TrainingProtocol, RunOutcomes]
"""Outcomes of each protocol, all on the same runs."""
Select = Callable[[RunOutcomes], np.ndarray]
"""Function that returns which runs are selected (runs,)."""
DIGITS = 12  # of a run's score, so that runs whose weights cancel score alike
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

    def among_converged(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval | None:  # noqa: ARG002
        """Return the number with each frequency among the converged runs of its protocol; None if it has none."""
        return None

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
    among_converged: Annotated[
        Interval | None,
        Field(description="with each frequency among converged runs; null if it is no frequency or was not computed"),
    ] = None

    @classmethod
    def of(cls, estimand: Estimand, interval: Interval, among_converged: Interval | None = None, **more: Any) -> Self:
        """Return an interval as the effect that an estimand describes, within the limits that it declares."""
        among = among_converged and estimand.within_limits(among_converged)
        return cls(quantity=estimand.words, **vars(estimand.within_limits(interval)), among_converged=among, **more)

    @classmethod
    def measured(cls, estimand: Estimand, ended: Ended, **more: Any) -> Self:
        """Return the effect that an estimand describes, over all runs and among converged ones."""
        return cls.of(estimand, estimand.measured(ended), estimand.among_converged(ended), **more)


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

    @property
    def bound(self) -> float:
        """Largest sum that a run can contribute, or its negative."""
        return max(sum(abs(term.sign) for term in self.terms if term.sign * side > 0) for side in (1, -1))

    def interval_of(self, scores: np.ndarray, confidence: float) -> Interval:
        """Return the interval of the mean of some runs' contributions (runs,)."""
        up, down, runs = int((scores > 0).sum()), int((scores < 0).sum()), len(scores)
        signs = sorted(term.sign for term in self.terms)
        if signs == [1]:
            return frequency_interval(up, runs, confidence)
        if signs == [-1, 1]:
            return tango(up, down, runs, confidence)
        return bounded_mean(scores, len(signs), confidence)

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        return self.interval_of(self.scores(ended), confidence)

    def is_counted(self, runs: RunOutcomes) -> np.ndarray:
        """Return which runs of a protocol are counted if only converged ones are (runs,)."""
        return runs.converged

    def among_converged(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the same sum with each frequency among the converged runs of its own protocol.

        The interval is that of `SelectedPairs` for a difference of two protocols. For other sums it is that of
        `measured` if the same runs converged in all protocols, else `mean_of` the linearised scores. If no run of a
        protocol converged the estimate is NaN, and the interval all that is possible.
        """
        counted = {protocol: self.is_counted(ended[protocol]) for protocol in self.protocols}
        if not all(runs.any() for runs in counted.values()):
            low, high = (sum(min(0, side * term.sign) * side for term in self.terms) for side in (1, -1))
            method = "no run selected"
            return Interval(estimate=nan, low=float(low), high=float(high), confidence=confidence, method=method)
        if len(counted) == 2 and sorted(term.sign for term in self.terms) == [-1, 1]:
            return self.compared(ended, self.is_counted, confidence)
        first, *others = counted.values()
        if all(np.array_equal(first, runs) for runs in others):
            return self.interval_of(self.scores(ended)[first], confidence)
        return self._rarely_differing(ended, counted, confidence) or self._linearised(ended, counted, confidence)

    def compared(self, ended: Ended, select: Select, confidence: float) -> Interval:
        """Return the difference of two frequencies, each among the selected runs of its protocol."""
        return self.compared_among(ended, (select, select), confidence)

    def compared_among(self, ended: Ended, selects: Sequence[Select], confidence: float) -> Interval:
        """Return the difference of two frequencies among the runs that each selects, the positive term first."""
        terms = sorted(self.terms, key=lambda term: -term.sign)
        runs = [ended[term.protocol] for term in terms]
        happened = [each.outcome == Outcome.named(term.outcome) for each, term in zip(runs, terms, strict=True)]
        selected = [select(each) for select, each in zip(selects, runs, strict=True)]
        return SelectedPairs.of(happened, selected).difference(confidence)

    def of_protocol(self, protocol: TrainingProtocol) -> Self:
        """Return the part of the sum that belongs to a protocol."""
        return replace(self, terms=tuple(term for term in self.terms if term.protocol == protocol))

    def scores_among_converged(self, ended: Ended) -> np.ndarray:
        """Return linearised scores (runs,), whose mean is the sum with each frequency among converged runs.

        With x_p a run's contribution by protocol p, and m_p the mean of it over the n_p converged ones of n runs, a run
        scores Σ_p m_p + (n / n_p) [converged] (x_p - m_p), as estimates of ratios are linearised (Cochran 1977,
        Sampling Techniques, chapter 6). NaN if no run of a protocol converged.
        """
        scores = np.zeros(len(ended[self.protocols[0]]))
        for protocol in self.protocols:
            own, counted = self.of_protocol(protocol).scores(ended), self.is_counted(ended[protocol])
            mean = own[counted].mean() if counted.any() else nan
            scores += mean + counted * (own - mean) / max(counted.mean(), 1 / len(counted))
        return scores

    def _linearised(self, ended: Ended, counted: Mapping[TrainingProtocol, np.ndarray], confidence: float) -> Interval:
        """Return the interval of the linearised scores, over the runs that are counted in any protocol."""
        scores, some = self.scores_among_converged(ended), np.any([*counted.values()], axis=0)
        mean = scores.mean()
        values = mean + (scores[some] - mean) * some.mean()
        return mean_of(np.round(values, DIGITS), self.bound, confidence)

    def _rarely_differing(
        self, ended: Ended, counted: Mapping[TrainingProtocol, np.ndarray], confidence: float
    ) -> Interval | None:
        """Return exact limits if fewer than FEW converged runs score other than most of their protocol, else None.

        A mean lies within span · U of the common score, with U the upper limit of the share that scores otherwise.
        """
        level, estimate, middle, reach, all_differing = look_confidence(confidence, len(counted)), 0.0, 0.0, 0.0, 0
        for protocol, runs in counted.items():
            own = self.of_protocol(protocol)
            scores = own.scores(ended)[runs]
            distinct, times = np.unique(scores, return_counts=True)
            differing, span = len(scores) - int(times.max()), sum(abs(term.sign) for term in own.terms)
            estimate, middle = estimate + float(scores.mean()), middle + float(distinct[times.argmax()])
            reach += span * clopper_pearson(differing, len(scores), level).high
            all_differing += differing
        if all_differing >= FEW:
            return None
        method = "Clopper–Pearson, of any other score"
        return Interval(
            estimate=estimate, low=middle - reach, high=middle + reach, confidence=confidence, method=method
        )

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
    """Return the median of paired values (runs,), as `quantile_interval` does."""
    return replace(quantile_interval(values, 0.5, ends, confidence), method="order statistics, paired")
