"""How long whole processes take, on the wall and of processors' time."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Took(NamedTuple):
    """What one process took, in seconds, and what it printed."""

    wall: float
    processors: float  #: of all its threads together
    printed: str


def ran(command: Sequence[str], folder: Path | None = None, **variables: str) -> Took:
    """Run a process to its end, in a folder and with environment variables besides the present ones."""
    before, begun = os.times(), time.perf_counter()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **variables}  # or Python compiles its files every time
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=folder, text=True).stdout
    wall, after = time.perf_counter() - begun, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(wall, used, printed)


def in_turns(kinds: Mapping[str, Callable[[], Took]], rounds: int) -> dict[str, list[Took]]:
    """Run a process of every kind once a round."""
    found: dict[str, list[Took]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, kind in kinds.items():
            found[name].append(kind())
    return found


def medians(found: Sequence[Took]) -> tuple[float, float]:
    """Medians over rounds: seconds on the wall, and of processors' time."""
    return median(took.wall for took in found), median(took.processors for took in found)
