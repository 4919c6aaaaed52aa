"""The commands that carry out a study: `feint sweep`, `export`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from feint.commands.options import Threads, whole
from feint.commands.output import SweepBar, show_warning, stop_told, warn_unfinished

if TYPE_CHECKING:
    from feint.sim.sweeps.study import Study

app = typer.Typer()


@app.command()
def sweep(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="What varies and how, in which arms.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the result; a new one, but with --resume.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a sweep that was stopped.")] = False,
    threads: Threads = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask cluster's scheduler, which shall train.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Start a Dask cluster of so many workers here.")
    ] = None,
) -> None:
    """Carry out a study, on all cores; stop it at any moment, and go on with --resume."""
    from feint.sim.ensembles.runner import check_threads
    from feint.sim.sweeps import experimental_designs as designs
    from feint.sim.sweeps.study import Study
    from feint.sim.sweeps.sweep import sweep as carry_out

    asked = Study.load(study)
    carried_by = _carried_by(check_threads(threads), scheduler, workers)
    bar = SweepBar(_heading(asked, out, carried_by), designs.count(asked) * asked.runs)
    with stop_told(), closing(bar):
        found = carry_out(
            asked,
            out,
            resume=resume,
            threads=threads,
            scheduler=scheduler,
            workers=workers,
            begin=bar.begin,
            progress=bar.progress,
            warn=show_warning,
        )
    print(found.text())


def _heading(study: Study, out: Path, carried_by: str) -> str:
    """Return one line that says what a sweep is about to do."""
    from feint.sim.sweeps import experimental_designs as designs

    points, arms, runs = designs.count(study), len(study.arms), f"{study.runs:,}"
    runs = runs if study.most_runs is None else f"{runs} to {study.most_runs:,}"
    return f"{_many(points, 'point')}, {_many(arms, 'arm')}, {runs} runs of each, into {out}, {carried_by}"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _carried_by(threads: int, scheduler: str | None, workers: int | None) -> str:
    """What trains, in words."""
    if scheduler is not None:
        return f"on the cluster of {scheduler}"
    if workers is not None:
        return f"on {workers:,} workers"
    return f"on {_many(threads, 'thread')}"


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Table to write: .csv, .parquet or .nc.")],
) -> None:
    """Write a sweep's finished table: one row a point, arm and stage."""
    from feint.agents.errors import check_output
    from feint.sim.sweeps.sweep_results import Sweep

    path = check_output("file", path)
    found = Sweep.open(folder)
    warn_unfinished(found)
    found.export(path)
