"""What Feint's speed is meant to be, each goal beside what was measured of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks.results import STAGES, TO_THE_END, Results

FLAT = 0.10  # largest rise of a cost that counts as none
ARRAYS = ("NumPy over runs", "JAX jit + vmap", "torch.compile")


class Measured(NamedTuple):
    """What was measured of a goal, in words, and whether it is met."""

    told: str
    met: bool


def twin(results: Results) -> Measured:
    """The C++ twin's time over Feint's."""
    ratios = {stage: found["times Feint"]["C++ twin"] for stage, found in results.by_stage("test_twin").items()}
    others = ", ".join(f"{STAGES[stage]} {ratio:.2f}" for stage, ratio in ratios.items() if stage != TO_THE_END)
    return Measured(f"{ratios[TO_THE_END]:.2f}" + (f" ({others})" if others else ""), ratios[TO_THE_END] >= 0.9)


def times(least: float, *names: str) -> Callable[[Results], Measured]:
    """How many times as long as Feint the quickest of these peers takes."""

    def measured(results: Results) -> Measured:
        ratios = results.of(f"test_peers[{TO_THE_END}]")["times Feint"]
        name, ratio = min(((name, ratios[name]) for name in names if name in ratios), key=lambda each: each[1])
        return Measured(f"{ratio:,.1f} × ({name})", ratio >= least)

    return measured


def two_threads(results: Results) -> Measured:
    """Wall-clock time of one thread over that of two."""
    found = results.of("test_threads")
    gained = found["speed-up"]["2"]
    return Measured(f"{gained:.2f} × on {found['cores']} cores", gained >= 1.8)


def flat(name: str, axis: str) -> Callable[[Results], Measured]:
    """The dearest run-step over the cheapest."""

    def measured(results: Results) -> Measured:
        found = results.of(name)
        costs, sizes = found["ns per run-step"], found[axis]
        rise = max(costs) / min(costs) - 1
        dearest = sizes[costs.index(max(costs))]
        told = f"{100 * rise:.1f} % from {sizes[0]:,} to {sizes[-1]:,} (dearest at {dearest:,})"
        return Measured(told, rise <= FLAT)

    return measured


def line(sizes: list[int], costs: list[float]) -> tuple[float, float]:
    """Intercept and slope of the line that lies nearest, each point's distance taken as a share of its height."""
    weights = 1 / np.array(costs)
    columns = np.column_stack([weights, weights * np.array(sizes)])
    (intercept, slope), *_ = np.linalg.lstsq(columns, np.ones(len(costs)), rcond=None)
    return float(intercept), float(slope)


def ends(results: Results) -> Measured:
    """Steps' worth of what a run costs beside its steps."""
    steps = results.of("test_ends")["steps"]
    return Measured(", ".join(f"{worth:.0f} in {name}" for name, worth in steps.items()), max(steps.values()) <= 50)


def linear_in_modes(results: Results) -> Measured:
    """How far the costs lie from a line."""
    found = results.of("test_modes")
    sizes, costs = found["modes"], found["ns per run-step"]
    intercept, slope = line(sizes, costs)
    off = max(abs(cost / (intercept + slope * size) - 1) for size, cost in zip(sizes, costs, strict=True))
    return Measured(f"within {100 * off:.1f} % of {intercept:.1f} + {slope:.2f} d ns", off <= FLAT)


def many_points(results: Results) -> Measured:
    """Time of one ensemble of as many runs in all, kept or summed, over that of the sweep."""
    found = results.of("test_many_points_beside_one_ensemble[200 steps]")
    costs = found["µs a run, on the wall"]
    kept, summed = (costs[name] / costs["a sweep"] for name in ("one ensemble", "its summary"))
    size = f"{found['points']:,} points, {found['threads']} threads"
    told = f"{kept:.2f} × `simulate`, {summed:.2f} × `summarize` ({size})"
    return Measured(told, min(kept, summed) >= 0.9)


def occupancy(results: Results) -> Measured:
    """Steps of runs for each step of a lane."""
    found = results.of("test_occupancy")
    return Measured(f"{found['occupancy']:.3f} in {found['threads']} threads", found["occupancy"] >= 0.9)


def memory_by_steps(results: Results) -> Measured:
    """Growth of the process with few steps and with many."""
    (_, few, first), *_, (_, many, last) = results.of("test_memory")["steps"]
    told = f"{first / 1e6:.1f} MB for {few:,} steps, {last / 1e6:.1f} for {many:,}"
    return Measured(told, last <= (1 + FLAT) * first)


def memory_by_runs(results: Results) -> Measured:
    """Bytes by which the process grows with a run, against what is recorded of it."""
    found = results.of("test_memory")
    grows, recorded = found["bytes a run"], found["bytes recorded of a run"]
    return Measured(f"{grows:.0f} bytes a run, of which {recorded:.0f} recorded", grows <= (1 + FLAT) * recorded)


def memory_summed(results: Results) -> Measured:
    """Growth of the process with few runs and with many, where counts and moments alone are kept."""
    (few, _, first), (many, _, last) = results.of("test_memory")["runs summed"]
    told = f"{first / 1e6:.1f} MB for {few:,} runs, {last / 1e6:.1f} for {many:,}"
    return Measured(told, last <= (1 + FLAT) * first)


def seconds(name: str, most: float) -> Callable[[Results], Measured]:
    """How long a process takes."""

    def measured(results: Results) -> Measured:
        wall, processors = results.of("test_processes")["seconds"][name]
        return Measured(f"{wall:.2f} s ({processors:.2f} s of processors)", wall <= most)

    return measured


def recompilation(results: Results) -> Measured:
    """Kernels compiled anew because a parameter changed."""
    found = results.of("test_recompilation")
    told = f"{found['changes']} changes of {found['parameters']} parameters, {found['kernels anew']} kernels anew"
    return Measured(told, found["kernels anew"] == 0)


def networks(results: Results) -> Measured:
    """What the whole battery of real networks takes, with warm caches."""
    found = results.of("test_battery")
    told = f"{found['seconds']:.0f} s in {found['threads']} threads, {found['of processors']:.0f} s of processors"
    return Measured(told, found["seconds"] <= 60)


GOALS: dict[str, Callable[[Results], Measured]] = {
    "at least 0.9 of the C++ twin's speed": twin,
    "10 × the best of NumPy, JAX and torch.compile": times(10, *ARRAYS),
    "40 × the scalar kernel": times(40, "scalar Numba"),
    "1,000 × one Mesa agent a run": times(1000, "Mesa, an agent a run"),
    "two threads 1.8 × one": two_threads,
    "cost of a run-step flat in runs, within 10 %": flat("test_runs", "runs"),
    "flat in steps, within 10 %": flat("test_steps[training alone]", "steps"),
    "the same with starts and readings": flat("test_steps[whole]", "steps"),
    "a run's start and end worth 50 steps": ends,
    "linear in modes, within 10 %": linear_in_modes,
    "a sweep of short stages 0.9 of one ensemble": many_points,
    "lane occupancy of the default comparison 0.9": occupancy,
    "memory does not grow with steps": memory_by_steps,
    "memory grows with runs by what is recorded": memory_by_runs,
    "summaries in constant memory": memory_summed,
    "`import feint` within 1 s": seconds("import feint", 1),
    "`feint compare` with cold caches within 12 s": seconds("feint compare, cold caches", 12),
    "`feint compare` with warm caches within 2 s": seconds("feint compare, warm caches", 2),
    "a parameter change compiles nothing": recompilation,
    "the battery of real networks, 8 seeds, within 60 s": networks,
}


def measured(goal: str, results: Results) -> Measured | None:
    """What was measured of a goal; None where its benchmark or its peer was not there."""
    try:
        return GOALS[goal](results)
    except (KeyError, ValueError):
        return None
