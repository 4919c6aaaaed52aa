"""The command line `feint`: its commands in panels, those that are functions, and how it ends."""

import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from feint.agents import VERSION
from feint.agents.errors import InputError, check_output
from feint.commands.build import (
    CurriculumFile,
    FigureFile,
    Force,
    LazyGroup,
    Precision,
    Seed,
    Settings,
    Threads,
    completed,
    count,
    drawing,
    show_warning,
)
from feint.commands.console import patient_streams, say, say_aside, say_document, say_written
from feint.commands.mistakes import check_environment, give_up
from feint.commands.settings import point_of
from feint.interrupts import STOPPED, on_interrupt, stopped
from feint.scenarios.requests import COMMANDS, DOCUMENTS, SCENARIOS, schema_text
from feint.sim.results.files import check_free
from feint.sim.results.report import WIDTH, in_columns

PORT = 5006
NARROWEST = 40  # columns of a terminal to which tables are fitted
NO_LOOK: Mapping[str, Any] = {}  # of a figure, beside its defaults
Pictures = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]…",
        help="Figures to draw; all by default. --list names them.",
        autocompletion=completed("feint.scenarios.gallery.gallery:PICTURES"),
    ),
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="svg (the default), pdf, png, eps or tiff; repeatable, or with commas between.",
        autocompletion=completed("feint.sim.results.figure_style:FORMATS"),
    ),
]
OWN = {
    name: f"feint.commands.cli:{name}"
    for name in ("explore", "export", "figures", "graph", "scenario", "schema", "sweep")
}
"""Commands that are functions rather than requests."""
PANELS = {
    "Start": ("compare", "explore", "replay", "parameters"),
    "Studies": (
        "screen",
        "sweep",
        "export",
        "map",
        "sensitivity",
        "regions",
        "share",
        "boundary",
        "power",
        "simulate",
        "rare",
    ),
    "The argument": (
        "argue",
        "why",
        "why-run",
        "crux",
        "worldviews",
        "counting",
        "audit",
        "graph",
        "figures",
        "regenerate",
    ),
    "Measurements": ("fit",),
    "More": ("scenario", "auditors", "schema"),
}


class Commands(LazyGroup):
    """All commands of `feint`."""

    panels = {panel: {name: (OWN | COMMANDS)[name] for name in names} for panel, names in PANELS.items()}


class Scenarios(LazyGroup):
    """All scenarios of `feint scenario`."""

    panels = {"Scenarios": SCENARIOS}
    of = "scenario"


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    epilog="New? Try `feint compare`, then `feint explore`.",
)
scenario = typer.Typer(cls=Scenarios, no_args_is_help=True, add_completion=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(VERSION)
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", is_eager=True, callback=_print_version, help="Print the version."),
    ] = False,
) -> None:
    """A fast, honest simulator of how training can produce deceptive alignment."""


@scenario.callback()
def experiments() -> None:
    """Run one thought experiment; each has its own options."""


def schema(
    document: Annotated[
        str, typer.Argument(help=f"{', '.join(DOCUMENTS)}.", autocompletion=completed(tuple(DOCUMENTS)))
    ],
) -> None:
    """Print the JSON schema of a command's document."""
    say_document(schema_text(document))


def explore(
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[int, count(help="Runs of each training protocol that the page trains at rest.")] = 2000,
    seed: Seed = 0,
    port: Annotated[int, count(help="Port on this machine; 0 for any free one.")] = PORT,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the page, index.html and its picture, into DIR, and serve nothing."),
    ] = None,
    force: Force = False,
) -> None:
    """Open a page in the browser that trains while you move a slider per parameter; Ctrl-C ends it."""
    from feint.explorer.page import html, write

    if not 0 <= port < 2**16:
        raise InputError(f"port = {port} is not valid: it must be a whole number from 0 to 65535.")
    start: dict[str, Any] = {"point": point_of(curriculum, settings), "seed": seed, "runs": runs}
    if export is not None:
        check_free({"page": export / "index.html", "picture": export / "card.png"}, force=force)
        return say_written(*write(export, **start))
    from feint.explorer.server import PageServer

    server = PageServer(html(**start), port)
    message = f"feint: the explorer is at {server.address}, for this machine only; Ctrl-C ends it."
    return server.serve(browser=not no_open, ready=lambda: say(message))


@drawing
def figures(
    names: Pictures = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for NAME.csv, the data, and NAME.svg; made if needed.")
    ] = Path("figures"),
    formats: Formats = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer runs: all figures in about a minute.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Recompute everything.")] = False,
    show: Annotated[bool, typer.Option("--list", help="List the figures, and draw none.")] = False,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[int | None, count(help="Runs of each training protocol, in place of a figure's own.")] = None,
    seed: Seed = 0,
    threads: Threads = None,
    precision: Precision = "single",
    look: Mapping[str, Any] = NO_LOOK,
) -> None:
    """Compute and draw all figures. Existing data in the folder are reused if they match."""
    from feint.scenarios.gallery import gallery
    from feint.sim.ensembles.runner import check_threads

    chosen = gallery.select_pictures(names)
    if show:
        say("\n".join(f"{picture.name:12} {picture.title}" for picture in chosen))
        return
    common: dict[str, Any] = {"point": point_of(curriculum, settings), "seed": seed, "precision": precision}
    formats = list(gallery.check_formats([part for given in formats or () for part in given.split(",")] or None))
    check_threads(threads)
    sizes = {picture.name: picture.size(quick=quick, runs=runs) for picture in chosen}
    requests = [gallery.FigureRequest(figure=name, size=size, **common) for name, size in sizes.items()]
    folder = gallery.check_folder(out, chosen)
    gallery.check_own(folder / f"{name}.{ending}" for name in sizes for ending in formats)
    for request in requests:
        figure, (data, *files) = gallery.draw_into(folder, request, formats, again=again, threads=threads, look=look)
        _warn_of_other_version(data, figure.made["versions"]["feint"])
        how = "found" if figure.reused else "computed"
        say(f"{data} {how}, drawn as {', '.join(file.name for file in files)}")


def _warn_of_other_version(data: Path, maker: str) -> None:
    """Warn if a figure's data were computed by another version of Feint."""
    if maker != VERSION:
        show_warning(f"{str(data)!r} was computed by Feint {maker}, and this is {VERSION}: --again recomputes it.")


@drawing
def graph(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Graph to write, .graphml or .json, or to draw, .svg, .pdf, .png, .eps or .tiff."
        ),
    ],
    verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Evaluate the claims first, and put the verdict on each.")
    ] = False,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[int, count(help="With --verdicts: runs of each training protocol.")] = 2000,
    seed: Seed = 0,
    threads: Threads = None,
    force: Force = False,
    look: Mapping[str, Any] = NO_LOOK,
) -> None:
    """Write or draw the argument: parameters, premises, mechanisms, claims and sources."""
    from feint.scenarios.argument.graph import GraphRequest, check_graph_path

    file = check_graph_path(file)
    check_free({"file": file}, force=force)
    request = GraphRequest(verdicts=verdicts, point=point_of(curriculum, settings), runs=runs, seed=seed)
    request.run(threads=threads).write(file, **look)
    say_written(file)


@drawing
def sweep(
    study: Annotated[
        Path,
        typer.Argument(metavar="STUDY.toml", help="Study, also .yaml or .json: which parameters vary and how."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder; it must not exist, unless you resume.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue what DIR holds, also with more runs or points; or begin it.")
    ] = False,
    threads: Threads = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of the Dask scheduler to train on.")
    ] = None,
    workers: Annotated[int | None, count(help="Start a Dask cluster of N workers here.")] = None,
    figure: FigureFile = None,
    force: Force = False,
    look: Mapping[str, Any] = NO_LOOK,
) -> None:
    """Carry out a study, on all cores; stop it at any moment, and continue with --resume.

    With --resume, STUDY.toml may request more runs, more points or narrower intervals than before; all is kept.
    """
    from feint.sim.ensembles.runner import check_threads
    from feint.sim.results.figure_style import check_figure_path
    from feint.sim.sweeps import experimental_designs
    from feint.sim.sweeps.study import Study
    from feint.sim.sweeps.sweep import sweep

    loaded, threads = Study.load(study), check_threads(threads)
    if figure:
        check_free({"figure": check_figure_path(figure)}, force=force)
    own = _counted(threads, "thread") if workers is None else f"{workers:,} workers"
    own = own if scheduler is None else f"the cluster of {scheduler}"
    points = experimental_designs.count(loaded)
    runs = " to ".join(f"{number:,}" for number in (loaded.runs, loaded.most_runs) if number is not None)
    each = f"{_counted(points, 'point')}, {_counted(len(loaded.arms), 'arm')}, {runs} runs of each"
    with on_interrupt(_stop), _shown(f"{each}, into {out}, on {own}", points * loaded.runs) as hooks:
        done = sweep(loaded, out, resume=resume, threads=threads, scheduler=scheduler, workers=workers, **hooks)
    say(done.checked().text())
    if figure:
        done.save_figure(figure, **look)
        say_written(figure)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@contextmanager
def _shown(heading: str, total: int) -> Iterator[dict[str, Any]]:
    """Yield the functions through which a sweep reports: heading, progress bar on a terminal, and warnings."""
    from tqdm import tqdm

    bars: list[Any] = []

    def begin(added: str) -> None:
        """Print the heading and show the bar at once; the time left follows from the mean pace of this process."""
        more = f"; what is there is kept: {added}" if added else ""
        say_aside(f"{heading}{more}")
        look: dict[str, Any] = {"unit": " runs", "unit_scale": True, "leave": False, "disable": None, "smoothing": 0}
        bars.append(stack.enter_context(tqdm(total=total, **look)))

    def progress(fresh: int, before: int, total: int) -> None:
        """Show the runs per arm finished just now, those finished before, and all there are as far as is known."""
        for shown in bars:
            shown.total = total
            if not fresh and shown.n == 0:
                shown.initial = shown.n = before
                shown.refresh()
            shown.update(fresh)

    with ExitStack() as stack:
        yield {"begin": begin, "progress": progress, "warn": show_warning}


def _stop() -> None:
    """Say that the sweep is stopping, and stop it: the parts in progress are finished first."""
    print(file=sys.stderr)
    say_aside("stopping as soon as the parts under way are done…")
    raise KeyboardInterrupt


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Table to write: .csv, .csv.gz, .parquet or .nc.")],
    force: Force = False,
) -> None:
    """Write a sweep's finished table: one row per point, arm and stage."""
    from feint.sim.sweeps.sweep import Sweep

    path = check_output("file", path)
    check_free({"file": path}, force=force)
    Sweep.open(folder).checked().export(path)
    say_written(path)


def main() -> None:
    """Run the command line; bad input is one sentence and exit code 2."""
    warnings.showwarning = show_warning
    warnings.simplefilter("always", RuntimeWarning)  # each arm says how many of its runs diverged
    with patient_streams():
        try:
            check_environment()
            with in_columns(_width()):
                code = app(standalone_mode=False) or 0
            if code == STOPPED:  # the parser's code for Ctrl-C
                raise KeyboardInterrupt
            sys.stdout.flush()
        except KeyboardInterrupt:
            stopped()
        except Exception as error:
            code = give_up(error)
        sys.exit(code)


def _width() -> int:
    """Return the columns of the terminal; WIDTH if the output is no terminal, so that it does not depend on one."""
    return max(shutil.get_terminal_size((WIDTH, 24)).columns, NARROWEST) if sys.stdout.isatty() else WIDTH
