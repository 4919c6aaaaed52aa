"""Protocols of training: the two arms of a comparison, and protocols with stages of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.sim.statistics.scaling_laws import SCALE
from feint.sim.training.curriculum import Curriculum, Match, check_curriculum, shared_objectives
from feint.sim.training.parameter_point import Point, as_cell
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, RunSpec, Stop

FROM_SCRATCH, PRETRAIN_FINETUNE = "from_scratch", "pretrain_finetune"
ARM_NAMES = {FROM_SCRATCH: "from scratch", PRETRAIN_FINETUNE: "pre-training + fine-tuning"}
ALL_CARRIED = (("carry", tuple(GROUPS)),)
Recorder = Callable[[list[Stop]], np.ndarray]
"""Records something of runs from where they stopped at the end of each stage: (runs, …)."""


@dataclass(frozen=True, kw_only=True)
class ProtocolStage:
    """A stage of a protocol, which is like a stage of the point except for what is given here.

    Parameters
    ----------
    name, objective
        Its own name, and the base objective that it trains.
    like
        Name of the point's stage that has its other parameters.
    rate
        Learning rate in units of the point's pre-training; None keeps that of the stage.
    fixed
        Names and values of parameters that do not depend on the point.

    """

    name: str
    objective: int
    like: str = "finetuning"
    rate: float | None = None
    fixed: tuple[tuple[str, Any], ...] = ()

    def stage(self, point: Point) -> Stage:
        """Return the stage at a point."""
        values = point.curriculum[point.curriculum.names.index(self.like)].model_dump()
        if self.rate is not None:
            values["learning_rate"] = self.rate * point.value("pretraining.learning_rate")
        return Stage(**{**values, "name": self.name, "objective": self.objective, **dict(self.fixed)})


@dataclass(frozen=True)
class TrainingProtocol:
    """A protocol of training, which can be carried out at any point.

    Parameters
    ----------
    arm
        Arm of a comparison, whose stages are trained.
    changes
        Dotted names and values that the protocol changes at the point.
    lot
        Number of the lot of runs. Protocols of one lot share starts and noise; different lots share nothing.
    recorders
        What is recorded of the runs besides their outcomes.
    stages
        Stages of its own, which replace those of the arm. The last one stops at its own target, however the point is
        matched.
    similarities
        Similarities to objective 0 of the objectives from 2 on, which stages of its own may train; that of objective 1
        is the point's. Protocols with the same similarities share starts, whatever their stages.

    """

    arm: str = PRETRAIN_FINETUNE
    changes: tuple[tuple[str, Any], ...] = ()
    lot: int = 0
    recorders: tuple[Recorder, ...] = ()
    stages: tuple[ProtocolStage, ...] = ()
    similarities: tuple[float, ...] = ()

    def spec(self, point: Point, *, seed: int, precision: str = PRECISION) -> RunSpec:
        """Return what is trained at a point; raises `InputError` if the point lacks a stage that is changed."""
        here = point.at(dict(self.changes))
        parts = self._stages_at(here) if self.stages else self._arm_at(here)
        return RunSpec.of(seed=seed, start=here.start, precision=precision, **parts)

    def _arm_at(self, point: Point) -> dict[str, Any]:
        curriculum, match, objectives = arm_of(point.curriculum, self.arm, point.match, point.model)
        return {"curriculum": curriculum, "model": point.model, "match": match, "objectives": objectives}

    def _stages_at(self, point: Point) -> dict[str, Any]:
        similarity = point.model.similarity
        nearest = similarity[0] if isinstance(similarity, tuple) else similarity
        first, *others = (stage.stage(point) for stage in self.stages)
        alone = Stage(**{name: value for name, value in first.given().items() if name != "carry"})
        return {
            "curriculum": Curriculum(alone, *others),
            "model": point.model.replace(similarity=(nearest, *self.similarities)),
            "objectives": 2 + len(self.similarities),
        }

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy with these changes added."""
        return replace(self, changes=tuple({**dict(self.changes), **changes}.items()))

    def with_defaults(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy that uses these changes as defaults; its own changes win."""
        return replace(self, changes=tuple({**changes, **dict(self.changes)}.items()))

    def __str__(self) -> str:
        if self.stages:
            return " → ".join(stage.name for stage in self.stages)
        changes = ", ".join(f"{name} = {_brief(value)}" for name, value in self.changes)
        return f"{ARM_NAMES[self.arm]} ({changes})" if changes else ARM_NAMES[self.arm]


def scratch(**changes: Any) -> TrainingProtocol:
    """Return training from scratch; the keyword `finetuning__honeypots` changes finetuning.honeypots."""
    return TrainingProtocol(FROM_SCRATCH, dotted(changes))


def pretrained(**changes: Any) -> TrainingProtocol:
    """Return pre-training + fine-tuning, with changes as `scratch` takes them."""
    return TrainingProtocol(PRETRAIN_FINETUNE, dotted(changes))


def dotted(changes: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return the changes of a protocol from keywords, in which two underscores stand for a dot."""
    return tuple(
        (name.replace("__", "."), tuple(value) if isinstance(value, list) else value) for name, value in changes.items()
    )


def _brief(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(as_cell(value))


def arms_of(
    curriculum: Curriculum, match: Match, *, modes: int = Model().modes, worth: int | None = None
) -> dict[str, Curriculum]:
    """Return what each arm of a comparison trains: the last stage alone, and all stages, both as the matching requires.

    Only matching by `data` uses `modes`, which is N in the transfer law, and `worth`, D_T in steps: how many steps of
    the last stage the earlier ones are worth, by the transfer law if None. Raises `InputError`.
    """
    check_curriculum(curriculum)
    if len(curriculum) < 2:
        raise InputError(
            f"curriculum has the one stage {curriculum.names[0]!r}: it is compared with its last stage alone, "
            "so it needs two stages or more."
        )
    total, more = sum(stage.steps for stage in curriculum), _worth(curriculum[-1].steps, match, modes, worth)
    alone = match.apply(curriculum.last_alone(), total_steps=total, worth=more)
    return {FROM_SCRATCH: alone, PRETRAIN_FINETUNE: match.apply(curriculum)}


def arm_of(curriculum: Curriculum, arm: str, match: str | Match, model: Model) -> tuple[Curriculum, Match, int]:
    """Return what one arm trains, how it is matched, and how many objectives the arms share."""
    if arm not in ARM_NAMES:
        raise unknown("arm", arm, ARM_NAMES)
    match = Match.named(match)
    arms = arms_of(curriculum, match, modes=model.modes)
    return arms[arm], match.per_arm, shared_objectives(model, curriculum)


def _worth(steps: int, match: Match, modes: int, worth: int | None) -> int:
    """Return D_T in steps: as given, else by the transfer law."""
    if worth is None:
        return SCALE.worth(steps, modes) if match is Match.DATA else 0
    if match is not Match.DATA:
        raise InputError(f"worth = {worth!r} is not allowed with match = {match.value!r}: it is for match = 'data'.")
    return check_whole("worth", worth)
