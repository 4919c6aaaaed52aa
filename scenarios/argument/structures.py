"""Averages the headline over the model's structures: every functional form, with the objective inferred or known.

The experiment. Every combination of functional forms (section 10 of the model's page), once with a model that must find
out what it is trained for and once with one that knows at once, all on the same runs. The mean over structures weighs
them alike, which is a convention and no belief; it shows how much of the default's number is due to its structure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import isfinite, nan
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.model import KNOWN_AT_ONCE, Model
from feint.scenarios.argument.evaluate_claim import Effect
from feint.scenarios.claims.pretraining.pretraining_vs_scratch import CLAIM
from feint.sim.analysis.claims import HOLDS, REVERSED
from feint.sim.analysis.estimands import Frequency
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of
from feint.sim.training.parameter_point import Point


@dataclass(frozen=True, kw_only=True)
class Structure(Effect):
    """The headline's effect with one structure of the model."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Structures:
    """The headline's effect, averaged over all structures of the model, beside that of the point.

    Among converged runs the average is that of the structures' own numbers among converged runs.
    """

    average: Annotated[Effect, Field(description="mean over structures, on the same runs; of sampling error alone")]
    here: Annotated[Effect, Field(description="with the point's own structure, on the same runs")]
    structures: Annotated[list[Structure], Field(description="every structure, from the least effect to the largest")]
    holds: Annotated[int, Field(description="structures with which the headline certainly holds")]
    reversed: Annotated[int, Field(description="structures with which it is certainly reversed")]

    def text(self) -> str:
        """Return the average, the point's own effect and the extremes in one sentence."""
        least, most = self.structures[0], self.structures[-1]
        return (
            f"Over all {len(self.structures)} structures of the model (functional forms, and what is trained inferred "
            f"or known at once) the headline's effect is {self.average:+.3f} on average, and {self.here:+.3f} with the "
            f"point's own; from {least.estimate:+.3f} ({least.name}) to {most.estimate:+.3f} ({most.name}). It holds "
            f"with {self.holds} of them and is reversed with {self.reversed}.{self._among_converged()}"
        )

    def _among_converged(self) -> str:
        """Return the sentence on converged runs; empty if the numbers were not computed."""
        average, here = self.average.among_converged, self.here.among_converged
        if average is None or here is None:
            return ""
        if not isfinite(average.estimate):
            return " Among converged runs the average is not known, since with some structure none converged."
        return f" Among converged runs it is {average:+.3f} on average, and {here:+.3f} with the point's own."


def structures_of(point: Point) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of every structure, and the changes that lead to it from a point."""
    declared = Model.parameters()
    forms = {name: known.choices for name, known in declared.items() if name.endswith("_form")}
    inferred = declared["identification"].default if point.model.known_at_once else point.model.identification
    for identification, word in ((inferred, "inferred"), (KNOWN_AT_ONCE, "known at once")):
        for choice in product(*forms.values()):
            yield (
                ", ".join([*choice, word]),
                {**dict(zip(forms, choice, strict=True)), "identification": identification},
            )


def structural_average(point: Point, *, runs: int, **keys: Any) -> Structures:
    """Return the headline's effect with every structure; keywords are those of `run_paired`."""
    part = CLAIM.effect
    estimand = part.estimand
    assert isinstance(estimand, Frequency)
    known, scores, among = {}, [], []
    for name, changes in structures_of(point):
        ended = run_paired(point.at(changes), estimand.protocols, range(runs), **keys)
        known[name] = Structure.measured(estimand, ended, name=name)
        scores.append(estimand.scores(ended))
        among.append(estimand.scores_among_converged(ended))
    here = run_paired(point, estimand.protocols, range(runs), **keys)
    kinds = [part.rule.possible(interval.low, interval.high) for interval in known.values()]
    order = sorted(known, key=lambda name: known[name].estimate)
    return Structures(
        average=Effect.of(estimand, mean_of(np.mean(scores, axis=0), 1), _mean_if_known(np.mean(among, axis=0))),
        here=Effect.measured(estimand, here),
        structures=[known[name] for name in order],
        holds=sum(allowed == {HOLDS} for allowed in kinds),
        reversed=sum(allowed == {REVERSED} for allowed in kinds),
    )


def _mean_if_known(scores: np.ndarray) -> Interval:
    """Return the interval of the mean of differences of shares (runs,), or all that is possible if they are NaN."""
    if np.isfinite(scores).all():
        return mean_of(scores, 1)
    return Interval(estimate=nan, low=-1.0, high=1.0, confidence=CONFIDENCE, method="no run selected")
