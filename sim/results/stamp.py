"""Stamps: the passport of a figure or of its data, read back out of the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from feint.agents.errors import InputError
from feint.sim.results import datafile

FIELDS = ("passport", "kind", "configuration", "versions", "commit")


def passport_in(path: str | Path) -> dict[str, Any]:
    """The passport that an .svg, .png, .pdf or .csv file carries; raises `InputError` for one without."""
    path = Path(path)
    ending = path.suffix.lstrip(".").lower()
    if ending not in READERS:
        known = ", ".join(f".{each}" for each in READERS)
        raise InputError(f"file = {str(path)!r} has no known format: its name must end in {known}.")
    if not path.is_file():
        raise InputError(f"file = {str(path)!r} cannot be read: there is no such file.")
    found = datafile.read(path)[1] if ending == "csv" else _read(path, ending)
    if not isinstance(found, dict) or any(field not in found for field in FIELDS):
        raise _foreign(path)
    return found


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
"""How a file of each ending is read; a CSV by `datafile`."""
