"""The block size at which each peer is quickest: `PYTHONPATH=tests python -m benchmarks.blocks [rounds]`.

The sizes in `benchmarks/peers` are the best found here: over the rounds a peer is timed at all its sizes in turns.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from benchmarks.interleaved import interleaved
from benchmarks.peers import peer
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, enter

IN_BLOCKS = ("numpy_runs", "jax_vmap", "torch_compile")
SIZES = (128, 256, 512, 1024, 2048, 4096, 8192, 16384)
STAGE = Stage(objective=1, steps=511, target=1.0)  # of performance, which no run reaches


def at(module: Any, size: int) -> Callable[[], int]:
    """Training with blocks of this size, as many runs as fill one."""
    state = enter(begin(runs=size, seed=1), STAGE)

    def trained() -> int:
        module.BLOCK = size
        return int(module.train(state, STAGE).taken.sum())

    return trained


def main(rounds: int = 5) -> None:
    """Print what a run-step costs at every size, with a star at the best."""
    for name in IN_BLOCKS:
        module = peer(name)
        if module.available():
            print(f"{module.NAME}: {module.available()}")
            continue
        timings = interleaved({str(size): at(module, size) for size in SIZES}, rounds)
        cost = {size: timings.median(str(size)) for size in SIZES}
        print(f"{module.NAME}: ns per run-step by block size; {module.RUNS} is set")
        for size in SIZES:
            print(f"  {size:6} {cost[size]:8.1f}{' *' if cost[size] == min(cost.values()) else ''}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
