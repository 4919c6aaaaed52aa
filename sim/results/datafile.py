"""Data files of figures: CSV whose first line is the passport and whose numbers keep all digits."""

from __future__ import annotations

import csv
import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

MARK = "# feint: "  # what the first line begins with
DIGEST = "sha256:"
TRUTHS = {"True": True, "False": False}


def content(table: pd.DataFrame) -> str:
    """Return a table as CSV; each number in the shortest notation that reads back to the same bits."""
    return table.to_csv(index=False, lineterminator="\n")


def table_of(content: str) -> pd.DataFrame:
    """Return the table in a CSV; a column holds integers, floats, booleans or text, and an empty cell is NaN."""
    import pandas as pd

    head, *rows = csv.reader(StringIO(content))
    return pd.DataFrame({name: _typed([row[i] for row in rows]) for i, name in enumerate(head)})


def _typed(cells: list[str]) -> list[Any]:
    """Return a column in the first type that all its cells can be read as."""
    if all(cell in TRUTHS for cell in cells):
        return [TRUTHS[cell] for cell in cells]
    for read in (int, lambda cell: float(cell or "nan")):
        try:
            return [read(cell) for cell in cells]
        except ValueError:
            continue
    return list(cells)


def digest(content: str) -> str:
    """Return the SHA-256 digest of a content."""
    return DIGEST + hashlib.sha256(content.encode()).hexdigest()


def as_line(passport: dict[str, Any]) -> str:
    """Return a passport as one line of JSON, the same for the same content."""
    return json.dumps(passport, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write(path: Path, content: str, passport: dict[str, Any]) -> None:
    """Write a CSV below its passport; raises `InputError` if the file cannot be written."""
    try:
        path.write_text(f"{MARK}{as_line(passport)}\n{content}", encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"file = {str(path)!r} cannot be written: {error.strerror}.") from None


def read(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the CSV and its passport; raises `InputError` for a file that `write` did not write."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            first, body = file.readline(), file.read()
        if not first.startswith(MARK):
            raise ValueError
        passport = json.loads(first.removeprefix(MARK))
    except OSError as error:
        raise InputError(f"file = {str(path)!r} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise InputError(f"file = {str(path)!r} has no passport: its first line must begin with {MARK!r}.") from None
    return body, passport


def first_difference(before: str, now: str) -> str | None:
    """Return the first cell in which two CSVs differ, in words; None if they are equal."""
    old, new = (table_of(content) if content.strip() else None for content in (before, now))
    if old is None or new is None or list(old.columns) != list(new.columns):
        return "the columns" if before != now else None
    if len(old) != len(new):
        return f"{len(old):,} rows in the file, {len(new):,} now"
    for row, (one, other) in enumerate(zip(old.to_numpy(object), new.to_numpy(object), strict=True), start=1):
        for column, a, b in zip(old.columns, one, other, strict=True):
            if a != b and not (_missing(a) and _missing(b)):
                return f"row {row}, {column}: {a} in the file, {b} now"
    return None if before == now else "the notation of a number"


def _missing(value: object) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))
