"""Provenance: the passport with which a result can be made again, how files carry it, and how two passports differ."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from feint.agents.errors import InputError
from feint.agents.version import VERSION
from feint.sim.results import datafile

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
    carried = datafile.read(path)[1] if ending == "csv" else _read(path, ending)
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
"""Readers of passports by file ending; a CSV is read by `datafile`."""


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
