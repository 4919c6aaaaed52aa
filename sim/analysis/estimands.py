"""Quantities: what a claim speaks of, as a number of paired runs with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log2
from typing import Any, Protocol

import numpy as np

from feint.agents.outcome import Outcome
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.parameter_point import TrainingProtocol
from feint.sim.statistics.intervals import CONFIDENCE, Interval, bounded_mean, frequency_interval, student, tango

DECEPTIVE = Outcome.DECEPTIVE.label


class Estimand(Protocol):
    """A number that is measured on runs of some ways of training."""

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The ways that must be trained."""
        ...

    @property
    def words(self) -> str:
        """What it is, in words."""
        ...

    def measured(self, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE) -> Interval:
        """Its estimate and interval."""
        ...

    def with_changes(self, changes: Mapping[str, Any]) -> Estimand:
        """The same where each way of training is changed."""
        ...


@dataclass(frozen=True)
class Term:
    """How often a way of training ends as a type, with a sign."""

    protocol: TrainingProtocol
    outcome: str = DECEPTIVE
    sign: int = 1


@dataclass(frozen=True)
class Frequency:
    """A sum of frequencies with signs, over paired runs: Σ sign · [outcome], its mean over the runs.

    Of one term the interval is Wilson's or Clopper and Pearson's, of a difference Tango's; of more terms Student's of
    the runs' scores, or one from exact limits where nearly all runs score the same (`bounded_mean`).
    """

    words: str
    terms: tuple[Term, ...]

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The ways that must be trained."""
        return tuple(dict.fromkeys(term.protocol for term in self.terms))

    def scores(self, ended: Mapping[TrainingProtocol, RunOutcomes]) -> np.ndarray:
        """What each run contributes (runs,)."""
        happened = (
            term.sign * (ended[term.protocol].outcome == Outcome.named(term.outcome)).astype(np.int64)
            for term in self.terms
        )
        return sum(happened, np.int64(0))  # pyright: ignore[reportReturnType] - arrays add up to an array

    def measured(self, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE) -> Interval:
        """Its estimate and interval."""
        scores = self.scores(ended)
        up, down, runs = int((scores > 0).sum()), int((scores < 0).sum()), len(scores)
        signs = sorted(term.sign for term in self.terms)
        if signs == [1]:
            return frequency_interval(up, runs, confidence)
        if signs == [-1, 1]:
            return tango(up, down, runs, confidence)
        return bounded_mean(scores, len(signs), confidence)

    def with_changes(self, changes: Mapping[str, Any]) -> Frequency:
        """The same where each way of training is changed, save what the way itself changes."""
        return Frequency(
            self.words, tuple(Term(t.protocol.with_defaults(changes), t.outcome, t.sign) for t in self.terms)
        )


@dataclass(frozen=True)
class StepRatio:
    """log₂ of the steps that one way's last stage takes over those of another, run by run: the median.

    Its limits are the distribution-free ones of order statistics (scipy's `quantile_test`). A run that is never found
    at a target has taken more steps than are known: the lower limit takes its ratio for the least that it can be, and
    the upper one for the largest. So nothing is said of stages that have no target.
    """

    words: str
    protocol: TrainingProtocol
    over: TrainingProtocol

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The ways that must be trained."""
        return (self.protocol, self.over)

    def measured(self, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE) -> Interval:
        """Its estimate and interval."""
        one, other = (ended[protocol] for protocol in self.protocols)
        return step_ratio(one.steps, other.steps, confidence, reached=(one.reached, other.reached))

    def with_changes(self, changes: Mapping[str, Any]) -> StepRatio:
        """The same where both ways are changed, save what they change themselves."""
        return StepRatio(self.words, self.protocol.with_defaults(changes), self.over.with_defaults(changes))


@dataclass(frozen=True)
class Loss:
    """How much less a way of training reaches than another: the mean over paired runs, with Student's interval."""

    words: str
    protocol: TrainingProtocol
    than: TrainingProtocol
    of: str = "performance"  #: name of a number of `RunOutcomes`

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The ways that must be trained."""
        return (self.protocol, self.than)

    def measured(self, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE) -> Interval:
        """Its estimate and interval."""
        return student(getattr(ended[self.than], self.of) - getattr(ended[self.protocol], self.of), confidence)

    def with_changes(self, changes: Mapping[str, Any]) -> Loss:
        """The same where both ways are changed, save what they change themselves."""
        return Loss(self.words, self.protocol.with_defaults(changes), self.than.with_defaults(changes), self.of)


def difference(words: str, plus: TrainingProtocol, minus: TrainingProtocol, outcome: str = DECEPTIVE) -> Frequency:
    """How much more often one way ends as a type than another."""
    return Frequency(words, (Term(plus, outcome), Term(minus, outcome, -1)))


def frequency(words: str, protocol: TrainingProtocol, outcome: str = DECEPTIVE) -> Frequency:
    """How often a way ends as a type."""
    return Frequency(words, (Term(protocol, outcome),))


def step_ratio(
    steps: np.ndarray,
    others: np.ndarray,
    confidence: float = CONFIDENCE,
    *,
    reached: tuple[np.ndarray, np.ndarray] | None = None,
) -> Interval:
    """The median of log₂ of steps over other steps of the same runs (runs,), with limits of order statistics.

    `reached` says which steps led to where they were to lead; the others may have had to be any number more.
    """
    steps, others = (np.maximum(each, 1) for each in (steps, others))
    ratios, widest = np.log2(steps / others), log2(max(steps.max(), others.max()))
    whole, others_whole = reached or (np.ones(len(steps), bool),) * 2
    least = middle(np.where(others_whole, ratios, -widest), (-widest, widest), confidence)
    most = middle(np.where(whole, ratios, widest), (-widest, widest), confidence)
    return replace(most, estimate=float(np.median(ratios)), low=min(least.low, most.low))


def middle(
    values: np.ndarray, ends: tuple[float, float] = (-np.inf, np.inf), confidence: float = CONFIDENCE
) -> Interval:
    """The median of values (runs,), with limits of order statistics; where runs are too few for one it is an end."""
    from scipy.stats import quantile_test

    limits = quantile_test(values, p=0.5).confidence_interval(confidence)
    low, high = (each if np.isfinite(each) else end for each, end in zip(limits, ends, strict=True))
    return Interval(
        estimate=float(np.median(values)),
        low=float(low),
        high=float(high),
        confidence=confidence,
        method="order statistics, paired",
    )
