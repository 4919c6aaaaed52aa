"""The command that tries claims where each party to an argument stands: `feint worldviews`."""

from __future__ import annotations

from typing import Annotated

import typer

from feint.commands.options import DEFAULT_RUNS, AsJson, FigureFile, Seed, Threads, whole
from feint.commands.output import bar, figure_path, print_json, save

app = typer.Typer()


@app.command()
def worldviews(
    view: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE.toml",
            help="A curated world view by name, or a file with a [model] table; repeatable. All curated ones without.",
        ),
    ] = None,
    claim: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A claim by name; repeatable. All without.")
    ] = None,
    runs: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Mesa-optimizers to train, each way of training.")
    ] = DEFAULT_RUNS,
    seed: Seed = 0,
    threads: Threads = None,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """Claims by world views: what holds at the default point, and where each party to the argument stands."""
    from feint.scenarios.argument import worldview_documents, worldview_figure, worldview_texts
    from feint.scenarios.argument import worldviews as scenario
    from feint.scenarios.argument.worldview import views

    path = figure_path(figure)
    with bar(1 + len(view or views()), unit=" views") as progress:
        matrix = scenario.worldviews(view, claims=claim, runs=runs, seed=seed, threads=threads, progress=progress)
    if path:
        save(worldview_figure.figure(matrix), path, matrix.passport())
    if as_json:
        print_json(worldview_documents.worldviews_document(matrix))
    else:
        print(worldview_texts.matrix_text(matrix))
