"""Trainings that stand-ins for published measurements are read from, and recorders of what is read.

The objectives: Y of pre-training, X of fine-tuning, Y′ (KIN) akin to Y, and Z (OTHER), which has nothing to do with Y.
Fine-tuning on X takes LENGTH steps whatever it reaches, since published trainings are of a fixed length; honeypots are
off except in red teaming. Trainings that have their first stages in common are trained once (`run_paired`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.agents.interventions import performance_on, readable, scored
from feint.agents.outcome import read
from feint.agents.views import view
from feint.scenarios.finetuning.protocols import GENTLE, KIN, LENGTH, OTHER, X, Y, pretraining, staged
from feint.sim.ensembles.protocols import ALL_CARRIED, ProtocolStage, TrainingProtocol
from feint.sim.training.train import Stop

LONGEST = 6000  #: most steps until a target is reached again; a run that needs more is counted as needing more
RED_TEAM = 0.5  #: share of red-team prompts: up to half of the mix in Hubinger et al. (2024)
FEW_STEPS = (0, 2, 4, 6)  #: iterations of harmful fine-tuning after which Qi et al. (2024) measured
LORA_STEPS, LORA_BATCH, HARM_BATCH = 190, 4, 64
GENERIC = 500  #: samples of generic training
SIZES = (4, 64)


@dataclass(frozen=True)
class Reading:
    """Recorder of a quantity of READINGS at the end of a stage (runs,); 0 if a run diverged."""

    stage: int
    quantity: str

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """Return the record of runs that stopped there."""
        return np.nan_to_num(READINGS[self.quantity](stops[self.stage]), nan=0.0, posinf=0.0, neginf=0.0)


@dataclass(frozen=True)
class Moved:
    """Recorder of how far training moved behaviour when unwatched towards an objective b (runs, 2).

    The first number is <t'₁ - t'₀, b - t'₀> in the Λ-norm and the second |b - t'₀|², t'₀ before the stage and t'₁ after
    it: their ratio is the share of the way to b. Both are 0 if a run diverged.
    """

    stage: int
    objective: int = X

    def __call__(self, stops: Sequence[Stop]) -> np.ndarray:
        """Return the record of runs that stopped there."""
        before, after = (stops[stage].state for stage in (self.stage - 1, self.stage))
        start, weights = view(before, self.objective).terminal, before.model.spectrum_weights()
        way = before.world.objectives[:, self.objective] - start
        with np.errstate(all="ignore"):
            moved = (view(after, self.objective).terminal - start) * way @ weights
            return np.nan_to_num(np.stack([moved, way**2 @ weights], axis=1), nan=0.0, posinf=0.0, neginf=0.0)


def unwatched(stop: Stop, objective: int) -> np.ndarray:
    """Return the performance c (1 - E(t')) on an objective when it believes it is deployed, between 0 and 1."""
    capability = read(stop.state, stop.state.objective).capability
    return np.clip(scored(stop.state, objective, view(stop.state, objective).terminal, capability), 0.0, 1.0)


def watched(stop: Stop, objective: int) -> np.ndarray:
    """Return the performance c (1 - E(g)) on an objective as it behaves in training, between 0 and 1."""
    return np.clip(performance_on(stop.state, objective, stop.state.objective), 0.0, 1.0)


READINGS: Mapping[str, Callable[[Stop], np.ndarray]] = {
    "faking": lambda stop: stop.readings.instrumental,
    "watched on Y": lambda stop: watched(stop, Y),
    "watched on X": lambda stop: watched(stop, X),
    "unwatched on Y": lambda stop: unwatched(stop, Y),
    "unwatched on X": lambda stop: unwatched(stop, X),
    "readable X": lambda stop: readable(stop.state, X),
    "readable Y": lambda stop: readable(stop.state, Y),
    "belief": lambda stop: stop.readings.belief,
}
"""Quantities at the end of a stage: ψ, performances, how well an objective is read from the terminal one, and ρ_s."""


def on(objective: int, steps: int, *, name: str = "finetuning", **more: Any) -> ProtocolStage:
    """Return a stage of this many steps that stops at no target."""
    fixed = {"steps": steps, "target": 0.0, "honeypots": 0.0, **more}
    return ProtocolStage(name=name, objective=objective, fixed=tuple(fixed.items()))


def until(objective: int) -> ProtocolStage:
    """Return a stage on an objective until the point's target is reached, at most LONGEST steps."""
    return ProtocolStage(name="again", objective=objective, fixed=(*ALL_CARRIED, ("steps", LONGEST)))


FINETUNED = on(X, LENGTH)
GENTLY = ProtocolStage(
    name="finetuning",
    objective=X,
    rate=GENTLE,
    fixed=(("steps", LENGTH), ("target", 0.0), ("honeypots", 0.0)),
)


def of(*stages: ProtocolStage, read_at: Sequence[Any] = (), **changes: Any) -> TrainingProtocol:
    """Return the training of these stages, with what is recorded and with changes of the point."""
    return staged(*stages, recorders=tuple(read_at), **changes)


def natural(*more: ProtocolStage, read_at: Sequence[Any] = (), **changes: Any) -> TrainingProtocol:
    """Return pre-training on Y and fine-tuning on X of fresh minds, and further stages."""
    return of(pretraining(), FINETUNED, *more, read_at=read_at, **{**changes, "start": "fresh"})


def inserted(*more: ProtocolStage, read_at: Sequence[Any] = (), **changes: Any) -> TrainingProtocol:
    """Return pre-training on Y and further stages, by default on X, of minds in which deception was put before."""
    return of(pretraining(), *(more or (FINETUNED,)), read_at=read_at, **{**changes, "start": "deceptive"})


def red_teamed(realism: float) -> TrainingProtocol:
    """Return the training of inserted deceivers on X of which half is red-team prompts of this realism."""
    return inserted(on(X, LENGTH, honeypots=RED_TEAM, realism=realism))


def back_to_y(steps: Sequence[int]) -> TrainingProtocol:
    """Return fine-tuning on X, then on Y for each of these numbers of steps in turn; performance on Y is recorded."""
    stages = [on(Y, count, name=f"again{i}") for i, count in enumerate(steps)]
    return natural(*stages, read_at=[Reading(1 + i, "watched on Y") for i in range(1 + len(steps))])


def turned(first: int | None, steps: int, after: int | None = None) -> TrainingProtocol:
    """Return training on X after pre-training and, perhaps, on a first objective, and then, perhaps, on another."""
    stages = [
        *([] if first is None else [on(first, steps, name="first")]),
        on(X, steps),
        *([] if after is None else [on(after, steps, name="after")]),
    ]
    last = Reading(len(stages), "unwatched on X")
    return of(pretraining(), *stages, read_at=[last], start="fresh")


def revived(**changes: Any) -> TrainingProtocol:
    """Return training on Y, then gently on X, then on Y until its target is reached again."""
    return of(pretraining(), GENTLY, until(Y), **{**changes, "start": "fresh"})


SCRATCH_Y = of(until(Y), start="fresh")
LOCKED_BY_FINETUNING = natural(until(Y))
LOCKED_FROM_SCRATCH = of(on(X, LENGTH, coverage=1.0), until(Y), start="fresh")
SCRATCH_X = of(FINETUNED, start="fresh", read_at=[Reading(0, "faking"), Reading(0, "readable X")])
NATURAL = natural(
    read_at=[
        *(Reading(stage, quantity) for stage in (0, 1) for quantity in ("faking", "watched on Y", "unwatched on X")),
        *(Reading(1, quantity) for quantity in ("watched on X", "unwatched on Y", "readable Y")),
        Reading(0, "belief"),
        Moved(1),
    ]
)
NEAR = natural(read_at=[Reading(0, "unwatched on X"), Reading(1, "unwatched on X")], similarity=0.9)
INSERTED = inserted(read_at=[Moved(1), Reading(1, "readable X")])
SMALL, LARGE = (inserted(modes=modes) for modes in SIZES)
AFTER_GENERIC = inserted(on(OTHER, GENERIC))
SECURE = KIN
"""The objective of preventive and corrective data: akin to that of pre-training."""
