"""Numbers of small real networks for the stand-ins that they have one for, by the stand-in's name."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from feint.scenarios.measurements.transfer_laws import BETA, CODE, TEXT
from feint.scenarios.networks.battery import SEEDS
from feint.sim.analysis.estimands import middle
from feint.sim.networks.experiments import COVERAGES, GENTLE, battery
from feint.sim.networks.seed_models import REVERSE_RATE, Measurement
from feint.sim.networks.transfer import transfer
from feint.sim.statistics.intervals import Interval

BASELINE = Measurement("steps", "scratch", rate=REVERSE_RATE)
RETRAINED = {
    "revival, near": Measurement("steps", "pre-trained", "refuse", GENTLE),
    "revival, far": Measurement("steps", "pre-trained", "refuse", GENTLE, coverage=min(COVERAGES)),
}
"""Weak relevance is the least coverage of the capability in pre-training."""
ARMS = {CODE: "near", TEXT: "far"}
"""Prompt whose law is that of a stand-in: text and code are near prompts, text alone far ones."""


def network_numbers(seed: int, threads: int | None = None) -> Iterator[tuple[str, Interval]]:
    """Yield the name of a stand-in and its number; none if a seed is not finite, or if there is no law.

    Laws are fitted to errors.
    """
    measured = battery(SEEDS, seed, (GENTLE,), parts=("revival",), threads=threads)
    for name, measurement in RETRAINED.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.log2(measured[measurement] / measured[BASELINE])
        if np.isfinite(ratios).all():
            yield name, middle(ratios, (float(ratios.min()), float(ratios.max())))
    curves = transfer(SEEDS, seed, threads=threads)
    for name, arm in ARMS.items():
        if law := curves.law(arm, "error"):
            yield name, law.alpha
            if law.beta and name == TEXT:
                yield BETA, law.beta
