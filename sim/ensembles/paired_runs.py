"""Trials: many ways of training at one point, each run of each trained once, on common random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from feint.agents.outcome import read
from feint.agents.state import State
from feint.sim.ensembles.ensemble import check_threads
from feint.sim.ensembles.parameter_point import Point, Recorder, TrainingProtocol
from feint.sim.ensembles.streaming_summary import blocks
from feint.sim.training.run_spec import RunSpec, Stop
from feint.sim.training.train import PRECISION, check_runs

LOT = 2**48  # runs of a lot
TOLERANCES = ("train_tolerance", "deploy_tolerance")
Reading = tuple[tuple[str, float], ...]  # tolerances that are moved, by name; none is the point's own
OWN: Reading = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class RunOutcomes:
    """How the runs of one way ended (runs,)."""

    outcomes: Mapping[Reading, np.ndarray]  #: codes of `Outcome`, by how the tolerances were moved
    before: np.ndarray  #: outcome of the first stage
    performance: np.ndarray  #: c (1 - E_s(g)) at the end; 0 where a run diverged
    deployed: np.ndarray  #: c (1 - E'(t)) at the end, likewise
    steps: np.ndarray  #: SGD steps of the last stage
    all_steps: np.ndarray  #: of all stages
    missed: np.ndarray  #: whether the last target was never reached
    reached: np.ndarray  #: whether a run stopped at a target; none does where the last stage has none
    recorded: Mapping[Recorder, np.ndarray] = field(default_factory=dict)  #: what the way's notes wrote down (runs, …)

    @property
    def outcome(self) -> np.ndarray:
        """Outcome of the last stage, at the point's own tolerances."""
        return self.outcomes[OWN]

    def __len__(self) -> int:
        return len(self.steps)

    def read_as(self, reading: Reading) -> RunOutcomes:
        """The same runs read with other tolerances."""
        return replace(self, outcomes={OWN: self.outcomes[reading]})

    @classmethod
    def of(cls, stops: list[Stop], readings: Iterable[Reading], recorders: Iterable[Recorder] = ()) -> RunOutcomes:
        """From where a population stood at the end of each stage."""
        last = stops[-1]
        model, objective = last.state.model, last.state.objective
        moved = {
            each: read(replace(last.state, model=model.replace(**dict(each))), objective).outcome
            for each in readings
            if each
        }
        return cls(
            outcomes={OWN: last.readings.outcome, **moved},
            before=stops[0].readings.outcome,
            performance=np.nan_to_num(last.readings.performance, nan=0.0, posinf=0.0, neginf=0.0),
            deployed=np.nan_to_num(
                last.readings.capability * (1 - last.readings.deployed_error), nan=0.0, posinf=0.0, neginf=0.0
            ),
            steps=last.state.taken.copy(),
            all_steps=np.sum([stop.state.taken for stop in stops], axis=0),
            missed=last.missed,
            reached=last.state.reached,
            recorded={note: note(stops) for note in recorders},
        )

    @classmethod
    def joined(cls, parts: list[RunOutcomes]) -> RunOutcomes:
        """Neighbouring runs put together."""
        if len(parts) == 1:
            return parts[0]
        names = ("before", "performance", "deployed", "steps", "all_steps", "missed", "reached")
        return cls(
            outcomes={each: np.concatenate([part.outcomes[each] for part in parts]) for each in parts[0].outcomes},
            recorded={note: np.concatenate([part.recorded[note] for part in parts]) for note in parts[0].recorded},
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
        )


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
    """Train the runs of these numbers each way at a point; what two ways have in common is trained once.

    `readings` asks for outcomes at other tolerances too. No number depends on `threads` or on which ways are together.
    Raises `InputError`.
    """
    check_runs(len(runs))
    protocols, readings = list(dict.fromkeys(protocols)), list(readings)
    plans = {protocol: protocol.spec(point, seed=seed, precision=precision) for protocol in protocols}
    for spec in list(plans.values())[:1]:
        spec.warm_up()
    jobs = list(dict.fromkeys((spec, protocol.lot, protocol.recorders) for protocol, spec in plans.items()))
    families = list(_families(jobs))
    work = [(family, block) for block in blocks(runs.start, runs.stop) for family in families]

    def train(each: tuple[list[Job], range]) -> dict[Job, RunOutcomes]:
        return train_family(*each, readings)

    count = check_threads(threads)
    if count == 1 or len(work) == 1:
        found = [train(each) for each in work]
    else:
        with ThreadPoolExecutor(count) as pool:
            found = list(pool.map(train, work))
    parts: dict[Any, list[RunOutcomes]] = {}
    for each in found:
        for job, ended in each.items():
            parts.setdefault(job, []).append(ended)
    whole = {job: RunOutcomes.joined(each) for job, each in parts.items()}
    return {protocol: whole[spec, protocol.lot, protocol.recorders] for protocol, spec in plans.items()}


Job = tuple[RunSpec, int, tuple[Recorder, ...]]


def _families(jobs: list[Job]) -> Iterator[list[Job]]:
    """Jobs that begin alike, together."""
    found: dict[Any, list[Job]] = {}
    for job in jobs:
        spec, lot, _ = job
        found.setdefault((_start_of(spec), spec.asked[0] if len(spec.curriculum) > 1 else spec, lot), []).append(job)
    yield from found.values()


def _start_of(spec: RunSpec) -> tuple[Any, ...]:
    return (spec.model, spec.seed, spec.start, spec.objectives, spec.precision)


def train_family(family: list[Job], block: range, readings: list[Reading]) -> dict[Job, RunOutcomes]:
    """Train jobs that begin alike; a stage that several have in common is trained once."""
    first, lot, _ = family[0]
    start = first.begin(np.arange(block.start, block.stop, dtype=np.uint64) + np.uint64(lot * LOT))
    known: dict[Any, Stop] = {}
    return {job: RunOutcomes.of(list(_stops(job[0], start, known)), readings, job[2]) for job in family}


def _stops(spec: RunSpec, state: State, known: dict[Any, Stop]) -> Iterator[Stop]:
    asked = spec.asked
    for i in range(len(asked)):
        path = tuple(asked[: i + 1])
        if path not in known:
            known[path] = spec.train_stage(state, *asked[i])
        yield known[path]
        state = known[path].state
