"""Whether the texts of a figure can be read."""

from itertools import combinations

from matplotlib.text import Text


def boxes(figure):
    """The texts of a figure that are seen, with where they stand."""
    figure.draw_without_rendering()
    hidden = {text for axes in figure.axes for text in unseen(axes)}
    for text in figure.findobj(Text):
        if text not in hidden and text.get_visible() and text.get_text().strip():
            yield text.get_text(), text.get_window_extent().padded(-1)


def unseen(axes):
    """Labels of ticks that lie outside of the axes' limits, or of axes that are off."""
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not axes.axison or not low <= tick.get_loc() <= high:
                yield from (tick.label1, tick.label2)


def faults(figure):
    """Texts of a figure that leave the page, and pairs of texts that lie over each other."""
    found, page = list(boxes(figure)), figure.bbox.padded(1)
    outside = [text for text, box in found if not (page.contains(box.x0, box.y0) and page.contains(box.x1, box.y1))]
    over = [(one, other) for (one, a), (other, b) in combinations(found, 2) if a.overlaps(b)]
    return outside, over
