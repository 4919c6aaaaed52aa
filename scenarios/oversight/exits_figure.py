"""Charts of where playing along, and looking for the sign, is best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.sim.environments.value_iteration import checking, worth_waiting
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from feint.scenarios.oversight import rsa2048
    from feint.scenarios.oversight import two_exits as exits

LOOKS: dict[str, dict[str, Any]] = {
    "plays along": {"color": "#d55e00", "marker": "o"},
    "check": {"color": "#d55e00", "marker": "o"},
    "B always": {"color": "#0072b2", "marker": "x"},
    "defect": {"color": "#0072b2", "marker": "x"},
    "does not": {"color": "#0072b2", "marker": "x"},
    "A always": {"color": "#777777", "marker": "_"},
    "comply": {"color": "#777777", "marker": "_"},
    "inverted": {"color": "#009e73", "marker": "^"},
}
FINE = 160


def two_exits(found: exits.Found) -> Figure:
    """By discount and length of deployment; by discount and strength; by reliability of the cue and honeypots."""
    life, along = found.life, ("does not", "plays along")
    lengths = [(each.life.discount, each.life.deployment, along[each.plays]) for each in found.lengths]
    strengths = [(each.life.discount, each.life.strength, along[each.plays]) for each in found.strengths]
    cues = [(each.life.cue_reliability, each.life.honeypots, each.best) for each in found.cues]
    sheet, (left, middle, right) = _sheet(3)
    _points(left, lengths, "discount δ", "episodes of deployment D")
    _points(middle, strengths, "discount δ", "strength of modification μ")
    _points(right, cues, "reliability of the cue ρ", "share of honeypots o")
    discounts = np.linspace(0.01, 1, FINE)
    sums = np.array([worth_waiting(life.replace(discount=float(d), strength=1.0)) for d in discounts])
    middle.plot(discounts, 1 / sums, color="black", linewidth=1)
    lasts = np.linspace(1, max(each[1] for each in lengths), FINE)
    grid = np.array([[_waiting(life, d, n) for d in discounts] for n in lasts])
    left.contour(discounts, lasts, grid, levels=[1], colors="black", linewidths=1)
    middle.set(ylim=(0.1, 1.05), xlim=(-0.03, 1.03))
    left.set(xlim=(-0.03, 1.03), ylim=(0.5, lasts[-1] + 0.5))
    left.set_title(f"Knows its episode (μ = {life.strength:.2g})", loc="left", fontsize=8)
    middle.set_title(f"Knows its episode (D = {life.deployment})", loc="left", fontsize=8)
    right.set_title("Knows its cue alone", loc="left", fontsize=8)
    return sheet


def _waiting(life: Any, discount: float, deployment: float) -> float:
    """μ δ^T S_D, with S_D = (1 - δ^D) / (1 - δ), also between whole numbers of episodes."""
    series = deployment if discount == 1 else (1 - discount**deployment) / (1 - discount)
    return life.strength * discount**life.training * series


def rsa(found: rsa2048.Found) -> Figure:
    """The best way by discount and cost of a check, and what it is worth."""
    cells = [(each.life.discount, each.life.check_cost, each.best) for each in found.cells]
    sheet, (left, right) = _sheet(2)
    _points(left, cells, "discount δ", "cost of a check c")
    discounts = np.linspace(0.3, 1, FINE)
    left.plot(discounts, [_bound(found.life, float(d)) for d in discounts], color="black", linewidth=1)
    costs = np.linspace(0, max(each[1] for each in cells), 30)
    values = [checking(found.life.replace(check_cost=float(cost))) for cost in costs]
    for protocol, style in zip(("check", "defect", "comply"), ("-", "--", ":"), strict=True):
        right.plot(costs, [each[protocol] for each in values], style, color=LOOKS[protocol]["color"], label=protocol)
    right.set(xlabel="cost of a check c", ylabel="worth of a life to the agent")
    right.legend(frameon=False, fontsize=7)
    left.set(ylim=(-0.03, 0.75))
    left.set_title("Best way", loc="left", fontsize=8)
    right.set_title(f"Worth (δ = {found.life.discount:g})", loc="left", fontsize=8)
    return sheet


def _bound(life: Any, discount: float) -> float:
    """The cost of a check up to which checking is best; below 0 where it never is."""
    free, dear = (checking(life.replace(discount=discount, check_cost=cost)) for cost in (0.0, 1.0))
    return (free["check"] - max(0.0, free["defect"])) / (free["check"] - dear["check"])


def _sheet(panels: int) -> tuple[Figure, Sequence[Axes]]:
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        sheet = Figure(figsize=(PAGE_WIDTH, 2.9), layout="constrained")
        axes = sheet.subplots(1, panels)
        sns.despine(sheet)
    return sheet, axes


def _points(axes: Axes, cells: Sequence[tuple[float, float, str]], across: str, up: str) -> None:
    """A sign for each cell, by what is best there."""
    for name in dict.fromkeys(each[2] for each in cells):
        x, y = np.array([each[:2] for each in cells if each[2] == name], float).T
        axes.scatter(x, y, s=18, linewidths=1, label=name, **LOOKS[name])
    axes.set(xlabel=across, ylabel=up)
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=2, fontsize=7)
