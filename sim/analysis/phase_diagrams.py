"""Maps: outcomes, frequencies and differences over two parameters, drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.outcome import LABELS, Outcome
from feint.sim.analysis.grid_slices import Section, level_text
from feint.sim.analysis.plot_axes import Scale, scale
from feint.sim.analysis.plotted_responses import Layer
from feint.sim.analysis.response_surface import DIFFERENCE
from feint.sim.results.figure_style import COLOURS, PAGE_WIDTH, RESOLUTION, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

COLUMN_WIDTH = 85 / 25.4  # inches, one column of a paper
HEIGHT, KEY_HEIGHT, LINE_HEIGHT = 1.9, 0.4, 0.15  # of a layer, of the key to the letters, of a line of text
PALEST = 0.2  # frequency at which an outcome's colour has faded: the most frequent of five has more
SIGNS = {1: "+", -1: "−"}


def figure(section: Section) -> Figure:
    """A row of panels a layer, with borders between areas and a letter or a sign in each.

    Of the most frequent outcome: its colour, the paler the less frequent it is. Of a frequency: darker is more. Of a
    difference: red above 0 and blue below, and a line where it is 0; + and − where every point's interval has left 0,
    and a dot at each point whose interval has not.
    """
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    phases = any(layer.is_phase for layer in section.layers)
    width = COLUMN_WIDTH if section.panels is None else PAGE_WIDTH
    heights = [HEIGHT] * len(section.layers) + [KEY_HEIGHT] * phases
    heights[len(section.layers) - 1] += LINE_HEIGHT * (1 + len(section.at))
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(width, sum(heights)), layout="constrained")
        parts = drawn.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        for part, layer in zip(parts, section.layers, strict=False):
            _draw_layer(part, section, layer)
        if phases:
            parts[-1].legend(handles=_patches(section), loc="center", ncols=3, frameon=False, columnspacing=1.0)
        return settled(drawn)


def settled(drawn: Figure) -> Figure:
    """A figure whose layout is done, to the last digit the same each time: its solver's rounding is not.

    Texts are measured as wide as they are in pixels, where hinting makes them wider than a drawing has them.
    """
    from matplotlib.transforms import Bbox

    drawn.set_dpi(RESOLUTION)
    drawn.draw_without_rendering()
    drawn.set_layout_engine("none")
    for part in drawn.subfigs:
        part.bbox_relative.set(Bbox(np.round(part.bbox_relative.get_points(), 6)))
    for axes in drawn.axes:
        axes.set_position(Bbox(np.round(axes.get_position().get_points(), 6)))
    return drawn


def _draw_layer(part: SubFigure, section: Section, layer: Layer) -> None:
    """One layer: a panel a level, and the key to its colours."""
    from matplotlib.colorbar import make_axes

    x, y = (scale(axis) for axis in section.axes)
    panels = part.subplots(1, len(section.panel_levels), sharex=True, sharey=True, squeeze=False)[0]
    part.suptitle(layer.title, fontsize=8, x=0.01, ha="left")
    for panel, level in zip(panels, section.panel_levels, strict=True):
        _draw_panel(panel, section, layer, level)
        x.label(panel.xaxis)
        y.label(panel.yaxis)
        if section.panels is not None:
            panel.set_title(f"{section.panels.name} = {level_text(level)}", fontsize=7.5)
        if layer is section.layers[-1]:
            held = "".join(f"\n({name} = {level_text(value)})" for name, value in section.at.items())
            panel.set_xlabel(section.axes[0].name + held)
    panels[0].set_ylabel(section.axes[1].name)
    key, _ = make_axes(panels.tolist(), pad=0.02, fraction=0.13, aspect=9)
    if layer.is_phase:
        _draw_fading(key, _outcomes(section, layer))
    else:
        part.colorbar(panels[0].collections[0], cax=key)
        key.locator_params(nbins=5)
    key.tick_params(labelsize=7)


def _draw_panel(panel: Axes, section: Section, layer: Layer, level: Any) -> None:
    """One panel of a layer: colours, borders, letters and signs."""
    x, y = (scale(axis) for axis in section.axes)
    value = section.values(layer, level).astype(float)
    if layer.is_phase:
        codes = np.vectorize(LABELS.index)(section.values(layer, level, "outcome"))
        panel.pcolormesh(x.edges, y.edges, _faded(codes, value))
        _outline(panel, x, y, codes)
        marks = {int(outcome): _letter(outcome) for outcome in Outcome}
    elif layer.name == DIFFERENCE:
        limit = section.largest(layer)
        panel.pcolormesh(x.edges, y.edges, value, cmap="RdBu_r", vmin=-limit, vmax=limit)
        if value.min() < 0 < value.max():
            panel.contour(x.centres, y.centres, value, levels=[0.0], colors="black", linewidths=1.0)
        codes = (section.values(layer, level, "low") > 0) * 1 - (section.values(layer, level, "high") < 0) * 1
        rows, columns = np.nonzero(codes == 0)
        panel.plot(x.centres[columns], y.centres[rows], ".", color="black", markersize=2)
        marks = SIGNS
    else:
        panel.pcolormesh(x.edges, y.edges, value, cmap="Oranges", vmin=0, vmax=section.largest(layer))
        return
    for code, column, row in _areas(codes):
        _write(panel, x.centres[column], y.centres[row], marks.get(code, ""))


def _faded(codes: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Colours of outcomes (…, 3), towards white as their frequency nears PALEST."""
    from matplotlib.colors import to_rgb

    full = np.array([to_rgb(COLOURS[outcome]) for outcome in Outcome])[codes]
    depth = np.clip((frequency - PALEST) / (1 - PALEST), 0.1, 1.0)[..., None]
    return 1 - depth * (1 - full)


def _areas(codes: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Connected areas of one code: the code, and the column and row of the point that is deepest inside."""
    from scipy import ndimage

    for code in np.unique(codes):
        areas = np.asarray(ndimage.label(codes == code)[0])  # pyright: ignore[reportIndexIssue] - not of one number
        for area in range(1, areas.max() + 1):
            depth = np.asarray(ndimage.distance_transform_edt(np.pad(areas == area, 1)))[1:-1, 1:-1]
            row, column = np.unravel_index(int(depth.argmax()), depth.shape)
            yield int(code), int(column), int(row)


def _outline(panel: Axes, x: Scale, y: Scale, codes: np.ndarray) -> None:
    """Lines between points of different codes."""
    for row, column in zip(*np.nonzero(codes[:, 1:] != codes[:, :-1]), strict=True):
        panel.plot([x.edges[column + 1]] * 2, y.edges[row : row + 2], color="black", linewidth=0.6)
    for row, column in zip(*np.nonzero(codes[1:] != codes[:-1]), strict=True):
        panel.plot(x.edges[column : column + 2], [y.edges[row + 1]] * 2, color="black", linewidth=0.6)


def _write(panel: Axes, x: float, y: float, text: str) -> None:
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=1.5, foreground="white")]
    panel.text(x, y, text, ha="center", va="center", fontsize=7.5, path_effects=halo)


def _outcomes(section: Section, layer: Layer) -> list[Outcome]:
    """The outcomes that are the most frequent somewhere in a layer."""
    shown = set(section.table.loc[section.table["layer"] == layer.name, "outcome"])
    return [outcome for outcome in Outcome if outcome.label in shown]


def _draw_fading(key: Axes, outcomes: list[Outcome]) -> None:
    """The key to a layer of outcomes: each one's colour by its frequency."""
    shares = np.linspace(PALEST, 1, 64)
    codes, frequency = np.meshgrid([int(outcome) for outcome in outcomes], shares)
    key.pcolormesh(np.arange(len(outcomes) + 1), np.linspace(PALEST, 1, 65), _faded(codes, frequency), rasterized=True)
    key.set_xticks(np.arange(len(outcomes)) + 0.5, [_letter(outcome) for outcome in outcomes])
    key.tick_params(axis="x", length=0, pad=1)
    key.yaxis.tick_right()
    key.set_yticks([PALEST, 0.6, 1.0])


def _patches(section: Section) -> list[Any]:
    """Which colour and letter is which outcome."""
    from matplotlib.patches import Patch

    shown = {outcome for layer in section.layers if layer.is_phase for outcome in _outcomes(section, layer)}
    return [
        Patch(facecolor=COLOURS[each], edgecolor="#222222", linewidth=0.5, label=f"{_letter(each)} {each.label}")
        for each in sorted(shown)
    ]


def _letter(outcome: Outcome) -> str:
    return outcome.label[0].upper()
