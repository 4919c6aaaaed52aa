"""Numbers that small real networks give in place of published measurements.

Reverse fine-tuning is counted in the published baseline's iterations, as for the race; weak relevance is the least
coverage of the capability in pre-training. Laws of transfer are fitted to errors, near prompts for text and code, far
ones for text. Pruning takes away up to eight units and is measured by accuracy, so that it has no number of units.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from feint.scenarios.networks.seeds import SEEDS
from feint.scenarios.transfer.published_measurements import BY_NAME
from feint.sim.analysis.estimands import middle
from feint.sim.networks.experiments import COVERAGES, GENTLE, battery
from feint.sim.networks.seed_models import REVERSE_RATE, Measurement
from feint.sim.networks.transfer import transfer
from feint.sim.statistics.intervals import Interval

SCRATCH = Measurement("steps", "scratch", rate=REVERSE_RATE)
AGAIN = {
    "baseline": SCRATCH,
    "revival, strong relevance": Measurement("steps", "pre-trained", "refuse", GENTLE),
    "revival, weak relevance": Measurement("steps", "pre-trained", "refuse", GENTLE, coverage=min(COVERAGES)),
}
ARMS = {"alpha, text": "far", "alpha, text and code": "near"}


def network_numbers(seed: int, threads: int | None = None) -> Iterator[tuple[str, Interval]]:
    """Yield the name of a row and its number; left out if not all seeds are finite, or if there is no law."""
    measured = battery(SEEDS, seed, (GENTLE,), parts=("revival",), threads=threads)
    baseline = BY_NAME["baseline"].published or 1.0
    for name, measurement in AGAIN.items():
        ratios = baseline * measured[measurement] / measured[SCRATCH]
        if np.isfinite(ratios).all():
            yield name, middle(ratios, (float(ratios.min()), float(ratios.max())))
    curves = transfer(SEEDS, seed, threads=threads)
    for name, arm in ARMS.items():
        law = curves.law(arm, "error")
        if law is not None:
            yield name, law.alpha
        if law is not None and law.beta is not None and arm == "far":
            yield "beta", law.beta
