"""Copies of the house, in which something is changed and its tests are run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from feint.agents.kernels import reading
from feint.agents.kernels.compiling import KernelCache
from feint.sim.training.kernels import train_lanes

ROOT = Path(__file__).parents[1]
ROOMS = ("agents", "sim", "scenarios", "src", "tests", "examples")


def copied(folder, *more):
    """Copy the house into a folder, with more rooms if they are named, but without benchmarks."""
    left_out = shutil.ignore_patterns("__pycache__", "benchmarks", "_build")
    for part in (*ROOMS, *more):
        shutil.copytree(ROOT / part, folder / part, symlinks=True, ignore=left_out)
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, folder)
    return folder


def keep_compiled(house):
    """Copy compiled kernels into a copy that leaves kernels as they are, so that it does not compile them again."""
    kernels: list[Any] = [reading.read, train_lanes.race]
    for kernel in kernels:
        if isinstance(getattr(kernel, "_cache", None), KernelCache):
            kept = house.joinpath(*kernel.__module__.split(".")[1:-1], "__pycache__")
            kept.mkdir(exist_ok=True)
            for file in sorted(Path(kernel._cache.cache_path).glob("*.nb[ic]"), reverse=True):  # indices first
                shutil.copy(file, kept)
    return house


def run(house, *arguments, **variables):
    """Run tests in a copy, and return their summary and the names of those that failed."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "PYTHON", "PYTEST"))
    }
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rf", "--tb=short", *arguments],
        cwd=house,
        env={**inherited, "PYTHONPATH": str(house / "src"), "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode in {0, 1}, process.stdout + process.stderr  # neither a mistake nor nothing to test
    return process.stdout, re.findall(r"^FAILED \S+::(\S+)", process.stdout, re.MULTILINE)
