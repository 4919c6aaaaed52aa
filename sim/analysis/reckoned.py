"""Reckoned: quantities made of what was noted of runs, and not of how they ended alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from feint.sim.ensembles.paired_runs import Ended
from feint.sim.ensembles.parameter_point import Way
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.statistics.means import mean_of


@dataclass(frozen=True)
class Reckoned:
    """The mean over runs of a number reckoned from how a way ended, less that of another way on the same runs.

    Its interval is Student's, or one from exact limits where nearly all runs have the same (`mean_of`).
    """

    words: str
    of: Callable[[Ended], np.ndarray]  #: (runs,)
    way: Way
    than: Way | None = None
    bound: int = 1  #: the number lies within ±bound

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways that must be trained."""
        return (self.way, self.than) if self.than else (self.way,)

    def values(self, ended: Mapping[Way, Ended]) -> np.ndarray:
        """What each run contributes (runs,)."""
        found = self.of(ended[self.way])
        return found - self.of(ended[self.than]) if self.than else found

    def measured(self, ended: Mapping[Way, Ended], confidence: float = CONFIDENCE) -> Interval:
        """Its estimate and interval."""
        return mean_of(self.values(ended), self.bound * len(self.ways), confidence)

    def but(self, changes: Mapping[str, Any]) -> Reckoned:
        """The same where each way is changed, save what it changes itself."""
        than = self.than.under(changes) if self.than else None
        return replace(self, way=self.way.under(changes), than=than)
