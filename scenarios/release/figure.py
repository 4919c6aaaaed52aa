"""Draws a release: risk over time, cost against reach, benefits, mitigations, pools, a lineage and competition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.release.conditions import BASE, CompetitionResult, ConditionResult, MarketResult
from feint.scenarios.release.lineage import ModelReading
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, panels, parts
from feint.sim.results.provenance import data_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Look = Mapping[str, Any]
VERMILION, BLUE = "#d55e00", "#0072b2"
SHOWN = 11  # years that are drawn: after them little changes
MARK: dict[str, Any] = {"markersize": 3.2, "linewidth": 1.0}
YEARS = "years after the release"
WANTED = "share with what they want"
LONG: dict[str, Any] = {"handlelength": 2.4}
WIDE: dict[str, Any] = {"ncols": 2, "columnspacing": 0.7, **LONG}
TOP: dict[str, Any] = {**WIDE, "loc": "upper center", "columnspacing": 0.8}
"""Forms of a legend."""


LINES: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    panel: {
        label: (quantity, {"color": c, "linestyle": s, "marker": m}) for label, (quantity, c, s, m) in lines.items()
    }
    for panel, lines in data_beside(__file__, "lines.toml").items()
}
"""Quantity and look of each line, by panel and label."""
COLUMNS = (("hazard", 0), ("hazard", 10), ("risk", 10), ("benefit", 0), ("benefit", 10))
"""Quantities and years in the table of mitigations."""


def draw(
    markets: Sequence[MarketResult], competition: Sequence[CompetitionResult], lineage: Sequence[ModelReading]
) -> Figure:
    """Return the figure of the market of each condition, of the competition as assumed, and of the lineage."""
    import seaborn as sns

    def of(experiment: str) -> list[MarketResult]:
        return [result for result in markets if result.experiment == experiment]

    named = {result.name: result for result in markets}
    base = named[BASE]
    with canvas((PAGE_WIDTH, 9.0)) as figure:
        above, middle, below = parts(figure, [(2.7, 3), (3.15, 2), (3.15, 3)])
        time, cost, uses = panels(above, 1, 3)[0]
        risks, table = panels(middle, 1, 2, width_ratios=(1, 1.6))[0]
        pools, graph, systems = panels(below, 1, 3, width_ratios=(1, 1.5, 1))[0]
        _bands(time, {name: (base, *line) for name, line in LINES["time"].items()})
        _finish(time, "Open release", "share, or their product", **TOP)
        costs, shared = of("cost"), of("sharing")
        prices, sizes = [result.step_price for result in costs], [result.changes["members"] for result in shared]
        _first_year(cost, costs, prices, LINES["uses"], bars=False)
        cost.invert_xaxis()
        _finish(cost, "Cost and reach", f"{WANTED}, year 0", xlabel="dollars a step", **LONG)
        for use, (quantity, look) in LINES["uses"].items():
            _line(uses, base.values(quantity), {**look, "label": use})
        _finish(uses, "Benefits and hazards", WANTED, loc="lower right", **LONG)
        _bands(risks, {name: (named[name], *line) for name, line in LINES["risks"].items()})
        _finish(risks, "Risk under mitigations", "risk, an index", fontsize=6, **WIDE)
        risks.set(ylim=(-0.02, 0.75), yticks=[0, 0.25, 0.5])
        _mitigations(table, [base, *of("mitigation")])
        _first_year(pools, shared, sizes, LINES["pools"], bars=True)
        pools.set_xticks(sizes, [f"{size}" for size in sizes])
        _finish(pools, "Pools", "share, year 0", xlabel="actors in a pool")
        _lineage(graph, lineage)
        _bands(systems, {name: (competition[0], *line) for name, line in LINES["systems"].items()})
        _finish(systems, "Competition", "share of actors", 1.45, **LONG)
        sns.despine(figure)
        graph.axis("off")
        table.axis("off")
    return figure


def _line(axes: Axes, values: np.ndarray, look: Look) -> None:
    """Draw means over markets year by year (markets, years)."""
    means = values[:, :SHOWN].mean(axis=0)
    axes.plot(np.arange(len(means)), means, **look, **MARK)


def _bands(axes: Axes, lines: Mapping[str, tuple[ConditionResult, str, Look]]) -> None:
    """Draw quantities by label, each in a band that holds 95 % of the markets."""
    for label, (series, quantity, look) in lines.items():
        values = series.values(quantity)[:, :SHOWN]
        low, high = np.quantile(values, (0.025, 0.975), axis=0)
        _line(axes, values, {**look, "label": label})
        axes.fill_between(np.arange(len(low)), low, high, color=look["color"], alpha=0.13, linewidth=0)


def _finish(axes: Axes, title: str, ylabel: str, top: float = 1.25, xlabel: str = YEARS, **legend: Any) -> None:
    """Add title, labels, ticks and legend to a panel; by default its x-axis shows years."""
    if xlabel == YEARS:
        axes.set_xticks(range(0, SHOWN, 2))
    axes.set(ylim=(-0.03, top), xlabel=xlabel, ylabel=ylabel)
    axes.set_yticks([0, 0.5, 1])
    axes.legend(**{"frameon": False, "loc": "upper left", "fontsize": 6.5, **legend})
    axes.set_title(title, loc="left", fontsize=8)


def _first_year(
    axes: Axes, results: Sequence[MarketResult], x: list[Any], lines: Mapping[str, tuple[str, Look]], *, bars: bool
) -> None:
    """Draw quantities by label in the first year against a number of the conditions, with bars or bands."""
    for label, (quantity, look) in lines.items():
        intervals = [result.mean(quantity, 0) for result in results]
        means, style = [interval.estimate for interval in intervals], {"label": label, **look, **MARK}
        if bars:
            axes.errorbar(x, np.array(means), [interval.half_width for interval in intervals], capsize=1.5, **style)
        else:
            axes.plot(x, means, **style)
            low, high = zip(*((interval.low, interval.high) for interval in intervals), strict=True)
            axes.fill_between(x, low, high, color=look["color"], alpha=0.13)
    axes.set_xscale("log")
    axes.minorticks_off()


def _mitigations(axes: Axes, results: Sequence[MarketResult]) -> None:
    """Draw a table of means over markets; darker is worse for a hazard and better for a benefit."""
    from matplotlib.patches import Rectangle

    for x, (quantity, year) in enumerate(COLUMNS):
        axes.text(x, -0.75, f"{quantity}\nyear {year}", ha="center", va="bottom", fontsize=6.5)
        for y, result in enumerate(results):
            value, colour = result.mean(quantity, year).estimate, BLUE if quantity == "benefit" else VERMILION
            shade = {"facecolor": colour, "alpha": 0.6 * min(1.0, value), "edgecolor": "white"}
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, **shade))
            axes.text(x, y, f"{value:.2f}", ha="center", va="center", fontsize=6.5)
    for y, result in enumerate(results):
        axes.text(-0.6, y, result.name, ha="right", va="center", fontsize=6.5)
    axes.set(xlim=(-3.1, len(COLUMNS) - 0.4), ylim=(len(results) - 0.4, -2.1))
    axes.set_title("Mitigations", loc="left", fontsize=8)


def _lineage(axes: Axes, lineage: Sequence[ModelReading]) -> None:
    """Draw the lineage from top to bottom, with how well Y can be read in each model, and how often it is deceptive."""
    import networkx as nx

    graph = nx.DiGraph((parent, model.name) for model in lineage for parent in model.parents)
    places = {}
    for depth, names in enumerate(nx.topological_generations(graph)):
        left = 1.5 - (len(names) - 1) / 2 * 1.2
        places |= {name: (left + 1.2 * i, -float(depth)) for i, name in enumerate(names)}
    for parent, child in graph.edges:
        (x, y), (to_x, to_y) = places[parent], places[child]
        arrow = {"arrowstyle": "->", "linewidth": 0.7, "color": "0.3"}
        axes.annotate("", xy=(to_x, to_y + 0.3), xytext=(x, y - 0.22), arrowprops=arrow)
    for model in lineage:
        shade, name = 1 - 0.55 * model.hides.estimate, "\n".join(model.name.split(" ", 1))
        words = f"{name}\n{model.hides.estimate:.2f} | {model.plays.estimate:.2f}"
        look = {"facecolor": (1, shade, shade * 0.9), "edgecolor": "0.3", "linewidth": 0.5}
        box = {"boxstyle": "round,pad=0.25", **look}
        x, y = places[model.name]
        axes.text(x, y, words, ha="center", va="center", fontsize=6, bbox=box)
    axes.set(xlim=(-0.75, 3.75), ylim=(-4.5, 0.5))
    axes.set_title("A lineage: r² of reading Y (colour) | share deceptive", loc="left", fontsize=8)
