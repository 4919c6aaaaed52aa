"""Chart of what overseers make of runs: what they deploy, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.agents.outcome import Outcome
from feint.scenarios.oversight.overseer_baselines import Found, Row
from feint.scenarios.oversight.overseer_text import WORDS
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE, face

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def figure(found: Found) -> Figure:
    """A row a population: shares deployed as each type, and mean returns with their intervals."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    populations = list(found.terms)
    count = len(found.of(populations[0]))
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, (0.22 * count + 0.7) * len(populations)), layout="constrained")
        panels = drawn.subplots(len(populations), 2, sharey="row", sharex="col", squeeze=False)
        for (left, right), population in zip(panels, populations, strict=True):
            rows = found.of(population)
            _shares(left, rows)
            _returns(right, rows)
            left.set_title(WORDS.get(population, population), loc="left")
        panels[-1, 0].set_xlabel("share of the runs, as they were deployed")
        panels[-1, 1].set_xlabel("return: performance less harm less cost")
        sns.despine(drawn)
        handles, labels = panels[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return drawn


def _shares(axes: Axes, rows: Sequence[Row]) -> None:
    """Stacked bars; what is missing to 1 was not deployed."""
    at, left = np.arange(len(rows)), np.zeros(len(rows))
    for outcome in Outcome:
        shares = np.array([row.share(outcome).estimate for row in rows])
        axes.barh(at, shares, left=left, height=0.7, label=outcome.label, **face(outcome))
        left += shares
    axes.set_yticks(at, [row.overseer for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1)


def _returns(axes: Axes, rows: Sequence[Row]) -> None:
    values = [row.value for row in rows]
    reach = [value.half_width for value in values]
    axes.axvline(0, color="0.6", linewidth=0.6)
    at = range(len(rows))
    axes.errorbar([value.estimate for value in values], at, xerr=reach, fmt="o", markersize=4, color="black", capsize=2)
