"""Results of the page, computed piece by piece on a worker thread: outcomes of both arms, and the course of one run."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import PriorityQueue
from typing import Any

import numpy as np

from feint.agents.outcome import LABELS, Outcome
from feint.explorer.state import State
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, pretrained, scratch
from feint.sim.statistics.intervals import Interval, frequency_interval, tango
from feint.sim.training.replay import ReplayRequest

DONE = object()
FINAL = 10_000  # runs per arm to which bars are refined
PROBE = 64  # runs by which the speed at a point is measured
BUDGET = 0.2  # seconds of training before the first bars are shown, and between one refinement and the next
ENOUGH = 0.7  # share of the budget after which no further batch is begun
GROWTH = 8  # a batch is at most this many times all before it, since its speed may differ
EVERY = 4  # steps between two recorded ones of a run
POINTS = 400  # most points drawn per stage


class WorkQueue:
    """Computes jobs piece by piece on a thread that lives as long as the process; jobs with fewer pieces come first."""

    def __init__(self) -> None:
        self._waiting: PriorityQueue[tuple[int, int, Iterator[Any], Callable, Callable]] = PriorityQueue()
        self._numbers = itertools.count()
        threading.Thread(target=self._work, name="feint explorer", daemon=True).start()

    def ask(self, pieces: Iterator[Any], deliver: Callable, wanted: Callable[[], bool], done: int = 0) -> None:
        """Compute `pieces` while they are wanted; `deliver` receives each, or the error, on the worker's thread."""
        self._waiting.put((done, next(self._numbers), pieces, deliver, wanted))

    def _work(self) -> None:
        while True:
            done, _, pieces, deliver, wanted = self._waiting.get()
            try:
                if wanted() and self._next_of(pieces, deliver, wanted):
                    self.ask(pieces, deliver, wanted, done + 1)
            except Exception:  # others are still waiting
                logging.getLogger(__name__).exception("a result could not be delivered")

    @staticmethod
    def _next_of(pieces: Iterator[Any], deliver: Callable, wanted: Callable[[], bool]) -> bool:
        """Compute and deliver one piece; return whether there may be more."""
        try:
            piece = next(pieces, DONE)
        except Exception as error:
            deliver(error)
            return False
        if piece is not DONE and wanted():
            deliver(piece)
        return piece is not DONE


class Reader:
    """A session's access to the queue: only its latest request is wanted."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue, self._request = queue, 0

    def ask(self, pieces: Iterator[Any], deliver: Callable[[Any, Callable[[], bool]], object]) -> None:
        """Replace the previous request; `deliver` also receives a function that says if the piece is still wanted."""
        self.leave()
        mine = self._request

        def wanted() -> bool:
            return self._request == mine

        self._queue.ask(pieces, lambda piece: deliver(piece, wanted), wanted)

    def leave(self) -> None:
        """Drop the last request."""
        self._request += 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Counts of paired runs, and the time they took."""

    counts: dict[str, np.ndarray]  #: by arm: runs by final outcome (outcomes,)
    flow: np.ndarray  #: with pre-training: runs by outcome before and after fine-tuning (outcomes, outcomes)
    only: np.ndarray  #: runs that are deceptive in the pre-trained arm alone, and in the other alone (2,)
    runs: int
    seconds: float

    def plus(self, other: Tally) -> Tally:
        """Return the counts together with those of other runs at the same point."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in ("flow", "only", "runs", "seconds")}
        return Tally(counts={arm: counts + other.counts[arm] for arm, counts in self.counts.items()}, **sums)

    def frequency(self, arm: str, outcome: Outcome) -> Interval:
        """Return how often an arm ends as this type, as `Comparison.frequency`."""
        return frequency_interval(int(self.counts[arm][outcome]), self.runs)

    def difference(self) -> Interval:
        """Return deception after pre-training + fine-tuning minus from scratch, as `Comparison.difference`."""
        return tango(*self.only.tolist(), self.runs)


def tally(state: State, runs: range) -> Tally:
    """Train the runs with these numbers both ways and count their outcomes, as `compare` does."""
    protocols, kinds = {FROM_SCRATCH: scratch(), PRETRAIN_FINETUNE: pretrained()}, len(LABELS)
    begun = time.perf_counter()
    outcomes = run_paired(state.point, protocols.values(), runs, seed=state.seed)
    seconds = time.perf_counter() - begun
    ends = {arm: outcomes[protocol] for arm, protocol in protocols.items()}
    flow, after = np.zeros((kinds, kinds), np.int64), ends[PRETRAIN_FINETUNE]
    np.add.at(flow, (after.before, after.outcome), 1)
    with_it, without = (ends[arm].outcome == Outcome.DECEPTIVE for arm in (PRETRAIN_FINETUNE, FROM_SCRATCH))
    return Tally(
        counts={arm: np.bincount(end.outcome, minlength=kinds) for arm, end in ends.items()},
        flow=flow,
        only=np.array([(with_it & ~without).sum(), (without & ~with_it).sum()]),
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
