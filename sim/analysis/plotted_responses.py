"""Layers: what is drawn over parameters, one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from feint.agents.outcome import LABELS
from feint.sim.analysis.response_surface import DIFFERENCE, Response, response
from feint.sim.ensembles.protocols import ARM_NAMES
from feint.sim.statistics.intervals import CONFIDENCE

if TYPE_CHECKING:
    import pandas as pd

    from feint.sim.sweeps.sweep_results import Sweep


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One response, or an arm's frequencies of all outcomes, of which the highest is shown at each point."""

    responses: tuple[Response, ...]

    @property
    def name(self) -> str:
        """The arm, "difference" or "function"."""
        return self.responses[0].of

    @property
    def is_phase(self) -> bool:
        """Whether it shows the most frequent outcome."""
        return len(self.responses) > 1

    @property
    def title(self) -> str:
        """What it shows, in words."""
        if self.is_phase:
            return f"most frequent outcome, {ARM_NAMES[self.name]}"
        first = self.responses[0]
        return f"{first.noun}, difference of the arms" if self.name == DIFFERENCE else first.title

    def frame(self, confidence: float = CONFIDENCE) -> pd.DataFrame:
        """One row a point: the factors, and `layer`, `outcome`, `estimate`, `low`, `high`, `method`."""
        shown = np.argmax([each.value for each in self.responses], axis=0)
        every = [each.intervals(confidence) for each in self.responses]
        found = [every[which][i] for i, which in enumerate(shown)]
        table = self.responses[0].points.copy()
        table["layer"], table["outcome"] = self.name, [self.responses[which].outcome for which in shown]
        for name in ("estimate", "low", "high", "method"):
            table[name] = [getattr(each, name) for each in found]
        return table


def layers_of(sweep: Sweep, of: str | None = None, outcome: str | None = None) -> list[Layer]:
    """The layers of a finished sweep: `of` an arm, of the difference, or of all there are.

    Of an arm the most frequent outcome, or the frequency of the `outcome` asked for; of the difference that of
    deception unless another is asked for.
    """
    arms = sweep.study.arms
    names: Sequence[str] = [of] if of else [*arms, *([DIFFERENCE] if len(arms) == 2 else [])]
    found = []
    for name in names:
        outcomes = LABELS if outcome is None and name != DIFFERENCE else (outcome or "deceptive",)
        found.append(Layer(responses=tuple(response(sweep, name, each) for each in outcomes)))
    return found
