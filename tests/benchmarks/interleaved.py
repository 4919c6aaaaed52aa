"""Times of several functions, taken in turns, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Timings:
    """Nanoseconds for each piece of work, such as a run-step: a list of rounds for each name."""

    rounds: dict[str, list[float]]

    def median(self, name: str) -> float:
        """The median over rounds."""
        return median(self.rounds[name])

    def medians(self) -> dict[str, float]:
        """The median of every name."""
        return {name: self.median(name) for name in self.rounds}

    def within_rounds(self, name: str, reference: str) -> list[float]:
        """How many times as long as the reference it takes, round by round."""
        return [mine / other for mine, other in zip(self.rounds[name], self.rounds[reference], strict=True)]

    def ratio(self, name: str, reference: str) -> float:
        """The median of these ratios."""
        return median(self.within_rounds(name, reference))

    def ratios(self, reference: str) -> dict[str, float]:
        """The ratio of every name to the reference."""
        return {name: self.ratio(name, reference) for name in self.rounds}


def interleaved(
    functions: Mapping[str, Callable[[], int]],
    rounds: int = 7,
    *,
    warm: bool = True,
    clock: Callable[[], int] = time.process_time_ns,
) -> Timings:
    """Call every function once a round, after one call of each to warm up; each returns how many pieces of work it did.

    By the default clock processor time of the whole process is counted: a peer pays for every thread it starts, and for
    no other process. `time.perf_counter_ns` counts what passes on the wall.
    """
    found: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(-1 if warm else 0, rounds):
        for name, function in functions.items():
            begun = clock()
            work = function()
            spent = clock() - begun
            if turn >= 0:
                found[name].append(spent / work)
    return Timings(found)
