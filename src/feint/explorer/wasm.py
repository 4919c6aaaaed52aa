"""Compiles the kernels for the browser: `python -m feint.explorer.wasm` writes the page's WebAssembly module.

Numba gives LLVM's program of a kernel, in which each equation is what it is on any processor; LLVM makes WebAssembly of
it, with vectors of 128 bits, and `wasm-ld` of the extra `web` puts the kernels into one module. No equation is written
a second time. The module is kept in the repository, so that only who changes a kernel needs the extra.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from feint.agents.errors import load_extra
from feint.agents.kernels import compiling, lanes
from feint.agents.kernels.reading import Readings, read
from feint.agents.kernels.webassembly import machine_code, program
from feint.agents.mind import GROUPS, PARTS
from feint.agents.model import KNOWN_AT_ONCE, NEVER, Model
from feint.agents.outcome import ROUNDING, Outcome
from feint.sim.training import train
from feint.sim.training.curriculum import CEILING
from feint.sim.training.kernels.initial_draws import Inits, draw_starts
from feint.sim.training.kernels.random_streams import OCCURRENCES, open_streams
from feint.sim.training.kernels.train_lanes import race
from feint.sim.training.stage import Stage

ASSETS = Path(__file__).parent / "assets"
MODULE, DESCRIPTOR = ASSETS / "model.wasm", ASSETS / "model.json"
OBJECTIVES = 2
STACK = 2**20  # bytes, in which the rows of 256 modes have room
FORMS = {
    "": {},
    "_grader": {"grader": 0.0},
    "_known": {"identification": 1e6},
    "_known_grader": {"identification": 1e6, "grader": 0.0},
}
"""Endings of a kernel's name, and what of a model asks for it: forms are known when a kernel is compiled."""
SOURCES = ("agents/kernels", "sim/training/kernels")


def digest() -> str:
    """Return the digest of the files that the module is made from."""
    root = Path(compiling.__file__).parents[2]
    text = hashlib.sha256()
    for file in sorted(file for folder in SOURCES for file in (root / folder).glob("*.py")):
        text.update(file.read_bytes())
    return text.hexdigest()


def arguments(name: str, value: Any) -> Iterator[list[Any]]:
    """Yield name and kind of everything that a kernel is called with, in the order of its parameters.

    An array has its element type and its number of axes; a number is *float*, *int* of 64 bits or *word* of 32.
    """
    if isinstance(value, np.ndarray):
        yield [name, value.dtype.name, value.ndim]
    elif isinstance(value, tuple):
        names = getattr(value, "_fields", range(len(value)))
        for field, item in zip(names, value, strict=True):
            yield from arguments(f"{name}.{field}", item)
    else:
        yield [
            name,
            "float" if isinstance(value, float) else "word" if getattr(value, "dtype", None) == np.uint32 else "int",
        ]


def called(model: Model) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Return each kernel and arguments of the types that it has for a model of two objectives."""
    state = train.begin(model, runs=1, objectives=OBJECTIVES)
    stage, spectrum = Stage(), model.spectrum_weights()
    numbers, each = np.empty((len(Readings._fields), 1)), tuple(range(OBJECTIVES))
    similarity, fork, weights = np.empty((OBJECTIVES - 1, model.modes)), state.fork, spectrum.astype(np.float32)
    forms, rate, progress = train.chosen(model), state.bias, state.progress
    inits, settings, tolerances = Inits(*(0.0,) * len(Inits._fields)), train.settings(model, stage), (0.0, 0.0)
    world, mind = state.world, state.mind
    return {
        "draw_starts": (draw_starts, (np.uint64(0), state.run, spectrum, similarity, inits, mind, world, state.bias)),
        "open_streams": (open_streams, (np.uint64(0), state.run, np.uint32(0), fork, progress.generator)),
        "race": (race, (mind, world, each, rate, progress, weights, weights, settings, forms, 0)),
        "read": (read, (mind, world, each, 0, spectrum, spectrum, 0.0, forms, tolerances, numbers)),
    }


def kernels() -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    """Yield the name under which a kernel is found in the module, the kernel, and arguments of its types."""
    for ending, parts in FORMS.items():
        for name, (kernel, values) in called(Model(**parts)).items():
            has_forms = name in {"race", "read"}
            if has_forms or not ending:
                yield name + ending * has_forms, kernel, values


def link(objects: dict[str, bytes], module: Path) -> None:
    """Put object files into one module, which exports the kernels and its memory."""
    linker = load_extra("ziglang", "the linker of WebAssembly")
    with TemporaryDirectory() as folder:
        files = [Path(folder, f"{name}.o") for name in objects]
        for file, code in zip(files, objects.values(), strict=True):
            file.write_bytes(code)
        zig = Path(linker.__file__).parent / "zig"
        options = [
            "--no-entry",
            "--export=__heap_base",
            "--allow-undefined",
            "--strip-all",
            "-z",
            f"stack-size={STACK}",
        ]
        exports = [f"--export={name}" for name in objects]
        subprocess.run([zig, "wasm-ld", *options, *exports, "-o", module, *files], check=True)


def descriptor() -> dict[str, Any]:
    """Return what the page must know to call the kernels: their arguments, and the model's names and numbers."""
    return {
        "digest": digest(),
        "kernels": {
            name: [item for i, value in enumerate(values) for item in arguments(parameter(kernel, i), value)]
            for name, kernel, values in kernels()
        },
        "forms": {ending: sorted(parts) for ending, parts in FORMS.items()},
        "readings": list(Readings._fields),
        "outcomes": [outcome.label for outcome in Outcome],
        "parts": list(PARTS),
        "groups": {group: list(parts) for group, parts in GROUPS.items()},
        "inits": list(Inits._fields),
        "occurrences": OCCURRENCES,
        "rounding": ROUNDING,
        "ceiling": CEILING,
        "known_at_once": KNOWN_AT_ONCE,
        "never": NEVER,
    }


def parameter(kernel: Any, i: int) -> str:
    """Return the name of a kernel's parameter."""
    return kernel.py_func.__code__.co_varnames[i]


def main() -> None:
    """Write the module and its descriptor."""
    if lanes.FEATURES != "":  # then rows would be as long as suits this processor
        plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
        subprocess.run([sys.executable, "-m", "feint.explorer.wasm"], env=os.environ | plain, check=True)
        return
    objects = {name: machine_code(name, program(name, *of)) for name, *of in kernels()}
    link(objects, MODULE)
    DESCRIPTOR.write_text(json.dumps(descriptor(), indent=1) + "\n")
    print(f"{MODULE.name}: {MODULE.stat().st_size:,} bytes, {len(objects)} kernels")


if __name__ == "__main__":
    main()
