"""Power of a design of one's own, or of the test of a claim: how many runs its verdict needs, from a pilot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.scenarios.argument.evaluate_claim import measure, protocols_of
from feint.scenarios.claims.registry import every_claim, named_claim
from feint.sim.analysis.claims import LEAST, VERDICTS, Claim, Verdict
from feint.sim.analysis.estimands import Effect, Ended
from feint.sim.analysis.power import SIZES, TRIALS, Design, DesignPower, PowerReport, Sizes, design_power
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.results.report import Table
from feint.sim.results.request import Confidence, Option, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import CONFIDENCE, check_confidence
from feint.sim.training.parameter_point import Point, as_pair, pair_text
from feint.sim.training.train import PRECISION

PILOT = 1000  # runs of each training protocol
RESAMPLES = 200  # simulated experiments of each size, resampled from the pilot
FEWEST, MOST = 25, 100  # runs that are tried, and the most of them, in units of the pilot
ICC = 0.5  # intraclass correlation of the seeds of a model, by default
OF_CLAIMS = ("pilot", "point", "precision")  # fields that say nothing of a design


@dataclass(frozen=True, kw_only=True)
class PilotPart:
    """One part of a claim, as the pilot measures it."""

    name: str
    rule: Annotated[str, Field(description="where it must lie, as it is declared")]
    verdict: Verdict
    effect: Effect


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ClaimPower(PowerReport):
    """Power of the test of a claim: how likely its verdict is at numbers of runs, if the pilot's estimates are true."""

    claim: str
    title: str  #: of the claim
    pilot: Annotated[int, Field(description="runs of each training protocol in the pilot")]
    verdict: Annotated[Verdict, Field(description="verdict of the pilot")]
    parts: Annotated[list[PilotPart], Field(description="parts on which the verdict depends")]

    unit = "runs of each"
    fewest = FEWEST

    def blocks(self) -> Iterator[str | Table]:
        """Yield what the pilot measures, and what is enough."""
        yield (
            f"Claim {self.claim}: {self.title}. A pilot of {self.pilot:,} runs of each training protocol, seed "
            f"{self.seed}; its verdict is {self.verdict.value}."
        )
        assert isinstance(self.request, PowerRequest)
        if told := pair_text(self.request.point):
            yield told
        columns: dict[str, Any] = {
            "part\n  holds if": lambda row: f"{row.name}\n  {row.rule}",
            "in the pilot": lambda row: f"{row.effect:+.3f}",
            "verdict": lambda row: row.verdict.value,
        }
        yield Table(self.parts, columns, rule=False)
        yield (
            f"If the pilot's estimates are true, the right verdict is {self.right.value}; an experiment of the pilot's "
            f"size gives it with a chance of {self.here.right}. {self.trials:,} experiments of each size are resampled "
            "from the pilot's runs, and know of nothing that no run of the pilot does; 95 % Monte Carlo intervals."
        )
        yield self._enough()


@dataclass(frozen=True, kw_only=True)
class PowerRequest(Request):
    """Say how likely a design is to give the right verdict on a difference, or on a claim, and what would be enough."""

    kind = "power"
    unit = " sizes"

    models: Annotated[int, Option("Number of models per arm.", "N", least=1, most=10**6)] = 50
    seeds: Annotated[int, Option("Number of seeds from which each model is trained.", "N", least=1, most=10**6)] = 1
    base: Annotated[float, Option("Frequency of the event in the first arm.", "X")] = 0.1
    effect: Annotated[float, Option("Frequency in the second arm minus that in the first.", "X")] = 0.2
    unpaired: Annotated[bool, Option("The arms share no models and no seeds.")] = False
    correlation: Annotated[float, Option("If paired: correlation between the events of a pair.", "X")] = 0.0
    icc: Annotated[
        float, Option("Correlation of two seeds of a model: 0 if each is worth a model, 1 if none adds any.", "X")
    ] = ICC
    least: Annotated[float, Option("A difference smaller than this counts as none.", "X")] = LEAST
    claim: Annotated[
        str | Mapping[str, Any] | Claim | None,
        Option(
            "How many runs the verdict on this claim, by name or from a file, needs, from a pilot.", "NAME|FILE.toml"
        ),
    ] = None
    pilot: Annotated[int, Option("With --claim: runs of each training protocol.", "N", least=10, most=10**6)] = PILOT
    trials: Annotated[
        int | None,
        Option(f"Simulated experiments of each size; {TRIALS:,}, or {RESAMPLES} of a claim.", "N", least=1, most=10**6),
    ] = None
    point: Point = field(default_factory=Point)
    seed: Seed = 0
    precision: Precision = PRECISION
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        check_confidence(self.confidence)
        given = super().configuration()
        if self.claim is None:
            for name in (name for name in OF_CLAIMS if name in given):
                option = "--set and --curriculum are" if name == "point" else f"{name} = {given[name]!r} is"
                raise InputError(f"{option} for the pilot of a claim: name it with --claim.")
            _ = self.design
            return
        object.__setattr__(self, "claim", named_claim(self.claim))
        _known(self.claim)
        own = {known.name for known in fields(Design)} - {"paired", "confidence"} | {"unpaired"}
        for name in (name for name in given if name in own):
            what = f"{name} = {given[name]!r} is not allowed with claim = {_known(self.claim).name!r}"
            raise InputError(f"{what}: there the pilot says what is true.")

    @property
    def design(self) -> Design:
        """The design; raises `InputError` if a part is not valid."""
        names = [known.name for known in fields(Design) if known.name != "paired"]
        return Design(**{name: getattr(self, name) for name in names}, paired=not self.unpaired)

    def work(self) -> float:
        """Return the most sizes that are tried."""
        return SIZES

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> DesignPower | ClaimPower:
        """Simulate experiments and return the power; raises `InputError` if a claim cannot be tested at the point."""
        known: dict[str, Any] = {"request": self, "progress": progress}
        if self.claim is None:
            return design_power(self.design, trials=self.trials or TRIALS, seed=self.seed, **known)
        return self._of_claim(_known(self.claim), threads, progress)

    def _of_claim(self, whole: Claim, threads: int | None, progress: Progress | None) -> ClaimPower:
        """Train the pilot, resample experiments of other sizes from it, and return the power."""
        claim, trials = replace(whole, parts=whole.tested), self.trials or RESAMPLES
        keys: dict[str, Any] = {"seed": self.seed, "precision": self.precision, "threads": threads}
        ended = run_paired(as_pair(self.point), protocols_of([claim]), range(self.pilot), **keys)
        level = claim.confidence(self.confidence)
        effects = {part.name: Effect.of(part.estimand, measure(part, ended, level)) for part in claim.parts}
        verdicts = {part.name: part.rule.verdict(effects[part.name]) for part in claim.parts}
        true = {part.name: VERDICTS[part.rule.kind(effects[part.name].estimate)] for part in claim.parts}

        def tally(runs: int) -> Counter[Verdict]:
            rng = np.random.default_rng([self.seed, runs])
            return Counter(_again(claim, ended, rng.integers(self.pilot, size=runs), level) for _ in range(trials))

        sizes = Sizes(tally=tally, right=claim.verdict(true), own=self.pilot, fewest=FEWEST, most=MOST * self.pilot)
        parts = [
            PilotPart(name=part.name, rule=part.rule.words, verdict=verdicts[part.name], effect=effects[part.name])
            for part in claim.parts
        ]
        return ClaimPower(
            **sizes.explored(progress),
            claim=claim.name,
            title=claim.title,
            right=sizes.right,
            pilot=self.pilot,
            trials=trials,
            seed=self.seed,
            verdict=claim.verdict(verdicts),
            parts=parts,
            request=self,
        )


def _known(which: Any) -> Claim:
    """Return the claim, or that of this name, of any family; raises `InputError` if it is not known."""
    if isinstance(which, Claim):
        return which
    if which not in every_claim():
        raise unknown("claim", which, every_claim())
    return every_claim()[which]


def _again(claim: Claim, ended: Ended, rows: np.ndarray, confidence: float) -> Verdict:
    """Return the verdict on a claim from the runs with these numbers (runs,)."""
    chosen = {protocol: outcomes.at(rows) for protocol, outcomes in ended.items()}
    return claim.verdict({part.name: part.rule.verdict(measure(part, chosen, confidence)) for part in claim.parts})
