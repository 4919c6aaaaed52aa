"""A world view: a reading of a text as parameters, each departure from the default with what it rests on.

A file of it is a curriculum's file, so that every command that takes `--curriculum` takes it, with two tables more:
`[view]` says whose reading of what it is, and `[because]` gives a sentence for each parameter that departs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.scenarios.bibliography import SOURCES
from feint.sim.analysis.claims import Source
from feint.sim.training.configuration import Configuration, load
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.stage import Stage

FOLDER = Path(__file__).parents[1] / "views"
DEFAULT = "default"  #: name of the default point beside the world views
TEXTS, FIELDS = ("title", "author", "reading"), ("title", "author", "year", "sources", "reading")


@dataclass(frozen=True)
class Departure:
    """A parameter that a world view has elsewhere than the default."""

    name: str  #: dotted, as `pretraining.coverage`
    value: Any
    default: Any
    because: str  #: what it rests on; empty where nothing is said


@dataclass(frozen=True, kw_only=True)
class WorldView:
    """Parameters that stand for what a text says; whose text, and how it was read."""

    name: str
    title: str = ""
    author: str = ""
    year: int | None = None
    sources: tuple[str, ...] = ()  #: keys of the bibliography
    reading: str = ""  #: how the text is read
    model: Model = field(default_factory=Model)
    curriculum: Curriculum = field(default_factory=pretrain_finetune)
    because: Mapping[str, str] = field(default_factory=dict)  #: by dotted name, what a departure rests on

    @property
    def point(self) -> Point:
        """Where in parameter space it stands."""
        return Point(model=self.model, curriculum=self.curriculum)

    @property
    def cited(self) -> tuple[Source, ...]:
        """The sources that the bibliography has."""
        return tuple(SOURCES[key] for key in self.sources if key in SOURCES)

    def departures(self) -> tuple[Departure, ...]:
        """What is not as the default has it: the model's parameters, then each stage's."""
        return tuple(
            Departure(name, value, default, self.because.get(name, "")) for name, value, default in self._moved()
        )

    def _moved(self) -> Iterator[tuple[str, Any, Any]]:
        yield from _differing("", self.model, Model())
        for stage, default in zip(self.curriculum, pretrain_finetune(), strict=True):
            yield from _differing(f"{stage.name}.", stage, default)


def _differing(prefix: str, values: Model | Stage, defaults: Model | Stage) -> Iterator[tuple[str, Any, Any]]:
    for name in type(values).model_fields:
        value, default = getattr(values, name), getattr(defaults, name)
        if value != default:
            yield prefix + name, value, default


@cache
def views() -> dict[str, WorldView]:
    """The curated world views by name, in the order of their texts."""
    found = [load_view(path) for path in FOLDER.glob("*.toml")]
    return {view.name: view for view in sorted(found, key=lambda view: (view.year or 0, view.name))}


def default_view() -> WorldView:
    """The default point, which is nobody's view."""
    return WorldView(name=DEFAULT, title="every parameter at its default")


def view_named(which: str | Path | WorldView) -> WorldView:
    """A curated world view by name, or one from a file; raises `InputError` for a name that there is not."""
    if isinstance(which, WorldView):
        return which
    if str(which) in views():
        return views()[str(which)]
    if Path(which).suffix == ".toml":
        return load_view(which)
    raise unknown("world view", str(which), views())


def load_view(path: str | Path) -> WorldView:
    """Read a world view from a TOML file; one with `[model]` alone will do.

    Raises `InputError` with the file, the place in it, and what would be right.
    """
    path = Path(path)
    configuration = load(path)
    try:
        return _view(path.stem, configuration)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _view(name: str, configuration: Configuration) -> WorldView:
    if name == DEFAULT:
        raise InputError(f"name = {name!r} is that of the default point: give the file another name.")
    curriculum = configuration.curriculum or pretrain_finetune()
    check_two_stages(Point(curriculum=curriculum))
    return WorldView(
        name=name,
        model=configuration.model,
        curriculum=curriculum,
        because=_reasons(configuration.because, (*Model.model_fields, *_of_stages(curriculum))),
        **_facts(configuration.view),
    )


def _of_stages(curriculum: Curriculum) -> Iterator[str]:
    return (f"{stage.name}.{name}" for stage in curriculum for name in Stage.model_fields if name != "name")


def _facts(table: Mapping[str, Any]) -> dict[str, Any]:
    """What the table `[view]` says."""
    for name in table:
        if name not in FIELDS:
            raise unknown("entry of [view]", name, FIELDS)
    for name in TEXTS:
        if not isinstance(table.get(name, ""), str):
            raise InputError(f"view.{name} = {table[name]!r} is not text: write it in quotes.")
    year, sources = table.get("year"), table.get("sources", [])
    if year is not None and (not isinstance(year, int) or isinstance(year, bool)):
        raise InputError(f"view.year = {year!r} is not a year: write a whole number.")
    if not isinstance(sources, list) or not all(isinstance(key, str) for key in sources):
        raise InputError(f"view.sources = {sources!r} is not a list of keys: write it as in {['xu2021pretraining']}.")
    return {**table, "sources": tuple(sources)}


def _reasons(table: Mapping[str, Any], known: Iterable[str]) -> dict[str, str]:
    """What the table `[because]` says, by dotted name."""
    known = tuple(known)
    found = {}
    for name, reason in _flat(table):
        if name not in known:
            raise unknown("parameter in [because]", name, known)
        if not isinstance(reason, str):
            raise InputError(f"because.{name} = {reason!r} is not text: write a sentence in quotes.")
        found[name] = reason
    return found


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names with dots, whether a file quotes them or not."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", reason) for inner, reason in value.items())
        else:
            yield name, value
