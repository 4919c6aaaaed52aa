"""Tables of weighted draws: a posterior, a joint prior of an expert, a copula, or any other distribution of points."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from feint.agents.errors import InputError, check_whole
from feint.sim.results.provenance import data_beside
from feint.sim.results.table_files import read_table
from feint.sim.statistics.weighted import are_equal, effective_size, systematic
from feint.sim.sweeps.factors import SEED, Factor, check_value, factor_of, prior_factors
from feint.sim.sweeps.sweep_store import COLUMNS
from feint.sim.training.parameter_point import Point, as_column, of_cell

if TYPE_CHECKING:
    import pandas as pd

WEIGHT, KEYS = "weight", ("point", "digest")  # the keys know the point of a finished table
RESULTS = {*COLUMNS, *data_beside(__file__, "columns.toml")} - {"start", "match", SEED, WEIGHT}
"""Columns of a sweep's finished table that are neither a parameter nor the weight."""
NUISANCE = "nuisance."  # begins the names of columns of a fit that are no parameter of a point
DIGEST = 16  # hexadecimal digits of SHA-256 by which a passport knows a table


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightedDraws:
    """Points of parameter space that stand for a distribution: values by dotted name, and a weight for each.

    `WeightedDraws.of("posterior.parquet")` reads a table in the form of a sweep's own: one column per parameter, and
    perhaps `weight`; counts of runs and columns named `nuisance.…` are left out. Draws of weight 0 are left out.
    """

    values: pd.DataFrame  #: one column per parameter, under its dotted name, one row per draw
    weights: np.ndarray  #: (draws,), which sum to 1
    path: Path = Path("table")  #: of the file
    digest: str = ""  #: of its content

    def __len__(self) -> int:
        return len(self.weights)

    @classmethod
    def of(cls, path: str | Path, point: Point | None = None, *, name: str = "over") -> Self:
        """Read a table of draws around a point from a .csv, .tsv, .csv.gz or .parquet file.

        Raises `InputError` with file, row and column; rows count from 1, the first below the header. `name` is that of
        the field or option that holds the path: `table` of a study, in which the seed may vary too.
        """
        point, path = Point() if point is None else point, Path(path)
        table = _read(path, name, seeds=name == "table")
        weights = _weights(table.pop(WEIGHT), path, name) if WEIGHT in table else np.ones(len(table))
        if table.columns.empty:
            raise InputError(f"{name} = {str(path)!r} has no parameter: name a column for each, as in `similarity`.")
        table = table.apply(lambda column: _checked(column, path, name, point))
        values, kept = table[weights > 0].reset_index(drop=True), weights[weights > 0]
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:DIGEST]
        return cls(values=values, weights=kept / kept.sum(), path=path, digest=digest)

    @property
    def effective(self) -> float:
        """Effective sample size: the number of draws of equal weight that are worth as much."""
        return effective_size(self.weights)

    @property
    def unequal(self) -> np.ndarray | None:
        """Weights (draws,); None if they are equal, so that the draws are a sample like any other."""
        return None if are_equal(self.weights) else self.weights

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Values by dotted name of each draw."""
        return [{str(name): of_cell(cell) for name, cell in row.items()} for row in self.values.to_dict("records")]

    def frame(self) -> pd.DataFrame:
        """Return the table: one row per draw, with the column `weight` if weights differ."""
        return self.values if self.unequal is None else self.values.assign(**{WEIGHT: self.weights})

    def resampled(self, draws: int, seed: int = 0) -> Self:
        """Return `draws` draws of equal weight, each as often as its weight says (systematic resampling)."""
        rows = systematic(self.weights, check_whole("draws", draws, 1), seed)
        values = self.values.iloc[rows].reset_index(drop=True)
        return replace(self, values=values, weights=np.full(draws, 1 / draws))

    def thinned(self, most: int, seed: int = 0) -> Self:
        """Return the draws themselves or, if there are more, those of `resampled(most)` without repetition.

        A draw that is there several times has that weight, so that none is trained twice, and the effective sample size
        says what the table and the thinning leave together.
        """
        if len(self) <= most:
            return self
        rows, times = np.unique(systematic(self.weights, most, seed), return_counts=True)
        return replace(self, values=self.values.iloc[rows].reset_index(drop=True), weights=times / most)

    def lacking(self, point: Point) -> list[str]:
        """Return the dotted names of the parameters that have a prior, but no column."""
        return [factor.name for factor in self._lacking(point)]

    def _lacking(self, point: Point) -> list[Factor]:
        return [factor for factor in prior_factors(point.model, point.curriculum) if factor.name not in self.values]

    def completed(self, point: Point, seed: int = 0) -> Self:
        """Return the draws with every parameter that they lack drawn from its prior, independently of all others."""
        from scipy.stats import qmc

        factors = self._lacking(point)
        if not factors:
            return self
        cube = qmc.LatinHypercube(len(factors), rng=np.random.default_rng([seed, len(factors)])).random(len(self))
        columns = {factor.name: [*map(factor.at, column)] for factor, column in zip(factors, cube.T, strict=True)}
        return replace(self, values=self.values.assign(**columns))


def _read(path: Path, field: str, *, seeds: bool) -> pd.DataFrame:
    """Return the columns of a file that are parameters, a seed if it may vary, or the weight, one row per draw."""
    table = read_table(path, field).apply(_cells)
    finished = {"point", "arm"} <= {*table.columns}  # a sweep's table, with a row per point, arm and stage
    others = [name for name in table.columns if name in RESULTS or str(name).startswith(NUISANCE)]
    if SEED in table and finished and (not seeds or table[SEED].nunique() == 1):
        others.append(SEED)  # that of the sweep, and not of its points
    elif SEED in table and not seeds:
        right = "it can vary in a study alone: leave the column out"
        raise InputError(f"{field} = {str(path)!r}, column {SEED!r}: a seed is no parameter of a draw: {right}.")
    if finished:  # tables of several sweeps may stand one below the other
        table = table.drop_duplicates([name for name in table.columns if name in (*KEYS, *{*table} - {*others})])
    table = table.drop(columns=others).reset_index(drop=True)
    if table.empty:
        right = "give it a header of parameter names, and one row per point"
        raise InputError(f"{field} = {str(path)!r} has no point: {right}.")
    return table


def _cells(column: pd.Series) -> pd.Series:
    """Return a column of plain cells: of lists, and of numbers beside them, their texts."""
    import pandas as pd

    if column.dtype.kind in "biuf":
        return column
    missing = column.isna().tolist()
    cells = [None if no else of_cell(cell) for cell, no in zip(column.tolist(), missing, strict=True)]
    return pd.Series(as_column(cells), index=column.index, name=column.name)


def _weights(column: pd.Series, path: Path, field: str) -> np.ndarray:
    """Return weights as numbers of at least 0, one of which is above it."""
    import pandas as pd

    weights = pd.to_numeric(column, errors="coerce").to_numpy(float)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        row = int(wrong.argmax())
        right = "it must be a number of at least 0"
        raise _refusal(path, field, column, row, f"weight = {column.tolist()[row]!r} is not valid: {right}.")
    if not weights.any():
        right = "give at least one draw a weight above 0, or leave the column out for equal weights"
        raise InputError(f"{field} = {str(path)!r}, column {WEIGHT!r}: every weight is 0: {right}.")
    return weights


def _refusal(path: Path, field: str, column: pd.Series, row: int, sentence: str) -> InputError:
    return InputError(f"{field} = {str(path)!r}, row {row + 1}, column {str(column.name)!r}: {sentence}")


def _checked(column: pd.Series, path: Path, field: str, point: Point) -> pd.Series:
    """Return a column, all cells of which are valid by themselves, with whole numbers as integers."""
    name = str(column.name)
    try:
        factor = factor_of(name, [0], point.model, point.curriculum)
    except InputError as error:
        raise InputError(f"{field} = {str(path)!r}, column {name!r}: {error}") from None

    if column.isna().any():
        right = "the cell is empty, and every point needs every value."
        raise _refusal(path, field, column, int(column.isna().argmax()), right)
    fractional = factor.whole and column.dtype.kind == "f"
    if column.dtype.kind not in "iuf":
        suspects = column.index[~column.duplicated()]
    else:  # if any number is wrong, one of these is
        suspects = column.index[column % 1 != 0][:1] if fractional else (column.argmin(), column.argmax())
    for row in map(int, suspects):
        try:
            check_value(name, of_cell(column.tolist()[row]), point.model, point.curriculum)
        except InputError as error:
            raise _refusal(path, field, column, row, str(error)) from None
    return column.astype(int) if fractional else column
