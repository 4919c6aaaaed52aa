"""Runs that an overseer trains: each from where it stands, in slices that differ from run to run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from feint.agents.mind import DIVERGED, GROUPS, OUTSIDE, RUNNING, Mind, Progress
from feint.agents.state import State
from feint.agents.types import prepare
from feint.agents.views import chosen
from feint.sim.environments.task import STARTS, Orders, Terms
from feint.sim.training.kernels.random_streams import OCCURRENCES, draw_normals, open_streams
from feint.sim.training.kernels.train_lanes import race
from feint.sim.training.train import DTYPES, PLASTICITIES, PRECISION, begin, noise_scale, settings

OBJECTIVES = 2
NEVER = -1  #: the objective of a run before its first slice
DRAWING, MEASURING = 2**32 - 2, 2**32 - 1  #: streams of a run's own parameters, and of what is measured on it


class Trainees:
    """Runs side by side, each with its own place in its streams (MODEL: section 7).

    A slice that trains towards the objective of the last and puts nothing back goes on with its stage, in the same
    stream of noise, whatever learning rate and honeypots are. Any other enters a stage: its stream is named by the
    objective and its occurrence, which is counted from when all groups were last put back. So a schedule of slices has
    the noise of the curriculum that it amounts to.
    """

    def __init__(self, terms: Terms, seed: int, numbers: np.ndarray) -> None:
        self.terms, self.seed = terms, seed
        n = len(numbers)
        self.state, self.plasticity = self._drawn(numbers)
        self.objective, self.occurrences = np.full(n, NEVER), np.zeros((n, OBJECTIVES), int)
        self.hearing = self._opened(self.state, MEASURING)

    def __len__(self) -> int:
        return len(self.state)

    def begin(self, rows: np.ndarray, numbers: np.ndarray) -> None:
        """Put new runs, of these numbers, at some rows."""
        fresh, self.plasticity[rows] = self._drawn(numbers)
        for group in ("world", "initial", "mind", "progress"):
            for old, new in zip(getattr(self.state, group), getattr(fresh, group), strict=True):
                old[rows] = new
        self.state.bias[rows], self.state.run[rows] = fresh.bias, fresh.run
        self.objective[rows], self.occurrences[rows] = NEVER, 0
        self.hearing[rows] = self._opened(fresh, MEASURING)

    def _drawn(self, numbers: np.ndarray) -> tuple[State, np.ndarray]:
        """The start of runs, with arrays of their own that may be written to, and their plasticities (runs, 8).

        A start that is prepared is so after parameters are drawn: what it sets stands.
        """
        point = self.terms.point
        state = begin(point.model, runs=numbers, seed=self.seed, objectives=OBJECTIVES)
        plasticity = np.tile([float(getattr(point.model, name)) for name in PLASTICITIES], (len(state), 1))
        moved = Mind(*(part.copy() for part in state.mind))
        self._vary(state, moved, plasticity)
        state = prepare(state.starting_from(moved), point.start)
        status = np.full(len(state), RUNNING, np.int64)
        own = Progress(np.zeros(len(state), np.int64), status, np.zeros((len(state), 4), np.uint32))
        initial, mind = (Mind(*(part.copy() for part in state.mind)) for _ in range(2))
        return replace(state, run=state.run.copy(), initial=initial, mind=mind, progress=own), plasticity

    def _vary(self, state: State, mind: Mind, plasticity: np.ndarray) -> None:
        """Give runs the parameters that are drawn for each, in place."""
        if not self.terms.factors:
            return
        shares = np.empty((len(state), len(self.terms.factors)))
        draw_normals(self._opened(state, DRAWING), shares)
        for factor, share in zip(self.terms.factors, ndtr(shares).T, strict=True):
            value = factor.low + share * (factor.high - factor.low)
            if factor.log:
                value = factor.low * (factor.high / factor.low) ** share
            if factor.name in STARTS:
                _move(mind, factor.name, value, getattr(self.terms.model, factor.name))
            else:
                plasticity[:, PLASTICITIES.index(factor.name)] = value

    def _opened(self, state: State, stream: int) -> np.ndarray:
        """The generators of a stream, at its start (runs, 4)."""
        generators = np.empty((len(state), 4), np.uint32)
        open_streams(np.uint64(self.seed), state.run, np.uint32(stream), state.fork, generators)
        return generators

    def heard(self, rows: np.ndarray, count: int) -> np.ndarray:
        """The next normal numbers of the noise in what is measured on some runs (rows, count)."""
        generators, drawn = self.hearing[rows], np.empty((len(rows), count))
        draw_normals(generators, drawn)
        self.hearing[rows] = generators
        return drawn

    def train(self, rows: np.ndarray, orders: Orders) -> None:
        """Train the runs at some rows (an increasing list) for a slice, each as ordered for it; the rest stay."""
        if not len(rows):
            return
        self._put_back(rows, orders.put_back[rows])
        self._enter(rows, orders.objective[rows], orders.put_back[rows])
        rates = self._rates(orders)
        cell = orders.objective * 256 + orders.honeypots
        alive = np.zeros(len(self), bool)
        alive[rows] = ~self.state.diverged[rows]
        found = self.state.progress.status == DIVERGED
        for each in np.unique(cell[rows]):
            mine = alive & (cell == each)
            self.state.progress.status[:] = np.where(mine, RUNNING, OUTSIDE)
            self._race(*divmod(int(each), 256), rates)
            found |= self.state.progress.status == DIVERGED
        self.state.progress.status[:] = np.where(found, DIVERGED, RUNNING)

    def _put_back(self, rows: np.ndarray, put_back: np.ndarray) -> None:
        """As `interventions.put_back`, of some runs each its own groups, in place."""
        for parts, asked in zip(GROUPS.values(), put_back.T, strict=True):
            chosen_rows = rows[asked]
            for part in parts if len(chosen_rows) else ():
                getattr(self.state.mind, part)[chosen_rows] = getattr(self.state.initial, part)[chosen_rows]

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
            those = entering[streams == stream]
            generators = np.empty((len(those), 4), np.uint32)
            forks = self.state.fork[those]
            open_streams(np.uint64(self.seed), self.state.run[those], np.uint32(stream), forks, generators)
            self.state.progress.generator[those] = generators

    def _rates(self, orders: Orders) -> np.ndarray:
        """learning_rate · plasticity · R (runs, 8)."""
        own = np.array([stage.learning_rate for stage in self.terms.point.curriculum])[orders.objective]
        with np.errstate(over="ignore"):  # a run that diverges, which is counted
            return (own * orders.learning_rate)[:, None] * self.plasticity * self.state.bias

    def _race(self, objective: int, honeypots: int, rates: np.ndarray) -> None:
        """A slice, in place, of the runs that are marked as running."""
        model, stage = self.terms.model, self.terms.stages[objective, honeypots]
        spectrum, dtype = model.spectrum_weights(), DTYPES[PRECISION]
        noise = (spectrum * noise_scale(model, stage)).astype(dtype)
        shape, limit = tuple(range(OBJECTIVES)), self.terms.task.slice_steps
        told = settings(model, stage, 0.0)
        race(
            self.state.mind,
            self.state.world,
            shape,
            rates,
            self.state.progress,
            spectrum.astype(dtype),
            noise,
            told,
            chosen(model),
            limit,
        )


def _move(mind: Mind, name: str, value: np.ndarray, base: float) -> None:
    """Move where runs start, by one of its parameters, in place."""
    part = getattr(mind, STARTS[name])
    if name == "goal_init":
        part *= (value / base)[:, None]
    elif name == "decoys":
        part -= (value - base)[:, None]
    else:
        part += value - base
