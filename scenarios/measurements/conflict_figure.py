"""The figure of a conflict: how much of the prior each premise reconciles, and with which values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FACES = ("#56b4e9", "#0072b2")  # colours of Okabe and Ito, by reading
SIDES: tuple[dict[str, Any], ...] = (
    {"color": "#d55e00", "marker": "o", "markersize": 4},
    {"color": "#000000", "marker": "D", "markersize": 4},
)
QUANTILES = (0.1, 0.5, 0.9)


def draw_conflict(panels: Sequence[Axes], readings: Sequence[Any], names: Sequence[str]) -> None:
    """Draw the readings of a conflict into two panels that share the premises as lines, the last reading's first."""
    premises = readings[-1].premises
    lines = {share.name: -line for line, share in enumerate(premises)}
    _draw_shares(panels[0], readings, lines)
    _draw_values(panels[1], premises, lines, names)
    panels[0].set_yticks([*lines.values()], [*lines])


def _draw_shares(axes: Axes, readings: Sequence[Any], lines: dict[str, int]) -> None:
    from matplotlib.patches import Patch

    for k, reading in enumerate(readings):
        shift = 0.2 - 0.4 * k
        for share in reading.premises:
            y, apart = lines[share.name] + shift, share.apart
            axes.barh(y, 100 * apart.estimate, height=0.36, color=FACES[k])
            axes.plot([100 * apart.low, 100 * apart.high], [y, y], color="#222222", linewidth=0.8)
    axes.set_xlim(left=0)
    axes.set_xlabel("draws reconciled only by a difference, %")
    labels = [f"{100 * reading.common:g} % of discrepancies shared" for reading in readings]
    handles = [Patch(color=face, label=label) for face, label in zip(FACES, labels, strict=False)]
    axes.legend(handles=handles, frameon=False, loc="lower center", bbox_to_anchor=(0.4, 1.0))


def _draw_values(axes: Axes, premises: Sequence[Any], lines: dict[str, int], names: Sequence[str]) -> None:
    for side, (name, mark) in enumerate(zip(names, SIDES, strict=True)):
        shift = 0.14 - 0.28 * side
        for share in premises:
            if len(share.places):
                y, places = lines[share.name] + shift, share.places[:, side]
                low, middle, high = np.quantile(places, QUANTILES)
                axes.plot([low, high], [y, y], color=mark["color"], linewidth=1)
                axes.plot([middle], [y], linewidth=0, **mark)
        axes.plot([], [], linewidth=1, label=name, **mark)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("value that reconciles, place in its range")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0))
