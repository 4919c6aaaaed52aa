"""Chart of auditors: ROC curves, cost against what is told apart, and how that goes with awareness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.scenarios.oversight.auditor_evaluation import DECEPTIVE, THIRDS, Auditing
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE
from feint.sim.statistics.roc import GRID, Separation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = {
    "behaviour": ("#000000", "o", "-"),
    "honeypots": ("#e69f00", "s", "--"),
    "probe": ("#0072b2", "D", "-."),
    "ablation": ("#d55e00", "^", ":"),
    "reverse": ("#009e73", "v", (0, (5, 1, 1, 1))),
}  # Okabe and Ito's palette, with marks and lines for readers in grey


def figure(found: Auditing) -> Figure:
    """Curves left; right, cost above and thirds of awareness below."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, 4.4), layout="constrained")
        places = drawn.subplot_mosaic([["curves", "cost"], ["curves", "thirds"]], width_ratios=(1.35, 1))
        _curves(places["curves"], found)
        _costs(places["cost"], found)
        _thirds(places["thirds"], found)
        sns.despine(drawn)
        handles, labels = places["thirds"].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    return drawn


def _curves(axes: Axes, found: Auditing) -> None:
    """Detection by false alarm, with bands."""
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.7, zorder=0)
    for each in found.audited:
        if each.curve is None:
            continue
        colour, _, line = LOOKS[each.auditor.name]
        axes.plot(each.curve.false_alarms, each.curve.detections, color=colour, linestyle=line, linewidth=1.3)
        axes.fill_between(GRID, each.curve.low, each.curve.high, color=colour, alpha=0.18, linewidth=0)
    if not any(each.curve for each in found.audited):
        axes.text(0.5, 0.6, "no deceptive run, or no aligned one:\nnothing to tell apart", ha="center")
    axes.set(xlabel="aligned runs suspected", ylabel="deceptive runs caught", xlim=(0, 1), ylim=(0, 1.01))
    axes.set_title("ROC curves, with 95 % bands", loc="left")


def _costs(axes: Axes, found: Auditing) -> None:
    """AUC by cost."""
    for each in found.audited:
        colour, mark, _ = LOOKS[each.auditor.name]
        _point(axes, each.auditor.cost, each.separations[DECEPTIVE], colour, mark)
    axes.axhline(0.5, color="0.6", linewidth=0.7, zorder=0)
    axes.set(xlabel="cost (samples a run)", ylabel="AUC, deceptive", xscale="log", ylim=(0.25, 1.02))
    axes.set_title("Cost", loc="left")


def _thirds(axes: Axes, found: Auditing) -> None:
    """AUC by third of awareness, side by side."""
    places = np.arange(len(THIRDS))
    offsets = np.linspace(-0.2, 0.2, len(found.audited)) if len(found.audited) > 1 else np.zeros(1)
    for offset, each in zip(offsets, found.audited, strict=True):
        colour, mark, line = LOOKS[each.auditor.name]
        axes.plot([], [], marker=mark, color=colour, linestyle=line, markersize=4, label=each.auditor.name)
        for place, third in zip(places, THIRDS, strict=True):
            _point(axes, place + offset, each.separations[third], colour, mark)
    axes.axhline(0.5, color="0.6", linewidth=0.7, zorder=0)
    axes.set_xticks(places, ["least", "middle", "most"])
    axes.set(xlabel="third of deceptive runs by awareness", ylabel="AUC", ylim=(0.25, 1.02))
    axes.set_title("Awareness", loc="left")


def _point(axes: Axes, x: float, each: Separation, colour: str, mark: str) -> None:
    """An AUC with its interval, where there is one."""
    if each.auc is not None:
        axes.plot([x, x], [each.auc.low, each.auc.high], color=colour, linewidth=1.0)
        axes.plot(x, each.auc.estimate, mark, color=colour, markersize=4)
