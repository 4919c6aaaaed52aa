"""Figure `dodges`: deception avoided against performance lost, for each variant of pre-training, with labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feint.scenarios.argument.evaluate_claim import evaluation_of
from feint.scenarios.claims.dodges import AS_IT_IS, CLAIM, DODGES, loss, protocol
from feint.scenarios.gallery.picture import Picture, Size, limits
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.training.parameter_point import Point

FRONT, BEHIND = "#d55e00", "#8c8c8c"
AXES = ("lost", "avoided")
FONT_SIZE = 7  # points
DISTANCES = (7, 13, 20, 28, 37, 47, 58, 70)  # points from the labelled point at which a place is tried
ANGLES = [np.pi / 4 + 2 * np.pi * turn / 16 for turn in range(16)]  # directions at each, from the upper right around
OFFSETS = np.array(
    [(away * np.cos(angle), away * np.sin(angle)) for away in DISTANCES for angle in ANGLES]
    + [(DISTANCES[0], DISTANCES[0])]  # if no place is free of labels
)
LEADER_FROM = 13  # points from which on a line leads to the label


def compute(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per dodge; intervals hold for all dodges at once (Bonferroni)."""
    protocols = [AS_IT_IS, *map(protocol, DODGES)]
    ended = run_paired(point, protocols, range(size["runs"]), **keys)
    avoided = evaluation_of(CLAIM, ended).intervals
    rows = []
    for name, (words, _) in DODGES.items():
        lost = loss(name).measured(ended, CLAIM.confidence(CONFIDENCE))
        extra = ended[protocol(name)].all_steps.mean() - ended[AS_IT_IS].all_steps.mean()
        cells = {f"avoided_{end}": value for end, value in limits(avoided[name]).items()}
        cells |= {f"lost_{end}": value for end, value in limits(lost).items()}
        rows.append({"dodge": name, "words": words, "runs": size["runs"], **cells, "extra_steps": float(extra)})
    table = pd.DataFrame(rows)
    return table.assign(front=on_front(table["avoided_estimate"].to_numpy(), table["lost_estimate"].to_numpy()))


def on_front(avoided: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Return which dodges are on the Pareto front: no other avoids more for as little, or as much for less."""
    more, less = avoided[None] >= avoided[:, None], lost[None] <= lost[:, None]
    strictly = (avoided[None] > avoided[:, None]) | (lost[None] < lost[:, None])
    return np.logical_not(np.any(more & less & strictly, axis=1))


def draw(table: pd.DataFrame) -> Figure:
    """Draw points with intervals in both directions, the Pareto front in colour and joined by a line."""
    drawn = Figure(figsize=(PAGE_WIDTH, 3.4), layout="constrained")
    axes = drawn.subplots()
    for front, colour, marker in ((False, BEHIND, "s"), (True, FRONT, "o")):
        _draw_points(axes, table[table["front"] == front], color=colour, marker=marker)
    front = table[table["front"]].sort_values("lost_estimate")
    axes.step(front["lost_estimate"], front["avoided_estimate"], where="post", color=FRONT, linewidth=1, zorder=1)
    axes.axhline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
    axes.axvline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
    axes.set(xlabel="performance lost", ylabel="deception avoided")
    axes.margins(x=0.08, y=0.1)
    axes.set_title(
        f"Dodges, {int(table['runs'].iloc[0]):,} paired runs; intervals hold for all at once\n"
        "circles: the Pareto front of the estimates (more avoided for less lost); squares: behind it"
    )
    sns.despine(fig=drawn)
    points = table[["lost_estimate", "avoided_estimate"]].to_numpy()
    bars = table[["lost_low", "lost_high", "avoided_low", "avoided_high"]].to_numpy()
    place(axes, points, table["dodge"].tolist(), bars)
    return drawn


def _draw_points(axes: Axes, rows: pd.DataFrame, **look: Any) -> None:
    reach = [np.abs(rows[[f"{a}_low", f"{a}_high"]].to_numpy().T - rows[f"{a}_estimate"].to_numpy()) for a in AXES]
    axes.errorbar(
        rows["lost_estimate"],
        rows["avoided_estimate"],
        xerr=reach[0],
        yerr=reach[1],
        fmt="none",
        ecolor=look["color"],
        elinewidth=0.9,
    )
    axes.scatter(
        rows["lost_estimate"], rows["avoided_estimate"], s=22, edgecolor="black", linewidth=0.5, zorder=3, **look
    )


def place(axes: Axes, points: np.ndarray, labels: list[str], bars: np.ndarray) -> None:
    """Write each label at the nearest free place beside its point, or at the nearest one that is free of labels.

    Parameters
    ----------
    points
        Labelled points in data coordinates (points, 2).
    bars
        Limits of each point's intervals: left, right, below and above (points, 4).

    """
    figure: Any = axes.figure
    figure.draw_without_rendering()
    taken = np.concatenate([_cross(axes, point, bar) for point, bar in zip(points, bars, strict=True)])
    written, frame = np.zeros((0, 4)), axes.get_window_extent()
    for i in np.argsort(-points[:, 1], kind="stable").tolist():
        text = axes.text(0, 0, labels[i], fontsize=FONT_SIZE, transform=None, zorder=5)
        size = np.array(text.get_window_extent().size)
        text.remove()
        corners = axes.transData.transform(points[i]) + OFFSETS * (figure.dpi / 72)
        corners -= np.where(OFFSETS < 0, size, 0) * (1, 0) + size * (0, 0.5)
        boxes = np.hstack([corners - 1, corners + size + 1])
        inside = (boxes[:, :2] >= frame.min).all(1) & (boxes[:, 2:] <= frame.max).all(1)
        allowed = inside & ~_overlap(boxes, written)
        free = allowed & ~_overlap(boxes, taken)
        chosen = int(np.argmax(free)) if free.any() else int(np.argmax(allowed)) if allowed.any() else -1
        written = np.vstack([written, [*corners[chosen], *(corners[chosen] + size)]])
        _write(axes, points[i], labels[i], OFFSETS[chosen])


def _cross(axes: Axes, point: np.ndarray, bar: np.ndarray) -> np.ndarray:
    """Return the boxes in pixels of a point's intervals and its mark (3, 4)."""
    (left, below), (right, above) = axes.transData.transform([(bar[0], bar[2]), (bar[1], bar[3])])
    x, y = axes.transData.transform(point)
    return np.array([[left, y - 1, right, y + 1], [x - 1, below, x + 1, above], [x - 5, y - 5, x + 5, y + 5]])


def _overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return whether each box overlaps one of the others (boxes,); boxes are left, below, right and above."""
    low, high = np.split(boxes[:, None], 2, axis=2)
    other_low, other_high = np.split(others[None], 2, axis=2)
    return np.any(np.all((low < other_high) & (other_low < high), axis=2), axis=1)


def _write(axes: Axes, point: np.ndarray, label: str, offset: np.ndarray) -> None:
    line: Any = {"arrowstyle": "-", "linewidth": 0.4, "color": "#555555", "shrinkA": 0, "shrinkB": 3}
    axes.annotate(
        label,
        tuple(point.tolist()),
        tuple(offset.round(3).tolist()),
        textcoords="offset points",
        ha="right" if offset[0] < 0 else "left",
        va="center",
        fontsize=FONT_SIZE,
        arrowprops=line if np.hypot(*offset) >= LEADER_FROM - 1e-9 else None,
        zorder=5,
    )


PICTURE = Picture(
    name="dodges",
    title="variants of pre-training: deception avoided against performance lost, with the Pareto front",
    compute=compute,
    draw=draw,
    full={"runs": 10_000},
    quick={"runs": 1000},
)
