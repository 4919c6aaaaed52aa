"""Passports in the files of figures, format by format, and colours where a format has no transparency."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.sim.results.provenance import EPS_LINE, EPS_MARK, TIFF_TAG, passport_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def metadata(ending: str, passport: dict[str, Any]) -> dict[str, Any]:
    """Return what `savefig` takes to write a passport into a file, if the format has room for it; no dates."""
    line, title = passport_line(passport), {"Title": passport["kind"]}
    if ending == "tiff":
        return {"pil_kwargs": {"compression": "tiff_deflate", "tiffinfo": {TIFF_TAG: line}}}
    of_format: dict[str, dict[str, Any]] = {
        "svg": {**title, "Description": line, "Creator": "Feint", "Date": None},
        "png": {**title, "Description": line, "Software": "Feint"},
        "pdf": {**title, "Subject": line, "Creator": "Feint", "CreationDate": None},
        "eps": {"Creator": "Feint"},
    }
    return {"metadata": of_format[ending]}


def finish(path: Path, ending: str, passport: dict[str, Any]) -> None:
    """Write what `savefig` cannot: the passport of an .eps as comments, in place of its date and its file's name."""
    if ending != "eps":
        return
    text, line = path.read_text(encoding="latin-1"), passport_line(passport)
    line = line.encode("ascii", "backslashreplace").decode()
    text = re.sub(r"^%%(CreationDate|Title): .*\n", "", text, flags=re.MULTILINE)
    parts = [f"{EPS_MARK}{line[i : i + EPS_LINE]}" for i in range(0, len(line), EPS_LINE)]
    path.write_text(text.replace("%%EndComments\n", "\n".join(["%%EndComments", *parts, ""]), 1), encoding="latin-1")


def recolour(artist: Any, change: Callable[[Any], np.ndarray]) -> None:
    """Apply a function of colours (…, 4) to every colour of an artist."""
    from matplotlib.collections import Collection
    from matplotlib.colors import to_rgba
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    if isinstance(artist, Collection):
        for name in ("facecolor", "edgecolor"):
            if len(now := np.asarray(getattr(artist, f"get_{name}")())):
                getattr(artist, f"set_{name}")(change(now))
    elif isinstance(artist, (Line2D, Patch, Text)):
        names = {Line2D: ("color", "markerfacecolor", "markeredgecolor"), Text: ("color",)}
        for name in next((of for kind, of in names.items() if isinstance(artist, kind)), ("facecolor", "edgecolor")):
            now: Any = getattr(artist, f"get_{name}")()
            if not (isinstance(now, str) and now in {"none", "auto"}) and to_rgba(now)[3] > 0:
                getattr(artist, f"set_{name}")(tuple(change(to_rgba(now)).tolist()))
    for part in (getattr(artist, "arrow_patch", None), getattr(artist, "_bbox_patch", None)):
        if part is not None:
            recolour(part, change)


@contextmanager
def opaque(figure: Figure) -> Iterator[None]:
    """Mix areas that let others shine through with white, for formats without transparency."""
    from matplotlib.collections import Collection
    from matplotlib.patches import Patch

    boxes = [getattr(artist, "_bbox_patch", None) for artist in figure.findobj()]
    before = []
    for artist in (*figure.findobj(lambda artist: isinstance(artist, (Collection, Patch))), *boxes):
        areas: Any = artist
        alpha = areas.get_alpha() if areas else None
        if isinstance(alpha, (int, float)) and alpha < 1:
            face, edge, order = areas.get_facecolor(), areas.get_edgecolor(), areas.get_zorder()
            before.append((areas, {"facecolor": face, "edgecolor": edge, "alpha": alpha, "zorder": order}))
            lower = order - isinstance(areas, Collection)  # below what shone through
            areas.set(alpha=None, facecolor=_mixed(face), edgecolor=_mixed(edge), zorder=lower)
    try:
        yield
    finally:
        for areas, look in before:
            areas.set(**look)


def _mixed(colours: Any) -> np.ndarray:
    rgba = np.array(colours, float)
    rgba[..., :3] = 1 - rgba[..., 3:] * (1 - rgba[..., :3])
    rgba[..., 3] = 1
    return rgba
