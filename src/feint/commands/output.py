"""What the commands give: documents, figures, bars and warnings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_path(path: Path | None) -> Path | None:
    """The path of a figure to come, held to what can be drawn."""
    from feint.sim.results.figure_style import check_figure_path

    return check_figure_path(path) if path else None


def save(figure: Figure, path: Path, passport: dict[str, Any]) -> None:
    """Write a figure with its passport."""
    from feint.sim.results.figure_style import save

    save(figure, path, passport)


def print_json(document: Any) -> None:
    """Print one document."""
    print(document.model_dump_json(by_alias=True))


@contextmanager
def bar(total: float, unit: str) -> Iterator[Callable[[float], object]]:
    """A bar on standard error after a second, on a terminal alone."""
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, unit_scale=True, delay=1, leave=False, disable=None if total else True) as shown:
        yield shown.update


def show_warning(message: Warning | str, *_: object) -> None:
    """A warning, on one line of standard error."""
    print(f"feint: warning: {message}", file=sys.stderr)
