"""Premises of the argument that can be switched off, and the parameters that represent premises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from feint.agents.errors import unknown
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.parameters import plain
from feint.sim.training.parameter_point import EVERY, Point
from feint.sim.training.stage import Stage

Changes = dict[str, Any]
SMALL = 1e-6  # what is left of a reward that is switched off


@dataclass(frozen=True, kw_only=True)
class Premise:
    """An assumption of the argument that can be switched off."""

    name: str
    words: str  #: the assumption as a clause
    parameters: tuple[str, ...]  #: dotted names of the parameters that represent it
    off: Callable[[Point], Changes]  #: returns the changes that switch it off at a point
    carried: bool = False  #: whether it is a group that pre-training hands over


Named = TypeVar("Named", bound=Any)


def by_name(*values: Named) -> dict[str, Named]:
    """Return values that have a name by their names."""
    return {value.name: value for value in values}


def switch(name: str, words: str, **off: Any) -> Premise:
    """Return a premise that these values switch off.

    `finetuning__honeypots` means finetuning.honeypots, and `every__honeypots` that of all stages.
    """
    changes = {key.replace("every__", "*.").replace("__", "."): value for key, value in off.items()}
    return Premise(name=name, words=words, parameters=tuple(changes), off=lambda _: dict(changes))


def reward(part: str, words: str) -> Premise:
    """Return the premise that the task rewards a scalar; without it only data act: plasticity · ε, exposure / ε."""

    def off(point: Point) -> Changes:
        exposures = {
            f"{stage.name}.{part}_exposure": getattr(stage, f"{part}_exposure") / SMALL for stage in point.curriculum
        }
        return {f"plasticity_{part}": point.value(f"plasticity_{part}") * SMALL, **exposures}

    return Premise(name=f"{part} by reward", words=words, parameters=(f"plasticity_{part}",), off=off)


def carried(group: str) -> Premise:
    """Return the premise that a group is carried over; without it the group is reset before fine-tuning."""

    def off(point: Point) -> Changes:
        return {"finetuning.carry": tuple(name for name in point.value("finetuning.carry") if name != group)}

    words = f"pre-training hands the {group} over to fine-tuning"
    return Premise(name=f"{group} carried", words=words, parameters=("finetuning.carry",), off=off, carried=True)


PREMISES: dict[str, Premise] = by_name(
    switch("crystallisation", "what the gate earns, SGD does not take out of the terminal objective", shielding=0.0),
    switch("run-time inference", "a capable model works out at run time what training wants", inference_power=0.0),
    switch("awareness by exposure", "training data tell a model that it is in training", every__awareness_exposure=0.0),
    reward("awareness", "knowing that one is in training pays, so that SGD reinforces it"),
    switch(
        "horizon by exposure",
        "training data favour objectives that reach past the episode",
        every__horizon_exposure=0.0,
    ),
    reward("horizon", "an objective that reaches past the episode pays, so that SGD reinforces it"),
    switch("speed prior", "to work out what training wants costs something at every step", speed_cost=0.0),
    switch("decoys", "there are many wrong things for a pointer to land on", decoys=-30.0),
    switch(
        "written goals first",
        "objectives are written into the weights before pointers are built",
        representation_init=0.0,
    ),
    switch("coverage", "pre-training data tell of the fine-tuning objective", pretraining__coverage=0.0),
    *map(carried, GROUPS),
)
"""Premises by name."""


def select_premises(names: Iterable[str] | None = None) -> list[Premise]:
    """Return the named premises without repetitions, or all; raises `InputError` for a name that is not known."""
    wanted = list(dict.fromkeys(PREMISES if names is None else names))
    for name in wanted:
        if name not in PREMISES:
            raise unknown("premise", name, PREMISES)
    return [PREMISES[name] for name in wanted]


def bare(name: str) -> str:
    """Return a parameter's name without the stage."""
    return name.rpartition(".")[2]


def meaning(name: str) -> str:
    """Return the meaning of the parameter with this bare name."""
    declared = (Model.model_fields if name in Model.model_fields else Stage.model_fields)[name]
    return declared.description or ""


def declaration(name: str) -> dict[str, str]:
    """Return the default, prior, off value, argument and source of a parameter, as text."""
    declared = {**Stage.parameters(), **Model.parameters()}.get(name)
    if declared is None:  # `carry`, which is not a number
        return {"default": value_text(f"{EVERY}.{name}")}
    stage = "" if name in Model.model_fields else f"{EVERY}."
    facts = {"default": value_text(stage + name), "prior": declared.prior_text, "off": plain(declared.off)}
    return {**facts, "argument": declared.argument, "source": declared.source}


def value_text(name: str, point: Point | None = None) -> str:
    """Return the value of a dotted name at a point as text; of all stages, one value per stage if they differ."""
    point = Point() if point is None else point
    stage, _, parameter = name.rpartition(".")
    if stage != EVERY:
        return _shown(point.value(name))
    values = {stage.name: _shown(getattr(stage, parameter)) for stage in point.curriculum}
    if len({*values.values()}) == 1:
        return next(iter(values.values()))
    return ", ".join(f"{value} in {stage}" for stage, value in values.items())


def _shown(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, tuple) else plain(value)
