"""The commands that carry out a study: `feint sweep`, `export`."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from feint.commands.options import Threads, show_warning, whole


def sweep(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="What varies and how, in which arms.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder; it must not exist, unless you resume.")],
    resume: Annotated[bool, typer.Option("--resume", help="Continue a sweep that was stopped.")] = False,
    threads: Threads = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of the Dask scheduler to train on.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Start a Dask cluster of N workers here.")
    ] = None,
) -> None:
    """Carry out a study, on all cores; stop it at any moment, and continue with --resume."""
    from feint.sim.ensembles.runner import check_threads
    from feint.sim.sweeps.experimental_designs import count
    from feint.sim.sweeps.study import Study
    from feint.sim.sweeps.sweep import sweep

    loaded, threads = Study.load(study), check_threads(threads)
    trainer = f"on {_many(threads, 'thread')}" if workers is None else f"on {workers:,} workers"
    trainer = trainer if scheduler is None else f"on the cluster of {scheduler}"
    points, arms, runs = count(loaded), len(loaded.arms), f"{loaded.runs:,}"
    runs = runs if loaded.most_runs is None else f"{runs} to {loaded.most_runs:,}"
    heading = f"{_many(points, 'point')}, {_many(arms, 'arm')}, {runs} runs of each, into {out}, {trainer}"
    cluster: dict[str, Any] = {"scheduler": scheduler, "workers": workers}
    with _stopping(), closing(Bar(heading, points * loaded.runs)) as bar:
        hooks: dict[str, Any] = {"begin": bar.begin, "progress": bar.progress, "warn": show_warning}
        done = sweep(loaded, out, resume=resume, threads=threads, **cluster, **hooks)
    print(done.text())


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Bar:
    """Heading of a sweep on standard error and, on a terminal, its progress bar."""

    def __init__(self, heading: str, total: int) -> None:
        self.heading, self.total, self.bar = heading, total, None

    def begin(self) -> None:
        """Print the heading and show the bar at once; the time left follows from the mean pace of this process."""
        from tqdm import tqdm

        print(f"feint: {self.heading}", file=sys.stderr, flush=True)
        self.bar = tqdm(total=self.total, unit=" runs", unit_scale=True, leave=False, disable=None, smoothing=0)

    def progress(self, fresh: int, before: int, total: int) -> None:
        """Show the runs per arm finished just now, those finished before, and all there are as far as is known."""
        if self.bar is None:
            return
        self.bar.total = total
        if not fresh and self.bar.n == 0:
            self.bar.initial = self.bar.n = before
            self.bar.refresh()
        self.bar.update(fresh)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()


@contextmanager
def _stopping() -> Iterator[None]:
    """Answer the first Ctrl-C at once, though the parts in progress are finished first; a second one stops."""
    before = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        print("\nfeint: stopping as soon as the parts under way are done…", file=sys.stderr, flush=True)
        raise KeyboardInterrupt

    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Table to write: .csv, .parquet or .nc.")],
) -> None:
    """Write a sweep's finished table: one row per point, arm and stage."""
    from feint.agents.errors import check_output
    from feint.sim.sweeps.sweep_results import Sweep

    path = check_output("file", path)
    Sweep.open(folder).checked().export(path)
