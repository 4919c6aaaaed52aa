"""What a sweep costs besides its runs: many small points beside one ensemble, the store, a cluster; and memory."""

import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import memory
from benchmarks.interleaved import by_clocks
from feint.sim.ensembles.ensemble import simulate, summarize
from feint.sim.ensembles.runner import check_threads
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import sweep
from feint.sim.sweeps.sweep_store import Store
from feint.sim.training.curriculum import pretrain_finetune

RUNS = 1000  # of a point
STAGES = {
    "200 steps": (10_000, 500, pretrain_finetune({"steps": 100}, {"steps": 100, "target": 0.0})),
    "1,500 steps": (256, 64, pretrain_finetune({"steps": 300}, {"steps": 1200, "target": 0.0})),
}
"""Points, those of the quick form, and stages that take every run to the last step; the longer are a tenth of the
default's."""
ARM = ("pretrain_finetune",)


def study_of(points, curriculum):
    """Points that differ in how runs start, at none of which training is more work or less than in an ensemble."""
    vary = {"gate_init": np.linspace(-2.5, -1.5, points).tolist()}
    return Study(vary=vary, runs=RUNS, arms=ARM, curriculum=curriculum)


def swept(folder, study, **ways):
    """Carry out a study in a new folder; returns its runs."""
    shutil.rmtree(folder, ignore_errors=True)
    sweep(study, folder, **ways)
    return len(study.factors[0].grid) * RUNS


def ensemble(how, curriculum, runs):
    how(curriculum, runs=runs)
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


CLOCKS = {"on the wall": time.perf_counter_ns, "of processors": time.process_time_ns}


def tell(benchmark, kinds, rounds, reference):
    """Measure in turns by both clocks; how much is done in the time in which the reference does 1.

    What others do on the machine weighs on the wall alone, and so does what stands still while one thread works.
    """
    benchmark.extra_info["threads"] = check_threads(None)
    for name, timings in benchmark.pedantic(by_clocks, args=(kinds, rounds, CLOCKS), rounds=1).items():
        costs = {kind: cost / 1000 for kind, cost in timings.medians().items()}
        found = {kind: 1 / ratio for kind, ratio in timings.ratios(reference).items()}
        assert all(cost > 0 for cost in costs.values())
        benchmark.extra_info.update({f"µs a run, {name}": costs, f"throughput, {name}": found})
        print(f"\nµs a run {name}, and throughput where that of {reference} is 1")
        for kind, share in found.items():
            print(f"  {kind:28} {costs[kind]:10.3f} {share:10.3f}")


def asked(stages, quick):
    most, fewer, curriculum = STAGES[stages]
    points = fewer if quick else most
    return study_of(points, curriculum), curriculum, points * RUNS


@pytest.mark.benchmark(group="sweeps")
@pytest.mark.parametrize("stages", STAGES)
def test_many_points_beside_one_ensemble(benchmark, tmp_path, quick, few_rounds, stages):
    """A sweep with all that belongs to it, from the points' design to the last part on the disk."""
    study, curriculum, runs = asked(stages, quick)
    kinds = {
        "one ensemble": partial(ensemble, simulate, curriculum, runs),
        "its summary": partial(ensemble, summarize, curriculum, runs),
        "a sweep": partial(swept, tmp_path / "out", study),
        "a sweep without a store": partial(unwritten, tmp_path / "none", study),
    }
    benchmark.extra_info["points"] = runs // RUNS
    tell(benchmark, kinds, few_rounds, "one ensemble")


@pytest.mark.benchmark(group="sweeps")
@pytest.mark.parametrize("stages", STAGES)
def test_a_cluster_beside_threads(benchmark, tmp_path, quick, few_rounds, stages):
    """Two worker processes, started before, beside two threads of this process, which then does Dask's part alone."""
    distributed = pytest.importorskip("distributed")
    study, _, _ = asked(stages, quick)
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
        tell(benchmark, kinds, few_rounds, "two threads")


SWEEP = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from benchmarks import memory, test_sweeps
if __name__ == "__main__":
    out, points, way = Path(sys.argv[2]), int(sys.argv[3]), {sys.argv[4]: 2}
    test_sweeps.tiny(out / "first", 100, **way)
    memory.FORGET.write_text("5")
    before = memory.resident("VmRSS")
    test_sweeps.tiny(out / "then", points, **way)
    print(memory.resident("VmHWM") - before, *(test_sweeps.size(out / "then" / kind) for kind in ("points", "parts")))
"""
TENTH = {"low": 0.0, "high": 0.9, "levels": 10}
VARIED = ("similarity", "spectrum", "shielding", "similarity_decay", "goal_cost", "deployment_spectrum")


def tiny(folder, points, **way):
    """A sweep of a power of ten of points, of 8 runs and a few steps each."""
    vary: dict[str, object] = dict.fromkeys(VARIED[: len(str(points)) - 1], TENTH)
    sweep(Study(vary=vary, runs=8, curriculum=pretrain_finetune({"steps": 3}, {"steps": 3})), folder, **way)


def size(folder):
    """Bytes of the files of a folder."""
    return sum(path.stat().st_size for path in folder.iterdir())


def needed(folder, points, way):
    """Bytes by which a process grows that sweeps so many points, and of the files of points and of parts."""
    file = folder / "sweep.py"
    file.write_text(SWEEP)
    command = [sys.executable, str(file), str(Path(__file__).parents[1]), str(folder), str(points), way]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(each) for each in printed.split()]


@pytest.mark.benchmark(group="sweeps")
@pytest.mark.skipif(not memory.FORGET.exists(), reason="the peak of a process is read from /proc (Linux)")
@pytest.mark.parametrize("way", ["threads", "workers"])
def test_memory_of_many_points(benchmark, tmp_path, quick, way):
    """By how much the process grows from few points to many: a table of 4,096 of them is held, and no more."""
    sizes = [10**k for k in ((3, 4) if quick else (4, 5))]
    for points in sizes:
        (tmp_path / str(points)).mkdir()

    def measured():
        return [needed(tmp_path / str(points), points, way) for points in sizes]

    (less, *_), (more, *files) = benchmark.pedantic(measured, rounds=1)
    slope = (more - less) / (sizes[1] - sizes[0])
    assert slope < (2000 if quick else 200)  # bytes a point; while there are fewer than a file of points takes, more
    benchmark.extra_info.update(
        {
            "points": sizes,
            "bytes grown": [less, more],
            "bytes a point more": slope,
            "bytes a point in files of points and of parts": [each / sizes[1] for each in files],
        }
    )
    print(f"\n{way}:", benchmark.extra_info)
