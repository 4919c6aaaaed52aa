"""Files that are written: whole or not at all, and over another only if that is said."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import urandom
from pathlib import Path

from feint.agents.errors import InputError


@contextmanager
def written_whole(name: str, path: str | Path) -> Iterator[Path]:
    """Yield the path of a file beside `path`, which takes its place as soon as all is written.

    If anything fails, `path` stays as it was, and nothing is left beside it. Raises `InputError`, which begins with the
    `name` of the option or argument, if the file cannot be written.
    """
    target = Path(path).resolve()
    special = target.exists() and not target.is_file()  # a pipe, which no file can take the place of
    beside = target if special else target.with_name(f".feint-{urandom(6).hex()}{target.suffix}")
    try:
        yield beside
        if not special:
            if target.exists():
                shutil.copymode(target, beside)
            beside.replace(target)
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(f"{name} = {str(path)!r} cannot be written: {why}.") from None
    finally:
        if not special:
            beside.unlink(missing_ok=True)


def write_whole(name: str, path: str | Path, content: str | bytes) -> None:
    """Write a file whole, text in UTF-8; raises `InputError` as `written_whole` does."""
    with written_whole(name, path) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


def check_free(paths: Mapping[str, Path], *, force: bool = False) -> None:
    """Raise `InputError` if two options name one file or, unless `force`, if a file is there already."""
    seen: dict[Path, str] = {}
    for name, path in paths.items():
        other = seen.setdefault(path.resolve(), name)
        if other != name:
            raise InputError(f"{other} and {name} are both {str(path)!r}: name a file for each.")
        if path.exists() and not force:
            right = "name another file, or add --force to replace it"
            raise InputError(f"{name} = {str(path)!r} is there already: {right}.")
