"""Attributes an effect to premises: to one at a time, or to all sets of premises or of groups carried over.

The crux of a claim is the premise whose absence changes its effect most at a point. A lattice trains with every set of
parts and divides the headline's difference among them by Shapley values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.scenarios.argument.evaluate_claim import Effect
from feint.scenarios.argument.premises import PREMISES, select_premises
from feint.scenarios.argument.subset_lattice import Corner, Lattice
from feint.sim.analysis.claims import Claim, Part
from feint.sim.analysis.estimands import DECEPTIVE, Estimand, Frequency
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.results.figure_style import check_figure_path
from feint.sim.results.report import Hidden, flattened
from feint.sim.results.request import MOST_RUNS, Confidence, Option, Output, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import (
    CONFIDENCE,
    Interval,
    check_confidence,
    frequency_interval,
    look_confidence,
    mean_of,
    tango,
)
from feint.sim.statistics.shapley import MOST, Game
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import PRECISION, check_runs

if TYPE_CHECKING:
    import pandas as pd

SWITCHED = tuple(name for name, premise in PREMISES.items() if not premise.carried)
"""The premises that are not groups carried over."""
RUNS, PREMISE_RUNS = 2000, 200  # paired runs of each set; sets of premises are many more
Ended = Mapping[TrainingProtocol, RunOutcomes]


@dataclass(frozen=True, kw_only=True)
class Crux:
    """The premise on which a claim's effect depends most at a point, and the effect without each premise."""

    premise: Annotated[str | None, Field(description="whose absence changes the effect most; null if none does")]
    ties: Annotated[tuple[str, ...], Field(description="premises that may matter as much, within sampling error")]
    without: Annotated[
        dict[str, Effect], Field(description="the effect with each premise off, the most important first")
    ]
    effect: Hidden[Interval]  #: with all premises on, at the point itself
    change: Hidden[dict[str, Interval]]  #: change of the effect if a premise is switched off

    def frame(self) -> pd.DataFrame:
        """Return one row per premise: the effect with it off, and the change, both with their limits."""
        import pandas as pd

        rows = ({"premise": name, "effect": self.without[name], "change": self.change[name]} for name in self.without)
        return pd.DataFrame([dict(flattened(row)) for row in rows])


def crux(claim: Claim, point: Point | None = None, **fields: Any) -> Crux:
    """Return the crux of one claim at a point; keywords are those of `cruxes`."""
    return cruxes([claim], point, **fields)[claim.name]


def cruxes(
    claims: Iterable[Claim],
    point: Point | None = None,
    *,
    premises: Iterable[str] | None = None,
    parts: Mapping[str, Part] | None = None,
    runs: int = 2000,
    seed: int = 0,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    threads: int | None = None,
) -> dict[str, Crux]:
    """Return the crux of each claim's effect by the claim's name, all of them on the same runs.

    The named premises, all by default, are switched off one at a time. The effect is that of the part in `parts`, by
    the claim's name, else of the first part. A value that the claim's own protocols set is kept if a premise would set
    it otherwise. Intervals of changes hold for all premises at once (Bonferroni), because the largest change is picked
    among them. Raises `InputError`.
    """
    claims, point = list(claims), Point() if point is None else point
    check_two_stages(point)
    check_runs(runs)
    off = {premise.name: premise.off(point) for premise in select_premises(premises)}
    wholes = {claim.name: (parts or {}).get(claim.name, claim.effect).estimand for claim in claims}
    without = {
        name: {premise: whole.with_changes(changes) for premise, changes in off.items()}
        for name, whole in wholes.items()
    }
    estimands = [estimand for name, whole in wholes.items() for estimand in (whole, *without[name].values())]
    protocols = [protocol for estimand in estimands for protocol in estimand.protocols]
    ended = run_paired(point, protocols, range(runs), seed=seed, precision=precision, threads=threads)
    return {name: _crux(whole, without[name], ended, confidence) for name, whole in wholes.items()}


def _crux(whole: Estimand, without: dict[str, Estimand], ended: Ended, confidence: float) -> Crux:
    effect = whole.measured(ended, confidence)
    off = {name: estimand.measured(ended, confidence) for name, estimand in without.items()}
    differing = sum(not _same_training(whole, estimand, ended) for estimand in without.values())
    level = look_confidence(confidence, max(1, differing))
    change = {name: _change(whole, without[name], ended, (effect, off[name]), level) for name in without}
    order = sorted(off, key=lambda name: -abs(change[name].estimate))
    first = next((name for name in order if change[name].low > 0 or change[name].high < 0), None)
    ties = (name for name in order if first and name != first and _largest(change[name]) >= _smallest(change[first]))
    return Crux(
        premise=first,
        ties=tuple(ties),
        without={name: Effect.of(f"the effect without {name}", off[name]) for name in order},
        effect=effect,
        change={name: change[name] for name in order},
    )


def _change(
    whole: Estimand, without: Estimand, ended: Ended, effects: tuple[Interval, Interval], confidence: float
) -> Interval:
    """Return how much larger the effect without a premise is: paired for frequencies, else from the limits of both."""
    effect, off = effects
    if _same_training(whole, without, ended):
        return Interval(estimate=0.0, low=0.0, high=0.0, confidence=confidence, method="the same training")
    if isinstance(whole, Frequency) and isinstance(without, Frequency):
        return mean_of(without.scores(ended) - whole.scores(ended), len(whole.terms), confidence)
    return Interval(
        estimate=off.estimate - effect.estimate,
        low=off.low - effect.high,
        high=off.high - effect.low,
        confidence=confidence,
        method="by limits",
    )


def _same_training(whole: Estimand, without: Estimand, ended: Ended) -> bool:
    return all(ended[a] is ended[b] for a, b in zip(whole.protocols, without.protocols, strict=True))


def _largest(change: Interval) -> float:
    """Return the largest change in either direction that an interval contains."""
    return max(abs(change.low), abs(change.high))


def _smallest(change: Interval) -> float:
    """Return the smallest change that an interval contains."""
    return 0.0 if change.low <= 0 <= change.high else min(abs(change.low), abs(change.high))


@dataclass(frozen=True, kw_only=True)
class CruxRequest(Request):
    """Attribute the difference between the training protocols to what is carried over, or to premises."""

    kind = "crux"
    unit = " sets"
    started = True
    outputs = {
        "lattice": Output(
            "Draw how often each set of groups ends with the outcome.", "FILE", "save_lattice", check_figure_path
        )
    }

    premises: Annotated[bool, Option("Divide among premises that can be switched off, not among groups.")] = False
    premise: Annotated[
        tuple[str, ...] | None,
        Option("With --premises: only these premises, while the others stay on; repeatable.", "NAME"),
    ] = None
    point: Point = field(default_factory=Point)
    runs: Annotated[
        int | None,
        Option(
            f"Paired runs of each set; by default {RUNS:,}, of premises {PREMISE_RUNS}.", "N", least=1, most=MOST_RUNS
        ),
    ] = None
    seed: Seed = 0
    outcome: Annotated[str, Option("Outcome to analyse: deceptive, internal, corrigible or proxy.")] = DECEPTIVE
    precision: Precision = PRECISION
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.premise is not None and not self.premises:
            raise InputError(
                "--premise asks for --premises: without it the difference is divided among groups carried."
            )
        check_two_stages(self.point)
        check_confidence(self.confidence)
        if self.premises and not 1 <= len(self.names) <= MOST:
            raise InputError(
                f"premises = {len(self.names)} are not 1 to {MOST}: a lattice has a corner for every set of them."
            )

    def check(self, given: Any) -> None:
        """Raise `InputError` if the lattice of premises is to be drawn."""
        if given.get("lattice") and self.premises:
            raise InputError(
                "--lattice and --premises exclude each other: a page has room for the sets of groups alone."
            )

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration; passports of version 1 name the parts."""
        rest = {name: value for name, value in configuration.items() if name not in ("of", "parts")}
        if configuration.get("of") == "premises":
            rest |= {"premises": True, "premise": configuration["parts"]}
        return super().from_configuration(rest)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parts."""
        if not self.premises:
            return tuple(GROUPS)
        return tuple(premise.name for premise in select_premises(SWITCHED if self.premise is None else self.premise))

    def work(self) -> float:
        """Return the number of sets that are trained one after another."""
        return 2 ** len(self.names) if self.premises else 1

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Lattice:
        """Train with every set of parts; raises `InputError`, also if the point itself carries less than all groups."""
        runs = self.runs or (PREMISE_RUNS if self.premises else RUNS)
        keys: dict[str, Any] = {"seed": self.seed, "precision": self.precision}
        if self.premises:
            worth = self._premises(range(runs), threads, progress, keys)
        else:
            worth = self._carried(range(runs), threads, keys)
        game = Game(parts=self.names, worth=worth)
        attribution = game.attribution(2 if self.premises else 1, self.confidence)
        if np.abs(game.whole).max() <= 1:
            attribution = replace(attribution, whole=_difference(game.whole, self.confidence))
        return Lattice(
            of="premises" if self.premises else "carried",
            outcome=self.outcome,
            runs=runs,
            seed=self.seed,
            confidence=self.confidence,
            corners=[Corner(parts=parts, value=self._value(worth[i])) for i, parts in enumerate(game.corners())],
            attribution=attribution,
            request=self,
            game=game,
        )

    def _carried(self, runs: range, threads: int | None, keys: dict[str, Any]) -> np.ndarray:
        """Return whether each run has the outcome with each set of groups carried (sets, runs)."""
        if set(self.point.value("finetuning.carry")) != set(GROUPS):
            carried = "+".join(self.point.value("finetuning.carry")) or "nothing"
            raise InputError(f"finetuning.carry = {carried} leaves no whole lattice to divide: leave it out.")
        subsets = (tuple(group for k, group in enumerate(GROUPS) if i >> k & 1) for i in range(2 ** len(GROUPS)))
        protocols = [pretrained(finetuning__carry=subset) for subset in subsets]
        ended = run_paired(self.point, protocols, runs, threads=threads, **keys)
        code = Outcome.named(self.outcome)
        return np.array([ended[protocol].outcome == code for protocol in protocols], np.int8)

    def _premises(
        self, runs: range, threads: int | None, progress: Progress | None, keys: dict[str, Any]
    ) -> np.ndarray:
        """Return the difference of the protocols' outcomes, -1, 0 or 1, with each set of premises on (sets, runs)."""
        code, arms, report = Outcome.named(self.outcome), (pretrained(), scratch()), one_at_a_time(progress)

        def worth(corner: int) -> np.ndarray:
            here = without(self.point, [name for k, name in enumerate(self.names) if not corner >> k & 1])
            ended = run_paired(here, arms, runs, threads=1, **keys)
            report(1)
            plus, minus = ((ended[arm].outcome == code).astype(np.int8) for arm in arms)
            return plus - minus

        return np.array([*in_order(worth, range(2 ** len(self.names)), threads=threads)])

    def _value(self, worth: np.ndarray) -> Interval:
        if self.premises:
            return _difference(worth, self.confidence)
        return frequency_interval(int(worth.sum()), len(worth), self.confidence)


def _difference(scores: np.ndarray, confidence: float) -> Interval:
    """Return Tango's interval of the mean of scores that are -1, 0 or 1 (runs,)."""
    return tango(int((scores > 0).sum()), int((scores < 0).sum()), len(scores), confidence)


def without(point: Point, premises: Iterable[str]) -> Point:
    """Return the point with these premises switched off; their order does not matter."""
    for premise in select_premises(premises):
        point = point.at(premise.off(point))
    return point


def lattice(point: Point | None = None, *, threads: int | None = None, **fields: Any) -> Lattice:
    """Divide the difference among groups carried over; keywords are those of `CruxRequest`."""
    return CruxRequest(point=Point() if point is None else point, **fields).run(threads=threads)


def premises_lattice(
    point: Point | None = None,
    premises: Iterable[str] = SWITCHED,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    **fields: Any,
) -> Lattice:
    """Divide the difference among premises that can be switched off; keywords are those of `CruxRequest`."""
    point = Point() if point is None else point
    return CruxRequest(premises=True, premise=tuple(premises), point=point, **fields).run(
        threads=threads, progress=progress
    )
