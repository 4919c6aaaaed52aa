"""Transfer: how much data pre-training is worth, in the race and by the paper's law.

The claim. With few fine-tuning data, effective data transferred follow D_T = k · D_F^α · N^β. β does not depend on
what was pre-trained on; α is small if both distributions are near. Small pre-trained models ossify: with much data
they end up worse than from scratch. For compute, pre-trained models are ahead with few data, about even in the middle,
and behind close to convergence, if the cost of pre-training is not counted.

The experiment. Both arms of the race, from the same starts and on the same noise, read at rising steps of fine-tuning;
one step is one sample. The loss is the task's term of the model's loss, 1 - c (1 - E_s(g)), its mean over the runs. D_T
is read off the curve from scratch: the steps at which it comes to the loss that the pre-trained arm has after D_F, less
D_F. `modes` stands in for N: it is the size of the world, not of a network. The law is fitted to D_F of at most a tenth
of D(N), as the paper does. Then nearness is varied by its size (`similarity`), by how it falls off in the tail
(`similarity_decay`), and with it the `spectrum`, for Shah's puzzle: if nearer distributions have a lower α, the laws
cross, and with enough data the further one would be preferred.

What would count against it. A power law that bends; β of 0; no ossification. All of it is shown.

Sources: Hernandez et al., "Scaling Laws for Transfer" (2021), arXiv 2102.01293; summary and puzzle in the Alignment
Newsletter of Rohin Shah.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, check_whole
from feint.scenarios.networks.seeds import NetworksRequest
from feint.scenarios.networks.transfer import NetworksTransfer
from feint.scenarios.transfer.arms import Arms, measure
from feint.scenarios.transfer.compute import Ahead, End, Frontiers, ahead, ahead_table, end, end_table, frontier
from feint.scenarios.transfer.figure import draw_alpha, draw_compute, draw_k, draw_losses, draw_puzzle
from feint.scenarios.transfer.laws import (
    NEARNESS,
    HandedOver,
    Law,
    PublishedLaw,
    Puzzle,
    Weight,
    correlations,
    fit_arms,
    law_of,
    law_table,
    published_table,
    weight,
)
from feint.sim.results.figure_style import PAGE_WIDTH, canvas
from feint.sim.results.report import Hidden, Number, Report, Table, wrapped
from feint.sim.results.request import Progress
from feint.sim.statistics.scaling_laws import LAWS, TEXT, TEXT_AND_CODE, LawFit, crossing
from feint.sim.training.parameter_point import Point, check_two_stages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TAKEN = {
    "modes": "sizes = [8, 16]",
    "finetuning.steps": "longest = 48000",
    "finetuning.target": "nothing, for no stage stops early",
    "match": "nothing, for the arms are read at equal steps",
}
"""Settings that the experiment makes itself, and what may be set instead."""
FURTHER, NEARER = {"similarity": 0.5}, {"similarity": 0.9}
HANDED = {
    "everything": ("goal", "gate", "capability", "awareness", "world"),
    "capability alone": ("capability",),
    "all but capability": ("goal", "gate", "awareness", "world"),
}
"""What pre-training hands over, to show what the transferred data consist of."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """Both arms at one size; losses are 1 - performance, the mean over the runs."""

    modes: int
    enough: Annotated[float, Field(description="D(N), steps from scratch to 99 % of the best performance")]
    steps: list[int]
    from_scratch: list[float]
    pre_trained: list[float]
    transferred: Annotated[list[Number], Field(description="D_T, steps; null if scratch never gets there")]
    arms: Hidden[Arms]

    @classmethod
    def of(cls, arms: Arms) -> Size:
        """Return the losses of both arms, and what is transferred."""
        return cls(
            modes=arms.modes,
            enough=arms.scratch.enough,
            steps=arms.steps.tolist(),
            from_scratch=arms.scratch.mean.tolist(),
            pre_trained=arms.tuned.mean.tolist(),
            transferred=arms.transferred().tolist(),
            arms=arms,
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Transferred(Report):
    """How much data pre-training is worth, and what sets it."""

    scenario: Literal["transfer"] = "transfer"
    runs: int
    seed: int
    law: Annotated[LawFit, Field(description="over all sizes")]
    sizes: list[Size]
    puzzle: Puzzle
    handed: list[HandedOver]
    near: list[Law]
    weights: list[Weight]
    together: Annotated[dict[str, Number], Field(description="rank correlations over the combinations")]
    ends: list[End]
    ahead: list[Ahead]
    frontier: Frontiers
    published: list[PublishedLaw]
    published_crossing: Annotated[float, Field(description="characters at which the two laws of the paper cross")]
    pair: Hidden[tuple[Arms, Arms]]
    request: Hidden[TransferRequest]

    def blocks(self) -> Iterator[str | Table]:
        """Yield the law, the puzzle, what is handed over, what sets the constants, compute, and the paper's laws."""
        yield (
            f"Transfer: {self.runs:,} runs an arm, seed {self.seed}. Loss is 1 - performance, its mean over the runs; "
            "data are steps, and modes stand in for the size of the model. 95 % intervals."
        )
        yield law_table(
            {"all sizes": self.law},
            wrapped("Effective data transferred, D_T = k · D_F^α · N^β, D_F up to a tenth of D(N), over all sizes:"),
            f"beta {self.law.beta:.3f}" if self.law.beta else "",
        )
        yield self.size_table()
        yield self.puzzle.table()
        yield self.handed_table()
        yield self.near_table()
        yield ahead_table(self.ahead)
        yield str(self.frontier)
        yield end_table(self.ends)
        yield published_table(self.published)
        first = self.published[0]
        yield (
            f"Of {first.name}: a model 10 times as large transfers {first.size_tenfold:.3f} times as much, 100 times "
            f"the data {first.data_hundredfold:.3f} times. The two laws cross at D_F = {self.published_crossing:.3g} "
            "characters."
        )

    def rows(self) -> list[Law]:
        """Return one row per combination of how near objectives are."""
        return self.near

    def size_table(self) -> Table:
        """Return what is transferred at every size."""
        rows = []
        for size in self.sizes:
            measured = size.arms.transferred()[size.arms.low]
            rows.append([f"{size.modes}", f"{size.enough:,.0f}", f"{measured[0]:,.0f}", f"{measured[-1]:,.0f}"])
        return Table.of_cells(("modes", "D(N)", "D_T at D_F = 1", "at the regime's end"), rows)

    def handed_table(self) -> Table:
        """Return D_T by what pre-training hands over."""
        rows = []
        for handed in self.handed:
            for which, law in (("further", handed.further), ("nearer", handed.nearer)):
                alpha = f"{law.fit.alpha.estimate:.2f}" if law.fit else "-"
                rows.append([handed.carried, which, f"{law.transferred[0]:,.0f}", f"{law.ceiling:,.0f}", alpha])
        headings = ("handed over", "objective", "D_T at D_F = 1", "at the regime's end", "alpha")
        title = "What the data consist of: D_T where pre-training hands over some groups alone."
        return Table.of_cells(headings, rows, title)

    def near_table(self) -> Table:
        """Return what sets k and what sets α."""
        explained = [law.fit.explained for law in self.near if law.fit]
        title = (
            f"What sets k and what sets α: {len(self.near)} combinations of how near objectives are, a law fitted to "
            f"{len(explained)} of them. From a parameter's lowest level to its highest, the mean over the "
            "others' levels:"
        )
        together = ", ".join(f"of {name} {value:+.2f}" for name, value in self.together.items())
        note = f"Rank correlations over the combinations, overlap being Σ λ_k s_k / Σ λ_k: {together}."
        if explained:
            note = f"R² of these laws: {min(explained):.2f} to {max(explained):.2f}. {note}"
        columns = {
            "parameter": "parameter",
            "ln k moves by": lambda row: f"{row.of_k:+.2f}",
            "alpha moves by": lambda row: f"{row.of_alpha:+.3f}",
        }
        return Table(self.weights, columns, wrapped(title), wrapped(note) if explained else "")

    def figure(self) -> Figure:
        """Return losses, transferred data, what sets k and α, and compute."""
        import seaborn as sns

        cross = self.puzzle.crossing
        shown = cross if cross is not None and cross < 10 * self.request.longest else None
        alone = next(handed.further for handed in self.handed if handed.carried == "capability alone")
        laws = {"further": self.puzzle.further, "nearer": self.puzzle.nearer}
        with canvas((PAGE_WIDTH, 5.4)) as drawn:
            panels = drawn.subplot_mosaic([[*"aaabbb"], [*"ccddee"]])
            draw_losses(panels["a"], *self.pair)
            draw_puzzle(panels["b"], laws, alone, shown)
            draw_k(panels["c"], self.near)
            draw_alpha(panels["d"], self.near)
            draw_compute(panels["e"], [size.arms for size in self.sizes])
            sns.despine(drawn)
        return drawn


@dataclass(frozen=True, kw_only=True)
class TransferRequest(NetworksRequest):
    """Measure how much data pre-training is worth, and fit the law of Hernandez et al. (2021).

    Settings are those of a point, `sizes`, which are numbers of modes, and `longest`, the steps of the last stage.
    """

    kind = "transfer"
    default_runs = 500
    own_settings = {"sizes": [4, 8, 16, 32, 64], "longest": 48_000}

    @property
    def sizes(self) -> list[int]:
        """Numbers of modes, rising."""
        value = self.settings.get("sizes", self.own_settings["sizes"])
        sizes = list(value) if isinstance(value, (list, tuple)) and all(type(size) is int for size in value) else []
        if len(sizes) > 1 and sizes[0] > 0 and sizes[-1] <= 4096 and sizes == sorted(set(sizes)):
            return sizes
        raise InputError(
            f"sizes = {value!r} is not valid for scenario 'transfer': it must be a list of two or more rising whole "
            "numbers from 1 to 4096."
        )

    @property
    def longest(self) -> int:
        """Steps of the last stage."""
        return check_whole("longest", self.settings.get("longest", self.own_settings["longest"]), 1000, 10**6)

    @property
    def point(self) -> Point:
        """The point with the other settings."""
        for name, instead in TAKEN.items():
            if name in self.settings:
                value = self.settings[name]
                raise InputError(f"{name} = {value!r} is not allowed with scenario 'transfer': set {instead}.")
        point = Point().at({name: value for name, value in self.settings.items() if name not in self.own_settings})
        check_two_stages(point)
        return point

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Transferred | NetworksTransfer:
        """Compute the result, with real networks if asked for; raises `InputError` for what is not valid."""
        if self.networks:
            return NetworksTransfer.measure(self, threads=threads, progress=progress)
        point, sizes, longest = self.point, self.sizes, self.longest
        grid = [dict(zip(NEARNESS, levels, strict=True)) for levels in product(*NEARNESS.values())]
        work = len(sizes) + 2 + len(grid) + 2 * len(HANDED)

        def arms(changes: Mapping[str, Any]) -> Arms:
            measured = measure(point, changes, longest=longest, runs=self.count, seed=self.seed, threads=threads)
            if progress is not None:
                progress(1 / work)
            return measured

        def law(changes: Mapping[str, Any], **more: Any) -> Law:
            return law_of(arms({**changes, **more}), self.seed)

        by_size, further, nearer = [arms({"modes": size}) for size in sizes], arms(FURTHER), arms(NEARER)
        carries = {name: {"finetuning.carry": carry} for name, carry in HANDED.items()}
        near = [law(levels) for levels in grid]
        budgets = np.geomspace(sizes[0], longest * sizes[-1], 25)
        return Transferred(
            runs=self.count,
            seed=self.seed,
            law=fit_arms(by_size, self.seed),
            sizes=list(map(Size.of, by_size)),
            puzzle=Puzzle.of(further, nearer, self.seed),
            handed=[
                HandedOver(carried=name, further=law(FURTHER, **carry), nearer=law(NEARER, **carry))
                for name, carry in carries.items()
            ],
            near=near,
            weights=[weight(name, near) for name in NEARNESS],
            together=correlations(near),
            ends=list(map(end, by_size)),
            ahead=[regime for both in by_size for regime in ahead(both)],
            frontier=Frontiers(free=frontier(by_size, False, budgets), counted=frontier(by_size, True, budgets)),
            published=[PublishedLaw.of(law) for law in LAWS.values()],
            published_crossing=crossing(TEXT_AND_CODE, TEXT),
            pair=(further, nearer),
            request=self,
        )
