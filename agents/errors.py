"""Errors for bad input, which name the field, the value and what would be right; checks; optional libraries."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from numbers import Integral
from pathlib import Path
from typing import Any

MOST_NAMED, LONGEST_NAMES = 12, 100  # names in one sentence, and their letters
LONGEST_SENTENCE, LONGEST_VALUES = 300, (120, 80, 40)  # characters, of a sentence and of each value if it is longer
QUOTED = r"'[^']{%d,}'|\"[^\"]{%d,}\"|[\[({].{%d,}[\])}]|\S{%d,}"  # a value of at least that many characters


class InputError(ValueError):
    """Input that is not valid; the message is one sentence that names the field, the value and what would be right.

    It fits on a screen whatever the value is: control characters are escaped, and long values cut in the middle.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(brief(escaped(sentence)))


def escaped(text: str) -> str:
    """Return a text with line ends, control characters and what cannot be encoded in Python's notation."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def brief(sentence: str) -> str:
    """Return a sentence with the middle of its long values left out, if it is too long otherwise."""
    for most in LONGEST_VALUES:
        if len(sentence) <= LONGEST_SENTENCE:
            break
        sentence = re.sub(QUOTED % ((most,) * 4), lambda value, most=most: middle_cut(value.group(), most), sentence)
    return sentence if len(sentence) <= 3 * LONGEST_SENTENCE else middle_cut(sentence, LONGEST_SENTENCE)


def middle_cut(text: str, most: int) -> str:
    """Return a text without its middle, if it has more than this number of characters."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[1 - most // 2 :]}"


def check_output(name: str, path: str | Path, endings: Sequence[str] = ()) -> Path:
    """Return the path of an output file; raises `InputError` if it cannot be written, or has none of these endings."""
    path = Path(path)
    if endings and path.suffix.lower() not in endings:
        known = " or ".join(filter(None, (", ".join(endings[:-1]), endings[-1])))
        raise InputError(f"{name} = {str(path)!r} has no known format: its name must end in {known}.")
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
    near = get_close_matches(str(name)[:LONGEST_SENTENCE], known, n=1)
    shown = [one for i, one in enumerate(known[:MOST_NAMED]) if len(", ".join(known[: i + 1])) <= LONGEST_NAMES]
    others = " and others" if len(known) > len(shown) else ""
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(shown)}{others}."
    return InputError(f"{kind} {name!r} is not known: {hint}")


EXTRAS = {
    "analysis": ("SALib", "sklearn", "threadpoolctl"),
    "cluster": ("distributed",),
    "tables": ("polars", "duckdb", "yaml"),
    "notebooks": ("IPython", "ipywidgets"),
    "inspect": ("backports",),
    "fit": ("sbi",),
    "web": ("ziglang",),
    "rl": ("stable_baselines3", "torch"),
}
"""Extras of Feint, and the libraries that they bring."""


def load_extra(module: str, purpose: str) -> Any:
    """Import a module of an optional library; raises `InputError` with what to install if it is missing."""
    library = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError:
        (extra,) = (extra for extra, libraries in EXTRAS.items() if library in libraries)
        raise InputError(
            f"{purpose} needs {library}, which is not installed: .venv/bin/pip install -e '.[{extra}]' in a clone, "
            f"pip install 'feint[{extra}]' elsewhere."
        ) from None
