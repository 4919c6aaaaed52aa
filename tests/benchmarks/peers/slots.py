"""Refilling for peers whose programs have a fixed shape: finished runs make room for the next between two calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.task import REACHED, RUNNING, Task
from feint.agents.mind import Mind

SMALLEST = 64  # slots that are worth a program of their own


class Slots(NamedTuple):
    """Runs that are trained together; every array leads with the slot."""

    b: Any
    n: Any
    rate: Any
    mind: Any
    taken: Any
    status: Any


def train_in_slots(task: Task, size: int, advance: Callable[[Slots], Slots]) -> tuple[np.ndarray, np.ndarray]:
    """Train all runs of a task in place, `size` at a time; returns steps taken and status.

    `advance` takes some steps with every slot whose status is RUNNING, and sets the status of those that stop. Once no
    run waits, slots are given up three quarters at a time: a program is compiled for each number of slots.
    """
    runs = len(task.b)
    taken, status = np.zeros(runs, np.int32), np.full(runs, RUNNING, np.int32)
    run = np.arange(size) % runs  # in each slot
    idle = np.arange(size) >= runs
    slots = fill(task, run, idle)
    queue = min(size, runs)
    while not idle.all():
        slots = on_host(advance(slots))
        done = np.flatnonzero((slots.status != RUNNING) & ~idle)
        for whole, part in zip(task.mind, slots.mind, strict=True):
            whole[run[done]] = part[done]
        taken[run[done]], status[run[done]] = slots.taken[done], slots.status[done]
        idle[done] = True
        free = np.flatnonzero(idle)[: runs - queue]
        run[free] = np.arange(queue, queue + len(free))
        queue += len(free)
        idle[free] = False
        put(slots, free, fill(task, run[free], idle[free]))
        if idle.sum() >= len(idle) * 3 // 4 and len(idle) > SMALLEST:
            kept = np.argsort(idle, kind="stable")[: len(idle) // 4]
            run, idle, slots = run[kept], idle[kept], taken_from(slots, kept)
    return taken, status


def fill(task: Task, run: np.ndarray, idle: np.ndarray) -> Slots:
    """Slots with these runs at their start; an idle one holds a run that has stopped."""
    mind = Mind(*[part[run] for part in task.mind])
    status = np.where(idle, REACHED, RUNNING).astype(np.int32)
    return Slots(task.b[run], task.n[run], task.rate[run], mind, np.zeros(len(run), np.int32), status)


def each(function: Callable[..., Any], *slots: Slots) -> Slots:
    """A function of arrays, applied to each array of slots."""
    b, n, rate, mind, taken, status = (list(arrays) for arrays in zip(*slots, strict=True))
    parts = Mind(*[function(*arrays) for arrays in zip(*mind, strict=True)])
    return Slots(function(*b), function(*n), function(*rate), parts, function(*taken), function(*status))


def on_host(slots: Slots) -> Slots:
    """NumPy arrays to be written to."""
    return each(np.array, slots)


def taken_from(slots: Slots, kept: np.ndarray) -> Slots:
    """These slots alone."""
    return each(lambda array: array[kept], slots)


def put(slots: Slots, places: np.ndarray, fresh: Slots) -> None:
    """Write fresh runs into places."""

    def write(array: np.ndarray, new: np.ndarray) -> None:
        array[places] = new

    each(write, slots, fresh)
