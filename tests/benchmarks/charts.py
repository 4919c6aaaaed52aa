"""Figures of the manual's page on speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.goals import line
from benchmarks.results import TO_THE_END, Results
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN_WIDTH = 3.4  # inches, one column of a paper
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#bdbdbd"  # Okabe and Ito's, with a grey
PANELS = {"runs": "test_runs", "steps": "test_steps[whole]", "modes": "test_modes"}
ALONE = "test_steps[training alone]"


def scaling_figure(results: Results) -> Figure | None:
    """Total processor time against runs, steps and modes, each with the line that linear growth would follow."""
    axes_of = {axis: results.of(name) for axis, name in PANELS.items() if results.of(name)}
    if not axes_of:
        return None
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, 2.4), layout="constrained")
        for axes, (axis, found) in zip(drawn.subplots(1, len(axes_of), squeeze=False)[0], axes_of.items(), strict=True):
            draw_growth(axes, axis, found[axis], found["seconds"])
            axes.plot(found[axis], found["seconds"], "o", ms=4, color=BLUE, label="measured")
            if axis == "steps" and results.of(ALONE):
                alone = results.of(ALONE)
                axes.plot(alone[axis], alone["seconds"], "s", ms=3, mfc="white", color=ORANGE, label="training alone")
            axes.set(xscale="log", yscale="log", xlabel=axis, title=found["held"].removesuffix(", training alone"))
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axes.yaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}")
            axes.yaxis.set_minor_locator(NullLocator())
            axes.legend(frameon=False, loc="upper left", handlelength=1.5, borderpad=0)
        drawn.axes[0].set_ylabel("seconds of one core")
        sns.despine(fig=drawn)
    return drawn


def draw_growth(axes: Axes, axis: str, sizes: list[int], seconds: list[float]) -> None:
    """The line of linear growth: through the largest size and the origin, but with modes the nearest straight line."""
    import numpy as np

    along = np.geomspace(min(sizes), max(sizes), 100)
    intercept, slope = line(sizes, seconds) if axis == "modes" else (0, seconds[-1] / sizes[-1])
    label = "a + b · modes" if axis == "modes" else "linear"
    axes.plot(along, intercept + slope * along, color="#7f7f7f", linewidth=0.9, label=label)


def peers_figure(results: Results) -> Figure | None:
    """What a run-step costs with each, as bars on a logarithmic axis."""
    found = results.of(f"test_peers[{TO_THE_END}]")
    if not found:
        return None
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    costs = dict(sorted(found["ns per run-step"].items(), key=lambda each: each[1]))
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(COLUMN_WIDTH, 0.5 + 0.25 * len(costs)), layout="constrained")
        axes = drawn.subplots()
        colours = [BLUE if name.startswith("Feint") else GREY for name in costs]
        axes.barh(list(costs), list(costs.values()), color=colours, height=0.7)
        write_costs(axes, list(costs.values()), lambda cost: f"{cost:,.0f}" if cost >= 10 else f"{cost:.1f}")
        axes.set(xscale="log", xlabel="ns per run-step on one core", xlim=(1, 8 * max(costs.values())))
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        sns.despine(ax=axes)
    return drawn


def write_costs(axes: Axes, costs: list[float], words: Callable[[float], str]) -> None:
    """Each cost at the end of its bar."""
    for i, cost in enumerate(costs):
        axes.text(1.15 * cost, i, words(cost), va="center", fontsize=7.5)
