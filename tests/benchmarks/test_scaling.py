"""How the cost of a run-step moves with runs, steps, modes and threads; how full lanes are; what memory is taken."""

import time
from functools import partial
from statistics import median

import pytest

from benchmarks import memory
from benchmarks.interleaved import interleaved
from feint.agents.model import Model
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.runner import check_threads
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.stage import Stage
from feint.sim.training.train import advance, begin, enter

RUNS, STEPS = 4096, 1000  # where they are not what is varied; the runs are a chunk
PRETRAINING = 3000  # steps
MODES = (8, 16, 32, 64, 128, 256)


def stage_of(steps):
    """Every run goes to the last step: none reaches a performance of 1."""
    return Stage(objective=1, steps=steps, target=1.0)


def whole(runs, steps, threads=1):
    """All that an ensemble takes: starts, training, reading."""
    return simulate(Curriculum(stage_of(steps)), runs=runs, threads=threads).timing.run_steps


def trained(state, steps):
    """Training alone, of a state that has entered the stage."""
    return int(advance(state, stage_of(steps), steps).taken.sum())


def training_of(steps, model=None):
    return partial(trained, enter(begin(model, runs=RUNS, seed=1), stage_of(steps)), steps)


def tell(benchmark, axis, kinds, work, rounds, held):
    """Measure in turns, and write down cost and total time along an axis."""
    next(iter(kinds.values()))()  # compiles
    timings = benchmark.pedantic(partial(interleaved, kinds, rounds, warm=False), rounds=1)
    costs = list(timings.medians().values())
    assert all(cost > 0 for cost in costs)
    seconds = [1e-9 * cost * steps for cost, steps in zip(costs, work, strict=True)]
    told = {axis: [int(name) for name in kinds], "ns per run-step": costs, "seconds": seconds, "held": held}
    benchmark.extra_info.update(told)
    print(f"\n{axis}, ns per run-step")
    for name, cost in zip(kinds, costs, strict=True):
        print(f"  {int(name):9,} {cost:10.1f}")


@pytest.mark.benchmark(group="scaling")
def test_runs(benchmark, quick, few_rounds):
    sizes = [10**k for k in range(3, 6 if quick else 7)]
    kinds = {str(runs): partial(whole, runs, PRETRAINING) for runs in sizes}
    tell(benchmark, "runs", kinds, [runs * PRETRAINING for runs in sizes], few_rounds, f"{PRETRAINING:,} steps")


@pytest.mark.benchmark(group="scaling")
@pytest.mark.parametrize("part", ["whole", "training alone"])
def test_steps(benchmark, quick, few_rounds, part):
    sizes = [10**k for k in range(2, 5 if quick else 6)]
    kinds = {str(steps): partial(whole, RUNS, steps) if part == "whole" else training_of(steps) for steps in sizes}
    held = f"{RUNS:,} runs" + (", training alone" if part != "whole" else "")
    tell(benchmark, "steps", kinds, [RUNS * steps for steps in sizes], few_rounds, held)


@pytest.mark.benchmark(group="scaling")
def test_ends(benchmark, rounds):
    """What a run costs before its first step and after its last: starts, boarding, readings and records."""
    few, many = 10, 130
    stages = {"one stage": Curriculum(stage_of(few)), "two stages": pretrain_finetune({"steps": few}, {"target": 1.0})}
    kinds = {
        f"{name}, {steps}": partial(ended, curriculum, steps)
        for name, curriculum in stages.items()
        for steps in (few, many)
    }
    timings = benchmark.pedantic(partial(interleaved, kinds, rounds), rounds=1)
    worth = {}
    for name, curriculum in stages.items():
        pairs = zip(timings.rounds[f"{name}, {few}"], timings.rounds[f"{name}, {many}"], strict=True)
        worth[name] = len(curriculum) * median((many - few) * low / (high - low) - few for low, high in pairs)
    benchmark.extra_info["steps"] = worth
    print("\nworth of a run's ends in steps:", worth)


def ended(curriculum, steps):
    """Train runs for so many steps of each stage, and return how many runs."""
    stages = [stage.replace(steps=steps) for stage in curriculum]
    return simulate(Curriculum(*stages), runs=4 * RUNS, threads=1).runs


@pytest.mark.benchmark(group="scaling")
def test_modes(benchmark, few_rounds):
    kinds = {str(modes): training_of(STEPS, Model(modes=modes)) for modes in MODES}
    held = f"{RUNS:,} runs of {STEPS:,} steps, training alone"
    tell(benchmark, "modes", kinds, [RUNS * STEPS] * len(MODES), few_rounds, held)


@pytest.mark.benchmark(group="scaling")
def test_threads(benchmark, quick, rounds):
    """Wall-clock time here: processor time would not fall with threads."""
    runs = (4 if quick else 16) * RUNS
    counts = sorted({1, 2, check_threads(None)} | {2**k for k in range(8) if 2**k <= check_threads(None)})
    kinds = {str(threads): partial(whole, runs, STEPS, threads) for threads in counts}
    timings = benchmark.pedantic(partial(interleaved, kinds, rounds, clock=time.perf_counter_ns), rounds=1)
    speedup = {threads: 1 / ratio for threads, ratio in timings.ratios("1").items()}
    benchmark.extra_info.update({"cores": check_threads(None), "speed-up": speedup})
    print("\nthreads, times as fast as one:", speedup)


@pytest.mark.benchmark(group="scaling")
def test_occupancy(benchmark):
    """Steps of runs for each step of a lane, in the default comparison."""
    timing = benchmark.pedantic(compare, rounds=1).timing
    assert 0 < timing.occupancy <= 1
    benchmark.extra_info.update({"occupancy": timing.occupancy, "threads": timing.threads})
    print(f"\nlane occupancy of the default comparison: {timing.occupancy:.3f}")


@pytest.mark.benchmark(group="scaling")
@pytest.mark.skipif(not memory.FORGET.exists(), reason="the peak of a process is read from /proc (Linux)")
def test_memory(benchmark, quick):
    """By how much a process grows: with steps it should not, with runs by what is recorded of each or not at all."""
    most, summed = (10**5, 10**6) if quick else (10**6, 10**8)
    asked = {
        "steps": ("simulate", [(4096, steps) for steps in (10, 1000, 10000)]),
        "runs": ("simulate", [(runs, 10) for runs in (most // 10, most // 2, most)]),
        "runs summed": ("summarize", [(runs, 10) for runs in (most, summed)]),
    }

    def measured():
        return {what: [memory.needed(how, *size) for size in sizes] for what, (how, sizes) in asked.items()}

    found = benchmark.pedantic(measured, rounds=1)
    grown = {what: [grew for grew, _ in each] for what, each in found.items()}
    _, middle, last = grown["runs"]
    benchmark.extra_info.update(
        {
            **{what: [(*size, grew) for size, grew in zip(asked[what][1], grown[what], strict=True)] for what in asked},
            "bytes a run": (last - middle) / (most - most // 2),
            "bytes recorded of a run": found["runs"][-1][1] / most,
        }
    )
    print("\nmemory:", benchmark.extra_info)
