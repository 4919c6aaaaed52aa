"""Allocation of runs: few at first, and more wherever they leave open on which side of a limit a number lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from feint.agents.errors import check_whole
from feint.sim.analysis.claims import Claim, Part
from feint.sim.analysis.estimands import Ended
from feint.sim.ensembles.paired_runs import OWN, Reading, RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.statistics.intervals import CONFIDENCE, Interval, look_confidence
from feint.sim.training.parameter_point import Point

FACTOR = 6  # of the runs from one look to the next
ROOM = 2**20  # run numbers of a draw: its first runs stay the same if it gets more
COLUMNS = ESTIMATE, LOW, HIGH, RUNS = range(4)
"""Columns of what is measured at each draw: an interval, and the number of runs behind it."""
Rows = dict[tuple[Reading, str, str], tuple[float, ...]]
"""These columns at one draw, by reading, claim and part."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Numbers of runs at which it is decided whether more are needed: `first`, each `factor` times the last, `most`."""

    first: int
    most: int
    factor: int = FACTOR

    def __post_init__(self) -> None:
        check_whole("runs", self.first, 1, ROOM)
        check_whole("most", self.most, self.first, ROOM)

    @property
    def totals(self) -> list[int]:
        """Runs at each look."""
        totals = [self.first]
        while totals[-1] < self.most:
            totals.append(min(self.factor * totals[-1], self.most))
        return totals

    def level(self, confidence: float = CONFIDENCE) -> float:
        """Return the level of intervals at each look.

        With it, more runs are refused on the wrong side of a limit with a probability of at most 1 - `confidence`. The
        last look spends nothing, because no more runs could follow it.
        """
        return look_confidence(confidence, max(1, len(self.totals) - 1))


def measure(part: Part, ended: Ended, confidence: float, reading: Reading = OWN, runs: int | None = None) -> Interval:
    """Return the interval of a part's estimand from all runs, or from the first ones.

    Outcomes are read at other tolerances if `reading` names some.
    """
    needed = {protocol: ended[protocol].first(runs) for protocol in part.estimand.protocols}
    if reading:
        needed = {protocol: outcomes.read_as(reading) for protocol, outcomes in needed.items()}
    return part.estimand.within_limits(part.estimand.measured(needed, confidence))


def measured_row(
    part: Part, ended: Ended, confidence: float, reading: Reading = OWN, runs: int | None = None
) -> tuple[float, ...]:
    """Return the columns of a part at one draw."""
    interval = measure(part, ended, confidence, reading, runs)
    return interval.estimate, interval.low, interval.high, runs or len(ended[part.estimand.protocols[0]])


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """Evaluation of claims at one point with as many runs as their rules need there.

    Every claim gets the runs of the first look; a claim whose intervals leave its kind open gets those of the next, for
    the parts on which its verdict depends. What a claim gets does not depend on the others.
    """

    parts: Sequence[tuple[Claim, Part]]  #: those evaluated; all tested parts of each claim, and perhaps others
    looks: Looks
    readings: tuple[Reading, ...] = ()

    @cached_property
    def later(self) -> list[tuple[Claim, Part]]:
        """Parts that get more runs while their claim is open: the tested ones, and others of the same protocols."""
        tested = {claim.name: {*protocols_in(claim.tested)} for claim, _ in self.parts}
        return [item for item in self.parts if tested[item[0].name].issuperset(item[1].estimand.protocols)]

    def at(self, point: Point, first: int, most: int = ROOM, **keys: Any) -> Rows:
        """Return the columns by reading, claim and part, after no look at more than `most` runs.

        Runs are numbered from `first`; keys are those of `run_paired`.
        """
        ended: dict[TrainingProtocol, RunOutcomes] = {}
        rows: Rows = {}
        wanted, done = [*self.parts], 0
        for total in (total for total in self.looks.totals if total <= most):
            protocols = protocols_in(part for _, part in wanted)
            runs = range(first + done, first + total)
            ended = joined(ended, run_paired(point, protocols, runs, readings=self.readings, **keys))
            done = total
            rows |= {(OWN, *names(item)): self._row(item, ended) for item in wanted}
            wanted = [item for item in self.later if rows[OWN, *names(item)][RUNS] == done and is_open(item[0], rows)]
            if not wanted:
                break
        for reading, item in product(self.readings, self.parts):
            runs = int(rows[OWN, *names(item)][RUNS])
            rows[reading, *names(item)] = self._row(item, ended, reading, runs)
        return rows

    def _row(self, item: tuple[Claim, Part], ended: Ended, *reading: Any) -> tuple[float, ...]:
        claim, part = item
        return measured_row(part, ended, claim.confidence(self.looks.level()), *reading)


def growing(
    point: Point, protocols: Iterable[TrainingProtocol], runs: range, looks: Looks, **keys: Any
) -> Iterator[Ended]:
    """Yield the outcomes of the first of these runs at each look; keys are of `run_paired`."""
    protocols, done = list(protocols), 0
    ended: dict[TrainingProtocol, RunOutcomes] = {}
    for total in looks.totals:
        ended = joined(ended, run_paired(point, protocols, runs[done:total], **keys))
        done = total
        yield ended


def joined(ended: Ended, more: Ended) -> dict[TrainingProtocol, RunOutcomes]:
    """Return the outcomes of runs and of those that follow them."""
    return {**ended, **{name: RunOutcomes.joined([*filter(None, [ended.get(name)]), of]) for name, of in more.items()}}


def runs_of(ended: Ended) -> int:
    """Return the number of runs of each protocol."""
    return len(next(iter(ended.values())))


def names(item: tuple[Claim, Part]) -> tuple[str, str]:
    """Return the names of a claim and its part."""
    return item[0].name, item[1].name


def is_open(claim: Claim, rows: Rows) -> bool:
    """Return whether the intervals of a claim's tested parts leave it more than one kind."""
    limits = {part.name: rows[OWN, claim.name, part.name][LOW : HIGH + 1] for part in claim.tested}
    return len(claim.possible({part.name: part.rule.possible(*limits[part.name]) for part in claim.tested})) > 1


def protocols_in(parts: Iterable[Part]) -> list[TrainingProtocol]:
    """Return the training protocols that parts compare, without repetition."""
    return list(dict.fromkeys(protocol for part in parts for protocol in part.estimand.protocols))
