"""Measurements as data: rows of a CSV, checked; the table that ships stands beside this file.

A row gives a value with its standard error, or counts `k` of `n`, from which both follow in per cent, or a `file` in
which completions are counted (`counts.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from math import isfinite, nan, sqrt
from pathlib import Path
from typing import Any, Literal

from feint.agents.errors import InputError, unknown
from feint.scenarios.measurements.counts import Counted, counted_in
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.sim.results.table_files import check_names, csv_rows

NONE = "none"
"""Stand-in of a row for which the model has no defensible number; the row is shown and never fitted."""
USES = ("fit", "hold out", "show")
COUNTS_IN = ("file", "counted", "among")
PER_CENT = "%"
SHIPPED = "table.csv"


@dataclass(frozen=True, kw_only=True)
class MeasurementRow:
    """One measurement of real models, and what stands in for it in the model."""

    name: str
    what: str  #: what was measured, and on what
    stand_in: str  #: key of STAND_INS, or NONE
    value: float  #: in `unit`
    error: float  #: standard error, in `unit`; NaN only of a row that is shown and never fitted
    k: int | None = None  #: counted completions, if that is what was published
    n: int | None = None  #: completions in all
    unit: str
    source: str  #: key of the bibliography, or free text
    where: str = ""  #: place in the source
    checked: str = ""  #: V read in the source, A its abstract, Sl secondary with locators, S secondary, D derived
    use: Literal["fit", "hold out", "show"] = "fit"
    note: str = ""

    @property
    def scored(self) -> bool:
        """Whether the model has a number for it that can be scored."""
        return self.stand_in != NONE and isfinite(self.error)


COLUMNS = tuple(field.name for field in fields(MeasurementRow))
NEEDED = ("name", "stand_in")


def shipped_rows() -> list[MeasurementRow]:
    """Return the measurements that ship with Feint."""
    return read_rows(Path(__file__).parent / SHIPPED)


def read_rows(path: str | Path) -> list[MeasurementRow]:
    """Return the measurements of a CSV; raises `InputError` with file, row and column for what is not valid."""
    path = Path(path)
    lines = csv_rows(path)
    head = next(lines)
    if not head:
        raise InputError(f"file = {str(path)!r} is empty: its first row must name columns such as {', '.join(NEEDED)}.")
    _check_head(path, head)
    rows: dict[str, MeasurementRow] = {}
    for number, line in enumerate(lines, 1):
        cells = {name: cell.strip() for name, cell in zip(head, line, strict=False) if name and cell.strip()}
        row = _Line(path, number, cells).row()
        if row.name in rows:
            raise _Line(path, number, {}).error("name", row.name, "each row must have a name of its own")
        rows[row.name] = row
    return list(rows.values())


def error_of(k: int, n: int) -> float:
    """Return the standard error of k of n in per cent: that of Jeffreys' posterior Beta(k + 1/2, n - k + 1/2).

    It is positive even for 0 of n.
    """
    a, b = k + 0.5, n - k + 0.5
    return 100 * sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))


def _check_head(path: Path, head: list[str]) -> None:
    for name in filter(None, head):  # one without a name is the index of another tool's table
        if name not in (*COLUMNS, *COUNTS_IN):
            raise InputError(f"file = {str(path)!r}: {unknown('column', name, (*COLUMNS, *COUNTS_IN))}")
    check_names([*filter(None, head)], path)
    if missing := [name for name in NEEDED if name not in head]:
        raise InputError(f"file = {str(path)!r} has no column {missing[0]!r}: every row needs one.")


@dataclass(frozen=True)
class _Line:
    """A row of a CSV: its cells that are not empty, by column."""

    path: Path
    number: int  #: from 1, without the first row, which names the columns
    cells: Mapping[str, str]

    def error(self, column: str, value: object, right: str) -> InputError:
        """Return the error for a value of a column, with what would be right."""
        name = self.cells.get("name", "")
        named = f" ({name!r})" if name and column != "name" else ""
        shown = "is missing" if value is None else f"= {value!r} is not valid"
        return InputError(f"file = {str(self.path)!r}, row {self.number}{named}: {column} {shown}: {right}.")

    def row(self) -> MeasurementRow:
        """Return the checked row."""
        for column in NEEDED:
            if column not in self.cells:
                raise self.error(column, None, "every row needs one")
        use = self.cells.get("use", "fit")
        if use not in USES:
            raise self.error("use", use, f"it must be one of {', '.join(USES)}")
        stand_in = self._stand_in(use)
        unit = self._unit(stand_in)
        texts = {name: self.cells.get(name, "") for name in ("name", "source", "where", "checked", "note")}
        numbers = self._numbers(unit, use)
        if left_out := numbers.pop("left_out", 0):
            sentence = f"{left_out:,} completions with an error or without a value are not counted"
            texts["note"] = "; ".join(filter(None, [texts["note"], sentence]))
        what = self.cells.get("what", texts["name"])
        return MeasurementRow(what=what, stand_in=stand_in, unit=unit, use=use, **texts, **numbers)  # pyright: ignore

    def _stand_in(self, use: str) -> str:
        name = self.cells["stand_in"]
        if name != NONE and name not in STAND_INS:
            sentence = str(unknown("stand-in", name, (*STAND_INS, NONE)))
            raise InputError(f"file = {str(self.path)!r}, row {self.number} ({self.cells['name']!r}): {sentence}")
        if name == NONE and use != "show":
            raise self.error("use", use, "a row without a stand-in can only be shown: write show")
        return name

    def _unit(self, stand_in: str) -> str:
        own = STAND_INS[stand_in].unit if stand_in != NONE else self.cells.get("unit", PER_CENT)
        if (unit := self.cells.get("unit", own)) != own:
            raise self.error("unit", unit, f"that of the stand-in {stand_in!r} is {own!r}")
        return unit

    def _numbers(self, unit: str, use: str) -> dict[str, Any]:
        counts = self._counts()
        if counts is not None:
            if unit != PER_CENT:
                raise self.error("k", counts.k, f"counts give per cent, and the unit here is {unit!r}: give a value")
            if "value" in self.cells or "error" in self.cells:
                column = "value" if "value" in self.cells else "error"
                raise self.error(column, self.cells[column], "it follows from the counts: leave it out")
            value, error = 100 * counts.k / counts.n, error_of(counts.k, counts.n)
            return {"value": value, "error": error, **vars(counts)}
        return {"value": self._value(unit), "error": self._error(use)}

    def _value(self, unit: str) -> float:
        value = self._number("value", "a row needs a value and its error, k and n, or a file")
        if unit == PER_CENT and not 0 <= value <= 100:
            raise self.error("value", value, "a percentage must be from 0 to 100")
        return value

    def _error(self, use: str) -> float:
        if "error" not in self.cells and use == "show":
            return nan
        error = self._number("error", "a value needs its standard error, above 0, or k and n in its place")
        if error <= 0:
            raise self.error("error", error, "a standard error must be above 0")
        return error

    def _counts(self) -> Counted | None:
        if "file" in self.cells:
            return self._counted()
        if "k" not in self.cells and "n" not in self.cells:
            return None
        n, k = (self._whole(name) for name in ("n", "k"))
        if n < 1:
            raise self.error("n", n, "it must be at least 1")
        if k > n:
            raise self.error("k", k, f"it must be at most n = {n}")
        return Counted(k=k, n=n)

    def _counted(self) -> Counted:
        if extra := [name for name in ("k", "n") if name in self.cells]:
            raise self.error(extra[0], self.cells[extra[0]], "it is counted in the file: leave it out")
        if "counted" not in self.cells:
            raise self.error("counted", None, "it says which completions of the file count, as 'misaligned = true'")
        file = self.path.parent / self.cells["file"]
        try:
            return counted_in(file, self.cells["counted"], self.cells.get("among", ""))
        except InputError as error:
            raise InputError(
                f"file = {str(self.path)!r}, row {self.number} ({self.cells['name']!r}): {error}"
            ) from None

    def _number(self, column: str, right: str) -> float:
        if column not in self.cells:
            raise self.error(column, None, right)
        return self._read(column, float, "it must be a number")

    def _whole(self, column: str) -> int:
        if column not in self.cells:
            raise self.error(column, None, "counts need both k and n")
        number = self._read(column, float, "it must be a whole number from 0 on")
        if number < 0 or number != int(number):
            raise self.error(column, self.cells[column], "it must be a whole number from 0 on")
        return int(number)

    def _read(self, column: str, read: Callable[[str], float], right: str) -> float:
        try:
            number = read(self.cells[column])
        except ValueError:
            number = nan
        if not isfinite(number):
            raise self.error(column, self.cells[column], right)
        return number


def by_source(rows: list[MeasurementRow]) -> Iterator[tuple[str, list[MeasurementRow]]]:
    """Yield each source with its rows, in the order of the first of them."""
    for source in dict.fromkeys(row.source for row in rows):
        yield source, [row for row in rows if row.source == source]
