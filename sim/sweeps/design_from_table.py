"""Points that are listed in a file: a CSV or Parquet table, each cell held to what its column can take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from feint.agents.errors import InputError
from feint.sim.sweeps.factors import check_value, factor_of

if TYPE_CHECKING:
    import pandas as pd

    from feint.sim.sweeps.factors import Factor
    from feint.sim.sweeps.study import Study


def listed(study: Study) -> pd.DataFrame:
    """The points of a study's file, a column a name that can vary; raises `InputError` that names file, row and column.

    Rows count from 1, the first below the header.
    """
    path = Path(str(study.table))
    table = _read(path)
    table = table.drop(columns=[name for name in ("point",) if name in table.columns])
    if table.empty:
        raise InputError(f"table = {str(path)!r} has no point: give it a header of parameter names, and a row a point.")
    return table.apply(lambda column: _checked(column.reset_index(drop=True), path, study))


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, low_memory=False)
    except (OSError, ValueError) as error:
        raise InputError(f"table = {str(path)!r} cannot be read: {str(error).splitlines()[0]}") from None


def _checked(column: pd.Series, path: Path, study: Study) -> pd.Series:
    """A column whose every cell is valid by itself, whole numbers as such."""
    name = str(column.name)
    factor = factor_of(name, [0], study.model, study.curriculum)  # the name is known, whatever its values
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
    """Several numbers of one cell as a tuple; numbers that a wrong cell among them made text as numbers again."""
    import pandas as pd

    if column.dtype.kind in "biuf":
        return column
    cells = [tuple(cell) if hasattr(cell, "tolist") else cell for cell in column.tolist()]
    numbers = pd.to_numeric(pd.Series([cell if isinstance(cell, str) else None for cell in cells]), errors="coerce")
    told = [cell if pd.isna(number) else float(number) for cell, number in zip(cells, numbers, strict=True)]
    return pd.Series(told, name=column.name, dtype=object)


def _suspects(column: pd.Series, factor: Factor) -> list[int]:
    """Rows one of which is wrong if any is: of numbers those beyond the others, else the first of each value."""
    if column.dtype.kind not in "iuf":
        return column.index[~column.duplicated()].tolist()
    rows = [int(column.argmin()), int(column.argmax())]
    if not factor.whole or column.dtype.kind != "f":
        return rows
    return [int(row) for row in column.index[column % 1 != 0][:1]]


def _refuse(path: Path, row: Any, name: str, sentence: str) -> NoReturn:
    raise InputError(f"table = {str(path)!r}, row {int(row) + 1}, column {name!r}: {sentence}") from None
