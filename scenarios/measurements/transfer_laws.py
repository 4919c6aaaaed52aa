"""Stand-ins for the constants of the transfer law, which take curves of 48,000 steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import log2

from feint.scenarios.measurements.stand_in import StandIn, Values
from feint.scenarios.transfer.arms import measure
from feint.scenarios.transfer.laws import fit_arms, law_of
from feint.scenarios.transfer.transfer import FURTHER, NEARER
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.scaling_laws import LawFit
from feint.sim.training.parameter_point import Point

LONGEST = 48_000  # steps of the transfer experiments
SIZES = (4, 8, 16, 32, 64)
TEXT, CODE, BETA, RATIO = "alpha, far", "alpha, near", "beta", "k, near over far"


def law_constants(
    names: Sequence[str], point: Point, *, runs: int, seed: int, threads: int | None = None
) -> dict[str, Interval]:
    """Return the constants of these names, without those that cannot be fitted."""
    arms = partial(measure, point, longest=LONGEST, runs=runs, seed=seed, threads=threads)
    constants: dict[str, Interval] = {}
    if {TEXT, CODE, RATIO} & set(names):
        further, nearer = (law_of(arms(changes), seed).fit for changes in (FURTHER, NEARER))
        constants |= dict(_alphas(further, nearer))
    if BETA in names and (beta := fit_arms([arms({"modes": modes}) for modes in SIZES], seed).beta):
        constants[BETA] = beta
    return {name: constants[name] for name in names if name in constants}


def _alphas(further: LawFit | None, nearer: LawFit | None) -> Iterator[tuple[str, Interval]]:
    if further:
        yield TEXT, further.alpha
    if nearer:
        yield CODE, nearer.alpha
    if further and nearer:
        yield RATIO, _log2_ratio(nearer.k, further.k)


def _log2_ratio(above: Interval, below: Interval) -> Interval:
    limits = {"low": log2(above.low / below.high), "high": log2(above.high / below.low)}
    return replace(above, estimate=log2(above.estimate / below.estimate), **limits, method="by limits")


def _none(ended: Sequence[RunOutcomes], values: Values) -> Interval:
    raise NotImplementedError


def _law(name: str, words: str, unit: str, discrepancy: float) -> StandIn:
    reason = "the law is fitted to a model of 16 modes, whose steps are no characters"
    return StandIn(name=name, words=words, unit=unit, discrepancy=discrepancy, reason=reason, measure=_none, law=True)


LAWS = (
    _law(TEXT, "α of the transfer law fitted at similarity 0.5", "exponent", 0.1),
    _law(CODE, "α fitted at similarity 0.9", "exponent", 0.1),
    _law(BETA, "exponent of `modes` at similarity 0.5", "exponent", 0.2),
    _law(RATIO, "k at similarity 0.9 over k at 0.5", "log2 ratio", 1),
)
