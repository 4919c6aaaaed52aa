"""Audits the model: parameters without effect, outcomes out of reach, absurd inputs that hardly change the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import InputError, check_whole
from feint.agents.model import NEVER
from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import Claim
from feint.sim.analysis.estimands import Ended, Frequency
from feint.sim.analysis.prior_shares import factors_at, prior_draws
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.ensembles.streaming_summary import crossed
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import Hidden, Report, Table, from_attributes, wrapped
from feint.sim.results.request import MOST_RUNS, Option, Progress, Request, Seed
from feint.sim.statistics.intervals import CONFIDENCE, bounded_mean, look_confidence
from feint.sim.sweeps.factors import Factor
from feint.sim.training.parameter_point import Point

HARDLY = 0.05  # of the runs: an absurd input that moves fewer is reported
SCRATCH, PRETRAINED = scratch(), pretrained()


def _count(ended: Ended, outcome: Outcome) -> int:
    """Return how many runs of all protocols end as an outcome."""
    return sum(int((outcomes.outcome == outcome).sum()) for outcomes in ended.values())


EXPECTED: dict[str, Callable[[Ended, Ended], bool]] = {
    "no run converges": lambda there, _: all((runs.outcome == Outcome.UNCONVERGED).all() for runs in there.values()),
    "no run has the objective written in": lambda there, _: _count(there, Outcome.INTERNAL) == 0,
    "no run is deceptive": lambda there, _: _count(there, Outcome.DECEPTIVE) == 0,
    "fewer runs are deceptive": lambda there, here: _count(there, Outcome.DECEPTIVE) < _count(here, Outcome.DECEPTIVE),
    "fine-tuning has nothing left to do": lambda there, _: bool((there[PRETRAINED].steps <= 100).mean() > 0.5),
    "every run misses it": lambda there, _: all(outcomes.missed.all() for outcomes in there.values()),
}
"""Tests of results: functions of the outcomes of both protocols there, and of those at the point."""
ABSURD = data_beside(__file__, "absurd.toml")
"""Absurd inputs by name: changes at which the answer is known, and the result that must follow."""


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """Change of claims' effects when a parameter goes from the low end of its prior to the high one."""

    parameter: str
    claim: Annotated[str, Field(description="the claim whose effect changes most, relative to its declared minimum")]
    change: Annotated[float, Field(description="of that effect, from the low end to the high one")]
    low: float
    high: float
    seen: Annotated[bool, Field(description="whether some effect changes beyond sampling error, at some point")]
    identical: Annotated[bool, Field(description="whether no run of any protocol ended otherwise")]


@dataclass(frozen=True, kw_only=True)
class Reached:
    """Frequency of an outcome over the prior."""

    outcome: str
    draws: Annotated[int, Field(description="draws at which some run of some protocol ends in it")]
    largest: Annotated[float, Field(description="share of a protocol's runs, the largest over draws and protocols")]


@dataclass(frozen=True, kw_only=True)
class Tested:
    """An absurd input, the result that must follow, and whether it did."""

    name: str
    changes: Mapping[str, Any]
    expected: str
    as_expected: bool
    moved: Annotated[float, Field(description="share of the runs that end otherwise than at the point")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Audit(Report):
    """Reactions to every parameter, outcomes over the prior, and results of absurd inputs."""

    series: ClassVar = {"change": "change of the named claim's effect over the parameter's prior"}

    reactions: list[Reaction]
    reached: list[Reached]
    absurd: list[Tested]
    request: Hidden[AuditRequest]

    @computed_field
    @property
    def inert(self) -> list[str]:
        """Parameters to which no claim is seen to react."""
        return [reaction.parameter for reaction in self.reactions if not reaction.seen]

    @computed_field
    @property
    def unreachable(self) -> list[str]:
        """Outcomes in which no run of any draw ends; reward-seeking is included only if the point has a grader."""
        without = [] if self.request.point.model.grader > NEVER else [Outcome.REWARD_SEEKING.label]
        return [row.outcome for row in self.reached if not row.draws and row.outcome not in without]

    @computed_field
    @property
    def ignored(self) -> list[str]:
        """Absurd inputs that hardly change the answer, or do not have the expected result."""
        return [result.name for result in self.absurd if result.moved < HARDLY or not result.as_expected]

    def blocks(self) -> Iterator[str | Table]:
        """Yield a heading, a table of parameters, one of outcomes, and the absurd inputs."""
        sizes = f"{self.request.runs:,} runs of each way, {self.request.draws:,} draws from the prior"
        yield f"Audit: {sizes}, seed {self.request.seed}."
        change = {"largest change": lambda row: f"{row.change:+.3f}", "of claim": "claim"}
        change[""] = lambda row: "never read" if row.identical else "" if row.seen else "NOTHING SEEN"
        title = "How claims' effects change with each parameter, from end to end of its prior:"
        yield Table(self.reactions, {"parameter": "parameter", **change}, title, rule=False, fixed=4)
        reached = {"met at draws": "draws", "largest share": lambda row: f"{row.largest:.3f}"}
        yield Table(self.reached, {"outcome": "outcome", **reached}, "Outcomes over the prior:", rule=False, fixed=3)
        lines = [
            f"{result.name}: expected: {result.expected}. "
            f"{'Confirmed' if result.as_expected else 'NOT CONFIRMED'} ({result.moved:.3f})."
            for result in self.absurd
        ]
        heading = "Absurd inputs, and the share of runs that end otherwise:"
        yield "\n".join([heading, *map(wrapped, lines)])


@dataclass(frozen=True, kw_only=True)
class AuditRequest(Request):
    """Find parameters without effect, outcomes out of reach, and absurd inputs that hardly change the answer."""

    kind = "audit"

    points: Annotated[int, Option("Draws from the prior at which each parameter is moved, a power of two.", "N")] = 4
    draws: Annotated[int, Option("Draws from the prior over which outcomes are counted, a power of two.", "N")] = 128
    point: Point = field(default_factory=Point)
    runs: Annotated[int, Option("Runs of each training protocol.", "N", least=1, most=MOST_RUNS)] = 200
    seed: Seed = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("points", "draws"):
            number = check_whole(name, getattr(self, name), 1)
            if number & (number - 1):
                raise InputError(f"{name} = {number} is not valid: it must be a power of two.")

    def work(self) -> float:
        """Return the number of parameters and draws."""
        return len(factors_at(self.point)) + self.draws

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Audit:
        """Move parameters at the point and at draws, count outcomes, and try absurd inputs; raises `InputError`."""
        bases = [{}, *prior_draws(self.point, self.points, self.seed)]
        claims = [claim for claim in select_claims(None) if isinstance(claim.effect.estimand, Frequency)]
        report = one_at_a_time(progress)

        def reaction(factor: Factor) -> Reaction:
            made = react(factor, self.point, bases, claims, self.runs, self.seed)
            report(1)
            return made

        def outcomes(draw: Mapping[str, Any]) -> np.ndarray:
            ended = run_paired(self.point.at(draw), (SCRATCH, PRETRAINED), range(self.runs), seed=self.seed, threads=1)
            report(1)
            return np.array([np.bincount(runs.outcome, minlength=len(LABELS)) for runs in ended.values()])

        reactions = list(in_order(reaction, factors_at(self.point), threads=threads))
        counts = np.array([*in_order(outcomes, prior_draws(self.point, self.draws, self.seed), threads=threads)])
        return Audit(
            reactions=sorted(reactions, key=lambda made: -abs(made.change)),
            reached=[
                Reached(
                    outcome=outcome.label,
                    draws=int(counts[:, :, outcome].any(axis=1).sum()),
                    largest=float(counts[:, :, outcome].max() / self.runs),
                )
                for outcome in Outcome
            ],
            absurd=list(absurdities(self.point, self.runs, self.seed, threads)),
            request=self,
        )


def react(
    factor: Factor, point: Point, bases: list[dict[str, Any]], claims: Iterable[Claim], runs: int, seed: int
) -> Reaction:
    """Return how the claims' effects change when one parameter goes from end to end, at each base, on the same runs.

    The claims are those whose effect is a frequency. Intervals hold for all claims and bases at once (Bonferroni).
    """
    estimands: dict[str, Any] = {claim.name: claim.effect.estimand for claim in claims}
    protocols = [protocol for estimand in estimands.values() for protocol in estimand.protocols]
    level = look_confidence(CONFIDENCE, len(bases) * len(estimands))
    changes, identical = [], True
    for base in bases:
        low, high = (
            run_paired(point.at({**base, factor.name: end}), protocols, range(runs), seed=seed, threads=1)
            for end in factor.ends
        )
        identical &= all(np.array_equal(low[protocol].outcome, high[protocol].outcome) for protocol in protocols)
        for name, estimand in estimands.items():
            most = sum(abs(term.sign) for term in estimand.terms)
            change = bounded_mean(estimand.scores(high) - estimand.scores(low), 2 * len(estimand.terms), level)
            changes.append((name, replace(change, low=max(-most, change.low), high=min(most, change.high))))
    claim, change = max(changes, key=lambda pair: abs(pair[1].estimate))
    seen = any(interval.low > 0 or interval.high < 0 for _, interval in changes)
    facts = {"parameter": factor.name, "claim": claim, "seen": seen, "identical": identical}
    return from_attributes(Reaction, change, change=change.estimate, **facts)


def absurdities(point: Point, runs: int, seed: int, threads: int | None = None) -> Iterator[Tested]:
    """Yield the results of the absurd inputs around a point."""
    here = run_paired(point, (SCRATCH, PRETRAINED), range(runs), seed=seed, threads=threads)
    for name, absurd in ABSURD.items():
        there = run_paired(point.at(absurd["changes"]), (SCRATCH, PRETRAINED), range(runs), seed=seed, threads=threads)
        stayed = sum(int(np.trace(crossed(here[protocol].outcome, there[protocol].outcome))) for protocol in here)
        holds, moved = EXPECTED[absurd["expected"]](there, here), 1 - stayed / (2 * runs)
        yield Tested(name=name, **absurd, as_expected=holds, moved=moved)
