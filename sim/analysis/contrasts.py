"""Contrasts: estimands that weigh many protocols, condition on how runs ended, or ask if a difference survives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import factorial, isfinite
from typing import Any

import numpy as np

from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.sim.analysis.estimands import (
    DECEPTIVE,
    DIGITS,
    SHARE_DIFFERENCE,
    Ended,
    Estimand,
    Frequency,
    Limits,
    Select,
    Term,
)
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of, wilson
from feint.sim.statistics.shapley import value_weights

TYPED = (Outcome.INTERNAL, Outcome.CORRIGIBLE, Outcome.DECEPTIVE)


@dataclass(frozen=True)
class Weighted(Frequency):
    """A weighted sum of frequencies over paired runs: Σ weight · [outcome], averaged over the runs.

    The weights are the signs of the terms, which need not be whole numbers. The interval is Student's of the runs'
    scores, or one from exact limits if nearly all runs score the same (`mean_of`).
    """

    def scores(self, ended: Ended) -> np.ndarray:
        """Return the contribution of each run (runs,)."""
        codes = {outcome: Outcome.named(outcome) for outcome in {term.outcome for term in self.terms}}
        each = (term.sign * (ended[term.protocol].outcome == codes[term.outcome]) for term in self.terms)
        scores = sum(each, np.zeros(len(ended[self.terms[0].protocol])))
        return np.round(scores, DIGITS)

    def interval_of(self, scores: np.ndarray, confidence: float) -> Interval:
        """Return the interval of the mean of some runs' contributions (runs,)."""
        return mean_of(scores, self.bound, confidence)


def trend(words: str, protocols: Sequence[TrainingProtocol], outcome: str = DECEPTIVE) -> Weighted:
    """Return the rise of an outcome over equally spaced protocols: a dose-response as one number between -1 and 1.

    It is the mean frequency of the upper half minus that of the lower half, each protocol weighed by its distance from
    the middle, which is the least-squares slope up to a constant factor: Σ_l x_l p_l / Σ_{x_l > 0} x_l, with x_l the
    place of protocol l, centred.
    """
    x = np.arange(len(protocols)) - (len(protocols) - 1) / 2
    weights = x / x[x > 0].sum()
    terms = (Term(protocol, outcome, weight) for protocol, weight in zip(protocols, weights.tolist(), strict=True))
    return Weighted(words, tuple(terms), limits=SHARE_DIFFERENCE)


def share_of(
    words: str, group: str, outcomes: Sequence[tuple[str, int]] = ((DECEPTIVE, 1),), **changes: Any
) -> Weighted:
    """Return the Shapley share of a carried group in what pre-training adds to an outcome, or to a sum of them.

    It is the mean over all orders in which the five groups may be handed over of what this group adds when it comes
    (`sim/statistics/shapley.py`); over the groups the shares add up to the difference of the arms.
    """
    names = tuple(GROUPS)
    weights = value_weights(len(names))[names.index(group)] / factorial(len(names))
    terms = (
        Term(pretrained(finetuning__carry=carried_in(corner), **changes), outcome, sign * weight)
        for corner, weight in enumerate(weights.tolist())
        for outcome, sign in outcomes
    )
    signs = [0, *(sign for _, sign in outcomes)]
    reach = float(max(signs) - min(signs))  # two outcomes exclude each other
    return Weighted(words, tuple(terms), limits=(-reach, reach))


def carried_in(corner: int) -> tuple[str, ...]:
    """Return the groups that are carried in a corner of the lattice, group k if bit k is set."""
    return tuple(group for k, group in enumerate(GROUPS) if corner >> k & 1)


@dataclass(frozen=True)
class Among(Frequency):
    """A difference of two frequencies, each among the runs of its protocol that are selected: first term minus second.

    The interval is that of `SelectedPairs`, and reaches over all that is possible if no run of a protocol is selected.
    """

    among: Select = field(kw_only=True)
    limits: Limits | None = field(default=SHARE_DIFFERENCE, kw_only=True)

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval; the estimate is 0 if no run of a protocol is selected."""
        interval = self.compared(ended, self.among, confidence)
        return interval if isfinite(interval.estimate) else replace(interval, estimate=0.0)

    def is_counted(self, runs: RunOutcomes) -> np.ndarray:
        """Return which runs of a protocol are counted if only converged ones are (runs,)."""
        return self.among(runs) & runs.converged


@dataclass(frozen=True)
class AmongFirst(Among):
    """A difference of two frequencies: the first among the selected runs of its protocol, the second among all."""

    def compared(self, ended: Ended, select: Select, confidence: float) -> Interval:
        """Return the difference of two frequencies, of which the second is among all runs, or all converged ones."""
        others = every if select == self.among else converged
        return self.compared_among(ended, (select, others), confidence)

    def among_converged(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the same difference with both frequencies among converged runs alone; NaN if there are none."""
        return self.compared(ended, self.is_counted, confidence)


def newcombe(one: tuple[float, float], other: tuple[float, float], confidence: float = CONFIDENCE) -> Interval:
    """Return the difference of two independent frequencies, each given by its events and runs.

    Its interval is Newcombe's of two Wilson intervals (1998, method 10).
    """
    first, second = wilson(*one, confidence), wilson(*other, confidence)
    below = np.hypot(first.estimate - first.low, second.high - second.estimate)
    above = np.hypot(first.high - first.estimate, second.estimate - second.low)
    estimate = first.estimate - second.estimate
    low, high = float(estimate - below), float(estimate + above)
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method="Newcombe")


@dataclass(frozen=True)
class BetweenRuns(Estimand):
    """How much more often the runs of a protocol end in an outcome if they had a property before than if they did not.

    The two sets of runs are independent of each other: the interval is that of `newcombe`.
    """

    protocol: TrainingProtocol
    had: Select
    outcome: str = DECEPTIVE

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval; it reaches over all that is possible if either set is empty."""
        runs = ended[self.protocol]
        return self._between(runs, np.ones(len(runs), bool), confidence)

    def among_converged(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the same difference between converged runs of both kinds."""
        runs = ended[self.protocol]
        return self._between(runs, runs.converged, confidence)

    def _between(self, runs: RunOutcomes, counted: np.ndarray, confidence: float) -> Interval:
        """Return the difference between the runs that are counted."""
        had, is_it = self.had(runs)[counted], (runs.outcome == Outcome.named(self.outcome))[counted]
        if had.all() or not had.any():
            return Interval(estimate=0.0, low=-1.0, high=1.0, confidence=confidence, method="one set is empty")
        one, other = ((int((is_it & chosen).sum()), int(chosen.sum())) for chosen in (had, ~had))
        return newcombe(one, other, confidence)


def converged(runs: RunOutcomes) -> np.ndarray:
    """Return which runs converged (runs,)."""
    return runs.converged


def every(runs: RunOutcomes) -> np.ndarray:
    """Return all runs (runs,)."""
    return np.ones(len(runs), bool)


def left_internal(runs: RunOutcomes) -> np.ndarray:
    """Return which runs the first stage left internally aligned (runs,)."""
    return runs.before == Outcome.INTERNAL


def left_corrigible(runs: RunOutcomes) -> np.ndarray:
    """Return which runs the first stage left corrigibly aligned (runs,)."""
    return runs.before == Outcome.CORRIGIBLE


def left_nondeceptive(runs: RunOutcomes) -> np.ndarray:
    """Return which runs the first stage left internally or corrigibly aligned (runs,)."""
    return left_internal(runs) | left_corrigible(runs)


def had_type(runs: RunOutcomes) -> np.ndarray:
    """Return which runs the first stage left internally aligned, corrigibly aligned or deceptive (runs,)."""
    return np.isin(runs.before, TYPED)


@dataclass(frozen=True)
class Survives(Estimand):
    """By how much a difference keeps its sign and half its size if it is measured in another way.

    With c the difference as measured first and c' as measured in the other way, it is sign(c) (c' - c / 2): 0 or more
    if sign and half of the size survive. Where the sign of c is not sure, the interval covers both signs.
    """

    held: Frequency
    otherwise: Frequency

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The protocols that must be trained."""
        return tuple(dict.fromkeys((*self.held.protocols, *self.otherwise.protocols)))

    def with_changes(self, changes: Mapping[str, Any]) -> Survives:
        """Return the estimand at changed parameters; what a protocol itself changes stays."""
        return replace(self, held=self.held.with_changes(changes), otherwise=self.otherwise.with_changes(changes))

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        held = self.held.measured(ended, confidence)
        rest = mean_of(self.otherwise.scores(ended) - self.held.scores(ended) / 2, 2, confidence)
        sign = 1 if held.estimate >= 0 else -1
        low, high = sorted((sign * rest.low, sign * rest.high))
        if held.low <= 0 <= held.high:
            low, high = min(low, -high), max(high, -low)
        return replace(rest, estimate=sign * rest.estimate, low=low, high=high)


@dataclass(frozen=True)
class Race(Estimand):
    """How much more often runs pass one mark before another than the reverse.

    The protocols stop the same runs at rising numbers of steps. A run counts 1 if it is past the first mark at an
    earlier one than past the second, -1 if at a later one, and 0 if at the same or never past either; the interval is
    `mean_of`.
    """

    checkpoints: tuple[TrainingProtocol, ...]
    first: Select
    second: Select
    limits: Limits | None = field(default=SHARE_DIFFERENCE, kw_only=True)

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The protocols that must be trained."""
        return self.checkpoints

    def with_changes(self, changes: Mapping[str, Any]) -> Race:
        """Return the estimand at changed parameters; what a protocol itself changes stays."""
        return replace(self, checkpoints=tuple(protocol.with_defaults(changes) for protocol in self.checkpoints))

    def scores(self, ended: Ended) -> np.ndarray:
        """Return the contribution of each run (runs,)."""
        stops = [ended[protocol] for protocol in self.checkpoints]
        first, second = (_first_passed(np.array([mark(stop) for stop in stops])) for mark in (self.first, self.second))
        return np.sign(second - first).astype(float)

    def measured(self, ended: Ended, confidence: float = CONFIDENCE) -> Interval:
        """Return the estimate with its interval."""
        return self.within_limits(mean_of(self.scores(ended), 1, confidence))


def _first_passed(passed: np.ndarray) -> np.ndarray:
    """Return the first row in which each column is true, or the number of rows (runs,)."""
    return np.where(passed.any(axis=0), passed.argmax(axis=0), len(passed))


def is_sure(runs: RunOutcomes) -> np.ndarray:
    """Return which runs believe with more than ½ that they are trained for what they are trained for (runs,)."""
    return runs.belief > 0.5


def is_pointing(runs: RunOutcomes) -> np.ndarray:
    """Return which runs follow a pointer to what they are trained for by more than ½ (runs,)."""
    return runs.following > 0.5


def is_deceptive(runs: RunOutcomes) -> np.ndarray:
    """Return which runs are deceptive (runs,)."""
    return runs.outcome == Outcome.DECEPTIVE


def is_corrigible(runs: RunOutcomes) -> np.ndarray:
    """Return which runs are corrigibly aligned (runs,)."""
    return runs.outcome == Outcome.CORRIGIBLE
