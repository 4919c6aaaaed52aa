"""Figures of comparisons: shares of outcomes, the flow between them, and the difference with its companions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.results.figure_style import COLOURS, face, legend_entries
from feint.sim.results.report import folded
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ARM_COLOURS = {FROM_SCRATCH: "#d9d9d9", PRETRAIN_FINETUNE: "#7f7f7f"}
GAP = 0.03  # white space between the blocks of a flow, in shares of the runs
CONVERGED = "among converged runs"
BLOCK_WIDTH, EDGE = 0.06, 0.55  # of a column, and of the room for labels on either side, of two stages
MOST_WIDE = 12  # characters in a line of a stage's name
LINE = 0.055  # height of a line of text


def draw_shares(axes: Axes, table: pd.DataFrame, runs: int, difference: Interval) -> None:
    """Draw bars of a table as `Comparison.shares` returns it: the share of runs by outcome and arm, with intervals.

    A diamond is the share among the converged runs of the arm; it is left out if all or none converged.
    """
    import seaborn as sns

    table = table.assign(arm=table["arm"].map(ARM_NAMES))
    palette = {ARM_NAMES[arm]: colour for arm, colour in ARM_COLOURS.items()}
    sns.barplot(table, y="outcome", x="estimate", hue="arm", palette=palette, ax=axes, saturation=1, errorbar=None)
    for bars, (_, arm) in zip(list(axes.containers), table.groupby("arm", sort=False), strict=True):
        middle = [bar.get_y() + bar.get_height() / 2 for bar in bars]
        reach = np.abs(arm[["low", "high"]].to_numpy().T - arm["estimate"].to_numpy())
        axes.errorbar(arm["estimate"], middle, xerr=reach, fmt="none", ecolor="black", elinewidth=0.9, capsize=2)
        if 0 < arm["converged"].iloc[0] < runs:
            look: dict[str, Any] = {"facecolor": "white", "edgecolor": "black", "linewidth": 0.7, "zorder": 3}
            places = zip(arm["outcome"], arm["converged_estimate"], middle, strict=True)
            x, y = zip(*(at for label, *at in places if label != Outcome.UNCONVERGED.label), strict=True)
            axes.scatter(x, y, s=11, marker="D", label=CONVERGED, **look)
    axes.set(ylabel="", xlabel=f"share of {runs:,} runs", xlim=(0, _end(table)))
    axes.tick_params(axis="y", length=0)
    axes.set_title(
        f"Deception, paired difference {difference.estimate:+.3f}\n"
        f"{100 * difference.confidence:g} % interval {difference.low:+.3f} to {difference.high:+.3f}"
    )
    look = {"frameon": False, "loc": "upper center", "bbox_to_anchor": (0.4, -0.2), "ncols": 2}
    axes.legend(*legend_entries(axes), title=None, **look)


def _end(table: pd.DataFrame) -> float:
    """Return where the axis of shares ends: at a tenth above the highest limit."""
    return min(1.0, float(np.ceil(10 * table["high"].max() + 0.2) / 10))


def draw_ribbons(axes: Axes, flows: Sequence[np.ndarray], stages: Sequence[str]) -> None:
    """Draw ribbons of shares of the runs, from the outcomes of each stage to those of the next.

    `flows` are the shares by outcome before and after (outcomes, outcomes), one array for each stage but the first.
    """
    last = len(flows)
    columns = [flows[0].sum(axis=1), *(shares.sum(axis=0) for shares in flows)]
    width, tops = BLOCK_WIDTH * last, [stacked(heights) for heights in columns]
    for place, shares in enumerate(flows):
        _draw_flow(axes, (place + width * (place > 0), place + 1), shares, tops[place], tops[place + 1])
    _draw_column(axes, -width, width, tops[0], columns[0], "right")
    for place in range(1, last + 1):
        _draw_column(axes, float(place), width, tops[place], columns[place], "left" if place == last else "")
    edge = EDGE * (1 + last) / 2
    axes.set(xlim=(-edge, last + edge), ylim=(1 + GAP * len(LABELS), -GAP), yticks=())
    axes.set(xticks=range(last + 1), xticklabels=[folded(stage, MOST_WIDE) for stage in stages])
    axes.set_title("Where the pre-trained runs went,\nribbons in the colour of the outcome that follows")
    axes.tick_params(axis="x", length=0)
    axes.spines[:].set_visible(False)


def _draw_flow(axes: Axes, ends: tuple[float, float], shares: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Draw the ribbons between two columns of blocks with these upper edges (outcomes,)."""
    out, into, x = left.copy(), right.copy(), np.linspace(0, 1, 50)
    for i in range(len(Outcome)):
        for j, after in enumerate(Outcome):
            if shares[i, j] > 0:
                top = out[i] + (into[j] - out[i]) * (3 * x**2 - 2 * x**3)
                look: dict[str, Any] = {"facecolor": COLOURS[after], "edgecolor": "white", "linewidth": 0.3}
                axes.fill_between(ends[0] + (ends[1] - ends[0]) * x, top, top + shares[i, j], alpha=0.65, **look)
                out[i] += shares[i, j]
                into[j] += shares[i, j]


def stacked(heights: np.ndarray) -> np.ndarray:
    """Return the upper edges of blocks laid one below the other; an empty one takes no room."""
    taken = heights + np.where(heights > 0, GAP, 0.0)
    return np.concatenate([[0.0], np.cumsum(taken)[:-1]])


def _draw_column(axes: Axes, x: float, width: float, tops: np.ndarray, heights: np.ndarray, side: str) -> None:
    """Draw a column of blocks with labels that are kept apart: on a side of it, or shares alone within the ribbons."""
    lowest = -1.0
    for outcome, top, height in zip(Outcome, tops, heights, strict=True):
        if height == 0:
            continue
        axes.bar(x, height, width, bottom=top, align="edge", **face(outcome))
        lowest = max(top + height / 2, lowest + LINE)
        at = x - width / 2 if side == "right" else x + 1.5 * width
        name = f"{outcome.label} " if side else ""
        axes.text(at, lowest, f"{name}{percent(height)}", ha=side or "left", va="center", fontsize=7.5)


def percent(share: float) -> str:
    """Return a share as a label of a block."""
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def draw_beside(axes: Axes, rows: Mapping[str, Interval], width: int) -> None:
    """Draw one labelled interval per row: the difference itself, which is the first, filled, and its companions.

    `width` is the most characters in a line of a label.
    """
    places, middle = np.arange(len(rows)), np.array([row.estimate for row in rows.values()])
    reach = np.abs(np.array([[row.low, row.high] for row in rows.values()]).T - middle)
    axes.errorbar(middle, places, xerr=reach, fmt="none", ecolor="black", elinewidth=0.9, capsize=2)
    faces = [COLOURS[Outcome.DECEPTIVE], *("white" for _ in places[1:])]
    axes.scatter(middle, places, s=8, c=faces, edgecolor="black", linewidth=0.7, zorder=3)
    axes.axvline(0, color="#bbbbbb", linewidth=0.8, zorder=0)
    axes.set_yticks(places, [folded(label, width) for label in rows])
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel="paired difference in deception")
    confidence = next(iter(rows.values())).confidence
    axes.set_title(f"Shown beside it\n{100 * confidence:g} % intervals, same runs")
    axes.tick_params(axis="y", length=0)
