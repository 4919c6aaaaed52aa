"""How much of a claim is baked in: over what share of the prior it holds, is reversed, or nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.agents.model import Model
from feint.scenarios.argument.evaluate_claim import measure, protocols_of
from feint.sim.analysis.claims import Claim
from feint.sim.analysis.prior_shares import Share
from feint.sim.analysis.priors import prior_draws, shares_of
from feint.sim.ensembles.paired_runs import OWN, TOLERANCES, Reading, run_paired
from feint.sim.ensembles.runner import check_threads
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import PRECISION

NEARLY = 0.95  # of the prior: where a kind takes as much, the model leaves hardly a choice
DEFAULT = ""  # the forms that the point has
Key = tuple[str, Reading, str, str]  # form, reading, claim, part


def moved_tolerances() -> list[Reading]:
    """Each tolerance at each end of its prior."""
    declared = Model.parameters()
    return [((name, end),) for name in TOLERANCES for end in declared[name].prior or ()]


def other_forms() -> dict[str, dict[str, str]]:
    """Each functional form that is not the default, as what changes."""
    return {
        f"{name} = {choice}": {name: choice}
        for name, declared in Model.parameters().items()
        if name.endswith("_form")
        for choice in declared.choices
        if choice != declared.default
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class Robustness:
    """Every part of some claims at draws from the prior, read as the draw has it and with tolerances moved."""

    claims: tuple[Claim, ...]
    point: Point
    draws: list[dict[str, Any]]
    runs: int  #: of each draw and way of training
    found: Mapping[Key, np.ndarray]  #: estimate, low, high (draws, 3)

    def intervals(self, claim: Claim, part: str, form: str = DEFAULT, reading: Reading = OWN) -> list[Interval]:
        """A part's intervals, of each draw."""
        rows = self.found[form, reading, claim.name, part].tolist()
        level = claim.confidence(CONFIDENCE)
        return [Interval(estimate=a, low=b, high=c, confidence=level, method="") for a, b, c in rows]

    def shares(
        self, claim: Claim, part: str | None = None, form: str = DEFAULT, reading: Reading = OWN
    ) -> dict[str, Share]:
        """Over what share of the prior a claim holds, is reversed, or is neither; or a part of it, if one is named."""
        return shares_of(*self.kinds(claim, part, form, reading))

    def kinds(
        self, claim: Claim, part: str | None = None, form: str = DEFAULT, reading: Reading = OWN
    ) -> tuple[list[str], list[frozenset[str]]]:
        """Of a claim, or of a part of it, at each draw: the kind as found, and those that it may be of."""
        parts = [each for each in claim.parts if each.name == part] if part else claim.tested
        found = [self.intervals(claim, each.name, form, reading) for each in parts]
        kinds, possible = [], []
        for row in zip(*found, strict=True):
            told = list(zip(parts, row, strict=True))
            here = {each.name: each.rule.kind(interval.estimate) for each, interval in told}
            maybe = {each.name: each.rule.possible(interval.low, interval.high) for each, interval in told}
            kinds.append(here[part] if part else claim.kind(here))
            possible.append(maybe[part] if part else claim.possible(maybe))
        return kinds, possible

    def baked_in(self, claim: Claim) -> str | None:
        """The kind that a claim is of nearly everywhere, for sure; None where the model leaves it a choice."""
        shares = self.shares(claim)
        return next((kind for kind, share in shares.items() if share.interval.low >= NEARLY), None)

    def turned(self, claim: Claim, kind: str) -> list[dict[str, Any]]:
        """The draws at which a claim is of a kind; where that is sure of some, those alone."""
        kinds, possible = self.kinds(claim)
        sure = [each == {kind} for each in possible]
        wanted = sure if any(sure) else [each == kind for each in kinds]
        return [draw for draw, is_it in zip(self.draws, wanted, strict=True) if is_it]


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
    progress: Callable[[int], object] | None = None,
) -> Robustness:
    """Try claims at draws from the prior around a point, all on the same draws; each draw has runs of its own.

    `forms` asks for the same with functional forms swapped, at the first `form_draws` of the draws. Raises `InputError`
    where `draws` is no power of two.
    """
    claims, point, readings = tuple(claims), Point() if point is None else point, [OWN, *readings]
    rows = prior_draws(point, draws, seed)
    swapped: dict[str, Mapping[str, str]] = {DEFAULT: {}, **(forms or {})}
    counts = {form: draws if form == DEFAULT else min(draws, form_draws or draws) for form in swapped}
    found = {
        (form, reading, claim.name, part.name): np.empty((counts[form], 3))
        for form in swapped
        for reading in readings
        for claim in claims
        for part in claim.parts
    }
    protocols = protocols_of(claims)

    def at(job: tuple[int, str]) -> None:
        i, form = job
        here = point.at({**rows[i], **swapped[form]})
        numbers = range(i * runs, (i + 1) * runs)
        ended = run_paired(here, protocols, numbers, seed=seed, precision=precision, readings=readings[1:], threads=1)
        for claim in claims:
            for part in claim.parts:
                for reading in readings:
                    interval = measure(part, ended, claim.confidence(CONFIDENCE), reading)
                    found[form, reading, claim.name, part.name][i] = interval.estimate, interval.low, interval.high
        if progress:
            progress(1)

    with ThreadPoolExecutor(check_threads(threads)) as pool:
        list(pool.map(at, [(i, form) for form, count in counts.items() for i in range(count)]))
    return Robustness(claims=claims, point=point, draws=rows, runs=runs, found=found)
