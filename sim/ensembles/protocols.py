"""Protocols of training: the two arms of a comparison, and protocols with stages of their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.sim.statistics.scaling_laws import SCALE
from feint.sim.training.curriculum import Curriculum, Match, check_parts, shared_objectives
from feint.sim.training.parameter_point import Point, as_cell
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, RunSpec, Stop

FROM_SCRATCH, PRETRAIN_FINETUNE = "from_scratch", "pretrain_finetune"
ARM_NAMES = {FROM_SCRATCH: "from scratch", PRETRAIN_FINETUNE: "pre-training + fine-tuning"}
ALL_CARRIED = (("carry", tuple(GROUPS)),)
Recorder = Callable[[list[Stop]], np.ndarray]
"""Function that records an array (runs, …) from where the runs stopped at the end of each stage."""


@dataclass(frozen=True, kw_only=True)
class ProtocolStage:
    """A stage of a protocol, which is like a stage of the point except for what is given here."""

    name: str
    objective: int  #: base objective that it trains
    like: str = "finetuning"  #: name of the point's stage that has its other parameters
    rate: float | None = None  #: learning rate in units of the point's pre-training; None keeps that of the stage
    fixed: tuple[tuple[str, Any], ...] = ()  #: names and values of parameters that do not depend on the point

    def stage(self, point: Point) -> Stage:
        """Return the stage for this point."""
        values = point.curriculum[point.curriculum.names.index(self.like)].model_dump()
        if self.rate is not None:
            values["learning_rate"] = self.rate * point.value("pretraining.learning_rate")
        return Stage(**{**values, "name": self.name, "objective": self.objective, **dict(self.fixed)})


@dataclass(frozen=True)
class TrainingProtocol:
    """A protocol of training, which can be carried out at any point.

    Stages of its own replace those of the arm; the last one stops at its own target, however the point is matched. So
    does the arm's last stage if the protocol changes its target and the point is matched by ceiling (`at_own_target`).
    Protocols of one lot with the same similarities share starts and noise; different lots share nothing.
    """

    arm: str = PRETRAIN_FINETUNE  #: arm of a comparison, whose stages are trained
    changes: tuple[tuple[str, Any], ...] = ()  #: dotted names and values that the protocol changes at the point
    lot: int = 0  #: number of the lot of runs
    recorders: tuple[Recorder, ...] = ()  #: functions that record more of the runs than their outcomes
    stages: tuple[ProtocolStage, ...] = ()
    similarities: tuple[float, ...] = ()  #: to objective 0, of objectives from 2 on; that of 1 is the point's

    def spec(self, point: Point, *, seed: int, precision: str = PRECISION) -> RunSpec:
        """Return the specification at a point; raises `InputError` if the point lacks a stage that is changed."""
        here = at_own_target(point, dict(self.changes))
        model = here.model
        if self.stages:
            curriculum = Curriculum.from_configuration([stage.stage(here).given() for stage in self.stages])
            model = model.replace(similarity=(model.nearest, *self.similarities))
            match, objectives = Match.TARGET, 2 + len(self.similarities)
        else:
            curriculum, match, objectives = arm_of(here.curriculum, self.arm, here.match, model)
        known: dict[str, Any] = {"seed": seed, "start": here.start, "precision": precision}
        return RunSpec.of(curriculum, model=model, match=match, objectives=objectives, **known)

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy with these changes added."""
        return replace(self, changes=tuple({**dict(self.changes), **changes}.items()))

    def with_defaults(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy that uses these changes as defaults; its own changes win."""
        return replace(self, changes=tuple({**changes, **dict(self.changes)}.items()))

    def __str__(self) -> str:
        if self.stages:
            return " → ".join(stage.name for stage in self.stages)
        brief = ((name, f"{value:g}" if isinstance(value, float) else as_cell(value)) for name, value in self.changes)
        changes = ", ".join(f"{name} = {value}" for name, value in brief)
        return f"{ARM_NAMES[self.arm]} ({changes})" if changes else ARM_NAMES[self.arm]


def scratch(**changes: Any) -> TrainingProtocol:
    """Return training from scratch; the keyword `finetuning__honeypots` changes finetuning.honeypots."""
    return TrainingProtocol(FROM_SCRATCH, dotted(changes))


def pretrained(**changes: Any) -> TrainingProtocol:
    """Return pre-training + fine-tuning, with changes as `scratch` takes them."""
    return TrainingProtocol(PRETRAIN_FINETUNE, dotted(changes))


def at_own_target(point: Point, changes: Mapping[str, Any]) -> Point:
    """Return the point with changes, of which a target of the last stage also holds where the point has a ceiling."""
    changed = point.at(changes)
    is_own = f"{changed.curriculum.names[-1]}.target" in changes and "match" not in changes
    return replace(changed, match=Match.TARGET.value) if is_own and changed.match == Match.CEILING.value else changed


def dotted(changes: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return the changes of a protocol from keywords, in which two underscores mean a dot."""
    plain = ((name, tuple(value) if isinstance(value, list) else value) for name, value in changes.items())
    return tuple((name.replace("__", "."), value) for name, value in plain)


def arms_of(
    curriculum: Curriculum, match: Match, *, modes: int = Model().modes, worth: int | None = None
) -> dict[str, Curriculum]:
    """Return the curriculum of each arm of a comparison, as matching requires: the last stage alone, and all stages.

    Only matching by `data` uses `modes`, which is N in the transfer law, and `worth`, D_T: the steps of the last stage
    for which the earlier ones count, by the transfer law if None. Raises `InputError`.
    """
    check_parts(curriculum)
    if len(curriculum) < 2:
        raise InputError(
            f"curriculum has the one stage {curriculum.names[0]!r}: it is compared with its last stage alone, "
            "so it needs two stages or more."
        )
    if worth is not None and match is not Match.DATA:
        raise InputError(f"worth = {worth!r} is not allowed with match = {match.value!r}: it is for match = 'data'.")
    if worth is None:
        worth = SCALE.worth(curriculum[-1].steps, modes) if match is Match.DATA else 0
    total = sum(stage.steps for stage in curriculum)
    alone = match.apply(curriculum.last_alone(), total_steps=total, worth=check_whole("worth", worth))
    return {FROM_SCRATCH: alone, PRETRAIN_FINETUNE: match.apply(curriculum)}


def arm_of(curriculum: Curriculum, arm: str, match: str | Match, model: Model) -> tuple[Curriculum, Match, int]:
    """Return the curriculum of one arm, the rule that remains to be followed, and the number of objectives."""
    if arm not in ARM_NAMES:
        raise unknown("arm", arm, ARM_NAMES)
    match = Match.named(match)
    arms = arms_of(curriculum, match, modes=model.modes)
    return arms[arm], match.per_arm, shared_objectives(model, curriculum)
