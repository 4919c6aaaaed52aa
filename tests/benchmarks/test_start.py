"""How long until the first result: import, cold caches, warm caches; and what compiles anew when a parameter changes.

Cold are Numba's caches alone; what Python compiles of its own is there.
"""

import sys
import tempfile
from functools import partial

import pytest

from benchmarks.processes import in_turns, medians, ran
from benchmarks.recompiling import counted

IMPORT, COLD, WARM = "import feint", "feint compare, cold caches", "feint compare, warm caches"
COMMAND = [sys.executable, "-m", "feint", "compare"]


@pytest.mark.benchmark(group="start")
def test_processes(benchmark, few_rounds, tmp_path):
    def cold():
        return ran(COMMAND, NUMBA_CACHE_DIR=tempfile.mkdtemp(dir=tmp_path))

    warm = partial(ran, COMMAND, NUMBA_CACHE_DIR=str(tmp_path / "warm"))
    warm()
    kinds = {IMPORT: partial(ran, [sys.executable, "-c", "import feint"]), COLD: cold, WARM: warm}
    found = benchmark.pedantic(in_turns, args=(kinds, few_rounds), rounds=1)
    seconds = {name: medians(took) for name, took in found.items()}
    benchmark.extra_info["seconds"] = seconds
    print("\nseconds, on the wall and of processors:", seconds)
    assert seconds[IMPORT] < seconds[WARM] < seconds[COLD]


@pytest.mark.benchmark(group="start")
def test_recompilation(benchmark):
    found = benchmark.pedantic(counted, rounds=1)
    assert found["kernels anew for another form"] > 0, "what is compiled in should have been noticed"
    benchmark.extra_info.update(found)
    print(f"\n{found['changes']} changes of {found['parameters']} parameters: {found['kernels anew']} kernels anew")
