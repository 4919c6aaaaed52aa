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
    return by_clocks(functions, rounds, {"": clock}, warm=warm)[""]


def by_clocks(
    functions: Mapping[str, Callable[[], int]],
    rounds: int,
    clocks: Mapping[str, Callable[[], int]],
    *,
    warm: bool = True,
) -> dict[str, Timings]:
    """The same by several clocks at once, each under its name."""
    found: dict[str, dict[str, list[float]]] = {clock: {name: [] for name in functions} for clock in clocks}
    for turn in range(-1 if warm else 0, rounds):
        for name, function in functions.items():
            begun = {clock: now() for clock, now in clocks.items()}
            work = function()
            spent = {clock: now() - begun[clock] for clock, now in clocks.items()}
            for clock in clocks if turn >= 0 else ():
                found[clock][name].append(spent[clock] / work)
    return {clock: Timings(each) for clock, each in found.items()}
