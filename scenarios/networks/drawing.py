"""How numbers over seeds are drawn: a point a seed, and a line through the medians."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from feint.sim.networks.experiments import quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, BLACK, GREY = "#0072b2", "#d55e00", "#009e73", "#222222", "#8c8c8c"  # Okabe and Ito's, and greys
APART = 0.03  # of a factor ten, by which the points of neighbouring seeds are moved


def seeds(
    axes: Axes, x: Sequence[float], values: Sequence[np.ndarray], colour: str, style: str, label: str, shift: float = 0
) -> None:
    """Points of all seeds around each x of a logarithmic axis, and a line with markers through their medians.

    `style` is a marker and a line as Matplotlib takes them; `shift` moves all by so many factors of ten.
    What was never reached is left out.
    """
    place = np.array(x) * 10**shift
    for at, each in zip(place, values, strict=True):
        moved = at * 10 ** (APART * np.linspace(-1, 1, len(each)))
        there = np.isfinite(each)
        axes.plot(moved[there], each[there], ".", color=colour, markersize=3.5, alpha=0.5, markeredgewidth=0)
    medians = np.array([quantile(each, 0.5) for each in values])
    medians[~np.isfinite(medians)] = np.nan
    axes.plot(place, medians, style, color=colour, linewidth=1.2, markersize=4, markerfacecolor="white", label=label)


def level(axes: Axes, values: np.ndarray, colour: str, style: str, label: str) -> None:
    """A horizontal line at the median, and a band over the range."""
    least, median, most = (quantile(values, q) for q in (0, 0.5, 1))
    if np.isfinite(most):
        axes.axhspan(least, most, color=colour, alpha=0.12, linewidth=0)
    if np.isfinite(median):
        axes.axhline(median, color=colour, linestyle=style, linewidth=0.9, label=label)
