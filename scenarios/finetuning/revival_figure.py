"""Chart of how soon what fine-tuning took away is back, and in which minds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.finetuning.groups import ANY, Kind
from feint.scenarios.finetuning.plot_style import CONTROL, line, look, points, reaches
from feint.scenarios.finetuning.revival import HAD, NEVER, SCRATCH, WITHIN, Revival
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES = {
    "rate": ("learning rate on X (1: pre-training's)", "log"),
    "similarity": ("similarity of X to Y", "linear"),
    "kin": ("similarity of Y′ to Y", "linear"),
}
LINES = {
    HAD: look(Kind(ANY)),
    NEVER: {**CONTROL, "marker": "P", "markersize": 4},
    SCRATCH: {"color": "#009e73", "linestyle": "-.", "marker": "X", "markersize": 4, "linewidth": 1.0},
}
OVER_NEVER = "over those that never had Y"
WORDS: dict[str, Any] = {"textcoords": "offset points", "fontsize": 6.5, "color": "0.35"}


def figure(found: Revival) -> Figure:
    """Shares back within steps, what is hidden in which type, and factors over scratch against what varies."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, 5.2), layout="constrained")
        above, below = drawn.subfigures(2, 1, height_ratios=(1.12, 1), squeeze=False)[:, 0]
        first, second, third = above.subplots(1, 3)
        for axes, task in ((first, "Y"), (second, "Y′")):
            _courses(axes, found, task)
        _hidden(third, found)
        for axes, (vary, (label, scale)) in zip(below.subplots(1, 3, sharey=True), AXES.items(), strict=True):
            _factors(axes, found, vary)
            axes.set(xlabel=label, xscale=scale, yscale="log")
        below.axes[0].set_ylabel("steps over those\nfrom scratch (median)")
        sns.despine(drawn)
        handles, labels = first.get_legend_handles_labels()
        above.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    return drawn


def _courses(axes: Axes, found: Revival, task: str) -> None:
    """Share of runs that are back within so many steps."""
    x = np.array(WITHIN) + 1
    for course in (each for each in found.courses if each.condition.task == task):
        shown = LINES.get(course.who) or look(Kind(course.who.rstrip("*"), prepared=True))
        axes.plot(x, [each.estimate for each in course.back], label=course.who, **shown)
        axes.fill_between(
            x, [each.low for each in course.back], [each.high for each in course.back], color=shown["color"], alpha=0.15
        )
    axes.set(xscale="log", ylim=(-0.03, 1.03), xlabel=f"within so many steps of {task}")
    axes.set_xticks([1, 11, 101, 1001], ["0", "10", "100", "1000"])
    axes.minorticks_off()
    axes.set_ylabel("share of runs at the target" if task == "Y" else "")
    axes.set_title("Back at Y" if task == "Y" else "At an innocent Y′", loc="left", fontsize=8)


def _hidden(axes: Axes, found: Revival) -> None:
    """How well Y can be read after X, by the type after X; the median steps back beside it."""
    mine = [each for each in found.at("", "after X") if each.condition.task == "Y" and each.kind.name != ANY]
    for place, each in enumerate(mine):
        points(axes, [place], [each.hidden], each.kind)
        axes.text(place, 0.04, f"{each.steps.estimate:,.0f}", ha="center", fontsize=7)
    axes.text(-0.45, 0.13, "median steps back to Y:", fontsize=6.5)
    axes.set_xticks(range(len(mine)), [each.kind.name for each in mine], rotation=20)
    axes.set(ylim=(0, 1.03), xlim=(-0.5, len(mine) - 0.5), ylabel="Y to be read (r²)")
    axes.set_title("What types after X hide", loc="left", fontsize=8)


def _factors(axes: Axes, found: Revival, vary: str) -> None:
    """Steps of the third stage over those from scratch, a line a kind."""
    every = [each for each in found.at(vary) if each.kind.name == ANY or each.kind.prepared]
    for kind in dict.fromkeys(each.kind for each in every):
        mine = [each for each in every if each.kind == kind]
        line(axes, [each.condition.value for each in mine], [_factor(each.ratio[SCRATCH]) for each in mine], kind)
    mine = [each for each in every if each.kind.name == ANY]
    y, reach = reaches([_factor(each.ratio[NEVER]) for each in mine])
    axes.errorbar([each.condition.value for each in mine], y, yerr=reach, capsize=1.5, **LINES[NEVER])
    axes.axhline(1, color="0.5", linewidth=0.6, zorder=0)
    axes.annotate(OVER_NEVER, (0.03, 1), (0, -10), xycoords=("axes fraction", "data"), **WORDS)


def _factor(ratio: Interval) -> Interval:
    """A factor, from its log₂."""
    return replace(ratio, estimate=2**ratio.estimate, low=2**ratio.low, high=2**ratio.high)
