"""Chart of what carries the change that fine-tuning makes, and what is left below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.scenarios.finetuning.groups import Kind
from feint.scenarios.finetuning.plot_style import CONTROL, line, points, side_by_side
from feint.scenarios.finetuning.wrappers import Wrapped, Wrappers
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES = {
    "rate": ("learning rate (1: pre-training's)", "log"),
    "steps": ("steps of fine-tuning", "log"),
    "similarity": ("similarity of X to Y", "linear"),
}


def figure(found: Wrappers) -> Figure:
    """Shares of the change above; below, against rate, length and similarity, wrapper and core, and the probe."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, 7.0), layout="constrained")
        above, below = drawn.subfigures(2, 1, height_ratios=(1, 2), squeeze=False)[:, 0]
        for on, axes in zip(("X", "Y"), above.subplots(1, 2), strict=True):
            _shares(axes, found.at(""), on)
        grid = below.subplots(3, 3, sharex="col", sharey="row")
        for column, (vary, (label, scale)) in enumerate(AXES.items()):
            _column(grid[:, column], found, vary)
            grid[-1, column].set(xlabel=label, xscale=scale)
        for axes, label in zip(grid[:, 0], ROWS, strict=True):
            axes.set_ylabel(label)
        sns.despine(drawn)
        handles, labels = grid[2, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, title="type (*: prepared)")
    return drawn


ROWS = ("on X by gate\nand pointer", "on X by repre-\nsentation, goal", "Y to be read\nafter (r²)")


def _shares(axes: Axes, base: list[Wrapped], on: str) -> None:
    """What each part carries, a point a kind."""
    names = list(base[0].changes[on].parts)
    places = np.arange(len(names))
    for offset, each in zip(side_by_side(len(base)), base, strict=True):
        points(axes, (places + offset).tolist(), list(each.changes[on].parts.values()), each.kind)
    axes.axhline(0, color="0.5", linewidth=0.6, zorder=0)
    axes.set_xticks(places, [name.replace("representation", "represen-\ntation") for name in names])
    axes.tick_params(axis="x", length=0)
    axes.set_title(f"Change of performance on {on}, divided", loc="left", fontsize=8)
    axes.set_ylabel("performance" if on == "X" else "")


def _column(grid: np.ndarray, found: Wrappers, vary: str) -> None:
    """One sweep: wrapper, core, and what can be read of Y, a line a kind."""
    every = found.at(vary)
    for kind in dict.fromkeys(each.kind for each in every):
        _lines(grid, [each for each in every if each.kind == kind], kind)
    control = {each.condition.value: each.never for each in every}
    levels = [each.estimate for each in control.values()]
    grid[2].plot(list(control), levels, **CONTROL, label="never had Y (r²)")
    grid[2].axhline(found.fresh.estimate, color="0.75", linewidth=0.8, zorder=0, label="untrained (r²)")
    for axes in grid[:2]:
        axes.axhline(0, color="0.5", linewidth=0.6, zorder=0)
    grid[2].set_ylim(0, 1.03)


def _lines(grid: np.ndarray, mine: list[Wrapped], kind: Kind) -> None:
    x = [each.condition.value for each in mine]
    line(grid[0], x, [each.changes["X"].wrapper for each in mine], kind)
    line(grid[1], x, [each.changes["X"].core for each in mine], kind)
    line(grid[2], x, [each.read["after"] for each in mine], kind)
