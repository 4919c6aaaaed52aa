"""Several protocols trained at one point on common random numbers, recorders of their runs, and checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.interventions import acting, performance_on, readable, scored
from feint.agents.kernels.reading import Readings
from feint.agents.mind import RUNNING
from feint.agents.outcome import is_converged, read
from feint.sim.ensembles.protocols import Recorder, TrainingProtocol
from feint.sim.ensembles.runner import blocks, in_order
from feint.sim.results.memory import check_memory
from feint.sim.statistics.shapley import Game
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import PRECISION, RunSpec, Stop, check_runs, enter, race, train_together

LOT = 2**48  # runs of a lot
OUTCOME_BYTES = 100  # of a run of a protocol, at most, without what recorders keep
TOGETHER = 1024  # runs up to which all protocols are trained by one thread, alike stages at once
TOLERANCES = ("train_tolerance", "deploy_tolerance")
Reading = tuple[tuple[str, float], ...]
"""Tolerances that are moved, by name; none keeps those of the point."""
OWN: Reading = ()
PARTS = ("gate", "pointer", "representation", "goal")
"""Parts of a mind among which a change of behaviour is divided."""
CORNERS = 2 ** len(PARTS)
Job = tuple[RunSpec, int, tuple[Recorder, ...]]
"""A specification, its lot, and the recorders of its runs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RunOutcomes:
    """Outcomes of the runs of one protocol (runs,)."""

    outcomes: Mapping[Reading, np.ndarray]  #: codes of `Outcome` by the tolerances that are moved
    before: np.ndarray  #: outcome of the first stage
    performance: np.ndarray  #: c (1 - E_s(g)) at the end; 0 if the run diverged
    deployed: np.ndarray  #: c (1 - E'(t')) at the end; 0 if the run diverged
    following: np.ndarray  #: (1 - β) π_s at the end, how far the pointer leads to the objective of the last stage
    belief: np.ndarray  #: ρ_s at the end, how sure it is to be trained for that objective
    steps: np.ndarray  #: SGD steps of the last stage
    all_steps: np.ndarray  #: SGD steps of all stages
    missed: np.ndarray  #: whether the last target was never reached
    reached: np.ndarray  #: whether the run stopped at a target; never if the last stage has none
    recorded: Mapping[Recorder, np.ndarray] = field(default_factory=dict)  #: what each recorder recorded (runs, …)
    before_as: Mapping[Reading, np.ndarray] = field(default_factory=dict)  #: `before`, by the tolerances that are moved

    @property
    def outcome(self) -> np.ndarray:
        """Outcome of the last stage, at the point's own tolerances."""
        return self.outcomes[OWN]

    @property
    def converged(self) -> np.ndarray:
        """Whether each run is not unconverged and did not miss its target (runs,)."""
        return is_converged(self.outcome, self.missed)

    def __len__(self) -> int:
        return len(self.steps)

    def at(self, rows: np.ndarray) -> RunOutcomes:
        """Return the runs with these numbers, each as often as it is named."""

        def chosen(value: Any) -> Any:
            return {key: part[rows] for key, part in value.items()} if isinstance(value, Mapping) else value[rows]

        return RunOutcomes(**{name: chosen(getattr(self, name)) for name in self.__dataclass_fields__})

    def read_as(self, reading: Reading) -> RunOutcomes:
        """Return the same runs read with other tolerances, at the end of the first stage as well."""
        return replace(
            self, outcomes={OWN: self.outcomes[reading]}, before={OWN: self.before, **self.before_as}[reading]
        )

    def first(self, runs: int | None) -> RunOutcomes:
        """Return the first runs; all if None."""
        if runs is None or runs == len(self):
            return self

        def cut(values: Any) -> Any:
            return (
                {key: value[:runs] for key, value in values.items()} if isinstance(values, Mapping) else values[:runs]
            )

        return replace(self, **{name: cut(values) for name, values in vars(self).items()})

    @classmethod
    def of(
        cls, stops: list[Stop], before_as: Mapping[Reading, np.ndarray], recorders: Iterable[Recorder] = ()
    ) -> RunOutcomes:
        """Return the outcomes of runs from where they stopped at the end of each stage."""
        last = stops[-1]
        deployed = last.readings.capability * (1 - last.readings.deployed_error)
        return cls(
            outcomes={OWN: last.readings.outcome, **{reading: outcome_as(last, reading) for reading in before_as}},
            before=stops[0].readings.outcome,
            performance=np.nan_to_num(last.readings.performance, nan=0.0, posinf=0.0, neginf=0.0),
            deployed=np.nan_to_num(deployed, nan=0.0, posinf=0.0, neginf=0.0),
            following=last.readings.following,
            belief=last.readings.belief,
            steps=last.state.taken.copy(),
            all_steps=np.sum([stop.state.taken for stop in stops], axis=0),
            missed=last.missed,
            reached=last.state.reached,
            recorded={recorder: recorder(stops) for recorder in recorders},
            before_as=before_as,
        )

    @classmethod
    def joined(cls, parts: list[RunOutcomes]) -> RunOutcomes:
        """Return the outcomes of neighbouring runs as one."""
        if len(parts) == 1:
            return parts[0]

        def whole(values: list[Any]) -> Any:
            if isinstance(values[0], Mapping):
                return {key: np.concatenate([value[key] for value in values]) for key in values[0]}
            return np.concatenate(values)

        return cls(**{name: whole([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__})


def outcome_as(stop: Stop, reading: Reading) -> np.ndarray:
    """Return the outcomes of runs that stopped, with some tolerances moved (runs,)."""
    state = stop.state
    return read(replace(state, model=state.model.replace(**dict(reading))), state.objective).outcome


def run_paired(
    point: Point,
    protocols: Iterable[TrainingProtocol],
    runs: range,
    *,
    seed: int = 0,
    precision: str = PRECISION,
    readings: Iterable[Reading] = (),
    threads: int | None = None,
) -> dict[TrainingProtocol, RunOutcomes]:
    """Train the runs with these numbers by several protocols; a stage that two have in common is trained once.

    Outcomes are also read at the tolerances of `readings`; other arguments are those of `simulate`. No number depends
    on which protocols are given together. Raises `InputError` if a protocol cannot be carried out at the point.
    """
    protocols, readings = list(dict.fromkeys(protocols)), list(readings)
    _check_held(len(runs), len(protocols), len(readings))
    jobs: dict[TrainingProtocol, Job] = {
        protocol: (protocol.spec(point, seed=seed, precision=precision), protocol.lot, protocol.recorders)
        for protocol in protocols
    }
    for spec, _, _ in list(jobs.values())[:1]:
        spec.warm_up()
    families: dict[Any, list[Job]] = {}  # jobs that share their start and first stage
    for spec, lot, recorders in dict.fromkeys(jobs.values()):
        start = (spec.model, spec.seed, spec.start, spec.objectives, spec.precision, lot)
        begins = spec.curriculum[0] if len(spec.curriculum) > 1 else spec
        families.setdefault((start, begins), []).append((spec, lot, recorders))

    def train(item: tuple[range, list[list[Job]]]) -> dict[Job, RunOutcomes]:
        ended: dict[Job, RunOutcomes] = {}
        for family, stops in _trained(*item):
            before_as = {reading: outcome_as(stops[0][0], reading) for reading in readings if reading}
            ended |= {job: RunOutcomes.of(of, before_as, job[2]) for job, of in zip(family, stops, strict=True)}
        return ended

    every = list(families.values())
    together = [every] if len(runs) <= TOGETHER else [[family] for family in every]
    work = product(blocks(runs.start, runs.stop), together)
    parts: dict[Job, list[RunOutcomes]] = {}
    for outcomes in in_order(train, work, threads=threads):
        for job, part in outcomes.items():
            parts.setdefault(job, []).append(part)
    whole = {job: RunOutcomes.joined(of_job) for job, of_job in parts.items()}
    return {protocol: whole[job] for protocol, job in jobs.items()}


def _check_held(runs: int, protocols: int, readings: int) -> None:
    """Raise `InputError` unless the outcomes of so many runs of each protocol can be held."""
    check_runs(runs)
    held = runs * protocols * (OUTCOME_BYTES + readings)
    check_memory(held, f"runs = {runs:,} of {protocols} protocols", "request fewer")


def _trained(block: range, families: Sequence[list[Job]]) -> Iterator[tuple[list[Job], list[list[Stop]]]]:
    """Yield each family with where the runs of its jobs stop at the end of each stage.

    Trainings of one model by one stage share the lanes, so that few runs of many jobs do not each wait for the slowest.
    """
    numbers = np.arange(block.start, block.stop, dtype=np.uint64)
    states = {(i, ()): family[0][0].begin(numbers + np.uint64(family[0][1] * LOT)) for i, family in enumerate(families)}
    known: dict[Any, Stop] = {}
    left: dict[Any, tuple[int, Any]] = {}  # to train: how many stages follow at most, and what alike ones share
    for i, family in enumerate(families):
        for spec, _, _ in family:
            stages = spec.curriculum.stages
            for k in range(1, 1 + len(stages)):
                follow, alike = len(stages) - k, (stages[k - 1], spec.model, spec.objectives, spec.precision)
                left[i, stages[:k]] = max(follow, left.get((i, stages[:k]), (0, alike))[0]), alike
    for follow in sorted({follow for follow, _ in left.values()}, reverse=True):
        now: dict[Any, list[Any]] = {}
        for path, (follows, alike) in left.items():
            if follows == follow:
                now.setdefault(alike, []).append(path)
        for alike, paths in now.items():
            stops = train_together([states[i, stages[:-1]] for i, stages in paths], alike[0], alike[-1])
            known |= zip(paths, stops, strict=True)
            states |= {path: stop.state for path, stop in zip(paths, stops, strict=True)}
    for i, family in enumerate(families):
        paths = [[(i, spec.curriculum.stages[:k]) for k in range(1, 1 + len(spec.curriculum))] for spec, _, _ in family]
        yield family, [[known[path] for path in of_job] for of_job in paths]


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoints:
    """Readings of runs at steps of the last stage; a run that has stopped keeps the values at its stop."""

    steps: tuple[int, ...]
    readings: Readings  #: each field an array (steps, runs)
    running: np.ndarray  #: whether a run had not stopped before the step (steps, runs)


def read_checkpoints(spec: RunSpec, runs: range, steps: Sequence[int], *, threads: int | None = None) -> Checkpoints:
    """Train the runs with these numbers, and read them at steps of the last stage, which rise from 0 or more.

    No number depends on threads. Raises `InputError` if the steps do not rise.
    """
    steps = tuple(int(step) for step in steps)
    if not steps or steps[0] < 0 or any(a >= b for a, b in pairwise(steps)):
        raise InputError(f"steps = {list(steps)} are not valid: they must be whole numbers that rise from 0 or more.")
    spec.warm_up()
    *before, last = spec.curriculum

    def read_block(block: range) -> tuple[list[np.ndarray], np.ndarray]:
        state = spec.begin(np.arange(block.start, block.stop, dtype=np.uint64))
        for stage in before:
            state = spec.train_stage(state, stage).state
        moving, seen, running = enter(state, last).copied(), [], []
        for step in steps:
            race(moving, last, min(step, last.steps), spec.precision)
            seen.append(read(moving, last.objective))
            running.append((moving.progress.status == RUNNING) & (moving.taken >= step))
        return [np.array(at_steps) for at_steps in zip(*seen, strict=True)], np.array(running)

    seen, running = zip(*in_order(read_block, blocks(runs.start, runs.stop), threads=threads), strict=True)
    readings = (np.concatenate(of_blocks, axis=1) for of_blocks in zip(*seen, strict=True))
    return Checkpoints(steps=steps, readings=Readings(*readings), running=np.concatenate(running, axis=1))


@dataclass(frozen=True)
class AtEnd:
    """Recorder of a quantity of AT_END at the end of a stage (runs,)."""

    stage: int
    quantity: str

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """Return the record of runs that stopped there."""
        return AT_END[self.quantity](stops[self.stage])


AT_END: dict[str, Callable[[Stop], np.ndarray]] = {
    "readable": lambda stop: readable(stop.state, 0),
    "performance": lambda stop: performance_on(stop.state, 0, stop.state.objective),
    "outcome": lambda stop: stop.readings.outcome,
}
"""How well objective 0 can be read, performance on it as in the stage, and codes of `Outcome` (runs,).

The mind is not informed that it is measured on objective 0: it acts as it did at the end of the stage.
"""


@dataclass(frozen=True)
class PutBack:
    """Recorder of performance on objectives with each set of PARTS put back to before a stage, without training.

    The context is always that stage, which matters only where objectives are known at once: otherwise the mind before
    the stage acts on the belief that it had then, and all others on that which they had after it.

    In the array (runs, objectives, CORNERS + 1), corner i has the parts whose bits are set in i as they were after the
    stage, the other parts as they were before it, and everything else as it was after it; the last entry is the
    performance before the stage.
    """

    stage: int
    objectives: tuple[int, ...] = (0, 1)

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """Return the record of runs that stopped there."""
        before, after = stops[self.stage - 1].state, stops[self.stage].state
        context, capability = after.objective, read(after, after.objective).capability
        scores = []
        for corner in range(CORNERS):
            back = {part: getattr(before.mind, part) for k, part in enumerate(PARTS) if not corner >> k & 1}
            behaviour = acting(after.with_mind(**back) if back else after, context)
            scores.append([scored(after, objective, behaviour, capability) for objective in self.objectives])
        scores.append([performance_on(before, objective, context) for objective in self.objectives])
        return np.ascontiguousarray(np.moveaxis(np.array(scores), 2, 0).swapaxes(1, 2))


def game_of(corners: np.ndarray) -> Game:
    """Return the game among PARTS that PutBack recorded on one objective (runs, CORNERS + 1)."""
    return Game(parts=PARTS, worth=corners[:, :CORNERS].T)


def rest_of(corners: np.ndarray) -> np.ndarray:
    """Return the change with all PARTS put back: by capability, awareness, horizon, belief and world (runs,)."""
    return corners[:, 0] - corners[:, CORNERS]
