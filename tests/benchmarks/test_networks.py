"""What the battery of real networks takes, and the bands that it finds."""

import time

import pytest

from feint.sim.ensembles.runner import check_threads
from feint.sim.networks.experiments import battery, check_bands

SEEDS = 8


@pytest.mark.benchmark(group="networks")
def test_battery(benchmark):
    battery(1, learning_rates=(3e-4,))  # compiles, or reads what was compiled
    begun = time.perf_counter(), time.process_time()
    found = benchmark.pedantic(battery, args=(SEEDS,), rounds=1)
    wall, processors = time.perf_counter() - begun[0], time.process_time() - begun[1]
    bands = {band.name: [band.rule, band.median, band.kept] for band in check_bands(found)}
    told = {"seconds": wall, "of processors": processors, "threads": check_threads(None), "seeds": SEEDS}
    benchmark.extra_info.update(told, bands=bands)
    print("\n", told, bands)
