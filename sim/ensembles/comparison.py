"""Two ways of training, compared on common random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.ensemble import Ensemble, simulate
from feint.sim.ensembles.runner import Timing
from feint.sim.results.provenance import passport
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval, runs_needed, tango
from feint.sim.training.curriculum import Curriculum, pretrain_finetune, shared_objectives
from feint.sim.training.matching_rules import Match
from feint.sim.training.train import PRECISION

if TYPE_CHECKING:
    import pandas as pd

from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, arms_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Results of `compare`: an ensemble an arm, run by run on the same start and the same fine-tuning noise."""

    arms: dict[str, Ensemble]
    match: Match = Match.TARGET
    confidence: float = CONFIDENCE

    @property
    def scratch(self) -> Ensemble:
        """The arm trained from scratch."""
        return self.arms[FROM_SCRATCH]

    @property
    def pretrained(self) -> Ensemble:
        """The arm with pre-training."""
        return self.arms[PRETRAIN_FINETUNE]

    @property
    def runs(self) -> int:
        """Runs an arm."""
        return self.scratch.runs

    @property
    def timing(self) -> Timing:
        """Both arms together."""
        each = [ensemble.timing for ensemble in self.arms.values()]
        return Timing(
            run_steps=sum(timing.run_steps for timing in each),
            lane_steps=sum(timing.lane_steps for timing in each),
            seconds=sum(timing.seconds for timing in each),
            threads=each[0].threads,
        )

    def frequency(self, arm: str, outcome: Outcome | str, stage: int = -1) -> Interval:
        """How often an arm ends a stage as this type, with its `frequency_interval`."""
        return self.arms[arm].frequency(outcome, stage, self.confidence)

    def difference(self, outcome: Outcome | str = Outcome.DECEPTIVE) -> Interval:
        """Frequency after pre-training + fine-tuning minus from scratch, with Tango's paired interval."""
        return tango(*self._discordant(outcome), self.runs, self.confidence)

    def runs_needed(self, half_width: float, outcome: Outcome | str = Outcome.DECEPTIVE) -> int:
        """How many runs an arm the difference needs for an interval of this half-width."""
        return runs_needed(*self._discordant(outcome), self.runs, half_width, self.confidence)

    def _discordant(self, outcome: Outcome | str) -> tuple[int, int]:
        """Runs of this type in the pre-trained arm alone, and in the other alone."""
        with_it, without = self.pretrained.is_outcome(outcome), self.scratch.is_outcome(outcome)
        return int((with_it & ~without).sum()), int((without & ~with_it).sum())

    def flow(self) -> np.ndarray:
        """Runs by outcome of the first stage and of the last, with pre-training (outcomes, outcomes)."""
        counted = np.zeros((len(LABELS), len(LABELS)), np.int64)
        np.add.at(counted, (self.pretrained.outcome[:, 0], self.pretrained.outcome[:, -1]), 1)
        return counted

    def transitions(self) -> pd.DataFrame:
        """Runs by outcome of the first stage, pre-training (rows), and of the last (columns)."""
        import pandas as pd

        first, *_, last = self.pretrained.curriculum.names
        found = pd.DataFrame(self.flow(), index=pd.Index(LABELS, name=first), columns=pd.Index(LABELS, name=last))
        found.attrs.update(self.passport())
        return found

    def frame(self) -> pd.DataFrame:
        """One row an arm, run and stage."""
        import pandas as pd

        parts = []
        for name, ensemble in self.arms.items():
            part = ensemble.frame()
            part["stage"] = part["stage"].astype(str)
            part.insert(0, "arm", name)
            parts.append(part)
        table = pd.concat(parts, ignore_index=True)
        table.attrs.update(self.passport())
        return table

    def configuration(self) -> dict[str, Any]:
        """The effective configuration of both arms."""
        first = self.scratch.configuration()
        arms = {name: ensemble.configuration()["stages"] for name, ensemble in self.arms.items()}
        del first["stages"]
        return {**first, "match": self.match.value, "arms": arms, "confidence": self.confidence}

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        return passport("comparison", self.configuration())


def compare(
    curriculum: Curriculum | None = None,
    *,
    model: Model | None = None,
    runs: int = 2000,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    worth: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Train a curriculum, and its last stage alone, from the same starts and on the same noise of the last stage.

    (The noise is another where an earlier stage already trained for the last one's objective: see the manual, streams.)

    Without a curriculum, pre-training + fine-tuning against fine-tuning from scratch; other arguments as for
    `simulate`. `worth` is D_T in steps for match = "data", by the transfer law unless it is given. Raises `InputError`;
    warns where runs diverged.
    """
    curriculum = pretrain_finetune() if curriculum is None else curriculum
    if not isinstance(confidence, float) or not 0 < confidence < 1:
        raise InputError(f"confidence = {confidence!r} is not valid: it must be a number between 0 and 1.")
    mode, model = Match.named(match), (Model() if model is None else model)
    arms = {
        name: simulate(
            arm,
            model=model,
            runs=runs,
            seed=seed,
            start=start,
            match=mode.per_arm,
            threads=threads,
            precision=precision,
            objectives=shared_objectives(model, curriculum),
            progress=progress,
        )
        for name, arm in arms_of(curriculum, mode, modes=model.modes, worth=worth).items()
    }
    return Comparison(arms=arms, match=mode, confidence=confidence)
