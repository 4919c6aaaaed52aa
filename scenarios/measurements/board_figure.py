"""The figure of the calibration scoreboard: a panel per kind of unit, a line per row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from feint.sim.results.figure_style import PAGE_WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Z = 1.959964  # of limits that hold at 95 %
PANELS = {  # title of a panel → its units
    "per cent, and points of per cent": ("%", "points"),
    "logarithms to base 2": ("log2 ratio", "log2 iterations"),
    "exponents": ("exponent",),
}
MARKS: dict[str, dict[str, Any]] = {
    "published": {"color": "#000000", "marker": "D", "markersize": 4},  # colours of Okabe and Ito
    "model": {"color": "#d55e00", "marker": "o", "markersize": 4},
    "networks": {"color": "#0072b2", "marker": "s", "markersize": 4},
}


def drawn_board(scores: Sequence[Any]) -> Figure:
    """Return the figure of scored rows that have a stand-in."""
    import seaborn as sns
    from matplotlib.lines import Line2D

    panels = {title: [score for score in scores if score.unit in units] for title, units in PANELS.items()}
    panels = {title: rows for title, rows in panels.items() if rows} or {"no row has a stand-in": []}
    with canvas((PAGE_WIDTH, 1.6 + 0.2 * len(scores))) as drawn:
        sizes = [len(rows) + 1.2 for rows in panels.values()]
        places = drawn.subplots(len(panels), 1, height_ratios=sizes, squeeze=False)[:, 0]
        for axes, (title, rows) in zip(places, panels.items(), strict=True):
            axes.set_title(title, loc="left")
            draw_rows(axes, rows)
            sns.despine(ax=axes, left=True)
        kinds = [kind for kind in MARKS if kind != "networks" or any(score.networks for score in scores)]
        handles = [Line2D([], [], linewidth=1, label=kind, **MARKS[kind]) for kind in kinds]
        drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return drawn


def draw_rows(axes: Axes, scores: Sequence[Any]) -> None:
    """Draw one panel, a line per row."""
    for line, score in enumerate(scores):
        axes.axhline(line, color="#eeeeee", linewidth=0.8, zorder=0)
        for kind, y, low, value, high in _numbers(line, score):
            axes.plot([low, high], [y] * 2, color=MARKS[kind]["color"], linewidth=1)
            axes.plot(value, y, linestyle="none", **MARKS[kind])
    axes.set_yticks(range(len(scores)), [f"{score.name} ({score.use})" for score in scores], fontsize=6)
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def _numbers(line: int, score: Any) -> Iterator[tuple[str, float, float, float, float]]:
    reach = Z * score.error if isfinite(score.error) else 0.0
    yield "published", line - 0.2, score.value - reach, score.value, score.value + reach
    for kind, shift, interval in (("model", 0.05, score.model), ("networks", 0.25, score.networks)):
        if interval is not None:
            yield kind, line + shift, interval.low, interval.estimate, interval.high
