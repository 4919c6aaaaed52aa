"""A process that trains the same task whenever it is told to, with the Feint of one tree: `python worker.py TREE`.

Each line of its input is a number of runs and of steps; each line of its output the nanoseconds a run-step took. It
knows the public names of Feint alone, and asks for single precision where there is a choice.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def single(function: Callable[..., Any]) -> dict[str, Any]:
    """What asks a function of Feint for single precision; nothing, where it knows no precision."""
    return {"precision": "single"} if "precision" in inspect.signature(function).parameters else {}


class Worker:
    """Such a process, seen from the one that started it."""

    def __init__(self, tree: Path):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(tree)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(tree / "src")},
        )

    def cost(self, runs: int, steps: int) -> float:
        """Have the task trained once; returns nanoseconds of processor time per run-step."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(runs, steps, file=self.process.stdin, flush=True)
        told = self.process.stdout.readline()
        if not told:
            raise RuntimeError("the worker ended before its task was done")
        return float(told)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()  # closes its input, at which it ends


def main(tree: str) -> None:
    """Train for as long as there are lines."""
    import feint

    if not Path(str(feint.__file__)).resolve().is_relative_to(Path(tree).resolve()):
        raise SystemExit(f"feint is imported from {feint.__file__}, which is not in {tree}")
    states: dict[tuple[int, int], Any] = {}
    for line in sys.stdin:
        runs, steps = map(int, line.split())
        stage = feint.Stage(objective=1, steps=steps, target=1.0)  # of performance, which no run reaches
        state = states.setdefault((runs, steps), feint.enter(feint.begin(runs=runs, seed=1), stage))
        begun = time.process_time_ns()
        trained = feint.advance(state, stage, steps, **single(feint.advance))
        spent = time.process_time_ns() - begun
        print(spent / int(trained.taken.sum()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
