"""Tables from files, also those of other tools: separators, comments, index columns, compression; rows never shift."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from itertools import chain, dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from feint.agents.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

CSV = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
ENDINGS = (*CSV, ".parquet")
SEPARATORS = ",;\t"
COMMENT = "#"  # begins a line that is left out
csv.field_size_limit(2**31 - 1)  # characters of a cell, as a transcript may have; by default 131,072
UNNAMED = re.compile(r"|Unnamed: \d+")  # as pandas calls the column of its index
QUOTES = "put a cell that holds a separator in double quotes, and write numbers with a decimal point"


def ending_of(path: str | Path) -> str:
    """Return the ending of a file's name in small letters, with that of a compressed file, as `.csv.gz`."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    return "".join(suffixes[-2:] if suffixes[-1:] == [".gz"] else suffixes[-1:])


def read_table(path: Path, field: str) -> pd.DataFrame:
    """Return the columns of a .csv, .tsv, .csv.gz or .parquet file, numbers to the last bit; without a file's index.

    CSV is read by pyarrow, whose numbers are exact; pandas' own are not in every version. Raises `InputError`, which
    begins with the name of the field that holds the path, and for a row of another length than the header names it.
    """
    if ending_of(path) not in ENDINGS:
        right = f"its name must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
        raise InputError(f"{field} = {str(path)!r} has no known format: {right}.")
    try:
        table = _parquet(path) if ending_of(path) == ".parquet" else _csv(path, field)
    except InputError:
        raise
    except (OSError, ValueError, EOFError) as error:
        why = getattr(error, "strerror", None) or _reason(error)
        raise InputError(f"{field} = {str(path)!r} cannot be read: {why.rstrip('.')}.") from None
    check_names([str(name) for name in table.columns if not UNNAMED.fullmatch(str(name))], path, field)
    return _without_index(table, path, field)


def csv_rows(path: Path, field: str = "file") -> Iterator[list[str]]:
    """Yield the names of a CSV's columns, "" for an index, then its rows as texts, none with more cells than names.

    The separator is a comma, semicolon or tab; comment lines before the header and empty rows are left out. Raises
    `InputError`.
    """
    try:
        with _opened(path, newline="") as file:
            lines = dropwhile(lambda line: not line.strip("\r\n") or line.lstrip().startswith(COMMENT), file)
            first = next(lines, "")
            reader = csv.reader(chain([first], lines), delimiter=separator_of(first), skipinitialspace=True)
            names = ["" if UNNAMED.fullmatch(name.strip()) else name.strip() for name in next(reader, [])]
            yield names
            filled = (row for row in reader if any(cell.strip() for cell in row))
            for number, row in enumerate(filled, 1):
                if len(row) > len(names):
                    raise _ragged(path, field, number, len(row), len(names))
                yield row
    except (OSError, ValueError, EOFError, csv.Error) as error:
        if isinstance(error, InputError):
            raise
        why = str(error) if isinstance(error, csv.Error) else getattr(error, "strerror", None)
        raise InputError(f"{field} = {str(path)!r} cannot be read: {why or 'it is no CSV in UTF-8'}.") from None


def separator_of(header: str) -> str:
    """Return the separator that is most frequent in a header, outside quotes; a comma if there is none."""
    plain = re.sub(r'"[^"]*"', "", header)
    return max(SEPARATORS, key=plain.count)


def check_names(names: Sequence[str], path: Path, field: str = "file") -> None:
    """Raise `InputError` if two columns have one name."""
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise InputError(f"{field} = {str(path)!r} has column {twice[0]!r} twice: name each column once.")


def _opened(path: Path, newline: str | None = None) -> TextIO:
    opener: Any = gzip.open if ending_of(path).endswith(".gz") else open
    return opener(path, "rt", encoding="utf-8-sig", newline=newline)


def _ragged(path: Path, field: str, row: int, cells: int, names: int) -> InputError:
    what = f"the row has {cells} cell{'s' * (cells != 1)}: it must be {names}, as in the header"
    return InputError(f"{field} = {str(path)!r}, row {row}: {what}; {QUOTES}.")


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    return next(iter(str(error).splitlines()), type(error).__name__)


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read().to_pandas()
    named = [name for name in table.index.names if name is not None]  # columns like the others
    return (table.reset_index(level=named) if named else table).reset_index(drop=True)


def _csv(path: Path, field: str) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa
    from pyarrow import csv as arrow

    with _opened(path) as file:
        text = re.sub(rf"(?m)^[ \t]*{COMMENT}.*\n?", "", file.read()).lstrip("\n")
    head, _, rows = text.partition("\n")
    if not head:
        raise ValueError("it is empty")
    names = [name.strip() for name in next(csv.reader([head], delimiter=separator_of(head), skipinitialspace=True), [])]
    check_names([name for name in names if name], path, field)
    columns = [name or f"Unnamed: {i}" for i, name in enumerate(names)]
    if not rows.strip("\n"):
        return pd.DataFrame(columns=columns)
    wrong: list[Any] = []
    table = arrow.read_csv(
        pa.BufferReader(text.encode()),
        read_options=arrow.ReadOptions(use_threads=False, column_names=columns, skip_rows=1),  # one: it numbers rows
        parse_options=arrow.ParseOptions(
            delimiter=separator_of(head), invalid_row_handler=lambda row: wrong.append(row) or "skip"
        ),
        convert_options=arrow.ConvertOptions(
            strings_can_be_null=True,
            column_types={"seed": pa.string()},  # which may be too large for its integers
        ),
    )
    if wrong:
        raise _ragged(path, field, wrong[0].number - 1, wrong[0].actual_columns, len(names))
    return table.to_pandas().apply(_stripped)


def _stripped(column: pd.Series) -> pd.Series:
    """Return a column of texts without blanks around them, of seeds as whole numbers; others as they are."""
    import pandas as pd

    if column.dtype.kind in "biufM":
        return column
    cells = [cell.strip() if isinstance(cell, str) else cell for cell in column.tolist()]
    if column.name == "seed" and all(isinstance(cell, str) and cell.isdecimal() for cell in cells):
        return pd.Series([int(cell) for cell in cells], name="seed", dtype=object).infer_objects()
    return pd.Series(cells, name=column.name, dtype=object)


def _without_index(table: pd.DataFrame, path: Path, field: str) -> pd.DataFrame:
    """Return a table without columns that have no name: an index of whole numbers in front, and empty ones."""
    unnamed = [i for i, name in enumerate(table.columns) if UNNAMED.fullmatch(str(name))]
    for i in unnamed:
        column = table.iloc[:, i]
        if not (i == 0 and column.dtype.kind in "iu") and not column.isna().all():
            right = "name each column; only whole numbers in front of the others, an index, may have no name"
            raise InputError(f"{field} = {str(path)!r}: column {i + 1} has no name: {right}.")
    return table.iloc[:, [i for i in range(len(table.columns)) if i not in unnamed]]


def in_netcdf(data: xr.Dataset) -> xr.Dataset:
    """Return a dataset as NetCDF 3 can hold it, whose integers have 32 bits: larger ones as doubles, or else as texts.

    A double is exact up to 2^53, which only a seed exceeds.
    """
    changed = {}
    for name, array in data.variables.items():
        if array.dtype.kind not in "iu" or not array.size:
            continue
        largest = max(abs(int(array.values.min())), abs(int(array.values.max())))
        kind = np.int32 if largest < 2**31 else np.float64 if largest <= 2**53 else np.str_
        changed[name] = array.astype(kind)
    return data.assign(changed)
