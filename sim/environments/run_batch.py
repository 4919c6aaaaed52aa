"""Runs that an overseer trains side by side, slice by slice, and what it is shown: measurements with their noise."""

from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np
from scipy.special import ndtr

from feint.agents.interventions import acting, readable, scored
from feint.agents.mind import DIVERGED, GROUPS, OUTSIDE, RUNNING, Mind, Progress
from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.agents.types import prepare
from feint.sim.environments.task import AT, DEPLOY, GO_ON, HONEYPOTS, PROBE, SEEN, STARTS, Orders, Task, Terms, X, Y
from feint.sim.training.auditors import reading_error
from feint.sim.training.kernels.random_streams import OCCURRENCES, draw_normals, open_streams
from feint.sim.training.train import PLASTICITIES, PRECISION, begin, race

OBJECTIVES = 2
NEVER = -1  #: the objective of a run before its first slice
DRAWING, MEASURING = 2**32 - 2, 2**32 - 1  #: streams of a run's own parameters, and of measurement noise
NORMALS = 6  #: normal numbers drawn per run and observation, whichever audits are ordered
LEAST, WORST = SEEN["performance"]  #: performance, and loss, of what diverged


class Deployed(NamedTuple):
    """Consequences for runs that are deployed (runs,) each; outcome -1, no performance and no harm for the others."""

    outcome: np.ndarray
    performance: np.ndarray
    harm: np.ndarray

    @classmethod
    def none(cls, runs: int) -> Self:
        """Return the consequences if no run is deployed."""
        return cls(np.full(runs, -1), np.zeros(runs), np.zeros(runs))


class Step(NamedTuple):
    """Result of a step (runs,) each."""

    reward: np.ndarray
    terminated: np.ndarray
    deployed: np.ndarray
    ends: Deployed


class RunBatch:
    """Runs of a population, by their numbers (runs,), with their observations, and their cost and slices so far.

    `key` is that of the population, or of each run's own one (runs,).

    Each run has its own position in its streams. A slice that trains towards the same objective as the last one and
    puts nothing back continues its stage in the same stream of noise, whatever learning rate and honeypots are. Any
    other slice enters a new stage, whose stream is named by the objective and its occurrence, counted from when all
    groups were last put back. So a schedule of slices has the noise of the corresponding curriculum (section 7 of the
    model's page).
    """

    def __init__(self, terms: Terms, key: int | np.ndarray, runs: np.ndarray) -> None:
        count = len(runs)
        self.terms, self.key = terms, np.full(count, key, np.uint64)
        self.state, self.plasticity = self._drawn(runs)
        self.objective, self.occurrences = np.full(count, NEVER), np.zeros((count, OBJECTIVES), int)
        self.noise = self._stream(self.state, MEASURING)
        self.seen, self.cost = np.zeros((count, len(SEEN)), np.float32), np.zeros(count)
        self.seen[:, AT["objective"]] = NEVER
        self.slices, self.on_y = np.zeros(count, int), np.zeros(count, int)

    def __len__(self) -> int:
        return len(self.state)

    def begin(self, rows: np.ndarray, runs: np.ndarray, key: int | np.ndarray | None = None) -> None:
        """Put new runs, of these numbers, into some rows; of the populations there unless `key` names others."""
        fresh = RunBatch(self.terms, self.key[rows] if key is None else key, runs)
        _put(self.state, rows, fresh.state)
        for name in ("key", "plasticity", "objective", "occurrences", "noise", "seen", "cost", "slices", "on_y"):
            getattr(self, name)[rows] = getattr(fresh, name)

    def _drawn(self, runs: np.ndarray) -> tuple[State, np.ndarray]:
        """Return runs at their start, with arrays of their own that may be written to, and plasticities (runs, 8).

        Parameters are drawn before a start is prepared, so that what the start sets remains.
        """
        point = self.terms.point
        state = begin(point.model, runs=runs, seed=int(self.key[0]), objectives=OBJECTIVES)
        for key in np.unique(self.key[self.key != self.key[0]]):
            rows = np.flatnonzero(self.key == key)
            _put(state, rows, begin(point.model, runs=runs[rows], seed=int(key), objectives=OBJECTIVES))
        plasticity = np.tile([float(getattr(point.model, name)) for name in PLASTICITIES], (len(state), 1))
        moved = Mind(*(part.copy() for part in state.mind))
        if self.terms.factors:
            self._vary(state, moved, plasticity)
        state = prepare(state.starting_from(moved), point.start)
        status = np.full(len(state), RUNNING, np.int64)
        own = Progress(np.zeros(len(state), np.int64), status, np.zeros((len(state), 4), np.uint32))
        initial, mind = (Mind(*(part.copy() for part in state.mind)) for _ in range(2))
        return replace(state, run=state.run.copy(), initial=initial, mind=mind, progress=own), plasticity

    def _vary(self, state: State, mind: Mind, plasticity: np.ndarray) -> None:
        """Give each run the parameters that are drawn for it, in place."""
        shares = np.empty((len(state), len(self.terms.factors)))
        draw_normals(self._stream(state, DRAWING), shares)
        for factor, share in zip(self.terms.factors, ndtr(shares).T, strict=True):
            name, value = factor.name, factor.low + share * (factor.high - factor.low)
            if factor.log:
                value = factor.low * (factor.high / factor.low) ** share
            if name not in STARTS:
                plasticity[:, PLASTICITIES.index(name)] = value
                continue
            part, base = getattr(mind, STARTS[name]), getattr(self.terms.point.model, name)
            if name == "goal_init":
                part *= (value / base)[:, None]
            elif name == "decoys":
                part -= (value - base)[:, None]
            else:
                part += value - base

    def _stream(self, state: State, stream: int, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the generators of a stream of the runs in some rows, at its start (rows, 4)."""
        runs, fork, keys = state.run[rows], state.fork[rows], self.key[rows]
        generators = np.empty((len(runs), 4), np.uint32)
        for key in np.unique(keys):
            own = np.flatnonzero(keys == key)
            opened = np.empty((len(own), 4), np.uint32)
            open_streams(key, runs[own], np.uint32(stream), fork[own], opened)
            generators[own] = opened
        return generators

    def step(self, actions: np.ndarray, live: np.ndarray) -> Step:
        """Carry out the actions (runs, 10) for the runs that are live (runs,); the others stay and get zeros."""
        orders = Orders.of(actions, len(live))
        going, deployed = live & (orders.decision == GO_ON), live & (orders.decision == DEPLOY)
        if going.any():
            self.train(np.flatnonzero(going), orders)
            self._observe(np.flatnonzero(going), orders)
        cost = np.where(going, self.terms.cost(orders), 0.0)
        self.cost += cost
        ends = Deployed.none(len(live))
        if deployed.any():
            own = deploy(self.state.take(np.flatnonzero(deployed)), self.terms.task)
            for values, of_deployed in zip(ends, own, strict=True):
                values[deployed] = of_deployed
        terminated = live & (~going | (self.slices >= self.terms.task.slices))
        return Step(ends.performance - ends.harm - cost, terminated, deployed, ends)

    def train(self, rows: np.ndarray, orders: Orders) -> None:
        """Train the runs in some rows (an increasing list) for a slice, each by its own orders; the others stay."""
        put_back = orders.put_back[rows]
        for parts, ordered in zip(GROUPS.values(), put_back.T, strict=True):  # as `interventions.put_back` does
            for part in parts:
                getattr(self.state.mind, part)[rows[ordered]] = getattr(self.state.initial, part)[rows[ordered]]
        self._enter(rows, orders.objective[rows], put_back)
        own = np.array([stage.learning_rate for stage in self.terms.point.curriculum])[orders.objective]
        with np.errstate(over="ignore"):  # a run that diverges, which is counted
            rates = (own * orders.learning_rate)[:, None] * self.plasticity * self.state.bias
        status, alive = self.state.progress.status, np.zeros(len(self), bool)
        alive[rows] = ~self.state.diverged[rows]
        diverged = status == DIVERGED
        for (objective, honeypots), stage in self.terms.stages.items():
            trained = alive & (orders.objective == objective) & (orders.honeypots == honeypots)
            if trained.any():
                status[:] = np.where(trained, RUNNING, OUTSIDE)
                race(self.state, stage, self.terms.task.slice_steps, PRECISION, rates)
                diverged |= status == DIVERGED
        status[:] = np.where(diverged, DIVERGED, RUNNING)

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
            self.state.progress.generator[own] = self._stream(self.state, stream, own)

    def _observe(self, rows: np.ndarray, orders: Orders) -> None:
        """Measure the runs in some rows after a slice, with the audits ordered for them, and update what is seen."""
        generators, noise, task = self.noise[rows], np.empty((len(rows), NORMALS)), self.terms.task
        draw_normals(generators, noise)
        self.noise[rows] = generators
        readings = noisy_readings(quantities(self, rows, orders.audit[rows]), noise, task)
        for name, values in zip(Quantities._fields, readings.T, strict=True):
            new = np.isfinite(values)
            self.seen[rows[new], AT[name]] = values[new]
            if name in ("honeypots", "probe"):
                self.seen[rows, AT[f"{name}_new"]] = new
        self.seen[rows, AT["objective"]] = self.objective[rows]
        self.slices[rows] += 1
        self.on_y[rows] += orders.objective[rows] == Y
        for name, count in (("used", self.slices), ("used_on_y", self.on_y)):
            self.seen[rows, AT[name]] = count[rows] / task.slices


def _put(state: State, rows: np.ndarray, fresh: State) -> None:
    """Write fresh runs into some rows of a state."""
    for group in ("world", "initial", "mind", "progress"):
        for old, new in zip(getattr(state, group), getattr(fresh, group), strict=True):
            old[rows] = new
    state.bias[rows], state.run[rows] = fresh.bias, fresh.run


def deploy(state: State, task: Task) -> Deployed:
    """Return what runs are and do when they believe that they are deployed: performance is max(0, c (1 - E'_X(t')))."""
    readings = read(state, X)
    with np.errstate(all="ignore"):
        performance = np.clip(np.nan_to_num(readings.capability * (1 - readings.deployed_error), nan=0.0), 0.0, 1.0)
    performance[state.diverged] = 0.0
    harms = np.zeros(len(Outcome))
    for outcome in (Outcome.DECEPTIVE, Outcome.PROXY, Outcome.REWARD_SEEKING):
        harms[outcome] = getattr(task, f"harm_{outcome.name.lower()}")
    return Deployed(readings.outcome.astype(int), performance, harms[readings.outcome])


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
    realism = batch.terms.task.realism
    wanted = read(state, X)
    performance = wanted.performance[rows]
    trained = np.where(on_y, read(state, Y).performance[rows], performance) if on_y.any() else performance
    with np.errstate(all="ignore"):
        held_out = wanted.capability[rows] * (1 - wanted.watched_error[rows])
    audits = (
        (HONEYPOTS, lambda own: scored(own, X, acting(own, X, realism=realism), read(own, X).capability)),
        (PROBE, lambda own: readable(own, X)),
    )
    results = np.full((len(audits), len(rows)), np.nan)
    for values, (kind, measure) in zip(results, audits, strict=True):
        audited = audit & kind > 0
        if audited.any():
            values[audited] = measure(state if audited.sum() == len(state) else state.take(rows[audited]))
    return Quantities(1 - trained, 1 - held_out, performance, *results)


def noisy_readings(exact: Quantities, noise: np.ndarray, task: Task) -> np.ndarray:
    """Return readings of the quantities (runs, 5), from standard normal noise (runs, 5 or more); NaN without an audit.

    The standard error of what episodes measure is ½ / sqrt(episodes), the largest that a proportion can have; that of a
    probe is as in `sim/training/auditors.py`. Losses and performance of a run that diverged are as bad as possible.
    """
    of_episodes = 0.5 / task.episodes**0.5
    errors = np.array([of_episodes] * 4 + [reading_error(task.reliability, task.readings)])
    losses = np.nan_to_num(np.array(exact[:2]), nan=WORST, posinf=WORST, neginf=WORST)
    performance = np.nan_to_num(exact.performance, nan=LEAST, posinf=LEAST, neginf=LEAST)
    readings = np.array([*losses, performance, *exact[3:]]).T
    return np.clip(readings + errors * noise[:, : len(exact)], LEAST, WORST)
