"""Common style of figures, and their files with the passport inside."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError, check_output
from feint.agents.outcome import Outcome
from feint.sim.results import figure_files
from feint.sim.results.files import written_whole

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "pdf", "png", "eps", "tiff")

# Okabe and Ito's palette for all kinds of colour vision, with hatches for readers in grey
COLOURS = dict(zip(Outcome, ("#e8e8e8", "#56b4e9", "#0072b2", "#d55e00", "#f0e442", "#cc79a7"), strict=True))
HATCHES = dict(zip(Outcome, ("", "..", "", "///", "xx", "\\\\\\"), strict=True))
SIZE = 8.0  # points, of most texts
STYLE: dict[Any, Any] = {
    **dict.fromkeys(("font.size", "axes.labelsize"), SIZE),
    "axes.titlesize": 9,
    **dict.fromkeys(("legend.fontsize", "xtick.labelsize", "ytick.labelsize"), 7.5),
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "feint",
    "pdf.fonttype": 42,
}
COLUMN_WIDTH, PAGE_WIDTH = 85 / 25.4, 6.9  # inches, one and two columns of a paper
LINE_HEIGHT = 0.15  # inches, of a line of text
RESOLUTION = 200  # dots per inch of pictures in pixels
SERIES = ("#0072b2", "#d55e00", "#000000", "#009e73", "#cc79a7", "#56b4e9")  # colours, also of Okabe and Ito
LOOKS = list(zip(SERIES, "os^DvP", ("-", "--", ":", "-.", "-", "--"), strict=True))  # for readers in grey, too
LINE: dict[str, Any] = {"markersize": 3.5, "linewidth": 1.0, "elinewidth": 0.8, "capsize": 2}
SUBS, WIDE = (1, 2, 5), 100  # ticks of a decade on a logarithmic axis that is not wide
MOST_ROWS, MOST_LETTERS = 45, 60  # rows of intervals in a figure, and letters in a line of their labels
LEAST_PANEL = 1.7  # inches, width below which panels do not stand beside each other
WIDTH_NOW: ContextVar[tuple[float | None, dict[Any, Any]]] = ContextVar("WIDTH_NOW", default=(None, {}))
"""Requested width in inches, and rcParams, of figures that are being drawn."""


check_figure_path = partial(check_output, "figure", endings=[f".{ending}" for ending in FORMATS])
"""Return the path of a figure; raises `InputError` if it cannot be written."""


@contextmanager
def canvas(size: tuple[float, float]) -> Iterator[Figure]:
    """Yield an empty figure of this width and height in inches; what is drawn within has the common style."""
    import matplotlib as mpl
    import seaborn as sns

    with mpl.rc_context(STYLE), sns.axes_style("ticks"), mpl.rc_context(WIDTH_NOW.get()[1]):
        yield blank(size)


def blank(size: tuple[float, float], *, least: float = 0.0) -> Figure:
    """Return an empty figure of this height in inches, and of this width unless another one is requested.

    Raises `InputError` for a width below `least`, at which texts would lie over each other.
    """
    from matplotlib.figure import Figure

    if (width := WIDTH_NOW.get()[0]) is not None and width < least:
        raise InputError(f"width = {width:.3g}in is too narrow for this figure: it needs {least:.3g}in or more.")
    return Figure(figsize=(WIDTH_NOW.get()[0] or size[0], size[1]), layout="constrained")


def panels(drawn: Any, rows: int, columns: int, *, least: float = LEAST_PANEL, **keys: Any) -> np.ndarray:
    """Return panels (rows, columns) of a figure, or of a part of one, as `subplots` makes them.

    If the figure is too narrow for panels beside each other, they stand below each other, in fewer columns and in the
    same order, and the figure is that much higher.
    """
    import numpy as np

    across = columns_of(drawn, columns, least)
    whole = drawn.figure is drawn
    if across >= columns:
        return drawn.subplots(rows, columns, squeeze=False, **keys)
    down = -(-columns // across)
    every = drawn.subplots(rows * down, across, squeeze=False)
    if whole:
        drawn.set_figheight(drawn.get_figheight() * down)
    kept = np.array([row.ravel()[:columns] for row in every.reshape(rows, down * across)])
    for axes in (axes for row in every.reshape(rows, down * across) for axes in row[columns:]):
        axes.remove()
    for name in ("x", "y"):
        _share(kept, name, keys.get(f"share{name}", False))
    return kept


def parts(drawn: Figure, heights: Sequence[tuple[float, int]], least: float = LEAST_PANEL) -> list[Any]:
    """Return parts of a figure below each other, of these heights in inches and numbers of panels beside each other.

    A part is as much higher as its panels stand below each other, and the figure with it.
    """
    tall = [height * -(-columns // columns_of(drawn, columns, least)) for height, columns in heights]
    drawn.set_figheight(sum(tall))
    return list(drawn.subfigures(len(tall), 1, height_ratios=tall, squeeze=False)[:, 0])


def mosaic(drawn: Figure, rows: Sequence[Sequence[str]], columns: int, **keys: Any) -> dict[str, Axes]:
    """Return panels by name, as `subplot_mosaic` makes them; below each other if there is no room for `columns`."""
    if columns_of(drawn, columns) >= columns:
        return drawn.subplot_mosaic([[*row] for row in rows], **keys)
    names = dict.fromkeys(name for row in rows for name in row)
    drawn.set_figheight(drawn.get_figheight() / len(rows) * len(names))
    return drawn.subplot_mosaic([[name] for name in names])


def columns_of(drawn: Any, columns: int, least: float = LEAST_PANEL) -> int:
    """Return how many columns of panels a figure has room for, of those that it has on a page."""
    width = drawn.figure.get_figwidth()
    return columns if WIDTH_NOW.get()[0] is None else max(1, min(columns, int(width / least)))


def _share(kept: np.ndarray, name: str, how: bool | str) -> None:
    """Let panels (rows, columns) share an axis, all or those of a row or column."""
    groups = {True: [kept.ravel()], "all": [kept.ravel()], "row": kept, "col": kept.T}.get(how, [])
    for first, *others in groups:
        for axes in others:
            getattr(axes, f"share{name}")(first)


def letters_of(figure: Any, most: int = MOST_LETTERS) -> int:
    """Return how many letters a line of a row's label may have: less than half of the width of the figure."""
    return max(12, min(most, int(6.5 * figure.get_figwidth())))


def row_label(label: str, letters: int) -> str:
    """Return a label in lines of this many letters, broken at spaces or, if words are longer, within names."""
    keys: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False, "replace_whitespace": False}
    lines = textwrap.fill(label, letters, **keys)
    if max(map(len, lines.split("\n"))) <= letters:
        return lines
    parted = re.sub(r"(?<=[._])(?=[a-z])", "\t", label)
    return textwrap.fill(parted, letters, expand_tabs=False, **keys).replace("\t", "")


def plain_number(value: float) -> str:
    """Return a number as figures write it: 1,000 and −0.5."""
    text = f"{value:,.0f}" if abs(value) >= 1000 and float(value).is_integer() else f"{value:g}"
    return text.replace("-", "−")


def with_fixed_layout(drawn: Figure) -> Figure:
    """Return a figure with its layout done and rounded, since the rounding errors of its solver vary.

    Texts are measured as wide as they are in pixels, where hinting makes them wider than in a drawing.
    """
    import numpy as np
    from matplotlib.transforms import Bbox

    drawn.set_dpi(RESOLUTION)
    drawn.draw_without_rendering()
    drawn.set_layout_engine("none")
    for part in drawn.subfigs:
        part.bbox_relative.set(Bbox(np.round(part.bbox_relative.get_points(), 6)))
    for axes in drawn.axes:
        place = Bbox(np.round(axes.get_position().get_points(), 6))
        axes._set_position(place)  # pyright: ignore[reportAttributeAccessIssue] - `set_position` takes it out of layouts
    return drawn


def face(outcome: Outcome) -> dict[str, Any]:
    """Return colour, hatch and edge of a bar of an outcome."""
    return {"color": COLOURS[outcome], "hatch": HATCHES[outcome], "edgecolor": "#222222", "linewidth": 0.5}


def legend_entries(axes: Axes) -> tuple[list[Any], list[str]]:
    """Return the handles and labels of a legend, each label once."""
    handles, labels = axes.get_legend_handles_labels()
    entries = dict(zip(labels, handles, strict=True))
    return [*entries.values()], [*entries]


def plain_log_ticks(axis: Any, low: float, high: float) -> None:
    """Label a logarithmic axis from `low` to `high` with plain numbers: 1, 2 and 5 of each decade if there are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=SUBS if high < WIDE * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    axis.set_minor_formatter(NullFormatter())


def draw_intervals(axes: Any, labels: Sequence[str], series: Mapping[str, Any]) -> None:
    """Draw labelled rows of estimates with intervals, from the top down; the figure becomes as high as they need.

    `series` holds, by name, arrays of estimate, low and high (rows, 3). A series without any estimate is left out; rows
    beyond MOST_ROWS are left out as well, which the title says.
    """
    import numpy as np

    shown = [row_label(label, letters_of(axes.figure)) for label in labels[:MOST_ROWS]]
    arrays = {name: np.asarray(values, float)[:MOST_ROWS] for name, values in series.items()}
    known = {name: values for name, values in arrays.items() if np.isfinite(values[:, 0]).any()}
    places, last = np.arange(len(shown)), len(known) - 1
    for i, ((colour, marker, _), (name, values)) in enumerate(zip(LOOKS, known.items(), strict=False)):
        middle, low, high = values.T
        reach = np.maximum([middle - low, high - middle], 0)  # of rounding errors
        look: dict[str, Any] = {**LINE, "fmt": marker, "color": colour, "label": name}
        axes.errorbar(middle, places + (i - last / 2) * 0.6 / len(known), xerr=reach, **look)
        if (low < 0).any():
            axes.axvline(0, color="#888888", linewidth=0.6, zorder=0)
    axes.set(ylim=(len(shown) - 0.5, -0.5), xlabel="" if last else next(iter(known), ""))
    axes.set_yticks(places, shown)
    more = len(labels) - len(shown)
    axes.set_title(f"the first {MOST_ROWS} of {len(labels):,} rows" if more else "", fontsize=8, loc="left")
    lines = max(len(known) * 0.8, *(label.count("\n") + 1.2 for label in shown))
    axes.figure.set_figheight(LINE_HEIGHT * (lines * len(shown) + 5 + (last + 2) * bool(last)))
    if last:
        axes.figure.legend(loc="outside lower center", frameon=False)


def save(figure: Figure, path: str | Path, passport: dict[str, Any], look: Any = None) -> None:
    """Write a figure with its passport, and its `Look` if it has one; the same figure gives the same bytes.

    The layout is rounded for the file alone, so that the figure can still be resized.
    """
    import matplotlib as mpl

    path = check_figure_path(path)
    if own := look.configuration() if look else {}:
        passport = {**passport, "figure": own}
    ending, layout, dpi = path.suffix.lstrip(".").lower(), figure.get_layout_engine(), figure.dpi
    style = look.context() if look else mpl.rc_context(STYLE)
    with style, _unmoved(figure), figure_files.opaque(figure) if ending == "eps" else nullcontext():
        with_fixed_layout(figure)
        more = figure_files.metadata(ending, passport)
        drawn = BytesIO()
        figure.savefig(drawn, format=ending, dpi=(look and look.dpi) or RESOLUTION, bbox_inches=None, **more)
        with written_whole("figure", path) as beside:
            beside.write_bytes(drawn.getvalue())
            figure_files.finish(beside, ending, passport)
    figure.set_dpi(dpi)
    figure.set_layout_engine(layout)


@contextmanager
def _unmoved(figure: Figure) -> Iterator[None]:
    """Put the parts of a figure back afterwards: layouts begin where the last one ended, and would come out otherwise.

    Also a layout for another format, whose texts have other sizes, leaves no trace then.
    """
    axes = [(part, part.get_position(original=True).frozen(), part.get_position().frozen()) for part in figure.axes]
    parts = [(part, part.bbox_relative.frozen()) for part in figure.subfigs]
    try:
        yield
    finally:
        for part, original, active in axes:
            part._set_position(original, which="original")  # pyright: ignore[reportAttributeAccessIssue] - as layouts do
            part._set_position(active, which="active")  # pyright: ignore[reportAttributeAccessIssue]
        for part, place in parts:
            part.bbox_relative.set(place)
