"""Where the page stands: a point, the seed, the run that is looked at; as a link, a command line and Python."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from feint.agents.errors import InputError, unknown
from feint.agents.mind import GROUPS
from feint.scenarios.argument.worldview import DEFAULT, WorldView, default_view, views
from feint.sim.ensembles.parameter_point import Point, check_two_stages, pretrained, scratch
from feint.sim.training.configuration import parse_setting
from feint.sim.training.parameter_paths import by_stage
from feint.sim.results.request import MOST_RUNS
from feint.sim.training.train import check_seed

OWN_NAMES = ("view", "seed", "run")
MOST = {"steps": 100_000, "modes": 256}  # beyond which a page would keep its reader waiting


@dataclass(frozen=True, kw_only=True)
class State:
    """All that the page shows follows from this."""

    point: Point = field(default_factory=Point)
    view: str = DEFAULT  #: the world view from which the point departs
    seed: int = 0
    run: int = 0  #: the run whose life is drawn

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if not 0 <= self.run < MOST_RUNS:
            raise InputError(f"run = {self.run!r} is not valid: it must be a whole number from 0 to {MOST_RUNS - 1:,}.")
        check_two_stages(self.point)
        for name, most in MOST.items():
            for value in (self.point.value(each) for each in _places(name)):
                if value > most:
                    raise InputError(f"{name} = {value!r} is more than this page trains: it must be at most {most:,}.")
        if isinstance(self.point.model.similarity, tuple):
            raise InputError(f"similarity = {list(self.point.model.similarity)} names several: give one number.")
        arms_fit(self.point)

    def turned(self, changes: Mapping[str, Any]) -> Self:
        """With other values; raises `InputError`."""
        return replace(self, point=self.point.at(changes))

    def moved(self) -> dict[str, Any]:
        """What is not as the world view has it, by dotted name."""
        return differing(self.point, viewed(self.view))

    def changes(self) -> dict[str, Any]:
        """What is not as the default has it, by dotted name."""
        return differing(self.point, Point())

    def query(self) -> str:
        """The state as the query of a link; the default is none."""
        own = {"view": self.view} if self.view != DEFAULT else {}
        own |= {name: str(value) for name in ("seed", "run") if (value := getattr(self, name))}
        return urlencode({**own, **{name: written(value) for name, value in self.moved().items()}})

    @classmethod
    def read(cls, query: str, before: State | None = None) -> State:
        """The state of a link, `before` where it says nothing; raises `InputError` for one that is not valid."""
        given = parse_qsl(query.lstrip("?"), keep_blank_values=True)
        if not given:
            return before or cls()
        found: dict[str, Any] = {}
        for name, text in given:
            if name in found:
                raise InputError(f"{name} = {text!r} is given a second time: give it once.")
            found[name] = text if name == "view" else parse_setting(f"{name}={text}", "link")[1]
            if name.endswith(".carry") and not isinstance(found[name], list):
                raise InputError(f"{name} = {text!r} is not valid: it must be a list, as in {written(tuple(GROUPS))}.")
        own = {name: found.pop(name) for name in OWN_NAMES if name in found}
        for name in ("seed", "run"):
            if not isinstance(own.get(name, 0), int) or isinstance(own.get(name, 0), bool):
                raise InputError(f"{name} = {own[name]!r} is not valid: it must be a whole number.")
        start = viewed(own.get("view", DEFAULT))
        return cls(point=start.at(found), **own)

    def command(self, runs: int) -> str:
        """The command line that gives the same numbers."""
        changes = self.changes()
        words = ["feint", "compare", "--runs", str(runs), "--seed", str(self.seed)]
        for option in ("start", "match"):
            words += [f"--{option}", changes.pop(option)] if option in changes else []
        for name, value in changes.items():
            words += ["--set", f"{name}={written(value)}"]
        return shlex.join(words)

    def python(self, runs: int) -> str:
        """The same from Python."""
        changes = self.changes()
        protocols = {option: changes.pop(option) for option in ("start", "match") if option in changes}
        of_model, of_stages = by_stage(changes)
        words = [f"feint.pretrain_finetune({_keywords(of_stages)})"] if of_stages else []
        words += [f"model=feint.Model({_keywords(of_model)})"] if of_model else []
        words += [f"{name}={value!r}" for name, value in {**protocols, "runs": runs, "seed": self.seed}.items()]
        inside = "".join(f"    {word},\n" for word in words)
        return f"import feint\n\nfound = feint.compare(\n{inside})\nprint(found.difference())\n"


def described(view: str) -> WorldView:
    """The world view of this name, or the default; raises `InputError` for a name that there is not."""
    if view == DEFAULT:
        return default_view()
    if view not in views():
        raise unknown("world view", view, [DEFAULT, *views()])
    return views()[view]


def viewed(view: str) -> Point:
    """Where a world view stands."""
    return described(view).point


def arms_fit(point: Point) -> None:
    """Raise where the point is not one that both arms can be trained at."""
    for protocol in (scratch(), pretrained()):
        protocol.spec(point, seed=0)


def differing(point: Point, other: Point) -> dict[str, Any]:
    """What one point has elsewhere than another, by dotted name."""
    here = dict(_flat(point))
    return {name: here[name] for name, value in _flat(other) if here[name] != value}


def written(value: Any) -> str:
    """A value in TOML's notation, or a bare name."""
    if isinstance(value, tuple):
        return "[" + ",".join(f'"{each}"' for each in value) + "]"
    return value if isinstance(value, str) else repr(value)


def _flat(point: Point) -> list[tuple[str, Any]]:
    """Every parameter of a point."""
    of_model = [(name, getattr(point.model, name)) for name in type(point.model).model_fields]
    of_stages = [
        (f"{stage.name}.{name}", getattr(stage, name))
        for stage in point.curriculum
        for name in type(stage).model_fields
        if (stage.name, name) not in {("pretraining", "carry"), ("pretraining", "name"), ("finetuning", "name")}
    ]
    return [*of_model, *of_stages, ("start", point.start), ("match", point.match)]


def _places(name: str) -> tuple[str, ...]:
    return (name,) if name == "modes" else (f"pretraining.{name}", f"finetuning.{name}")


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())
