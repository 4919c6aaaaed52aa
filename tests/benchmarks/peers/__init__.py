"""The same training by other means: each module in the idiom of its own experts (issue: As fast as the machine allows).

A peer has a `NAME`, `RUNS`, how many runs it is measured with, `available()`, which is None or the reason why it cannot
run, and `train(state, stage)`, which takes a state that has entered the stage and gives back the trained one. All draw
noise of their own.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

PEERS = ("cpp", "numpy_runs", "scalar_numba", "jax_vmap", "torch_compile", "mesa_agents")


def peer(name: str) -> Any:
    """A peer's module, imported when it is asked for: some bring in a whole framework."""
    return import_module(f"benchmarks.peers.{name}")
