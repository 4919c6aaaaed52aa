"""On other processors the kernel is the same: vectors throughout, no calls into a library, the same results.

AVX2 without AVX-512 is compiled and run here, where this processor has it; ARM's NEON is compiled and read.
"""

import re
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from numba.core import config
from targets import ARM, HASWELL, blocks, body, build, called, for_arm, host_runs_haswell

from feint.agents.kernels import compiling, lanes, rows
from feint.agents.model import Model
from feint.agents.outcome import Outcome, read
from feint.sim.training.kernels.train_lanes import race
from feint.sim.training.stage import Stage
from feint.sim.training.train import DTYPES, advance, begin, enter

HAS_AVX2 = host_runs_haswell()

pytestmark = [
    pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled"),  # pyright: ignore[reportAttributeAccessIssue]
    pytest.mark.slow,
]
needs_avx2 = pytest.mark.skipif(not HAS_AVX2, reason="this processor does not run code for AVX2")

MIXED = Model(
    plasticity_goal=0.006,
    representation_init=2.0,
    decoys=3.0,
    plasticity_pointer=2.0,
    gate_init=-3.0,
    plasticity_gate=10.0,
    inference_power=8.0,
)
STAGE = Stage(objective=1, awareness_exposure=0.1, horizon_exposure=0.1)
RUNS = 2000

ARITHMETIC = r"(?:add|sub|mul|div|sqrt|min|max|fn?m(?:add|sub)\d+)"
AVX2 = (rf"v{ARITHMETIC}p[sd]\s.*%ymm", rf"v{ARITHMETIC}p[sd]\s(?!.*%[yz]mm)", rf"v{ARITHMETIC}s[sd]\s")
ARITHMETIC_OF_ARM = r"f(?:n?m?add|n?m?sub|ml[as]|n?mul|div|sqrt|min(?:nm)?|max(?:nm)?)"
NEON = tuple(rf"{ARITHMETIC_OF_ARM}\s+{register}" for register in (r"v\d+\.(?:4s|2d)", r"v\d+\.2s", r"[sd]\d"))
LONE = 0.05  # largest share of arithmetic on single numbers: what is done once for all steps, as 1 - honeypots
OURS = re.compile(r"NRT_|numba_")  # memory


@pytest.fixture(scope="module")
def before():
    return enter(begin(MIXED, runs=RUNS, seed=1), STAGE)


@pytest.fixture(scope="module", params=DTYPES)
def compiled(request, before, tmp_path_factory):
    """The kernel for AVX2 or, where that does not run, for this processor; in each precision."""
    folder = tmp_path_factory.mktemp("compiled")
    return request.param, build(before, STAGE, request.param, folder, **(HASWELL if HAS_AVX2 else {}))


@needs_avx2
def test_on_avx2_a_row_is_sixteen_runs_in_single_precision(compiled):
    assert compiled[1].row == lanes.row_bytes(HASWELL["NUMBA_CPU_FEATURES"]) == 16 * np.dtype(np.float32).itemsize


@needs_avx2
def test_for_avx2_the_step_is_full_vectors_and_fused(compiled):
    _, there = compiled
    found = blocks(there.assembly, *AVX2)
    step = [block for block in found if block.vectors]
    vectors, alone = sum(block.vectors for block in found), sum(block.scalars for block in found)
    fused = len(re.findall(r"^\s+vfn?m(?:add|sub)\d+p[sd]\s.*%ymm", body(there.assembly), re.MULTILINE))
    print(f"{compiled[0]}: {vectors} vector instructions of arithmetic, {fused} of them fused; {alone} on one number")
    assert "%zmm" not in there.assembly
    assert vectors > 400
    assert fused > 100
    assert sum(block.narrower for block in found) == 0
    assert sum(block.scalars for block in step) == 0
    assert alone <= LONE * vectors


@needs_avx2
def test_for_avx2_the_kernel_calls_nothing_of_a_library_for_mathematics(compiled):
    names = [*called(compiled[1].assembly)]
    assert any("NRT_" in name for name in names)  # without this, the names could be of nothing
    assert [name for name in names if not OURS.match(name)] == []


@needs_avx2
def test_on_avx2_runs_end_as_they_do_here(compiled, before):
    precision, there = compiled
    here = advance(before, STAGE, STAGE.steps, precision=precision)
    outcomes = [read(state, 1).outcome for state in (here, there.trained)]
    counts = [np.bincount(found.astype(int), minlength=len(Outcome)) for found in outcomes]
    assert (counts[0] > RUNS / 10).sum() >= 3  # of all kinds
    assert np.abs(counts[0] - counts[1]).max() <= RUNS / 1000
    assert (outcomes[0] != outcomes[1]).mean() <= 0.002
    alike = here.taken == there.trained.taken
    assert alike.mean() > 0.99
    for part, mine, other in zip(here.mind._fields, here.mind, there.trained.mind, strict=True):
        np.testing.assert_allclose(other[alike], mine[alike], rtol=1e-3, atol=1e-3, err_msg=part)


@pytest.mark.parametrize("cpu", ["generic", "neoverse-n1"])
def test_for_neon_the_step_is_full_vectors_and_fused(compiled, cpu):
    precision, there = compiled
    if not _knows_arm():
        pytest.skip("this LLVM does not compile for ARM")
    if there.row != lanes.row_bytes(""):
        pytest.skip("rows here are wider than on ARM")
    assembly = for_arm(there.intermediate, cpu)
    found = blocks(assembly, *NEON)
    vectors, alone = sum(block.vectors for block in found), sum(block.scalars for block in found)
    fused = len(re.findall(r"^\s+fml[as]\s+v\d+\.(?:4s|2d)", body(assembly), re.MULTILINE))
    print(f"{cpu}, {precision}: {vectors} vector instructions of arithmetic, {fused} fused; {alone} on one number")
    assert vectors > 800
    assert fused > 200
    assert sum(block.narrower for block in found) == 0
    assert sum(block.scalars for block in found if block.vectors) == 0
    assert alone <= LONE * vectors
    names = [*called(assembly)]
    assert any("NRT_" in name for name in names)
    assert [name for name in names if not OURS.match(name)] == []


def test_what_reaches_llvm_may_be_contracted_and_nothing_more(compiled):
    flags = re.findall(r"\b(contract|fast|reassoc|nnan|ninf|nsz|arcp|afn)\b", compiled[1].intermediate)
    assert len(flags) > 300
    assert set(flags) == {"contract"}


def test_the_width_of_a_row_distinguishes_kernels_in_the_cache(monkeypatch):
    kernel: Any = race
    before = compiling.fingerprint(kernel.py_func)
    monkeypatch.setattr(rows, "ROW", 2 * lanes.ROW)
    assert compiling.fingerprint(kernel.py_func) != before


def _knows_arm():
    llvm.initialize_all_targets()
    try:
        return bool(llvm.Target.from_triple(ARM))
    except RuntimeError:
        return False
