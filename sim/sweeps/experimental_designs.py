"""Points of a study: computed designs, which are SciPy's and SALib's, and points read from a file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.sim.sweeps.factors import Factor, check_value, factor_of
from feint.sim.sweeps.study import Study
from feint.sim.training.parameter_point import as_cell

if TYPE_CHECKING:
    import pandas as pd

MORRIS_LEVELS = 4  # of the grid on which trajectories walk (Morris 1991)
CHUNK = 4096  # points in a table


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
        sequence = qmc.Sobol(dimensions, scramble=True, rng=seed)
        for first in range(0, samples, chunk):
            yield sequence.random(min(chunk, samples - first))
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


def read_points(study: Study) -> pd.DataFrame:
    """Read the points of a study's file, one column per name that can vary.

    Raises `InputError` with file, row and column; rows count from 1, the first below the header.
    """
    import pandas as pd

    path = Path(str(study.table))
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, low_memory=False)
    except (OSError, ValueError) as error:
        raise InputError(f"table = {str(path)!r} cannot be read: {str(error).splitlines()[0]}") from None
    table = table.drop(columns="point", errors="ignore")
    if table.empty:
        right = "give it a header of parameter names, and one row per point"
        raise InputError(f"table = {str(path)!r} has no point: {right}.")
    return table.apply(lambda column: _checked(column.reset_index(drop=True), path, study))


def _checked(column: pd.Series, path: Path, study: Study) -> pd.Series:
    """Return a column, all cells of which are valid by themselves, with whole numbers as integers."""
    name = str(column.name)
    factor = factor_of(name, [0], study.model, study.curriculum)  # raises if the name cannot vary

    def refusal(row: int, sentence: str) -> InputError:
        return InputError(f"table = {str(path)!r}, row {row + 1}, column {name!r}: {sentence}")

    if column.isna().any():
        raise refusal(int(column.isna().argmax()), "the cell is empty, and every point needs every value.")
    column = _plain(column)
    fractional = factor.whole and column.dtype.kind == "f"
    if column.dtype.kind not in "iuf":
        suspects = column.index[~column.duplicated()]
    else:  # if any number is wrong, one of these is
        suspects = column.index[column % 1 != 0][:1] if fractional else (column.argmin(), column.argmax())
    for row in map(int, suspects):
        try:
            check_value(name, column.tolist()[row], study.model, study.curriculum)
        except InputError as error:
            raise refusal(row, str(error)) from None
    return column.astype(int) if fractional else column


def _plain(column: pd.Series) -> pd.Series:
    """Return arrays as tuples, and numbers that a wrong cell among them made text as numbers again."""
    import pandas as pd

    if column.dtype.kind in "biuf":
        return column
    cells = [tuple(cell) if hasattr(cell, "tolist") else cell for cell in column.tolist()]
    numbers = pd.to_numeric(pd.Series([cell if isinstance(cell, str) else None for cell in cells]), errors="coerce")
    plain = [cell if pd.isna(number) else float(number) for cell, number in zip(cells, numbers, strict=True)]
    return pd.Series(plain, name=column.name, dtype=object)
