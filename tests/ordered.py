"""Short lives under oversight, and orders of every kind."""

from typing import Any

import numpy as np

from feint.sim.environments.run_batch import RunBatch
from feint.sim.environments.task import CHOICES, Terms

SHORT: dict[str, Any] = {"slice_steps": 40, "slices": 6}
PLAIN: dict[str, Any] = {**SHORT, "vary": ()}
RUNS = 50


def some_orders(runs, steps, seed=0):
    """Return actions (steps, runs, 10) of every kind, most of which go on."""
    generator = np.random.default_rng(seed)
    actions = generator.integers(0, CHOICES, size=(steps, runs, len(CHOICES)))
    actions[:, :, 0] = np.where(generator.random((steps, runs)) < 0.85, 0, actions[:, :, 0])
    actions[:, :, 5:] = generator.random((steps, runs, 5)) < 0.15
    return actions


def batch_of(runs=RUNS, seed=3, **options):
    return RunBatch(Terms.of({**PLAIN, **options}), seed, np.arange(runs, dtype=np.uint64))
