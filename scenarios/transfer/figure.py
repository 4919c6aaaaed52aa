"""The figure of transfer: losses, transferred data with their laws, what sets k and α, and compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.transfer.compute import apart_at_equal_cost
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE
from feint.sim.statistics.transfer_law import LOW_DATA

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from feint.scenarios.transfer.transfer import Transferred
    from feint.sim.statistics.scaling_law_fit import LawFit

BLACK, BLUE, ORANGE, GREEN, GREY = "#000000", "#0072b2", "#d55e00", "#009e73", "#8c8c8c"  # Okabe and Ito's
DECAYS = "os^vD"
FACES = (BLUE, GREEN, ORANGE, "#cc79a7", BLACK)


def figure(found: Transferred) -> Figure:
    """Four panels."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, 5.4), layout="constrained")
        panels = drawn.subplot_mosaic([[*"aaabbb"], [*"ccddee"]])
        for place, draw in zip("abcde", (draw_losses, draw_puzzle, draw_k, draw_alpha, draw_compute), strict=True):
            draw(panels[place], found)
        sns.despine(drawn)
    return drawn


def draw_losses(axes: Axes, found: Transferred) -> None:
    """Loss against data of the pair, and from scratch."""
    further, nearer = found.pair
    x = further.steps
    axes.plot(x[1:], further.scratch.mean[1:], color=BLACK, label="from scratch")
    axes.plot(x[1:], further.tuned.mean[1:], "--", color=BLUE, label=f"pre-trained, {_named(further.changes)}")
    axes.plot(x[1:], nearer.tuned.mean[1:], "-.", color=ORANGE, label=f"pre-trained, {_named(nearer.changes)}")
    _regimes(axes, further.scratch.enough, (0.6, 0.97))
    axes.set(xscale="log", yscale="log", xlabel="data: steps of fine-tuning, D_F", ylabel="loss, 1 − performance")
    axes.set_title("Loss against data", loc="left")
    axes.legend(frameon=False, loc="lower left")


def draw_puzzle(axes: Axes, found: Transferred) -> None:
    """Transferred data as measured, the fitted laws, and where these cross."""
    names = ("further", "nearer")
    for law, name, colour, marker in zip(found.laws, names, (BLUE, ORANGE), "os", strict=True):
        axes.plot(law.data, law.measured, marker, color=colour, markersize=3, label=f"measured, {name}")
        if law.found:
            fitted = law.found.k.estimate * law.data**law.found.alpha.estimate
            axes.plot(
                law.data, fitted, "-", color=colour, linewidth=0.9, label=f"law: α = {law.found.alpha.estimate:.2f}"
            )
    alone = found.handed["capability alone"][0]
    axes.plot(alone.data, alone.measured, ":", color=BLACK, linewidth=1.2, label="further, capability alone")
    if found.crossing is not None and found.crossing < 10 * found.longest:
        axes.axvline(found.crossing, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            f"laws cross\nat {found.crossing:,.0f}", (found.crossing, 0.39), (-3, 0), textcoords="offset points",
            xycoords=("data", "axes fraction"), ha="right", va="bottom", fontsize=7,
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="D_F, steps (low-data regime)", ylabel="D_T, steps from scratch")
    axes.yaxis.set_minor_formatter(_plain())
    axes.yaxis.set_major_formatter(_plain())
    axes.set_title("Effective data transferred", loc="left")
    axes.legend(loc="lower right", fontsize=6.5, framealpha=1, edgecolor="white", borderpad=0.1)


def draw_k(axes: Axes, found: Transferred) -> None:
    """K of every combination against the overlap of both objectives."""
    _dots(axes, found, lambda law: law.k.estimate)
    axes.set(yscale="log", ylabel="k, steps")
    axes.yaxis.set_minor_formatter(_plain())
    axes.yaxis.set_major_formatter(_plain())
    axes.set_title("What sets k …", loc="left")


def draw_alpha(axes: Axes, found: Transferred) -> None:
    """α likewise."""
    from feint.scenarios.transfer.laws import NEARNESS

    _dots(axes, found, lambda law: law.alpha.estimate)
    axes.set(ylabel="α", ylim=(0, None))
    axes.set_title("… and what sets α", loc="left")
    _legend(axes, *(list(each) for each in NEARNESS.values()))


def _dots(axes: Axes, found: Transferred, value: Callable[[LawFit], float]) -> None:
    """A dot a combination: similarity is its colour, the decay its shape, the spectrum its size."""
    from feint.scenarios.transfer.laws import NEARNESS

    for law in found.near:
        if law.found:
            colour, shape, size = (levels.index(law.changes[name]) for name, levels in NEARNESS.items())
            axes.scatter(
                law.overlap, value(law.found), s=10 + 14 * size, color=FACES[colour], marker=DECAYS[shape],
                edgecolor="white", linewidth=0.4,
            )  # fmt: skip
    axes.set(xlabel="overlap, Σ λ s / Σ λ", xlim=(0, 1))


def _plain() -> Any:
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{value:,.0f}" if f"{value:.0e}"[0] in "125" else "")


def _legend(axes: Axes, similarity: list[float], decay: list[float], spectrum: list[float]) -> None:
    from matplotlib.lines import Line2D

    def entry(label: str, **how: Any) -> Line2D:
        return Line2D([], [], linestyle="", label=label, **how)

    entries = [
        *(entry(f"similarity {each:g}", marker="o", color=FACES[i], markersize=4) for i, each in enumerate(similarity)),
        *(entry(f"decay {each:g}", marker=DECAYS[i], color=GREY, markersize=4) for i, each in enumerate(decay)),
        *(entry(f"spectrum {each:g}", marker="o", color=GREY, markersize=3 + i) for i, each in enumerate(spectrum)),
    ]
    axes.legend(
        handles=entries, frameon=False, fontsize=6, loc="lower left", handletextpad=0.1, labelspacing=0.15, borderpad=0
    )


def draw_compute(axes: Axes, found: Transferred) -> None:
    """Difference in loss at equal compute, with and without the cost of pre-training, a line a size."""
    for counted, colour, style in ((False, BLUE, "-"), (True, ORANGE, "--")):
        for arms in found.sizes:
            apart = apart_at_equal_cost(arms, counted).mean(axis=1)
            axes.plot(arms.steps[1:], apart[1:], style, color=colour, linewidth=0.7, alpha=0.8)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    _regimes(axes, float(np.median([arms.scratch.enough for arms in found.sizes])), (0.99, 0.99))
    axes.set(xscale="log", xlabel="steps of fine-tuning", ylabel="loss, pre-trained − scratch")
    axes.set_title("At equal compute", loc="left")
    for height, colour, words in ((0.02, BLUE, "pre-training\nfree"), (0.6, ORANGE, "pre-training\ncounted")):
        axes.text(0.98, height, words, color=colour, ha="right", va="bottom", fontsize=7.5, transform=axes.transAxes)


def _regimes(axes: Axes, enough: float, tops: tuple[float, float]) -> None:
    """Where the low-data regime ends, and D(N), named from these heights of the panel down."""
    for data, name, top in zip((LOW_DATA * enough, enough), ("D(N)/10", "D(N)"), tops, strict=True):
        axes.axvline(data, color=GREY, linewidth=0.6, linestyle=":")
        axes.annotate(
            name, (data, top), (-2, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
            rotation=90, ha="right", va="top", fontsize=6.5, color="#555555",
        )  # fmt: skip


def _named(changes: Any) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in changes.items())
