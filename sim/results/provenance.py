"""Provenance: the passport from which a result can be computed again, files that carry it, and their differences.

The data of a figure are a CSV whose first line is the passport and whose numbers keep all digits.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import os
import platform
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache, partial
from importlib.metadata import version
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from feint.agents import VERSION
from feint.agents.errors import InputError
from feint.sim.results.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

MARK = "# feint: "  # start of the first line
LINE_END = re.compile(r"\r\n|\r|\n")
DIGEST = "sha256:"


def data_beside(module: str, name: str) -> dict[str, Any]:
    """Return the content of a TOML file in the folder of a module, given its `__file__`."""
    return tomllib.loads((Path(module).parent / name).read_text(encoding="utf-8"))


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV; each number in the shortest notation that reads back to the same bits."""
    return table.to_csv(index=False, lineterminator="\n")


def table_from_csv(content: str) -> pd.DataFrame:
    """Return the table in a CSV; a column holds integers, floats, booleans or text, and an empty cell is NaN.

    Raises `InputError` if it is no table, such as one with a row that was cut.
    """
    import pandas as pd

    try:
        head, *rows = csv.reader(StringIO(content))
    except (csv.Error, ValueError) as error:
        raise InputError(f"table = {content[:LONGEST]!r} is not a CSV: {error}.") from None
    if ragged := [number for number, row in enumerate(rows, 1) if len(row) != len(head)]:
        cells = f"{len(rows[ragged[0] - 1])} cells below {len(head)} names"
        raise InputError(f"row {ragged[0]} of the table has {cells}: every row must have one cell for each name.")
    return pd.DataFrame({name: _typed([row[i] for row in rows]) for i, name in enumerate(head)})


def _typed(cells: list[str]) -> list[Any]:
    """Return a column in the first type that all its cells can be read as."""
    for read in ({"True": True, "False": False}.__getitem__, int, lambda cell: float(cell or "nan")):
        try:
            return [read(cell) for cell in cells]
        except (KeyError, ValueError):
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
    write_whole("file", path, f"{MARK}{passport_line(passport)}\n{content}")


def read_csv(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the CSV and its passport; raises `InputError` for a file that `write_csv` did not write."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            first, *body = LINE_END.split(file.read(), maxsplit=1)
        if not first.startswith(MARK):
            raise ValueError
        passport = json.loads(first.removeprefix(MARK))
    except OSError as error:
        raise InputError(f"file = {str(path)!r} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise InputError(f"file = {str(path)!r} has no passport: its first line must begin with {MARK!r}.") from None
    return "".join(body), passport


def first_difference(before: str, now: str) -> str | None:
    """Return the first cell in which two CSVs differ, in words; None if they are equal."""
    if before != now and LINE_END.sub("\n", before) == LINE_END.sub("\n", now):
        return "the ends of lines"
    try:
        old, new = (table_from_csv(content) if content.strip() else None for content in (before, now))
    except InputError as error:
        return str(error).rstrip(".")
    if old is None or new is None or list(old.columns) != list(new.columns):
        return "the columns" if before != now else None
    if len(old) != len(new):
        return f"{len(old):,} rows in the file, {len(new):,} now"
    cells, others = old.to_numpy(object), new.to_numpy(object)
    differ = (cells != others) & ~(old.isna() & new.isna()).to_numpy()
    for row, column in np.argwhere(differ).tolist()[:1]:
        return f"row {row + 1}, {old.columns[column]}: {cells[row, column]} in the file, {others[row, column]} now"
    return None if before == now else "the notation of a number"


SCHEMA = 2  # version of passports; since 2, configurations of requests hold departures from defaults only
NUMBERS_FROM = ("numpy", "numba")
ENDINGS = ("svg", "pdf", "png", "eps", "tiff", "graphml", "csv")
TIFF_TAG = 270  # ImageDescription
EPS_MARK, EPS_LINE = "% feint: ", 200  # start of the comments in an .eps, and characters of each
MOST_LISTED = 3  # differences in one sentence
LONGEST = 80  # characters of a value in a sentence
PDF_END = 2048  # bytes in which the end of a PDF names its table of contents
MOST_PIXELS = 10**8  # of a picture whose text stands behind them
Words = dict[str, str | None]


STRICT = ConfigDict(extra="allow", strict=True)


class Drawn(BaseModel):
    """What drew a figure, if that was later than the computation of its data."""

    model_config = STRICT

    versions: Words = {}
    commit: str | None = None


class Passport(BaseModel):
    """A passport as it is read from a file; requests check their own configuration."""

    model_config = STRICT

    passport: int
    kind: str
    configuration: Any
    versions: Words
    commit: str | None
    platform: Words = {}
    drawn: Drawn | None = None
    figure: dict[str, Any] = {}
    data: str | None = None


def passport(kind: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the passport of a result: its kind, its configuration, and what computed it."""
    from feint.agents.kernels.compiling import made_for

    return {
        "passport": SCHEMA,
        "kind": kind,
        "configuration": configuration,
        "versions": {
            "feint": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in NUMBERS_FROM},
        },
        "platform": {
            "machine": platform.machine(),
            "system": platform.system(),
            **made_for(),
        },
        "commit": commit(),
    }


@cache
def commit() -> str | None:
    """Return the commit of the checkout that Feint runs from, with '+' if files were changed; None outside one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # of another checkout
    run = partial(subprocess.run, capture_output=True, text=True, check=True, timeout=5, cwd=root, env=own)
    try:
        head = run(["git", "rev-parse", "HEAD"]).stdout.strip()
        return head + ("+" if run(["git", "status", "--porcelain", "--untracked-files=no"]).stdout.strip() else "")
    except (OSError, subprocess.SubprocessError):
        return None


def passport_in(path: str | Path) -> dict[str, Any]:
    """Return the passport in a file, after a check of its form; raises `InputError` if there is none.

    The file is a figure, a .graphml or .csv, whichever tool has rewritten it since.
    """
    path = Path(path)
    ending = path.suffix.lstrip(".").lower()
    if ending not in ENDINGS:
        known = ", ".join(f".{ending}" for ending in ENDINGS)
        raise InputError(f"file = {str(path)!r} has no known format: its name must end in {known}.")
    if not path.is_file():
        raise InputError(f"file = {str(path)!r} cannot be read: there is no such file.")
    if ending == "csv":
        passport = read_csv(path)[1]
    else:
        try:
            passport = json.loads(_METADATA[ending](path) or "")
        except Exception as error:  # of three libraries, whatever a file may hold
            if isinstance(error, OSError) and error.strerror:
                raise InputError(f"file = {str(path)!r} cannot be read: {error.strerror}.") from None
            passport = None
    return _checked(path, passport)


def _checked(path: Path, passport: Any) -> dict[str, Any]:
    """Return a passport whose fields have the right types; raises `InputError` with the first that has not."""
    if not isinstance(passport, dict):
        raise InputError(f"file = {str(path)!r} carries no passport: it must be a file that Feint wrote.")
    try:
        Passport.model_validate(passport)
        passport_line(passport).encode()
        if not 0 < passport["passport"] <= SCHEMA:
            raise ValueError(f"passport = {passport['passport']} is not a version from 1 to {SCHEMA}")
    except ValidationError as error:
        where, fault = ".".join(map(str, error.errors()[0]["loc"])), error.errors()[0]
        what = "is missing" if fault["type"] == "missing" else f"= {_short(fault['input'])} is not valid"
        raise InputError(f"file = {str(path)!r} carries no passport that Feint wrote: {where} {what}.") from None
    except (ValueError, RecursionError) as error:  # also of characters that no file can hold
        what = "it has text that cannot be encoded" if isinstance(error, UnicodeError) else str(error)
        raise InputError(f"file = {str(path)!r} carries no passport that Feint wrote: {what}.") from None
    return passport


def _in_svg(path: Path) -> str | None:
    return next((node.text for node in ElementTree.parse(path).iter() if node.tag.endswith("}description")), None)


def _in_graphml(path: Path) -> str | None:
    root = ElementTree.parse(path).getroot()
    keys = [key.get("id") for key in root.iter() if key.get("for") == "graph" and key.get("attr.name") == "passport"]
    return next((node.text for node in root.iter() if node.tag.endswith("}data") and node.get("key") in keys), None)


def _in_png(path: Path) -> str | None:
    """Return the text before the pixels, or behind them, where other tools put it."""
    from PIL import Image, PngImagePlugin

    with Image.open(path, formats=["PNG"]) as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        if "Description" in image.info or image.width * image.height > MOST_PIXELS:
            return image.info.get("Description")
        return image.text.get("Description")


def _in_tiff(path: Path) -> str | None:
    from PIL import Image

    with Image.open(path, formats=["TIFF"]) as image:
        tags: Any = getattr(image, "tag_v2", {})
        return tags.get(TIFF_TAG)


def _in_eps(path: Path) -> str:
    lines = path.read_text(encoding="latin-1").splitlines()
    return "".join(line.removeprefix(EPS_MARK) for line in lines if line.startswith(EPS_MARK))


def _in_pdf(path: Path) -> str | None:
    """Return the subject; a damaged file is not searched for what is left of it, which can take minutes."""
    from pypdf import PdfReader

    content = path.read_bytes()
    if b"startxref" not in content[-PDF_END:]:
        return None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    metadata = PdfReader(BytesIO(content), strict=True).metadata
    return metadata.subject if metadata else None


_METADATA = {"svg": _in_svg, "graphml": _in_graphml, "png": _in_png, "pdf": _in_pdf, "eps": _in_eps, "tiff": _in_tiff}


def difference_text(held: Any, wanted: Any) -> str:
    """Return the first differences of two nested tables, and how many more there are; empty if there is none."""
    every = list(differing(held, wanted))
    more = len(every) - MOST_LISTED
    rest = [f"and {more:,} more difference{'s' * (more > 1)}"] if more > 0 else []
    return "; ".join([*every[:MOST_LISTED], *rest])


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
        yield f"{name} is {_short(held)} there and {_short(wanted)} here"


def _short(value: Any) -> str:
    """Return a value as a sentence can hold it."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
