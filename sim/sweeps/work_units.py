"""Work units of a sweep: points, or the runs of one point, that are trained together and stored as one part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from feint.agents.outcome import LABELS
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.runner import blocks
from feint.sim.ensembles.streaming_summary import Tally, crossed
from feint.sim.sweeps.study import Study
from feint.sim.training.train import RunSpec


class Cut(NamedTuple):
    """Sizes of the parts of a sweep; kept in its manifest, so that it is resumed as it was begun."""

    runs: int = 2**15  #: of a unit and arm, over all its points
    points: int = 256  #: most points of a unit
    points_a_file: int = 4096  #: points in a file of points


CUT = Cut()
COUNTED = ("runs", *LABELS, "missed_target", "diverged", "steps")
GAINED, LOST = tuple(f"gained_{label}" for label in LABELS), tuple(f"lost_{label}" for label in LABELS)
COLUMNS = ("point", "arm", "stage", *COUNTED, *GAINED, *LOST)
NAME, PATTERN = "points-{:09d}-{:09d}-runs-{:013d}-{:013d}", r"points-(\d{9})-(\d{9})-runs-(\d{13})-(\d{13})"


@dataclass(frozen=True, order=True)
class Unit:
    """Points from `first_point` to before `last_point`, each with its runs from `first_run` to before `last_run`."""

    first_point: int
    last_point: int
    first_run: int
    last_run: int

    @property
    def name(self) -> str:
        """Name of its part."""
        return NAME.format(*astuple(self))

    @classmethod
    def named(cls, name: str) -> Self | None:
        """Return the unit of a part's name; None for any other name."""
        match = re.fullmatch(PATTERN, name)
        return cls(*(int(number) for number in match.groups())) if match else None

    @property
    def points(self) -> range:
        """Numbers of its points."""
        return range(self.first_point, self.last_point)

    @property
    def runs(self) -> int:
        """Number of runs per point and arm."""
        return self.last_run - self.first_run

    @property
    def size(self) -> int:
        """Number of runs per arm, over all its points."""
        return self.runs * len(self.points)


Columns = dict[str, list[Any]]
Job = tuple[Unit, Columns]
"""A unit with the values of the factors at its points or, once it is trained, with the columns of its part."""


def units_of(points: range, first_run: int, last_run: int, cut: Cut = CUT) -> Iterator[Unit]:
    """Yield units of neighbouring points, with about `cut.runs` runs per arm each."""
    together = min(cut.points, max(1, cut.runs // (last_run - first_run)))
    for point in range(points.start, points.stop, together):
        last = min(points.stop, point + together)
        for run in range(first_run, last_run, cut.runs):
            yield Unit(point, last, run, min(last_run, run + cut.runs))


def train_unit(study: Study, unit: Unit, values: Columns) -> Columns:
    """Train a unit and return the columns of its part; `values` are the factors' values at its points."""
    rows: list[tuple[Any, ...]] = []
    for i, point in enumerate(unit.points):
        specs = study.specs({name: column[i] for name, column in values.items()})
        first = study.first_run(point)
        tallies, pairs = train_point(specs, first + unit.first_run, first + unit.last_run)
        for arm, tally in tallies.items():
            rows += _rows(point, arm, specs[arm], tally, pairs)
    return {name: list(column) for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)}


def train_point(specs: Mapping[str, RunSpec], first: int, last: int) -> tuple[dict[str, Tally], np.ndarray | None]:
    """Train runs of one point; return each arm's tally, and of two arms the runs by both final outcomes.

    These counts have the shape (outcome from scratch, outcome after pre-training).
    """
    tallies: dict[str, Tally] = {}
    pairs = None
    for block in blocks(first, last):
        state, final = None, {}
        for arm, spec in specs.items():
            state = spec.begin(np.arange(block.start, block.stop, dtype=np.uint64)) if state is None else state
            stops = list(spec.train(state))
            tally = Tally.of(stops)
            tallies[arm] = tallies[arm] + tally if arm in tallies else tally
            final[arm] = stops[-1].readings.outcome
        if len(final) == 2:
            crossing = crossed(final[FROM_SCRATCH], final[PRETRAIN_FINETUNE])
            pairs = crossing if pairs is None else pairs + crossing
    return tallies, pairs


def _rows(point: int, arm: str, spec: RunSpec, tally: Tally, pairs: np.ndarray | None) -> Iterator[tuple[Any, ...]]:
    """Yield the row of each stage of an arm, with the columns COLUMNS."""
    for i, (stage, counts) in enumerate(zip(spec.curriculum.names, tally.counts.tolist(), strict=True)):
        others = (int(column[i]) for column in (tally.missed, tally.diverged, tally.steps))
        last = arm == PRETRAIN_FINETUNE and i == len(spec.curriculum) - 1
        yield (point, arm, stage, tally.runs, *counts, *others, *_discordant(pairs if last else None))


def _discordant(pairs: np.ndarray | None) -> list[int]:
    """Return the runs that end as each type after pre-training alone, then from scratch alone; zeros without pairs."""
    if pairs is None:
        return [0] * (2 * len(LABELS))
    return np.concatenate([pairs.sum(axis=0), pairs.sum(axis=1)] - np.tile(np.diag(pairs), (2, 1))).tolist()
