"""Response profiles: layers along one parameter, or along each of several alone, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError, unknown
from feint.sim.analysis.grid_slices import GridAnalysis, Scale, Slice, grid_slice, held_text, is_number, level_text
from feint.sim.analysis.response_surface import DIFFERENCE, LIMITS, Layer
from feint.sim.results.figure_style import COLUMN_WIDTH, LINE_HEIGHT, PAGE_WIDTH, canvas, settled
from feint.sim.results.report import Table, folded
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
LINE: dict[str, Any] = {"markersize": 3.5, "linewidth": 1.0, "elinewidth": 0.8, "capsize": 2}
COLUMNS = ["parameter", "layer", "line", "value", "outcome", *LIMITS]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResponseProfile(GridAnalysis):
    """Layers along parameters, as lines with intervals; the columns of its table are COLUMNS."""

    def blocks(self) -> Iterator[str | Table]:
        """Yield one table per parameter: its values down, layers across."""
        if self.held:
            yield f"at {', '.join(f'{name} = {level_text(value)}' for name, value in self.held.items())}"
        line = [folded(self.other.name)] if self.other else []
        for factor in self.factors:
            rows = []
            along = self.table[self.table["parameter"] == factor.name]
            for (value, of_line), part in along.groupby(["value", "line"], sort=False):
                limits = part.set_index("layer").loc[[layer.name for layer in self.layers], list(LIMITS[:3])]
                cells = (f"{middle:.3f} [{low:.3f}, {high:.3f}]" for middle, low, high in limits.to_numpy())
                rows.append([level_text(value), *([of_line] if line else []), *cells])
            titles = (",\n".join(map(folded, layer.title.split(", "))) for layer in self.layers)
            headings = [folded(factor.name), *line, *titles]
            yield replace(Table.of_cells(headings, rows), rule=False, fixed=1 + len(line))

    def figure(self) -> Figure:
        """Return lines with intervals: arms in one panel, one panel per layer with its lines, or one per parameter."""
        import seaborn as sns

        panels = list(self._panels())
        several = len(self.factors) > 1
        across = ACROSS if several else 1
        down = -(-len(panels) // across)
        height = HEIGHT * down + LINE_HEIGHT * (4 + len(self.held))
        with canvas((PAGE_WIDTH if several else COLUMN_WIDTH, height)) as drawn:
            every = drawn.subplots(down, across, squeeze=False, sharey=several).ravel()
            self._share_arms(every)
            last = every[len(panels) - 1]
            for axes, (title, factor, rows) in zip(every, panels, strict=False):
                _draw_lines(axes, factor, rows)
                axes.set_title(title, fontsize=8, loc="left")
                axes.set_xlabel(factor.name if several or axes is last else "")
            for axes in every[len(panels) :]:
                axes.set_visible(False)
            last.set_xlabel(last.get_xlabel() + held_text(self.held))
            self._draw_legend(drawn, every[0])
            sns.despine(fig=drawn)
            return settled(drawn)

    def _share_arms(self, every: np.ndarray) -> None:
        """Give the panels of the arms one scale if each layer has a panel; a difference has its own."""
        if self.other is not None and len(self.factors) == 1:
            arms = [axes for axes, layer in zip(every, self.layers, strict=False) if layer.name != DIFFERENCE]
            for axes in arms[1:]:
                axes.sharey(arms[0])

    def _panels(self) -> Iterator[tuple[str, Factor, pd.DataFrame]]:
        """Yield title, parameter and rows of each panel, the rows with the label of their line in `label`."""
        table, titles = self.table, {layer.name: layer.title for layer in self.layers}
        compared, noun = table["layer"] == DIFFERENCE, self.layers[0].responses[0].noun
        factor, *others = self.factors
        if others:
            shown = table[~compared] if not compared.all() else table  # the difference is the gap between the arms
            for factor in self.factors:
                rows = shown[shown["parameter"] == factor.name]
                yield "", factor, rows.assign(label=rows["layer"].map(titles))
        elif self.other is not None:
            for layer in self.layers:
                rows = table[table["layer"] == layer.name]
                yield layer.title, factor, rows.assign(label=rows["line"])
        else:
            for title, rows in ((noun, table[~compared]), (titles.get(DIFFERENCE, ""), table[compared])):
                if len(rows):
                    yield title, factor, rows.assign(label=rows["layer"].map(titles))

    def _draw_legend(self, drawn: Figure, axes: Axes) -> None:
        """Name the lines below the panels."""
        handles, labels = axes.get_legend_handles_labels()
        several = len(self.factors) > 1
        if len(handles) > 1 or several:
            title = self.other.name if self.other is not None else None
            columns = 3 if several or self.other is not None else 1
            drawn.legend(handles, labels, title=title, loc="outside lower center", ncols=columns, frameon=False)


def _draw_lines(axes: Axes, factor: Factor, rows: pd.DataFrame) -> None:
    along = Scale.of(factor, list(dict.fromkeys(rows["value"])))
    lines = list(rows.groupby("label", sort=False))
    for i, (look, (label, line)) in enumerate(zip(LOOKS, lines, strict=False)):
        reach = [line["estimate"] - line["low"], line["high"] - line["estimate"]]
        x = along.moved((i - (len(lines) - 1) / 2) * DODGE)
        axes.errorbar(x, line["estimate"], yerr=reach, label=str(label), **look, **LINE)
    if (rows["low"] < 0).any():
        axes.axhline(0, color="#888888", linewidth=0.6)
    along.label(axes.xaxis)


def response_profile(
    layers: Sequence[Layer],
    x: str | None = None,
    at: Mapping[str, Any] | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> ResponseProfile:
    """Return the profile of layers along one factor of a grid, or along those that vary one at a time.

    Parameters
    ----------
    layers
        What is shown, see `layers_of`.
    x
        Dotted name of the factor; without it, each that varies one at a time.
    at
        Levels that other factors of a grid are held at, by dotted name.
    confidence
        Confidence level of all intervals.

    Raises
    ------
    InputError
        If the design is another, or as `grid_slice` does.

    """
    study = layers[0].study
    if study.design == "one-at-a-time":
        if at:
            raise InputError("at is not allowed where parameters vary one at a time: the others are held as they are.")
        part = _one_at_a_time(layers, x, confidence)
    elif study.design != "grid":
        raise InputError(
            f"design = {study.design!r} has no lines of points: a profile needs design = 'grid' or 'one-at-a-time'."
        )
    elif x is None:
        raise InputError(f"x is missing: name one of {', '.join(factor.name for factor in study.factors)}.")
    else:
        part = grid_slice(layers, (x,), at, confidence=confidence)
        line = "" if part.other is None else [level_text(level) for level in part.table[part.other.name]]
        part = part._replace(table=part.table.assign(parameter=x, value=part.table[x], line=line)[COLUMNS])

    def parameters(row: Any) -> dict[str, Any]:
        return {row["parameter"]: row["value"]} | ({part.other.name: row["line"]} if part.other else {})

    return ResponseProfile.of(layers, part, parameters, confidence)


def _one_at_a_time(layers: Sequence[Layer], x: str | None, confidence: float) -> Slice:
    """Return the rows of each factor: the base point, and those that differ from it in that factor alone."""
    import pandas as pd

    factors = {factor.name: factor for factor in layers[0].study.factors}
    if x is not None and x not in factors:
        raise unknown("varied parameter", x, factors)
    shown = [x] if x else list(factors)
    parts = []
    for layer in layers:
        table = layer.frame(confidence)
        differs = table[list(factors)] != table[list(factors)].iloc[0]
        for name in shown:
            rows = table[~differs.drop(columns=name).any(axis=1)]
            part = rows.assign(parameter=name, line="", value=rows[name].astype(object))
            numbers = all(is_number(value) for value in part["value"])
            parts.append(part.sort_values("value") if numbers else part)
    table = pd.concat(parts, ignore_index=True)[COLUMNS]
    return Slice(tuple(factors[name] for name in shown), None, {}, table)
