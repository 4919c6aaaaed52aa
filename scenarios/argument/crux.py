"""Crux: the premise that a claim hangs on most at a point, found by switching off one premise at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from feint.scenarios.argument.premises import Premise, named
from feint.sim.analysis.estimands import Estimand, Frequency
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.statistics.intervals import CONFIDENCE, Interval, look_confidence, mean_of
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import PRECISION, check_runs

if TYPE_CHECKING:
    import pandas as pd

    from feint.sim.analysis.claims import Claim, Part


@dataclass(frozen=True, kw_only=True)
class Crux:
    """What becomes of a claim's effect where one premise is off; premises from the one that matters most."""

    premise: str | None  #: whose absence changes the effect most; None where no premise is seen to change it
    effect: Interval  #: with all premises on, the point's own
    off: Mapping[str, Interval]  #: the effect with this premise off
    change: Mapping[str, Interval]  #: by how much that is more than `effect`
    ties: tuple[str, ...] = ()  #: premises that may well change it as much, as far as these runs tell

    def frame(self) -> pd.DataFrame:
        """One row a premise: the effect with it off, and the change, each with its limits."""
        import pandas as pd

        limits = ("estimate", "low", "high")
        rows = [
            {"premise": name}
            | {f"effect_{limit}": getattr(self.off[name], limit) for limit in limits}
            | {f"change_{limit}": getattr(self.change[name], limit) for limit in limits}
            for name in self.off
        ]
        return pd.DataFrame(rows)


def crux(
    claim: Claim,
    point: Point | None = None,
    *,
    runs: int = 2000,
    seed: int = 0,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    threads: int | None = None,
) -> Crux:
    """The crux of one claim at a point; see `cruxes`."""
    asked = {"runs": runs, "seed": seed, "precision": precision, "confidence": confidence, "threads": threads}
    return cruxes([claim], point, **asked)[claim.name]


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
    """The crux of each claim's effect, all premises and all claims on the same runs; by the claim's name.

    What a claim changes itself stays as it has it, also where a premise would set it otherwise. `parts` gives, by
    claim, the part whose number is meant, where that is not the first. Intervals of changes hold for all premises at
    once (Bonferroni), as the largest is picked among them. Raises `InputError`.
    """
    claims, point = list(claims), Point() if point is None else point
    check_two_stages(point)
    check_runs(runs)
    chosen = named(premises)
    meant = {claim.name: (parts or {}).get(claim.name, claim.effect).estimand for claim in claims}
    asked = {name: {"": quantity, **_without(quantity, chosen, point)} for name, quantity in meant.items()}
    protocols = [
        protocol for quantities in asked.values() for quantity in quantities.values() for protocol in quantity.protocols
    ]
    ended = run_paired(point, protocols, range(runs), seed=seed, precision=precision, threads=threads)
    return {name: _told(quantities, ended, confidence) for name, quantities in asked.items()}


def _without(quantity: Estimand, premises: list[Premise], point: Point) -> dict[str, Estimand]:
    """What is measured where each premise is off."""
    return {premise.name: quantity.with_changes(premise.off(point)) for premise in premises}


def _told(quantities: dict[str, Estimand], ended: Mapping[TrainingProtocol, RunOutcomes], confidence: float) -> Crux:
    whole = quantities.pop("")
    effect = whole.measured(ended, confidence)
    off = {name: each.measured(ended, confidence) for name, each in quantities.items()}
    differing = sum(not _same_training(whole, each, ended) for each in quantities.values())
    level = look_confidence(confidence, max(1, differing))
    change = {name: _change(whole, each, ended, effect, off[name], level) for name, each in quantities.items()}
    order = sorted(off, key=lambda name: -abs(change[name].estimate))
    seen = [name for name in order if change[name].low > 0 or change[name].high < 0]
    first = seen[0] if seen else None
    ties = tuple(name for name in order if first and name != first and _reach(change[name]) >= _least(change[first]))
    return Crux(
        premise=first,
        effect=effect,
        off={name: off[name] for name in order},
        change={name: change[name] for name in order},
        ties=ties,
    )


def _change(
    whole: Estimand,
    without: Estimand,
    ended: Mapping[TrainingProtocol, RunOutcomes],
    effect: Interval,
    off: Interval,
    confidence: float,
) -> Interval:
    """By how much the effect without a premise is more than with it: paired of frequencies, else by their limits."""
    estimate = off.estimate - effect.estimate
    if _same_training(whole, without, ended):
        return Interval(estimate=0.0, low=0.0, high=0.0, confidence=confidence, method="the same training")
    if isinstance(whole, Frequency) and isinstance(without, Frequency):
        return mean_of(without.scores(ended) - whole.scores(ended), len(whole.terms), confidence)
    low, high = off.low - effect.high, off.high - effect.low
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method="by limits")


def _same_training(whole: Estimand, without: Estimand, ended: Mapping[TrainingProtocol, RunOutcomes]) -> bool:
    return all(ended[a] is ended[b] for a, b in zip(whole.protocols, without.protocols, strict=True))


def _reach(change: Interval) -> float:
    """The largest change either way that an interval holds."""
    return max(abs(change.low), abs(change.high))


def _least(change: Interval) -> float:
    """The smallest one."""
    return 0.0 if change.low <= 0 <= change.high else min(abs(change.low), abs(change.high))
