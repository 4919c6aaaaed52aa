"""Units of a sweep: a range of points, or of one point's runs, that is trained together and stored as one part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from feint.agents.outcome import LABELS
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.runner import blocks
from feint.sim.ensembles.streaming_summary import Tally, crossed
from feint.sim.sweeps.study import Study
from feint.sim.training.run_spec import RunSpec


class Cut(NamedTuple):
    """Where a sweep is cut into parts; kept in its manifest, so that it is gone on with as it was begun."""

    runs: int = 2**15  #: of a unit and arm, all its points together
    points: int = 256  #: of a unit, at most
    points_a_file: int = 4096  #: of a file of points


CUT = Cut()
COUNTED = ("runs", *LABELS, "missed_target", "diverged", "steps")
GAINED, LOST = tuple(f"gained_{label}" for label in LABELS), tuple(f"lost_{label}" for label in LABELS)
COLUMNS = ("point", "arm", "stage", *COUNTED, *GAINED, *LOST)
NAME = re.compile(r"points-(\d{9})-(\d{9})-runs-(\d{13})-(\d{13})")


@dataclass(frozen=True, order=True)
class Unit:
    """Points from `first_point` to before `last_point`, each with its runs from `first_run` to before `last_run`."""

    first_point: int
    last_point: int
    first_run: int
    last_run: int

    @property
    def name(self) -> str:
        """The name of its part."""
        points, runs = (self.first_point, self.last_point), (self.first_run, self.last_run)
        return "points-{:09d}-{:09d}-runs-{:013d}-{:013d}".format(*points, *runs)

    @classmethod
    def named(cls, name: str) -> Self | None:
        """The unit of a part's name; None for a name of another kind."""
        found = NAME.fullmatch(name)
        return cls(*(int(number) for number in found.groups())) if found else None

    @property
    def points(self) -> range:
        """Its points."""
        return range(self.first_point, self.last_point)

    @property
    def runs(self) -> int:
        """Runs of each point and arm."""
        return self.last_run - self.first_run

    @property
    def size(self) -> int:
        """Runs an arm of all its points."""
        return self.runs * len(self.points)


def units_of(points: range, first_run: int, last_run: int, cut: Cut = CUT) -> Iterator[Unit]:
    """Neighbouring points cut into units of about as many runs an arm as `cut` says."""
    runs = last_run - first_run
    together = min(cut.points, max(1, cut.runs // runs))
    for point in range(points.start, points.stop, together):
        last = min(points.stop, point + together)
        for run in range(first_run, last_run, cut.runs):
            yield Unit(point, last, run, min(last_run, run + cut.runs))


def train_unit(study: Study, unit: Unit, values: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Train a unit; `values` holds the factors' values at its points. Returns the columns of its part."""
    found: list[tuple[Any, ...]] = []
    for i, point in enumerate(unit.points):
        plans = study.plans({name: column[i] for name, column in values.items()})
        first = study.first_run(point)
        tallies, pairs = train_point(plans, first + unit.first_run, first + unit.last_run)
        for arm, tally in tallies.items():
            found += _rows(point, arm, plans[arm], tally, pairs)
    return {name: list(column) for name, column in zip(COLUMNS, zip(*found, strict=True), strict=True)}


def train_point(plans: Mapping[str, RunSpec], first: int, last: int) -> tuple[dict[str, Tally], np.ndarray | None]:
    """Each arm's tally; of two arms also the runs by both final outcomes (from scratch, after pre-training)."""
    tallies: dict[str, Tally] = {}
    pairs = None
    for block in blocks(first, last):
        state, final = None, {}
        for arm, spec in plans.items():
            state = spec.begin(np.arange(block.start, block.stop, dtype=np.uint64)) if state is None else state
            stops = list(spec.train(state))
            one = Tally.of(stops)
            tallies[arm] = tallies[arm] + one if arm in tallies else one
            final[arm] = stops[-1].readings.outcome
        if len(final) == 2:
            crossing = crossed(final[FROM_SCRATCH], final[PRETRAIN_FINETUNE])
            pairs = crossing if pairs is None else pairs + crossing
    return tallies, pairs


def _rows(point: int, arm: str, spec: RunSpec, tally: Tally, pairs: np.ndarray | None) -> Iterator[tuple[Any, ...]]:
    """What COLUMNS hold of an arm's stages."""
    each = zip(tally.counts.tolist(), tally.missed.tolist(), tally.diverged.tolist(), tally.steps.tolist(), strict=True)
    for i, (stage, (counts, *others)) in enumerate(zip(spec.curriculum.names, each, strict=True)):
        last = arm == PRETRAIN_FINETUNE and i == len(spec.curriculum) - 1
        gained, lost = changes(pairs if last else None)
        yield (point, arm, stage, tally.runs, *counts, *others, *gained, *lost)


def changes(pairs: np.ndarray | None) -> tuple[list[int], list[int]]:
    """Runs that end as each type after pre-training alone, and from scratch alone; zeros where none is compared."""
    if pairs is None:
        return [0] * len(LABELS), [0] * len(LABELS)
    same = np.diag(pairs)
    return (pairs.sum(axis=0) - same).tolist(), (pairs.sum(axis=1) - same).tolist()
