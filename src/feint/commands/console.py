"""What commands print: in any encoding, with foreign control characters escaped, and whoever reads it."""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ALIKE = str.maketrans({
    **dict.fromkeys("─―–‐‑−", "-"), "→": ">", "←": "<", "≥": ">", "≤": "<", "×": "x", "·": "*", "…": ".",
    **dict.fromkeys("’‘′", "'"), **dict.fromkeys("“”", '"'), "✓": "v", "•": "*", "▸": ">", "│": "|",
    "β": "b", "γ": "g", "π": "p", "ρ": "r", "ψ": "y", "σ": "s", "τ": "t", "\N{NO-BREAK SPACE}": " ", "±": "~",
})  # fmt: skip
"""Characters that stand for those that an encoding lacks, each as wide, so that columns stay aligned."""
HARMFUL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, marks that turn the direction of a line, and halves of characters; not tabs and line ends."""


def _alike(error: UnicodeError) -> tuple[str, int]:
    """Return what is written in place of characters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(ALIKE)
    return "".join(c if c.isascii() else "?" for c in lacking), error.end


codecs.register_error("feint", _alike)


class PrintError(Exception):
    """Output that cannot be printed, with the reason."""


class Patient:
    """A stream that replaces what its encoding lacks and, if nobody reads it any more, swallows the rest."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="feint")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        try:
            self.stream.write(text)
        except OSError as error:
            self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Write what is still waiting."""
        try:
            self.stream.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        """Let what is still waiting, and all that follows, go nowhere; raises `PrintError` unless nobody reads it."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise PrintError(error.strerror) from None


@contextmanager
def patient_streams() -> Iterator[None]:
    """Make both outputs patient, also where there is none."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (Patient(stream or Path(os.devnull).open("w")) for stream in before)  # noqa: SIM115
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def say(text: str) -> None:
    """Print a text at once, on standard output; foreign control characters in it are shown, and not carried out."""
    print(HARMFUL.sub(lambda found: ascii(found[0])[1:-1], text), flush=True)


def say_document(document: str) -> None:
    """Print a JSON document, which stays the same document in any encoding."""
    try:
        document.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
        lacking = HARMFUL
    except UnicodeEncodeError:
        lacking = re.compile(r"[^\n -~]")
    print(lacking.sub(lambda found: json.dumps(found[0])[1:-1], document), flush=True)


def say_aside(text: str) -> None:
    """Print a line on standard error."""
    print("feint:", HARMFUL.sub(lambda found: ascii(found[0])[1:-1], text), file=sys.stderr, flush=True)


def say_written(*paths: Path) -> None:
    """Print on standard error which files were written."""
    for path in paths:
        say_aside(f"wrote {path}.")
