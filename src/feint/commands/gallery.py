"""The commands that draw the argument: `feint figures` and `feint graph`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from feint.commands.options import CurriculumFile, Precision, Seed, Settings, Threads, point_of, show_warning, whole

if TYPE_CHECKING:
    from feint.scenarios.gallery.gallery import GalleryFigure


def figures(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Figures to draw; all by default. --list names them.")
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for NAME.csv, the data, and NAME.svg; made if needed.")
    ] = Path("figures"),
    formats: Annotated[
        list[str] | None, typer.Option("--format", metavar="FORMAT", help="svg (the default), pdf or png; repeatable.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer runs: all figures in about a minute.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Recompute everything.")] = False,
    show: Annotated[bool, typer.Option("--list", help="List the figures, and draw none.")] = False,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[
        int | None,
        typer.Option(parser=whole, metavar="N", help="Runs of each training protocol, in place of a figure's own."),
    ] = None,
    seed: Seed = 0,
    threads: Threads = None,
    precision: Precision = "single",
) -> None:
    """Compute and draw all figures. Existing data in the folder are reused if they match."""
    from feint.scenarios.gallery import gallery
    from feint.sim.ensembles.runner import check_threads

    chosen = gallery.select_pictures(names)
    if show:
        print("\n".join(f"{picture.name:12} {picture.title}" for picture in chosen))
        return
    common = {"point": point_of(curriculum, settings), "seed": seed, "precision": precision}
    formats = list(gallery.check_formats(formats))
    check_threads(threads)
    requests = [
        gallery.FigureRequest(figure=picture.name, size=picture.size(quick=quick, runs=runs), **common)
        for picture in chosen
    ]
    for picture in chosen:
        picture.check_libraries()
    folder = gallery.check_folder(out)
    for request in requests:
        _report(*gallery.draw_into(folder, request, formats, again=again, threads=threads))


def _report(figure: GalleryFigure, files: tuple[Path, ...]) -> None:
    """Print which files were written, and warn about data of another version of Feint."""
    from feint.agents.version import VERSION

    data, *drawn = files
    made_by = figure.made["versions"]["feint"]
    if made_by != VERSION:
        show_warning(f"{str(data)!r} was computed by Feint {made_by}, and this is {VERSION}: --again recomputes it.")
    how = "found" if figure.reused else "computed"
    print(f"{data} {how}, drawn as {', '.join(file.name for file in drawn)}", flush=True)


def graph(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Graph to write, .graphml or .json, or to draw, .svg, .png or .pdf.")
    ],
    verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Evaluate the claims first, and put the verdict on each.")
    ] = False,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="With --verdicts: runs of each training protocol.")
    ] = 2000,
    seed: Seed = 0,
    threads: Threads = None,
) -> None:
    """Write or draw the argument: parameters, premises, mechanisms, claims and sources."""
    from feint.scenarios.argument.graph import GraphRequest, check_graph_path

    file = check_graph_path(file)
    request = GraphRequest(verdicts=verdicts, point=point_of(curriculum, settings), runs=runs, seed=seed)
    request.run(threads=threads).write(file)
