"""Labels of points, placed so that none lies over another one, a point or an interval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = 7  # points, of the letters
ROUNDS = (7, 13, 20, 28, 37, 47, 58, 70)  # points from the labelled one at which a place is looked for
TURNS = 16  # directions at each
LINE_FROM = 13  # from so far on a line leads to the label


def place(axes: Axes, points: np.ndarray, labels: list[str], bars: np.ndarray) -> None:
    """Write a label beside each point (points, 2); `bars` are its limits, left, right, below and above (points, 4).

    Each label takes the free place that is the nearest, from the upper right around; where there is none it takes the
    nearest one that is free of labels.
    """
    figure: Any = axes.figure
    figure.draw_without_rendering()
    taken = [box for point, bar in zip(points, bars, strict=True) for box in _cross(axes, point, bar)]
    written: list[np.ndarray] = []
    frame = axes.get_window_extent()
    inside = np.array([frame.x0, frame.y0, frame.x1, frame.y1])
    dot = figure.dpi / 72
    order = np.argsort(-points[:, 1], kind="stable")
    for i in order.tolist():
        text = axes.text(0, 0, labels[i], fontsize=SIZE, transform=None, zorder=5)
        size = text.get_window_extent()
        at, x, y = _place(axes.transData.transform(points[i]), (size.width, size.height), dot, inside, taken, written)
        text.remove()
        written.append(np.array([x, y, x + size.width, y + size.height]))
        _write(axes, points[i], labels[i], at)


def _cross(axes: Axes, point: np.ndarray, bar: np.ndarray) -> Iterator[np.ndarray]:
    """The boxes in pixels that a point's intervals and its mark take."""
    (left, below), (right, above) = axes.transData.transform([(bar[0], bar[2]), (bar[1], bar[3])])
    x, y = axes.transData.transform(point)
    yield np.array([left, y - 1, right, y + 1])
    yield np.array([x - 1, below, x + 1, above])
    yield np.array([x - 5, y - 5, x + 5, y + 5])


Box = tuple[float, float]


def _place(
    at: np.ndarray, size: Box, dot: float, inside: np.ndarray, taken: list[np.ndarray], written: list[np.ndarray]
) -> tuple[Box, float, float]:
    """The offset in points, and the lower left corner in pixels, of the nearest free place."""
    spare = None
    for away in ROUNDS:
        for turn in range(TURNS):
            angle = np.pi / 4 + 2 * np.pi * turn / TURNS
            offset = (away * float(np.cos(angle)), away * float(np.sin(angle)))
            x, y = _corner(at, offset, size, dot)
            box = np.array([x - 1, y - 1, x + size[0] + 1, y + size[1] + 1])
            if not _within(box, inside) or any(_over(box, other) for other in written):
                continue
            if not any(_over(box, other) for other in taken):
                return offset, x, y
            spare = spare or (offset, x, y)
    return spare or ((ROUNDS[0], ROUNDS[0]), *_corner(at, (ROUNDS[0], ROUNDS[0]), size, dot))


def _corner(at: np.ndarray, offset: Box, size: Box, dot: float) -> Box:
    """The lower left corner of a text that stands to the side of its offset."""
    x, y = at[0] + offset[0] * dot, at[1] + offset[1] * dot
    return x - (size[0] if offset[0] < 0 else 0), y - size[1] / 2


def _within(box: np.ndarray, outer: np.ndarray) -> bool:
    return bool((box[:2] >= outer[:2]).all() and (box[2:] <= outer[2:]).all())


def _over(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def _write(axes: Axes, point: np.ndarray, label: str, offset: Box) -> None:
    side = "right" if offset[0] < 0 else "left"
    line: Any = {"arrowstyle": "-", "linewidth": 0.4, "color": "#555555", "shrinkA": 0, "shrinkB": 3}
    axes.annotate(
        label,
        tuple(point.tolist()),
        (round(offset[0], 3), round(offset[1], 3)),
        textcoords="offset points",
        ha=side,
        va="center",
        fontsize=SIZE,
        arrowprops=line if np.hypot(*offset) >= LINE_FROM - 1e-9 else None,
        zorder=5,
    )
