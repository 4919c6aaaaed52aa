"""Transfer: how much data pre-training is worth, in the model and by the paper's law.

The claim. With few fine-tuning data, effective data transferred follow D_T = k · D_F^α · N^β, with a lower α if both
distributions are near; small pre-trained models ossify (Hernandez et al., 2021, arXiv:2102.01293).

The experiment. Both arms from the same starts and on the same noise, read at rising steps of fine-tuning; one step is
one sample, and `modes` stands in for N. D_T is the steps from scratch to the loss of the pre-trained arm after D_F,
less D_F. Nearness is varied for Shah's puzzle (Alignment Newsletter): if nearer ones have a lower α, the laws cross.

What would count against it. A power law that bends; β of 0; no ossification. All of it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, check_whole
from feint.scenarios.networks.battery import NetworksRequest
from feint.scenarios.networks.transfer import NetworksTransfer
from feint.scenarios.transfer import arms, laws
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, mosaic
from feint.sim.results.report import Hidden, Number, Report, Table, wrapped
from feint.sim.results.request import Progress
from feint.sim.statistics.scaling_laws import LAWS, LOW_DATA, TEXT, TEXT_AND_CODE, LawFit, crossing
from feint.sim.training.parameter_point import Point, check_two_stages

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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
"""Groups that pre-training hands over, to show what the transferred data consist of."""
BLACK, BLUE, ORANGE, GREEN, GREY = "#000000", "#0072b2", "#d55e00", "#009e73", "#8c8c8c"  # Okabe and Ito's
DECAYS = "os^vD"
FACES = (BLUE, GREEN, ORANGE, "#cc79a7", BLACK)


@dataclass(frozen=True, kw_only=True)
class Size:
    """Both arms at one size; losses are 1 - performance, the mean over the runs."""

    modes: int
    enough: Annotated[float, Field(description="D(N), steps from scratch to 99 % of the best performance")]
    steps: list[int]
    from_scratch: list[float]
    pre_trained: list[float]
    transferred: Annotated[list[Number], Field(description="D_T, steps; null if scratch never gets there")]
    arms: Hidden[Any]

    @classmethod
    def of(cls, both: arms.Arms) -> Size:
        """Return what is reported of the arms of one size."""
        return cls(
            modes=both.modes,
            enough=both.scratch.enough,
            steps=both.steps.tolist(),
            from_scratch=both.scratch.mean.tolist(),
            pre_trained=both.tuned.mean.tolist(),
            transferred=both.transferred().tolist(),
            arms=both,
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Transferred(Report):
    """Data that pre-training is worth, and what sets it."""

    scenario: Literal["transfer"] = "transfer"
    runs: int
    seed: int
    law: Annotated[LawFit, Field(description="over all sizes")]
    sizes: list[Size]
    puzzle: laws.Puzzle
    handed: list[laws.HandedOver]
    near: list[laws.Law]
    weights: list[laws.Weight]
    together: Annotated[dict[str, Number], Field(description="rank correlations over the combinations")]
    ends: list[arms.End]
    ahead: list[arms.Ahead]
    frontier: arms.Frontiers
    published: list[laws.PublishedLaw]
    published_crossing: Annotated[float, Field(description="characters at which the two laws of the paper cross")]
    pair: Hidden[Any]
    request: Hidden[TransferRequest]

    def blocks(self) -> Iterator[str | Table]:
        """Yield the law, the puzzle, what is handed over, what sets the constants, compute, and the paper's laws."""
        yield (
            f"Transfer: {self.runs:,} runs per arm, seed {self.seed}. Loss is 1 - performance, its mean over the runs; "
            "data are steps, and modes stand in for the size of the model. 95 % intervals."
        )
        yield laws.law_table(
            {"all sizes": self.law},
            wrapped("Effective data transferred, D_T = k · D_F^α · N^β, D_F up to a tenth of D(N), over all sizes:"),
            f"beta {self.law.beta:.3f}" if self.law.beta else "",
        )
        headings = ("modes", "D(N)", "D_T at D_F = 1", "at the regime's end")
        rows = []
        for size in self.sizes:
            low = size.arms.transferred()[size.arms.low]
            rows.append([f"{size.modes}", *(f"{number:,.0f}" for number in (size.enough, low[0], low[-1]))])
        yield Table.of_cells(headings, rows)
        yield self.puzzle.table()
        yield self.handed_table()
        yield self.near_table()
        yield arms.ahead_table(self.ahead)
        yield str(self.frontier)
        yield Table(self.ends, arms.END_COLUMNS, wrapped(arms.END_TITLE))
        yield laws.published_table(self.published)
        first = self.published[0]
        yield (
            f"Of {first.name}: a model 10 times as large transfers {first.size_tenfold:.3f} times as much, 100 times "
            f"the data {first.data_hundredfold:.3f} times. The two laws cross at D_F = {self.published_crossing:.3g} "
            "characters."
        )

    def rows(self) -> list[laws.Law]:
        """Return one row per combination of how near objectives are."""
        return self.near

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

    def drawing(self) -> Figure:
        """Return losses, transferred data, what sets k and α, and compute."""
        import seaborn as sns

        with canvas((PAGE_WIDTH, 5.4)) as drawn:
            panels = mosaic(drawn, ["aaabbb", "ccddee"], 3)
            self.draw_losses(panels["a"])
            self.draw_puzzle(panels["b"])
            self.draw_constants(panels["c"], panels["d"])
            self.draw_compute(panels["e"])
            sns.despine(drawn)
        return drawn

    def draw_losses(self, axes: Axes) -> None:
        """Draw loss against data from scratch, and pre-trained on a further and a nearer objective."""
        further, _ = self.pair
        axes.plot(further.steps[1:], further.scratch.mean[1:], color=BLACK, label="from scratch")
        for both, style, colour in zip(self.pair, ("--", "-."), (BLUE, ORANGE), strict=True):
            label = f"pre-trained, {laws.changes_text(both.changes)}"
            axes.plot(further.steps[1:], both.tuned.mean[1:], style, color=colour, label=label)
        _draw_regimes(axes, further.scratch.enough, (0.6, 0.97))
        axes.set(xscale="log", yscale="log", xlabel="data: steps of fine-tuning, $D_F$", ylabel="loss, 1 − performance")
        axes.set_title("Loss against data", loc="left")
        axes.legend(frameon=False, loc="lower left")

    def draw_puzzle(self, axes: Axes) -> None:
        """Draw transferred data as measured, the fitted laws, where these cross, and the capability alone."""
        pair, cross = {"further": self.puzzle.further, "nearer": self.puzzle.nearer}, self.puzzle.crossing
        for (name, law), colour, marker in zip(pair.items(), (BLUE, ORANGE), "os", strict=True):
            axes.plot(law.data, law.transferred, marker, color=colour, markersize=3, label=f"measured, {name}")
            if law.fit:
                k, alpha = law.fit.k.estimate, law.fit.alpha.estimate
                fitted = k * np.array(law.data) ** alpha
                axes.plot(law.data, fitted, "-", color=colour, linewidth=0.9, label=f"law: α = {alpha:.2f}")
        alone = next(handed.further for handed in self.handed if handed.carried == "capability alone")
        axes.plot(alone.data, alone.transferred, ":", color=BLACK, linewidth=1.2, label="further, capability alone")
        if cross is not None and cross < 10 * self.sizes[0].steps[-1]:
            axes.axvline(cross, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
            axes.annotate(
                f"laws cross\nat {cross:,.0f}", (cross, 0.39), (-3, 0), textcoords="offset points",
                xycoords=("data", "axes fraction"), ha="right", va="bottom", fontsize=7,
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="$D_F$, steps (low-data regime)", ylabel="$D_T$, steps")
        _plain_ticks(axes)
        axes.set_title("Effective data transferred", loc="left")
        axes.legend(loc="lower right", fontsize=6.5, framealpha=1, edgecolor="white", borderpad=0.1)

    def draw_constants(self, of_k: Axes, of_alpha: Axes) -> None:
        """Draw k and α of every combination: similarity is the colour, the decay the shape, the spectrum the size."""
        from matplotlib.lines import Line2D

        for law in self.near:
            if law.fit:
                colour, shape, size = (levels.index(law.changes[name]) for name, levels in laws.NEARNESS.items())
                for axes, constant in ((of_k, law.fit.k), (of_alpha, law.fit.alpha)):
                    axes.scatter(
                        law.overlap, constant.estimate, s=10 + 14 * size, color=FACES[colour], marker=DECAYS[shape],
                        edgecolor="white", linewidth=0.4,
                    )  # fmt: skip
        for axes, label, title in (
            (of_k, "k, steps", r"k in $D_T = k\,D_F^{\,\alpha}$"),
            (of_alpha, "α", "α in the same law"),
        ):
            axes.set(xlabel="overlap, Σ λ s / Σ λ", xlim=(0, 1), ylabel=label)
            axes.set_title(title, loc="left")
        of_k.set_yscale("log")
        _plain_ticks(of_k)
        of_alpha.set_ylim(0, None)
        looks: dict[str, Callable[[int], dict[str, Any]]] = {
            "similarity": lambda i: {"marker": "o", "color": FACES[i], "markersize": 4},
            "decay": lambda i: {"marker": DECAYS[i], "color": GREY, "markersize": 4},
            "spectrum": lambda i: {"marker": "o", "color": GREY, "markersize": 3 + i},
        }
        handles = [
            Line2D([], [], linestyle="", label=f"{name} {level:g}", **look(i))
            for (name, look), levels in zip(looks.items(), laws.NEARNESS.values(), strict=True)
            for i, level in enumerate(levels)
        ]
        spacing = {"handletextpad": 0.1, "labelspacing": 0.15, "borderpad": 0}
        of_alpha.legend(handles=handles, frameon=False, fontsize=6, loc="lower left", **spacing)

    def draw_compute(self, axes: Axes) -> None:
        """Draw the difference in loss at equal compute, with and without the cost of pre-training, a line per size."""
        sizes = [size.arms for size in self.sizes]
        for counted, colour, style in ((False, BLUE, "-"), (True, ORANGE, "--")):
            for both in sizes:
                difference = both.differences(counted).mean(axis=1)
                axes.plot(both.steps[1:], difference[1:], style, color=colour, linewidth=0.7, alpha=0.8)
        axes.axhline(0, color=BLACK, linewidth=0.8)
        _draw_regimes(axes, float(np.median([both.scratch.enough for both in sizes])), (0.99, 0.99))
        axes.set(xscale="log", xlabel="steps of fine-tuning", ylabel="loss, pre-trained − scratch")
        axes.set_title("At equal compute", loc="left")
        style = {"ha": "right", "va": "bottom", "fontsize": 7.5, "transform": axes.transAxes}
        axes.text(0.98, 0.02, "pre-training\nfree", color=BLUE, **style)
        axes.text(0.98, 0.6, "pre-training\ncounted", color=ORANGE, **style)


def _plain_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter

    plain = FuncFormatter(lambda value, _: f"{value:,.0f}" if f"{value:.0e}"[0] in "125" else "")
    axes.yaxis.set_minor_formatter(plain)
    axes.yaxis.set_major_formatter(plain)


def _draw_regimes(axes: Axes, enough: float, tops: tuple[float, float]) -> None:
    """Mark the end of the low-data regime, and D(N), with names from these heights of the panel down."""
    for data, name, top in zip((LOW_DATA * enough, enough), ("D(N)/10", "D(N)"), tops, strict=True):
        axes.axvline(data, color=GREY, linewidth=0.6, linestyle=":")
        axes.annotate(
            name, (data, top), (-2, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
            rotation=90, ha="right", va="top", fontsize=6.5, color="#555555",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TransferRequest(NetworksRequest):
    """Measure how much data pre-training is worth, and fit the law of Hernandez et al. (2021).

    Settings are those of a point, `sizes`, which are numbers of modes, and `longest`, the steps of the last stage.
    """

    kind = "transfer"
    default_runs = 500
    own_settings = {"sizes": [4, 8, 16, 32, 64], "longest": 48_000}

    def parts(self) -> tuple[Point, list[int], int]:
        """Return the point, numbers of modes, and steps of the last stage; raises `InputError` if one is not valid."""
        for name, instead in TAKEN.items():
            if name in self.settings:
                value = self.settings[name]
                raise InputError(f"{name} = {value!r} is not allowed with scenario 'transfer': set {instead}.")
        settings = {**self.own_settings, **self.settings}
        value, longest = settings.pop("sizes"), settings.pop("longest")
        point = Point().at(settings)
        check_two_stages(point, "of this scenario")
        sizes = list(value) if isinstance(value, (list, tuple)) and all(type(size) is int for size in value) else []
        if len(sizes) < 2 or sizes[0] < 1 or sizes[-1] > 4096 or sizes != sorted(set(sizes)):
            right = "it must be a list of two or more rising whole numbers from 1 to 4096"
            raise InputError(f"sizes = {value!r} is not valid for scenario 'transfer': {right}.")
        return point, sizes, check_whole("longest", longest, 1000, 10**6)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Transferred | NetworksTransfer:
        """Compute the result, with real networks if `networks` is set; raises `InputError` for what is not valid."""
        if self.networks:
            return NetworksTransfer.measure(self, threads=threads, progress=progress)
        point, sizes, longest = self.parts()
        grid = [dict(zip(laws.NEARNESS, levels, strict=True)) for levels in product(*laws.NEARNESS.values())]
        work = len(sizes) + 2 + len(grid) + 2 * len(HANDED)

        def measure(changes: Mapping[str, Any]) -> arms.Arms:
            both = arms.measure(point, changes, longest=longest, runs=self.count, seed=self.seed, threads=threads)
            if progress is not None:
                progress(1 / work)
            return both

        def law(changes: Mapping[str, Any], carry: Mapping[str, Any] | None = None) -> laws.Law:
            return laws.law_of(measure({**changes, **(carry or {})}), self.seed)

        by_size, pair = [measure({"modes": size}) for size in sizes], (measure(FURTHER), measure(NEARER))
        near, carries = list(map(law, grid)), {name: {"finetuning.carry": groups} for name, groups in HANDED.items()}
        return Transferred(
            runs=self.count,
            seed=self.seed,
            law=laws.fit_arms(by_size, self.seed),
            sizes=list(map(Size.of, by_size)),
            puzzle=laws.Puzzle.of(*pair, self.seed),
            handed=[
                laws.HandedOver(carried=name, further=law(FURTHER, carry), nearer=law(NEARER, carry))
                for name, carry in carries.items()
            ],
            near=near,
            weights=[laws.weight(name, near) for name in laws.NEARNESS],
            together=laws.correlations(near),
            ends=list(map(arms.end, by_size)),
            ahead=[regime for both in by_size for regime in arms.ahead(both)],
            frontier=arms.Frontiers.of(by_size, longest),
            published=[laws.PublishedLaw.of(law) for law in LAWS.values()],
            published_crossing=crossing(TEXT_AND_CODE, TEXT),
            pair=pair,
            request=self,
        )
