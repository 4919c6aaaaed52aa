"""Declaration of a stand-in, of the nuisance parameters, and what stand-ins are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt

import numpy as np

from feint.agents.outcome import Outcome
from feint.scenarios.finetuning.protocols import LENGTH
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.protocols import Recorder, TrainingProtocol
from feint.sim.statistics.intervals import Interval, frequency_interval, student
from feint.sim.sweeps.factors import Factor

Values = Mapping[str, float]
"""Values of the nuisance parameters by name."""
Trainings = tuple[TrainingProtocol, ...]


def _nuisance(name: str, low: float, high: float) -> Factor:
    return Factor(name=name, low=low, high=high, log=True, group="published settings", base=sqrt(low * high))


NUISANCES: list[Factor] = [
    _nuisance("iterations_per_step", 0.1, 100.0),
    _nuisance("samples_per_iteration", 1.0, 64.0),
    _nuisance("red_team_realism", 0.01, 1.0),
    _nuisance("probe_reliability", 0.05, 1.0),
]
"""Nuisance parameters with their priors, which are log-uniform.

`iterations_per_step`: iterations of a small network trained from scratch that one step stands for.
`samples_per_iteration`: steps that one iteration of fine-tuning a large model stands for, up to its batch.
`red_team_realism`: how far a red-team prompt is taken for the trigger, `realism` of its honeypots.
`probe_reliability`: correlation of two readings of a published probe on the same minds, as of the auditor `probe`.
"""

SETTINGS: list[Factor] = [
    Factor(name="trained_steps", low=300, high=30_000, log=True, whole=True, group="published settings", base=LENGTH),
    Factor(name="aligned_steps", values=(0, 300, 1000, 3000, 10_000, 30_000), group="published settings", base=0),
]
"""Settings in which published experiments of one kind differ, with the values that they may have.

A stand-in has the base value of a setting unless it is given another; no row is fitted by them.
`trained_steps`: steps on X, after all that came before.
`aligned_steps`: steps of an aligned post-training on Y′, between pre-training on Y and training on X.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class StandIn:
    """A number of the model that stands in for measurements."""

    name: str
    words: str  #: what is measured in the model, with its training
    unit: str
    discrepancy: float  #: standard deviation of the error of the model, in the unit
    reason: str  #: for the discrepancy
    protocols: Callable[[Values], Trainings] | Trainings = ()  #: trainings, perhaps by the nuisance parameters
    measure: Callable[[Sequence[RunOutcomes], Values], Interval]  #: from the outcomes of the trainings, in their order
    nuisances: tuple[str, ...] = ()  #: names of the nuisance parameters that it depends on
    law: bool = False  #: whether it is a constant of the transfer law, which takes curves of 48,000 steps

    def trainings(self, values: Values) -> Trainings:
        """Return what must be trained at these values of the nuisance parameters."""
        return self.protocols(values) if callable(self.protocols) else self.protocols


def per_cent(interval: Interval) -> Interval:
    """Return an interval of a fraction in per cent."""
    return interval.mapped(lambda end: 100 * end)


def mean_of(recorder: Recorder) -> Callable[[Sequence[RunOutcomes], Values], Interval]:
    """Return the function that measures the mean of a record in the first training, in per cent."""
    return lambda ended, _: per_cent(student(ended[0].recorded[recorder]))


def less(
    recorder: Recorder, minus: Recorder, *, second: int = 0
) -> Callable[[Sequence[RunOutcomes], Values], Interval]:
    """Return the function that measures the mean difference of two records, in points of per cent."""
    return lambda ended, _: per_cent(student(ended[0].recorded[recorder] - ended[second].recorded[minus]))


def share_of(outcome: Outcome) -> Callable[[Sequence[RunOutcomes], Values], Interval]:
    """Return the function that measures how often the first training ends in an outcome, in per cent."""

    def measure(ended: Sequence[RunOutcomes], _: Values) -> Interval:
        return per_cent(frequency_interval(int((ended[0].outcome == outcome).sum()), len(ended[0])))

    return measure


DECEPTIVE_SHARE = share_of(Outcome.DECEPTIVE)


def _ratio_of_means(ended: Sequence[RunOutcomes], _: Values, recorder: Recorder) -> Interval:
    moved, way = ended[0].recorded[recorder].T
    whole = float(way.mean()) or 1.0
    share = float(moved.mean()) / whole
    return per_cent(student(share + (moved - share * way) / whole))


def moved_by(recorder: Recorder) -> Callable[[Sequence[RunOutcomes], Values], Interval]:
    """Return the function that measures the share of the way that `Moved` recorded, in per cent.

    It is the ratio of the two means; its interval is that of the residuals moved - share · way.
    """
    return partial(_ratio_of_means, recorder=recorder)


def steps_of(iterations: float, values: Values, batch: int) -> int:
    """Return the steps that iterations of fine-tuning a large model with this batch stand for."""
    return round(iterations * min(values["samples_per_iteration"], batch))


def ever(values: np.ndarray, least: float) -> Interval:
    """Return the share of runs above a value, in per cent."""
    return per_cent(frequency_interval(int((values > least).sum()), len(values)))
