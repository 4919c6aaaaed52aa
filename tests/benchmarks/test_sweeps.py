"""What a sweep costs besides its runs: many small points beside one ensemble, the store, a Dask cluster; and its memory.

Times are of the wall: threads and other processes count. `pytest tests/benchmarks/test_sweeps.py --benchmark-only`.
"""

import shutil
import time
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest

from benchmarks.interleaved import interleaved
from feint.sim.curriculum import pretrain_finetune
from feint.sim.ensemble import check_threads, simulate
from feint.sim.store import Store
from feint.sim.study import Study
from feint.sim.summary import summarize
from feint.sim.sweep import sweep

RUNS = 1000  # of a point
SHORT = pretrain_finetune({"steps": 100}, {"steps": 100, "target": 0.0})  # every run to the last step
ARM = ("pretrain_finetune",)


def study_of(points, arms=ARM):
    """Points that differ in how outcomes are read, so that training is the same work at each, and that of an ensemble."""
    vary = {"deploy_tolerance": np.linspace(0.1, 0.4, points).tolist()}
    return Study(vary=vary, runs=RUNS, arms=arms, curriculum=SHORT)


def swept(folder, study, **ways):
    """Carry out a study in a new folder; returns its runs."""
    shutil.rmtree(folder, ignore_errors=True)
    sweep(study, folder, **ways)
    return len(study.factors[0].grid) * RUNS


def ensemble(how, runs):
    how(SHORT, runs=runs)
    return runs


@contextmanager
def nothing_written():
    """Parts are made ready for the store and not written."""
    write = Store.write

    def points_alone(store, kind, name, table):
        if kind == "points":
            write(store, kind, name, table)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "write", points_alone)
        yield


def unwritten(folder, study, **ways):
    with nothing_written():
        return swept(folder, study, **ways)


def tell(benchmark, kinds, rounds, reference):
    """Measure in turns; how much is done in the time in which the reference does 1."""
    timings = benchmark.pedantic(partial(interleaved, kinds, rounds, clock=time.perf_counter_ns), rounds=1)
    found = {name: 1 / ratio for name, ratio in timings.ratios(reference).items()}
    costs = timings.medians()
    assert all(cost > 0 for cost in costs.values())
    benchmark.extra_info.update(
        {"threads": check_threads(None), "µs a run": {name: cost / 1000 for name, cost in costs.items()}}
    )
    benchmark.extra_info[f"throughput, {reference} = 1"] = found
    print(f"\nµs a run, throughput where that of {reference} is 1")
    for name, share in found.items():
        print(f"  {name:28} {costs[name] / 1000:10.3f} {share:10.3f}")


@pytest.mark.benchmark(group="sweeps")
def test_many_points_beside_one_ensemble(benchmark, tmp_path, quick, rounds):
    """A sweep with all that belongs to it, from the points' design to the last part on the disk."""
    points = 130 if quick else 520
    kinds = {
        "one ensemble": partial(ensemble, simulate, points * RUNS),
        "its summary": partial(ensemble, summarize, points * RUNS),
        "a sweep": partial(swept, tmp_path / "out", study_of(points)),
        "a sweep without a store": partial(unwritten, tmp_path / "none", study_of(points)),
    }
    tell(benchmark, kinds, rounds, "one ensemble")


@pytest.mark.benchmark(group="sweeps")
def test_a_cluster_beside_threads(benchmark, tmp_path, quick, rounds):
    """Two worker processes, started before, beside two threads of this process."""
    distributed = pytest.importorskip("distributed")
    study = study_of(130 if quick else 520)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0"
        ) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        kinds = {
            "two threads": partial(swept, tmp_path / "threads", study, threads=2),
            "two workers": partial(swept, tmp_path / "workers", study, scheduler=client),
        }
        tell(benchmark, kinds, rounds, "two threads")
