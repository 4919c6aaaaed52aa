"""What the commands give: documents, figures, bars and warnings."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.sim.sweeps.sweep_results import Sweep


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

    with tqdm(total=total, unit=unit, unit_scale=True, delay=1, leave=False, disable=None) as shown:
        yield shown.update


class SweepBar:
    """What a sweep says while it goes on: a line when it begins, and a bar, the latter on a terminal alone."""

    def __init__(self, heading: str, total: int) -> None:
        self.heading, self.total, self.bar = heading, total, None

    def begin(self) -> None:
        """Say what will be done, and show the bar at once; its time to go is by the mean pace of this process."""
        from tqdm import tqdm

        print(f"feint: {self.heading}", file=sys.stderr, flush=True)
        self.bar = tqdm(total=self.total, unit=" runs", unit_scale=True, leave=False, disable=None, smoothing=0)

    def progress(self, fresh: int, before: int, total: int) -> None:
        """Runs an arm that are finished just now, those before, and all there are as far as is known."""
        if self.bar is None:
            return
        self.bar.total = total
        if not fresh and self.bar.n == 0:
            self.bar.initial = self.bar.n = before
            self.bar.refresh()
        self.bar.update(fresh)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()


@contextmanager
def stop_told() -> Iterator[None]:
    """While it lasts the first Ctrl-C is answered at once, though what is under way ends first; a second one stops."""
    before = signal.getsignal(signal.SIGINT)

    def tell(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        print("\nfeint: stopping as soon as the parts under way are done…", file=sys.stderr, flush=True)
        raise KeyboardInterrupt

    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def show_warning(message: Warning | str, *_: object) -> None:
    """A warning, on one line of standard error."""
    print(f"feint: warning: {message}", file=sys.stderr)


def warn_unfinished(sweep: Sweep) -> None:
    """Say so where a sweep is not carried out to its end."""
    if not sweep.finished:
        show_warning(
            f"{str(sweep.folder)!r} is not finished: what follows is of the parts there are; go on by --resume."
        )
