"""Journeys: ways of training whose stages are those of a point, towards objectives and for lengths of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from feint.agents.mind import GROUPS
from feint.sim.ensembles.parameter_point import Point, TrainingProtocol
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.matching_rules import Match
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION

Y, X, KIN, OTHER = range(4)
"""Objectives of every journey: of pre-training, of fine-tuning, one akin to Y, and one that has nothing to do with Y.

The first two are the point's own; the similarities to Y of the others are the journey's `kin`, and 0.
"""
OBJECTIVES = 4


@dataclass(frozen=True, kw_only=True)
class ProtocolStage:
    """One stage of a journey: as a stage of the point is, save what the leg says."""

    name: str
    objective: int
    like: str = "finetuning"  #: the stage of the point
    rate: float | None = None  #: learning rate, in that of the point's pre-training; None is the stage's own
    fixed: tuple[tuple[str, Any], ...] = ()  #: parameters and values

    def stage(self, point: Point) -> Stage:
        """At a point."""
        found = point.curriculum[point.curriculum.names.index(self.like)].model_dump()
        if self.rate is not None:
            found["learning_rate"] = self.rate * point.value("pretraining.learning_rate")
        return Stage(**{**found, "name": self.name, "objective": self.objective, **dict(self.fixed)})


@dataclass(frozen=True)
class StagedProtocol(TrainingProtocol):
    """A way of training through legs. All journeys at a point share objectives and starts, whatever their legs.

    Its last stage stops at its own target, however the point is matched.
    """

    legs: tuple[ProtocolStage, ...] = ()
    kin: float = 0.9  #: similarity of KIN to Y

    def spec(self, point: Point, *, seed: int, precision: str = PRECISION) -> RunSpec:
        """What it trains at a point; raises `InputError` where a stage that it changes is not there."""
        here = point.at(dict(self.changes))
        near = here.model.similarity
        near = near[0] if isinstance(near, tuple) else near
        first, *others = (leg.stage(here) for leg in self.legs)
        return RunSpec.of(
            Curriculum(_alone(first), *others),
            model=here.model.replace(similarity=(near, self.kin, 0.0)),
            seed=seed,
            start=here.start,
            match=Match.TARGET,
            objectives=OBJECTIVES,
            precision=precision,
        )

    def __str__(self) -> str:
        return " → ".join(leg.name for leg in self.legs)


ALL_CARRIED = (("carry", tuple(GROUPS)),)


def _alone(stage: Stage) -> Stage:
    """A first stage, before which there is nothing to carry."""
    return Stage(**{name: value for name, value in stage.given().items() if name != "carry"})
