"""Claims tried at one point: what each part of each is found to be, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from feint.sim.analysis.claims import Claim, Part, Verdict
from feint.sim.ensembles.paired_runs import OWN, Reading, RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import PRECISION, check_runs


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A claim at one point: each part's interval by name, and what the rule declared for it makes of that."""

    claim: Claim
    intervals: Mapping[str, Interval]

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """Of each part."""
        return {part.name: part.rule.verdict(self.intervals[part.name]) for part in self.claim.parts}

    @property
    def verdict(self) -> Verdict:
        """Of the claim."""
        return self.claim.verdict(self.verdicts)

    @property
    def headline_part(self) -> Part:
        """The part that is told as the claim's effect: the first, or of a claim that needs one, the largest found."""
        if not self.claim.any_part:
            return self.claim.effect
        return max(self.claim.tested, key=lambda part: self.intervals[part.name].estimate)

    @property
    def effect(self) -> Interval:
        """Of the part that is told as the claim's effect."""
        return self.intervals[self.headline_part.name]


def protocols_of(claims: Iterable[Claim]) -> list[TrainingProtocol]:
    """The ways of training that these claims compare, each once."""
    return list(
        dict.fromkeys(protocol for claim in claims for part in claim.parts for protocol in part.estimand.protocols)
    )


def evaluation_of(
    claim: Claim, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE
) -> Evaluation:
    """A claim on runs that have been trained."""
    level = claim.confidence(confidence)
    return Evaluation(claim=claim, intervals={part.name: measure(part, ended, level) for part in claim.parts})


def measure(
    part: Part, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float, reading: Reading = OWN
) -> Interval:
    """A part's quantity, read with other tolerances where that is asked."""
    needed = {protocol: ended[protocol] for protocol in part.estimand.protocols}
    if reading:
        needed = {protocol: each.read_as(reading) for protocol, each in needed.items()}
    return part.estimand.measured(needed, confidence)


def evaluate(
    claims: Iterable[Claim],
    point: Point | None = None,
    *,
    runs: int = 2000,
    seed: int = 0,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    threads: int | None = None,
) -> dict[str, Evaluation]:
    """Claims put to the test at a point, all on the same runs. Raises `InputError`."""
    claims, point = list(claims), Point() if point is None else point
    check_two_stages(point)
    check_runs(runs)
    ended = run_paired(point, protocols_of(claims), range(runs), seed=seed, precision=precision, threads=threads)
    return {claim.name: evaluation_of(claim, ended, confidence) for claim in claims}
