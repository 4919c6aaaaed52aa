"""Errors for bad input, one sentence with the field, the value and what would be right, and the common checks."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral
from pathlib import Path

MOST_NAMED = 12  # names in one sentence


class InputError(ValueError):
    """Input that is not valid; the message is one sentence that names the field, the value and what would be right."""


def check_output(name: str, path: Path) -> Path:
    """Return the path of an output file; raises `InputError` if it cannot be written."""
    if path.is_dir():
        raise InputError(f"{name} = {str(path)!r} cannot be written: it is a folder; name a file.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{name} = {str(path)!r} cannot be written: there is no folder {str(path.parent)!r}.")
    return path


def check_whole(name: str, value: object, least: float = 0, most: float | None = None) -> int:
    """Return a value as an integer; raises `InputError` unless it is a whole number from `least` to `most`."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if least <= number and (most is None or number <= most):
            return number
    right = f"of at least {least:,}" if most is None else f"from {least:,} to {most:,}"
    raise InputError(f"{name} = {value!r} is not valid: it must be a whole number {right}.")


def unknown(kind: str, name: object, known: Iterable[str]) -> InputError:
    """Return the error for an unknown name, with the nearest known one."""
    known = list(known)
    near = get_close_matches(str(name), known, n=1)
    names = ", ".join(known) if len(known) <= MOST_NAMED else ", ".join(known[:MOST_NAMED]) + " and others"
    hint = f"did you mean {near[0]!r}?" if near else f"known are {names}."
    return InputError(f"{kind} {name!r} is not known: {hint}")
