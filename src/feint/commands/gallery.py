"""The commands that draw the figures of the argument and make figures again: `feint figures`, `regenerate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from feint.commands.options import AsJson, CurriculumFile, Precision, Seed, Threads, point_of, whole
from feint.commands.options import Settings as Set
from feint.commands.output import print_json, show_warning

if TYPE_CHECKING:
    from feint.scenarios.gallery.gallery import Hung

app = typer.Typer()


@app.command()
def figures(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Which; all without. --list says what there is.")
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for NAME.csv, the data, and NAME.svg; made where it is not.")
    ] = Path("figures"),
    formats: Annotated[
        list[str] | None, typer.Option("--format", metavar="FORMAT", help="svg, pdf or png; repeatable. svg without.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer runs: all figures in about a minute.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Compute anew what the folder holds already.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Say which figures there are, and draw none.")] = False,
    curriculum: CurriculumFile = None,
    settings: Set = None,
    runs: Annotated[
        int | None,
        typer.Option(parser=whole, metavar="N", help="Runs of each way of training, in place of a figure's own."),
    ] = None,
    seed: Seed = 0,
    threads: Threads = None,
    precision: Precision = "single",
) -> None:
    """Draw the figures of the argument from nothing, each beside its data; data in the folder are used if they fit."""
    from feint.scenarios.gallery import gallery
    from feint.scenarios.gallery.picture import Settings
    from feint.sim.ensembles.runner import check_threads

    chosen = gallery.asked(names)
    if show:
        print("\n".join(f"{picture.name:12} {picture.title}" for picture in chosen))
        return
    point, formats = point_of(curriculum, settings), list(gallery.check_formats(formats))
    check_threads(threads)
    common = {"point": point, "seed": seed, "precision": precision, "threads": threads}
    asked = [(each, Settings(size=each.size(quick=quick, runs=runs), **common)) for each in chosen]
    for picture in chosen:
        picture.check_libraries()
    folder = gallery.check_folder(out)
    for picture, its_own in asked:
        _say(gallery.hang(picture, its_own, folder, formats, again=again))


def _say(hung: Hung) -> None:
    from feint.agents.version import VERSION

    data, *drawn = hung.files
    told = hung.data.passport["versions"]["feint"]
    if told != VERSION:
        show_warning(f"{str(data)!r} was computed by Feint {told}, and this is {VERSION}: --again computes it anew.")
    how = "found" if hung.data.found else "computed"
    print(f"{data} {how}, drawn as {', '.join(file.name for file in drawn)}", flush=True)


@app.command()
def regenerate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A figure (.svg, .png, .pdf), or its data (.csv).")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep what was made, as this file.")] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Make a figure again from the passport in its file, and say whether it came out the same: exit code 0 if so."""
    from feint.scenarios.gallery import regeneration_texts
    from feint.scenarios.gallery.regeneration import Outcome
    from feint.scenarios.gallery.regeneration import regenerate as made_again
    from feint.sim.ensembles.runner import check_threads

    check_threads(threads)
    found = made_again(file, out=out, threads=threads)
    if as_json:
        print_json(regeneration_texts.document(found))
    else:
        print(regeneration_texts.told(found))
    if found.outcome is not Outcome.SAME:
        raise typer.Exit(1)
