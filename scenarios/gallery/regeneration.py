"""Regeneration: a figure, or its data, made again from the passport in the file, and whether it came out the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from feint.agents.errors import InputError, check_output
from feint.scenarios.gallery.gallery import first_difference
from feint.scenarios.gallery.originals import Original, made_again
from feint.sim.results import datafile
from feint.sim.results import figure_style as figures
from feint.sim.results.datafile import as_line as text
from feint.sim.results.provenance import passport_in

NOWHERE = "none"  # where a version, or a commit, is not told


class Outcome(Enum):
    """How a file that was made again compares with the file."""

    SAME = "same", "the same to the byte"
    REDRAWN = "redrawn", "the same data, drawn otherwise"
    NUMBERS = "numbers", "other numbers"
    DIFFERENT = "different", "drawn otherwise; whether the numbers are the same its passport does not say"

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Outcome:
        """A member that is its name and explains itself."""
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        return member


@dataclass(frozen=True, kw_only=True)
class Regenerated:
    """What came of making a file again."""

    file: Path
    kind: str
    outcome: Outcome
    difference: str | None  #: the first one between numbers, where it is known
    changed: Mapping[str, tuple[str, str]]  #: versions, processor or commit that differ: then, and now
    passport: dict[str, Any]  #: the file's own


def regenerate(path: str | Path, *, out: str | Path | None = None, threads: int | None = None) -> Regenerated:
    """Make a figure, or its data, again from nothing and hold it to the file; `out` keeps what was made.

    Raises `InputError` for a file without a passport, and for one whose passport cannot be followed.
    """
    path = Path(path)
    told = passport_in(path)
    kept = None if out is None else _check_out(path, Path(out))
    original = made_again(told, threads)
    if path.suffix.lower() == ".csv":
        (outcome, where), which = _data(path, told, original), 0
    else:
        outcome, where, which = _figure(path, told, original)
    if kept is not None:
        _write(original, kept, which)
    return Regenerated(
        file=path,
        kind=told["kind"],
        outcome=outcome,
        difference=where,
        changed=dict(_changes(told, original.passport)),
        passport=told,
    )


def _check_out(path: Path, out: Path) -> Path:
    if path.suffix.lower() == ".csv" and out.suffix.lower() != ".csv":
        raise InputError(f"out = {str(out)!r} does not fit data: its name must end in .csv.")
    return check_output("out", out) if out.suffix.lower() == ".csv" else figures.check_figure_path(out)


def _write(original: Original, path: Path, which: int) -> None:
    if path.suffix.lower() != ".csv":
        figures.save(original.drawings[which](), path, original.passport)
    elif original.content is None:
        raise InputError(f"out = {str(path)!r} does not fit: a figure of this kind has no data of its own.")
    else:
        told = {name: value for name, value in original.passport.items() if name != "drawn"}
        datafile.write(path, original.content, told)


def _data(path: Path, told: Mapping[str, Any], original: Original) -> tuple[Outcome, str | None]:
    """How data compare."""
    content = datafile.read(path)[0]
    if content == original.content:
        return Outcome.SAME, None
    where = datafile.first_difference(content, original.content or "")
    edited = "" if datafile.digest(content) == told.get("data") else " (the file was changed after it was computed)"
    return Outcome.NUMBERS, f"{where}{edited}"


def _figure(path: Path, told: Mapping[str, Any], original: Original) -> tuple[Outcome, str | None, int]:
    """How figures compare, and which of the drawings it is.

    The new one is drawn with the old one's passport, so that only the drawing is compared.
    """
    if original.content is not None and told.get("data") != datafile.digest(original.content):
        return Outcome.NUMBERS, _beside(path, told, original.content), 0
    with TemporaryDirectory() as folder:
        again = Path(folder) / path.name
        for which, drawn in enumerate(original.drawings):
            figures.save(drawn(), again, dict(told))
            if again.read_bytes() == path.read_bytes():
                return Outcome.SAME, None, which
    differs = _configured(told, original)
    known = original.content is not None
    return (Outcome.NUMBERS if differs else Outcome.REDRAWN if known else Outcome.DIFFERENT), differs, 0


def _configured(told: Mapping[str, Any], original: Original) -> str | None:
    """Where what was made differs from what was asked for: a verdict that the passport of a graph tells."""
    return first_difference(told["configuration"], json.loads(text(original.passport["configuration"])))


def _beside(path: Path, told: Mapping[str, Any], content: str) -> str | None:
    """The first difference to the data that the figure was drawn from, where they lie beside it."""
    try:
        before, _ = datafile.read(path.with_suffix(".csv"))
    except InputError:
        return None
    return datafile.first_difference(before, content) if datafile.digest(before) == told.get("data") else None


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """What computed and drew it that is another now; data were drawn by nothing."""
    old, new = _makers(then), _makers({name: value for name, value in now.items() if name in then})
    for name in dict.fromkeys([*new, *old]):
        pair = old.get(name, NOWHERE), new.get(name, NOWHERE)
        if pair[0] != pair[1]:
            yield name, pair


def _makers(passport: Mapping[str, Any]) -> dict[str, str]:
    """Versions, processor and commit by name."""
    drawn = passport.get("drawn") or {}
    found = {**passport["versions"], **drawn.get("versions", {}), **passport.get("platform", {})}
    return {**{name: str(value) for name, value in found.items()}, "commit": passport["commit"] or NOWHERE}
