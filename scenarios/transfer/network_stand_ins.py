"""What small real networks give in the place of published measurements, for the rows that they have a number for.

Reverse fine-tuning is told in the published baseline's iterations, as for the race; weak relevance is the least
coverage of the capability in pre-training. Laws of transfer are fitted to errors, near prompts for text and code, far
ones for text. Pruning takes away up to eight units and is measured by accuracy, so that it has no number of units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from feint.agents.errors import InputError
from feint.scenarios.experiments import Asked
from feint.scenarios.transfer.published_measurements import BY_NAME
from feint.sim.analysis.estimands import middle
from feint.sim.networks.experiments import battery
from feint.sim.networks.measurement_key import Finding
from feint.sim.networks.revival import REVERSE_RATE
from feint.sim.networks.transfer import FEW, MANY, Transfer, transfer
from feint.sim.networks.wrapper_measurements import COVERAGES, GENTLE
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.learning_curve import LearningCurve
from feint.sim.statistics.scaling_law_fit import LawFit, fit

SEEDS = 8
SCRATCH = Finding("steps", "scratch", rate=REVERSE_RATE)
AGAIN = {
    "baseline": SCRATCH,
    "revival, strong relevance": Finding("steps", "pre-trained", "refuse", GENTLE),
    "revival, weak relevance": Finding("steps", "pre-trained", "refuse", GENTLE, coverage=min(COVERAGES)),
}
ARMS = {"alpha, text": "far", "alpha, text and code": "near"}


def measured(asked: Asked) -> Mapping[str, Interval]:
    """Numbers by the name of their row; one whose seeds are not all finite, or which has no law, is left out.

    `runs` of what is asked are those of the race: networks have eight seeds.
    """
    seed = asked.seed or 0
    return {**dict(_revival(seed, asked.threads)), **dict(_transfer(seed, asked.threads))}


def _revival(seed: int, threads: int | None) -> Iterator[tuple[str, Interval]]:
    """Medians over seeds of steps over those from scratch."""
    found = battery(SEEDS, seed, (GENTLE,), parts=("revival",), threads=threads)
    baseline = BY_NAME["baseline"].published or 1.0
    for name, finding in AGAIN.items():
        ratios = baseline * found[finding] / found[SCRATCH]
        if np.isfinite(ratios).all():
            yield name, middle(ratios, (float(ratios.min()), float(ratios.max())))


def _transfer(seed: int, threads: int | None) -> Iterator[tuple[str, Interval]]:
    """The constants of the laws, fitted to all widths."""
    found = transfer(SEEDS, seed, threads=threads)
    laws = {name: law for name, arm in ARMS.items() if (law := law_of(found, arm)) is not None}
    for name, law in laws.items():
        yield name, law.alpha
        if name == "alpha, text" and law.beta is not None:
            yield "beta", law.beta


def law_of(found: Transfer, arm: str) -> LawFit | None:
    """The law of one arm in the low-data regime; None where too few amounts of data have a positive D_T."""
    low = np.array([_low(found, i) for i in range(len(found.widths))])
    data, sizes = np.broadcast_arrays(np.array(FEW, float), found.sizes[:, None].astype(float))

    def at(weights: np.ndarray) -> np.ndarray:
        return found.effective(arm, "error", weights)[low]

    try:
        return fit(data[low], sizes[low], at, found.seeds, seed=found.seed)
    except InputError:
        return None


def _low(found: Transfer, width: int) -> np.ndarray:
    """Which amounts of fine-tuning data are at most a tenth of D(N) at one width."""
    curve = LearningCurve(data=np.array(MANY, float), losses=found.error["scratch"][width])
    return np.isin(FEW, curve.data[curve.low])
