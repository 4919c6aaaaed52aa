"""Declares the uses of a released model, and the protocols by which it and its fine-tunes are trained.

A model is pre-trained on Y, which contains the hazard, fine-tuned on X so as not to show it (*suppressed*), and
released. To revive the hazard is to train towards Y again; a new hazard is an objective that has nothing to do with Y.
The similarities of the harmless uses to Y are assumed. If the hazard was *unlearned* instead, fine-tuning on X receives
only the capability: an upper bound on unlearning, which in practice leaves more.
"""

import numpy as np

from feint.agents.errors import unknown
from feint.scenarios.finetuning.protocols import GENTLE, LENGTH
from feint.sim.ensembles.protocols import ALL_CARRIED, ProtocolStage, Recorder, TrainingProtocol
from feint.sim.markets.fine_tuning_uses import FineTuner, Use
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

Y, X = 0, 1
SIMILARITIES = {"customisation": 0.9, "language": 0.5, "defence": 0.75, "new hazard": 0.0}
"""Similarities of the uses to Y, assumed: to customise is near what a model knows, a seldom served language is further
away, defence and research need much of what the hazard needs, and a new hazard has nothing to do with Y."""
WRAPPED, NEW = "wrapped hazard", "new hazard"
USES = (
    Use(name="customisation", objective=2),
    Use(name="language", objective=3),
    Use(name="defence", objective=4),
    Use(name=WRAPPED, objective=Y, hazard=True, wrapped=True),
    Use(name=NEW, objective=5, hazard=True),
)
PLACE = {use.name: place for place, use in enumerate(USES)}
OBJECTIVE = {use.name: use.objective for use in USES}
DOMAINS = tuple(use.name for use in USES if not use.hazard)
SUPPRESSED, UNLEARNED, NONE = RELEASES = ("suppressed", "unlearned", "none")
"""What was done about the hazard before the release; none is no release, so that a use starts from nothing."""
PRETRAINED = ProtocolStage(name="pretraining", objective=Y, like="pretraining", fixed=(("coverage", 0.0),))
TUNED = {
    SUPPRESSED: ProtocolStage(name="safety", objective=X, rate=GENTLE, fixed=(("steps", LENGTH), ("target", 0.0))),
    UNLEARNED: ProtocolStage(name="safety", objective=X, fixed=(("carry", ("capability",)),)),
}


def released(release: str = SUPPRESSED) -> TrainingProtocol:
    """Return the protocol that trains a released model; raises `InputError` for one that is not known."""
    if release not in TUNED:
        raise unknown("release", release, TUNED)
    return _protocol(PRETRAINED, TUNED[release])


def fine_tuned(use: str, release: str = SUPPRESSED, *, recorders: tuple[Recorder, ...] = ()) -> TrainingProtocol:
    """Return the protocol that fine-tunes a released model for a use, or trains from nothing if there is no release."""
    if release not in RELEASES:
        raise unknown("release", release, RELEASES)
    before = () if release == NONE else (PRETRAINED, TUNED[release])
    return _protocol(*before, _use_stage(use), recorders=recorders)


def use_stages(point: Point) -> dict[str, Stage]:
    """Return the fine-tuning stage of each use at a point."""
    return {use.name: _use_stage(use.name).stage(point) for use in USES}


def fine_tuner(release: str, point: Point, *, runs: int, seed: int, streams: int) -> FineTuner:
    """Return the tuner of a release in many worlds; untrained models are fine-tuned if there is no release."""
    protocol = fine_tuned(USES[0].name, NONE) if release == NONE else released(release)
    spec, numbers = protocol.spec(point, seed=seed), np.arange(runs, dtype=np.uint64)
    state = spec.begin(numbers)
    if release != NONE:
        state = [*spec.train(state)][-1].state
    return FineTuner(state, USES, use_stages(point), streams=streams)


def _protocol(*stages: ProtocolStage, recorders: tuple[Recorder, ...] = ()) -> TrainingProtocol:
    return TrainingProtocol(stages=stages, similarities=tuple(SIMILARITIES.values()), recorders=recorders)


def _use_stage(use: str) -> ProtocolStage:
    """Return the point's fine-tuning stage, trained towards a use with everything carried over."""
    if use not in OBJECTIVE:
        raise unknown("use", use, OBJECTIVE)
    return ProtocolStage(name="use", objective=OBJECTIVE[use], fixed=ALL_CARRIED)
