"""Evaluates claims at one point, and at draws from the prior around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from feint.agents.model import Model
from feint.sim.analysis.claims import Claim, Part, Verdict
from feint.sim.analysis.prior_shares import Share
from feint.sim.analysis.priors import prior_draws, shares_of
from feint.sim.ensembles.paired_runs import OWN, TOLERANCES, Reading, RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.results.report import Number
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import PRECISION, check_runs

NEARLY = 0.95  # share of the prior above which the model leaves a claim hardly any choice
DEFAULT = ""  # stands for the functional forms of the point
Key = tuple[str, Reading, str, str]  # form, reading, claim, part


@dataclass(frozen=True, kw_only=True)
class Effect(Interval):
    """An interval with the words for what it estimates."""

    estimate: Number
    low: Number
    high: Number
    quantity: str

    @classmethod
    def of(cls, words: str, interval: Interval) -> Self:
        """Return an interval as the effect that these words describe."""
        return cls(quantity=words, **vars(interval))


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A claim at one point: the interval of each part by name, and the verdicts by the declared rules."""

    claim: Claim
    intervals: Mapping[str, Interval]

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """Verdict on each part by name."""
        return {part.name: part.rule.verdict(self.intervals[part.name]) for part in self.claim.parts}

    @property
    def verdict(self) -> Verdict:
        """Verdict on the claim."""
        return self.claim.verdict(self.verdicts)

    @property
    def headline_part(self) -> Part:
        """Part reported as the claim's effect: the first, or the largest if any part is enough."""
        if not self.claim.any_part:
            return self.claim.effect
        return max(self.claim.tested, key=lambda part: self.intervals[part.name].estimate)

    @property
    def effect(self) -> Interval:
        """Interval of the part that is reported as the claim's effect."""
        return self.intervals[self.headline_part.name]


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
    """Evaluate claims at a point, all on the same runs, and return the evaluations by name; raises `InputError`."""
    claims, point = list(claims), Point() if point is None else point
    check_two_stages(point)
    check_runs(runs)
    ended = run_paired(point, protocols_of(claims), range(runs), seed=seed, precision=precision, threads=threads)
    return {claim.name: evaluation_of(claim, ended, confidence) for claim in claims}


def protocols_of(claims: Iterable[Claim]) -> list[TrainingProtocol]:
    """Return the training protocols that these claims compare, without repetition."""
    return list(
        dict.fromkeys(protocol for claim in claims for part in claim.parts for protocol in part.estimand.protocols)
    )


def evaluation_of(
    claim: Claim, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float = CONFIDENCE
) -> Evaluation:
    """Evaluate a claim on runs that have been trained."""
    level = claim.confidence(confidence)
    return Evaluation(claim=claim, intervals={part.name: measure(part, ended, level) for part in claim.parts})


def measure(
    part: Part, ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float, reading: Reading = OWN
) -> Interval:
    """Return the interval of a part's estimand, with the runs read at other tolerances if `reading` names some."""
    needed = {protocol: ended[protocol] for protocol in part.estimand.protocols}
    if reading:
        needed = {protocol: outcomes.read_as(reading) for protocol, outcomes in needed.items()}
    return part.estimand.measured(needed, confidence)


def moved_tolerances() -> list[Reading]:
    """Return the readings in which one tolerance is at one end of its prior."""
    declared = Model.parameters()
    return [((name, end),) for name in TOLERANCES for end in declared[name].prior or ()]


def other_forms() -> dict[str, dict[str, str]]:
    """Return the changes that swap one functional form for another than the default, by name."""
    return {
        f"{name} = {choice}": {name: choice}
        for name, declared in Model.parameters().items()
        if name.endswith("_form")
        for choice in declared.choices
        if choice != declared.default
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class Robustness:
    """Every part of some claims at draws from the prior, also with other functional forms and tolerances."""

    claims: tuple[Claim, ...]
    point: Point
    draws: list[dict[str, Any]]  #: values of the parameters by dotted name
    runs: int  #: per draw and training protocol
    limits: Mapping[Key, np.ndarray]  #: estimate, low and high limit (draws, 3)

    @property
    def variants(self) -> dict[str, tuple[str, Reading]]:
        """Form and reading of each variant by name: one form swapped, or one tolerance moved."""
        pairs = dict.fromkeys(key[:2] for key in self.limits)
        return {
            form or ", ".join(f"{name} = {value:g}" for name, value in reading): (form, reading)
            for form, reading in pairs
            if (not form) != (reading == OWN)
        }

    def intervals(self, claim: Claim, part: str, form: str = DEFAULT, reading: Reading = OWN) -> list[Interval]:
        """Return the interval of a part at each draw."""
        rows = self.limits[form, reading, claim.name, part].tolist()
        level = claim.confidence(CONFIDENCE)
        return [Interval(estimate=a, low=b, high=c, confidence=level, method="") for a, b, c in rows]

    def shares(
        self, claim: Claim, part: str | None = None, form: str = DEFAULT, reading: Reading = OWN
    ) -> dict[str, Share]:
        """Return the shares of the prior over which a claim, or one part of it, holds, is reversed, or is neither."""
        return shares_of(*self.kinds(claim, part, form, reading))

    def kinds(
        self, claim: Claim, part: str | None = None, form: str = DEFAULT, reading: Reading = OWN
    ) -> tuple[list[str], list[frozenset[str]]]:
        """Return, per draw, the kind of a claim or part by its estimates, and the kinds that its intervals allow."""
        parts = [known for known in claim.parts if known.name == part] if part else claim.tested
        rows = zip(*(self.intervals(claim, known.name, form, reading) for known in parts), strict=True)
        kinds, possible = [], []
        for row in rows:
            pairs = list(zip(parts, row, strict=True))
            here = {known.name: known.rule.kind(interval.estimate) for known, interval in pairs}
            maybe = {known.name: known.rule.possible(interval.low, interval.high) for known, interval in pairs}
            kinds.append(here[part] if part else claim.kind(here))
            possible.append(maybe[part] if part else claim.possible(maybe))
        return kinds, possible

    def baked_in(self, claim: Claim) -> str | None:
        """Return the kind that a claim certainly is of nearly everywhere; None if the model leaves it a choice."""
        shares = self.shares(claim)
        return next((kind for kind, share in shares.items() if share.interval.low >= NEARLY), None)

    def turned(self, claim: Claim, kind: str) -> list[dict[str, Any]]:
        """Return the draws at which a claim is of a kind; only those that are certain, if there are any."""
        kinds, possible = self.kinds(claim)
        certain = [allowed == {kind} for allowed in possible]
        wanted = certain if any(certain) else [at_draw == kind for at_draw in kinds]
        return [draw for draw, is_wanted in zip(self.draws, wanted, strict=True) if is_wanted]


def over_prior(
    claims: Iterable[Claim],
    point: Point | None = None,
    *,
    draws: int = 256,
    runs: int = 200,
    seed: int = 0,
    readings: Iterable[Reading] = (),
    forms: Mapping[str, Mapping[str, str]] | None = None,
    form_draws: int | None = None,
    precision: str = PRECISION,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Robustness:
    """Evaluate claims at draws from the prior around a point, all at the same draws; each draw has its own runs.

    Outcomes are also read with the tolerances of `readings`, and the first `form_draws` draws are also evaluated with
    the functional forms of `forms`. Raises `InputError` if `draws` is not a power of two.
    """
    claims, point, readings = tuple(claims), Point() if point is None else point, [OWN, *readings]
    rows = prior_draws(point, draws, seed)
    swapped: dict[str, Mapping[str, str]] = {DEFAULT: {}, **(forms or {})}
    counts = {form: draws if form == DEFAULT else min(draws, form_draws or draws) for form in swapped}
    parts = [(claim, part, claim.confidence(CONFIDENCE)) for claim in claims for part in claim.parts]
    limits = {
        (form, reading, claim.name, part.name): np.empty((counts[form], 3))
        for form in swapped
        for reading in readings
        for claim, part, _ in parts
    }
    protocols, report = protocols_of(claims), one_at_a_time(progress)

    def at(job: tuple[int, str]) -> None:
        i, form = job
        here = point.at({**rows[i], **swapped[form]})
        numbers = range(i * runs, (i + 1) * runs)
        ended = run_paired(here, protocols, numbers, seed=seed, precision=precision, readings=readings[1:], threads=1)
        for claim, part, level in parts:
            for reading in readings:
                interval = measure(part, ended, level, reading)
                limits[form, reading, claim.name, part.name][i] = interval.estimate, interval.low, interval.high
        report(1)

    jobs = [(i, form) for form, count in counts.items() for i in range(count)]
    list(in_order(at, jobs, threads=threads))
    return Robustness(claims=claims, point=point, draws=rows, runs=runs, limits=limits)
