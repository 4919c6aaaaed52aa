"""Reports: a result is one frozen dataclass, from which its JSON document, schema, text, table and figure follow."""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import zip_longest
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, WithJsonSchema
from pydantic_core.core_schema import any_schema

from feint.agents.errors import InputError
from feint.sim.results.provenance import passport
from feint.sim.results.request import Request

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

WIDTH, WIDEST = 80, 100  # columns of a text by default, and most of a sentence
_columns = ContextVar("columns", default=WIDTH)
GAP = "  "  # between columns
KEPT = "\N{NO-BREAK SPACE}"  # a space at which lines are not broken


def line_width() -> int:
    """Return the most columns of a sentence: WIDTH or, within `in_columns`, up to WIDEST."""
    return min(_columns.get(), WIDEST)


@contextmanager
def in_columns(number: int) -> Iterator[None]:
    """Let texts that are made within be this many columns wide."""
    before = _columns.set(number)
    try:
        yield
    finally:
        _columns.reset(before)


def wrapped(sentence: str, indent: str = "  ") -> str:
    """Wrap a sentence to the line's width and indent further lines; words, and words joined by KEPT, are not broken."""
    keep: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.fill(sentence, line_width(), subsequent_indent=indent, **keep).replace(KEPT, " ")


def _narrowed(text: str) -> str:
    """Return a text of lines for WIDTH with those broken that a narrower terminal lacks room for."""
    most = _columns.get()
    if most >= WIDTH:
        return text
    return "\n".join(
        line if len(line) <= most else wrapped(line, " " * (len(line) - len(line.lstrip()) + 2))
        for line in text.split("\n")
    )


def folded(name: str, width: int = 20) -> str:
    """Break a column's heading into lines of at most this width, at spaces and after dots and underscores."""
    lines = [""]
    for piece in re.findall(r"[^\s._]+[._]?|[._]", name):
        gap = " " if lines[-1] and lines[-1][-1] not in "._" else ""
        if lines[-1] and len(lines[-1] + gap + piece) > width:
            lines.append(piece)
        else:
            lines[-1] += gap + piece
    return "\n".join(lines)


def table(rows: Sequence[Sequence[str]], *, fixed: int = 1, rule: bool = False) -> list[str]:
    """Return rows of cells as lines with aligned columns; the first row holds the headings, with a `rule` below.

    A cell may hold several lines. If the columns do not fit the line, there are several tables, one below the other,
    each of which repeats the first `fixed` columns.
    """
    if not rows:
        return []
    cells = [[cell.split("\n") for cell in row] for row in rows]
    widths = [max(len(line) for cell in column for line in cell) for column in zip(*cells, strict=True)]
    lines: list[str] = []
    for columns in _parts(widths, fixed):
        lines += [""] if lines else []
        of_part = [widths[column] for column in columns]
        for i, row in enumerate(cells):
            below = zip_longest(*(row[column] for column in columns), fillvalue="")
            lines += [GAP.join(map(str.ljust, line, of_part)).rstrip() for line in below]
            if rule and i == 0:
                lines.append("─" * (sum(of_part) + len(GAP) * (len(columns) - 1)))
    return lines


def _parts(widths: Sequence[int], fixed: int) -> Iterator[list[int]]:
    """Yield the columns of each table: as many as fit, and at least one besides the fixed ones."""
    columns = list(range(fixed))
    for i in range(fixed, len(widths)):
        taken = sum(widths[column] for column in [*columns, i]) + len(GAP) * len(columns)
        if taken > _columns.get() and len(columns) > fixed:
            yield columns
            columns = list(range(fixed))
        columns.append(i)
    yield columns


SEED = "below 2^64; a reader that keeps numbers as doubles, such as JavaScript's, rounds one above 2^53"
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


def cell(value: Any) -> str:
    """Return a value as a table shows it; intervals know their own format."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    return format(value, "," if isinstance(value, int) else "g" if isinstance(value, float) else "")


@dataclass(frozen=True)
class Table:
    """Rows of a result, and the attribute that each column shows under its heading."""

    rows: Sequence[Any]  #: any objects, one per line
    columns: Columns  #: heading, of one line or several → attribute name or function of the row
    title: str = ""  #: lines above the table
    note: str = ""  #: lines below it
    rule: bool = True  #: whether a line is drawn below the headings
    fixed: int = 1  #: how many first columns are repeated if the table is too wide and continues below

    @classmethod
    def of_cells(cls, headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "", note: str = "") -> Self:
        """Return a table of texts; of equal headings all but one must differ in the spaces at their end."""
        columns: Columns = {heading: itemgetter(i) for i, heading in enumerate(headings)}
        return cls([*rows], columns, title, note)

    def cells(self) -> list[list[str]]:
        """Return the text of every cell, one list per row."""
        gets = [get if callable(get) else attrgetter(get) for get in self.columns.values()]
        return [[cell(get(row)) for get in gets] for row in self.rows]

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
    a property with `pydantic.computed_field` is. The passport holds `request`, the configuration of the result.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, validate_by_name=True, serialize_by_alias=True
    )
    grid: ClassVar[tuple[int, int]] = (1, 1)  #: rows and columns of the figure's panels
    size: ClassVar[tuple[float, float]] = (6.9, 2.6)  #: width and height of the figure in inches
    shared: ClassVar[dict[str, Any]] = {}  #: which axes panels share, as `subplots` takes it
    series: ClassVar[Mapping[str, str]] = {}  #: intervals of `frame` that `draw` draws, with words; all if empty
    kind: ClassVar[str] = ""  #: name in the passport, if the request does not have it
    request: Any  #: the `Request` that gave the result; `Hidden` in subclasses

    @property
    def exit_code(self) -> int:
        """Exit code of the command that prints the result."""
        return 0

    def blocks(self) -> Iterable[str | Table]:
        """Return the sentences and tables of the text, in order; lines within a sentence are wrapped."""
        raise NotImplementedError

    def text(self) -> str:
        """Return the result for a terminal, of 80 columns unless `in_columns` says otherwise."""
        return "\n\n".join(
            wrapped(block) if isinstance(block, str) and "\n" not in block else _narrowed(str(block))
            for block in self.blocks()
        )

    __str__ = text

    def __repr__(self) -> str:
        names = [field.name for field in fields(self)]  # pyright: ignore[reportArgumentType] - it is a dataclass
        shown = {name: getattr(self, name) for name in names if name != "request"}
        brief = [f"{name}={value!r}" for name, value in shown.items() if isinstance(value, (bool, int, float, str))]
        sizes = [f"{name}=[{len(value)}]" for name, value in shown.items() if isinstance(value, (list, tuple, dict))]
        return f"{type(self).__name__}({', '.join(brief or sizes)})"

    def _repr_html_(self) -> str:
        return "".join(
            f"<p>{html.escape(block).replace(chr(10), '<br>')}</p>" if isinstance(block, str) else block._repr_html_()
            for block in self.blocks()
        )

    def draw(self, panels: Any) -> None:
        """Draw into an array of axes of the shape `grid`; by default the intervals of `frame`, one row each.

        The label of a row is its texts; its intervals are the columns NAME, NAME_low and NAME_high, or NAME, low and
        high. Raises `InputError` if there are none.
        """
        from feint.sim.results.figure_style import draw_intervals

        frame = self.frame()
        names = self.series or {str(name): str(name) for name in frame if f"{name}_low" in frame}
        if not names or frame.empty:
            raise InputError(f"{type(self).__name__} has no figure: use frame() for its numbers.")
        texts = frame[[name for name in frame if all(isinstance(value, str) for value in frame[name])]].to_numpy()
        of = {name: f"{name}_" if f"{name}_low" in frame else "" for name in names}
        series = {names[name]: frame[[name, f"{start}low", f"{start}high"]] for name, start in of.items()}
        draw_intervals(panels[0, 0], [", ".join(row) for row in texts], series)

    def drawing(self) -> Figure:
        """Draw the figure in the common style; `figure` returns it in the look that is requested."""
        import seaborn as sns

        from feint.sim.results.figure_style import canvas, panels

        with canvas(self.size) as drawn:
            self.draw(panels(drawn, *self.grid, **self.shared))
            sns.despine(drawn)
        return drawn

    def figure(self, number: int = 0, /, **look: Any) -> Figure:
        """Return the result as a figure; keywords are those of `Look`, such as width="85mm" or palette="grey".

        A result with several figures returns the one of this number, the main one by default.
        """
        from feint.sim.results.figure_look import Look

        return Look(**look).drawn(self.drawings()[number])

    def save_figure(self, path: str | Path, number: int = 0, /, **look: Any) -> None:
        """Write the figure with its passport into an .svg, .pdf, .png, .eps or .tiff; arguments as of `figure`."""
        from feint.sim.results.figure_look import Look
        from feint.sim.results.figure_style import save

        save(self.figure(number, **look), path, self.passport(), Look(**look))

    def drawings(self) -> tuple[Callable[[], Figure], ...]:
        """Return the functions that draw its figures, before they are given a look; the first is the main one."""
        return (self.drawing,)

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
    if "seed" in properties:
        properties["seed"] |= {"description": SEED}
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
