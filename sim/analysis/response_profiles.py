"""Profiles: a response along one parameter, or along each of several alone, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError, unknown
from feint.sim.analysis.grid_slices import is_number, level_text, section
from feint.sim.analysis.phase_diagrams import COLUMN_WIDTH, LINE_HEIGHT, settled
from feint.sim.analysis.plot_axes import scale
from feint.sim.analysis.plotted_responses import Layer
from feint.sim.analysis.response_surface import DIFFERENCE
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.sweeps.factors import Factor

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS, HEIGHT = 3, 1.7  # panels in a row of a page, and inches of each
DODGE = 0.1  # between the lines of a panel, of the distance to the next level, so that their intervals do not overlap
LOOKS: tuple[dict[str, Any], ...] = (  # Okabe and Ito's colours; markers and dashes for readers in grey
    {"color": "#0072b2", "marker": "o", "linestyle": "-"},
    {"color": "#d55e00", "marker": "s", "linestyle": "--"},
    {"color": "#000000", "marker": "^", "linestyle": ":"},
    {"color": "#009e73", "marker": "D", "linestyle": "-."},
    {"color": "#cc79a7", "marker": "v", "linestyle": "-"},
    {"color": "#56b4e9", "marker": "P", "linestyle": "--"},
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """Layers along parameters; a table with a row a parameter, layer, line and value."""

    factors: tuple[Factor, ...]  #: one of a grid, all or one of those that vary one at a time
    lines: Factor | None  #: of a grid, one more parameter that varies: a line a level
    at: dict[str, Any]  #: of a grid, what the others are held at
    layers: tuple[Layer, ...]
    table: pd.DataFrame  #: `parameter`, `layer`, `line`, `value`, `outcome`, `estimate`, `low`, `high`, `method`


def profile(
    layers: Sequence[Layer],
    x: str | None = None,
    at: Mapping[str, Any] | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> Profile:
    """The profile along one parameter of a grid, or along each of those that vary one at a time, or one of them.

    Raises `InputError` for another design, and as `section` does.
    """
    study = layers[0].responses[0].study
    if study.design == "one-at-a-time":
        if at:
            raise InputError("at is not allowed where parameters vary one at a time: the others are held as they are.")
        return _one_at_a_time(layers, x, confidence)
    if study.design != "grid":
        raise InputError(
            f"design = {study.design!r} has no lines of points: a profile needs design = 'grid' or 'one-at-a-time'."
        )
    if x is None:
        raise InputError(f"x is missing: name one of {', '.join(factor.name for factor in study.factors)}.")
    found = section(layers, (x,), at, confidence=confidence)
    lines = found.panels
    table = found.table.assign(parameter=x, value=found.table[x])
    table["line"] = "" if lines is None else [level_text(level) for level in found.table[lines.name]]
    return Profile(factors=found.axes, lines=lines, at=found.at, layers=found.layers, table=table[COLUMNS])


COLUMNS = ["parameter", "layer", "line", "value", "outcome", "estimate", "low", "high", "method"]


def _one_at_a_time(layers: Sequence[Layer], x: str | None, confidence: float) -> Profile:
    """A factor's rows: the first point, where all stand at their base, and those that differ from it in it alone."""
    import pandas as pd

    factors = {factor.name: factor for factor in layers[0].responses[0].study.factors}
    if x is not None and x not in factors:
        raise unknown("varied parameter", x, factors)
    parts = []
    for layer in layers:
        table = layer.frame(confidence)
        differs = table[list(factors)] != table[list(factors)].iloc[0]
        for name in [x] if x else factors:
            rows = table[~differs.drop(columns=name).any(axis=1)]
            part = rows.assign(parameter=name, line="", value=rows[name].astype(object))
            numbers = all(is_number(value) for value in part["value"])
            parts.append(part.sort_values("value") if numbers else part)
    table = pd.concat(parts, ignore_index=True)[COLUMNS]
    shown = (factors[x],) if x else tuple(factors.values())
    return Profile(factors=shown, lines=None, at={}, layers=tuple(layers), table=table)


def figure(found: Profile) -> Figure:
    """Lines with intervals: arms in one panel, a panel a layer where lines are levels, or a panel a parameter."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    panels = list(_panels(found))
    across = ACROSS if len(found.factors) > 1 else 1
    down = -(-len(panels) // across)
    width = PAGE_WIDTH if across > 1 else COLUMN_WIDTH
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        height = HEIGHT * down + LINE_HEIGHT * (4 + len(found.at))
        drawn = Figure(figsize=(width, height), layout="constrained")
        every = drawn.subplots(down, across, squeeze=False, sharey=len(found.factors) > 1).ravel()
        _share_arms(found, every)
        for axes, (title, factor, rows) in zip(every, panels, strict=False):
            _draw(axes, factor, rows)
            axes.set_title(title, fontsize=8, loc="left")
            axes.set_xlabel(factor.name if len(found.factors) > 1 or axes is every[len(panels) - 1] else "")
        for axes in every[len(panels) :]:
            axes.set_visible(False)
        held = "".join(f"\n({name} = {level_text(value)})" for name, value in found.at.items())
        every[len(panels) - 1].set_xlabel(every[len(panels) - 1].get_xlabel() + held)
        _legend(drawn, found, every[0])
        sns.despine(fig=drawn)
        return settled(drawn)


def _share_arms(found: Profile, every: np.ndarray) -> None:
    """One scale for the panels of the arms, where each layer has a panel; a difference has its own."""
    if found.lines is not None and len(found.factors) == 1:
        arms = [axes for axes, layer in zip(every, found.layers, strict=False) if layer.name != DIFFERENCE]
        for axes in arms[1:]:
            axes.sharey(arms[0])


def _panels(found: Profile) -> Iterator[tuple[str, Factor, pd.DataFrame]]:
    """Title, parameter and rows of each panel, the rows with the label of their line in `label`."""
    table, titles = found.table, {layer.name: layer.title for layer in found.layers}
    compared, noun = table["layer"] == DIFFERENCE, found.layers[0].responses[0].noun
    factor, *others = found.factors
    if others:
        shown = table[~compared] if not compared.all() else table  # the difference is the gap between the arms
        for factor in found.factors:
            rows = shown[shown["parameter"] == factor.name]
            yield "", factor, rows.assign(label=rows["layer"].map(titles))
    elif found.lines is not None:
        for layer in found.layers:
            rows = table[table["layer"] == layer.name]
            yield layer.title, factor, rows.assign(label=rows["line"])
    else:
        for title, rows in ((noun, table[~compared]), (titles.get(DIFFERENCE, ""), table[compared])):
            if len(rows):
                yield title, factor, rows.assign(label=rows["layer"].map(titles))


def _draw(axes: Axes, factor: Factor, rows: pd.DataFrame) -> None:
    """The lines of one panel."""
    along = scale(factor, list(dict.fromkeys(rows["value"])))
    lines = list(rows.groupby("label", sort=False))
    for i, (look, (label, line)) in enumerate(zip(LOOKS, lines, strict=False)):
        reach = [line["estimate"] - line["low"], line["high"] - line["estimate"]]
        small: dict[str, Any] = {"markersize": 3.5, "linewidth": 1.0, "elinewidth": 0.8, "capsize": 2}
        beside = along.beside((i - (len(lines) - 1) / 2) * DODGE)
        axes.errorbar(beside, line["estimate"], yerr=reach, label=str(label), **look, **small)
    if (rows["low"] < 0).any():
        axes.axhline(0, color="#888888", linewidth=0.6)
    along.label(axes.xaxis)


def _legend(drawn: Figure, found: Profile, axes: Axes) -> None:
    """Which line is what, below the panels."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1 or len(found.factors) > 1:
        title = found.lines.name if found.lines is not None else None
        columns = 3 if len(found.factors) > 1 or found.lines is not None else 1
        drawn.legend(handles, labels, title=title, loc="outside lower center", ncols=columns, frameon=False)
