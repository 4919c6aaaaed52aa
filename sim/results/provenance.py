"""Provenance: the passport with which a result can be made again, files that carry it, and differences between two.

The data of a figure are a CSV whose first line is the passport and whose numbers keep all digits.
"""

from __future__ import annotations

import csv
import hashlib
import json
import platform
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from feint.agents.errors import InputError
from feint.agents.version import VERSION

if TYPE_CHECKING:
    import pandas as pd

MARK = "# feint: "  # what the first line begins with
DIGEST = "sha256:"
TRUTHS = {"True": True, "False": False}


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV; each number in the shortest notation that reads back to the same bits."""
    return table.to_csv(index=False, lineterminator="\n")


def table_from_csv(content: str) -> pd.DataFrame:
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


def passport_line(passport: dict[str, Any]) -> str:
    """Return a passport as one line of JSON, the same for the same content."""
    return json.dumps(passport, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write_csv(path: Path, content: str, passport: dict[str, Any]) -> None:
    """Write a CSV below its passport; raises `InputError` if the file cannot be written."""
    try:
        path.write_text(f"{MARK}{passport_line(passport)}\n{content}", encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"file = {str(path)!r} cannot be written: {error.strerror}.") from None


def read_csv(path: Path) -> tuple[str, dict[str, Any]]:
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
    old, new = (table_from_csv(content) if content.strip() else None for content in (before, now))
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


SCHEMA = 2  # version of passports; since 2, configurations of requests hold departures from defaults only
NUMBERS_FROM = ("numpy", "numba")
FIELDS = ("passport", "kind", "configuration", "versions", "commit")
MOST_LISTED = 3  # differences in one sentence


def passport(kind: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the passport of a result: its kind, its configuration, and the versions that computed it."""
    return {
        "passport": SCHEMA,
        "kind": kind,
        "configuration": configuration,
        "versions": {
            "feint": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in NUMBERS_FROM},
        },
        "platform": {"machine": platform.machine(), "system": platform.system()},
        "commit": commit(),
    }


@cache
def commit() -> str | None:
    """Return the commit of the checkout that Feint runs from, with '+' if files were changed; None outside one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()


def passport_in(path: str | Path) -> dict[str, Any]:
    """Return the passport in an .svg, .png, .pdf or .csv file; raises `InputError` if there is none."""
    path = Path(path)
    ending = path.suffix.lstrip(".").lower()
    if ending not in READERS:
        known = ", ".join(f".{ending}" for ending in READERS)
        raise InputError(f"file = {str(path)!r} has no known format: its name must end in {known}.")
    if not path.is_file():
        raise InputError(f"file = {str(path)!r} cannot be read: there is no such file.")
    carried = read_csv(path)[1] if ending == "csv" else _read(path, ending)
    if not isinstance(carried, dict) or any(field not in carried for field in FIELDS):
        raise _foreign(path)
    return carried


def _read(path: Path, ending: str) -> Any:
    try:
        line = READERS[ending](path)
        return json.loads(line or "")
    except Exception as error:  # of three libraries, at whatever a file may hold
        if isinstance(error, OSError) and error.strerror:
            raise InputError(f"file = {str(path)!r} cannot be read: {error.strerror}.") from None
        raise _foreign(path) from None


def _foreign(path: Path) -> InputError:
    return InputError(f"file = {str(path)!r} carries no passport: it must be a file that Feint wrote.")


def _of_svg(path: Path) -> str | None:
    return next((node.text for node in ElementTree.parse(path).iter() if node.tag.endswith("}description")), None)


def _of_png(path: Path) -> str | None:
    from PIL import Image

    with Image.open(path) as image:
        return image.info.get("Description")


def _of_pdf(path: Path) -> str | None:
    from pypdf import PdfReader

    metadata = PdfReader(path).metadata
    return metadata.subject if metadata else None


READERS = {"svg": _of_svg, "png": _of_png, "pdf": _of_pdf, "csv": lambda _: None}
"""Readers of passports by file ending; a CSV is read by `read_csv`."""


def difference_text(held: Any, wanted: Any) -> str:
    """Return the first differences of two nested tables, and how many more there are; empty if there is none."""
    every = list(differing(held, wanted))
    more = len(every) - MOST_LISTED
    left = [f"and {more:,} more {'difference' if more == 1 else 'differences'}"] if more > 0 else []
    return "; ".join([*every[:MOST_LISTED], *left])


def differing(held: Any, wanted: Any, name: str = "") -> Iterator[str]:
    """Yield the differences of two nested tables, in words."""
    if isinstance(held, dict) and isinstance(wanted, dict):
        for key in [*held, *(other for other in wanted if other not in held)]:
            yield from differing(held.get(key), wanted.get(key), f"{name}.{key}" if name else key)
    elif isinstance(held, list) and isinstance(wanted, list) and len(held) == len(wanted):
        for i, (one, other) in enumerate(zip(held, wanted, strict=True)):
            named = isinstance(other, dict) and "name" in other
            yield from differing(one, other, f"{name}.{other['name']}" if named else f"{name}[{i}]")
    elif held != wanted:
        yield f"{name} is {held!r} there and {wanted!r} here"
