"""How the kinds of runs of the fine-tuning scenarios are drawn: a colour and a marker a type, open where prepared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.outcome import Outcome
from feint.scenarios.finetuning.groups import ANY, Kind
from feint.sim.results.figure_style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from feint.sim.statistics.intervals import Interval

MARKERS = {ANY: "o", "unconverged": "x", "internal": "s", "corrigible": "^", "deceptive": "D", "proxy": "v"}
CONTROL: dict[str, Any] = {"color": "0.45", "linestyle": ":", "linewidth": 1.1}
"""How what never had Y is drawn."""


def look(kind: Kind) -> dict[str, Any]:
    """Colour, marker and line of a kind."""
    colour = "black" if kind.name == ANY else COLOURS[Outcome.named(kind.name)]
    colour = "0.6" if kind.name == "unconverged" else colour
    return {
        "color": colour,
        "marker": MARKERS[kind.name],
        "markersize": 4,
        "markerfacecolor": "white" if kind.prepared else colour,
        "markeredgecolor": colour if kind.name != "proxy" else "0.3",
        "linestyle": "--" if kind.prepared else "-",
        "linewidth": 1.0,
    }


def line(axes: Axes, x: Sequence[float], intervals: Sequence[Interval], kind: Kind) -> None:
    """Estimates with their limits, joined."""
    y, reach = reaches(intervals)
    axes.errorbar(x, y, yerr=reach, elinewidth=0.7, capsize=1.5, label=f"{kind}", **look(kind))


def points(axes: Axes, x: Sequence[float], intervals: Sequence[Interval], kind: Kind) -> None:
    """Estimates with their limits, apart."""
    y, reach = reaches(intervals)
    shown = {**look(kind), "linestyle": "none"}
    axes.errorbar(x, y, yerr=reach, elinewidth=0.7, capsize=1.5, label=f"{kind}", **shown)


def reaches(intervals: Sequence[Interval]) -> tuple[np.ndarray, np.ndarray]:
    """Estimates, and how far limits are from them, below and above (2, intervals)."""
    estimates = np.array([each.estimate for each in intervals])
    limits = np.array([[each.low, each.high] for each in intervals]).T
    return estimates, np.abs(limits - estimates)


def side_by_side(count: int, wide: float = 0.7) -> np.ndarray:
    """Where so many points stand beside each other about a place."""
    return (np.arange(count) - (count - 1) / 2) * wide / max(count, 1)
