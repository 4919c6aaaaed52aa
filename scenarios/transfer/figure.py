"""The panels of transfer: losses, transferred data with their laws, what sets k and α, and compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.transfer.arms import Arms
from feint.scenarios.transfer.compute import loss_differences
from feint.scenarios.transfer.laws import NEARNESS, Law
from feint.sim.statistics.scaling_laws import LOW_DATA, LawFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLACK, BLUE, ORANGE, GREEN, GREY = "#000000", "#0072b2", "#d55e00", "#009e73", "#8c8c8c"  # Okabe and Ito's
DECAYS = "os^vD"
FACES = (BLUE, GREEN, ORANGE, "#cc79a7", BLACK)


def draw_losses(axes: Axes, further: Arms, nearer: Arms) -> None:
    """Draw loss against data from scratch, and pre-trained on a further and a nearer objective."""
    x = further.steps[1:]
    axes.plot(x, further.scratch.mean[1:], color=BLACK, label="from scratch")
    axes.plot(x, further.tuned.mean[1:], "--", color=BLUE, label=f"pre-trained, {_named(further.changes)}")
    axes.plot(x, nearer.tuned.mean[1:], "-.", color=ORANGE, label=f"pre-trained, {_named(nearer.changes)}")
    _draw_regimes(axes, further.scratch.enough, (0.6, 0.97))
    axes.set(xscale="log", yscale="log", xlabel="data: steps of fine-tuning, D_F", ylabel="loss, 1 − performance")
    axes.set_title("Loss against data", loc="left")
    axes.legend(frameon=False, loc="lower left")


def draw_puzzle(axes: Axes, laws: Mapping[str, Law], alone: Law, crossing: float | None) -> None:
    """Draw transferred data as measured, the fitted laws, and where these cross.

    `alone` is the further law if only the capability is handed over.
    """
    for (name, law), colour, marker in zip(laws.items(), (BLUE, ORANGE), "os", strict=True):
        axes.plot(law.data, law.transferred, marker, color=colour, markersize=3, label=f"measured, {name}")
        if law.fit:
            k, alpha = law.fit.k.estimate, law.fit.alpha.estimate
            fitted = k * np.array(law.data) ** alpha
            axes.plot(law.data, fitted, "-", color=colour, linewidth=0.9, label=f"law: α = {alpha:.2f}")
    axes.plot(alone.data, alone.transferred, ":", color=BLACK, linewidth=1.2, label="further, capability alone")
    if crossing is not None:
        axes.axvline(crossing, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            f"laws cross\nat {crossing:,.0f}", (crossing, 0.39), (-3, 0), textcoords="offset points",
            xycoords=("data", "axes fraction"), ha="right", va="bottom", fontsize=7,
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="D_F, steps (low-data regime)", ylabel="D_T, steps from scratch")
    _plain_ticks(axes)
    axes.set_title("Effective data transferred", loc="left")
    axes.legend(loc="lower right", fontsize=6.5, framealpha=1, edgecolor="white", borderpad=0.1)


def draw_k(axes: Axes, laws: Sequence[Law]) -> None:
    """Draw k of every combination against the overlap of both objectives."""
    _draw_dots(axes, laws, lambda fit: fit.k.estimate)
    axes.set(yscale="log", ylabel="k, steps")
    _plain_ticks(axes)
    axes.set_title("What sets k …", loc="left")


def draw_alpha(axes: Axes, laws: Sequence[Law]) -> None:
    """Draw α of every combination against the overlap of both objectives."""
    _draw_dots(axes, laws, lambda fit: fit.alpha.estimate)
    axes.set(ylabel="α", ylim=(0, None))
    axes.set_title("… and what sets α", loc="left")
    _legend(axes, *NEARNESS.values())


def draw_compute(axes: Axes, sizes: Sequence[Arms]) -> None:
    """Draw the difference in loss at equal compute, with and without the cost of pre-training, a line per size."""
    for counted, colour, style in ((False, BLUE, "-"), (True, ORANGE, "--")):
        for arms in sizes:
            difference = loss_differences(arms, counted).mean(axis=1)
            axes.plot(arms.steps[1:], difference[1:], style, color=colour, linewidth=0.7, alpha=0.8)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    _draw_regimes(axes, float(np.median([arms.scratch.enough for arms in sizes])), (0.99, 0.99))
    axes.set(xscale="log", xlabel="steps of fine-tuning", ylabel="loss, pre-trained − scratch")
    axes.set_title("At equal compute", loc="left")
    for height, colour, words in ((0.02, BLUE, "pre-training\nfree"), (0.6, ORANGE, "pre-training\ncounted")):
        axes.text(0.98, height, words, color=colour, ha="right", va="bottom", fontsize=7.5, transform=axes.transAxes)


def _draw_dots(axes: Axes, laws: Sequence[Law], value: Callable[[LawFit], float]) -> None:
    """Draw a dot per combination: similarity is its colour, the decay its shape, the spectrum its size."""
    for law in laws:
        if law.fit:
            colour, shape, size = (levels.index(law.changes[name]) for name, levels in NEARNESS.items())
            axes.scatter(
                law.overlap, value(law.fit), s=10 + 14 * size, color=FACES[colour], marker=DECAYS[shape],
                edgecolor="white", linewidth=0.4,
            )  # fmt: skip
    axes.set(xlabel="overlap, Σ λ s / Σ λ", xlim=(0, 1))


def _plain_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter

    plain = FuncFormatter(lambda value, _: f"{value:,.0f}" if f"{value:.0e}"[0] in "125" else "")
    axes.yaxis.set_minor_formatter(plain)
    axes.yaxis.set_major_formatter(plain)


def _legend(axes: Axes, similarity: Sequence[float], decay: Sequence[float], spectrum: Sequence[float]) -> None:
    from matplotlib.lines import Line2D

    def entry(label: str, **style: Any) -> Line2D:
        return Line2D([], [], linestyle="", label=label, **style)

    entries = [
        *(entry(f"similarity {s:g}", marker="o", color=FACES[i], markersize=4) for i, s in enumerate(similarity)),
        *(entry(f"decay {d:g}", marker=DECAYS[i], color=GREY, markersize=4) for i, d in enumerate(decay)),
        *(entry(f"spectrum {s:g}", marker="o", color=GREY, markersize=3 + i) for i, s in enumerate(spectrum)),
    ]
    axes.legend(
        handles=entries, frameon=False, fontsize=6, loc="lower left", handletextpad=0.1, labelspacing=0.15, borderpad=0
    )


def _draw_regimes(axes: Axes, enough: float, tops: tuple[float, float]) -> None:
    """Mark the end of the low-data regime, and D(N), with names from these heights of the panel down."""
    for data, name, top in zip((LOW_DATA * enough, enough), ("D(N)/10", "D(N)"), tops, strict=True):
        axes.axvline(data, color=GREY, linewidth=0.6, linestyle=":")
        axes.annotate(
            name, (data, top), (-2, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
            rotation=90, ha="right", va="top", fontsize=6.5, color="#555555",
        )  # fmt: skip


def _named(changes: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in changes.items())
