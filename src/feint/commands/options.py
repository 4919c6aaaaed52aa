"""What commands share: options, the model and stages that they describe, files, bars and warnings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.agents.model import Model
    from feint.sim.training.curriculum import Curriculum
    from feint.sim.training.parameter_point import Point


def whole(text: str) -> int:
    """A whole number, as options take it."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a whole number.") from None


def real(text: str) -> float:
    """A number, as options take it."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number.") from None


CurriculumFile = Annotated[
    Path | None,
    typer.Option("--curriculum", metavar="FILE.toml", help="Model and stages to use in place of the defaults."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a model parameter (similarity=0.9) or a stage's (finetuning.honeypots=0.1); repeatable. "
        "`feint parameters` lists them.",
    ),
]
Runs = Annotated[int, typer.Option(parser=whole, metavar="N", help="Mesa-optimizers to train, in each arm.")]
Seed = Annotated[int, typer.Option(parser=whole, metavar="N", help="Key of all random streams.")]
Threads = Annotated[
    int | None,
    typer.Option(parser=whole, metavar="N", help="Threads; one a core unless given. Results do not depend on it."),
]
Start = Annotated[str, typer.Option(help="How runs start: fresh, internal, corrigible or deceptive.")]
Matching = Annotated[
    str, typer.Option("--match", help="What is held equal at the end: target, capability, steps, total-steps or data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
FigureFile = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE", help="Draw the result; FILE ends in .svg, .png or .pdf.")
]
Confidence = Annotated[float, typer.Option(parser=real, metavar="X", help="Of intervals.")]
Precision = Annotated[str, typer.Option(help="Of the arithmetic: single or double.")]
DEFAULT_RUNS, DEFAULT_RARE_RUNS, DEFAULT_PRECISION = 2000, 100_000, "single"


def configured(file: Path | None, settings: list[str] | None) -> tuple[Model, Curriculum]:
    """The model and the stages that file and settings describe."""
    from feint.agents.model import Model
    from feint.sim.training.configuration import Configuration, load
    from feint.sim.training.curriculum import pretrain_finetune

    configured = load(file) if file else Configuration(model=Model())
    return configured.with_settings(settings or [], fallback=pretrain_finetune())


def point_of(file: Path | None, settings: list[str] | None, **more: str) -> Point:
    """The point that file and settings describe; `more` is its start and its way of matching."""
    from feint.sim.training.parameter_point import Point

    model, curriculum = configured(file, settings)
    return Point(model=model, curriculum=curriculum, **more)


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

    with tqdm(total=total, unit=unit, unit_scale=True, delay=1, leave=False, disable=None if total else True) as shown:
        yield shown.update


def show_warning(message: Warning | str, *_: object) -> None:
    """A warning, on one line of standard error."""
    print(f"feint: warning: {message}", file=sys.stderr)
