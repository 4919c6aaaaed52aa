"""Common style of figures, and their files with the passport inside."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feint.agents.errors import check_output
from feint.agents.outcome import Outcome
from feint.sim.results.files import write_whole
from feint.sim.results.provenance import passport_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")

# Okabe and Ito's palette for all kinds of colour vision, with hatches for readers in grey
COLOURS = dict(zip(Outcome, ("#e8e8e8", "#56b4e9", "#0072b2", "#d55e00", "#f0e442", "#cc79a7"), strict=True))
HATCHES = dict(zip(Outcome, ("", "..", "", "///", "xx", "\\\\\\"), strict=True))
STYLE: dict[Any, Any] = {
    **dict.fromkeys(("font.size", "axes.labelsize"), 8),
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


check_figure_path = partial(check_output, "figure", endings=[f".{ending}" for ending in FORMATS])
"""Return the path of a figure; raises `InputError` if it cannot be written."""


@contextmanager
def canvas(size: tuple[float, float]) -> Iterator[Figure]:
    """Yield an empty figure of this width and height in inches; what is drawn within has the common style."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        yield Figure(figsize=size, layout="constrained")


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
        axes.set_position(Bbox(np.round(axes.get_position().get_points(), 6)))
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
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def draw_intervals(axes: Any, labels: Sequence[str], series: Mapping[str, Any]) -> None:
    """Draw labelled rows of estimates with intervals, from the top down; the figure becomes as high as they need.

    `series` holds, by name, arrays of estimate, low and high (rows, 3). A series without any estimate is left out; rows
    beyond MOST_ROWS are left out as well, which the title says.
    """
    import numpy as np

    shown = [textwrap.fill(label, MOST_LETTERS) for label in labels[:MOST_ROWS]]
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


def save(figure: Figure, path: str | Path, passport: dict[str, Any]) -> None:
    """Write a figure with its passport in the file's metadata; the same figure gives the same bytes."""
    path = check_figure_path(path)
    ending, line = path.suffix.lstrip(".").lower(), passport_line(passport)
    metadata: dict[str, Any] = {
        "svg": {"Description": line, "Creator": "Feint", "Date": None},
        "png": {"Description": line, "Software": "Feint"},
        "pdf": {"Subject": line, "Creator": "Feint", "CreationDate": None},
    }[ending]
    import matplotlib as mpl

    drawn = BytesIO()
    with mpl.rc_context(STYLE), _unmoved(figure):
        figure.savefig(drawn, format=ending, metadata={"Title": passport["kind"], **metadata}, dpi=RESOLUTION)
    write_whole("figure", path, drawn.getvalue())


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
