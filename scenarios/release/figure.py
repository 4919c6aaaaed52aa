"""Charts of what a release leads to: risk over time, cost against reach, benefits, mitigations, a lineage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.release.conditions import (
    COST,
    SHARING,
    Found,
    benefit,
    caught,
    exposure,
    hazard,
    risk,
    vulnerability,
)
from feint.scenarios.release.lineage import Heir
from feint.scenarios.release.panels import (
    BAD,
    DARK,
    GOOD,
    GREY,
    MARK,
    SHOWN,
    banded,
    competition,
    mitigated,
    mitigation_table,
)
from feint.scenarios.release.release import Release
from feint.scenarios.release.training_protocols import USES
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES: dict[Callable[..., np.ndarray], dict[str, Any]] = {
    hazard: {"color": BAD, "linestyle": "-", "marker": "o"},
    exposure: {"color": GOOD, "linestyle": "--", "marker": "s"},
    vulnerability: {"color": "#009e73", "linestyle": ":", "marker": "^"},
    risk: {"color": DARK, "linestyle": "-.", "marker": "D"},
}
USE_LINES: dict[str, dict[str, Any]] = {
    "customisation": {"color": GOOD, "linestyle": "-", "marker": "s"},
    "language": {"color": "#56b4e9", "linestyle": "--", "marker": "^"},
    "defence": {"color": "#009e73", "linestyle": ":", "marker": "v"},
    "wrapped hazard": {"color": BAD, "linestyle": "-", "marker": "o"},
    "new hazard": {"color": "#e69f00", "linestyle": "--", "marker": "D"},
}


def figure(found: Release) -> Figure:
    """Three experiments, risk over time with and without mitigations, their table, a lineage, and competition."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, 9.0), layout="constrained")
        above, middle, below = drawn.subfigures(3, 1, height_ratios=(1, 1.15, 1.15), squeeze=False)[:, 0]
        left, centre, right = above.subplots(1, 3)
        _time(left, found.base)
        _cost(centre, found)
        _benefits(right, found.base)
        risks, table = middle.subplots(1, 2, width_ratios=(1, 1.6))
        mitigated(risks, found)
        mitigation_table(table, found)
        pools, lineage, racing = below.subplots(1, 3, width_ratios=(1, 1.5, 1))
        _pools(pools, found)
        _lineage(lineage, found)
        competition(racing, found)
        sns.despine(drawn)
        lineage.axis("off")
        table.axis("off")
    return drawn


def _time(axes: Axes, found: Found) -> None:
    """Hazard, exposure, vulnerability and risk; bands hold 95 % of markets."""
    for of, look in LINES.items():
        banded(axes, found.line(of)[:, :SHOWN], {**look, "label": of.__name__})
    axes.set(ylim=(-0.03, 1.25), xlabel="years after the release", ylabel="share, or their product")
    axes.set_yticks([0, 0.5, 1])
    axes.set_xticks(range(0, SHOWN, 2))
    axes.legend(frameon=False, ncols=2, loc="upper center", fontsize=6.5, handlelength=2.4, columnspacing=0.8)
    axes.set_title("Open release", loc="left", fontsize=8)


def _cost(axes: Axes, found: Release) -> None:
    """Reach of each use in the first year against what a step costs then."""
    conditions = found.of(COST)
    prices = [found.setting.step_price * each.condition.dearer for each in conditions]
    for use, look in USE_LINES.items():
        intervals = [each.reach(use, 0) for each in conditions]
        axes.plot(prices, [each.estimate for each in intervals], label=use, **look, **MARK)
        axes.fill_between(
            prices, [each.low for each in intervals], [each.high for each in intervals], color=look["color"], alpha=0.13
        )
    axes.set(xscale="log", ylim=(-0.03, 1.25), xlabel="dollars a step", ylabel="share with what they want, year 0")
    axes.set_yticks([0, 0.5, 1])
    axes.invert_xaxis()
    axes.minorticks_off()
    axes.legend(frameon=False, loc="upper left", fontsize=6.5, handlelength=2.4)
    axes.set_title("Cost and reach", loc="left", fontsize=8)


def _benefits(axes: Axes, found: Found) -> None:
    """Reach of every use year by year."""
    for place, use in enumerate(USES):
        lines = found.line(lambda course, place=place: course.reach[:, place])[:, :SHOWN]
        axes.plot(np.arange(lines.shape[1]), lines.mean(axis=0), label=use.name, **USE_LINES[use.name], **MARK)
    axes.set(ylim=(-0.03, 1.25), xlabel="years after the release", ylabel="share with what they want")
    axes.set_yticks([0, 0.5, 1])
    axes.set_xticks(range(0, SHOWN, 2))
    axes.legend(frameon=False, loc="lower right", fontsize=6.5, handlelength=2.4)
    axes.set_title("Benefits and hazards", loc="left", fontsize=8)


def _pools(axes: Axes, found: Release) -> None:
    """What pools do in the first year."""
    conditions = found.of(SHARING)
    sizes = [each.condition.changes["members"] for each in conditions]
    drawn: dict[str, tuple[Callable[..., np.ndarray], dict[str, Any]]] = {
        "hazard": (hazard, LINES[hazard]),
        "benefit": (benefit, LINES[exposure]),
    }
    drawn["found out"] = caught, {"color": GREY, "linestyle": ":", "marker": "x"}
    for name, (of, look) in drawn.items():
        intervals = [each.mean(of, 0) for each in conditions]
        estimates = np.array([each.estimate for each in intervals])
        axes.errorbar(
            sizes, estimates, yerr=[each.half_width for each in intervals], capsize=1.5, label=name, **look, **MARK
        )
    axes.set(xscale="log", ylim=(-0.03, 1.25), xlabel="actors in a pool", ylabel="share, year 0")
    axes.set_yticks([0, 0.5, 1])
    axes.set_xticks(sizes, [f"{size}" for size in sizes])
    axes.minorticks_off()
    axes.legend(frameon=False, loc="upper left", fontsize=6.5)
    axes.set_title("Pools", loc="left", fontsize=8)


def _lineage(axes: Axes, found: Release) -> None:
    """The lineage from top to bottom, each model with how well Y can be read in it and how often it plays along."""
    import networkx as nx

    graph = nx.DiGraph((parent, heir.name) for heir in found.heirs for parent in heir.parents)
    places = _places(graph)
    for parent, child in graph.edges:
        (x, y), (to_x, to_y) = places[parent], places[child]
        arrow = {"arrowstyle": "->", "linewidth": 0.7, "color": "0.3"}
        axes.annotate("", xy=(to_x, to_y + 0.3), xytext=(x, y - 0.22), arrowprops=arrow)
    for heir in found.heirs:
        _node(axes, heir, places[heir.name])
    axes.set(xlim=(-0.75, 3.75), ylim=(-4.5, 0.5))
    axes.set_title("A lineage: Y read, r² | plays", loc="left", fontsize=8)


def _node(axes: Axes, heir: Heir, place: tuple[float, float]) -> None:
    shade = 1 - 0.55 * heir.hides.estimate
    name = "\n".join(heir.name.split(" ", 1))
    words = f"{name}\n{heir.hides.estimate:.2f} | {heir.plays.estimate:.2f}"
    box = {"boxstyle": "round,pad=0.25", "facecolor": (1, shade, shade * 0.9), "edgecolor": "0.3", "linewidth": 0.5}
    axes.text(*place, words, ha="center", va="center", fontsize=5.5, bbox=box)


def _places(graph: Any) -> dict[str, tuple[float, float]]:
    """A line for each generation, side by side in it."""
    import networkx as nx

    places = {}
    for depth, names in enumerate(nx.topological_generations(graph)):
        middle = 1.5 - (len(names) - 1) / 2 * 1.2
        places |= {name: (middle + 1.2 * i, -float(depth)) for i, name in enumerate(names)}
    return places
