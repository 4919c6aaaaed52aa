"""How many runs each point gets: a fixed number, or rounds of more until its intervals are narrow enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.sweeps import experimental_designs as designs

if TYPE_CHECKING:
    import pandas as pd

    from feint.sim.sweeps.study import Study
    from feint.sim.sweeps.sweep_store import Store

Round = tuple[int, int, list[range], int]  # first and last run, points, runs an arm in all as far as known


class Allocation:
    """The rounds of a study; each looks at what the last one found.

    With `half_width` there is a round of `runs`, and then of as many again as there are, up to `most_runs`. A point is
    given more while an interval of its deception, of any arm or of the difference between them, is wider than asked.
    The intervals are exact and hold at every look: each look spends an equal part of the error
    (`feint.sim.statistics.intervals`).
    """

    def __init__(self, study: Study, store: Store) -> None:
        self.study, self.store = study, store
        self.count = designs.count(study)

    @property
    def totals(self) -> list[int]:
        """Runs of a point after each round."""
        return rounds_of(self.study)

    def rounds(self) -> Iterator[Round]:
        """One round after another, until no point needs more."""
        points, before = [range(self.count)], 0
        for total in self.totals:
            open_points = sum(len(each) for each in points)
            yield before, total, points, self.count * before + open_points * (total - before)
            if total == self.totals[-1]:
                return
            points, before = self._wide(points, total), total
            if not points:
                return

    def _wide(self, points: list[range], total: int) -> list[range]:
        """Of these points, those whose intervals are still too wide."""
        events = np.zeros((self.count, 4), np.int64)  # deceptive an arm (2), gained and lost by pre-training
        from feint.sim.sweeps.sweep_results import last_stages
        from feint.sim.sweeps.sweep_store import read_parts

        looked_at = (path for unit, path in self.store.finished().items() if unit.last_run <= total)
        for path in looked_at:  # a sweep that is gone on with may be further than this look
            table = last_stages(read_parts([path]))
            second = (table["arm"] == PRETRAIN_FINETUNE).to_numpy()
            at = table["point"].to_numpy()
            for column, values in (
                (0, np.where(second, 0, table["deceptive"])),
                (1, np.where(second, table["deceptive"], 0)),
                (2, table["gained_deceptive"].to_numpy()),
                (3, table["lost_deceptive"].to_numpy()),
            ):
                np.add.at(events[:, column], at, values)
        wide = [point for each in points for point in each if self._is_wide(events[point].tolist(), total)]
        return list(neighbours(wide))

    def _is_wide(self, events: list[int], total: int) -> bool:
        return is_wide(self.study, events, total)


def is_wide(study: Study, events: list[int], total: int) -> bool:
    """Whether an interval of a point is wider than asked: deceptive runs an arm, gained and lost ones, of a total."""
    scratch, pretrained, gained, lost = events
    counts = {FROM_SCRATCH: scratch, PRETRAIN_FINETUNE: pretrained}
    widths = [frequency_at_look(study, counts[arm], total).half_width for arm in study.arms]
    if len(study.arms) == 2:
        widths.append(difference_at_look(study, gained, lost, total).half_width)
    return max(widths) > (study.half_width or 1.0)


def still_wide(study: Study, last: pd.DataFrame) -> int:
    """How many points of a table of last stages have all runs there may be, and intervals wider than asked."""
    if study.half_width is None:
        return 0
    last = last[last["runs"] == study.most_runs]
    wide = last.pivot(index="point", columns="arm", values="deceptive").reindex(columns=list(ARM_NAMES), fill_value=0)
    compared = last.groupby("point")[["gained_deceptive", "lost_deceptive"]].max()  # 0 in the row of the other arm
    events = [tuple(map(int, row)) for row in wide.join(compared).to_numpy()]
    known = {each: is_wide(study, list(each), int(study.most_runs or 0)) for each in set(events)}
    return sum(known[each] for each in events)


def rounds_of(study: Study) -> list[int]:
    """Runs of a point after each round that a study may have."""
    if study.half_width is None or study.most_runs is None:
        return [study.runs]
    totals = [study.runs]
    while totals[-1] < study.most_runs:
        totals.append(min(2 * totals[-1], study.most_runs))
    return totals


def frequency_at_look(study: Study, deceptive: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """The interval of an arm's deception that holds at every look."""
    from feint.sim.statistics.intervals import clopper_pearson, look_confidence

    return clopper_pearson(deceptive, total, look_confidence(confidence, len(rounds_of(study))))


def difference_at_look(study: Study, gained: int, lost: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """The interval of the paired difference that holds at every look."""
    from feint.sim.statistics.intervals import look_confidence, paired_exact

    return paired_exact(gained, lost, total, look_confidence(confidence, len(rounds_of(study))))


def neighbours(points: list[int]) -> Iterator[range]:
    """Increasing numbers as ranges."""
    first = last = None
    for point in points:
        if last is not None and point == last:
            last += 1
            continue
        if first is not None and last is not None:
            yield range(first, last)
        first, last = point, point + 1
    if first is not None and last is not None:
        yield range(first, last)
