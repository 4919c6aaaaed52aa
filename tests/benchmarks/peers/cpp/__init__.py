"""The C++ twin: hand-vectorised, in single precision, built with the system's compiler when it is first used."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np

from benchmarks.peers.task import RUNNING, finish, prepare
from feint.agents.state import State
from feint.sim.training.stage import Stage

NAME = "C++ twin"
RUNS = 4096
SOURCE = Path(__file__).with_name("twin.cpp")
FLAGS = [
    *("-std=c++17", "-O3", "-march=native", "-shared", "-fPIC", "-Wno-psabi"),
    "-ffp-contract=fast",  # a product and a sum become one operation, as in Feint's kernels
    "-fno-math-errno",  # a square root is one instruction
    "-fno-trapping-math",  # both sides of a choice may be computed
]
# Not -ffast-math: it folds away the rounding in the exponential and the check for numbers that are not finite.
# Of 2,048 pre-trained runs it left 158 unconverged where there are 2, and was no faster.


def available() -> str | None:
    """It is where there is a C++ compiler."""
    return None if compiler() else "there is no C++ compiler (g++, or another named by CXX)"


def train(state: State, stage: Stage) -> State:
    """Train every run of an entered state through the stage; its noise is other numbers from Feint's words."""
    task, settings = prepare(state, stage, np.float32)
    even = np.zeros((2, state.modes + state.modes % 2), np.float32)
    even[:, : state.modes] = task.spectrum, task.spectrum * task.noise
    generator = state.progress.generator.copy()
    taken, status = np.zeros(len(state), np.int64), np.full(len(state), RUNNING, np.int64)
    trained = task.mind._asdict()
    del trained["grader"]  # it is off
    arrays = [task.b, task.n, *trained.values(), task.rate, *even, generator, taken, status]
    passed = TwinTask(
        *task.b.shape,
        *(array.ctypes.data for array in arrays),
        TwinSettings(*settings),
    )
    if library().train(ctypes.byref(passed)) < 0:
        raise ValueError("the twin does not take that many objectives, or no runs")
    return finish(state, task.mind, taken, status)


class TwinSettings(ctypes.Structure):
    """`Settings` of twin.cpp."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("objective", "steps")),
        *((name, ctypes.c_float) for name in ("target", "honeypots", "realism", "coverage")),
        *((name, ctypes.c_float) for name in ("awareness_exposure", "horizon_exposure", "inference_power")),
        *((name, ctypes.c_float) for name in ("identification", "switching", "speed_cost", "goal_cost", "shielding")),
    )


class TwinTask(ctypes.Structure):
    """`Task` of twin.cpp."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("runs", "objectives", "modes")),
        *((name, ctypes.c_void_p) for name in (*"bnuBfGCAHw", "rho", "rate", "spectrum", "noise")),
        *((name, ctypes.c_void_p) for name in ("generator", "taken", "status")),
        ("settings", TwinSettings),
    )


def compiler() -> str | None:
    """Path of the C++ compiler."""
    return which(os.environ.get("CXX", "g++"))


def compiler_version() -> str | None:
    """What the compiler says it is."""
    path = compiler()
    if path is None:
        return None
    told = subprocess.run([path, "--version"], capture_output=True, check=True, text=True).stdout
    return told.splitlines()[0]


@cache
def library(*flags: str) -> Any:
    """The twin, compiled with the flags and those given, once for each source, compiler and machine."""
    command = [compiler() or "g++", *FLAGS, *flags]
    version = subprocess.run([command[0], "--version"], capture_output=True, check=True).stdout
    key = hashlib.sha256(SOURCE.read_bytes() + version + repr((command, platform.node())).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"feint-twin-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} is someone else's")
    built = folder / f"{key}.so"
    if not built.exists():
        fresh = built.with_suffix(f".{os.getpid()}")
        subprocess.run([*command, str(SOURCE), "-o", str(fresh)], check=True)
        fresh.rename(built)
    loaded = ctypes.CDLL(str(built))
    loaded.train.restype = ctypes.c_int64
    return loaded
