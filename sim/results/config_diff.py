"""Where two configurations differ, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST_TOLD = 3  # differences in one sentence


def told(held: Any, asked: Any) -> str:
    """The first differences of two nested tables and how many more there are; empty where there is none."""
    every = list(differing(held, asked))
    more = len(every) - MOST_TOLD
    left = [f"and {more:,} more {'difference' if more == 1 else 'differences'}"] if more > 0 else []
    return "; ".join([*every[:MOST_TOLD], *left])


def differing(held: Any, asked: Any, name: str = "") -> Iterator[str]:
    """Where two nested tables differ, in words."""
    if isinstance(held, dict) and isinstance(asked, dict):
        for each in [*held, *(other for other in asked if other not in held)]:
            yield from differing(held.get(each), asked.get(each), f"{name}.{each}" if name else each)
    elif isinstance(held, list) and isinstance(asked, list) and len(held) == len(asked):
        for i, pair in enumerate(zip(held, asked, strict=True)):
            yield from differing(*pair, f"{name}[{i}]")
    elif held != asked:
        yield f"{name} is {held!r} there and {asked!r} here"
