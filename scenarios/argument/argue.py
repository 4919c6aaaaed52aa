"""The argument put to the test: each claim at a point, over the prior around it, and what would turn it over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

from feint.scenarios.argument.crux import Crux, cruxes
from feint.scenarios.argument.evaluate_claim import Evaluation, evaluate
from feint.scenarios.argument.robustness import Robustness, moved_tolerances, other_forms, over_prior
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import HOLDS, REVERSED, Claim, Verdict
from feint.sim.analysis.nearest_flip import Flip, nearest_flip
from feint.sim.ensembles.runner import check_threads
from feint.sim.results.provenance import passport
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import PRECISION, check_runs, check_seed


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is run."""

    runs: int = 4000  #: of each way of training at the point
    draws: int = 512  #: from the prior
    draw_runs: int = 400  #: of each draw and way
    form_draws: int = 128  #: of those, with each functional form swapped; 0 swaps none
    tries: int = 4  #: draws from which the nearest flip is sought
    search_runs: int = 600  #: of each point that the search tries
    confirming: int = 10_000  #: fresh runs that confirm a flip


FULL = Size()
QUICK = Size(runs=1000, draws=128, draw_runs=200, form_draws=0, tries=2, search_runs=400, confirming=2000)
"""Claims share their draws; no form is swapped."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Finding:
    """What was found of one claim."""

    evaluation: Evaluation
    robustness: Robustness
    crux: Crux
    flip: Flip | None

    @property
    def claim(self) -> Claim:
        """The claim."""
        return self.evaluation.claim

    @property
    def verdict(self) -> Verdict:
        """At the point."""
        return self.evaluation.verdict


@dataclass(frozen=True, kw_only=True, eq=False)
class Argument:
    """Results of `argue`, by the claims' names."""

    findings: dict[str, Finding]
    point: Point
    size: Size
    seed: int
    precision: str

    def __getitem__(self, name: str) -> Finding:
        return self.findings[name]

    def configuration(self) -> dict[str, Any]:
        """Everything that the numbers depend on."""
        told = {"claims": list(self.findings), "seed": self.seed, "precision": self.precision}
        return {**told, "point": self.point.described(), "size": asdict(self.size)}

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        return passport("argument", self.configuration())


def argue(
    names: Iterable[str] | None = None,
    *,
    point: Point | None = None,
    family: str = "pretraining",
    size: Size = FULL,
    runs: int | None = None,
    seed: int = 0,
    precision: str = PRECISION,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Argument:
    """Put claims to the test: all of a family, or those named.

    `runs` replaces the size's runs of each way at the point. `progress` is called with the steps of `steps_of` that are
    done. No number depends on `threads`. Raises `InputError`.
    """
    claims, point = select_claims(names, family), Point() if point is None else point
    check_seed(seed)
    if runs is not None:
        check_runs(runs)
        size = replace(size, runs=runs)
    tell = progress or (lambda _: None)
    common: dict[str, Any] = {"seed": seed, "precision": precision, "threads": check_threads(threads)}
    here = evaluate(claims, point, runs=size.runs, **common)
    hung = cruxes(
        claims, point, parts={name: each.headline_part for name, each in here.items()}, runs=size.runs, **common
    )
    spread = over_prior(claims, point, **_prior(size), progress=tell, **common)

    def flip(claim: Claim) -> Flip | None:
        found = flip_of(here[claim.name], spread, point, size, seed, precision)
        tell(1)
        return found

    with ThreadPoolExecutor(common["threads"]) as pool:
        flips = list(pool.map(flip, claims))
    findings = {
        claim.name: Finding(evaluation=here[claim.name], robustness=spread, crux=hung[claim.name], flip=found)
        for claim, found in zip(claims, flips, strict=True)
    }
    return Argument(findings=findings, point=point, size=size, seed=seed, precision=precision)


def _prior(size: Size) -> dict[str, Any]:
    """What `over_prior` is asked for."""
    forms = {"forms": other_forms() if size.form_draws else {}, "form_draws": size.form_draws or None}
    return {"draws": size.draws, "runs": size.draw_runs, "readings": moved_tolerances(), **forms}


def steps_of(names: Iterable[str] | None, size: Size, family: str = "pretraining") -> int:
    """How many steps `argue` tells its progress by: draws, with each form, and claims."""
    return size.draws + min(size.form_draws, size.draws) * len(other_forms()) + len(select_claims(names, family))


def flip_of(found: Evaluation, spread: Robustness, point: Point, size: Size, seed: int, precision: str) -> Flip | None:
    """The nearest point found where a claim is reversed, if it holds here; where it holds, if reversed; else either."""
    rules = {part.name: part.rule for part in found.claim.tested}
    here = found.claim.kind({name: rule.kind(found.intervals[name].estimate) for name, rule in rules.items()})
    flips = [
        nearest_flip(
            found.claim,
            point,
            spread.turned(found.claim, kind),
            kind=kind,
            tries=size.tries,
            runs=size.search_runs,
            confirming=size.confirming,
            seed=seed,
            precision=precision,
        )
        for kind in (HOLDS, REVERSED)
        if kind != here
    ]
    return min(filter(None, flips), key=lambda flip: flip.distance, default=None)
