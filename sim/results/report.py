"""Reports: a result is one frozen dataclass, from which its JSON document, schema, text, table and figure follow."""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, WithJsonSchema
from pydantic_core.core_schema import any_schema

from feint.agents.errors import InputError
from feint.sim.results.provenance import passport
from feint.sim.results.request import Request

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

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
    text = [line for row in cells for line in _lines(row, widths)]
    below = max(len(cell) for cell in cells[0])
    return [*text[:below], "─" * (sum(widths) + len(GAP) * (len(widths) - 1)), *text[below:]] if rule else text


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
        taken = sum(widths[column] for column in [*columns, i]) + len(GAP) * len(columns)
        if taken > WIDTH and len(columns) > fixed:
            yield columns
            columns = list(again)
        columns.append(i)
    yield columns


DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA = 1  # version of the documents' form

Columns = Mapping[str, str | Callable[[Any], Any]]
"""Heading → name of an attribute of the row, or a function of the row."""


class _Opaque:
    """Keeps pydantic from looking into a type."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return any_schema()


T = TypeVar("T")
Hidden = Annotated[T, Field(exclude=True), _Opaque()]
"""A field, as in `Hidden[np.ndarray]`, that is not part of the JSON document."""

Number = Annotated[float, WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "null"}]})]
"""A number whose JSON is null if it is not finite."""


def cell(value: Any, spec: str = "") -> str:
    """Return a value as a table shows it; intervals know their own format."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:{spec or ','}}"
    return format(value, spec or "g") if isinstance(value, float) else format(value, spec)


@dataclass(frozen=True)
class Table:
    """Rows of a result, and the attribute that each column shows under its heading.

    Parameters
    ----------
    rows
        Any objects, one per line.
    columns
        Heading → attribute name or function of the row; a heading may have several lines.
    title, note
        Lines above and below the table.
    rule
        Whether a line is drawn below the headings.
    fixed
        How many first columns are repeated if the table is too wide and continues below.

    """

    rows: Sequence[Any]
    columns: Columns
    title: str = ""
    note: str = ""
    rule: bool = True
    fixed: int = 1

    @classmethod
    def of_cells(cls, headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "", note: str = "") -> Self:
        """Return a table of texts; of equal headings all but one must differ in the spaces at their end."""
        columns: Columns = {heading: itemgetter(i) for i, heading in enumerate(headings)}
        return cls([*rows], columns, title, note)

    def cells(self) -> list[list[str]]:
        """Return the text of every cell, one list per row."""
        return [[cell(value) for value in self.values(row)] for row in self.rows]

    def values(self, row: Any) -> Iterator[Any]:
        """Yield what each column holds for a row."""
        for get in self.columns.values():
            yield get(row) if callable(get) else getattr(row, get)

    def __str__(self) -> str:
        lines = table([list(self.columns), *self.cells()], fixed=self.fixed, rule=self.rule)
        return "\n".join([*([self.title] if self.title else []), *lines, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name).replace(chr(10), ' ')}</th>" for name in self.columns)
        body = "".join(f"<tr>{''.join(f'<td>{html.escape(value)}</td>' for value in row)}</tr>" for row in self.cells())
        title, note = (f"<p>{html.escape(line)}</p>" if line else "" for line in (self.title, self.note))
        return f"{title}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


class Report:
    """Base of results: subclasses are frozen dataclasses, whose fields are the JSON document.

    A subclass is declared with `@dataclass(frozen=True, kw_only=True, eq=False, repr=False)`. It defines `blocks`, the
    sentences and tables of its text, and `draw`, its figure. A field of type `Hidden[...]` is not part of the document;
    a property with `pydantic.computed_field` is. `request` says what was asked, and is the passport.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, validate_by_name=True, serialize_by_alias=True
    )
    grid: ClassVar[tuple[int, int]] = (1, 1)  #: rows and columns of the figure's panels
    size: ClassVar[tuple[float, float]] = (6.9, 2.6)  #: width and height of the figure in inches
    shared: ClassVar[dict[str, Any]] = {}  #: which axes panels share, as `subplots` takes it
    kind: ClassVar[str] = ""  #: name in the passport, if the request does not have it
    request: Any  #: the `Request` that was answered; `Hidden` in subclasses

    @property
    def exit_code(self) -> int:
        """Exit code of the command that prints the result."""
        return 0

    def blocks(self) -> Iterable[str | Table]:
        """Return the sentences and tables of the text, in order; lines within a sentence are wrapped."""
        raise NotImplementedError

    def text(self) -> str:
        """Return the result for a terminal of 80 columns."""
        return "\n\n".join(
            wrapped(block) if isinstance(block, str) and "\n" not in block else str(block) for block in self.blocks()
        )

    __str__ = text

    def __repr__(self) -> str:
        shown = (
            (field.name, getattr(self, field.name))
            for field in fields(self)  # pyright: ignore[reportArgumentType] - subclasses are dataclasses
        )
        brief = [f"{name}={value!r}" for name, value in shown if isinstance(value, (bool, int, float, str))]
        return f"{type(self).__name__}({', '.join(brief)})"

    def _repr_html_(self) -> str:
        return "".join(
            f"<p>{html.escape(block).replace(chr(10), '<br>')}</p>" if isinstance(block, str) else block._repr_html_()
            for block in self.blocks()
        )

    def draw(self, panels: Any) -> None:  # noqa: ARG002 - reports with a figure draw into it
        """Draw into an array of axes of the shape `grid`; raises `InputError` if the result has no figure."""
        raise InputError(f"{type(self).__name__} has no figure: use frame() for its numbers.")

    def figure(self) -> Figure:
        """Return the result as a figure in the common style."""
        import seaborn as sns

        from feint.sim.results.figure_style import canvas

        with canvas(self.size) as drawn:
            self.draw(drawn.subplots(*self.grid, squeeze=False, **self.shared))
            sns.despine(drawn)
        return drawn

    def drawings(self) -> tuple[Callable[[], Figure], ...]:
        """Return the functions that draw its figures; the first is the main one."""
        return (self.figure,)

    def rows(self) -> Sequence[Any]:
        """Return the rows of `frame`; by default those of the first table."""
        return next((block.rows for block in self.blocks() if isinstance(block, Table)), [self])

    def frame(self) -> pd.DataFrame:
        """Return the rows of the result as a data frame, with the passport in `attrs`.

        An interval fills three columns: the estimate under the attribute's name, and its `_low` and `_high`.
        """
        import pandas as pd

        frame = pd.DataFrame([dict(flattened(row)) for row in self.rows()])
        frame.attrs.update(self.passport())
        return frame

    def document(self) -> dict[str, Any]:
        """Return the JSON document as plain data: version of its form, every field, and the passport."""
        body = json.loads(adapter(type(self)).dump_json(self, by_alias=True))
        return {"schema": SCHEMA, **body, "passport": self.passport()}

    def json(self) -> str:
        """Return the JSON document as one line; numbers that are not finite are null."""
        return json.dumps(self.document(), ensure_ascii=False, separators=(",", ":"))

    def passport(self) -> dict[str, Any]:
        """Return what is needed to compute the result again."""
        request: Request = self.request
        return passport(self.kind or request.kind, request.configuration())


@cache
def adapter(kind: type) -> TypeAdapter[Any]:
    """Return pydantic's adapter of a report's class."""
    return TypeAdapter(kind)


def schema(kind: type[Report]) -> str:
    """Return the published JSON schema of a report, as indented JSON."""
    body = adapter(kind).json_schema(by_alias=True, mode="serialization")
    own = {"schema": {"const": SCHEMA, "type": "integer"}}
    properties = {**own, **body.get("properties", {}), "passport": {"type": "object"}}
    required = [*own, *body.get("required", []), "passport"]
    whole = {"$schema": DIALECT, **body, "properties": properties, "required": required}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def from_attributes(kind: type[T], source: Any, /, **more: Any) -> T:
    """Return a dataclass of this kind from `more`, and from attributes of `source` for its other fields."""
    names = [field.name for field in fields(kind) if field.name not in more]  # pyright: ignore[reportArgumentType]
    return kind(**{name: getattr(source, name) for name in names}, **more)


def flattened(row: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the columns of a data frame for a row: plain values by name, nested ones with joined names."""
    if is_dataclass(row) and not isinstance(row, type):
        values = {field.name: getattr(row, field.name) for field in fields(row)}
        if name and "estimate" in values:  # an interval
            yield from ((name, values["estimate"]), (f"{name}_low", values["low"]), (f"{name}_high", values["high"]))
            return
        for key, value in values.items():
            yield from flattened(value, f"{name}_{key}" if name else key)
    elif isinstance(row, Mapping):
        for key, value in row.items():
            yield from flattened(value, f"{name}_{key}" if name else str(key))
    elif row is None or isinstance(row, (bool, int, float, str)):
        yield name, row
