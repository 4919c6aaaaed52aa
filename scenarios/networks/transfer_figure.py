"""The figure of transfer in real networks: wrong answers against data at each width, and effective data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.scenarios.networks.drawing import BLACK, BLUE, GREY, ORANGE, seeds
from feint.sim.networks.transfer import FEW, Transfer, amounts
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOK = {
    "scratch": (BLACK, "o:", "from scratch", -0.04),
    "near": (ORANGE, "s-", "pre-trained, near", 0.0),
    "far": (BLUE, "^--", "pre-trained, far", 0.04),
}
MARKERS = "o^sDvP*X"
SHADES = ("#f6c99f", "#ee9c5a", "#d55e00", "#7a3600")


def figure(found: Transfer) -> Figure:
    """A panel a width, and one of effective data by width; a point is a seed, a line its medians."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        columns = min(3, len(found.widths) + 1)
        rows = -(-(len(found.widths) + 1) // columns)
        drawn = Figure(figsize=(PAGE_WIDTH, 2.3 * rows), layout="constrained")
        panels = list(drawn.subplots(rows, columns, squeeze=False).flat)
        for i, axes in enumerate(panels[: len(found.widths)]):
            _draw_curves(axes, found, i)
        _draw_effective(panels[len(found.widths)], found)
        for axes in panels[len(found.widths) + 1 :]:
            axes.set_axis_off()
        drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
        sns.despine(drawn)
    return drawn


def _draw_curves(axes: Axes, found: Transfer, i: int) -> None:
    for arm, (colour, style, label, shift) in LOOK.items():
        seeds(axes, amounts(arm), list(found.error[arm][i]), colour, style, label, shift)
    axes.axhline(2 / 3, color=GREY, linewidth=0.6)
    axes.set(xscale="log", ylim=(-0.03, 0.8), xlabel="strings to learn from", ylabel="wrong answers")
    axes.set_title(f"{found.widths[i]} units a layer", loc="left")


def _draw_effective(axes: Axes, found: Transfer) -> None:
    measured = found.effective("near", "error")
    for i, width in enumerate(found.widths):
        good = np.isfinite(measured[i]) & (measured[i] > 0)
        style = f"{MARKERS[i % len(MARKERS)]}-"
        x, y, colour = np.array(FEW)[good], measured[i][good], SHADES[i % len(SHADES)]
        axes.plot(x, y, style, color=colour, markersize=4, linewidth=1.2, label=f"{width}")
    axes.set(xscale="log", yscale="log", xlim=(10, 8_000), ylim=(100, 100_000))
    axes.set(xlabel="D_F, strings to learn from", ylabel="D_T, strings")
    axes.set_title("Effective data transferred, near", loc="left")
    axes.legend(frameon=False, title="units", ncols=2)
