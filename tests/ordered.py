"""Short lives under oversight, and orders of every kind."""

from typing import Any

import numpy as np

from feint.sim.environments.run_batch import Trainees
from feint.sim.environments.task import CHOICES, Terms

SHORT: dict[str, Any] = {"slice_steps": 40, "slices": 6}
PLAIN: dict[str, Any] = {**SHORT, "vary": ()}
RUNS = 50


def some_orders(runs, steps, seed=0):
    """Orders of every kind, most of which go on."""
    generator = np.random.default_rng(seed)
    found = generator.integers(0, CHOICES, size=(steps, runs, len(CHOICES)))
    found[:, :, 0] = np.where(generator.random((steps, runs)) < 0.85, 0, found[:, :, 0])
    found[:, :, 5:] = generator.random((steps, runs, 5)) < 0.15
    return found


def trainees(runs=RUNS, seed=3, **options):
    return Trainees(Terms.of({**PLAIN, **options}), seed, np.arange(runs, dtype=np.uint64))
