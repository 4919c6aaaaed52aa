"""The gallery: the figures of the argument by name, computed into a folder and drawn from what is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError, unknown
from feint.scenarios.gallery.picture import DRAWN_BY, KIND, Picture, Settings
from feint.sim.results import datafile
from feint.sim.results import figure_style as figures
from feint.sim.results.datafile import as_line as text
from feint.sim.results.provenance import commit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILES = (
    "headline",
    "transitions",
    "cases",
    "crux",
    "lattice",
    "race",
    "phases",
    "prior",
    "dodges",
    "worldviews",
    "graph",
    "sensitivity",
)
"""Names of the pictures, each of which is a file's."""
FORMATS = ("svg",)  # unless others are asked for


def asked(names: Iterable[str] | None) -> list[Picture]:
    """The pictures of these names, all without; raises `InputError` for one that there is not."""
    from importlib import import_module

    for name in names or ():
        if name not in FILES:
            raise unknown("figure", name, FILES)
    return [import_module(f"feint.scenarios.gallery.{name}").PICTURE for name in dict.fromkeys(names or FILES)]


@dataclass(frozen=True, kw_only=True)
class Data:
    """The data of a picture: the CSV, and what it takes to make it again."""

    content: str
    passport: dict[str, Any]
    found: bool = False  #: whether the folder held it already


@dataclass(frozen=True, kw_only=True)
class Hung:
    """A picture in its folder."""

    picture: Picture
    data: Data
    files: tuple[Path, ...]


def computed(picture: Picture, settings: Settings) -> Data:
    """The data of a picture, from nothing."""
    content = datafile.content(picture.compute(settings))
    return Data(content=content, passport=picture.passport(settings, datafile.digest(content)))


def kept(picture: Picture, settings: Settings, path: Path) -> Data:
    """The data that a file holds; raises `InputError` where they are not of this configuration, or were changed."""
    content, told = datafile.read(path)
    if not isinstance(told, dict) or told.get("kind") != KIND:
        raise InputError(f"file = {str(path)!r} is not the data of a figure: name another folder, or remove it.")
    wanted = json.loads(text(picture.configuration(settings)))
    difference = first_difference(told.get("configuration"), wanted)
    if difference:
        raise InputError(
            f"file = {str(path)!r} was computed under another configuration, with {difference}: "
            "ask for that one, name another folder, or compute it anew by --again."
        )
    if told.get("data") != datafile.digest(content):
        raise InputError(
            f"file = {str(path)!r} was changed after it was computed, for its digest is not the one in its passport: "
            "compute it anew by --again."
        )
    return Data(content=content, passport=told, found=True)


def hang(
    picture: Picture, settings: Settings, folder: Path, formats: Iterable[str] = FORMATS, *, again: bool = False
) -> Hung:
    """Draw a picture into a folder, from the data that it holds, or from nothing; `again` computes them anew anyway.

    Raises `InputError`.
    """
    path = folder / f"{picture.name}.csv"
    data = kept(picture, settings, path) if path.exists() and not again else computed(picture, settings)
    if not data.found:
        datafile.write(path, data.content, data.passport)
    drawn = _drawn(picture, data, path)
    files = tuple(folder / f"{picture.name}.{ending}" for ending in formats)
    for file in files:
        figures.save(drawn, file, with_hand(data.passport))
    return Hung(picture=picture, data=data, files=(path, *files))


def _drawn(picture: Picture, data: Data, path: Path) -> Figure:
    """The figure; raises `InputError` where data that another version computed are not as this one reads them."""
    try:
        return picture.drawn(datafile.table_of(data.content))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        if not data.found:
            raise
        raise InputError(
            f"file = {str(path)!r} holds data that this version of Feint cannot draw ({error}): "
            "compute them anew by --again."
        ) from None


def with_hand(passport: Mapping[str, Any]) -> dict[str, Any]:
    """The passport of a figure: that of its data, and what drew it."""
    drawn = {"versions": {name: version(name) for name in DRAWN_BY}, "commit": commit()}
    return {**passport, "drawn": drawn}


def check_folder(folder: Path) -> Path:
    """The folder of figures to come, made where it is not there; raises `InputError` where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"out = {str(folder)!r} is no folder that figures can go to: {error.strerror}.") from None
    return folder


def check_formats(formats: Iterable[str] | None) -> tuple[str, ...]:
    """The formats asked for, each once; raises `InputError` for one that cannot be drawn."""
    found = tuple(dict.fromkeys(each.lstrip(".").lower() for each in formats or FORMATS))
    for each in found:
        if each not in figures.FORMATS:
            raise unknown("format", each, figures.FORMATS)
    return found


def first_difference(there: Any, asked: Any) -> str | None:
    """Where two configurations first differ, in words; None where they are the same."""
    return next(_differences("", there, asked), None)


def _differences(name: str, there: Any, asked: Any) -> Iterator[str]:
    if isinstance(there, dict) and isinstance(asked, dict):
        for key in dict.fromkeys([*asked, *there]):
            yield from _differences(f"{name}.{key}" if name else str(key), there.get(key), asked.get(key))
    elif isinstance(there, list) and isinstance(asked, list) and len(there) == len(asked):
        for i, (one, other) in enumerate(zip(there, asked, strict=True)):
            yield from _differences(f"{name}.{_called(other, i)}", one, other)
    elif there != asked:
        yield f"{name or 'configuration'} = {json.dumps(there)} in place of {json.dumps(asked)}"


def _called(entry: Any, number: int) -> str:
    """A stage by its name, anything else by its place."""
    return str(entry["name"]) if isinstance(entry, dict) and "name" in entry else str(number)
