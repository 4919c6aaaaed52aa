"""Changes of a drawn figure: other words, one panel alone, sizes of texts, and grey in place of colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.sim.results.figure_files import recolour
from feint.sim.results.figure_style import COLOURS, COLUMN_WIDTH, SERIES, plain_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALLEST = 6.0  # points, of any text
PLAIN = 1e-4, 1e6  # numbers between these are written without powers of ten
GREY_OUTCOMES = dict(zip(Outcome, (0.97, 0.70, 0.15, 0.40, 0.84, 0.56), strict=True))
GREYS = {
    **{COLOURS[outcome]: grey for outcome, grey in GREY_OUTCOMES.items()},
    **dict(zip(SERIES[:4], (0.15, 0.45, 0.0, 0.62), strict=True)),
}
"""Brightness of the colours that Feint uses; other colours keep their own."""
LUMINANCE = np.array([0.299, 0.587, 0.114])
SIGNED = ("RdBu", "RdBu_r", "coolwarm", "PuOr", "PuOr_r", "vlag")  # maps of colours with a middle
MINUS = re.compile(r"(?<![\w.)\]\-−])-(?=\.?\d)")  # a hyphen before a number
DASHES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 1)))


def write(figure: Figure, words: Mapping[str, str]) -> None:
    """Write all numbers of a figure in one way, and other words for some; raises `InputError` for words not in it."""
    from matplotlib.text import Text

    seen: set[str] = set()
    change = partial(written, words=words, seen=seen)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            _write_ticks(axis, change)
    for text in figure.findobj(Text):
        before = text.get_text()  # pyright: ignore[reportAttributeAccessIssue]
        if (now := change(before)) != before:
            text.set_text(now)  # pyright: ignore[reportAttributeAccessIssue]
    if missing := [word for word in words if word not in seen]:
        figure.draw_without_rendering()  # labels of ticks are known now
        if missing := [word for word in words if word not in seen]:
            raise InputError(f"label = {missing[0]!r} does not stand in this figure: give a word as the figure has it.")


def written(text: str, words: Mapping[str, str], seen: set[str]) -> str:
    """Return a text with minus signs in place of hyphens before numbers, and words replaced; formulas are kept."""
    parts = text.split("$")
    for i in range(0, len(parts), 2):
        parts[i] = MINUS.sub("−", parts[i])
        for word, other in words.items():
            parts[i], count = re.subn(rf"(?<![\w-]){re.escape(word)}(?![\w-])", lambda _, o=other: o, parts[i])
            seen |= {word} if count else set()
    return "$".join(parts)


def _write_ticks(axis: Any, change: Callable[[str], str]) -> None:
    """Give an axis a formatter that writes numbers as texts do: 1,000 and −1."""
    from matplotlib import ticker
    from matplotlib.category import StrCategoryFormatter

    formatter, (low, high) = axis.get_major_formatter(), np.abs(axis.get_view_interval())
    if isinstance(formatter, ticker.FixedFormatter):
        formatter.seq = [change(text) for text in formatter.seq]
    elif isinstance(formatter, (ticker.FuncFormatter, ticker.StrMethodFormatter, StrCategoryFormatter)):
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, at: change(formatter(value, at))))
    elif type(formatter) is ticker.ScalarFormatter and max(low, high) >= 1000:
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: plain_number(value)))
    elif isinstance(formatter, ticker.LogFormatter) and PLAIN[0] <= min(low, high) <= max(low, high) <= PLAIN[1]:
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: plain_number(value)))
        if max(low, high) >= 10 * min(low, high):
            axis.set_minor_formatter(ticker.NullFormatter())


def panels(figure: Figure) -> dict[str, Axes]:
    """Return the panels of a figure by name: the label of its axes, or the first words of its title or axes' labels."""
    named: dict[str, Axes] = {}
    places: list[Any] = []
    for axes in figure.axes:
        place = axes.get_subplotspec()
        if not axes.get_visible() or _is_key(axes) or (place is not None and place in places):
            continue
        places.append(place)
        name = start = panel_name(axes) or f"panel-{len(named) + 1}"
        number = 1
        while name in named:
            number += 1
            name = f"{start}-{number}"
        named[name] = axes
    return named


def panel_name(axes: Axes) -> str:
    """Return the name of a panel, in lower case with hyphens; empty if nothing is written at it."""
    if axes.get_label():
        return str(axes.get_label())
    own = axes.get_figure(root=False)
    titles = [axes.get_title(loc) for loc in ("left", "center", "right")]
    above = own.get_suptitle() if own is not None and own is not axes.get_figure(root=True) else ""
    texts = [" ".join(part for part in (above.split("\n")[0], *titles) if part), axes.get_ylabel(), axes.get_xlabel()]
    first = next((text for text in texts if text), "").split("\n")[0]
    return "-".join(re.findall(r"[\w.]+", first.replace("$", "").lower())[:6])


def _is_key(axes: Axes) -> bool:
    """Return whether axes are those of a colour bar."""
    return axes.get_label() == "<colorbar>"


def keep_panel(figure: Figure, name: str, width: float | None, height: float | None) -> None:
    """Take all panels but one out of a figure, with its key and the legends; raises `InputError` if there is none."""
    known = panels(figure)
    if name not in known:
        raise InputError(f"only = {name!r} is no panel of this figure: it has {', '.join(known)}.")
    panel = known[name]
    figure.draw_without_rendering()
    box, dpi = panel.get_tightbbox(), figure.dpi
    tall = box.height / dpi if box else figure.get_figheight()
    wide = max(COLUMN_WIDTH, (box.width / dpi if box else 0) + 0.1)
    beside = [axes for axes in figure.axes if axes.get_subplotspec() == panel.get_subplotspec() or axes is panel]
    keys = [axes for axes in figure.axes if _is_key(axes) and panel in _parents(axes)]
    _complete(panel, [axes for axes in figure.axes if axes not in (*beside, *keys)])
    entries = _entries(figure, panel)
    for axes in figure.axes:
        if axes not in (*beside, *keys):
            axes.remove()
    for axes in keys:
        axes._colorbar_info["parents"] = [panel]  # pyright: ignore[reportAttributeAccessIssue] - read by the layout
    _alone(figure, panel, beside)
    if entries:
        figure.legend(*entries, loc="outside lower center", ncols=2, frameon=False)
    more = sum(legend.get_window_extent().height for legend in _legends(figure)) / dpi
    more += 0.3 * (figure.get_suptitle().count("\n") + 1) * bool(figure.get_suptitle())
    figure.set_size_inches(width or min(wide, figure.get_figwidth()), height or tall + more + 0.15)


def _parents(axes: Axes) -> list[Axes]:
    """Return the panels to which a colour bar belongs."""
    return list(getattr(axes, "_colorbar_info", {}).get("parents", []))


def _legends(figure: Any) -> list[Any]:
    return [*figure.legends, *(legend for part in figure.subfigs for legend in _legends(part))]


def _entries(figure: Figure, panel: Axes) -> tuple[list[Any], list[str]] | None:
    """Return handles and labels of a legend that stands in another panel; None if the panel needs none."""
    if panel.get_legend() or _legends(figure):
        return None
    if labels := panel.get_legend_handles_labels()[1]:
        others = (axes.get_legend_handles_labels() for axes in figure.axes if axes.get_legend())
        pairs = {label: handle for handles, known in others for handle, label in zip(handles, known, strict=True)}
        if set(labels) <= set(pairs):
            return [pairs[label] for label in dict.fromkeys(labels)], [*dict.fromkeys(labels)]
    for axes in figure.axes:
        if legend := axes.get_legend():
            return list(legend.legend_handles), [text.get_text() for text in legend.get_texts()]
    return None


def _complete(panel: Axes, others: list[Axes]) -> None:
    """Write at a panel the labels and numbers of axes that it shares with others."""
    names: tuple[Literal["x", "y"], ...] = ("x", "y")
    for name in names:
        group = getattr(panel, f"get_shared_{name}_axes")()
        alike = [axes for axes in others if group.joined(panel, axes)]
        if not alike:
            continue
        side = {"x": "labelbottom", "y": "labelleft"}[name]
        panel.tick_params(axis=name, **{side: True})
        if not getattr(panel, f"get_{name}label")():
            texts = [getattr(axes, f"get_{name}label")() for axes in alike]
            getattr(panel, f"set_{name}label")(next((text for text in texts if text), ""))


def _alone(figure: Figure, panel: Axes, beside: list[Axes]) -> None:
    """Let a panel fill its figure, or its part of it; parts without panels and legends are taken out."""
    from matplotlib.gridspec import GridSpec

    own: Any = panel.get_figure(root=False)
    for axes in {*beside, panel}:
        if axes.get_subplotspec() is not None:
            axes.set_subplotspec(GridSpec(1, 1, figure=own)[0])
    if own is figure:
        return
    kept = [part for part in figure.subfigs if part is own or (part.legends and not part.axes)]
    heights = [part.bbox.height for part in kept]
    grid = GridSpec(len(kept), 1, figure=figure, height_ratios=heights)
    figure.subfigs[:] = kept
    for i, part in enumerate(kept):
        part._subplotspec = grid[i]  # pyright: ignore[reportAttributeAccessIssue] - matplotlib offers no other way
        part._redo_transform_rel_fig()  # pyright: ignore[reportAttributeAccessIssue]


def resize_texts(figure: Figure, scale: float, families: Any = None) -> None:
    """Scale the texts of a figure, none below SMALLEST, and give them the fonts of a style that names some."""
    import matplotlib as mpl
    from matplotlib.text import Text

    every: Any = mpl.rcParams
    fonts = [font for kind in every["font.family"] for font in every.get(f"font.{kind}", [kind])]
    axes_of = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    for axis in axes_of if scale != 1 else ():
        if ticks := axis.get_major_ticks():
            axis.set_tick_params(labelsize=max(SMALLEST, scale * float(ticks[0].label1.get_fontsize())))
    done = {text for axis in axes_of for text in axis.get_ticklabels()} if scale != 1 else set()
    texts: list[Any] = figure.findobj(Text)
    for text in texts:
        if text not in done and (size := max(SMALLEST, scale * text.get_fontsize())) != text.get_fontsize():
            text.set_fontsize(size)
        if any(name.startswith("font.") for name in families or ()):
            text.set_fontfamily(fonts)


def to_grey(figure: Figure) -> None:
    """Replace every colour by grey; lines of one panel that were told apart by colour alone get dashes."""
    from matplotlib.cm import ScalarMappable

    for axes in figure.axes:
        drawn: Any = axes.lines
        lines = [line for line in drawn if not line.get_label().startswith("_") and len(line.get_xdata()) > 1]
        if len(lines) > 1 and len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 1:
            handles = {line.get_label(): DASHES[i % len(DASHES)] for i, line in enumerate(lines)}
            for line in lines:
                if line.get_linestyle() == "-":
                    line.set_linestyle(handles[line.get_label()])
    for artist in figure.findobj():
        values: Any = artist.get_array() if isinstance(artist, ScalarMappable) else None
        if values is None:
            recolour(artist, grey)
        elif np.ndim(values) == 3 and np.shape(values)[-1] in (3, 4):
            artist.set_array(grey(values))  # pyright: ignore[reportAttributeAccessIssue]
        else:
            artist.set_cmap(_grey_map(artist.get_cmap()))  # pyright: ignore[reportAttributeAccessIssue]


def _grey_map(cmap: Any) -> Any:
    """Return a map of colours in grey; one with a middle becomes light below and dark above."""
    from matplotlib.colors import ListedColormap

    if cmap.name in SIGNED:
        return ListedColormap(np.repeat(np.linspace(1, 0.25, 256)[:, None], 3, axis=1), name=f"{cmap.name}-grey")
    return ListedColormap(grey(cmap(np.arange(cmap.N))), name=f"{cmap.name}-grey")


def grey(colours: Any) -> np.ndarray:
    """Return colours (…, 3 or 4) in grey: those of Feint by GREYS, others by their luminance."""
    from matplotlib.colors import to_rgb

    rgba = np.array(colours, float)
    brightness = rgba[..., :3] @ LUMINANCE
    for name, value in GREYS.items():
        brightness = np.where(np.all(np.abs(rgba[..., :3] - to_rgb(name)) < 1e-3, axis=-1), value, brightness)
    rgba[..., :3] = brightness[..., None]
    return rgba
