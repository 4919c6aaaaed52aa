"""Numbers of the model as one premise of a conflict varies, and how far both experiments are from being met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.scenarios.measurements.conflict_cases import PUBLISHED, Case, Experiment, Premise, value_at
from feint.scenarios.measurements.rows import MeasurementRow
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.sim.analysis.prior_shares import prior_draws
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.results.request import Progress
from feint.sim.training.parameter_point import Point


@dataclass(frozen=True, kw_only=True, eq=False)
class Responses:
    """Numbers of the model at draws, as one premise varies."""

    premise: Premise
    places: np.ndarray  #: of the levels in the premise's range, the first that of the draw itself (draws, levels)
    numbers: np.ndarray  #: of the stand-ins of the case (draws, levels, stand-ins)


def responses(
    case: Case,
    *,
    draws: int,
    runs: int,
    levels: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Responses]:
    """Return the numbers of the model for each premise; each draw has its own runs, its levels have the same ones."""
    rows = drawn(draws, seed)
    report = one_at_a_time(progress)

    def at(i: int) -> list[np.ndarray]:
        numbers = _numbers(case, rows[i], range(i * runs, (i + 1) * runs), levels, seed)
        report(1)
        return numbers

    by_draw = list(in_order(at, range(draws), threads=threads))
    places = [[[p.place(_own(p, row)), *p.places(levels)] for row in rows] for p in case.premises]
    return [
        Responses(premise=premise, places=np.array(places[k]), numbers=np.stack([numbers[k] for numbers in by_draw]))
        for k, premise in enumerate(case.premises)
    ]


def drawn(draws: int, seed: int) -> list[dict[str, Any]]:
    """Return values by name: of parameters from a Sobol sequence, of published settings from a Latin hypercube."""
    from scipy.stats.qmc import LatinHypercube

    cube = LatinHypercube(len(PUBLISHED), rng=np.random.default_rng(seed)).random(draws)
    settings = [
        {name: value_at(factor, place) for (name, factor), place in zip(PUBLISHED.items(), row, strict=True)}
        for row in cube.tolist()
    ]
    return [{**row, **own} for row, own in zip(prior_draws(Point(), draws, seed), settings, strict=True)]


def _own(premise: Premise, row: Mapping[str, Any]) -> dict[str, Any]:
    return {factor.name: row.get(factor.name, factor.base) for factor in premise.factors}


def _numbers(case: Case, row: Mapping[str, Any], runs: range, levels: int, seed: int) -> list[np.ndarray]:
    """Return the numbers of the stand-ins at one draw, for each premise (levels, stand-ins)."""
    point = Point().at({name: value for name, value in row.items() if name not in PUBLISHED})
    stand_ins = [STAND_INS[name] for name in case.stand_ins]
    changes = [[{}, *map(premise.at, premise.places(levels))] for premise in case.premises]
    settings = [[{**row, **change} for change in of_one] for of_one in changes]

    def trained(change: Mapping[str, Any], values: Mapping[str, Any]) -> list[list[Any]]:
        of_point = {name: value for name, value in change.items() if name not in PUBLISHED}
        return [[training.with_defaults(of_point) for training in one.trainings(values)] for one in stand_ins]

    cells = [list(map(trained, *pair)) for pair in zip(changes, settings, strict=True)]
    wanted = [training for of_one in cells for cell in of_one for part in cell for training in part]
    ended = run_paired(point, wanted, runs, seed=seed, threads=1)

    def measured(cell: list[list[Any]], values: Mapping[str, Any]) -> list[float]:
        pairs = zip(stand_ins, cell, strict=True)
        return [one.measure([ended[training] for training in part], values).estimate for one, part in pairs]

    return [np.array(list(map(measured, *pair))) for pair in zip(cells, settings, strict=True)]


def distances(case: Case, numbers: np.ndarray, common: float) -> np.ndarray:
    """Return how far both experiments are from being met, for every pair of levels (draws, first, second).

    It is the largest of three kinds of standard deviations: of the first's measurements, of the second's, and of the
    differences between measurements that both made with one stand-in. Two measurements of a stand-in share the part
    `common` of its discrepancy's variance, which their difference does not have. Monte Carlo error is not counted, so
    that few runs do not make more of the prior fit.
    """
    first, second = (alone(case, experiment, numbers) for experiment in case.experiments)
    worst = np.maximum(first[:, :, None], second[:, None, :])
    for one, other, deviation in contrasts(case, common):
        k = case.stand_ins.index(one.stand_in)
        modelled = numbers[:, :, None, k] - numbers[:, None, :, k]
        worst = np.maximum(worst, abs(one.value - other.value - modelled) / deviation)
    return worst


def alone(case: Case, experiment: Experiment, numbers: np.ndarray) -> np.ndarray:
    """Return the largest distance of one experiment's measurements, in standard deviations (draws, levels)."""
    return np.max(
        [
            abs(row.value - numbers[:, :, case.stand_ins.index(row.stand_in)])
            / np.hypot(row.error, STAND_INS[row.stand_in].discrepancy)
            for row in experiment.rows
        ],
        axis=0,
    )


def contrasts(case: Case, common: float) -> Iterator[tuple[MeasurementRow, MeasurementRow, float]]:
    """Yield pairs of measurements that both experiments made, with the standard deviation of their difference."""
    first, second = case.experiments
    for one in first.rows:
        for other in second.rows:
            if one.stand_in == other.stand_in:
                own = 2 * (1 - common) * STAND_INS[one.stand_in].discrepancy ** 2
                yield one, other, float(np.sqrt(one.error**2 + other.error**2 + own))


def reached(case: Case, numbers: np.ndarray, cut: float) -> np.ndarray:
    """Return the largest part of the published differences that the model gives while each experiment is met (draws,).

    Of several differences, the part of that which is reached least; 0 where no pair of levels meets each, NaN if the
    experiments have no measurement in common, or published no difference.
    """
    first, second = (alone(case, experiment, numbers) <= cut for experiment in case.experiments)
    parts = [
        (numbers[:, :, None, k] - numbers[:, None, :, k]) / (one.value - other.value)
        for one, other, _ in contrasts(case, 1.0)
        for k in [case.stand_ins.index(one.stand_in)]
        if one.value != other.value and abs(one.value - other.value) > np.hypot(one.error, other.error)
    ]
    if not parts:
        return np.full(len(numbers), np.nan)
    part = np.min(parts, axis=0)
    return np.where(first[:, :, None] & second[:, None, :], part, 0.0).max(axis=(1, 2))
