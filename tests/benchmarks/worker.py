"""A process that trains the same task whenever it is told to, with the Feint of one tree: `python worker.py TREE`.

Each line of its input is a JSON object with a number of runs, and with parameters of the model and of the stage that
differ from the default; each line of its output is the nanoseconds that a run-step took. Parameters that the tree does
not have are left out. The process knows the public names of Feint alone, and chooses single precision where there is a
choice.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def known(declared: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """Return those of the changes whose parameters a model or a stage has in this tree."""
    return {name: value for name, value in changes.items() if name in declared.model_fields}


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

    def cost(self, runs: int, model: dict[str, Any], stage: dict[str, Any]) -> float:
        """Train the task once and return the nanoseconds of processor time per run-step."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"runs": runs, "model": model, "stage": stage}), file=self.process.stdin, flush=True)
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
    entered: dict[str, Any] = {}
    for line in sys.stdin:
        task = json.loads(line)
        stage = feint.Stage(**known(feint.Stage, {"objective": 1, **task["stage"]}))
        if line not in entered:
            model = feint.Model(**known(feint.Model, task["model"]))
            entered[line] = feint.enter(feint.begin(model, runs=task["runs"], seed=1), stage)
        begun = time.process_time_ns()
        trained = feint.advance(entered[line], stage, stage.steps, **single(feint.advance))
        spent = time.process_time_ns() - begun
        print(spent / int(trained.taken.sum()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
