"""Sequential sampling: how many runs each point gets, a fixed number or more until its intervals are narrow enough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.statistics.intervals import CONFIDENCE, Interval, clopper_pearson, look_confidence, paired_exact
from feint.sim.sweeps.experimental_designs import count
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep_store import Store, last_stages, read_parts

if TYPE_CHECKING:
    import pandas as pd

Round = tuple[int, int, list[range], int]  # first and last run, points, known total of runs per arm


class Allocation:
    """The rounds of a study, each decided from the counts of the last one.

    With `half_width` there is a round of `runs`, then rounds of as many again as there are, up to `most_runs`. A point
    gets more runs while an interval of its deception, of an arm or of the difference between them, is wider than
    `half_width`. The intervals are exact and hold at every look: each look spends an equal part of the error
    (`feint.sim.statistics.intervals`).
    """

    def __init__(self, study: Study, store: Store) -> None:
        self.study, self.store, self.count = study, store, count(study)

    def rounds(self) -> Iterator[Round]:
        """Yield one round after another, until no point needs more runs."""
        points, before = [range(self.count)], 0
        totals = rounds_of(self.study)
        for total in totals:
            unfinished = sum(map(len, points))
            yield before, total, points, self.count * before + unfinished * (total - before)
            if total == totals[-1]:
                return
            points, before = self._wide(points, total), total
            if not points:
                return

    def _wide(self, points: list[range], total: int) -> list[range]:
        """Return those of these points whose intervals are still too wide."""
        events = np.zeros((self.count, 4), np.int64)
        for unit, path in self.store.finished_parts().items():
            if unit.last_run > total:  # a sweep that is resumed may be further than this look
                continue
            table = last_stages(read_parts([path]))
            second, deceptive = (table["arm"] == PRETRAIN_FINETUNE).to_numpy(), table["deceptive"].to_numpy()
            columns = (deceptive * ~second, deceptive * second, table["gained_deceptive"], table["lost_deceptive"])
            np.add.at(events, table["point"].to_numpy(), np.column_stack(columns))
        every = (point for part in points for point in part)
        return list(neighbours(point for point in every if is_wide(self.study, events[point].tolist(), total)))


def is_wide(study: Study, events: Iterable[int], total: int) -> bool:
    """Return whether an interval of a point is wider than `half_width`.

    `events` are its deceptive runs from scratch and after pre-training, and those after pre-training alone and from
    scratch alone, out of `total`.
    """
    scratch, pretrained, gained, lost = events
    counts = {FROM_SCRATCH: scratch, PRETRAIN_FINETUNE: pretrained}
    widths = [frequency_at_look(study, counts[arm], total).half_width for arm in study.arms]
    if len(study.arms) == 2:
        widths.append(difference_at_look(study, gained, lost, total).half_width)
    return max(widths) > (study.half_width or 1.0)


def still_wide(study: Study, last: pd.DataFrame) -> int:
    """Return how many points of a table of last stages have `most_runs`, and intervals wider than `half_width`."""
    if study.half_width is None:
        return 0
    last = last[last["runs"] == study.most_runs]
    wide = last.pivot(index="point", columns="arm", values="deceptive").reindex(columns=list(ARM_NAMES), fill_value=0)
    compared = last.groupby("point")[["gained_deceptive", "lost_deceptive"]].max()  # 0 in the row of the other arm
    events = [tuple(map(int, row)) for row in wide.join(compared).to_numpy()]
    known = {row: is_wide(study, row, int(study.most_runs or 0)) for row in set(events)}
    return sum(known[row] for row in events)


def rounds_of(study: Study) -> list[int]:
    """Return the runs per point and arm after each round that a study may have."""
    totals = [study.runs]
    while totals[-1] < (study.most_runs or 0):
        totals.append(min(2 * totals[-1], study.most_runs or 0))
    return totals


def frequency_at_look(study: Study, count: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of a frequency that holds at every look."""
    return clopper_pearson(count, total, look_confidence(confidence, len(rounds_of(study))))


def difference_at_look(study: Study, gained: int, lost: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of a paired difference that holds at every look."""
    return paired_exact(gained, lost, total, look_confidence(confidence, len(rounds_of(study))))


def neighbours(points: Iterable[int]) -> Iterator[range]:
    """Yield increasing numbers as ranges."""
    for _, part in groupby(enumerate(points), lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in part]
        yield range(numbers[0], numbers[-1] + 1)
