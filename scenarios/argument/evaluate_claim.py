"""Evaluates claims at one point, at draws from the prior around it, and with each premise switched off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.model import Model
from feint.scenarios.argument.premises import PREMISES
from feint.sim.analysis.allocation import HIGH, ROOM, Allocation, Looks, Rows, measure, protocols_in
from feint.sim.analysis.claims import KINDS, Claim, Part, Verdict
from feint.sim.analysis.contrasts import Among
from feint.sim.analysis.estimands import Effect, Ended, Estimand, Frequency
from feint.sim.analysis.prior_shares import EffectSpread, Judged, Share, judged, prior_draws, shares_of
from feint.sim.ensembles.paired_runs import OWN, TOLERANCES, Reading, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.results.report import Hidden, flattened
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval, look_confidence, mean_of
from feint.sim.sweeps.weighted_draws import WeightedDraws
from feint.sim.training.parameter_point import Point, as_pair
from feint.sim.training.train import PRECISION, check_runs

if TYPE_CHECKING:
    import pandas as pd

NEARLY = 0.95  # share of the prior above which the model leaves a claim hardly any choice
DEFAULT = ""  # stands for the functional forms of the point
LONG = 12_000  # steps of fine-tuning; for more, a part that is only shown is evaluated at the point alone
Key = tuple[str, Reading, str, str]  # form, reading, claim, part


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A claim at one point: the interval of each part by name, and the verdicts by the declared rules."""

    claim: Claim
    intervals: Mapping[str, Interval]
    among_converged: Mapping[str, Interval | None] = field(default_factory=dict)  #: of parts that are frequencies

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

    @property
    def reported(self) -> Effect:
        """The claim's effect as it is reported."""
        return self.effect_of(self.headline_part)

    def effect_of(self, part: Part) -> Effect:
        """Return the effect of a part as it is reported."""
        return Effect.of(part.estimand, self.intervals[part.name], self.among_converged.get(part.name))


def evaluate(
    claims: Iterable[Claim], point: Point | None = None, *, runs: int = 2000, **keys: Any
) -> dict[str, Evaluation]:
    """Evaluate claims at a point by name, on the same runs; keywords are those of `run_paired`; raises `InputError`."""
    claims, point = list(claims), as_pair(Point() if point is None else point)
    check_runs(runs)
    ended = run_paired(point, protocols_of(claims), range(runs), **keys)
    return {claim.name: evaluation_of(claim, ended) for claim in claims}


def protocols_of(claims: Iterable[Claim]) -> list[TrainingProtocol]:
    """Return the training protocols that these claims compare, without repetition."""
    return protocols_in(part for claim in claims for part in claim.parts)


def evaluation_of(claim: Claim, ended: Ended, confidence: float = CONFIDENCE) -> Evaluation:
    """Evaluate a claim on runs that have been trained."""
    level = claim.confidence(confidence)
    return Evaluation(
        claim=claim,
        intervals={part.name: measure(part, ended, level) for part in claim.parts},
        among_converged={part.name: part.estimand.among_converged(ended, level) for part in claim.parts},
    )


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


def over_prior_parts(claim: Claim, *, shown: bool = True) -> list[Part]:
    """Return the parts of a claim that are evaluated over the prior: those whose training is not too long for it.

    Parts that are only shown and train for more than LONG steps are evaluated at the point alone. Without `shown`, so
    is every shown part that needs training that the tested parts do not need.
    """
    trained = {protocol for part in claim.tested for protocol in part.estimand.protocols}

    def affordable(part: Part) -> bool:
        own = {*part.estimand.protocols} - trained
        return not own or (shown and not any(map(_is_long, own)))

    return [part for part in claim.parts if affordable(part)]


def _is_long(protocol: TrainingProtocol) -> bool:
    steps = dict(protocol.changes).get("finetuning.steps", 0)
    return isinstance(steps, int) and steps > LONG


@dataclass(frozen=True, kw_only=True, eq=False)
class Robustness:
    """Parts of some claims at draws from the prior, also with other functional forms and tolerances."""

    draws: list[dict[str, Any]]  #: values of the parameters by dotted name
    limits: Mapping[Key, np.ndarray]  #: the columns of `allocation` (draws, 4)
    looks: Looks
    weights: np.ndarray | None = None  #: of draws from a table (draws,); None if they are equal

    @property
    def variants(self) -> dict[str, tuple[str, Reading]]:
        """Form and reading of each variant by name: one form swapped, or one tolerance moved."""
        pairs = dict.fromkeys(key[:2] for key in self.limits)
        return {
            form or ", ".join(f"{name} = {value:g}" for name, value in reading): (form, reading)
            for form, reading in pairs
            if (not form) != (reading == OWN)
        }

    def has(self, claim: Claim, part: str) -> bool:
        """Return whether a part was evaluated over the prior."""
        return (DEFAULT, OWN, claim.name, part) in self.limits

    def shares(
        self, claim: Claim, part: str | None = None, form: str = DEFAULT, reading: Reading = OWN
    ) -> dict[str, Share]:
        """Return the shares of the prior over which a claim, or one part of it, holds, is reversed, or is neither."""
        return shares_of(*self.kinds(claim, part, form, reading), weights=self.weights)

    def spread(self, claim: Claim, part: Part) -> EffectSpread:
        """Return the distribution of a part's effect over the prior."""
        return EffectSpread.of(*self._limits(claim, part), weights=self.weights)

    def _limits(
        self, claim: Claim, part: Part, form: str = DEFAULT, reading: Reading = OWN
    ) -> tuple[np.ndarray, float]:
        """Return estimates and limits of a part (draws, 3), and the confidence level of the limits."""
        columns = self.limits[form, reading, claim.name, part.name]
        return columns[:, : HIGH + 1], claim.confidence(self.looks.level())

    def kinds(self, claim: Claim, part: str | None = None, form: str = DEFAULT, reading: Reading = OWN) -> Judged:
        """Return per draw the kind of a claim or part by its estimates, the kinds its intervals allow, and doubts."""
        parts = [known for known in claim.parts if known.name == part] if part else claim.tested
        of_parts = {known.name: judged(known.rule, *self._limits(claim, known, form, reading)) for known in parts}
        if part:
            return of_parts[part]
        kinds, possible, doubts = zip(*of_parts.values(), strict=True)
        return (
            [claim.kind(dict(zip(of_parts, at_draw, strict=True))) for at_draw in zip(*kinds, strict=True)],
            [claim.possible(dict(zip(of_parts, at_draw, strict=True))) for at_draw in zip(*possible, strict=True)],
            claim.doubts(np.array(kinds), {kind: np.array([of[kind] for of in doubts]) for kind in KINDS}),
        )

    def baked_in(self, claim: Claim) -> str | None:
        """Return the kind that a claim certainly has in nearly all of the prior; None if there is no such kind."""
        return next((kind for kind, share in self.shares(claim).items() if share.interval.low >= NEARLY), None)

    def turned(self, claim: Claim, kind: str) -> list[dict[str, Any]]:
        """Return the draws at which a claim is of a kind; only those that are certain, if there are any."""
        kinds, possible, _ = self.kinds(claim)
        certain = [allowed == {kind} for allowed in possible]
        wanted = certain if any(certain) else [at_draw == kind for at_draw in kinds]
        return [draw for draw, is_wanted in zip(self.draws, wanted, strict=True) if is_wanted]


def over_prior(
    claims: Iterable[Claim],
    point: Point | None = None,
    *,
    draws: int = 256,
    runs: int = 32,
    most: int | None = None,
    seed: int = 0,
    readings: Iterable[Reading] = (),
    forms: Mapping[str, Mapping[str, str]] | None = None,
    form_draws: int | None = None,
    shown: bool = True,
    over: WeightedDraws | None = None,
    precision: str = PRECISION,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Robustness:
    """Evaluate claims at draws from the prior around a point, all at the same draws; each draw has its own runs.

    A draw gets `runs` runs of each protocol, and a claim that these leave open there more, up to `most`
    (`Allocation`); None for no more. Outcomes are also read with the tolerances of `readings`, and tested parts also
    evaluated with the functional forms of `forms`, at the first `form_draws` draws of `runs` runs each. `shown` is that
    of `over_prior_parts`. With a table in `over` all draws are its own, in place of `draws` from the prior, and forms
    are not swapped. Raises `InputError` if `draws` is not a power of two.
    """
    point, readings = as_pair(Point() if point is None else point), tuple(readings)
    rows = prior_draws(point, draws, seed) if over is None else over.rows
    draws, weights = len(rows), None if over is None else over.unequal
    swapped: dict[str, Mapping[str, str]] = {DEFAULT: {}, **((forms or {}) if over is None else {})}
    counts = {form: draws if form == DEFAULT else min(draws, form_draws or draws) for form in swapped}
    parts = [(claim, part) for claim in claims for part in over_prior_parts(claim, shown=shown)]
    tested = [(claim, part) for claim, part in parts if part.tested]
    looks = Looks(first=runs, most=most or runs)
    of_point, of_forms = (Allocation(parts=of, looks=looks, readings=readings) for of in (parts, tested))
    report = one_at_a_time(progress)

    def at(job: tuple[int, str]) -> Rows:
        i, form = job
        here = point.at({**rows[i], **swapped[form]})
        allocation, last = (of_forms, runs) if form else (of_point, looks.most)
        found = allocation.at(here, i * ROOM, last, seed=seed, precision=precision, threads=1)
        report(1)
        return found

    jobs = [(i, form) for form, count in counts.items() for i in range(count)]
    limits = _by_key([form for _, form in jobs], in_order(at, jobs, threads=threads))
    return Robustness(draws=rows, limits=limits, looks=looks, weights=weights)


def _by_key(forms: Iterable[str], found: Iterable[Rows]) -> dict[Key, np.ndarray]:
    """Return the columns of all draws with a form, by form, reading, claim and part."""
    columns: dict[Key, list[tuple[float, ...]]] = {}
    for form, rows in zip(forms, found, strict=True):
        for key, row in rows.items():
            columns.setdefault((form, *key), []).append(row)
    return {key: np.array(of) for key, of in columns.items()}


@dataclass(frozen=True, kw_only=True)
class Crux:
    """The premise on which a claim's effect depends most at a point, and the effect without each premise."""

    premise: Annotated[
        str | None, Field(description="premise whose absence changes the effect most; null if none does")
    ]
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
    parts: Mapping[str, Part] | None = None,
    runs: int = 2000,
    **keys: Any,
) -> dict[str, Crux]:
    """Return the crux of each claim's effect by the claim's name, all of them on the same runs.

    Premises are switched off one at a time. The effect is that of the part in `parts`, by the claim's name, else of the
    first part. A value that the claim's own protocols set is kept if a premise would set it otherwise. Intervals of
    changes hold for all premises at once (Bonferroni), because the largest change is picked among them. Further
    keywords are those of `run_paired`. Raises `InputError`.
    """
    claims, point = list(claims), as_pair(Point() if point is None else point)
    check_runs(runs)
    off = {premise.name: premise.off(point) for premise in PREMISES.values()}
    wholes = {claim.name: (parts or {}).get(claim.name, claim.effect).estimand for claim in claims}
    without = {
        name: {premise: whole.with_changes(changes) for premise, changes in off.items()}
        for name, whole in wholes.items()
    }
    estimands = [estimand for name, whole in wholes.items() for estimand in (whole, *without[name].values())]
    protocols = [protocol for estimand in estimands for protocol in estimand.protocols]
    ended = run_paired(point, protocols, range(runs), **keys)
    return {name: _crux(whole, without[name], ended) for name, whole in wholes.items()}


def _crux(whole: Estimand, without: dict[str, Estimand], ended: Ended) -> Crux:
    effect = whole.within_limits(whole.measured(ended))
    off = {name: _without(name, estimand, ended) for name, estimand in without.items()}
    same = {
        name: all(ended[a] is ended[b] for a, b in zip(whole.protocols, estimand.protocols, strict=True))
        for name, estimand in without.items()
    }
    level = look_confidence(CONFIDENCE, max(1, len(same) - sum(same.values())))

    def changed(name: str, there: Estimand) -> Interval:
        """Return how much larger the effect is: paired for frequencies, else from the limits of both effects."""
        if same[name]:
            return Interval(estimate=0.0, low=0.0, high=0.0, confidence=level, method="the same training")
        if isinstance(whole, Frequency) and isinstance(there, Frequency) and not isinstance(whole, Among):
            return mean_of(there.scores(ended) - whole.scores(ended), len(whole.terms), level)
        return Interval(
            estimate=off[name].estimate - effect.estimate,
            low=off[name].low - effect.high,
            high=off[name].high - effect.low,
            confidence=level,
            method="by limits",
        )

    change = {name: changed(name, there) for name, there in without.items()}
    order = sorted(off, key=lambda name: -abs(change[name].estimate))
    first = next((name for name in order if change[name].low > 0 or change[name].high < 0), None)
    least = min(abs(change[first].low), abs(change[first].high)) if first else np.inf
    most = {name: max(abs(interval.low), abs(interval.high)) for name, interval in change.items()}
    return Crux(
        premise=first,
        ties=tuple(name for name in order if first and name != first and most[name] >= least),
        without={name: off[name] for name in order},
        effect=effect,
        change={name: change[name] for name in order},
    )


def _without(premise: str, estimand: Estimand, ended: Ended) -> Effect:
    """Return the effect that an estimand at the point without a premise measures."""
    return replace(Effect.measured(estimand, ended), quantity=f"the effect without {premise}")
