"""Units of a sweep: a range of points, or of one point's runs, that is trained together and stored as one part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from feint.agents.outcome import LABELS
from feint.sim.comparison import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.plan import Plan
from feint.sim.study import Study
from feint.sim.summary import Tally, blocks, crossed

RUNS_A_UNIT = 2**16  # of all its points together
POINTS_A_UNIT = 256
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


def units_of(points: range, first_run: int, last_run: int) -> Iterator[Unit]:
    """Neighbouring points cut into units of about RUNS_A_UNIT runs an arm."""
    runs = last_run - first_run
    together = min(POINTS_A_UNIT, max(1, RUNS_A_UNIT // runs))
    for point in range(points.start, points.stop, together):
        last = min(points.stop, point + together)
        for run in range(first_run, last_run, RUNS_A_UNIT):
            yield Unit(point, last, run, min(last_run, run + RUNS_A_UNIT))


def train_unit(study: Study, unit: Unit, values: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Train a unit; `values` holds the factors' values at its points. Returns the columns of its part."""
    found: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for i, point in enumerate(unit.points):
        plans = study.plans({name: column[i] for name, column in values.items()})
        first = study.first_run(point)
        tallies, pairs = train_point(plans, first + unit.first_run, first + unit.last_run)
        for arm, tally in tallies.items():
            _add_rows(found, point, arm, plans[arm], tally, pairs)
    return found


def train_point(plans: Mapping[str, Plan], first: int, last: int) -> tuple[dict[str, Tally], np.ndarray | None]:
    """Each arm's tally, and runs by final outcome from scratch and after pre-training (outcomes, outcomes) of two arms."""
    tallies: dict[str, Tally] = {}
    pairs = None
    for block in blocks(first, last):
        state, final = None, {}
        for arm, plan in plans.items():
            state = plan.begin(np.arange(block.start, block.stop, dtype=np.uint64)) if state is None else state
            stops = list(plan.train(state))
            one = Tally.of(stops)
            tallies[arm] = tallies[arm] + one if arm in tallies else one
            final[arm] = stops[-1].readings.outcome
        if len(final) == 2:
            crossing = crossed(final[FROM_SCRATCH], final[PRETRAIN_FINETUNE])
            pairs = crossing if pairs is None else pairs + crossing
    return tallies, pairs


def _add_rows(
    found: dict[str, list[Any]], point: int, arm: str, plan: Plan, tally: Tally, pairs: np.ndarray | None
) -> None:
    for i, stage in enumerate(plan.curriculum.names):
        compared = pairs is not None and arm == PRETRAIN_FINETUNE and i == len(plan.curriculum) - 1
        same = np.diag(pairs) if compared else None
        row = {
            "point": point,
            "arm": arm,
            "stage": stage,
            "runs": tally.runs,
            **dict(zip(LABELS, tally.counts[i].tolist(), strict=True)),
            "missed_target": int(tally.missed[i]),
            "diverged": int(tally.diverged[i]),
            "steps": int(tally.steps[i]),
            **dict(zip(GAINED, (pairs.sum(axis=0) - same).tolist() if compared else [0] * len(LABELS), strict=True)),
            **dict(zip(LOST, (pairs.sum(axis=1) - same).tolist() if compared else [0] * len(LABELS), strict=True)),
        }
        for name, value in row.items():
            found[name].append(value)
