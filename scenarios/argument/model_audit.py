"""The model audited: what nothing reacts to, what cannot be reached, and what is absurd and hardly moves the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import Claim
from feint.sim.analysis.estimands import Frequency
from feint.sim.analysis.priors import factors_at, prior_draws
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.ensembles.runner import check_threads
from feint.sim.ensembles.streaming_summary import crossed
from feint.sim.results.provenance import passport
from feint.sim.results.text_tables import table, wrapped
from feint.sim.statistics.intervals import CONFIDENCE, Interval, bounded_mean, look_confidence
from feint.sim.sweeps.factors import Factor
from feint.sim.training.parameter_point import Point

HARDLY = 0.05  # of the runs: an absurd input that moves fewer is reported
PLASTICITIES = ("goal", "representation", "pointer", "gate", "world", "capability", "awareness", "horizon")
Both = Mapping[TrainingProtocol, RunOutcomes]
IsSo = Callable[[Both, Both], bool]  # of both arms there, and at the point
SCRATCH, PRETRAINED = scratch(), pretrained()


def _all_end_as(outcome: Outcome) -> IsSo:
    return lambda there, _: all((each.outcome == outcome).all() for each in there.values())


def _none_ends_as(outcome: Outcome) -> IsSo:
    return lambda there, _: not any((each.outcome == outcome).any() for each in there.values())


def _fewer_end_as(outcome: Outcome) -> IsSo:
    def count(both: Both) -> int:
        return sum(int((each.outcome == outcome).sum()) for each in both.values())

    return lambda there, here: count(there) < count(here)


@dataclass(frozen=True, kw_only=True)
class Absurd:
    """An input that no one means, and what must come of it."""

    name: str
    changes: Mapping[str, Any]
    expected: str
    is_so: IsSo


ABSURD = (
    Absurd(
        name="no learning",
        changes={"*.learning_rate": 0.0},
        expected="no run converges",
        is_so=_all_end_as(Outcome.UNCONVERGED),
    ),
    Absurd(
        name="no time",
        changes={"*.steps": 0},
        expected="no run converges",
        is_so=_all_end_as(Outcome.UNCONVERGED),
    ),
    Absurd(
        name="nothing can change",
        changes={f"plasticity_{part}": 0.0 for part in PLASTICITIES},
        expected="no run converges",
        is_so=_all_end_as(Outcome.UNCONVERGED),
    ),
    Absurd(
        name="hardly anything but noise",
        changes={"*.noise": 1e4, "finetuning.target": 0.0},
        expected="no run has the objective written in",
        is_so=_none_ends_as(Outcome.INTERNAL),
    ),
    Absurd(
        name="no inference",
        changes={"inference_power": 0.0},
        expected="no run is deceptive",
        is_so=_none_ends_as(Outcome.DECEPTIVE),
    ),
    Absurd(
        name="never thinks that it is in training",
        changes={"awareness_init": -30.0, "*.awareness_exposure": 0.0},
        expected="no run is deceptive",
        is_so=_none_ends_as(Outcome.DECEPTIVE),
    ),
    Absurd(
        name="all episodes honeypots",
        changes={"*.honeypots": 1.0, "*.realism": 1.0},
        expected="fewer runs are deceptive",
        is_so=_fewer_end_as(Outcome.DECEPTIVE),
    ),
    Absurd(
        name="deception at a ruinous price",
        changes={"speed_cost": 1e3},
        expected="no run is deceptive",
        is_so=_none_ends_as(Outcome.DECEPTIVE),
    ),
    Absurd(
        name="objectives that are one",
        changes={"similarity": 1.0, "pretraining.target": 0.9},
        expected="fine-tuning has nothing left to do",
        is_so=lambda there, _: bool((there[PRETRAINED].steps <= 100).mean() > 0.5),
    ),
    Absurd(
        name="a target that none reaches",
        changes={"finetuning.target": 1.0},
        expected="every run misses it",
        is_so=lambda there, _: all(each.missed.all() for each in there.values()),
    ),
)
"""Each is a point of the valid range at which the answer is known."""


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """How claims' effects move when one parameter goes from one end of its prior to the other."""

    parameter: str
    claim: str  #: whose effect moves most
    change: Interval  #: of that effect, from the low end to the high one
    seen: bool  #: some effect moves beyond the luck of the runs, over all claims and points
    identical: bool  #: not one run of any way ended otherwise


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How often an outcome is met over the prior."""

    outcome: str
    draws: int  #: at which some run of some arm ends so
    largest: float  #: share of an arm's runs that end so, the largest over draws and arms


@dataclass(frozen=True, kw_only=True)
class Tested:
    """An absurd input, and what came of it."""

    absurd: Absurd
    as_expected: bool
    moved: float  #: share of the runs that end otherwise than at the point, over both arms


@dataclass(frozen=True, kw_only=True, eq=False)
class Audit:
    """Results of `audit`."""

    point: Point
    seed: int
    runs: int
    draws: int
    reactions: list[Reaction]
    reached: list[Reached]
    tested: list[Tested]

    @property
    def inert(self) -> list[Reaction]:
        """Parameters to which no claim is seen to react, anywhere tried."""
        return [each for each in self.reactions if not each.seen]

    @property
    def unreachable(self) -> list[str]:
        """Outcomes that no run of any draw ends as."""
        return [each.outcome for each in self.reached if not each.draws]

    @property
    def ignored(self) -> list[Tested]:
        """Absurd inputs that hardly move the answer, or do not do what they must."""
        return [each for each in self.tested if each.moved < HARDLY or not each.as_expected]

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        told = {"seed": self.seed, "runs": self.runs, "draws": self.draws, "point": self.point.described()}
        return passport("audit", told)


def audit(
    point: Point | None = None,
    *,
    points: int = 4,
    draws: int = 128,
    runs: int = 200,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Audit:
    """Audit the model around a point: at it and at `points` draws of the prior each parameter is moved from end to end.

    `draws` are those over which outcomes are looked for. `progress` is called as parameters and draws are done. Raises
    `InputError` where `points` or `draws` is no power of two.
    """
    point, tell = Point() if point is None else point, progress or (lambda _: None)
    bases = [{}, *prior_draws(point, points, seed)]
    claims = [claim for claim in select_claims(None) if isinstance(claim.effect.estimand, Frequency)]

    def reaction(factor: Factor) -> Reaction:
        found = react(factor, point, bases, claims, runs, seed)
        tell(1)
        return found

    def outcomes(draw: Mapping[str, Any]) -> np.ndarray:
        ended = run_paired(point.at(draw), (SCRATCH, PRETRAINED), range(runs), seed=seed, threads=1)
        tell(1)
        return np.array([np.bincount(each.outcome, minlength=len(LABELS)) for each in ended.values()])

    with ThreadPoolExecutor(check_threads(threads)) as pool:
        reactions = list(pool.map(reaction, factors_at(point)))
        counted = np.array(list(pool.map(outcomes, prior_draws(point, draws, seed))))
    return Audit(
        point=point,
        seed=seed,
        runs=runs,
        draws=draws,
        reactions=sorted(reactions, key=lambda each: -abs(each.change.estimate)),
        reached=[
            Reached(
                outcome=outcome.label,
                draws=int(counted[:, :, outcome].any(axis=1).sum()),
                largest=float(counted[:, :, outcome].max() / runs),
            )
            for outcome in Outcome
        ],
        tested=list(absurdities(point, runs, seed, threads)),
    )


def react(
    factor: Factor, point: Point, bases: list[dict[str, Any]], claims: Iterable[Claim], runs: int, seed: int
) -> Reaction:
    """How the claims' effects move when one parameter goes from end to end, at each base, on the same runs.

    The claims are those whose effect is a frequency. Whether a change is seen is told by intervals that hold for all
    claims and bases at once (Bonferroni).
    """
    quantities: dict[str, Any] = {claim.name: claim.effect.estimand for claim in claims}
    protocols = [protocol for quantity in quantities.values() for protocol in quantity.protocols]
    level = look_confidence(CONFIDENCE, len(bases) * len(quantities))
    changes, identical = [], True
    for base in bases:
        low, high = (
            run_paired(point.at({**base, factor.name: end}), protocols, range(runs), seed=seed, threads=1)
            for end in factor.ends
        )
        identical &= all(np.array_equal(low[protocol].outcome, high[protocol].outcome) for protocol in protocols)
        for name, quantity in quantities.items():
            moved = quantity.scores(high) - quantity.scores(low)
            changes.append((name, bounded_mean(moved, 2 * len(quantity.terms), level)))
    claim, change = max(changes, key=lambda each: abs(each[1].estimate))
    seen = any(each.low > 0 or each.high < 0 for _, each in changes)
    return Reaction(parameter=factor.name, claim=claim, change=change, seen=seen, identical=identical)


def absurdities(point: Point, runs: int, seed: int, threads: int | None = None) -> Iterator[Tested]:
    """Each absurd input tried around a point."""
    here = run_paired(point, (SCRATCH, PRETRAINED), range(runs), seed=seed, threads=threads)
    for absurd in ABSURD:
        ended = run_paired(point.at(absurd.changes), (SCRATCH, PRETRAINED), range(runs), seed=seed, threads=threads)
        stayed = sum(int(np.trace(crossed(here[protocol].outcome, ended[protocol].outcome))) for protocol in here)
        yield Tested(absurd=absurd, as_expected=absurd.is_so(ended, here), moved=1 - stayed / (2 * runs))


def lines(found: Audit) -> Iterator[str]:
    """What was found, in words for a terminal."""
    yield f"Audit: {found.runs:,} runs of each way, {found.draws:,} draws from the prior, seed {found.seed}."
    yield ""
    yield "What claims' effects make of each parameter, from end to end of its prior:"
    yield from table([("parameter", "largest change", "of claim", ""), *map(_reaction, found.reactions)], fixed=4)
    yield ""
    yield "Outcomes over the prior:"
    reached = [(each.outcome, f"{each.draws:,}", f"{each.largest:.3f}") for each in found.reached]
    yield from table([("outcome", "met at draws", "largest share"), *reached], fixed=3)
    yield ""
    yield "Absurd inputs, and the share of runs that end otherwise:"
    for each in found.tested:
        said = "and so it is" if each.as_expected else "AND IT IS NOT SO"
        yield wrapped(f"{each.absurd.name}: {each.absurd.expected}, {said} ({each.moved:.3f})")


def _reaction(found: Reaction) -> tuple[str, ...]:
    seen = "never read" if found.identical else "" if found.seen else "NOTHING SEEN"
    return found.parameter, f"{found.change.estimate:+.3f}", found.claim, seen
