"""How much memory runs take, in a process of its own: `python memory.py simulate|summarize RUNS STEPS`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
FORGET = Path("/proc/self/clear_refs")  # a 5 written to it forgets the peak so far (Linux, proc(5))


def needed(how: str, runs: int, steps: int) -> tuple[int, int]:
    """Bytes by which a process grows while it trains so many runs, and bytes of what is kept of all."""
    command = [sys.executable, __file__, how, str(runs), str(steps)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    grown, kept = map(int, printed.split())
    return grown, kept


def resident(entry: str) -> int:
    """VmRSS, the memory held now, or VmHWM, the most held so far; in bytes."""
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith(entry)]
    return 1024 * int(line.split()[1])


def trained(how: str, runs: int, steps: int) -> int:
    """Train runs; returns the bytes of what is kept of them all."""
    from feint.sim.ensembles.ensemble import simulate, summarize
    from feint.sim.training.curriculum import Curriculum
    from feint.sim.training.stage import Stage

    curriculum = Curriculum(Stage(objective=1, steps=steps, target=1.0))
    if how == "summarize":
        summarize(curriculum, runs=runs)
        return 0
    found = simulate(curriculum, runs=runs, threads=1)
    return sum(values.nbytes for values in found.recorded.values())


def main(how: str, runs: str, steps: str) -> None:
    """Train and say what it took, after a few runs by which all that there is to load has been loaded."""
    trained(how, 1, 1)
    FORGET.write_text("5")
    before = resident("VmRSS")
    kept = trained(how, int(runs), int(steps))
    print(resident("VmHWM") - before, kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
