"""Premises of the argument that can be switched off, each with what switching it off means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from feint.agents.errors import unknown
from feint.agents.mind import GROUPS
from feint.sim.training.parameter_point import Point

Changes = dict[str, Any]
SMALL = 1e-6  # what is left of a reward that is switched off


@dataclass(frozen=True, kw_only=True)
class Premise:
    """Something that the argument takes for granted; `off` gives what changes at a point where it is not."""

    name: str
    words: str
    parameters: tuple[str, ...]  #: dotted names of what stands for it
    off: Callable[[Point], Changes]
    carried: bool = False  #: whether it is a group that pre-training hands over


def set_to(**values: Any) -> Callable[[Point], Changes]:
    """Off is a value; `finetuning__honeypots` stands for finetuning.honeypots, `every__` for all stages."""
    changes = {name.replace("every__", "*.").replace("__", "."): value for name, value in values.items()}
    return lambda _: dict(changes)


def not_carried(group: str) -> Callable[[Point], Changes]:
    """Off is to put a group back before fine-tuning."""

    def off(point: Point) -> Changes:
        return {"finetuning.carry": tuple(each for each in point.value("finetuning.carry") if each != group)}

    return off


def unrewarded(part: str) -> Callable[[Point], Changes]:
    """Off is a scalar that the task does not reward, though the data do: plasticity · ε with exposure / ε."""

    def off(point: Point) -> Changes:
        exposures = {
            f"{stage.name}.{part}_exposure": getattr(stage, f"{part}_exposure") / SMALL for stage in point.curriculum
        }
        return {f"plasticity_{part}": point.value(f"plasticity_{part}") * SMALL, **exposures}

    return off


PREMISES: dict[str, Premise] = {
    premise.name: premise
    for premise in (
        Premise(
            name="crystallisation",
            words="what the gate earns, SGD does not take out of the terminal objective",
            parameters=("shielding",),
            off=set_to(shielding=0.0),
        ),
        Premise(
            name="run-time inference",
            words="a capable model works out at run time what training wants",
            parameters=("inference_power",),
            off=set_to(inference_power=0.0),
        ),
        Premise(
            name="awareness by exposure",
            words="training data tell a model that it is in training",
            parameters=("*.awareness_exposure",),
            off=set_to(every__awareness_exposure=0.0),
        ),
        Premise(
            name="awareness by reward",
            words="knowing that one is in training pays, so that SGD reinforces it",
            parameters=("plasticity_awareness",),
            off=unrewarded("awareness"),
        ),
        Premise(
            name="horizon by exposure",
            words="training data favour objectives that reach past the episode",
            parameters=("*.horizon_exposure",),
            off=set_to(every__horizon_exposure=0.0),
        ),
        Premise(
            name="horizon by reward",
            words="an objective that reaches past the episode pays, so that SGD reinforces it",
            parameters=("plasticity_horizon",),
            off=unrewarded("horizon"),
        ),
        Premise(
            name="speed prior",
            words="to work out what training wants costs something at every step",
            parameters=("speed_cost",),
            off=set_to(speed_cost=0.0),
        ),
        Premise(
            name="decoys",
            words="there are many wrong things for a pointer to land on",
            parameters=("decoys",),
            off=set_to(decoys=-30.0),
        ),
        Premise(
            name="written goals first",
            words="objectives are written into the weights before pointers are built",
            parameters=("representation_init",),
            off=set_to(representation_init=0.0),
        ),
        Premise(
            name="coverage",
            words="pre-training data tell of the fine-tuning objective",
            parameters=("pretraining.coverage",),
            off=set_to(pretraining__coverage=0.0),
        ),
        *(
            Premise(
                name=f"{group} carried",
                words=f"pre-training hands the {group} over to fine-tuning",
                parameters=("finetuning.carry",),
                off=not_carried(group),
                carried=True,
            )
            for group in GROUPS
        ),
    )
}
"""By name."""


def named(names: Iterable[str] | None = None) -> list[Premise]:
    """The premises of these names, each once, all without; raises `InputError` for one that there is not."""
    wanted = list(dict.fromkeys(PREMISES if names is None else names))
    for name in wanted:
        if name not in PREMISES:
            raise unknown("premise", name, PREMISES)
    return [PREMISES[name] for name in wanted]
