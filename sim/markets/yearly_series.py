"""Years: something followed over years in each of several markets, and its mean over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from feint.sim.statistics.intervals import Interval, student

Course = TypeVar("Course")


@dataclass(frozen=True, kw_only=True)
class Years(Generic[Course]):
    """A course in each market: a line is year by year, an interval that of the mean over markets."""

    courses: Sequence[Course]

    def line(self, of: Callable[[Course], np.ndarray]) -> np.ndarray:
        """Something year by year, of each market (markets, years)."""
        return np.array([of(course) for course in self.courses])

    def mean(self, of: Callable[[Course], np.ndarray], year: int) -> Interval:
        """Something in a year, over markets; of a shorter course in its last."""
        lines = self.line(of)
        return student(lines[:, min(year, lines.shape[1] - 1)])
