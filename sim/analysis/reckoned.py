"""Reckoned: quantities made of what was noted of runs, and not of how they ended alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.ensembles.parameter_point import TrainingProtocol
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of


@dataclass(frozen=True)
class MeanEstimand:
    """The mean over runs of a number reckoned from how a way ended, less that of another way on the same runs.

    Its interval is Student's, or one from exact limits where nearly all runs have the same (`mean_of`).
    """

    words: str
    of: Callable[[RunOutcomes], np.ndarray]  #: (runs,)
    protocol: TrainingProtocol
    than: TrainingProtocol | None = None
    bound: int = 1  #: the number lies within ±bound

    @property
    def protocols(self) -> tuple[TrainingProtocol, ...]:
        """The ways that must be trained."""
        return (self.protocol, self.than) if self.than else (self.protocol,)

    def values(self, ended: Mapping[TrainingProtocol, RunOutcomes]) -> np.ndarray:
        """What each run contributes (runs,)."""
        found = self.of(ended[self.protocol])
        return found - self.of(ended[self.than]) if self.than else found

    def measured(self, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE) -> Interval:
        """Its estimate and interval."""
        return mean_of(self.values(ended), self.bound * len(self.protocols), confidence)

    def with_changes(self, changes: Mapping[str, Any]) -> MeanEstimand:
        """The same where each way is changed, save what it changes itself."""
        than = self.than.with_defaults(changes) if self.than else None
        return replace(self, protocol=self.protocol.with_defaults(changes), than=than)
