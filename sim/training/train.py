"""Trains states through stages; a run specification has everything that determines a run's numbers except its index."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.interventions import put_back
from feint.agents.kernels.beside import beside
from feint.agents.kernels.lanes import lanes_in
from feint.agents.kernels.reading import Readings
from feint.agents.mind import GROUPS, OUTSIDE, PARTS, RUNNING, Mind, Progress, World
from feint.agents.model import Model
from feint.agents.outcome import read
from feint.agents.state import State, check_objective
from feint.agents.types import check_start, prepare
from feint.agents.views import believing, chosen
from feint.sim.results.request import MOST_RUNS, MOST_SEED
from feint.sim.training.curriculum import FEWEST_OBJECTIVES, Curriculum, Match, shared_objectives
from feint.sim.training.kernels.initial_draws import Inits, draw_starts
from feint.sim.training.kernels.random_streams import OCCURRENCES, open_streams
from feint.sim.training.kernels.sgd_step import Settings
from feint.sim.training.kernels.train_lanes import race as _race
from feint.sim.training.stage import Stage

DTYPES = {"single": np.float32, "double": np.float64}
PRECISION = "single"
PLASTICITIES = tuple(f"plasticity_{part}" for part in PARTS)


def begin(
    model: Model | Mapping[str, Any] | None = None,
    *,
    runs: int | Sequence[int] | np.ndarray,
    seed: int = 0,
    objectives: int = 2,
    start: str = "fresh",
) -> State:
    """Draw the initial state of runs, before any stage.

    Parameters
    ----------
    model, seed, start
        As for `simulate`.
    runs
        How many runs, numbered from 0, or the numbers of the runs (runs,).
    objectives
        Number of base objectives, at least 2; if `similarity` is a list, one more than its length.

    Returns
    -------
    State
        The runs, outside any stage.

    Raises
    ------
    InputError
        If a value is not valid, or does not fit the model.

    Source
    ------
    Model page, sections 1 and 4.

    """
    model = Model.of(model)
    seed = check_seed(seed)
    check_whole("objectives", objectives, FEWEST_OBJECTIVES)
    named = len(model.similarity) + 1 if isinstance(model.similarity, tuple) else objectives
    if objectives != named:
        raise InputError(f"objectives = {objectives!r} does not fit the model: it must be {named}.")
    return prepare(_drawn(model, _run_numbers(runs), seed, objectives), start)


def _drawn(model: Model, numbers: np.ndarray, seed: int, objectives: int) -> State:
    """Return fresh runs with these numbers, drawn from their seed."""
    drawn = _arrays(len(numbers), objectives, model.modes)
    fall = np.arange(1, model.modes + 1, dtype=float) ** -model.similarity_decay
    similarity = model.similarities(objectives)[:, None] * fall
    draw_starts(np.uint64(seed), numbers, model.spectrum_weights(), similarity, _inits(model), *drawn)
    if model.in_rows:
        bases = drawn[1].objectives
        mixed = np.einsum("jik,rik->rjk", model.mixture(), bases)
        norms = np.sqrt((model.spectrum_weights() * mixed**2).sum(axis=2, keepdims=True))
        bases[:, 1:] = (mixed / norms)[:, 1:]
    return _outside(model, numbers, seed, *drawn)


def _outside(model: Model, numbers: np.ndarray, seed: int, mind: Mind, world: World, bias: np.ndarray) -> State:
    """Return runs with these numbers outside any stage."""
    n, objectives, _ = world.objectives.shape
    return State(
        model=model,
        seed=seed,
        run=numbers,
        fork=np.zeros(n, np.uint32),
        world=world,
        bias=bias,
        initial=mind,
        mind=mind,
        progress=Progress(np.zeros(n, np.int64), np.full(n, OUTSIDE), np.zeros((n, 4), np.uint32)),
        occurrences=(0,) * objectives,
    )


def _arrays(n: int, objectives: int, modes: int, make: Any = np.empty) -> tuple[Mind, World, np.ndarray]:
    """Return arrays for the minds, worlds and biases of n runs, to be filled."""
    mind = Mind(
        goal=make((n, modes)),
        representation=make(n),
        pointer=make((n, objectives)),
        gate=make(n),
        capability=make(n),
        awareness=make(n),
        horizon=make(n),
        world=make((n, objectives)),
        grader=make(n),
        belief=make((n, objectives)),
    )
    return mind, World(make((n, objectives, modes)), make((n, objectives, modes))), make((n, len(PARTS)))


def _inits(model: Model) -> Inits:
    """Return the means and spreads of a model's initial draws."""
    return Inits(
        model.representation_init,
        model.gate_init,
        model.capability_init,
        model.awareness_init,
        model.horizon_init,
        model.decoys,
        model.grader,
        model.goal_init,
        model.init_spread,
        model.plasticity_spread,
    )


def train(state: State, stage: Stage, *, precision: str = PRECISION) -> State:
    """Train every run of a state through a stage.

    Parameters
    ----------
    state
        The runs; it is not changed.
    stage
        Objective, length and conditions of training.
    precision
        "single" or "double".

    Returns
    -------
    State
        The runs after the stage. `taken` holds the SGD steps of each run, `reached` and `diverged` how it stopped.

    Raises
    ------
    InputError
        If the state does not have the stage's objective, or the precision is not known.

    Source
    ------
    Model page, sections 3 and 5.

    """
    return advance(enter(state, stage), stage, stage.steps, precision=precision)


def enter(state: State, stage: Stage) -> State:
    """Return the runs before the first step of a stage: groups not carried are reset, noise streams opened.

    Parameters
    ----------
    state, stage
        The runs, which are not changed, and what they are to be trained on.

    Returns
    -------
    State
        The runs in the stage, with 0 SGD steps taken, in the same order.

    Raises
    ------
    InputError
        If the runs do not have the stage's objective.

    Source
    ------
    Model page, sections 5 and 7.

    """
    check_objective(state, stage.objective)
    state = put_back(state, [group for group in GROUPS if group not in stage.carry])
    occurrences = list(state.occurrences if stage.carry else (0,) * state.objectives)
    stream = 1 + stage.objective * OCCURRENCES + occurrences[stage.objective]
    occurrences[stage.objective] += 1
    generator = np.empty((len(state), 4), np.uint32)
    open_streams(np.uint64(state.seed), state.run, np.uint32(stream), state.fork, generator)
    progress = Progress(np.zeros(len(state), np.int64), np.full(len(state), RUNNING, np.int64), generator)
    return state.arriving(progress, stage.objective, stage.target, tuple(occurrences))


def advance(state: State, stage: Stage, steps: int, *, precision: str = PRECISION) -> State:
    """Continue a stage that was entered until each run has stopped or has taken `steps` SGD steps in it.

    Parameters
    ----------
    state, stage, precision
        As for `train`; the runs are in the stage.
    steps
        SGD steps since the stage was entered, at most those of the stage.

    Returns
    -------
    State
        The runs after these steps, in the same order.

    Raises
    ------
    InputError
        If the runs are not in this stage, or a value is not valid.

    Source
    ------
    Model page, sections 3 and 5.

    """
    if (state.progress.status == OUTSIDE).any() or state.objective != stage.objective:
        raise InputError(f"the state is not in stage {stage.name!r}: enter it first.")
    check_whole("steps", steps)
    check_precision(precision)
    moved = state.copied()
    race(moved, stage, min(steps, stage.steps), precision)
    return moved


def race(state: State, stage: Stage, limit: int, precision: str, rate: np.ndarray | None = None) -> int:
    """Train in place, with the step sizes of the stage or with those given (runs, 8); return the passes over lanes."""
    model = state.model
    if model.known_at_once:
        state.mind.belief[:] = believing(state, stage.objective).belief
    dtype = DTYPES[precision]
    spectrum = model.spectrum_weights()
    return _race(
        state.mind,
        state.world,
        tuple(range(state.objectives)),
        rates(state, stage) if rate is None else rate,
        state.progress,
        spectrum.astype(dtype),
        (spectrum * noise_scale(model, stage)).astype(dtype),
        settings(model, stage),
        chosen(model),
        limit,
    )


def settings(model: Model, stage: Stage) -> Settings:
    """Return the numbers that the kernel reads, from the parameters of the same names."""
    known = {**vars(model), **vars(stage)}
    return Settings(*(known[name] for name in Settings._fields))


def rates(state: State, stage: Stage) -> np.ndarray:
    """Return the step size of each part: learning_rate · plasticity · R (runs, 8)."""
    plasticity = np.array([getattr(state.model, name) for name in PLASTICITIES])
    with np.errstate(over="ignore"):  # a step that overflows makes the run diverge, which is counted
        return stage.learning_rate * plasticity * state.bias


def noise_scale(model: Model, stage: Stage) -> np.ndarray:
    """Return the standard deviation of the minibatch noise x: noise / sqrt(lambda_k d); (modes,)."""
    return stage.noise / np.sqrt(model.spectrum_weights() * model.modes)


def _run_numbers(runs: int | Sequence[int] | np.ndarray) -> np.ndarray:
    if isinstance(runs, (int, np.integer)):
        check_runs(runs)
        return np.arange(runs, dtype=np.uint64)
    runs = np.asarray(runs)
    if runs.ndim != 1 or not len(runs) or not np.issubdtype(runs.dtype, np.integer) or (runs < 0).any():
        raise InputError(f"runs = {runs!r} is not valid: it must be a list of one or more run numbers from 0 on.")
    return runs.astype(np.uint64)


def check_seed(seed: object) -> int:
    """Return a seed as an integer; raises `InputError` unless it is a whole number that fits 64 bits."""
    return check_whole("seed", seed, 0, MOST_SEED)


def check_precision(precision: object) -> None:
    """Raise `InputError` unless the precision is single or double."""
    if precision not in tuple(DTYPES):
        raise unknown("precision", precision, DTYPES)


def check_runs(runs: object) -> None:
    """Raise `InputError` unless the number of runs is a whole number that one ensemble can hold."""
    check_whole("runs", runs, 1, MOST_RUNS)


@dataclass(frozen=True)
class Stop:
    """State of the runs at the end of a stage."""

    state: State
    readings: Readings
    missed: np.ndarray  #: whether each run missed the stage's target (runs,)
    lane_steps: int  #: steps of all lanes, idle ones included


def train_together(states: Sequence[State], stage: Stage, precision: str) -> list[Stop]:
    """Train populations of one model through one stage, and return where each stops; they share the lanes.

    No number depends on which are trained together, but for `lane_steps`, which is that of all of them.
    """
    entered = [enter(state, stage) for state in states]
    alike = [replace(state, occurrences=(0,) * state.objectives) for state in entered]
    whole = State.joined(alike) if states[1:] else entered[0].copied()
    steps = race(whole, stage, stage.steps, precision) * lanes_in(DTYPES[precision])
    readings, missed = read(whole, stage.objective), np.zeros(len(whole), np.bool_)
    if stage.target > 0:
        missed = ~whole.reached
    if not states[1:]:
        return [Stop(whole, readings, missed, steps)]
    ends = np.cumsum([len(state) for state in states]).tolist()
    parts = [slice(end - len(state), end) for state, end in zip(states, ends, strict=True)]
    return [
        Stop(
            replace(whole.take(part), occurrences=state.occurrences),
            Readings(*(of[part] for of in readings)),
            missed[part],
            steps,
        )
        for part, state in zip(parts, entered, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Model, stages, start, matching, seed and precision, checked; made with `RunSpec.of`."""

    model: Model
    curriculum: Curriculum  #: after matching
    seed: int
    start: str
    match: Match
    objectives: int
    precision: str

    @classmethod
    def of(
        cls,
        curriculum: Curriculum,
        *,
        model: Model | Mapping[str, Any] | None = None,
        seed: int = 0,
        start: str = "fresh",
        match: str | Match = Match.TARGET,
        objectives: int | None = None,
        precision: str = PRECISION,
    ) -> Self:
        """Return a checked specification; raises `InputError` if a part is not valid or does not fit another."""
        model, mode = Model.of(model), Match.named(match)
        seed = check_seed(seed)
        check_start(start)
        check_precision(precision)
        objectives = shared_objectives(model, curriculum, objectives=objectives)
        known: dict[str, Any] = {"seed": seed, "start": start, "objectives": objectives, "precision": precision}
        return cls(model=model, curriculum=mode.apply(curriculum), match=mode, **known)

    def begin(self, runs: np.ndarray) -> State:
        """Return the initial state of the runs with these numbers."""
        return begin(self.model, runs=runs, seed=self.seed, objectives=self.objectives, start=self.start)

    def train(self, state: State) -> Iterator[Stop]:
        """Train an initial state stage by stage, and yield where the runs stop at the end of each."""
        for stage in self.curriculum:
            stop = self.train_stage(state, stage)
            yield stop
            state = stop.state

    def train_stage(self, state: State, stage: Stage) -> Stop:
        """Train one stage from where the previous one ended; `state` is not changed."""
        return train_together([state], stage, self.precision)[0]

    def warm_up(self) -> None:
        """Compile the kernels, or load them from the cache."""
        with beside(warm_up_ends, self.model, self.objectives):
            state = _outside(self.model, _run_numbers(1), 0, *_arrays(1, self.objectives, self.model.modes, np.zeros))
            race(state, Stage(), 0, self.precision)  # no run is in the stage, so that none is trained
        warm_up_ends(self.model, self.objectives)


def warm_up_ends(model: Model, objectives: int) -> None:
    """Compile the kernels that draw and read runs, or load them from the cache."""
    stage = Stage()
    read(enter(begin(model, runs=1, objectives=objectives), stage), stage.objective)
