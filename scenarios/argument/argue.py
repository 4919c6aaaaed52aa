"""Tests the claims of an argument: each at a point, over the prior around it, and what would reverse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.scenarios.argument import evaluate_claim
from feint.scenarios.argument.evaluate_claim import Crux, Evaluation, Robustness, moved_tolerances, other_forms
from feint.scenarios.argument.over_draws import (
    PRIOR,
    Kind,
    OverFile,
    OverRequest,
    OverTable,
    Rest,
    Shares,
    beside_prior,
    reported,
    shares_figure,
)
from feint.scenarios.argument.structures import Structures, structural_average
from feint.scenarios.claims.registry import FAMILIES, claims, named_claim, proposed_claims, select_claims
from feint.sim.analysis.claims import HOLDS, KINDS, NEITHER, REVERSED, UNPUBLISHED, Claim, Verdict
from feint.sim.analysis.estimands import Effect
from feint.sim.analysis.nearest_flip import STOPS, FlipSearch, NearestFlip, Turn
from feint.sim.analysis.prior_shares import EffectSpread
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.results.report import Hidden, Report, Table, from_attributes, line_width, wrapped
from feint.sim.results.request import MOST_RUNS, Option, Precision, Progress, Seed
from feint.sim.training.parameter_point import Point, pair_text
from feint.sim.training.train import PRECISION

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Size:
    """Numbers of runs and draws."""

    runs: int = 4000  #: of each training protocol at the point
    draws: int = 512  #: from the prior
    draw_runs: int = 32  #: of each draw and protocol at first
    draw_most: int = 192  #: of each draw and protocol if fewer leave a claim open there
    form_draws: int = 128  #: draws at which each functional form is swapped too; 0 swaps none
    searches: int = 3  #: for each kind of flip, independent of each other; 0 searches none
    search_runs: int = 240_000  #: of each protocol, for the searches of one kind together
    confirming: int = 10_000  #: fresh runs that confirm a flip
    shown: bool = True  #: whether parts that are only shown are evaluated over the prior if that takes more training

    configuration = asdict

    @property
    def of_draws(self) -> str:
        """Number of draws and of the runs of each, in words."""
        return f"{self.draws:,} draws from the prior, {self.draw_runs:,} to {self.draw_most:,} runs"

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the size that has this configuration."""
        return cls(**configuration)


FULL = Size()
QUICK = Size(runs=1000, draws=128, form_draws=0, searches=3, search_runs=30_000, confirming=2000)
QUICK_OF_ALL = replace(QUICK, draws=32, searches=0, shown=False)  # of all claims on pre-training: 200 protocols


@dataclass(frozen=True, kw_only=True)
class Cited:
    """Publication that states a claim."""

    author: str
    title: str
    year: int
    section: str
    where: str


@dataclass(frozen=True, kw_only=True)
class PartResult:
    """One part of a claim: a number, and whether it lies where the claim needs it."""

    name: str
    rule: Annotated[str, Field(description="where it must lie, as it is declared")]
    tested: Annotated[bool, Field(description="whether the claim's verdict depends on it")]
    verdict: Verdict
    effect: Effect
    prior: Annotated[Shares | None, Field(description="null for a shown part that is evaluated at the point alone")]
    spread: Annotated[
        EffectSpread | None, Field(description="distribution of the effect over the prior; null as for `prior`")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Shares of the prior with one functional form swapped or one tolerance moved."""

    name: str
    prior: Shares

    def __str__(self) -> str:
        return " / ".join(f"{self.prior[kind].estimate:.2f}" for kind in KINDS)


@dataclass(frozen=True, kw_only=True)
class ClaimResult:
    """Results of one claim."""

    number: int
    name: str
    title: str
    source: Annotated[Cited | None, Field(description="null for a claim of one's own")]
    statement: str
    verdict: Verdict
    effect: Annotated[Effect, Field(description="at the point, of the first part; if one part is enough, the largest")]
    prior: Annotated[Shares, Field(description="of the claim: of all its parts together, or of any if one is enough")]
    baked_in: Annotated[Kind | None, Field(description="the kind that it certainly is nearly everywhere; else null")]
    crux: Crux
    nearest_flips: Annotated[
        list[NearestFlip],
        Field(description="where the claim stops holding and is reversed, or where it holds; empty if not searched"),
    ]
    parts: list[PartResult]
    variants: list[Variant]
    evaluation: Hidden[Evaluation]
    over: Annotated[
        Shares | None, Field(description="the same shares of a table of weighted draws; null without one")
    ] = None

    @classmethod
    def of(
        cls,
        evaluation: Evaluation,
        spread: Robustness,
        crux: Crux,
        flips: list[NearestFlip],
        of_table: Robustness | None,
    ) -> Self:
        """Return the results of a claim as they are reported."""
        claim = evaluation.claim
        return from_attributes(
            cls,
            claim,
            source=None if claim.source is UNPUBLISHED else from_attributes(Cited, claim.source, section=claim.section),
            verdict=evaluation.verdict,
            effect=evaluation.reported,
            prior=reported(spread.shares(claim)),
            baked_in=spread.baked_in(claim),  # pyright: ignore[reportArgumentType] - one of the kinds
            crux=crux,
            nearest_flips=flips,
            parts=[
                from_attributes(
                    PartResult,
                    part,
                    rule=part.rule.words,
                    verdict=evaluation.verdicts[part.name],
                    effect=evaluation.effect_of(part),
                    prior=reported(spread.shares(claim, part.name)) if spread.has(claim, part.name) else None,
                    spread=spread.spread(claim, part) if spread.has(claim, part.name) else None,
                )
                for part in claim.parts
            ],
            variants=[
                Variant(name=name, prior=reported(spread.shares(claim, None, *pair)))
                for name, pair in spread.variants.items()
            ],
            evaluation=evaluation,
            over=reported(of_table.shares(claim)) if of_table else None,
        )

    @property
    def spread(self) -> EffectSpread | None:
        """Distribution over the prior of the effect that is reported."""
        return next(part.spread for part in self.parts if part.name == self.evaluation.headline_part.name)

    def text(self, spread: Robustness) -> str:
        """Return the results in lines for a terminal."""
        margins: Any = {"initial_indent": "  ", "subsequent_indent": "      "}
        remark = self.evaluation.claim.remark
        lines = [
            f"{self._cited()}{self.statement}",
            f"Verdict at this point: {self.verdict.value}, {self.verdict.meaning}.",
            *self._parts(),
            *self._among_converged(),
            *self._prior(),
            *([remark(spread)] if remark else []),
            self._crux(),
            *self._flips(),
        ]
        title = fill(f"{self.number} {self.title}", line_width(), subsequent_indent="  ")
        return "\n".join([title, *(fill(line, line_width(), **margins) for line in lines)])

    def _cited(self) -> str:
        """Return who states the claim, and where; nothing for a claim of one's own."""
        if self.source is None:
            return ""
        return f"{', '.join(filter(None, [f'{self.source.author} ({self.source.year})', self.source.section]))}: "

    def _parts(self) -> Iterator[str]:
        rule = None
        for part in self.parts:
            if part.rule != rule:
                rule = part.rule
                yield f"By the declared rule it holds if {rule}:"
            verdict = part.verdict.value + ("" if part.tested else ", shown beside the claim")
            yield f"{part.effect:+.3f} {part.effect.quantity} ({verdict})"

    def _among_converged(self) -> Iterator[str]:
        among = self.effect.among_converged
        if among is not None:
            number = f"{among:+.3f}" if isfinite(among.estimate) else "not known, since no run of one of them converged"
            yield f"Among the converged runs of each way of training the effect is {number}."

    def _prior(self) -> Iterator[str]:
        several = ", by any of its parts" if self.evaluation.claim.any_part else ", all its parts together"
        shares = ", ".join(f"{kind} {share}" for kind, share in self.prior.items())
        yield f"Over the prior the claim{several if sum(part.tested for part in self.parts) > 1 else ''}: {shares}."
        if spread := self.spread:
            yield f"Over the prior the effect has the {spread.text()}."
        if self.over:
            yield f"Over the table of draws: {', '.join(f'{kind} {share}' for kind, share in self.over.items())}."
        if self.baked_in:
            kind = predicate(self.baked_in)
            yield f"Baked in: it {kind} nearly everywhere, for the model leaves it hardly a choice."
        if self.variants:
            listed = "; ".join(f"{variant.name}: {variant}" for variant in self.variants)
            yield f"Holds / reversed / neither with other forms and tolerances. {listed}."

    def _crux(self) -> str:
        crux, part = self.crux, self.evaluation.headline_part.name
        if crux.premise is None:
            return f"Crux: no premise is seen to change the effect ({part}) when it alone is switched off."
        ties = f"; cannot be ruled out as equally important: {', '.join(crux.ties)}" if crux.ties else ""
        return f"Crux of the effect ({part}): {crux.premise}. Without it {crux.without[crux.premise]:+.3f}{ties}."

    def _flips(self) -> Iterator[str]:
        if not self.nearest_flips:
            yield "Nearest flip: not searched in the quick form of all claims; name a claim with --claim to search."
        for flip in self.nearest_flips:
            yield f"Nearest flip: {flip}"


def predicate(kind: str) -> str:
    """Return a kind as the predicate of a claim: holds, is reversed, or is neither."""
    return kind if kind == HOLDS else f"is {kind}"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Argued(Report):
    """Results of every claim; `argued["headline"]` is that of one claim."""

    claims: list[ClaimResult]
    structures: Annotated[
        Structures | None,
        Field(description="the headline over all structures; null if it was not tested or no form was swapped"),
    ] = None
    over: Annotated[
        OverTable | None, Field(description="the table of draws over which claims are evaluated too; null without one")
    ] = None
    robustness: Hidden[Robustness]
    request: Hidden[ArgueRequest]

    def __getitem__(self, name: str) -> ClaimResult:
        return next(result for result in self.claims if result.name == name)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per claim: its verdict, its effect, and its shares of the prior."""
        return [
            {"number": result.number, "claim": result.name, "verdict": result.verdict.value, "effect": result.effect}
            | {f"prior_{kind}": result.prior[kind] for kind in KINDS}
            | {f"over_{kind}": share for kind, share in (result.over or {}).items()}
            for result in self.claims
        ]

    def blocks(self) -> Iterator[str | Table]:
        """Yield a heading, all verdicts, and the results of each claim."""
        size = self.request.chosen_size
        yield wrapped(
            f"{size.runs:,} runs of each way of training at the point, seed {self.request.seed}; {size.of_draws} "
            f"each. 95 % intervals; simultaneous where a claim needs only "
            "one of several parts, and for repeated looks at a flip."
        )
        if told := pair_text(self.request.point):
            yield wrapped(told)
        yield "\n".join(
            f"{result.number:>3}  {result.name:22} {result.verdict.value:13} {result.effect:+.3f}"
            for result in self.claims
        )
        if self.over:
            yield from beside_prior(self.claims, self.over)
        if self.structures:
            yield wrapped(self.structures.text())
        for result in self.claims:
            yield result.text(self.robustness)

    def drawing(self) -> Figure:
        """Draw the shares of each claim over the prior and, if there is one, over the table beside it."""
        size = self.request.chosen_size
        return shares_figure(self.claims, self.over, f"{size.of_draws} per draw and way of training; 95 % intervals")


@dataclass(frozen=True, kw_only=True)
class ArgueRequest(OverRequest):
    """Test the claims of the argument one by one, and give a verdict on each."""

    kind = "argue"

    claim: Annotated[
        tuple[str | Mapping[str, Any] | Claim, ...] | None,
        Option("Only this claim, by name or from a TOML file; repeatable. All by default.", "NAME|FILE.toml"),
    ] = None
    family: Annotated[str, Option("Family of claims: pretraining, fine-tuning or release.", "NAME")] = "pretraining"
    quick: Annotated[bool, Option("Use fewer runs and draws, and swap no functional form; takes some minutes.")] = False
    over: OverFile = None
    rest: Rest = PRIOR
    point: Point = field(default_factory=Point)
    runs: Annotated[int | None, Option("Runs per protocol at the point.", "N", least=1, most=MOST_RUNS)] = None
    seed: Seed = 0
    precision: Precision = PRECISION
    size: Annotated[Size, "How much is run if `quick` and `runs` do not say otherwise."] = FULL

    def __post_init__(self) -> None:
        super().__post_init__()
        known = claims(self.family) | proposed_claims(self.family)
        if self.claim is not None:
            object.__setattr__(self, "claim", tuple(map(named_claim, self.claim)))
        for name in (name for name in self.claim or () if isinstance(name, str) and name not in known):
            families = [family for family in FAMILIES if name in claims(family) | proposed_claims(family)]
            if not families:
                raise unknown(f"in family {self.family!r}, claim", name, known)
            raise InputError(
                f"claim = {name!r} is not one of family = {self.family!r}: give --family {families[0]} with it, or one "
                f"of {', '.join(known)}."
            )

    @property
    def chosen_size(self) -> Size:
        """Numbers of runs and draws, as `quick` and `runs` change them."""
        quick = QUICK_OF_ALL if self.family == "pretraining" and not self.claim else QUICK
        size = quick if self.quick else self.size
        return size if self.runs is None else replace(size, runs=self.runs)

    def configuration(self) -> dict[str, Any]:
        """Return what departs from the defaults, and always how much is run."""
        return {**super().configuration(), "size": self.chosen_size.configuration()}

    def work(self) -> float:
        """Return the number of draws, also with each form, and of claims."""
        size, tested = self.chosen_size, select_claims(self.claim, self.family)
        of_table = len(self.evaluated(size.draws, self.seed)) if self.over else 0
        return size.draws + min(size.form_draws, size.draws) * len(other_forms()) + of_table + len(tested)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Argued:
        """Evaluate the claims at the point and over the prior, and find what each depends on; raises `InputError`."""
        size, report, tested = self.chosen_size, one_at_a_time(progress), select_claims(self.claim, self.family)
        keys: dict[str, Any] = {"seed": self.seed, "precision": self.precision, "threads": threads}
        evaluations = evaluate_claim.evaluate(tested, self.around, runs=size.runs, **keys)
        parts = {name: evaluation.headline_part for name, evaluation in evaluations.items()}
        of_claims = evaluate_claim.cruxes(tested, self.around, parts=parts, runs=size.runs, **keys)
        prior: dict[str, Any] = {"draws": size.draws, "runs": size.draw_runs, "most": size.draw_most}
        prior["shown"] = size.shown
        prior["readings"] = moved_tolerances()
        if size.form_draws:
            prior |= {"forms": other_forms(), "form_draws": size.form_draws}
        spread = evaluate_claim.over_prior(tested, self.around, **prior, progress=report, **keys)
        over, of_table = self.over_table(tested, prior | {"readings": ()}, progress=report, **keys)

        def result(claim: Claim) -> ClaimResult:
            flips = self._flips(evaluations[claim.name], spread)
            report(1)
            return ClaimResult.of(evaluations[claim.name], spread, of_claims[claim.name], flips, of_table)

        results, structures = [*in_order(result, tested, threads=threads)], None
        if size.form_draws and "headline" in parts:
            structures = structural_average(self.around, runs=size.runs, **keys)
        return Argued(claims=results, structures=structures, over=over, robustness=spread, request=self)

    def _flips(self, evaluation: Evaluation, spread: Robustness) -> list[NearestFlip]:
        """Return where a claim that holds stops holding and is reversed, or where one that does not hold does."""
        claim, size = evaluation.claim, self.chosen_size
        if not size.searches:
            return []
        estimates = {name: interval.estimate for name, interval in evaluation.intervals.items()}
        here = claim.kind({part.name: part.rule.kind(estimates[part.name]) for part in claim.tested})
        turned = {kind: spread.turned(claim, kind) for kind in KINDS}
        starts = {STOPS: turned[NEITHER] + turned[REVERSED], **turned}
        keys: dict[str, Any] = {"point": self.around, "seed": self.seed, "precision": self.precision}
        keys |= {"searches": size.searches, "budget": size.search_runs, "confirming": size.confirming}
        kinds: list[Turn] = [STOPS, REVERSED] if here == HOLDS else [HOLDS]
        return [FlipSearch(claim=claim, kind=kind, **keys).nearest(starts[kind]) for kind in kinds]
