"""What the page computes, piece by piece on one worker thread: outcomes of both arms, and the course of one run."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import PriorityQueue
from typing import Any

import numpy as np

from feint.agents.outcome import LABELS, Outcome
from feint.explorer.state import State
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, pretrained, scratch
from feint.sim.statistics.intervals import Interval, frequency_interval, tango
from feint.sim.training.replay import ReplayRequest

DONE = object()


@dataclass(order=True)
class Job:
    """Work that is computed piece by piece; waiting jobs take turns, those with fewer finished pieces first."""

    rank: int  #: how many pieces are done
    number: int
    pieces: Iterator[Any] = field(compare=False)
    deliver: Callable[[Any], object] = field(compare=False)  #: receives each piece, or the error
    wanted: Callable[[], bool] = field(compare=False)


class WorkQueue:
    """Carries out jobs on a thread of its own, which lives as long as the process."""

    def __init__(self) -> None:
        self._waiting: PriorityQueue[Job] = PriorityQueue()
        self._numbers = itertools.count()
        threading.Thread(target=self._work, name="feint explorer", daemon=True).start()

    def ask(self, pieces: Iterator[Any], deliver: Callable[[Any], object], wanted: Callable[[], bool]) -> None:
        """Have `pieces` computed while they are wanted; `deliver` is called on the worker's thread."""
        self._waiting.put(Job(0, next(self._numbers), pieces, deliver, wanted))

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            try:
                more = job.wanted() and self._next_of(job)
            except Exception:  # others are still waiting
                logging.getLogger(__name__).exception("a result could not be delivered")
                continue
            if more:
                self._waiting.put(Job(job.rank + 1, next(self._numbers), job.pieces, job.deliver, job.wanted))

    @staticmethod
    def _next_of(job: Job) -> bool:
        """Compute and deliver one piece; return whether there may be more."""
        try:
            piece = next(job.pieces, DONE)
        except Exception as error:
            job.deliver(error)
            return False
        if piece is DONE:
            return False
        if job.wanted():
            job.deliver(piece)
        return True


class Reader:
    """A session's access to the queue: only its latest request is wanted."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue, self._request = queue, 0

    def ask(self, pieces: Iterator[Any], deliver: Callable[[Any, Callable[[], bool]], object]) -> None:
        """Replace the previous request; `deliver` also receives a function that says if the piece is still wanted."""
        self._request += 1
        mine = self._request

        def wanted() -> bool:
            return self._request == mine

        self._queue.ask(pieces, lambda piece: deliver(piece, wanted), wanted)

    def leave(self) -> None:
        """Drop the last request."""
        self._request += 1


FINAL = 10_000  # runs per arm to which bars are refined
PROBE = 64  # runs by which the speed at a point is measured
BUDGET = 0.2  # seconds of training before the first bars are shown, and between one refinement and the next
ENOUGH = 0.7  # share of the budget after which no further batch is begun
GROWTH = 8  # a batch is at most this many times all before it, since its speed may differ
EVERY = 4  # steps between two recorded ones of a run
POINTS = 400  # most points drawn per stage


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Counts of paired runs, and the time they took."""

    counts: dict[str, np.ndarray]  #: by arm: runs by final outcome (outcomes,)
    flow: np.ndarray  #: with pre-training: runs by outcome before and after fine-tuning (outcomes, outcomes)
    only: tuple[int, int]  #: runs that are deceptive in the pre-trained arm alone, and in the other alone
    runs: int
    seconds: float

    def plus(self, other: Tally) -> Tally:
        """Return the counts together with those of other runs at the same point."""
        return Tally(
            counts={arm: counts + other.counts[arm] for arm, counts in self.counts.items()},
            flow=self.flow + other.flow,
            only=(self.only[0] + other.only[0], self.only[1] + other.only[1]),
            runs=self.runs + other.runs,
            seconds=self.seconds + other.seconds,
        )

    def frequency(self, arm: str, outcome: Outcome) -> Interval:
        """Return how often an arm ends as this type, as `Comparison.frequency`."""
        return frequency_interval(int(self.counts[arm][outcome]), self.runs)

    def difference(self) -> Interval:
        """Return deception after pre-training + fine-tuning minus from scratch, as `Comparison.difference`."""
        return tango(*self.only, self.runs)


def tally(state: State, runs: range) -> Tally:
    """Train the runs with these numbers both ways and count their outcomes, as `compare` does."""
    protocols = {FROM_SCRATCH: scratch(), PRETRAIN_FINETUNE: pretrained()}
    begun = time.perf_counter()
    found = run_paired(state.point, protocols.values(), runs, seed=state.seed)
    return counted({arm: found[protocol] for arm, protocol in protocols.items()}, time.perf_counter() - begun)


def counted(ended: dict[str, RunOutcomes], seconds: float) -> Tally:
    """Return the counts of the outcomes of both arms."""
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
    """Yield counts of as many runs as fit into the budget of seconds, then of more and more, finally of `final`.

    How many fit is measured: a small batch gives the speed at this point, and further batches fill the rest.
    """
    whole, shown = tally(state, range(min(PROBE, final))), 0.0
    while whole.runs < final:
        left = budget - (whole.seconds - shown)
        if left < (1 - ENOUGH) * budget:
            yield whole
            shown, left = whole.seconds, budget
        batch = int(left * whole.runs / whole.seconds)
        last = min(final, whole.runs + max(PROBE, min(batch, GROWTH * whole.runs)))
        whole = whole.plus(tally(state, range(whole.runs, last)))
    yield whole


@dataclass(frozen=True, kw_only=True, eq=False)
class Life:
    """Course of one run of the pre-trained arm: readings along each stage, and how it ended."""

    stages: tuple[str, ...]
    readings: tuple[dict[str, Any], ...]  #: of each stage; arrays (points,)
    ends: tuple[Outcome, ...]


def life(state: State) -> Life:
    """Return the course of the run that the state names."""
    trajectory = ReplayRequest.of(pretrained().spec(state.point, seed=state.seed), state.run, EVERY).run()
    readings, ends = [], []
    for i in range(len(trajectory.curriculum)):
        read, steps = trajectory.readings(i)._asdict(), trajectory.states[i].taken
        kept = np.unique(np.linspace(0, len(steps) - 1, min(POINTS, len(steps))).astype(int))
        readings.append({"step": steps[kept], **{name: values[kept] for name, values in read.items()}})
        ends.append(Outcome(int(read["outcome"][-1])))
    return Life(stages=trajectory.curriculum.names, readings=tuple(readings), ends=tuple(ends))


def answers(state: State, final: int = FINAL) -> Iterator[Tally | Life]:
    """Yield what the page shows of a state: first counts, the course of a run, then counts of more runs."""
    refined = tallies(state, final)
    yield next(refined)
    yield life(state)
    yield from refined
