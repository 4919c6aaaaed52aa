"""Panels of a release's figure: risk under mitigations over time, a table of them, and competition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.release.conditions import BASE, MITIGATION, benefit, hazard, risk
from feint.scenarios.release.contests import average, owner, without
from feint.scenarios.release.release import Release

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAD, GOOD, DARK, GREY = "#d55e00", "#0072b2", "black", "0.45"
SHOWN = 11  # years that are drawn: after them little moves
MARK: dict[str, Any] = {"markersize": 3.2, "linewidth": 1.0}
BAND: dict[str, Any] = {"alpha": 0.13, "linewidth": 0}
RISKS: dict[str, dict[str, Any]] = {
    BASE: {"color": DARK, "linestyle": "-.", "marker": "D"},
    "evaluation finds 0.9": {"color": GOOD, "linestyle": "-", "marker": "o"},
    "structured access, 0.9": {"color": "#56b4e9", "linestyle": "--", "marker": "s"},
    "tamper resistance 100": {"color": "#e69f00", "linestyle": ":", "marker": "^"},
    "staged by 3 years": {"color": "#009e73", "linestyle": "--", "marker": "v"},
    "unlearned": {"color": BAD, "linestyle": "-", "marker": "x"},
}
"""The mitigations that are drawn over time: one of each way to go about it."""
RACE: dict[Any, dict[str, Any]] = {
    without: {"color": GREY, "linestyle": ":", "marker": "x", "label": "no system"},
    owner: {"color": BAD, "linestyle": "-", "marker": "o", "label": "serves its owner"},
    average: {"color": GOOD, "linestyle": "--", "marker": "s", "label": "serves the average"},
}
COLUMNS = (
    ("hazard\nyear 0", hazard, 0),
    ("hazard\nyear 10", hazard, 10),
    ("risk\nyear 10", risk, 10),
    ("benefit\nyear 0", benefit, 0),
    ("benefit\nyear 10", benefit, 10),
)


def mitigated(axes: Axes, found: Release) -> None:
    """Risk year by year as the release is, and under some mitigations; bands hold 95 % of markets."""
    for name, look in RISKS.items():
        banded(axes, found[name].line(risk)[:, :SHOWN], {**look, "label": name})
    axes.set(ylim=(-0.02, 0.75), xlabel="years after the release", ylabel="risk, an index")
    axes.set_xticks(range(0, SHOWN, 2))
    axes.set_yticks([0, 0.25, 0.5])
    axes.legend(frameon=False, ncols=2, loc="upper left", fontsize=5.8, handlelength=2.4, columnspacing=0.7)
    axes.set_title("Risk under mitigations", loc="left", fontsize=8)


def mitigation_table(axes: Axes, found: Release) -> None:
    """Means over markets, a row a mitigation: the darker, the worse of a hazard and the better of a benefit."""
    conditions = [found.base, *found.of(MITIGATION)]
    for column, (head, of, year) in enumerate(COLUMNS):
        axes.text(column, -0.75, head, ha="center", va="bottom", fontsize=6.5)
        for row, each in enumerate(conditions):
            _cell(axes, (column, row), each.mean(of, year).estimate, GOOD if of is benefit else BAD)
    for row, each in enumerate(conditions):
        axes.text(-0.6, row, each.condition.name, ha="right", va="center", fontsize=6.5)
    axes.set(xlim=(-3.1, len(COLUMNS) - 0.4), ylim=(len(conditions) - 0.4, -2.1))
    axes.set_title("Mitigations", loc="left", fontsize=8)


def _cell(axes: Axes, place: tuple[int, int], value: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    x, y = place
    axes.add_patch(
        Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, alpha=0.6 * min(1.0, value), edgecolor="white")
    )
    axes.text(x, y, f"{value:.2f}", ha="center", va="center", fontsize=6.5)


def competition(axes: Axes, found: Release) -> None:
    """Shares of the actors who want no hazard by the system they use; bands hold 95 % of markets."""
    for of, look in RACE.items():
        banded(axes, found.raced[0].line(of)[:, :SHOWN], look)
    axes.set(ylim=(-0.03, 1.45), xlabel="years after the release", ylabel="share of actors")
    axes.set_yticks([0, 0.5, 1])
    axes.set_xticks(range(0, SHOWN, 2))
    axes.legend(frameon=False, loc="upper left", fontsize=6.5, handlelength=2.4)
    axes.set_title("Competition", loc="left", fontsize=8)


def banded(axes: Axes, lines: np.ndarray, look: dict[str, Any]) -> None:
    """Means over markets year by year (markets, years), in a band that holds 95 % of them."""
    years = np.arange(lines.shape[1])
    low, high = np.quantile(lines, (0.025, 0.975), axis=0)
    axes.plot(years, lines.mean(axis=0), **look, **MARK)
    axes.fill_between(years, low, high, color=look["color"], **BAND)
