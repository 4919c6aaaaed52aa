"""This tree against another commit, in turns: `PYTHONPATH=tests python -m benchmarks.against REF [rounds]`.

The other commit is laid out in a folder of its own. Each tree has a process that trains the same runs when it is its
turn, and runs `feint compare`, with warm caches and with cold ones; both start from the same environment of installed
packages.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.processes import Took, in_turns, ran
from benchmarks.worker import Worker

ROOT = Path(__file__).parents[2]
HERE, BASE = "here", "base"
RUNS = 4096
LONG = {"steps": 2047, "target": 1.0}  # of performance, which no run reaches
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "default": ({}, LONG),
    "default, no target": ({}, {**LONG, "target": 0.0}),
    "default, to the target": ({}, {}),
    "honeypots 0.1": ({}, {**LONG, "honeypots": 0.1}),
    "version 1": ({"identification": 1e6, "inference_form": "exponential"}, LONG),
    "grader": ({"grader": 0.0}, LONG),
}
"""Parameters of the model and of the stage; a tree that does not have one of them trains without it."""
COMMAND = [sys.executable, "-m", "feint", "compare"]


@contextmanager
def laid_out(reference: str) -> Iterator[Path]:
    """A folder with the tree of a commit, for as long as it is needed."""
    git = ["git", "-C", str(ROOT)]
    with tempfile.TemporaryDirectory(prefix="feint-base-") as folder:
        tree = Path(folder) / "tree"
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(tree), reference], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(tree)], check=True)


def kernels(
    trees: dict[str, Path], rounds: int, model: dict[str, Any], stage: dict[str, Any], runs: int = RUNS
) -> dict[str, list[float]]:
    """Nanoseconds per run-step of the kernel in each tree, round by round, after one to compile and one to warm up."""
    with Worker(trees[HERE]) as here, Worker(trees[BASE]) as base:
        workers = {HERE: here, BASE: base}
        for _ in range(2):
            for worker in workers.values():
                worker.cost(runs, model, stage)
        found: dict[str, list[float]] = {name: [] for name in workers}
        for _ in range(rounds):
            for name, worker in workers.items():
                found[name].append(worker.cost(runs, model, stage))
        return found


def commands(trees: dict[str, Path], rounds: int, cold: Path | None = None) -> dict[str, list[Took]]:
    """What `feint compare` takes in each tree, with filled caches or, given a folder `cold`, with new ones there."""

    def run(tree: Path) -> Took:
        caches = {} if cold is None else {"NUMBA_CACHE_DIR": tempfile.mkdtemp(dir=cold)}
        return ran(COMMAND, tree, PYTHONPATH=str(tree / "src"), **caches)

    kinds = {name: partial(run, tree) for name, tree in trees.items()}
    in_turns(kinds, 1)  # also so that Python's own files are compiled
    return in_turns(kinds, rounds)


def compared(what: str, unit: str, found: dict[str, list[float]]) -> str:
    """One line: both medians, their ratio, and the middle half of the ratios within a round."""
    here, base = median(found[HERE]), median(found[BASE])
    low, _, high = quantiles([mine / other for mine, other in zip(found[HERE], found[BASE], strict=True)], n=4)
    costs = f"here {here:8.3f} {unit}, base {base:8.3f} {unit}"
    return f"{what:30} {costs}: here / base {here / base:.3f} (rounds {low:.3f} to {high:.3f})"


def main(reference: str, rounds: str = "15") -> None:
    """Compare and print."""
    with laid_out(reference) as tree, tempfile.TemporaryDirectory(prefix="feint-cold-") as folder:
        trees = {HERE: ROOT, BASE: tree}
        print(f"this tree against {reference}, medians of {rounds} rounds in turns")
        for name, (model, stage) in KINDS.items():
            print(compared(f"kernel, {name}", "ns", kernels(trees, int(rounds), model, stage)))
        for caches, cold in (("warm", None), ("cold", Path(folder))):
            found = commands(trees, max(3, int(rounds) // (3 if cold else 1)), cold)
            for clock in ("wall", "processors"):
                seconds = {name: [getattr(took, clock) for took in each] for name, each in found.items()}
                print(compared(f"feint compare, {caches}, {clock}", "s", seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
