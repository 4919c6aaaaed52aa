"""What the page counts: outcomes of both arms in ever more runs, and the life of one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.agents.outcome import LABELS, Outcome
from feint.explorer.state import State
from feint.sim.ensembles.comparison import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.parameter_point import pretrained, scratch
from feint.sim.statistics.intervals import Interval, frequency_interval, tango
from feint.sim.training.replay import replay_plan

FINAL = 10_000  # runs an arm that bars are refined to
PROBE = 64  # runs by which the pace of a point is measured
BUDGET = 0.2  # seconds of training before the first bars are shown, and between one refinement and the next
ENOUGH = 0.7  # of the budget; what is left of it is too little for another lot
GROWTH = 8  # most by which a lot is larger than all before, for its pace may be another
EVERY = 4  # steps between two that are recorded of a life
POINTS = 400  # most that are drawn of a stage


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Counts of paired runs, and how long they took."""

    counts: dict[str, np.ndarray]  #: by arm: runs by final outcome (outcomes,)
    flow: np.ndarray  #: with pre-training: runs by outcome before and after fine-tuning (outcomes, outcomes)
    only: tuple[int, int]  #: runs that are deceptive in the pre-trained arm alone, and in the other alone
    runs: int
    seconds: float

    def plus(self, other: Tally) -> Tally:
        """With other runs at the same point."""
        return Tally(
            counts={arm: counts + other.counts[arm] for arm, counts in self.counts.items()},
            flow=self.flow + other.flow,
            only=(self.only[0] + other.only[0], self.only[1] + other.only[1]),
            runs=self.runs + other.runs,
            seconds=self.seconds + other.seconds,
        )

    def frequency(self, arm: str, outcome: Outcome) -> Interval:
        """How often an arm ends as this type, as `Comparison.frequency`."""
        return frequency_interval(int(self.counts[arm][outcome]), self.runs)

    def difference(self) -> Interval:
        """Deception after pre-training + fine-tuning minus from scratch, as `Comparison.difference`."""
        return tango(*self.only, self.runs)


def tally(state: State, runs: range) -> Tally:
    """Train the runs of these numbers both ways, and count; equal to what `compare` has of them."""
    protocols = {FROM_SCRATCH: scratch(), PRETRAIN_FINETUNE: pretrained()}
    begun = time.perf_counter()
    found = run_paired(state.point, protocols.values(), runs, seed=state.seed)
    return counted({arm: found[protocol] for arm, protocol in protocols.items()}, time.perf_counter() - begun)


def counted(ended: dict[str, RunOutcomes], seconds: float) -> Tally:
    """Counts of how the runs of both arms ended."""
    kinds, after = len(LABELS), ended[PRETRAIN_FINETUNE]
    flow = np.zeros((kinds, kinds), np.int64)
    np.add.at(flow, (after.before, after.outcome), 1)
    with_it, without = (ended[arm].outcome == Outcome.DECEPTIVE for arm in (PRETRAIN_FINETUNE, FROM_SCRATCH))
    return Tally(
        counts={arm: np.bincount(each.outcome, minlength=kinds) for arm, each in ended.items()},
        flow=flow,
        only=(int((with_it & ~without).sum()), int((without & ~with_it).sum())),
        runs=len(after),
        seconds=seconds,
    )


def tallies(state: State, final: int = FINAL, budget: float = BUDGET) -> Iterator[Tally]:
    """First of as many runs as fit into the budget, then of more each time, at last of `final`.

    How many fit is measured: a small lot says how fast training goes at this point, and further lots fill what is left.
    """
    whole, shown = tally(state, range(min(PROBE, final))), 0.0
    while whole.runs < final:
        left = budget - (whole.seconds - shown)
        if left < (1 - ENOUGH) * budget:
            yield whole
            shown, left = whole.seconds, budget
        lot = int(left * whole.runs / whole.seconds)
        last = min(final, whole.runs + max(PROBE, min(lot, GROWTH * whole.runs)))
        whole = whole.plus(tally(state, range(whole.runs, last)))
    yield whole


@dataclass(frozen=True, kw_only=True, eq=False)
class Life:
    """One run of the pre-trained arm: by stage, what is read out along it, and how it ended."""

    stages: tuple[str, ...]
    readings: tuple[dict[str, Any], ...]  #: of each stage; arrays (points,)
    ends: tuple[Outcome, ...]


def life(state: State) -> Life:
    """The life of the run that the state names."""
    lived = replay_plan(pretrained().spec(state.point, seed=state.seed), state.run, every=EVERY)
    readings, ends = [], []
    for i in range(len(lived.curriculum)):
        read, steps = lived.readings(i)._asdict(), lived.states[i].taken
        kept = np.unique(np.linspace(0, len(steps) - 1, min(POINTS, len(steps))).astype(int))
        readings.append({"step": steps[kept], **{name: values[kept] for name, values in read.items()}})
        ends.append(Outcome(int(read["outcome"][-1])))
    return Life(stages=lived.curriculum.names, readings=tuple(readings), ends=tuple(ends))


def answers(state: State, final: int = FINAL) -> Iterator[Tally | Life]:
    """All that the page shows of a state: the first bars, the life of a run, then bars of more runs."""
    refined = tallies(state, final)
    yield next(refined)
    yield life(state)
    yield from refined
