"""Counts k of n: how many completions of a file meet a condition, in a CSV with a completion a row or an Inspect log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from feint.agents.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Counts of completions."""

    k: int  #: that meet the condition
    n: int  #: in all
    left_out: int = 0  #: completions with an error or without the score, which are not among the n


def counted_in(path: Path, counted: str, among: str = "") -> Counted:
    """Return how many completions of a file meet a condition, of those that meet another."""
    raise InputError(f"file = {str(path)!r} cannot be counted yet ({counted!r}, {among!r}).")
