"""Points of parameter space: a model, a curriculum, a start and a matching rule, and dotted names of parameters.

In a dotted name, `parameter` belongs to the model, and `stage.parameter` to a stage.
"""

import json
from ast import literal_eval
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

from pydantic import PlainSerializer

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.sim.training.curriculum import Curriculum, Match, pretrain_finetune
from feint.sim.training.train import RunSpec

DEFAULTS = Model().model_dump(mode="json")
EVERY = "*"  #: means all stages in a dotted name
PlainModel = Annotated[Model, PlainSerializer(lambda model: model.model_dump(mode="json"), return_type=dict[str, Any])]
"""A model as a field of a report: its parameters by name."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """Everything that is the same for all protocols of training compared at a point of parameter space."""

    model: Model = field(default_factory=Model)  #: parameters that are not a stage's
    curriculum: Curriculum = field(default_factory=pretrain_finetune)  #: stages, before matching
    start: str = "fresh"  #: one of `starts` in `agents/types.py`
    match: str = Match.TARGET.value  #: what is held equal at the end, a value of `Match`

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", Model.of(self.model))

    def spec(self, *, seed: int, precision: str, objectives: int | None = None) -> RunSpec:
        """Return the run specification of the point's stages; raises `InputError` if a part is not valid."""
        known: dict[str, Any] = {"seed": seed, "objectives": objectives, "precision": precision}
        return RunSpec.of(self.curriculum, model=self.model, start=self.start, match=self.match, **known)

    def at(self, changes: Mapping[str, Any]) -> Self:
        """Return the point with some values changed; raises `InputError` for an unknown name or a value not valid.

        Names are those of the model's parameters, `stage.parameter`, `*.parameter` for all stages, `start` and `match`.
        A value may be a `Towards`, relative to the value of this point.
        """
        spread: dict[str, Any] = {}
        for name, new in changes.items():
            stage, parameter = split(name)
            value = new.of(self.value(name)) if isinstance(new, Towards) else new
            if stage:
                value = carried(value) if parameter == "carry" else value
                spread |= {f"{of_stage}.{parameter}": value for of_stage in self.stages_named(stage)}
            else:
                spread[name] = value
        of_model, of_stages = by_stage(spread)
        parts: dict[str, Any] = {name: of_model.pop(name) for name in ("start", "match") if name in of_model}
        if of_model:
            parts["model"] = self.model.replace(**of_model)
        if of_stages:
            parts["curriculum"] = self.curriculum.replace(of_stages)
        return replace(self, **parts)

    def stages_named(self, stage: str) -> tuple[str, ...]:
        """Return the names of the stages that the stage of a dotted name means."""
        names = self.curriculum.names
        if stage != EVERY and stage not in names:
            raise unknown("stage", stage, names)
        return names if stage == EVERY else (stage,)

    def value(self, name: str) -> Any:
        """Return the value that a dotted name has at this point; that of the last stage for all stages."""
        stage, parameter = split(name)
        if not stage:
            return getattr(self, name) if name in ("start", "match") else getattr(self.model, name)
        last = self.stages_named(stage)[-1]
        return getattr(self.curriculum[self.curriculum.names.index(last)], parameter)

    def configuration(self) -> dict[str, Any]:
        """Return what departs from the default point, as plain data."""
        model = {name: value for name, value in self.model.model_dump(mode="json").items() if value != DEFAULTS[name]}
        departures = self.described() | {"model": model, "stages": self.curriculum.configuration()}
        default = {"model": {}, "stages": pretrain_finetune().configuration(), "start": "fresh", "match": "target"}
        return {name: value for name, value in departures.items() if value != default[name]}

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the point of `configuration` or `described`."""
        stages = configuration.get("stages")
        return cls(
            model=Model(**configuration.get("model", {})),
            curriculum=Curriculum.from_configuration(stages) if stages else pretrain_finetune(),
            **{name: configuration[name] for name in ("start", "match") if name in configuration},
        )

    def described(self) -> dict[str, Any]:
        """Return all parameters of the point as plain data."""
        return {
            "model": self.model.model_dump(mode="json"),
            "stages": self.curriculum.described(),
            "start": self.start,
            "match": self.match,
        }


@dataclass(frozen=True)
class Towards:
    """A share of the way from a value v to an end: v + share · (end - v), rounded if v is a whole number."""

    end: float
    share: float

    def of(self, value: Any) -> Any:
        """Return the moved value; of several values, each moved."""
        if isinstance(value, tuple):
            return tuple(self.of(part) for part in value)
        moved = value + self.share * (self.end - value)
        return round(moved) if isinstance(value, int) else moved

    def __str__(self) -> str:
        return f"{self.share:.0%} of the way to {self.end:g}"


PAIR = ("pretraining", "finetuning")
"""Names by which claims speak of the first stage and of the last one."""


def check_two_stages(point: Point, whose: str = "that claims speak of") -> None:
    """Raise `InputError` unless the stages of a point are the two of PAIR."""
    if point.curriculum.names != PAIR:
        given = ", ".join(point.curriculum.names)
        raise InputError(f"stages = {given} are not those {whose}: give two, named {' and '.join(PAIR)}.")


def as_pair(point: Point) -> Point:
    """Return the point with its first and last stage named as claims name them; no number depends on such names.

    Raises `InputError` if there is one stage alone, or one between them has a name of PAIR.
    """
    names = point.curriculum.names
    if len(names) < len(PAIR):
        raise InputError(
            f"stages = {names[0]} is one: claims speak of a first stage and a last one, so give two or more."
        )
    for name in (name for name in names[1:-1] if name in PAIR):
        raise InputError(f"name = {name!r} is that by which claims speak of another stage: give this one another name.")
    if (names[0], names[-1]) == PAIR:
        return point
    first, *between, last = point.curriculum
    stages = (first.replace(name=PAIR[0]), *between, last.replace(name=PAIR[1]))
    return replace(point, curriculum=Curriculum(*stages))


def pair_text(point: Point) -> str:
    """Return of which stages claims speak at a point, in words; empty if it has those of PAIR alone."""
    first, *between, last = point.curriculum.names
    if not between and (first, last) == PAIR:
        return ""
    rest = f" What lies between, {' and '.join(between)}, is trained as it is given." if between else ""
    return f"Claims speak of {PAIR[0]}, here the first stage ({first}), and of {PAIR[1]}, here the last ({last}).{rest}"


def split(name: str) -> tuple[str, str]:
    """Return the stage, empty for the model's parameters, and the parameter."""
    stage, _, parameter = name.rpartition(".")
    return stage, parameter


def by_stage(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Split changes by dotted name into those of the model and those of each stage."""
    of_model: dict[str, Any] = {}
    of_stages: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        stage, parameter = split(name)
        (of_stages.setdefault(stage, {}) if stage else of_model)[parameter] = value
    return of_model, of_stages


def carried(value: Any) -> Any:
    """Return the carried groups named by a table cell such as `a+b`, "nothing" for none; another value as it is."""
    if isinstance(value, str):
        return () if value == "nothing" else tuple(value.split("+"))
    return tuple(value) if isinstance(value, (list, set)) else value


def as_cell(value: Any) -> Any:
    """Return a value as a table cell: carried groups as `a+b`, several numbers as `[0.5,0.25]`, others as they are."""
    value = value.tolist() if hasattr(value, "tolist") else value  # of NumPy
    if not isinstance(value, (tuple, list)):
        return value
    if all(isinstance(group, str) for group in value):
        return "+".join(value) if value else "nothing"
    return written(tuple(map(float, value)))


def as_column(values: Iterable[Any]) -> list[Any]:
    """Return values as the cells of one column, which are all texts if a number stands beside a text."""
    cells = [as_cell(value) for value in values]
    mixed = any(isinstance(cell, str) for cell in cells)
    return [cell if isinstance(cell, str) or cell is None else repr(cell) for cell in cells] if mixed else cells


def of_cell(cell: Any) -> Any:
    """Return the value that a table cell stands for: a number or several, if its text is one; else the cell itself."""
    if not isinstance(cell, str):
        return cell
    try:
        value = literal_eval(cell.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return cell
    several = isinstance(value, (list, tuple))
    numbers = value if several else [value]
    if not numbers or not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers):
        return cell
    return tuple(value) if several else value


def written(value: Any) -> str:
    """Return a value in TOML's notation, or a bare name."""
    if isinstance(value, tuple):
        return json.dumps(value, separators=(",", ":"))
    return value if isinstance(value, str) else repr(value)


def differing(point: Point, other: Point) -> dict[str, Any]:
    """Return the values of a point that differ from another's with the same stages, by dotted name."""
    here = _flat(point)
    return {name: here[name] for name, value in _flat(other).items() if here[name] != value}


def options(changes: Mapping[str, Any]) -> list[str]:
    """Return the options of a command that change these values of the default point, given by dotted name."""
    own = [word for name in ("start", "match") if name in changes for word in (f"--{name}", changes[name])]
    settings = (f"{name}={written(value)}" for name, value in changes.items() if name not in ("start", "match"))
    return [*own, *(word for setting in settings for word in ("--set", setting))]


def _flat(point: Point) -> dict[str, Any]:
    """Return every parameter of a point by dotted name."""
    stages = {f"{stage.name}.{name}": value for stage in point.curriculum for name, value in stage if name != "name"}
    stages.pop(f"{point.curriculum.names[0]}.carry", None)
    return {**dict(point.model), **stages, "start": point.start, "match": point.match}
