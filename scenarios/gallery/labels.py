"""Labels of points, placed so that none overlaps another label, a point or an interval."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

FONT_SIZE = 7  # points
DISTANCES = (7, 13, 20, 28, 37, 47, 58, 70)  # points from the labelled point at which a place is tried
ANGLES = [np.pi / 4 + 2 * np.pi * turn / 16 for turn in range(16)]  # directions at each, from the upper right around
OFFSETS = np.array(
    [(away * np.cos(angle), away * np.sin(angle)) for away in DISTANCES for angle in ANGLES]
    + [(DISTANCES[0], DISTANCES[0])]  # if no place is free of labels
)
LEADER_FROM = 13  # points from which on a line leads to the label


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
