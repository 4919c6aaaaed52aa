"""Premises of the argument, and mechanisms that lead to its claims (`mechanisms.toml`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import Field

from feint.agents.errors import unknown
from feint.agents.model import Model
from feint.agents.parameters import plain
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import Hidden
from feint.sim.training.parameter_point import EVERY, Point
from feint.sim.training.stage import Stage

SMALL = 1e-6  # what is left of a reward that is switched off


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A clause that the argument assumes, and the dotted names of the parameters that represent it."""

    name: str
    words: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Premise(Assumption):
    """An assumption that can be switched off, in one of three ways."""

    values: Mapping[str, float] = field(default_factory=dict)  #: of parameters, by dotted name, that switch it off
    reward: str = ""  #: scalar whose reward it is; without it only data act: plasticity · ε, exposure / ε
    group: str = ""  #: group that pre-training hands over; without it the group is reset before fine-tuning

    def off(self, point: Point) -> dict[str, Any]:
        """Return the changes that switch it off at a point."""
        if self.group:
            return {"finetuning.carry": tuple(name for name in point.value("finetuning.carry") if name != self.group)}
        if not self.reward:
            return dict(self.values)
        plasticity, exposure = f"plasticity_{self.reward}", f"{self.reward}_exposure"
        exposures = {f"{stage.name}.{exposure}": getattr(stage, exposure) / SMALL for stage in point.curriculum}
        return {plasticity: point.value(plasticity) * SMALL, **exposures}


@dataclass(frozen=True, kw_only=True)
class Mechanism:
    """A step of the argument: from premises, by a term of the model, to claims that it bears on."""

    name: str
    words: str
    term: str  #: what represents it in the model
    premises: tuple[str, ...]
    sources: Annotated[tuple[str, ...], Field(description="keys")]
    disputed_by: Annotated[tuple[str, ...], Field(description="keys")]  #: sources that dispute it, or its sign
    claims: Hidden[tuple[str, ...]]


Declared = TypeVar("Declared", Assumption, Premise, Mechanism)


def _declared(kind: type[Declared], table: str) -> dict[str, Declared]:
    """Return what a table of the file declares, by name; lists are tuples."""
    declared = {}
    for name, row in _FILE[table].items():
        facts: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        declared[name] = kind(name=name, **facts)
    return declared


_FILE = data_beside(__file__, "mechanisms.toml")
PREMISES = _declared(Premise, "premises")
"""Premises that can be switched off, by name."""
GROUNDS = _declared(Assumption, "grounds")
"""Premises that are matters of degree, by name."""
SETTINGS = _declared(Assumption, "settings")
"""Conditions under which every claim is evaluated and which none asserts, by name."""
MECHANISMS = _declared(Mechanism, "mechanisms")
"""Mechanisms by name, in the order of the argument."""


def select_premises(names: Iterable[str]) -> list[Premise]:
    """Return the named premises without repetitions; raises `InputError` for a name that is not known."""
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in PREMISES:
            raise unknown("premise", name, PREMISES)
    return [PREMISES[name] for name in wanted]


def without(point: Point, premises: Iterable[str]) -> Point:
    """Return the point with these premises switched off; their order does not matter."""
    for premise in select_premises(premises):
        point = point.at(premise.off(point))
    return point


def bare(name: str) -> str:
    """Return a parameter's name without the stage."""
    return name.rpartition(".")[2]


def declaration(name: str) -> dict[str, str]:
    """Return the meaning, default, prior, off value, argument and source of a parameter by its bare name, as text."""
    fields_of, stage = (Model.model_fields, "") if name in Model.model_fields else (Stage.model_fields, f"{EVERY}.")
    facts = {"meaning": fields_of[name].description or "", "default": value_text(stage + name)}
    declared = {**Stage.parameters(), **Model.parameters()}.get(name)
    if declared is None:  # `carry`, which is not a number
        return facts
    facts |= {"prior": declared.prior_text, "off": plain(declared.off)}
    return {**facts, "argument": declared.argument, "source": declared.source}


def value_text(name: str, point: Point | None = None) -> str:
    """Return the value of a dotted name at a point as text; of all stages, one value per stage if they differ."""

    def text(value: Any) -> str:
        return "+".join(map(str, value)) if isinstance(value, tuple) else plain(value)

    point = Point() if point is None else point
    stage, _, parameter = name.rpartition(".")
    if stage != EVERY:
        return text(point.value(name))
    values = {stage.name: text(getattr(stage, parameter)) for stage in point.curriculum}
    if len({*values.values()}) == 1:
        return next(iter(values.values()))
    return ", ".join(f"{value} in {stage}" for stage, value in values.items())
