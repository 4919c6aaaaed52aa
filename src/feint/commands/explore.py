"""The command that opens the explorer: `feint explore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from feint.commands.options import CurriculumFile, Seed, Settings, configured, whole

if TYPE_CHECKING:
    from feint.explorer.state import State

app = typer.Typer()

PORT, FINAL, SLICED = 5006, 10_000, 1000


@app.command()
def explore(
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="N",
            help=f"Runs each way that the bars are refined to; {FINAL:,}, with --export {SLICED:,}, unless given.",
        ),
    ] = None,
    seed: Seed = 0,
    port: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Port on this machine; 0 for any free one.")
    ] = PORT,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write one file that shows slices without a server, and serve nothing."),
    ] = None,
) -> None:
    """Open a page on which the premises are turned with sliders and the conclusion moves; Ctrl-C ends it."""
    from feint.agents.errors import InputError, load_extra
    from feint.sim.training.train import check_runs

    check_runs(FINAL if runs is None else runs)
    if not 0 <= port < 2**16:
        raise InputError(f"port = {port} is not valid: it must be a whole number from 0 to 65535.")
    load_extra("panel", "the explorer")
    state = _start(curriculum, settings, seed)
    if export is not None:
        _write(state, export, SLICED if runs is None else runs)
        return
    from feint.explorer.server import Explorer

    explorer = Explorer(state, port=port, final=FINAL if runs is None else runs)
    message = f"feint: the explorer is at {explorer.address} and nowhere else; Ctrl-C ends it."
    explorer.serve(browser=not no_open, ready=lambda: print(message, flush=True))


def _start(curriculum: Path | None, settings: list[str] | None, seed: int) -> State:
    from feint.explorer.state import State
    from feint.sim.training.parameter_point import Point

    model, stages = configured(curriculum, settings)
    return State(point=Point(model=model, curriculum=stages), seed=seed)


def _write(state: State, path: Path, runs: int) -> None:
    from feint.agents.errors import InputError, check_output
    from feint.commands.options import bar

    if path.suffix.lower() not in {".html", ".htm"}:
        raise InputError(f"export = {str(path)!r} is not a page: its name must end in .html.")
    check_output("export", path)
    from feint.explorer.slices import count, write

    with bar(count(state), unit=" points") as progress:
        write(path, state, runs=runs, progress=progress)
