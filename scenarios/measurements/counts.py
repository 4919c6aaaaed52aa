"""Counts k of n: how many completions of a file meet a condition.

The file is a CSV with one completion per row, or an Inspect log (`.eval`), in which each sample of each epoch is one. A
condition is `NAME`, which must be true, or `NAME = VALUE`, with =, !=, <, <=, > or >=, and several joined by `and`. A
name is that of a column or, in a log, of a scorer, and `scorer.key` of a scorer that gives several values.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from feint.agents.errors import InputError, load_extra, unknown
from feint.sim.results.table_files import CSV, check_names, csv_rows, ending_of

LOG = ".eval"
ENDINGS = (*CSV, LOG)
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
TRUE, FALSE = ("true", "yes", "1", "1.0", "c"), ("false", "no", "0", "0.0", "i")
"""What counts as true and as false; C and I are Inspect's marks of a correct and of an incorrect answer."""
FINISHED = "success"
Completion = Mapping[str, str]
"""Texts of a completion by name; an empty one is missing."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Counts of completions."""

    k: int  #: that meet the condition
    n: int  #: in all
    left_out: int = 0  #: completions with an error, or without a value that a condition needs: they are not among the n


@dataclass(frozen=True)
class Condition:
    """A comparison of a name with a value."""

    name: str
    sign: str
    value: str

    def holds(self, completion: Completion) -> bool | None:
        """Return whether it holds for a completion; None if the value is missing."""
        text = completion.get(self.name, "")
        if not text:
            return None
        if not self.sign:
            return self._truth(text)
        number, bound = _number(text), _number(self.value)
        if number is not None and bound is not None:
            return None if isnan(number) else COMPARISONS[self.sign](number, bound)
        if self.sign in ("=", "!="):
            return COMPARISONS[self.sign](text, self.value)
        raise InputError(f"{self.name} = {text!r} is not valid for {self}: it must be a number.")

    def _truth(self, text: str) -> bool:
        if text.lower() in TRUE + FALSE:
            return text.lower() in TRUE
        right = f"it must be true or false, or name the value that counts, as '{self.name} = {text}'"
        raise InputError(f"{self.name} = {text!r} is not valid: {right}.")

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.value}".strip()


def conditions_of(text: str) -> list[Condition]:
    """Return the conditions in a text, which must all hold; raises `InputError` if it is not valid."""
    conditions = []
    for part in re.split(r"\s+and\s+", text.strip()) if text.strip() else []:
        match = re.fullmatch(r"\s*([^<>=!]+?)\s*(?:(<=|>=|!=|=|<|>)\s*([^<>=!]+?))?\s*", part)
        if match is None:
            right = "NAME, or NAME = VALUE with =, !=, <, <=, > or >=, joined by 'and'"
            raise InputError(f"counted = {text!r} is not valid: it must be {right}.")
        conditions.append(Condition(match[1], match[2] or "", match[3] or ""))
    return conditions


def counted_in(path: str | Path, counted: str, among: str = "") -> Counted:
    """Return how many completions of a file meet the conditions `counted`, of those that meet `among`.

    Completions with an error, or without a value that a condition asks for, are left out. Raises `InputError` if the
    file cannot be read, a name is not in it, or no completion is left.
    """
    path, wanted, within = Path(path), conditions_of(counted), conditions_of(among)
    if not wanted:
        raise InputError(f"counted = {counted!r} is empty: name what counts, as 'misaligned = true'.")
    k = n = left_out = 0
    for completion in _completions(path, [condition.name for condition in (*wanted, *within)]):
        chosen = _all(within, completion)
        holds = _all(wanted, completion) if chosen else chosen
        k, n, left_out = k + (holds is True), n + (chosen is True and holds is not None), left_out + (holds is None)
    if not n:
        raise InputError(f"file = {str(path)!r} has no completion to count: {_why_none(among, left_out)}.")
    return Counted(k=k, n=n, left_out=left_out)


def _why_none(among: str, left_out: int) -> str:
    """Say why no completion is among the n; without a condition `among` each must have been left out."""
    if not among:
        return f"all {left_out} have an error or lack a value that is asked for" if left_out else "it is empty"
    lacking = f", and {left_out} have an error or lack one" if left_out else ""
    return f"none with the values that are asked for meets among = {among!r}{lacking}"


def _all(conditions: list[Condition], completion: Completion) -> bool | None:
    """Return whether all conditions hold; None if a value is missing."""
    answers = [condition.holds(completion) for condition in conditions]
    return None if None in answers else all(answers)


def _completions(path: Path, names: list[str]) -> Iterator[Completion]:
    if ending_of(path) not in ENDINGS:
        known = f"{', '.join(CSV)} or {LOG}"
        raise InputError(f"file = {str(path)!r} has no known format: its name must end in {known}.")
    if not path.is_file():
        raise InputError(f"file = {str(path)!r} cannot be read: there is no such file.")
    return _samples(path, names) if ending_of(path) == LOG else _rows(path, names)


def _rows(path: Path, names: list[str]) -> Iterator[Completion]:
    rows = csv_rows(path)
    known = next(rows)
    _check_names(names, known)
    check_names([name for name in known if name in names], path)
    at = {name: known.index(name) for name in names}
    for row in rows:
        yield {name: row[i].strip() if i < len(row) else "" for name, i in at.items()}


def _check_names(names: list[str], known: Any) -> None:
    for name in names:
        if name not in known:
            raise unknown("column", name, known)


def _samples(path: Path, names: list[str]) -> Iterator[Completion]:
    """Yield the scores of each sample of a log, of a sample with an error none; scores as texts."""
    samples = list(_documents(path))
    scored = [_values(sample) for sample in samples]
    seen = dict.fromkeys(name for values in scored for name in values)
    for name in names if seen else ():
        if name not in seen:
            raise unknown("score", name, seen)
    yield from scored


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the samples of a log, one document each; raises `InputError` if its run did not end as it should."""
    zipfile = _zipfile()
    try:
        with zipfile.ZipFile(path) as log:
            members = list(dict.fromkeys(log.namelist()))
            if "header.json" not in members:
                raise InputError(f"file = {str(path)!r} is no finished log: it has no header.json; let its run end.")
            status = json.loads(log.read("header.json"))["status"]
            if status != FINISHED:
                why = "counts of a part mislead; finish it with `inspect eval-retry`"
                raise InputError(f"file = {str(path)!r} is of a run that ended with status {status!r}: {why}.")
            for member in members:
                if member.startswith("samples/"):
                    yield json.loads(log.read(member))
    except NotImplementedError:  # compressed by Zstandard, which Python reads from 3.14 on
        load_extra("backports.zstd.zipfile", "reading an Inspect log")
        raise
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"file = {str(path)!r} cannot be read: it is no log of Inspect.") from None


def _zipfile() -> Any:
    """Return the library's module for zip files, or the one for Python before 3.14 that reads Zstandard."""
    try:
        from backports.zstd import zipfile  # pyright: ignore[reportMissingImports]
    except ImportError:
        import zipfile
    return zipfile


def _values(sample: Mapping[str, Any]) -> dict[str, str]:
    """Return the scores of a sample as texts, by name; none if it failed or was declared invalid."""
    if sample.get("error") or sample.get("invalidation"):
        return {}
    values: dict[str, str] = {}
    for name, score in (sample.get("scores") or {}).items():
        value = score["value"]
        of_keys = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        values |= {f"{name}.{key}": _text(part) for key, part in of_keys}
        if not isinstance(value, (dict, list)):
            values[name] = _text(value)
    return values


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
