"""What a run-step costs here and with the peers, in nanoseconds of one core: all in turns, in one run.

Nothing asserts on time. `pytest tests/benchmarks --benchmark-only --benchmark-json=FILE`; tables are in `extra_info`.
"""

from functools import partial

import pytest

from benchmarks.interleaved import interleaved
from benchmarks.peers import PEERS, peer
from feint.sim.training.stage import Stage
from feint.sim.training.train import advance, begin, enter, train

FEINT = "Feint"
PRECISIONS = {FEINT: "single", "Feint, double": "double"}
RUNS = 4096
LONG = Stage(objective=1, steps=1023, target=1.0)  # of performance, which no run reaches
STAGES = {
    "every run to the last step": LONG,
    "every run to the last step, with honeypots": LONG.replace(honeypots=0.1, realism=0.5),
    "runs stop at the target": Stage(objective=1),
}


def feint(precision, state, stage):
    return advance(state, stage, stage.steps, precision=precision)


def run_steps(function, state, stage):
    return int(function(state, stage).taken.sum())


def standing(runs, stage):
    """Pre-trained runs before the first step of a stage."""
    return enter(train(begin(runs=runs, seed=1), Stage(objective=0)), stage)


def contestants(stage, blocks):
    """Feint and every peer that can run, each ready to train as many runs as suit it; and why the others cannot."""
    modules = {module.NAME: module for module in map(peer, PEERS)}
    missing = {name: module.available() for name, module in modules.items() if module.available()}
    present = {name: module for name, module in modules.items() if name not in missing}
    most = blocks * max(RUNS, *(module.RUNS for module in present.values()))
    state = standing(most, stage)
    ready = {
        name: partial(run_steps, partial(feint, precision), state.take(slice(blocks * RUNS)), stage)
        for name, precision in PRECISIONS.items()
    }
    for name, module in present.items():
        ready[name] = partial(run_steps, module.train, state.take(slice(blocks * module.RUNS)), stage)
    return ready, missing


@pytest.mark.benchmark(group="peers")
@pytest.mark.parametrize("stage", STAGES)
def test_peers(benchmark, stage, quick):
    stops = STAGES[stage].target < 1
    ready, missing = contestants(STAGES[stage], blocks=1 if not stops else 2 if quick else 4)
    rounds = (1 if stops else 3) if quick else (3 if stops else 7)
    timings = benchmark.pedantic(interleaved, args=(ready, rounds), rounds=1)
    benchmark.extra_info["cannot run"] = missing
    tell(benchmark, stage, timings)


@pytest.mark.benchmark(group="peers")
@pytest.mark.parametrize("stage", STAGES)
def test_twin(benchmark, stage, rounds):
    """The two that are nearest to each other, in more rounds."""
    twin = peer("cpp")
    if twin.available():
        pytest.skip(twin.available())
    blocks = 4 if STAGES[stage].target < 1 else 1
    state = standing(blocks * RUNS, STAGES[stage])
    ready = {
        FEINT: partial(run_steps, partial(feint, PRECISIONS[FEINT]), state, STAGES[stage]),
        twin.NAME: partial(run_steps, twin.train, state, STAGES[stage]),
    }
    tell(benchmark, stage, benchmark.pedantic(interleaved, args=(ready, 2 * rounds), rounds=1))


def tell(benchmark, stage, timings):
    benchmark.extra_info["ns per run-step"] = timings.medians()
    benchmark.extra_info["times Feint"] = timings.ratios(FEINT)
    print(f"\n{stage}: ns per run-step, times Feint")
    for name, cost in timings.medians().items():
        print(f"  {name:24} {cost:12,.1f} {timings.ratio(name, FEINT):10.2f}")
