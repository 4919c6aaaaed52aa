"""Courses: what is read out of many runs at given steps of the last stage that they go through."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from feint.agents.errors import InputError
from feint.agents.kernels.reading import Readings
from feint.agents.mind import RUNNING
from feint.agents.outcome import read
from feint.sim.ensembles.ensemble import check_threads
from feint.sim.ensembles.streaming_summary import blocks
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.train import enter, race


@dataclass(frozen=True, kw_only=True, eq=False)
class Courses:
    """Readings of runs at steps of the last stage; a run that has stopped stays as it was when it stopped."""

    steps: tuple[int, ...]
    readings: Readings  #: of each field an array (steps, runs)
    running: np.ndarray  #: which runs had not stopped by then (steps, runs)


def courses(spec: RunSpec, runs: range, steps: Sequence[int], *, threads: int | None = None) -> Courses:
    """Train the runs of these numbers and read them at these steps of the last stage; no number depends on `threads`.

    Raises `InputError` unless the steps rise from 0 or more.
    """
    steps = tuple(int(step) for step in steps)
    if not steps or steps[0] < 0 or any(a >= b for a, b in pairwise(steps)):
        raise InputError(f"steps = {list(steps)} are not valid: they must be whole numbers that rise from 0 or more.")
    spec.warm_up()
    with ThreadPoolExecutor(check_threads(threads)) as pool:
        parts = list(pool.map(lambda block: _block(spec, block, steps), blocks(runs.start, runs.stop)))
    seen = zip(*(part.readings for part in parts), strict=True)
    return Courses(
        steps=steps,
        readings=Readings(*(np.concatenate(each, axis=1) for each in seen)),
        running=np.concatenate([part.running for part in parts], axis=1),
    )


def _block(spec: RunSpec, block: range, steps: tuple[int, ...]) -> Courses:
    """The courses of neighbouring runs."""
    state = spec.begin(np.arange(block.start, block.stop, dtype=np.uint64))
    *before, (stage, capability_target) = spec.asked
    for each in before:
        state = spec.train_stage(state, *each).state
    moving, seen, running = enter(state, stage).copied(), [], []
    for step in steps:
        race(moving, stage, min(step, stage.steps), capability_target, spec.precision)
        seen.append(read(moving, stage.objective))
        running.append((moving.progress.status == RUNNING) & (moving.taken >= step))
    readings = Readings(*(np.array(each) for each in zip(*seen, strict=True)))
    return Courses(steps=steps, readings=readings, running=np.array(running))
