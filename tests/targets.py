"""The race kernel as compiled for another processor: what it gives, and what its instructions are.

Run as a program this trains a state that comes by standard input, after Numba was told by its environment for which
processor to compile, and gives back the state with the kernel's text on both sides of LLVM.
"""

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from feint.agents.state import State
from feint.sim.training.stage import Stage

HASWELL = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma"}  # AVX2 without AVX-512
OF_HASWELL = ("avx2", "fma", "bmi", "bmi2", "lzcnt", "movbe", "f16c")

ARM = "aarch64-unknown-linux-gnu"


class Build(NamedTuple):
    """The kernel for one processor, in one precision."""

    row: int  #: bytes of a row of lanes
    intermediate: str  #: LLVM's own language, before it is optimised as a whole
    assembly: str
    trained: State


class Block(NamedTuple):
    """A stretch of instructions without a jump in between: how many do arithmetic of numbers with a point."""

    vectors: int  #: on registers of the width asked for
    narrower: int  #: on vectors of another width
    scalars: int  #: on one number


def host_runs_haswell() -> bool:
    """Whether this processor can run what is compiled for Haswell."""
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:
        return False
    return all(features.get(name) for name in OF_HASWELL)


def build(state: State, stage: Stage, precision: str, folder: Path, **variables: str) -> Build:
    """Compile in a process of its own, and train the state there."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    process = subprocess.run(
        [sys.executable, __file__],
        input=pickle.dumps((state, stage, precision)),
        env={**inherited, "NUMBA_CACHE_DIR": str(folder), **variables},
        capture_output=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr.decode()
    return Build(*pickle.loads(process.stdout))


def main() -> None:
    """Compile, train, and give back."""
    from numba.core.caching import NullCache
    from numba.core.codegen import CPUCodeLibrary

    from feint.agents.kernels import lanes
    from feint.sim.training.kernels import train_lanes as room
    from feint.sim.training.train import advance

    kept = {}
    optimize = CPUCodeLibrary._optimize_final_module

    def keep(self):
        kept[self.name] = str(self._final_module)
        optimize(self)

    CPUCodeLibrary._optimize_final_module = keep
    race: Any = room.race
    race._cache = NullCache()
    state, stage, precision = pickle.loads(sys.stdin.buffer.read())
    trained = advance(state, stage, stage.steps, precision=precision)
    (signature,) = race.signatures
    found = (lanes.ROW, kept["race"], race.inspect_asm(signature), trained)
    sys.stdout.buffer.write(pickle.dumps(found))


def for_arm(intermediate: str, cpu: str) -> str:
    """The same program in the assembly of a 64-bit ARM processor, optimised for it."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(ARM).create_target_machine(cpu=cpu, opt=3)
    text = re.sub(r"^target triple = .*$", f'target triple = "{ARM}"', intermediate, flags=re.MULTILINE)
    layout = f'target datalayout = "{machine.target_data}"'
    text = re.sub(r"^target datalayout = .*$", layout, text, flags=re.MULTILINE)
    # Numba's counters of references were compiled before, for this processor: the linker would find others
    counters = re.compile(r"^define [^@\n]*@(NRT_\w+)\(.*?^\}$", re.MULTILINE | re.DOTALL)
    module = llvm.parse_assembly(counters.sub(r"declare void @\1(ptr)", text))
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    return machine.emit_assembly(module)


def body(assembly: str) -> str:
    """The instructions of the kernel itself, without its wrappers for Python."""
    kernel = r"^_ZN5feint3sim8training7kernels11train_lanes4race\S*:(.*?)^\.Lfunc_end"
    found = re.search(kernel, assembly, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def blocks(assembly: str, vector: str, narrower: str, scalar: str) -> list[Block]:
    """The kernel's blocks that do arithmetic; the three expressions find its instructions at the begin of a line."""
    kinds = [re.compile(rf"^\s+(?:{kind})", re.MULTILINE) for kind in (vector, narrower, scalar)]
    parts = re.split(r"^\.L\w+:", body(assembly), flags=re.MULTILINE)
    counted = [Block(*(len(kind.findall(part)) for kind in kinds)) for part in parts]
    return [block for block in counted if any(block)]


def called(assembly: str) -> Iterator[str]:
    """Names of what the kernel calls, on x86 (by an address loaded before, or at once) and on ARM."""
    for found in re.finditer(r"^\s+(?:movabsq\s+\$|call\w*\s+|bl\s+)([A-Za-z_]\w*)", body(assembly), re.MULTILINE):
        yield found[1]


if __name__ == "__main__":
    main()
