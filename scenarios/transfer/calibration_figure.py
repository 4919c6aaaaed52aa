"""The figure of the scoreboard: published numbers, those of the race and of networks, a panel a kind of unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feint.scenarios.transfer.published_measurements import EXPONENT, ITERATIONS, NEURONS, PERCENT, POINTS, RATIO, STEPS
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from feint.scenarios.transfer.published_comparison import Score, Scoreboard
    from feint.sim.statistics.intervals import Interval

PANELS = {
    "exponents": ((EXPONENT,), False),
    "ratios, iterations, units (log scale)": ((RATIO, ITERATIONS, STEPS, NEURONS), True),
    "per cent, and points of per cent": ((PERCENT, POINTS), False),
}
"""Title of a panel → its units, and whether its scale is logarithmic."""
BLACK, ORANGE, BLUE = "#000000", "#d55e00", "#0072b2"  # Okabe and Ito's
LABELS = {"published": (BLACK, "D"), "race": (ORANGE, "o"), "networks": (BLUE, "s")}


def figure(board: Scoreboard) -> Figure:
    """A panel a kind of unit, a line a row."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    panels = {
        title: (scores, log)
        for title, (units, log) in PANELS.items()
        if (scores := [score for score in board.scores if score.row.unit in units])
    }
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, 1.6 + 0.27 * len(board.scores)), layout="constrained")
        sizes = [len(scores) + 1.2 for scores, _ in panels.values()]
        places = drawn.subplots(len(panels), 1, height_ratios=sizes, squeeze=False)[:, 0]
        for axes, (title, (scores, log)) in zip(places, panels.items(), strict=True):
            draw_panel(axes, title, scores, log)
            sns.despine(ax=axes, left=True)
        _legend(drawn, board)
    return drawn


def draw_panel(axes: Axes, title: str, scores: list[Score], log: bool) -> None:
    """One panel."""
    axes.set_title(title, loc="left")
    if log:
        axes.set_xscale("log")
    for line, score in enumerate(scores):
        row = score.row
        axes.axhline(line, color="#eeeeee", linewidth=0.8, zorder=0)
        if row.published is not None:
            ends = [row.published if end is None else end for end in (row.low, row.high)]
            axes.plot(ends, [line - 0.18] * 2, color=BLACK, linewidth=1.2)
            axes.plot(row.published, line - 0.18, LABELS["published"][1], color=BLACK, markersize=4)
        else:
            axes.annotate(
                "published: above 0", (0.99, line), xycoords=("axes fraction", "data"), ha="right", fontsize=7
            )
        _mark(axes, score.toy, line + 0.05, "race")
        _mark(axes, score.networks, line + 0.25, "networks")
    axes.set_yticks(range(len(scores)), [f"{s.row.name}{' (fitted)' if s.row.fitted else ''}" for s in scores])
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def _mark(axes: Axes, found: Interval | None, line: float, kind: str) -> None:
    if found is not None:
        colour, marker = LABELS[kind]
        axes.plot([found.low, found.high], [line] * 2, color=colour, linewidth=1)
        axes.plot(found.estimate, line, marker, color=colour, markersize=4)


def _legend(drawn: Figure, board: Scoreboard) -> None:
    from matplotlib.lines import Line2D

    kinds = [kind for kind in LABELS if kind != "networks" or any(score.networks for score in board.scores)]
    handles = [
        Line2D([], [], color=LABELS[kind][0], marker=LABELS[kind][1], markersize=4, linewidth=1, label=kind)
        for kind in kinds
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
