"""Fits texts into a drawn figure: legends, titles and labels get more lines, and ticks fewer labels."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.sim.results.figure_style import row_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROUNDS = 6  # of changes, each of which may move what stands beside
MOST_LABEL = 0.42  # of the width of a figure, for the labels of rows
SPACE = 3.0  # pixels at least between two labels of ticks


def fit(figure: Figure, *, taller: bool = True) -> None:
    """Break lines, thin out ticks and, if it may become `taller`, heighten a figure until its texts have room."""
    for _ in range(ROUNDS):
        figure.draw_without_rendering()
        changed = [_fit_legends(figure), _fit_titles(figure), _fit_rows(figure, taller), _fit_ticks(figure)]
        if not any(changed):
            break


def _fit_legends(figure: Figure) -> bool:
    """Give legends of the figure as many columns as there is room for."""
    changed = False
    for part in (figure, *figure.subfigs):
        legends: Any = (*part.legends, *(axes.get_legend() for axes in part.axes if axes.get_legend()))
        for legend in legends:
            changed |= _break(legend.get_title(), 0.95 * figure.bbox.width)
            columns, box = len(_columns(legend).get_children()), legend.get_window_extent()
            if columns > 1 and (box.x0 < figure.bbox.x0 + 1 or box.x1 > figure.bbox.x1 - 1):
                _pack(_columns(legend), max(1, min(columns - 1, int(columns * figure.bbox.width / box.width))))
                changed = True
    return changed


def _columns(legend: Any) -> Any:
    """Return the box in which the columns of a legend stand."""
    return legend._legend_handle_box


def _pack(box: Any, columns: int) -> None:
    """Put the entries of a legend into this number of columns, one below the other."""
    from matplotlib.offsetbox import VPacker

    first, *_ = old = box.get_children()
    entries = [entry for column in old for entry in column.get_children()]
    most = -(-len(entries) // columns)
    look = {"pad": first.pad, "sep": first.sep, "align": first.align}
    box._children = [VPacker(children=entries[i : i + most], **look) for i in range(0, len(entries), most)]
    for column in box._children:
        column.set_figure(first.get_figure(root=False))


def _fit_titles(figure: Figure) -> bool:
    """Break titles and labels of axes into lines as long as their panel, or the figure."""
    changed, page = False, figure.bbox
    for part in (figure, *figure.subfigs):
        top: Any = getattr(part, "_suptitle", None)
        changed |= top is not None and _break(top, 0.98 * page.width)
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        box = axes.get_window_extent()
        cell: Any = axes.get_subplotspec()
        wide = max(box.width, cell.get_position(axes.get_figure(root=False)).width * page.width if cell else 0)
        for title in (axes.title, axes._left_title, axes._right_title):  # pyright: ignore[reportAttributeAccessIssue]
            changed |= _break(title, 0.98 * _room(title, wide, box, page))
        changed |= axes.axison and _break(axes.xaxis.label, 1.02 * _room(axes.xaxis.label, wide, box, page))
        changed |= axes.axison and _break(axes.yaxis.label, 1.02 * max(box.height, 40), upright=True)
    return changed


def _room(text: Any, wide: float, box: Any, page: Any) -> float:
    """Return how wide a text at a panel may be: as its cell, but it must not leave the page."""
    start = {"left": page.x1 - box.x0, "right": box.x1 - page.x0}
    middle = 2 * min(page.x1 - (box.x0 + box.x1) / 2, (box.x0 + box.x1) / 2 - page.x0)
    return min(wide, start.get(text.get_ha(), middle))


def _break(text: Any, most: float, *, upright: bool = False) -> bool:
    """Break the lines of a text that are longer than `most` pixels; formulas and single words stay whole."""
    words = text.get_text()
    if not words.strip() or not text.get_visible():
        return False
    box = text.get_window_extent()
    long = box.height if upright else box.width
    if long <= most:
        return False
    letters = max(map(len, words.split("\n")))
    lines = [row_label(line, max(8, int(letters * most / long))) for line in words.split("\n")]
    if (now := "\n".join(lines)) == words:
        return False
    text.set_text(now)
    return True


def _fit_rows(figure: Figure, taller: bool) -> bool:
    """Break labels of rows that take too much of the width, and give each row the height of its label."""
    from matplotlib.ticker import FixedFormatter

    changed, need = False, 1.0
    for axes in figure.axes:
        formatter = axes.yaxis.get_major_formatter()
        if not (axes.axison and axes.get_visible() and isinstance(formatter, FixedFormatter)):
            continue
        labels = [label for label in axes.yaxis.get_ticklabels() if label.get_visible() and label.get_text()]
        boxes = [label.get_window_extent() for label in labels]
        most = MOST_LABEL * figure.bbox.width
        if boxes and max(box.width for box in boxes) > most and _fold(formatter, boxes, labels, most):
            changed = True
            continue
        boxes.sort(key=lambda box: box.y0)
        tall = [(one.height + other.height) / 2 for one, other in pairwise(boxes)]
        apart = [(other.y0 + other.y1 - one.y0 - one.y1) / 2 for one, other in pairwise(boxes)]
        need = max([need, *(high / gap for high, gap in zip(tall, apart, strict=True) if gap > 1)])
    if taller and need > 1.01:
        figure.set_figheight(min(2.5, need) * figure.get_figheight())
        changed = True
    return changed


def _fold(formatter: Any, boxes: list[Any], labels: list[Any], most: float) -> bool:
    """Fold the texts of ticks to a width in pixels; return whether that changed one."""
    letters = max(len(line) for label in labels for line in label.get_text().split("\n"))
    width = max(8, int(letters * most / max(box.width for box in boxes)))
    before = list(formatter.seq)
    formatter.seq = [row_label(text.replace("\n", " ") if " " in text else text, width) for text in before]
    return list(formatter.seq) != before


def _fit_ticks(figure: Figure) -> bool:
    """Fold, turn or leave out labels of ticks that touch each other along the x axis."""
    changed = False
    done: set[int] = set()
    for axes in figure.axes:
        axis = axes.xaxis
        if not (axes.axison and axes.get_visible()) or id(axis.major) in done:
            continue
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        labels = [
            text for tick in ticks for text in (tick.label1, tick.label2) if text.get_visible() and text.get_text()
        ]
        if _touch(labels):
            done.add(id(axis.major))  # axes may share it
            changed |= _relieve(axis, labels)
    return changed


def _touch(labels: list[Any]) -> bool:
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)
    return any(one.x1 + SPACE > other.x0 for one, other in pairwise(boxes))


def _relieve(axis: Any, labels: list[Any]) -> bool:
    """Change the labels of an axis that touch: fold words, then set them upright; of numbers leave every second out."""
    from matplotlib import ticker

    formatter, locator = axis.get_major_formatter(), axis.get_major_locator()
    words = [label.get_text() for label in labels]
    if isinstance(formatter, ticker.FixedFormatter) and any(re.search("[a-z]{2}", word) for word in words):
        before = list(formatter.seq)
        formatter.seq = [row_label(text.replace("\n", " "), 10) for text in before]
        if list(formatter.seq) == before and labels[0].get_rotation() != 90:
            axis.set_tick_params(rotation=90)
            for label in labels:
                label.set(rotation=90, ha="center", va="top", rotation_mode="default")
            return True
        return list(formatter.seq) != before
    if isinstance(formatter, ticker.FixedFormatter):
        kept = [text if text and i % 2 == 0 else "" for i, text in enumerate(filter(None, formatter.seq))]
        shown = iter(kept)
        formatter.seq = [next(shown) if text else text for text in formatter.seq]
        return True
    if isinstance(locator, ticker.MaxNLocator):
        axis.set_major_locator(ticker.MaxNLocator(nbins=max(1, len(labels) - 2), steps=[1, 2, 2.5, 5, 10]))
        return len(labels) > 2
    if isinstance(locator, (ticker.FixedLocator, ticker.LogLocator)) and len(labels) > 2:
        at = np.array([tick for tick in axis.get_majorticklocs() if axis.get_view_interval()[0] <= tick])
        axis.set_major_locator(ticker.FixedLocator(at[::2].tolist()))
        return True
    return False
