"""The gallery: the figures of the argument by name, computed into a folder and drawn from the data in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from matplotlib.figure import Figure

from feint.agents.errors import InputError, unknown
from feint.scenarios.gallery import argument, duration, outcomes
from feint.scenarios.gallery.picture import Picture
from feint.sim.results import figure_style, provenance
from feint.sim.results.figure_look import Look
from feint.sim.results.provenance import commit, data_beside, difference_text, passport
from feint.sim.results.report import Hidden, Report
from feint.sim.results.request import Option, Precision, Progress, Request, Seed
from feint.sim.training.parameter_point import Point, as_pair
from feint.sim.training.train import PRECISION, check_precision, check_runs

_FUNCTIONS = {**vars(outcomes), **vars(argument), **vars(duration)}
PICTURES = {
    name: Picture(name=name, compute=_FUNCTIONS[f"compute_{name}"], draw=_FUNCTIONS[f"draw_{name}"], **facts)
    for name, facts in data_beside(__file__, "figures.toml").items()
}
"""All figures by name, in the order of the manual's page."""
FORMATS = ("svg",)  # of figures, unless others are requested
TABLED_BY, DRAWN_BY = ("pandas", "scipy"), ("matplotlib", "seaborn")
"""Libraries on whose versions the data of a figure and its drawing depend."""


@dataclass(frozen=True, kw_only=True)
class FigureRequest(Request):
    """Compute the data of a figure of the gallery, and draw it.

    `size` says how much is computed: `runs` of each training protocol, and what else the figure counts.
    """

    kind = "figure"

    figure: Annotated[str, Option("Name of a figure of the gallery.", argument=True)]
    size: Annotated[Mapping[str, int], Option("How much is computed.", "NAME=N")]
    point: Point = field(default_factory=Point)
    seed: Seed = 0
    precision: Precision = PRECISION

    def __post_init__(self) -> None:
        super().__post_init__()
        as_pair(self.point)  # raises for stages of which claims cannot speak
        check_precision(self.precision)
        check_runs(self.size["runs"])

    @property
    def picture(self) -> Picture:
        """The figure that is requested."""
        return select_pictures([self.figure])[0]

    def table(self, threads: int | None = None) -> pd.DataFrame:
        """Compute the data of the figure."""
        keys = {"seed": self.seed, "precision": self.precision, "threads": threads}
        return self.picture.compute(as_pair(self.point), self.size, **keys)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> GalleryFigure:  # noqa: ARG002
        """Compute the data of the figure, and return them with their passport."""
        content = provenance.csv_text(self.table(threads))
        made = passport(self.kind, self.configuration())
        made["versions"] |= {name: version(name) for name in (*TABLED_BY, *self.picture.extra)}
        return GalleryFigure(request=self, content=content, made={**made, "data": provenance.digest(content)})

    def described(self) -> dict[str, Any]:
        """Return everything that the numbers depend on, including defaults."""
        own = {"figure": self.figure, "seed": self.seed, "precision": self.precision}
        return {**own, **self.point.described(), "size": dict(self.size)}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GalleryFigure(Report):
    """A figure of the gallery with its data."""

    request: Hidden[FigureRequest]
    content: Hidden[str]  #: the data as CSV
    made: Hidden[dict[str, Any]]  #: passport of the data
    reused: bool = False  #: whether the data were read from a folder

    def blocks(self) -> list[str]:
        """Return the title of the figure."""
        return [self.request.picture.title]

    def frame(self) -> pd.DataFrame:
        """Return the data of the figure."""
        return provenance.table_from_csv(self.content)

    def drawing(self) -> Figure:
        """Draw the figure."""
        return self.request.picture.drawn(self.frame())

    def passport(self) -> dict[str, Any]:
        """Return the passport of the data, and what draws them now."""
        return {**self.made, "drawn": {"versions": {name: version(name) for name in DRAWN_BY}, "commit": commit()}}


def select_pictures(names: Iterable[str] | None = None) -> list[Picture]:
    """Return the named figures, or all; raises `InputError` for a name that is not known."""
    for name in names or ():
        if name not in PICTURES:
            raise unknown("figure", name, PICTURES)
    return [PICTURES[name] for name in dict.fromkeys(names or PICTURES)]


def read_figure(request: FigureRequest, path: Path) -> GalleryFigure:
    """Return a figure with the data of a file; raises `InputError` if they are not those requested, or were edited."""
    content, made = provenance.read_csv(path)
    if not isinstance(made, dict) or made.get("kind") != FigureRequest.kind:
        raise InputError(f"file = {str(path)!r} is not the data of a figure: name another folder, or remove it.")
    other = FigureRequest.from_configuration(made["configuration"])
    if difference := difference_text(other.described(), request.described()):
        raise InputError(
            f"file = {str(path)!r} was computed under another configuration: {difference}; request that one, name "
            "another folder, or compute it again with --again."
        )
    if made.get("data") != provenance.digest(content):
        raise InputError(
            f"file = {str(path)!r} was changed after it was computed, since its digest is not the one in its passport: "
            "compute it again with --again."
        )
    return GalleryFigure(request=request, content=content, made=made, reused=True)


def draw_into(
    folder: Path,
    request: FigureRequest,
    formats: Iterable[str] = FORMATS,
    *,
    again: bool = False,
    threads: int | None = None,
    look: Mapping[str, Any] | None = None,
) -> tuple[GalleryFigure, tuple[Path, ...]]:
    """Draw a figure into a folder, in `formats`, from the data in it or, if there are none or `again`, from nothing.

    `look` holds keywords of `Look`. Returns the figure, and the paths of its data and its drawings. Raises
    `InputError` if the folder holds other data under the figure's name, or cannot be written.
    """
    path = folder / f"{request.figure}.csv"
    figure = read_figure(request, path) if path.exists() and not again else request.run(threads=threads)
    if not figure.reused:
        provenance.write_csv(path, figure.content, figure.made)
    try:
        drawn = figure.figure(**(look or {}))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        if not figure.reused or isinstance(error, InputError):
            raise
        raise InputError(
            f"file = {str(path)!r} holds data that this version of Feint cannot draw ({error}): "
            "compute them again with --again."
        ) from None
    files = tuple(folder / f"{request.figure}.{ending}" for ending in formats)
    for file in files:
        figure_style.save(drawn, file, figure.passport(), Look(**(look or {})))
    return figure, (path, *files)


def check_own(files: Iterable[Path]) -> None:
    """Raise `InputError` if one of these files is there and is no figure of Feint, which drawing would replace."""
    for file in files:
        if file.exists():
            provenance.passport_in(file)


def check_folder(folder: Path, chosen: Iterable[Picture] = ()) -> Path:
    """Return the output folder of figures, which is made if needed; raises `InputError` if they cannot be drawn."""
    for picture in chosen:
        picture.check_libraries()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"out = {str(folder)!r} cannot hold figures: {error.strerror}.") from None
    return folder


def check_formats(formats: Iterable[str] | None) -> tuple[str, ...]:
    """Return the requested formats without repetitions; raises `InputError` for one that is not known."""
    endings = tuple(dict.fromkeys(name.lstrip(".").lower() for name in formats or FORMATS))
    for ending in endings:
        if ending not in figure_style.FORMATS:
            raise unknown("format", ending, figure_style.FORMATS)
    return endings
