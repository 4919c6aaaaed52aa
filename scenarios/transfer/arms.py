"""Both arms of a transfer experiment at one point: their loss against the steps of the last stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.agents.model import Model
from feint.sim.ensembles.paired_runs import read_checkpoints
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.statistics.scaling_laws import LearningCurve, least_loss, transferred
from feint.sim.training.parameter_point import Point

POINTS = 60  #: amounts of data at which losses are read


@dataclass(frozen=True, kw_only=True, eq=False)
class Arms:
    """The same runs from scratch and after pre-training, read at the same steps of fine-tuning."""

    changes: Mapping[str, Any]  #: to the point
    modes: int
    overlap: float  #: Σ λ_k s_k / Σ λ_k, mean similarity of the two objectives weighted by how often modes are seen
    spent: int  #: steps of pre-training
    scratch: LearningCurve
    tuned: LearningCurve

    @property
    def steps(self) -> np.ndarray:
        """Steps of the last stage at which losses were read, from 0 (points,)."""
        return self.scratch.data

    @property
    def runs(self) -> int:
        """Runs per arm."""
        return self.scratch.losses.shape[1]

    @property
    def low(self) -> np.ndarray:
        """Whether each of the steps is in the low-data regime (points,)."""
        return self.scratch.low

    def transferred(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Return D_T in steps at every D_F (points,), of runs with these weights, by default all alike."""
        weights = np.full(self.runs, 1 / self.runs) if weights is None else weights
        return transferred(self.steps, least_loss(self.tuned.weighted(weights)), self.scratch.weighted(weights))


def amounts(longest: int) -> list[int]:
    """Return the steps at which losses are read: 0, and about evenly on a log scale up to the longest."""
    return np.unique(np.round(np.geomspace(1, longest, POINTS)).astype(int)).tolist()


def measure(
    point: Point, changes: Mapping[str, Any], *, longest: int, runs: int, seed: int, threads: int | None
) -> Arms:
    """Train both arms at a point with these changes, the last stage for `longest` steps; raises `InputError`."""
    changed = {"match": "steps", "finetuning.steps": longest, **changes}
    here = point.at(changed)

    def curve(protocol: TrainingProtocol) -> LearningCurve:
        """Return the task's term of the loss, 1 - c (1 - E_s(g)); a run that diverged has the loss of doing nothing."""
        steps, spec = [0, *amounts(longest)], protocol.with_changes(changed).spec(point, seed=seed)
        read = read_checkpoints(spec, range(runs), steps, threads=threads).readings
        performance = np.nan_to_num(read.performance, nan=0.0, posinf=0.0, neginf=0.0)
        return LearningCurve(data=np.array(steps), losses=1 - performance)

    return Arms(
        changes=dict(changes),
        modes=here.model.modes,
        overlap=overlap(here.model),
        spent=sum(stage.steps for stage in here.curriculum.stages[:-1]),
        scratch=curve(scratch()),
        tuned=curve(pretrained()),
    )


def overlap(model: Model) -> float:
    """Return Σ λ_k s_k / Σ λ_k of the pre-training objective and the first fine-tuning objective."""
    similarity = float(np.ravel(model.similarity)[0])
    fall = np.arange(1, model.modes + 1, dtype=float) ** -model.similarity_decay
    return float(np.average(similarity * fall, weights=model.spectrum_weights()))
