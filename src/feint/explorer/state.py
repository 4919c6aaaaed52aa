"""State of the page: point, seed and run; as a link, a command line and Python code."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from feint.agents.errors import InputError, unknown
from feint.agents.mind import GROUPS
from feint.scenarios.argument.worldview_files import DEFAULT, WorldView, default_view, views
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.results.request import MOST_RUNS
from feint.sim.training.configuration import parse_setting
from feint.sim.training.parameter_point import Point, by_stage, check_two_stages
from feint.sim.training.train import check_seed

MOST = {"steps": 100_000, "modes": 256}  # limits beyond which readers would wait too long


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything that the page shows follows from its state."""

    point: Point = field(default_factory=Point)
    view: str = DEFAULT  #: world view from which the point departs
    seed: int = 0
    run: int = 0  #: run whose course is drawn

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if not 0 <= self.run < MOST_RUNS:
            raise InputError(f"run = {self.run!r} is not valid: it must be a whole number from 0 to {MOST_RUNS - 1:,}.")
        check_two_stages(self.point)
        for name, most in MOST.items():
            places = (name,) if name == "modes" else (f"pretraining.{name}", f"finetuning.{name}")
            value = max(map(self.point.value, places))
            if value > most:
                raise InputError(f"{name} = {value!r} is more than this page trains: it must be at most {most:,}.")
        if isinstance(self.point.model.similarity, tuple):
            raise InputError(f"similarity = {list(self.point.model.similarity)} names several: give one number.")
        for protocol in (scratch(), pretrained()):  # raises unless both arms can be trained
            protocol.spec(self.point, seed=0)

    def turned(self, changes: Mapping[str, Any]) -> Self:
        """Return the state with other values; raises `InputError`."""
        return replace(self, point=self.point.at(changes))

    def moved(self) -> dict[str, Any]:
        """Return the departures from the world view, by dotted name."""
        return differing(self.point, viewed(self.view))

    def changes(self) -> dict[str, Any]:
        """Return the departures from the default, by dotted name."""
        return differing(self.point, Point())

    def query(self) -> str:
        """Return the state as the query of a link; empty for the default."""
        own = {"view": self.view} if self.view != DEFAULT else {}
        own |= {name: str(value) for name in ("seed", "run") if (value := getattr(self, name))}
        return urlencode({**own, **{name: written(value) for name, value in self.moved().items()}})

    @classmethod
    def read(cls, query: str, before: State | None = None) -> State:
        """Return the state of a link, `before` if it is empty; raises `InputError` if it is not valid."""
        given = parse_qsl(query.lstrip("?"), keep_blank_values=True)
        if not given:
            return before or cls()
        values: dict[str, Any] = {}
        for name, text in given:
            if name in values:
                raise InputError(f"{name} = {text!r} is given a second time: give it once.")
            values[name] = text if name == "view" else parse_setting(f"{name}={text}", "link")[1]
            if name.endswith(".carry") and not isinstance(values[name], list):
                raise InputError(f"{name} = {text!r} is not valid: it must be a list, as in {written(tuple(GROUPS))}.")
        own = {name: values.pop(name) for name in ("view", "seed", "run") if name in values}
        for name in ("seed", "run"):
            if not isinstance(own.get(name, 0), int) or isinstance(own.get(name, 0), bool):
                raise InputError(f"{name} = {own[name]!r} is not valid: it must be a whole number.")
        return cls(point=viewed(own.get("view", DEFAULT)).at(values), **own)

    def command(self, runs: int) -> str:
        """Return the command line that gives the same numbers."""
        changes = self.changes()
        words = ["feint", "compare", "--runs", str(runs), "--seed", str(self.seed)]
        for option in ("start", "match"):
            words += [f"--{option}", changes.pop(option)] if option in changes else []
        for name, value in changes.items():
            words += ["--set", f"{name}={written(value)}"]
        return shlex.join(words)

    def python(self, runs: int) -> str:
        """Return the Python code that gives the same numbers."""
        changes = self.changes()
        protocols = {option: changes.pop(option) for option in ("start", "match") if option in changes}
        of_model, of_stages = by_stage(changes)
        words = [f"feint.pretrain_finetune({_keywords(of_stages)})"] if of_stages else []
        words += [f"model=feint.Model({_keywords(of_model)})"] if of_model else []
        words += [f"{name}={value!r}" for name, value in {**protocols, "runs": runs, "seed": self.seed}.items()]
        inside = "".join(f"    {word},\n" for word in words)
        return f"import feint\n\ncomparison = feint.compare(\n{inside})\nprint(comparison.difference())\n"


def described(view: str) -> WorldView:
    """Return the world view of this name, or the default; raises `InputError` for an unknown name."""
    if view == DEFAULT:
        return default_view()
    if view not in views():
        raise unknown("world view", view, [DEFAULT, *views()])
    return views()[view]


def viewed(view: str) -> Point:
    """Return the point of a world view."""
    return described(view).point


def differing(point: Point, other: Point) -> dict[str, Any]:
    """Return the values of a point that differ from another's, by dotted name."""
    here = _flat(point)
    return {name: here[name] for name, value in _flat(other).items() if here[name] != value}


def written(value: Any) -> str:
    """Return a value in TOML's notation, or a bare name."""
    if isinstance(value, tuple):
        return "[" + ",".join(f'"{group}"' for group in value) + "]"
    return value if isinstance(value, str) else repr(value)


def _flat(point: Point) -> dict[str, Any]:
    """Return every parameter of a point by dotted name."""
    stages = {f"{stage.name}.{name}": value for stage in point.curriculum for name, value in stage if name != "name"}
    stages.pop("pretraining.carry", None)
    return {**dict(point.model), **stages, "start": point.start, "match": point.match}


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())
