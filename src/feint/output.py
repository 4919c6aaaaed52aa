"""What the commands give: documents, figures, bars and warnings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.sim.finished import Sweep


def figure_path(path: Path | None) -> Path | None:
    """The path of a figure to come, held to what can be drawn."""
    from feint.sim.figures import check_figure_path

    return check_figure_path(path) if path else None


def save(figure: Figure, path: Path, passport: dict[str, Any]) -> None:
    """Write a figure with its passport."""
    from feint.sim.figures import save

    save(figure, path, passport)


def print_json(document: Any) -> None:
    """Print one document."""
    print(document.model_dump_json(by_alias=True))


@contextmanager
def bar(total: int, unit: str) -> Iterator[Callable[[int], object]]:
    """A bar on standard error after a second, on a terminal alone."""
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, unit_scale=True, delay=1, leave=False, disable=None) as shown:
        yield shown.update


@contextmanager
def sweep_progress() -> Iterator[Callable[[int, int, int], object]]:
    """A bar whose time to go is by the mean pace of what this process has done, on a terminal alone."""
    from tqdm import tqdm

    with tqdm(total=0, unit=" runs", unit_scale=True, delay=1, leave=False, disable=None, smoothing=0) as bar:

        def progress(fresh: int, before: int, total: int) -> None:
            bar.total = total
            if not fresh and bar.n == 0:
                bar.initial = bar.n = before
            bar.update(fresh)

        yield progress


def show_warning(message: Warning | str, *_: object) -> None:
    """A warning, on one line of standard error."""
    print(f"feint: warning: {message}", file=sys.stderr)


def warn_unfinished(sweep: Sweep) -> None:
    """Say so where a sweep is not carried out to its end."""
    if not sweep.finished:
        show_warning(
            f"{str(sweep.folder)!r} is not finished: what follows is of the parts there are; go on by --resume."
        )
