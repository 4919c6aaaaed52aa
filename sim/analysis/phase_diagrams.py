"""Phase diagrams: the most frequent outcome, a frequency or the difference over two parameters, as maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome
from feint.sim.analysis.among_converged import CONVERGED, in_two_lines
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.response_profiles import (
    UNKNOWN,
    GridAnalysis,
    Scale,
    grid_slice,
    level_text,
    levels,
    response_profile,
)
from feint.sim.analysis.response_surface import DIFFERENCE, AnalysisRequest, Layer, Of, layers_of
from feint.sim.results.figure_style import COLOURS, COLUMN_WIDTH, HATCHES, LINE_HEIGHT, PAGE_WIDTH, canvas
from feint.sim.results.report import Table, wrapped
from feint.sim.results.request import Confidence, Option
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

HEIGHT, KEY_HEIGHT = 1.9, 0.4  # inches, of a layer and of the key to the letters
PALEST = 0.2  # frequency at which an outcome's colour is palest: the most frequent of six has more
FAINT = 0.3  # share of the colour that is left there
SPARSE = {outcome: hatch.replace("..", ".") for outcome, hatch in HATCHES.items()}  # each dot is drawn in an SVG
SIGNS = {1: "+", -1: "−"}
MEANINGS = {1: "above 0", -1: "below 0", 0: "undecided"}  # of a difference, by the sign of its whole interval
ALL_CELLS = "all"
MOST_LINES = 45  # of the tables of all cells on a terminal
NOTHING = -1  # in place of an outcome where none is known
LETTERS: dict[int, str] = {outcome: outcome.label[0].upper() for outcome in Outcome}


@dataclass(frozen=True, kw_only=True)
class Range:
    """A kind of cells of a map, the share of all cells that they are, and their lowest and highest value."""

    cells: str
    share: float
    lowest: str
    highest: str


RANGES = {"": "cells", "share of cells": lambda row: f"{row.share:.2f}", "lowest": "lowest", "highest": "highest"}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PhaseDiagram(GridAnalysis):
    """Layers over two parameters of a grid, each drawn as a row of panels.

    The figure shows the colour of the most frequent outcome, paler if it is less frequent; a frequency as darkness; a
    difference in red above 0 and blue below, with a line where it is 0. Areas have borders and a letter: that of the
    outcome, + or − where each point's interval excludes 0, and a dot at each point whose interval includes it. Unknown
    values are left white.
    """

    def values(self, layer: Layer, panel: Any, column: str = "estimate") -> np.ndarray:
        """Return a column of one layer and panel over the two axes (y, x)."""
        x, y = self.factors
        rows = self.table[self.table["layer"] == layer.name]
        if self.other is not None:
            rows = rows[rows[self.other.name] == panel]
        return rows.pivot(index=y.name, columns=x.name, values=column).loc[levels(y), levels(x)].to_numpy()

    def largest(self, layer: Layer) -> float:
        """Return the largest absolute value of a layer, or of all layers of frequencies; 1 if all are 0."""
        alike = (self.table["layer"] == DIFFERENCE) == (layer.name == DIFFERENCE)
        return float(np.nan_to_num(self.table.loc[alike, "estimate"].abs().max())) or 1.0

    def outcomes(self, layer: Layer) -> list[Outcome]:
        """Return the outcomes that are the most frequent somewhere in a layer."""
        shown = set(self.table.loc[self.table["layer"] == layer.name, "outcome"])
        return [outcome for outcome in Outcome if outcome.label in shown]

    @property
    def panel_levels(self) -> list[Any]:
        """Levels of the parameter that is shown as panels; [None] without one."""
        return levels(self.other) if self.other is not None else [None]

    def blocks(self) -> Iterator[str | Table]:
        """Yield the tables of all cells or, if these take too many lines, what is in each layer."""
        cells = list(self.every_cell())
        if getattr(self.request, "every", False) or sum(str(block).count("\n") + 2 for block in cells) <= MOST_LINES:
            yield from cells
            return
        yield f"{self.axes[0]} across and {self.axes[1]} upwards; --every prints every cell, as --json does"
        for layer in self.layers:
            yield Table(list(self.ranges(layer)), RANGES, wrapped(layer.title))
        yield from self.notes

    def ranges(self, layer: Layer) -> Iterator[Range]:
        """Yield where a layer has each most frequent outcome, or which sign, with its lowest and highest value."""
        rows = self.table[(self.table["layer"] == layer.name) & self.table["estimate"].notna()]
        signs = (rows["low"] > 0).astype(int) - (rows["high"] < 0).astype(int)
        kinds = signs.map(MEANINGS) if layer.name == DIFFERENCE else rows["outcome"] if layer.is_phase else ALL_CELLS
        for kind, part in rows.assign(kind=kinds).groupby("kind", sort=False):
            ends = (part.loc[index] for index in (part["estimate"].idxmin(), part["estimate"].idxmax()))
            low, high = (f"{row['estimate']:.2f} at {', '.join(self._place(row))}" for row in ends)
            yield Range(cells=str(kind), share=len(part) / len(rows), lowest=low, highest=high)

    def _place(self, row: Any) -> list[str]:
        """Return the values of the parameters of a row, in the order of the axes."""
        return [level_text(row[factor.name]) for factor in (*self.factors, *([self.other] if self.other else []))]

    def every_cell(self) -> Iterator[str | Table]:
        """Yield one table per layer and panel: the second parameter down, the first across."""
        x, y = self.axes
        for layer in self.layers:
            for panel in self.panel_levels:
                held = {**({self.other.name: panel} if self.other else {}), **self.held}
                where = [layer.title, *(f"{name} = {level_text(value)}" for name, value in held.items())]
                yield "\n".join([wrapped(", ".join(where)), wrapped(f"{y} down, {x} across")])
                yield self._table(layer, panel)
        if any(layer.is_phase for layer in self.layers):
            yield f"first letter of the outcome ({', '.join(LABELS)}), and its frequency"
        yield from self.notes

    def _table(self, layer: Layer, panel: Any) -> Table:
        x, y = self.factors
        values, outcomes = self.values(layer, panel), self.values(layer, panel, "outcome")
        sign = "+" if layer.name == DIFFERENCE else ""

        def cell(outcome: str, value: float) -> str:
            letter = f"{outcome[0].upper()} " if layer.is_phase else ""
            return f"{letter}{value:{sign}.2f}"

        rows = [
            [level_text(level), *(UNKNOWN if np.isnan(v) else cell(o, v) for o, v in zip(*row, strict=True))]
            for level, *row in zip(levels(y), outcomes, values, strict=True)
        ]
        return replace(Table.of_cells(["", *map(level_text, levels(x))], rows[::-1]), rule=False)  # the highest first

    def drawing(self) -> Figure:
        """Return one row of panels per layer, and the key to the letters."""
        from matplotlib.patches import Patch

        phases = sorted({outcome for layer in self.layers if layer.is_phase for outcome in self.outcomes(layer)})
        height = HEIGHT + LINE_HEIGHT * (self.among == CONVERGED)
        heights = [height] * len(self.layers) + [KEY_HEIGHT] * bool(phases)
        heights[len(self.layers) - 1] += LINE_HEIGHT * (1 + len(self.held))
        with canvas((COLUMN_WIDTH if self.other is None else PAGE_WIDTH, sum(heights))) as drawn:
            parts = drawn.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
            for part, layer in zip(parts, self.layers, strict=False):
                _draw_layer(part, self, layer)
            if phases:
                edge: dict[str, Any] = {"edgecolor": "#222222", "linewidth": 0.5}
                labels = {outcome: f"{LETTERS[outcome]} {outcome.label}" for outcome in phases}
                patches = [
                    Patch(facecolor=COLOURS[outcome], hatch=SPARSE[outcome], label=label, **edge)
                    for outcome, label in labels.items()
                ]
                parts[-1].legend(handles=patches, loc="center", ncols=3, frameon=False, columnspacing=1.0)
            return drawn


def phase_diagram(
    layers: Sequence[Layer], axes: Sequence[str], at: Mapping[str, Any] | None = None, *, confidence: float = CONFIDENCE
) -> PhaseDiagram:
    """Return the map of layers (see `layers_of`) over two parameters of a grid.

    Parameters
    ----------
    axes
        Dotted names of the parameters across and upwards.
    at
        Levels that other parameters are held at, by dotted name; one that is not held is shown as panels.

    """
    part = grid_slice(layers, axes, at, confidence=confidence)
    shown = [factor.name for factor in (*part.factors, *([part.other] if part.other else []))]
    return PhaseDiagram.of(layers, part, lambda row: {name: row[name] for name in shown}, confidence)


def _draw_layer(part: SubFigure, diagram: PhaseDiagram, layer: Layer) -> None:
    from matplotlib.colorbar import make_axes

    x, y = (Scale(axis) for axis in diagram.factors)
    panels = part.subplots(1, len(diagram.panel_levels), sharex=True, sharey=True, squeeze=False)[0]
    part.suptitle(in_two_lines(layer.title), fontsize=8, x=0.01, ha="left")
    for panel, level in zip(panels, diagram.panel_levels, strict=True):
        _draw_panel(panel, diagram, layer, level)
        x.label(panel.xaxis)
        y.label(panel.yaxis)
        if diagram.other is not None:
            panel.set_title(f"{diagram.other.name} = {level_text(level)}", fontsize=7.5)
        if layer is diagram.layers[-1]:
            panel.set_xlabel(diagram.axes[0] + diagram.held_text)
        panel.set_label("-".join([layer.name, *([] if level is None else [level_text(level)])]))
    panels[0].set_ylabel(diagram.axes[1])
    panels[0].set_xlabel(panels[0].get_xlabel() or diagram.axes[0])
    key, _ = make_axes(panels.tolist(), pad=0.02, fraction=0.13, aspect=9)
    if layer.is_phase:
        _draw_fading(key, diagram.outcomes(layer))
    else:
        words = "difference" if layer.name == DIFFERENCE else "share of the runs"
        part.colorbar(panels[0].collections[0], cax=key, label=words)
        key.locator_params(nbins=5)
    key.tick_params(labelsize=7)


def _draw_panel(panel: Axes, diagram: PhaseDiagram, layer: Layer, level: Any) -> None:
    from matplotlib.patheffects import withStroke

    x, y = (Scale(axis) for axis in diagram.factors)
    value = diagram.values(layer, level).astype(float)
    if layer.is_phase:
        outcomes = diagram.values(layer, level, "outcome")
        codes = np.array(
            [
                [NOTHING if np.isnan(v) else LABELS.index(o) for o, v in zip(*row, strict=True)]
                for row in zip(outcomes, value, strict=True)
            ]
        )
        panel.pcolormesh(x.edges, y.edges, _faded(codes, value))
        _hatch(panel, x.edges, y.edges, codes)
        _outline(panel, x, y, codes)
        marks = LETTERS
    elif layer.name == DIFFERENCE:
        limit = diagram.largest(layer)
        panel.pcolormesh(x.edges, y.edges, value, cmap="RdBu_r", vmin=-limit, vmax=limit)
        if np.fmin.reduce(value, axis=None) < 0 < np.fmax.reduce(value, axis=None):  # where it is known
            panel.contour(x.centres, y.centres, value, levels=[0.0], colors="black", linewidths=1.0)
        codes = (diagram.values(layer, level, "low") > 0) * 1 - (diagram.values(layer, level, "high") < 0) * 1
        rows, columns = np.nonzero((codes == 0) & np.isfinite(value))
        panel.plot(x.middles[columns], y.middles[rows], ".", color="black", markersize=2)
        marks = SIGNS
    else:
        panel.pcolormesh(x.edges, y.edges, value, cmap="Oranges", vmin=0, vmax=diagram.largest(layer))
        return
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7.5}
    halo = [withStroke(linewidth=1.5, foreground="white")]
    for code, column, row in _areas(codes):
        panel.text(x.middles[column], y.middles[row], marks.get(code, ""), **style, path_effects=halo)


def _faded(codes: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Return the colours of outcomes (…, 3), nearer to white as their frequency nears PALEST; white where it is NaN."""
    from matplotlib.colors import to_rgb

    full = np.array([to_rgb(COLOURS[outcome]) for outcome in Outcome])[codes]
    depth = np.nan_to_num(np.clip((frequency - PALEST) / (1 - PALEST), 0, 1) * (1 - FAINT) + FAINT)[..., None]
    return 1 - depth * (1 - full)


def _hatch(panel: Axes, x: np.ndarray, y: np.ndarray, codes: np.ndarray) -> None:
    """Draw the hatch of each outcome over its cells, given their edges."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    look: dict[str, Any] = {"fill": False, "linewidth": 0, "edgecolor": "#22222266"}
    for outcome in (outcome for outcome in Outcome if SPARSE[outcome]):
        ends = np.diff(np.pad(codes == outcome, ((0, 0), (1, 1))).astype(int))  # of runs of cells along each row
        runs = zip(np.argwhere(ends > 0).tolist(), np.argwhere(ends < 0)[:, 1].tolist(), strict=True)
        cells = [Path([(x[i], y[k]), (x[j], y[k]), (x[j], y[k + 1]), (x[i], y[k + 1])]) for (k, i), j in runs]
        if cells:
            panel.add_patch(PathPatch(Path.make_compound_path(*cells), hatch=SPARSE[outcome], **look))


def _areas(codes: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield connected areas of one code: the code, and column and row of the point farthest from the border."""
    from scipy import ndimage

    for code in np.unique(codes):
        areas = np.asarray(ndimage.label(codes == code)[0])  # pyright: ignore[reportIndexIssue] - not of one number
        for area in range(1, areas.max() + 1):
            depth = np.asarray(ndimage.distance_transform_edt(np.pad(areas == area, 1)))[1:-1, 1:-1]
            row, column = np.unravel_index(int(depth.argmax()), depth.shape)
            yield int(code), int(column), int(row)


def _outline(panel: Axes, x: Scale, y: Scale, codes: np.ndarray) -> None:
    style: dict[str, Any] = {"color": "black", "linewidth": 0.6}
    for row, column in np.argwhere(codes[:, 1:] != codes[:, :-1]):
        panel.plot([x.edges[column + 1]] * 2, y.edges[row : row + 2], **style)
    for row, column in np.argwhere(codes[1:] != codes[:-1]):
        panel.plot(x.edges[column : column + 2], [y.edges[row + 1]] * 2, **style)


def _draw_fading(key: Axes, outcomes: list[Outcome]) -> None:
    shares = np.linspace(PALEST, 1, 64)
    codes, frequency = np.meshgrid([int(outcome) for outcome in outcomes], shares)
    key.pcolormesh(np.arange(len(outcomes) + 1), np.linspace(PALEST, 1, 65), _faded(codes, frequency), rasterized=True)
    key.set_xticks(np.arange(len(outcomes)) + 0.5, [LETTERS[outcome] for outcome in outcomes])
    key.tick_params(axis="x", length=0, pad=1)
    key.yaxis.tick_right()
    key.set_yticks([PALEST, 0.6, 1.0])
    key.yaxis.set_label_position("right")
    key.set_ylabel("share of the runs")


@dataclass(frozen=True, kw_only=True)
class MapRequest(AnalysisRequest):
    """Outcomes over two parameters of a grid, or lines with intervals over one."""

    kind = "map"
    text_only = ("every",)

    x: Annotated[str | None, Option("Varied parameter across.", "NAME")] = None
    y: Annotated[str | None, Option("Varied parameter upwards; without it, lines over --x.", "NAME")] = None
    at: Annotated[
        Mapping[str, Any], Option("Hold another varied parameter at one of its levels; repeatable.", "NAME=VALUE")
    ] = field(default_factory=dict)
    of: Of = None
    outcome: Annotated[
        str | None, Option("Frequency of this outcome; without it, the most frequent one is shown.", "NAME")
    ] = None
    confidence: Confidence = CONFIDENCE
    every: Annotated[bool, Option("Print every cell of a map, not only a summary of many.")] = False

    def analyse(self, sweep: Sweep) -> GridAnalysis:
        """Return the map or, without `y`, the profile."""
        if self.y is None:
            layers = layers_of(sweep, self.of, self.outcome or DECEPTIVE, self.among)
            return response_profile(layers, self.x, self.at, confidence=self.confidence)
        if self.x is None:
            raise InputError(f"x is missing: name the parameter that goes across, and {self.y} goes upwards.")
        layers = layers_of(sweep, self.of, self.outcome, self.among)
        return phase_diagram(layers, (self.x, self.y), self.at, confidence=self.confidence)
