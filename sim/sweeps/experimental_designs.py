"""Points of a study: computed designs, which are SciPy's and SALib's, and points read from a file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.sim.sweeps.factors import Factor
from feint.sim.sweeps.study import MOST_RUNS, Study
from feint.sim.sweeps.sweep_store import Store
from feint.sim.sweeps.weighted_draws import WEIGHT, WeightedDraws
from feint.sim.training.parameter_point import as_cell

if TYPE_CHECKING:
    import pandas as pd

MORRIS_LEVELS = 4  # of the grid on which trajectories walk (Morris 1991)
CHUNK = 4096  # points in a table
MOST_APART = 2**64 // MOST_RUNS  # points whose runs can be numbered separately


def points(study: Study, chunk: int = CHUNK) -> Iterator[pd.DataFrame]:
    """Yield the points in order, as tables of up to `chunk` rows: `point`, and one column per factor."""
    import pandas as pd

    first = 0
    for columns in _columns(study, chunk):
        table = pd.DataFrame(columns)
        table.insert(0, "point", np.arange(first, first + len(table)))
        first += len(table)
        yield table


def count(study: Study) -> int:
    """Return the number of points of a study."""
    if study.design == "grid":
        return int(np.prod([len(factor.grid) for factor in study.factors], dtype=object))
    if study.design == "one-at-a-time":
        return sum(1 for _ in _one_at_a_time(study.factors))
    if study.design == "table":
        return len(read_points(study))
    moved = len(study.groups)
    return int(study.samples or 0) * {"saltelli": moved + 2, "morris": moved + 1}.get(study.design, 1)


def problem(study: Study) -> dict[str, Any]:
    """Return the study as SALib describes it: every factor on the unit interval, and their groups if moved by group."""
    names = [factor.name for factor in study.factors]
    whole: dict[str, Any] = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    return {**whole, "groups": [factor.group for factor in study.factors]} if study.by_group else whole


def _columns(study: Study, chunk: int) -> Iterator[dict[str, list[Any]]]:
    factors = study.factors
    if study.design == "table":
        table = read_points(study)
        for first in range(0, len(table), chunk):
            yield {name: table[name].iloc[first : first + chunk].tolist() for name in table.columns}
    elif study.design in ("grid", "one-at-a-time"):
        rows = product(*(factor.grid for factor in factors)) if study.design == "grid" else _one_at_a_time(factors)
        while part := list(islice(rows, chunk)):
            pairs = zip(factors, zip(*part, strict=True), strict=True)
            yield {factor.name: [as_cell(value) for value in column] for factor, column in pairs}
    else:
        for factor in factors:
            if not factor.is_range:
                right = "give it low and high, or use design = 'grid' or 'table'"
                raise InputError(f"vary.{factor.name} is a list, which design = {study.design!r} cannot vary: {right}.")
        for cube in _cubes(study, len(factors), chunk):
            pairs = zip(factors, cube.T, strict=True)
            yield {factor.name: [factor.at(share) for share in column.tolist()] for factor, column in pairs}


def _one_at_a_time(factors: list[Factor]) -> Iterator[tuple[Any, ...]]:
    """Yield the base point, then each factor's ends in turn."""
    base = tuple(factor.base for factor in factors)
    if None in base:
        raise InputError("start and match have no low and no high: vary them by design = 'grid' or 'table'.")
    yield base
    for i, factor in enumerate(factors):
        for end in factor.ends:
            if end != base[i]:
                yield (*base[:i], end, *base[i + 1 :])


def _cubes(study: Study, dimensions: int, chunk: int) -> Iterator[np.ndarray]:
    """Yield points of the unit cube (points, dimensions)."""
    from scipy.stats import qmc

    samples = int(study.samples or 0)
    seed = int(np.random.SeedSequence([study.seed, len(study.factors)]).generate_state(1)[0])  # not that of the runs
    if study.design in ("sobol", "prior"):
        yield from sobol_cubes(dimensions, samples, seed, chunk)
        return
    if study.design == "lhs":
        whole = qmc.LatinHypercube(dimensions, rng=seed).random(samples)
    elif study.design == "saltelli":
        sobol = load_extra("SALib.sample.sobol", "a Saltelli design")
        whole = sobol.sample(problem(study), samples, calc_second_order=False, seed=seed)
    else:
        morris = load_extra("SALib.sample.morris", "a Morris design")
        whole = morris.sample(problem(study), samples, num_levels=MORRIS_LEVELS, seed=seed)
    for first in range(0, len(whole), chunk):
        yield whole[first : first + chunk]


def write_points(store: Store) -> None:
    """Write the points of the design unless they are already there; all are validated before any is trained."""
    import pyarrow as pa

    written, expected = store.intact_files("points"), count(store.study)
    if store.study.streams == "independent" and expected > MOST_APART:
        raise InputError(f"streams = 'independent' has room for {MOST_APART:,} points, and the study has {expected:,}.")
    if sum(len(points_in(name)) for name in written) == expected:
        return
    for table in points(store.study, store.cut.points_a_file):
        name = f"{table['point'].iloc[0]:09d}-{table['point'].iloc[-1] + 1:09d}"
        if name in written:
            continue
        for row in values_of(table).to_dict("records"):
            store.study.specs({str(factor): value for factor, value in row.items()})
        store.write("points", name, pa.Table.from_pandas(table, preserve_index=False))


def points_in(name: str) -> range:
    """Return the points in a file of points."""
    first, _, last = name.partition("-")
    return range(int(first), int(last))


def sobol_cubes(dimensions: int, points: int, seed: int, chunk: int | None = None) -> Iterator[np.ndarray]:
    """Yield the first points of a scrambled Sobol sequence, (chunk, dimensions) or, without `chunk`, all at once."""
    from scipy.stats import qmc

    sequence, whole = qmc.Sobol(dimensions, scramble=True, rng=seed), 1 << (points - 1).bit_length()
    step = chunk or whole
    for first in range(0, points, step):
        yield sequence.random(min(step, whole - first))[: points - first]


def read_points(study: Study) -> pd.DataFrame:
    """Read the points of a study's file: one column per name that can vary, and `weight` if weights differ.

    Raises `InputError` with file, row and column; rows count from 1, the first below the header.
    """
    draws = WeightedDraws.of(str(study.table), study.point, name="table")
    return (draws if study.samples is None else draws.thinned(study.samples, study.seed)).frame()


def values_of(points: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a table of points that vary: all but their number and their weight."""
    return points.drop(columns=["point", WEIGHT], errors="ignore")


def weights_of(points: pd.DataFrame) -> np.ndarray | None:
    """Return the weights of a table of points (points,); None if they have equal ones."""
    return points[WEIGHT].to_numpy(float) if WEIGHT in points else None
