"""World views: readings of texts as parameters, read from TOML files.

The file of a world view is a curriculum's file with two more tables: `[view]` names the text, its author and how it was
read, and `[because]` gives the reason for each parameter that departs from its default.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, computed_field

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.scenarios.bibliography import SOURCES
from feint.sim.analysis.claims import Source
from feint.sim.results.report import Hidden
from feint.sim.training.configuration import FILES, load
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.stage import Stage

FOLDER = Path(__file__).parents[1] / "views"
DEFAULT = "default"  #: name of the default point among the world views
FACTS = dict.fromkeys(("title", "author", "reading"), (str, "text: write it in quotes")) | {
    "year": (int, "a year: write a whole number"),
    "sources": (list, "a list of keys: write it as in ['xu2021pretraining']"),
}
"""Type of each entry of the table `[view]`, and what would be right."""


@dataclass(frozen=True)
class Departure:
    """A parameter that a world view sets to another value than the default."""

    name: Annotated[str, Field(description="dotted")]
    value: Any
    default: Any
    because: Annotated[str, Field(description="what it rests on in the source, and how that was read: V, S, D or K")]


@dataclass(frozen=True, kw_only=True)
class WorldView:
    """Parameters that represent a text, its author, and the way it was read."""

    name: str
    title: str = ""
    author: str = ""
    year: int | None = None
    sources: Annotated[tuple[str, ...], Field(description="keys of the bibliography")] = ()
    reading: str = ""
    model: Hidden[Model] = field(default_factory=Model)
    curriculum: Hidden[Curriculum] = field(default_factory=pretrain_finetune)
    because: Hidden[Mapping[str, str]] = field(default_factory=dict)  #: what each departure rests on, by dotted name

    @property
    def point(self) -> Point:
        """The point in parameter space."""
        return Point(model=self.model, curriculum=self.curriculum)

    @property
    def cited(self) -> tuple[Source, ...]:
        """Sources that are in the bibliography."""
        return tuple(SOURCES[key] for key in self.sources if key in SOURCES)

    @computed_field
    @property
    def departures(self) -> list[Departure]:
        """Departures from the defaults: parameters of the model, then those of each stage."""
        stages = zip(self.curriculum, pretrain_finetune(), strict=True)
        pairs = [("", self.model, Model()), *((f"{stage.name}.", stage, default) for stage, default in stages)]
        return [
            Departure(prefix + name, value, default, self.because.get(prefix + name, ""))
            for prefix, values, defaults in pairs
            for name in type(values).model_fields
            if (value := getattr(values, name)) != (default := getattr(defaults, name))
        ]

    def configuration(self) -> dict[str, Any]:
        """Return the name and the departures of the point, as plain data."""
        return {"name": self.name, "point": self.point.configuration()}

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the world view that has this configuration."""
        point = Point.from_configuration(configuration.get("point", configuration))
        return cls(name=configuration["name"], model=point.model, curriculum=point.curriculum)

    def __str__(self) -> str:
        whose = ", ".join(str(fact) for fact in (self.author, self.year) if fact)
        text = ": ".join(fact for fact in (whose, self.title) if fact)
        count = len(self.departures)
        departs = f" ({count} departure{'s' if count != 1 else ''})" if count else ""
        return f"{self.name}{' – ' if text else ''}{text}{departs}"


@cache
def views() -> dict[str, WorldView]:
    """Return the curated world views by name, in the order of their texts."""
    curated = (load_view(path) for path in FOLDER.glob("*.toml"))
    return {view.name: view for view in sorted(curated, key=lambda view: (view.year or 0, view.name))}


def default_view() -> WorldView:
    """Return the default point as a world view without an author."""
    return WorldView(name=DEFAULT, title="every parameter at its default")


def view_named(which: str | Path | WorldView | Mapping[str, Any]) -> WorldView:
    """Return a curated world view by name, or one from a file or configuration; raises `InputError`."""
    if isinstance(which, WorldView):
        return which
    if isinstance(which, Mapping):
        return WorldView.from_configuration(which)
    if str(which) in views():
        return views()[str(which)]
    if Path(which).suffix.lower() in FILES:
        return load_view(which)
    raise unknown("world view", str(which), views())


def load_view(path: str | Path) -> WorldView:
    """Read a world view from a TOML file, in which a `[model]` table is enough; raises `InputError` with the place."""
    path = Path(path)
    configuration = load(path)
    curriculum = configuration.curriculum or pretrain_finetune()
    of_stages = (f"{stage.name}.{name}" for stage in curriculum for name in Stage.model_fields if name != "name")
    try:
        if path.stem == DEFAULT:
            raise InputError(f"name = {DEFAULT!r} is that of the default point: give the file another name.")
        check_two_stages(Point(curriculum=curriculum), "of a world view")
        because = _reasons(configuration.because, (*Model.model_fields, *of_stages))
        facts = _facts(configuration.view)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return WorldView(name=path.stem, model=configuration.model, curriculum=curriculum, because=because, **facts)


def _facts(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contents of the table `[view]`."""
    for name, value in table.items():
        if name not in FACTS:
            raise unknown("entry of [view]", name, FACTS)
        kind, right = FACTS[name]
        if type(value) is not kind or (kind is list and not all(isinstance(key, str) for key in value)):
            raise InputError(f"view.{name} = {value!r} is not {right}.")
    return {**table, "sources": tuple(table.get("sources", ())), "reading": table.get("reading", "").strip()}


def _reasons(table: Mapping[str, Any], known: Iterable[str]) -> dict[str, str]:
    """Return the contents of the table `[because]`, by dotted name, whether the file quotes the dots or not."""
    known, flat = tuple(known), {}
    for name, value in table.items():
        nested = isinstance(value, Mapping)
        flat |= {f"{name}.{inner}": reason for inner, reason in value.items()} if nested else {name: value}
    for name, reason in flat.items():
        if name not in known:
            raise unknown("parameter in [because]", name, known)
        if not isinstance(reason, str):
            raise InputError(f"because.{name} = {reason!r} is not text: write a sentence in quotes.")
    return flat
