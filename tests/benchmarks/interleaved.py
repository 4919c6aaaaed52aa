"""Times of several functions, taken in turns, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Timings:
    """Nanoseconds of processor time per run-step, a list of rounds for each name."""

    rounds: dict[str, list[float]]

    def median(self, name: str) -> float:
        """The median over rounds."""
        return median(self.rounds[name])

    def ratio(self, name: str, reference: str) -> float:
        """How many times as long as the reference it takes: the median of the ratios within a round."""
        pairs = zip(self.rounds[name], self.rounds[reference], strict=True)
        return median(mine / other for mine, other in pairs)


def interleaved(functions: Mapping[str, Callable[[], int]], rounds: int = 7, *, warm: bool = True) -> Timings:
    """Call every function once a round, after one call of each to warm up; each returns the run-steps it took.

    Processor time of the whole process is counted: a peer pays for every thread it starts, and for no other process.
    """
    found: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(-1 if warm else 0, rounds):
        for name, function in functions.items():
            begun = time.process_time_ns()
            run_steps = function()
            spent = time.process_time_ns() - begun
            if turn >= 0:
                found[name].append(spent / run_steps)
    return Timings(found)
