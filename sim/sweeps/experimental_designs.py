"""The points of a study, as its design places them; the designs themselves are scipy's and SALib's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.sim.results.optional_dependencies import load_extra
from feint.sim.sweeps.design_from_table import listed
from feint.sim.sweeps.factors import Factor
from feint.sim.sweeps.study import Study
from feint.sim.training.parameter_paths import as_cell

if TYPE_CHECKING:
    import pandas as pd

MORRIS_LEVELS = 4  # of the grid on which trajectories walk (Morris 1991)


def points(study: Study, together: int = 4096) -> Iterator[pd.DataFrame]:
    """The points in order, a table of so many at a time: `point`, and a column a factor under its dotted name."""
    import pandas as pd

    first = 0
    for rows in _rows(study, together):
        table = pd.DataFrame(rows)
        table.insert(0, "point", np.arange(first, first + len(table)))
        first += len(table)
        yield table


def count(study: Study) -> int:
    """How many points a study has."""
    factors = study.factors
    if study.design == "grid":
        return int(np.prod([len(factor.grid) for factor in factors], dtype=object))
    if study.design == "one-at-a-time":
        return sum(1 for _ in _one_at_a_time(factors))
    if study.design == "table":
        return len(listed(study))
    samples = int(study.samples or 0)
    moved = len({factor.group for factor in factors} if study.by_group else factors)
    return samples * {"saltelli": moved + 2, "morris": moved + 1}.get(study.design, 1)


def problem(study: Study) -> dict[str, Any]:
    """The study as SALib sees it: every factor on the unit interval, and the groups where it moves by group."""
    names = [factor.name for factor in study.factors]
    found: dict[str, Any] = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    return {**found, "groups": [factor.group for factor in study.factors]} if study.by_group else found


def _rows(study: Study, together: int) -> Iterator[dict[str, list[Any]]]:
    factors = study.factors
    names = [factor.name for factor in factors]
    if study.design == "table":
        table = listed(study)
        for first in range(0, len(table), together):
            yield {name: table[name].iloc[first : first + together].tolist() for name in table.columns}
    elif study.design in ("grid", "one-at-a-time"):
        found = product(*(factor.grid for factor in factors)) if study.design == "grid" else _one_at_a_time(factors)
        while rows := list(islice(found, together)):
            columns = zip(*rows, strict=True)
            yield {name: [as_cell(value) for value in column] for name, column in zip(names, columns, strict=True)}
    else:
        _check_ranges(study, factors)
        for cube in _cubes(study, len(factors), together):
            columns = zip(factors, cube.T, strict=True)
            yield {factor.name: [factor.at(float(share)) for share in column] for factor, column in columns}


def _one_at_a_time(factors: list[Factor]) -> Iterator[tuple[Any, ...]]:
    """The point itself, then each factor's ends in turn."""
    base = tuple(factor.base for factor in factors)
    if None in base:
        raise InputError("start and match have no low and no high: vary them by design = 'grid' or 'table'.")
    yield base
    for i, factor in enumerate(factors):
        for end in factor.ends:
            if end != base[i]:
                yield (*base[:i], end, *base[i + 1 :])


def _cubes(study: Study, dimensions: int, together: int) -> Iterator[np.ndarray]:
    """Points of the unit cube (points, dimensions)."""
    samples = int(study.samples or 0)
    if study.design in ("sobol", "prior"):
        from scipy.stats import qmc

        sequence = qmc.Sobol(dimensions, scramble=True, rng=_seed(study))
        for first in range(0, samples, together):
            yield sequence.random(min(together, samples - first))
        return
    if study.design == "lhs":
        from scipy.stats import qmc

        whole = qmc.LatinHypercube(dimensions, rng=_seed(study)).random(samples)
    elif study.design == "saltelli":
        sobol = load_extra("SALib.sample.sobol", "a Saltelli design")
        whole = sobol.sample(problem(study), samples, calc_second_order=False, seed=_seed(study))
    else:
        morris = load_extra("SALib.sample.morris", "a Morris design")
        whole = morris.sample(problem(study), samples, num_levels=MORRIS_LEVELS, seed=_seed(study))
    for first in range(0, len(whole), together):
        yield whole[first : first + together]


def _seed(study: Study) -> int:
    """Seed of the design, which is not that of the runs."""
    return int(np.random.SeedSequence([study.seed, len(study.factors)]).generate_state(1)[0])


def _check_ranges(study: Study, factors: list[Factor]) -> None:
    for factor in factors:
        if not factor.is_range:
            raise InputError(
                f"vary.{factor.name} is a list, which design = {study.design!r} cannot walk: "
                "give it low and high, or use design = 'grid' or 'table'."
            )
