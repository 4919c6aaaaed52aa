"""Transfer: how much data pre-training is worth, in the race and by the paper's law.

The claim. Where fine-tuning data are few, effective data transferred follow D_T = k · D_F^α · N^β. β does not depend on
what was pre-trained on; α is small where both distributions are near. Small pre-trained models ossify: with much data
they end up worse than from scratch. For compute, pre-trained models are ahead with few data, about even in the middle,
and behind close to convergence, the cost of pre-training not counted.

The experiment. Both arms of the race, from the same starts and on the same noise, read at rising steps of fine-tuning;
one step is one sample. The loss is the task's term of the model's loss, 1 - c (1 - E_s(g)), its mean over the runs. D_T
is read off the curve from scratch: the steps at which it comes to the loss that the pre-trained arm has after D_F, less
D_F. `modes` stands in for N: it is the size of the world, not of a network. The law is fitted to D_F of at most a tenth
of D(N), as the paper does. Then nearness is varied by its size (`similarity`), by how it falls off in the tail
(`similarity_decay`), and with it the `spectrum`, for Shah's puzzle: if nearer distributions have a lower α, the laws
cross, and with enough data the further one would be preferred.

What would count against it. A power law that bends; β of 0; ossification that is not there. All of it is shown.

Sources: Hernandez et al., "Scaling Laws for Transfer" (2021), arXiv 2102.01293; summary and puzzle in the Alignment
Newsletter of Rohin Shah.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.scenarios.experiments import Asked, Result
from feint.scenarios.transfer.arms import Arms, measure
from feint.scenarios.transfer.compute import Ahead, Best, End, ahead, end, frontier
from feint.scenarios.transfer.laws import NEARNESS, Law, Weight, fit_arms, gap_of, law_of, together, weight
from feint.sim.results.provenance import passport
from feint.sim.statistics.scaling_law_fit import LawFit
from feint.sim.statistics.transfer_law import crossing
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import check_runs, check_seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.transfer.documents import TransferDocument

NAME = "transfer"
RUNS = 500
NETWORKS = "feint.scenarios.networks.transfer"
SETTINGS = ("sizes", "longest")
TAKEN = {
    "modes": "sizes = [8, 16]",
    "finetuning.steps": "longest = 48000",
    "finetuning.target": "nothing, for no stage stops early",
    "match": "nothing, for the arms are read at equal steps",
}
"""What the experiment sets itself, and what may be set in its place."""

FURTHER, NEARER = {"similarity": 0.5}, {"similarity": 0.9}
HANDED = {
    "everything": ("goal", "gate", "capability", "awareness", "world"),
    "capability alone": ("capability",),
    "all but capability": ("goal", "gate", "awareness", "world"),
}
"""What pre-training hands over, for what the transferred data consist of."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Transferred:
    """What the experiment gives."""

    point: Point
    sizes: tuple[Arms, ...]
    law: LawFit  #: over all sizes
    pair: tuple[Arms, Arms]  #: the further and the nearer objective, at the point's own size
    laws: tuple[Law, Law]  #: theirs
    near: tuple[Law, ...]  #: every combination of NEARNESS
    gap: np.ndarray  #: D_T of the nearer less that of the further, with limits (3, points of the regime)
    handed: Mapping[str, tuple[Law, Law]]  #: what is handed over → further and nearer
    longest: int
    seed: int

    @property
    def runs(self) -> int:
        """Runs an arm."""
        return self.sizes[0].runs

    @property
    def ends(self) -> list[End]:
        """The high-data end at every size."""
        return [end(arms) for arms in self.sizes]

    @property
    def ahead(self) -> list[Ahead]:
        """Who is ahead for compute, at every size."""
        return [each for arms in self.sizes for each in ahead(arms)]

    def frontier(self, counted: bool) -> list[Best]:
        """Who is on the frontier, over all sizes."""
        least, most = (end * size for end, size in ((1, self.sizes[0].modes), (self.longest, self.sizes[-1].modes)))
        return frontier(list(self.sizes), counted, np.geomspace(least, most, 25))

    @property
    def crossing(self) -> float | None:
        """D_F in steps at which the fitted laws of the pair cross; None where one could not be fitted."""
        further, nearer = (each.found for each in self.laws)
        if further is None or nearer is None:
            return None
        return crossing(nearer.law("nearer"), further.law("further"))

    @property
    def overtaken(self) -> int | None:
        """The least D_F of the low-data regime at which the nearer objective is seen to transfer less; or None."""
        less = self.gap[2] < 0
        return int(self.laws[0].data[np.argmax(less)]) if less.any() else None

    @property
    def together(self) -> dict[str, float]:
        """Rank correlations over the combinations of NEARNESS to which a law could be fitted."""
        return together(self.near)

    @property
    def weights(self) -> list[Weight]:
        """What moves k, and what moves α; of the combinations at which a law could be fitted."""
        return [weight(name, self.near) for name in NEARNESS]

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.transfer.texts import text

        return text(self)

    def document(self) -> TransferDocument:
        """As its JSON document."""
        from feint.scenarios.transfer.documents import document

        return document(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.transfer.figure import figure

        return figure(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        sizes = [arms.modes for arms in self.sizes]
        own = {"sizes": sizes, "longest": self.longest, "runs": self.runs, "seed": self.seed}
        return passport(NAME, {**self.point.described(), **own})


def run(asked: Asked) -> Result:
    """The experiment in the engine, or with real networks where those are asked for; raises `InputError`."""
    if asked.networks:
        if find_spec(NETWORKS) is None:
            raise InputError(f"networks = True is not allowed with scenario {NAME!r}: leave it out.")
        return import_module(NETWORKS).run(asked)
    point, sizes, longest = _settings(asked.settings)
    runs, seed = RUNS if asked.runs is None else asked.runs, asked.seed or 0
    check_runs(runs)
    check_seed(seed)
    return Experiment(point=point, longest=longest, runs=runs, seed=seed, asked=asked).run(sizes)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment to be run."""

    point: Point
    longest: int
    runs: int
    seed: int
    asked: Asked

    def run(self, sizes: Sequence[int]) -> Transferred:
        """All of it."""
        grid = [dict(zip(NEARNESS, each, strict=True)) for each in product(*NEARNESS.values())]
        work = len(sizes) + 2 + len(grid) + 2 * len(HANDED)
        by_size = tuple(self.measure({"modes": size}, work) for size in sizes)
        pair = self.measure(FURTHER, work), self.measure(NEARER, work)
        return Transferred(
            point=self.point,
            sizes=by_size,
            law=fit_arms(by_size, self.seed),
            pair=pair,
            laws=(self.law(pair[0]), self.law(pair[1])),
            gap=gap_of(*pair, self.seed),
            near=tuple(self.law(self.measure(each, work)) for each in grid),
            handed={name: self.both(carry, work) for name, carry in HANDED.items()},
            longest=self.longest,
            seed=self.seed,
        )

    def both(self, carry: tuple[str, ...], work: int) -> tuple[Law, Law]:
        """The laws of the pair where pre-training hands over these groups alone."""
        further, nearer = (self.measure({**each, "finetuning.carry": carry}, work) for each in (FURTHER, NEARER))
        return self.law(further), self.law(nearer)

    def measure(self, changes: Mapping[str, Any], work: int) -> Arms:
        """Both arms at the point with these changes."""
        arms = measure(
            self.point, changes, longest=self.longest, runs=self.runs, seed=self.seed, threads=self.asked.threads
        )
        if self.asked.progress is not None:
            self.asked.progress(1 / work)
        return arms

    def law(self, arms: Arms) -> Law:
        """The law at one size."""
        return law_of(arms, self.seed)


def _settings(given: Mapping[str, Any]) -> tuple[Point, tuple[int, ...], int]:
    """The point, the sizes and the longest training that are asked for."""
    for name, instead in TAKEN.items():
        if name in given:
            raise InputError(f"{name} = {given[name]!r} is not allowed with scenario {NAME!r}: set {instead}.")
    point = Point().at({name: value for name, value in given.items() if name not in SETTINGS})
    check_two_stages(point)
    return point, _sizes(given.get("sizes", [4, 8, 16, 32, 64])), _longest(given.get("longest", 48_000))


def _sizes(value: object) -> tuple[int, ...]:
    sizes = value if isinstance(value, list) and all(type(each) is int for each in value) else []
    if len(sizes) > 1 and sizes[0] > 0 and sizes[-1] <= 4096 and sizes == sorted(set(sizes)):
        return tuple(sizes)
    raise InputError(
        f"sizes = {value!r} is not valid for scenario {NAME!r}: it must be a list of two or more rising whole numbers "
        "from 1 to 4096."
    )


def _longest(value: object) -> int:
    if type(value) is int and 1000 <= value <= 10**6:
        return value
    raise InputError(
        f"longest = {value!r} is not valid for scenario {NAME!r}: it must be a whole number from 1000 to 1000000."
    )
