"""The points of a study: computed designs, which are scipy's and SALib's, and points read from a file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

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
        _check_ranges(study.design, factors)
        for cube in _cubes(study, len(factors), chunk):
            pairs = zip(factors, cube.T, strict=True)
            yield {factor.name: [factor.at(float(share)) for share in column] for factor, column in pairs}


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

    samples, seed = int(study.samples or 0), _seed(study)
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


def _seed(study: Study) -> int:
    """Return the seed of the design, which is not that of the runs."""
    return int(np.random.SeedSequence([study.seed, len(study.factors)]).generate_state(1)[0])


def _check_ranges(design: str, factors: list[Factor]) -> None:
    for factor in factors:
        if not factor.is_range:
            raise InputError(
                f"vary.{factor.name} is a list, which design = {design!r} cannot walk: "
                "give it low and high, or use design = 'grid' or 'table'."
            )


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
        raise InputError(f"table = {str(path)!r} has no point: give it a header of parameter names, and a row a point.")
    return table.apply(lambda column: _checked(column.reset_index(drop=True), path, study))


def _checked(column: pd.Series, path: Path, study: Study) -> pd.Series:
    """Return a column whose every cell is valid by itself, whole numbers as integers."""
    name = str(column.name)
    factor = factor_of(name, [0], study.model, study.curriculum)  # raises if the name cannot vary
    empty = column.index[column.isna()]
    if len(empty):
        _refuse(path, empty[0], name, "the cell is empty, and every point needs every value.")
    column = _plain(column)
    for row in _suspects(column, factor):
        try:
            check_value(name, column.tolist()[row], study.model, study.curriculum)
        except InputError as error:
            _refuse(path, row, name, str(error))
    return column.astype(int) if factor.whole and column.dtype.kind == "f" else column


def _plain(column: pd.Series) -> pd.Series:
    """Return arrays as tuples, and numbers that a wrong cell among them made text as numbers again."""
    import pandas as pd

    if column.dtype.kind in "biuf":
        return column
    cells = [tuple(cell) if hasattr(cell, "tolist") else cell for cell in column.tolist()]
    numbers = pd.to_numeric(pd.Series([cell if isinstance(cell, str) else None for cell in cells]), errors="coerce")
    plain = [cell if pd.isna(number) else float(number) for cell, number in zip(cells, numbers, strict=True)]
    return pd.Series(plain, name=column.name, dtype=object)


def _suspects(column: pd.Series, factor: Factor) -> list[int]:
    """Return rows of which one is wrong if any is: the extremes of numbers, else the first of each value."""
    if column.dtype.kind not in "iuf":
        return column.index[~column.duplicated()].tolist()
    rows = [int(column.argmin()), int(column.argmax())]
    if not factor.whole or column.dtype.kind != "f":
        return rows
    return [int(row) for row in column.index[column % 1 != 0][:1]]


def _refuse(path: Path, row: Any, name: str, sentence: str) -> NoReturn:
    raise InputError(f"table = {str(path)!r}, row {int(row) + 1}, column {name!r}: {sentence}") from None
