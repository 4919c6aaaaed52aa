"""The command that runs one thought experiment: `feint scenario`."""

from __future__ import annotations

from typing import Annotated

import typer

from feint.options import AsJson, FigureFile, Threads, whole
from feint.output import bar, figure_path, print_json, save

app = typer.Typer()


@app.command()
def scenario(
    name: Annotated[
        str,
        typer.Argument(
            help="calibration, transfer: beside what is published; release: what actors make of a released model; "
            "revival: how soon what fine-tuning took away is back; wrappers: what carries its change; xu-race: the "
            "published toy of Xu (2020)."
        ),
    ],
    networks: Annotated[
        bool, typer.Option("--networks", help="Train real networks in place of the engine's mesa-optimizers.")
    ] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a number of the scenario; repeatable.")
    ] = None,
    runs: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="Runs, or networks' seeds.")] = None,
    seed: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="Key of all random streams.")] = None,
    threads: Threads = None,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """Run one thought experiment."""
    from feint.scenarios.experiments import Asked, run
    from feint.sim.configuration import parse_settings

    path = figure_path(figure)
    given = parse_settings(settings or [])
    with bar(1, unit="") as progress:
        asked = Asked(settings=given, networks=networks, runs=runs, seed=seed, threads=threads, progress=progress)
        found = run(name, asked)
    if path:
        save(found.figure(), path, found.passport())
    if as_json:
        print_json(found.document())
    else:
        print(found.text())
