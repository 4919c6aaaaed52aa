"""The commands that read a finished sweep: `feint sensitivity`, `regions`, `share`, `map`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from feint.commands.options import AsJson, Confidence, FigureFile, real
from feint.commands.output import figure_path, print_json, save, warn_unfinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from feint.sim.analysis.response_surface import Response
    from feint.sim.sweeps.sweep_results import Sweep

app = typer.Typer()

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a finished sweep.")]
Of = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT",
        help="difference (of the arms, the default where both ran), from_scratch or pretrain_finetune.",
    ),
]
Outcome = Annotated[str, typer.Option(help="Which one: deceptive, internal, corrigible, proxy or unconverged.")]


@app.command()
def sensitivity(
    folder: Folder,
    of: Of = None,
    outcome: Outcome = "deceptive",
    confidence: Confidence = 0.95,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """How much of the variation goes back to each parameter: Sobol indices or Morris's elementary effects."""
    from feint.sim.analysis import analysis_documents, analysis_texts
    from feint.sim.analysis import sensitivity as analysis

    sweep, path = _opened(folder, figure)
    found = analysis.sensitivity(_response(sweep, of, outcome), confidence=confidence)
    asked = {"of": found.response.of, "outcome": outcome, "confidence": confidence}
    told = analysis_documents.analysis_passport(sweep, "sensitivity", asked)
    _draw(path, lambda: analysis.figure(found), told)
    if as_json:
        print_json(analysis_documents.sensitivity_document(found, told, confidence))
    else:
        print(analysis_texts.sensitivity_text(found, confidence))


@app.command()
def regions(
    folder: Folder,
    of: Of = None,
    outcome: Outcome = "deceptive",
    confidence: Confidence = 0.95,
    as_json: AsJson = False,
) -> None:
    """Where the outcome is frequent and where it is not: boxes of parameters, in words."""
    from feint.sim.analysis import analysis_documents, analysis_texts
    from feint.sim.analysis import scenario_discovery as analysis

    sweep, _ = _opened(folder, None)
    found = analysis.regions(_response(sweep, of, outcome), confidence=confidence)
    if as_json:
        asked = {"of": found.response.of, "outcome": outcome, "confidence": confidence}
        told = analysis_documents.analysis_passport(sweep, "regions", asked)
        print_json(analysis_documents.regions_document(found, told, confidence))
    else:
        print(analysis_texts.regions_text(found, confidence))


@app.command()
def share(
    folder: Folder,
    least: Annotated[
        float, typer.Option(parser=real, metavar="X", help="A difference smaller than this counts as none.")
    ] = 0.02,
    outcome: Outcome = "deceptive",
    confidence: Confidence = 0.95,
    as_json: AsJson = False,
) -> None:
    """Over how much of the prior pre-training + fine-tuning has the outcome more often, less often, or neither."""
    from feint.sim.analysis import analysis_documents, analysis_texts
    from feint.sim.analysis import prior_shares as analysis

    sweep, _ = _opened(folder, None)
    found = analysis.shares(_response(sweep, "difference", outcome), least, confidence=confidence)
    if as_json:
        asked = {"outcome": outcome, "least": least, "confidence": confidence}
        told = analysis_documents.analysis_passport(sweep, "share", asked)
        print_json(analysis_documents.share_document(found, told, confidence))
    else:
        print(analysis_texts.share_text(found, confidence))


@app.command(name="map")
def map_(
    folder: Folder,
    x: Annotated[str | None, typer.Option(metavar="NAME", help="Varied parameter across.")] = None,
    y: Annotated[
        str | None, typer.Option(metavar="NAME", help="Varied parameter upwards; without it, lines over --x.")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Hold another varied parameter at one of its levels; repeatable."),
    ] = None,
    of: Of = None,
    outcome: Annotated[
        str | None, typer.Option(help="Frequency of this outcome; without it, the most frequent one is shown.")
    ] = None,
    confidence: Confidence = 0.95,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """Outcomes over two parameters of a grid, or lines with intervals over one."""
    from feint.sim.analysis import analysis_documents, analysis_texts
    from feint.sim.analysis import phase_diagrams as maps
    from feint.sim.analysis import response_profiles as profiles
    from feint.sim.analysis.grid_slices import section
    from feint.sim.analysis.plotted_responses import layers_of
    from feint.sim.training.configuration import parse_settings

    sweep, path = _opened(folder, figure)
    held = parse_settings(at or [], "at")
    asked = {"x": x, "y": y, "at": held, "of": of, "outcome": outcome, "confidence": confidence}
    told = analysis_documents.analysis_passport(sweep, "map", asked)
    if y is None:
        line = profiles.profile(layers_of(sweep, of, outcome or "deceptive"), x, held, confidence=confidence)
        _draw(path, lambda: profiles.figure(line), told)
        document = analysis_documents.profile_document(line, told, confidence)
        text = analysis_texts.profile_text(line)
    else:
        plane = section(layers_of(sweep, of, outcome), _both(x, y), held, confidence=confidence)
        _draw(path, lambda: maps.figure(plane), told)
        document = analysis_documents.map_document(plane, told, confidence)
        text = analysis_texts.map_text(plane)
    if as_json:
        print_json(document)
    else:
        print(text)


def _both(x: str | None, y: str) -> tuple[str, str]:
    from feint.agents.errors import InputError

    if x is None:
        raise InputError(f"x is missing: name the parameter that goes across, and {y} goes upwards.")
    return x, y


def _opened(folder: Path, figure: Path | None) -> tuple[Sweep, Path | None]:
    """The sweep, and the path of the figure to come; both are checked before anything is computed."""
    from feint.sim.sweeps.sweep_results import Sweep

    path, sweep = figure_path(figure), Sweep.open(folder)
    warn_unfinished(sweep)
    return sweep, path


def _response(sweep: Sweep, of: str | None, outcome: str) -> Response:
    from feint.sim.analysis.response_surface import response

    return response(sweep, of, outcome)


def _draw(path: Path | None, drawn: Callable[[], Figure], passport: dict[str, Any]) -> None:
    if path is not None:
        save(drawn(), path, passport)
