"""Released models: the objectives that one is trained and fine-tuned towards, and the ways of training through them.

A model is pre-trained on Y, in which the hazard is, and fine-tuned on X so as not to show it; then it is released. To
revive the hazard is to train towards Y again; a hazard that was never there is Z, which has nothing to do with Y.
Harmless uses are as akin to Y as is assumed here. Where it was unlearned instead, fine-tuning on X carries the
capability alone: an upper bound on unlearning, which in practice leaves more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from feint.agents.errors import InputError, unknown
from feint.scenarios.finetuning.protocols import GENTLE, LENGTH
from feint.sim.ensembles.protocols import ALL_CARRIED, ProtocolStage, Recorder, TrainingProtocol
from feint.sim.markets.fine_tuning_uses import Use
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.matching_rules import Match
from feint.sim.training.parameter_point import Point
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION

Y, X = 0, 1
SIMILARITIES = {"customisation": 0.9, "language": 0.5, "defence": 0.75, "new hazard": 0.0}
"""Of the uses to Y, assumed: to customise is near what a model knows, a language that is seldom served is further,
defence and research need much of what the hazard needs, and Z is a hazard that it never had."""
USES = (
    Use(name="customisation", objective=2),
    Use(name="language", objective=3),
    Use(name="defence", objective=4),
    Use(name="wrapped hazard", objective=Y, hazard=True, wrapped=True),
    Use(name="new hazard", objective=5, hazard=True),
)
NAMED = {use.name: use for use in USES}
DOMAINS = tuple(use.name for use in USES if not use.hazard)
OBJECTIVES = 2 + len(SIMILARITIES)
SUPPRESSED, UNLEARNED, NONE = RELEASES = ("suppressed", "unlearned", "none")
"""How the hazard was dealt with before the release; none is no release, so that a use starts from nothing."""

PRETRAINED = ProtocolStage(name="pretraining", objective=Y, like="pretraining", fixed=(("coverage", 0.0),))
TUNED = {
    SUPPRESSED: ProtocolStage(name="safety", objective=X, rate=GENTLE, fixed=(("steps", LENGTH), ("target", 0.0))),
    UNLEARNED: ProtocolStage(name="safety", objective=X, fixed=(("carry", ("capability",)),)),
}


def leg(use: str) -> ProtocolStage:
    """The fine-tune for a use: as the point's own fine-tuning stage, everything carried."""
    if use not in NAMED:
        raise unknown("use", use, NAMED)
    return ProtocolStage(name="use", objective=NAMED[use].objective, fixed=ALL_CARRIED)


@dataclass(frozen=True)
class ReleaseProtocol(TrainingProtocol):
    """A way of training through legs among the objectives of a released model."""

    legs: tuple[ProtocolStage, ...] = ()

    def spec(self, point: Point, *, seed: int, precision: str = PRECISION) -> RunSpec:
        """What it trains at a point; raises `InputError` where a stage that it changes is not there."""
        here = point.at(dict(self.changes))
        near = here.model.similarity
        near = near[0] if isinstance(near, tuple) else near
        first, *others = (each.stage(here) for each in self.legs)
        alone = Stage(**{name: value for name, value in first.given().items() if name != "carry"})
        return RunSpec.of(
            Curriculum(alone, *others),
            model=here.model.replace(similarity=(near, *SIMILARITIES.values())),
            seed=seed,
            start=here.start,
            match=Match.TARGET,
            objectives=OBJECTIVES,
            precision=precision,
        )

    def __str__(self) -> str:
        return " → ".join(each.name for each in self.legs)


def parent(release: str = SUPPRESSED) -> ReleaseProtocol:
    """A released model."""
    if release not in TUNED:
        raise unknown("release", release, TUNED)
    return ReleaseProtocol(legs=(PRETRAINED, TUNED[release]))


def made(use: str, release: str = SUPPRESSED, *, recorders: Iterable[Recorder] = (), **changes: Any) -> ReleaseProtocol:
    """What is made of a release for a use; of no release it is made from nothing."""
    if release not in RELEASES:
        raise unknown("release", release, RELEASES)
    before = () if release == NONE else (PRETRAINED, TUNED[release])
    told = tuple((name.replace("__", "."), value) for name, value in changes.items())
    return ReleaseProtocol(legs=(*before, leg(use)), recorders=tuple(recorders), changes=told)


def stages(point: Point) -> dict[str, Stage]:
    """The fine-tune for each use at a point."""
    return {use.name: leg(use.name).stage(point) for use in USES}


def check_point(point: Point) -> None:
    """Raise where a point asks for what these ways of training set themselves."""
    if isinstance(point.model.similarity, tuple):
        raise InputError(f"similarity = {list(point.model.similarity)!r} is not valid here: give one number.")
