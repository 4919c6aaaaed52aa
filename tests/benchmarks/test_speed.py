"""What a run-step costs here and with the peers, in nanoseconds of one core: all in turns, in one run.

Nothing asserts on time. `pytest tests/benchmarks --benchmark-only --benchmark-json=FILE`; tables are in `extra_info`.
"""

from functools import partial

import pytest

from benchmarks.interleaved import interleaved
from benchmarks.peers import PEERS, peer
from feint.sim.stage import Stage
from feint.sim.training import advance, begin, enter, train

FEINT = "Feint"
RUNS = 1024
LONG = Stage(objective=1, steps=2047, target=1.0)  # of performance, which no run reaches
STAGES = {
    "every run to the last step": LONG,
    "every run to the last step, with honeypots": LONG.replace(honeypots=0.1, realism=0.5),
    "runs stop at the target": Stage(objective=1),
}


def run_steps(function, state, stage):
    return int(function(state, stage).taken.sum())


def contestants(stage):
    """Feint and every peer that can run, each ready to train as many runs as suit it; and why the others cannot."""
    modules = {module.NAME: module for module in map(peer, PEERS)}
    missing = {name: module.available() for name, module in modules.items() if module.available()}
    present = {name: module for name, module in modules.items() if name not in missing}
    times = 4 if stage.target < 1 else 1  # the last runs of a batch keep company to nobody
    most = times * max(RUNS, *(module.RUNS for module in present.values()))
    state = enter(train(begin(runs=most, seed=1), Stage(objective=0)), stage)

    def feint(state, stage):
        return advance(state, stage, stage.steps)

    ready = {FEINT: partial(run_steps, feint, state.take(slice(times * RUNS)), stage)}
    for name, module in present.items():
        ready[name] = partial(run_steps, module.train, state.take(slice(times * module.RUNS)), stage)
    return ready, missing


@pytest.mark.benchmark(group="peers")
@pytest.mark.parametrize("stage", STAGES)
def test_peers(benchmark, stage):
    ready, missing = contestants(STAGES[stage])
    rounds = 3 if STAGES[stage].target < 1 else 5
    timings = benchmark.pedantic(interleaved, args=(ready, rounds), rounds=1)
    benchmark.extra_info["ns per run-step"] = {name: timings.median(name) for name in ready}
    benchmark.extra_info["times Feint"] = {name: timings.ratio(name, FEINT) for name in ready}
    benchmark.extra_info["cannot run"] = missing
    print(f"\n{stage}: ns per run-step, times Feint")
    for name in ready:
        print(f"  {name:24} {timings.median(name):12,.1f} {timings.ratio(name, FEINT):10.2f}")
