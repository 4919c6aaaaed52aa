"""State of the page, as a link, a command line and Python code, and its results, computed piece by piece on a thread.

The results are the outcomes of both arms and the course of one run.
"""

from __future__ import annotations

import itertools
import logging
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from queue import PriorityQueue
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.mind import GROUPS
from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.argument.worldview_files import DEFAULT, WorldView, default_view, views
from feint.sim.ensembles.companions import AS_IT_IS, COMPANIONS, Beside, discordant, paired_difference
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, pretrained, scratch
from feint.sim.results.request import MOST_RUNS
from feint.sim.statistics.intervals import Interval, share_of_selected, tango
from feint.sim.training.configuration import parse_setting
from feint.sim.training.parameter_point import Point, by_stage, check_two_stages, differing, options, written
from feint.sim.training.replay import ReplayRequest
from feint.sim.training.train import check_seed

MOST = {"steps": 100_000, "modes": 256}  # limits beyond which readers would wait too long
DONE = object()
FINAL = 10_000  # runs per arm to which bars are refined
BESIDE = 500  # runs per arm of what is shown beside the difference
BATCH = 100  # of those that are trained before other jobs have their turn
PROBE = 64  # runs by which the speed at a point is measured
BUDGET = 0.2  # seconds of training before the first bars are shown, and between one refinement and the next
ENOUGH = 0.7  # share of the budget after which no further batch is begun
GROWTH = 8  # a batch is at most this many times all before it, since its speed may differ
EVERY = 4  # steps between two recorded ones of a run
POINTS = 400  # most points drawn per stage


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything that the page shows follows from its state."""

    point: Point = field(default_factory=Point)
    view: str = DEFAULT  #: world view from which the point departs
    seed: int = 0
    run: int = 0  #: run whose course is drawn

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if not 0 <= self.run < MOST_RUNS:
            raise InputError(f"run = {self.run!r} is not valid: it must be a whole number from 0 to {MOST_RUNS - 1:,}.")
        check_two_stages(self.point)
        for name, most in MOST.items():
            places = (name,) if name == "modes" else (f"pretraining.{name}", f"finetuning.{name}")
            value = max(map(self.point.value, places))
            if value > most:
                raise InputError(f"{name} = {value!r} is more than this page trains: it must be at most {most:,}.")
        if isinstance(self.point.model.similarity, tuple):
            raise InputError(f"similarity = {list(self.point.model.similarity)} names several: give one number.")
        for protocol in (scratch(), pretrained()):  # raises unless both arms can be trained
            protocol.spec(self.point, seed=0)

    def moved(self) -> dict[str, Any]:
        """Return the departures from the world view, by dotted name."""
        return differing(self.point, described(self.view).point)

    def changes(self) -> dict[str, Any]:
        """Return the departures from the default, by dotted name."""
        return differing(self.point, Point())

    def query(self) -> str:
        """Return the state as the query of a link; empty for the default."""
        own = {"view": self.view} if self.view != DEFAULT else {}
        own |= {name: str(value) for name in ("seed", "run") if (value := getattr(self, name))}
        return urlencode({**own, **{name: written(value) for name, value in self.moved().items()}})

    @classmethod
    def read(cls, query: str, before: State | None = None) -> State:
        """Return the state of a link, `before` if it is empty; raises `InputError` if it is not valid."""
        given = parse_qsl(query.lstrip("?"), keep_blank_values=True)
        if not given:
            return before or cls()
        values: dict[str, Any] = {}
        for name, text in given:
            if name in values:
                raise InputError(f"{name} = {text!r} is given a second time: give it once.")
            values[name] = text if name == "view" else parse_setting(f"{name}={text}", "link")[1]
            if name.endswith(".carry") and not isinstance(values[name], list):
                raise InputError(f"{name} = {text!r} is not valid: it must be a list, as in {written(tuple(GROUPS))}.")
        own = {name: values.pop(name) for name in ("view", "seed", "run") if name in values}
        for name in ("seed", "run"):
            if not isinstance(own.get(name, 0), int) or isinstance(own.get(name, 0), bool):
                raise InputError(f"{name} = {own[name]!r} is not valid: it must be a whole number.")
        return cls(point=described(own.get("view", DEFAULT)).point.at(values), **own)

    def command(self, runs: int) -> str:
        """Return the command line that gives the same numbers."""
        return shlex.join(["feint", "compare", "--runs", str(runs), "--seed", str(self.seed), *options(self.changes())])

    def python(self, runs: int) -> str:
        """Return the Python code that gives the same numbers."""
        changes = self.changes()
        protocols = {option: changes.pop(option) for option in ("start", "match") if option in changes}
        of_model, of_stages = by_stage(changes)
        words = [f"feint.pretrain_finetune({_keywords(of_stages)})"] if of_stages else []
        words += [f"model=feint.Model({_keywords(of_model)})"] if of_model else []
        words += [f"{name}={value!r}" for name, value in {**protocols, "runs": runs, "seed": self.seed}.items()]
        inside = "".join(f"    {word},\n" for word in words)
        return f"import feint\n\ncomparison = feint.compare(\n{inside})\nprint(comparison.difference())\n"


def described(view: str) -> WorldView:
    """Return the world view of this name, or the default; raises `InputError` for an unknown name."""
    if view == DEFAULT:
        return default_view()
    if view not in views():
        raise unknown("world view", view, [DEFAULT, *views()])
    return views()[view]


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


class WorkQueue:
    """Computes jobs piece by piece on a thread of its own, until it is stopped; jobs with fewer pieces come first."""

    def __init__(self) -> None:
        self._waiting: PriorityQueue[tuple[int, int, Iterator[Any], Callable, Callable]] = PriorityQueue()
        self._numbers = itertools.count()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="feint explorer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the piece that is being computed, and begin no other: nothing can be computed while Python ends."""
        self._stopped.set()
        self.ask(iter(()), lambda _: None, lambda: False, done=-1)
        self._thread.join()

    def ask(self, pieces: Iterator[Any], deliver: Callable, wanted: Callable[[], bool], done: int = 0) -> None:
        """Compute `pieces` while they are wanted; `deliver` receives each, or the error, on the worker's thread."""
        self._waiting.put((done, next(self._numbers), pieces, deliver, wanted))

    def _work(self) -> None:
        while True:
            done, _, pieces, deliver, wanted = self._waiting.get()
            if self._stopped.is_set():
                return
            try:
                if wanted() and self._next_of(pieces, deliver, lambda: not self._stopped.is_set() and wanted()):  # noqa: B023
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
    converged: dict[str, np.ndarray]  #: the same of the converged runs
    flow: np.ndarray  #: with pre-training: runs by outcome before and after fine-tuning (outcomes, outcomes)
    only: np.ndarray  #: runs that are deceptive in the pre-trained arm alone, and in the other alone (2,)
    runs: int
    seconds: float

    def plus(self, other: Tally) -> Tally:
        """Return the counts together with those of other runs at the same point."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in ("flow", "only", "runs", "seconds")}
        counts, converged = (
            {arm: numbers + theirs[arm] for arm, numbers in mine.items()}
            for mine, theirs in ((self.counts, other.counts), (self.converged, other.converged))
        )
        return Tally(counts=counts, converged=converged, **sums)

    def frequency(self, arm: str, outcome: Outcome, *, converged: bool = False) -> Interval:
        """Return how often an arm ends as this type, of all or of converged runs, as `Comparison.frequency`."""
        counts = (self.converged if converged else self.counts)[arm]
        return share_of_selected(int(counts[outcome]), int(counts.sum()))

    def difference(self) -> Interval:
        """Return deception after pre-training + fine-tuning minus from scratch, as `Comparison.difference`."""
        return tango(int(self.only[0]), int(self.only[1]), self.runs)


def tally(state: State, runs: range) -> Tally:
    """Train the runs with these numbers both ways and count their outcomes, as `compare` does."""
    protocols, kinds = {FROM_SCRATCH: scratch(), PRETRAIN_FINETUNE: pretrained()}, len(LABELS)
    begun = time.perf_counter()
    outcomes = run_paired(state.point, protocols.values(), runs, seed=state.seed)
    seconds = time.perf_counter() - begun
    ends = {arm: outcomes[protocol] for arm, protocol in protocols.items()}
    deceptive = [ends[arm].outcome == Outcome.DECEPTIVE for arm in (PRETRAIN_FINETUNE, FROM_SCRATCH)]
    flow, after = np.zeros((kinds, kinds), np.int64), ends[PRETRAIN_FINETUNE]
    np.add.at(flow, (after.before, after.outcome), 1)
    return Tally(
        counts={arm: np.bincount(end.outcome, minlength=kinds) for arm, end in ends.items()},
        converged={arm: np.bincount(end.outcome[end.converged], minlength=kinds) for arm, end in ends.items()},
        flow=flow,
        only=np.array(discordant(deceptive)),
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


def companions(state: State, runs: int = BESIDE) -> Iterator[Beside | None]:
    """Yield the difference as it is and with its companions, on the same runs, as `compare` measures them.

    None is yielded after each batch of runs, so that other jobs of the queue need not wait for long training.
    """
    arms = pretrained(), scratch()
    for companion in (AS_IT_IS, *COMPANIONS):
        parts = []
        try:
            point = companion.at(state.point)
            for first in range(0, runs, BATCH):
                parts.append(run_paired(point, arms, range(first, min(runs, first + BATCH)), seed=state.seed))
                yield None
        except InputError as error:
            yield companion.row(state.point, None, str(error))
            continue
        ends = [RunOutcomes.joined([part[arm] for part in parts]) for arm in arms]
        selected = [end.converged for end in ends] if companion.converged else None
        difference = paired_difference([end.outcome == Outcome.DECEPTIVE for end in ends], selected)
        yield companion.row(state.point, difference)


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
