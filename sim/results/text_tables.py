"""Text layout: tables and sentences as lines of at most 80 columns, on a terminal and in files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

WIDTH = 80
GAP = "  "  # between columns
KEPT = "\N{NO-BREAK SPACE}"  # a space at which lines are not broken
HEAD = 20  # characters per line of a column's heading


def wrapped(sentence: str, indent: str = "  ") -> str:
    """Wrap a sentence to WIDTH and indent further lines; words, and words joined by KEPT, are not broken."""
    lines = textwrap.wrap(sentence, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(KEPT, " ")


def folded(name: str, width: int = HEAD) -> str:
    """Break a longer name into lines of at most this width, at spaces and after dots and underscores."""
    lines = [""]
    for piece in re.findall(r"[^\s._]+[._]?|[._]", name):
        gap = " " if lines[-1] and lines[-1][-1] not in "._" else ""
        if lines[-1] and len(lines[-1] + gap + piece) > width:
            lines.append(piece)
        else:
            lines[-1] += gap + piece
    return "\n".join(lines)


def table(rows: Sequence[Sequence[str]], *, fixed: int = 1, rule: bool = False) -> list[str]:
    """Return rows of cells as lines with aligned columns; the first row holds the headings.

    A cell may hold several lines. If the columns do not fit WIDTH, there are several tables, one below the other, each
    of which repeats the first `fixed` columns. `rule` draws a line below the headings.
    """
    lines: list[str] = []
    for columns in _blocks(rows, fixed):
        cells = [[row[i] for i in columns] for row in rows]
        lines += ["", *aligned(cells, rule=rule)] if lines else aligned(cells, rule=rule)
    return lines


def aligned(rows: Iterable[Sequence[str]], *, rule: bool = False) -> list[str]:
    """Return rows of cells as the lines of one table of any width."""
    cells = [[cell.split("\n") for cell in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(line) for cell in column for line in cell) for column in zip(*cells, strict=True)]
    told = [line for row in cells for line in _lines(row, widths)]
    below = max(len(cell) for cell in cells[0])
    return [*told[:below], "─" * (sum(widths) + len(GAP) * (len(widths) - 1)), *told[below:]] if rule else told


def _lines(row: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of one row."""
    for i in range(max(map(len, row))):
        parts = [cell[i] if i < len(cell) else "" for cell in row]
        yield GAP.join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _blocks(rows: Sequence[Sequence[str]], fixed: int) -> Iterator[list[int]]:
    """Yield the columns of each table: as many as fit, and at least one besides the fixed ones."""
    if not rows:
        return
    widths = [max(len(line) for cell in column for line in cell.split("\n")) for column in zip(*rows, strict=True)]
    again = list(range(fixed))
    columns = list(again)
    for i in range(fixed, len(widths)):
        taken = sum(widths[each] for each in [*columns, i]) + len(GAP) * len(columns)
        if taken > WIDTH and len(columns) > fixed:
            yield columns
            columns = list(again)
        columns.append(i)
    yield columns
