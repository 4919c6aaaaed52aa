"""Runs that an overseer trains side by side, in slices that differ from run to run, and what it is shown of them.

An overseer is shown what a developer could measure, with the noise of the measurement.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from feint.agents.interventions import on_honeypots, readable, scored
from feint.agents.mind import DIVERGED, GROUPS, OUTSIDE, RUNNING, Mind, Progress
from feint.agents.outcome import read
from feint.agents.state import State
from feint.agents.types import prepare
from feint.sim.environments.task import (
    ACTIONS,
    AT,
    BOTH,
    HONEYPOTS,
    LOSSES,
    PROBE,
    SEEN,
    STARTS,
    Orders,
    Task,
    Terms,
    X,
    Y,
)
from feint.sim.training.auditors import reading_error
from feint.sim.training.kernels.random_streams import OCCURRENCES, draw_normals, open_streams
from feint.sim.training.train import PLASTICITIES, PRECISION, begin, race

OBJECTIVES = 2
NEVER = -1  #: the objective of a run before its first slice
DRAWING, MEASURING = 2**32 - 2, 2**32 - 1  #: streams of a run's own parameters, and of measurement noise
NORMALS = 6  #: normal numbers drawn per run and observation, whichever audits are ordered
LEAST, WORST = LOSSES  #: performance, and loss, of what diverged


class RunBatch:
    """Runs of a population, by their numbers (runs,), each with its own position in its streams.

    A slice that trains towards the same objective as the last one and puts nothing back continues its stage in the same
    stream of noise, whatever learning rate and honeypots are. Any other slice enters a new stage, whose stream is named
    by the objective and its occurrence, counted from when all groups were last put back. So a schedule of slices has
    the noise of the corresponding curriculum (section 7 of the model's page).
    """

    def __init__(self, terms: Terms, key: int, runs: np.ndarray) -> None:
        self.terms, self.key = terms, key
        self.state, self.plasticity = self._drawn(runs)
        self.objective = np.full(len(runs), NEVER)
        self.occurrences = np.zeros((len(runs), OBJECTIVES), int)
        self.noise = self._stream(self.state.run, self.state.fork, MEASURING)

    def __len__(self) -> int:
        return len(self.state)

    def begin(self, rows: np.ndarray, runs: np.ndarray) -> None:
        """Put new runs, of these numbers, into some rows."""
        fresh, self.plasticity[rows] = self._drawn(runs)
        for group in ("world", "initial", "mind", "progress"):
            for old, new in zip(getattr(self.state, group), getattr(fresh, group), strict=True):
                old[rows] = new
        self.state.bias[rows], self.state.run[rows] = fresh.bias, fresh.run
        self.objective[rows], self.occurrences[rows] = NEVER, 0
        self.noise[rows] = self._stream(fresh.run, fresh.fork, MEASURING)

    def _drawn(self, runs: np.ndarray) -> tuple[State, np.ndarray]:
        """Return runs at their start, with arrays of their own that may be written to, and plasticities (runs, 8).

        Parameters are drawn before a start is prepared, so that what the start sets remains.
        """
        point = self.terms.point
        state = begin(point.model, runs=runs, seed=self.key, objectives=OBJECTIVES)
        plasticity = np.tile([float(getattr(point.model, name)) for name in PLASTICITIES], (len(state), 1))
        moved = Mind(*(part.copy() for part in state.mind))
        self._vary(state, moved, plasticity)
        state = prepare(state.starting_from(moved), point.start)
        status = np.full(len(state), RUNNING, np.int64)
        own = Progress(np.zeros(len(state), np.int64), status, np.zeros((len(state), 4), np.uint32))
        initial, mind = (Mind(*(part.copy() for part in state.mind)) for _ in range(2))
        return replace(state, run=state.run.copy(), initial=initial, mind=mind, progress=own), plasticity

    def _vary(self, state: State, mind: Mind, plasticity: np.ndarray) -> None:
        """Give each run the parameters that are drawn for it, in place."""
        if not self.terms.factors:
            return
        shares = np.empty((len(state), len(self.terms.factors)))
        draw_normals(self._stream(state.run, state.fork, DRAWING), shares)
        for factor, share in zip(self.terms.factors, ndtr(shares).T, strict=True):
            value = factor.low + share * (factor.high - factor.low)
            if factor.log:
                value = factor.low * (factor.high / factor.low) ** share
            if factor.name in STARTS:
                _move(mind, factor.name, value, getattr(self.terms.model, factor.name))
            else:
                plasticity[:, PLASTICITIES.index(factor.name)] = value

    def _stream(self, runs: np.ndarray, forks: np.ndarray, stream: int) -> np.ndarray:
        """Return the generators of a stream of some runs, at its start (runs, 4)."""
        generators = np.empty((len(runs), 4), np.uint32)
        open_streams(np.uint64(self.key), runs, np.uint32(stream), forks, generators)
        return generators

    def next_noise(self, rows: np.ndarray, count: int) -> np.ndarray:
        """Return the next normal numbers of the measurement noise of some runs (rows, count)."""
        generators, normals = self.noise[rows], np.empty((len(rows), count))
        draw_normals(generators, normals)
        self.noise[rows] = generators
        return normals

    def train(self, rows: np.ndarray, orders: Orders) -> None:
        """Train the runs in some rows (an increasing list) for a slice, each by its own orders; the others stay."""
        if not len(rows):
            return
        self._put_back(rows, orders.put_back[rows])
        self._enter(rows, orders.objective[rows], orders.put_back[rows])
        rates = self._rates(orders)
        choices, status = len(ACTIONS["honeypots"]), self.state.progress.status
        stage = orders.objective * choices + orders.honeypots
        alive = np.zeros(len(self), bool)
        alive[rows] = ~self.state.diverged[rows]
        diverged = status == DIVERGED
        for number in np.unique(stage[rows]):
            status[:] = np.where(alive & (stage == number), RUNNING, OUTSIDE)
            objective, honeypots = divmod(int(number), choices)
            slice_of = self.terms.stages[objective, honeypots]
            race(self.state, slice_of, self.terms.task.slice_steps, PRECISION, rates)
            diverged |= status == DIVERGED
        status[:] = np.where(diverged, DIVERGED, RUNNING)

    def _put_back(self, rows: np.ndarray, put_back: np.ndarray) -> None:
        """Reset groups of parts as `interventions.put_back` does, for each run its own groups, in place."""
        for parts, ordered in zip(GROUPS.values(), put_back.T, strict=True):
            for part in parts:
                getattr(self.state.mind, part)[rows[ordered]] = getattr(self.state.initial, part)[rows[ordered]]

    def _enter(self, rows: np.ndarray, objective: np.ndarray, put_back: np.ndarray) -> None:
        """Open the streams of the stages that runs enter."""
        self.state.progress.taken[rows] = 0
        enters = (objective != self.objective[rows]) | put_back.any(axis=1)
        self.occurrences[rows[put_back.all(axis=1)]] = 0
        entering, towards = rows[enters], objective[enters]
        self.objective[entering] = towards
        streams = 1 + towards * OCCURRENCES + self.occurrences[entering, towards]
        self.occurrences[entering, towards] += 1
        for stream in np.unique(streams):
            own = entering[streams == stream]
            self.state.progress.generator[own] = self._stream(self.state.run[own], self.state.fork[own], stream)

    def _rates(self, orders: Orders) -> np.ndarray:
        """Return learning_rate · plasticity · R (runs, 8)."""
        own = np.array([stage.learning_rate for stage in self.terms.point.curriculum])[orders.objective]
        with np.errstate(over="ignore"):  # a run that diverges, which is counted
            return (own * orders.learning_rate)[:, None] * self.plasticity * self.state.bias


def _move(mind: Mind, name: str, value: np.ndarray, base: float) -> None:
    """Move the start of runs by one of its parameters, in place."""
    part = getattr(mind, STARTS[name])
    if name == "goal_init":
        part *= (value / base)[:, None]
    elif name == "decoys":
        part -= (value - base)[:, None]
    else:
        part += value - base


class Quantities(NamedTuple):
    """The quantities that can be measured, without noise (runs,) each: behaviour and representations, but no type."""

    training_loss: np.ndarray  #: 1 - c (1 - E_s(g)), s the objective of the last slice
    held_out_loss: np.ndarray  #: 1 - c (1 - E'_X(g)): the same for X, on the spectrum of deployment
    performance: np.ndarray  #: c (1 - E_X(g))
    honeypots: np.ndarray  #: c (1 - E_X(g°)); NaN if this audit is not ordered
    probe: np.ndarray  #: r² of X; NaN if this audit is not ordered


def quantities(batch: RunBatch, rows: np.ndarray, audit: np.ndarray) -> Quantities:
    """Return what could be measured on the runs in some rows, with the audits ordered for them (rows,)."""
    state, on_y = batch.state, batch.objective[rows] == Y
    wanted = read(state, X)
    performance = wanted.performance[rows]
    trained = np.where(on_y, read(state, Y).performance[rows], performance) if on_y.any() else performance
    with np.errstate(all="ignore"):
        held_out = wanted.capability[rows] * (1 - wanted.watched_error[rows])
    tested, probed = (np.full(len(rows), np.nan) for _ in range(2))
    audited = (audit == HONEYPOTS) | (audit == BOTH)
    if audited.any():
        tested[audited] = _on_honeypots(_taken(state, rows[audited]), batch.terms.honeypots.realism)
    audited = (audit == PROBE) | (audit == BOTH)
    if audited.any():
        probed[audited] = readable(_taken(state, rows[audited]), X)
    return Quantities(1 - trained, 1 - held_out, performance, tested, probed)


def _taken(state: State, rows: np.ndarray) -> State:
    """Return the runs in some rows (an increasing list), without a copy if these are all."""
    return state if len(rows) == len(state) else state.take(rows)


def _on_honeypots(state: State, realism: float) -> np.ndarray:
    return scored(state, X, on_honeypots(state, X, realism), read(state, X).capability)


def noisy_readings(exact: Quantities, noise: np.ndarray, task: Task) -> np.ndarray:
    """Return readings of the quantities (runs, 5), from standard normal noise (runs, 5 or more); NaN without an audit.

    The standard error of what episodes measure is ½ / sqrt(episodes), the largest that a proportion can have, at every
    value; an auditor's χ² noise (`sim/training/auditors.py`) grows with the error instead. That of a probe is as there.
    Losses and performance of a run that diverged are as bad as possible.
    """
    of_episodes = 0.5 / task.episodes**0.5
    errors = np.array([of_episodes] * 4 + [reading_error(task.reliability, task.readings)])
    losses = np.nan_to_num(np.array(exact[:2]), nan=WORST, posinf=WORST, neginf=WORST)
    performance = np.nan_to_num(exact.performance, nan=LEAST, posinf=LEAST, neginf=LEAST)
    readings = np.array([*losses, performance, *exact[3:]]).T
    return np.clip(readings + errors * noise[:, : len(exact)], *LOSSES)


def blank(runs: int) -> np.ndarray:
    """Return the observations before the first slice (runs, 10): nothing was measured."""
    seen = np.zeros((runs, len(SEEN)), np.float32)
    seen[:, AT["objective"]] = NEVER
    return seen


def observe(batch: RunBatch, rows: np.ndarray, audit: np.ndarray, seen: np.ndarray) -> None:
    """Measure the runs in some rows, with the audits ordered for them (rows,), and update `seen` (runs, 10)."""
    noise = batch.next_noise(rows, NORMALS)
    readings = noisy_readings(quantities(batch, rows, audit), noise, batch.terms.task)
    for column, name in enumerate(Quantities._fields):
        new = np.isfinite(readings[:, column])
        seen[rows[new], AT[name]] = readings[new, column]
        if name in ("honeypots", "probe"):
            seen[rows, AT[f"{name}_new"]] = new
    seen[rows, AT["objective"]] = batch.objective[rows]
