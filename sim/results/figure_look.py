"""How a figure looks: the options of every command that draws, and the keywords of `figure` of every report."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from feint.agents.errors import InputError, check_whole, unknown
from feint.sim.results.request import Option

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INCHES = {"mm": 1 / 25.4, "cm": 1 / 2.54, "in": 1.0, "pt": 1 / 72}
LENGTHS = 1.0, 20.0  # inches, least and most of a width or height
DPI = 30, 2400
MOST_DOTS = 2e8  # of a picture, which is held in memory
PALETTES = ("colour", "grey")
USER = "user"  # the style of the user's own matplotlibrc
NOT_OF_STYLE = ("backend", "figure.", "interactive", "savefig.", "svg.", "toolbar", "webagg", "tk.", "date.epoch")
RIGHT_LENGTH = f"a length from {LENGTHS[0]:g}in to {LENGTHS[1]:g}in, such as 85mm or 3.3in"


@dataclass(frozen=True, kw_only=True)
class Look:
    """Options of a figure. A length is a number of inches or a text such as 85mm.

    The width and the height are those of the file. A style is a file of matplotlib's (.mplstyle), the name of one of
    its styles, "user" for the rcParams in force, or rcParams by name; they precede those of Feint.
    """

    width: Annotated[str | None, Option("Width of the figure, as 85mm or 3.3in.", "LENGTH")] = None
    height: Annotated[str | None, Option("Height of the figure, as 60mm or 2.5in.", "LENGTH")] = None
    style: Annotated[
        str | None,
        Option("Fonts and lines: a FILE.mplstyle, a style of matplotlib, or user for your own rcParams.", "STYLE"),
    ] = None
    palette: Annotated[str, Option("Colours of the figure: colour or grey.", "NAME")] = PALETTES[0]
    label: Annotated[
        Mapping[str, str], Option("Write other words for some in the figure; repeatable.", "WORD=WORDS")
    ] = field(default_factory=dict)
    only: Annotated[str | None, Option("Draw this panel alone, by its name.", "PANEL")] = None
    dpi: Annotated[int | None, Option("Dots per inch of .png and .tiff; 200 by default.", "N")] = None

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            object.__setattr__(self, name, _inches(name, getattr(self, name)))
        if self.palette not in PALETTES:
            raise unknown("palette", str(self.palette), PALETTES)
        if self.dpi is not None:
            check_whole("dpi", self.dpi, *DPI)
        if not isinstance(self.only, str | None):
            raise InputError(f"only = {self.only!r} is not valid: it must be the name of a panel.")
        object.__setattr__(self, "label", _labels(self.label))
        object.__setattr__(self, "style", _style(self.style))

    @classmethod
    def from_configuration(cls, configuration: Any) -> Self:
        """Return the look in a passport; raises `InputError` for one that is not valid."""
        known = {each.name for each in fields(cls)}
        if not isinstance(configuration, Mapping) or not known.issuperset(configuration):
            raise InputError(f"figure = {configuration!r} in the passport is not valid: it may hold {sorted(known)}.")
        return cls(**configuration)

    def configuration(self) -> dict[str, Any]:
        """Return the options that depart from the defaults, as plain data."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value and value != PALETTES[0]}

    @property
    def scale(self) -> float:
        """How much larger texts are than those of Feint's style."""
        from feint.sim.results.figure_style import SIZE  # which the command line need not import to list options

        return (self.style or {}).get("font.size", SIZE) / SIZE  # pyright: ignore[reportAttributeAccessIssue]

    @contextmanager
    def context(self) -> Iterator[None]:
        """Draw in this style and width; sizes of texts are scaled afterwards, also those that no style names."""
        import matplotlib as mpl

        from feint.sim.results.figure_style import STYLE, WIDTH_NOW

        style: dict[Any, Any] = {**(self.style or {})}  # pyright: ignore[reportGeneralTypeIssues] - see __post_init__
        for name, value in style.items():
            if name.endswith(("fontsize", "labelsize", "titlesize", "font.size")) and isinstance(value, (int, float)):
                style[name] = value / self.scale
        before = WIDTH_NOW.set((self.width, style))  # pyright: ignore[reportArgumentType]
        try:
            with mpl.rc_context({**STYLE, **style}):
                yield
        finally:
            WIDTH_NOW.reset(before)

    def drawn(self, draw: Callable[[], Figure]) -> Figure:
        """Return the figure that a function draws, in this look; raises `InputError` for a panel that it lacks."""
        from feint.sim.results import figure_changes as changes
        from feint.sim.results.figure_fit import fit

        with self.context():
            figure = draw()
            changes.write(figure, self.label)
            if self.height is not None:
                figure.set_figheight(self.height)  # pyright: ignore[reportArgumentType]
            if self.only is not None:
                changes.keep_panel(figure, self.only, self.width, self.height)  # pyright: ignore[reportArgumentType]
            changes.resize_texts(figure, self.scale, families=self.style)
            fit(figure, taller=self.height is None)
            if self.palette == "grey":
                changes.to_grey(figure)
        width, height = figure.get_size_inches()
        if self.dpi and width * height * self.dpi**2 > MOST_DOTS:
            most = math.floor(math.sqrt(MOST_DOTS / (width * height)))
            raise InputError(
                f"dpi = {self.dpi} gives too large a picture of {width:.3g} by {height:.3g} in: {most:,} fit."
            )
        return figure


def _inches(name: str, given: Any) -> float | None:
    """Return a length in inches, rounded; raises `InputError` for what is none."""
    if given is None:
        return None
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(mm|cm|in|pt)\s*", given) if isinstance(given, str) else None
    if found:
        given = float(found[1]) * INCHES[found[2]]
    if isinstance(given, (int, float)) and not isinstance(given, bool) and LENGTHS[0] <= given <= LENGTHS[1]:
        return round(float(given), 6)
    raise InputError(f"{name} = {given!r} is not valid: it must be {RIGHT_LENGTH}.")


def _labels(given: Any) -> dict[str, str]:
    """Return words by the word that they replace, also from texts WORD=WORDS."""
    if isinstance(given, Mapping):
        return {str(word): str(words) for word, words in given.items()}
    if not isinstance(given, (list, tuple)):
        raise InputError(f"label = {given!r} is not valid: it must be WORD=WORDS, such as deceptive=Scheming.")
    pairs = {}
    for text in given:
        word, equals, words = str(text).partition("=")
        if not (word and equals):
            raise InputError(f"label = {text!r} is not valid: it must be WORD=WORDS, such as deceptive=Scheming.")
        pairs[word] = words
    return pairs


def _style(given: Any) -> dict[str, Any] | None:
    """Return rcParams as plain data, of those that do not govern files, sizes or windows."""
    if given is None:
        return None
    import matplotlib as mpl
    from matplotlib.style import library

    try:
        if isinstance(given, Mapping):
            chosen = mpl.RcParams(dict(given))
        elif given == USER:
            chosen = {name: value for name, value in mpl.rcParams.items() if value != mpl.rcParamsDefault[name]}
        elif str(given) in library:
            chosen = library[str(given)]
        else:
            chosen = mpl.rc_params_from_file(Path(given), fail_on_error=True, use_default_template=False)
    except OSError:
        right = f"it must be a file of matplotlib's style, {USER}, or one of {', '.join(sorted(library))}"
        raise InputError(f"style = {str(given)!r} cannot be read: {right}.") from None
    except Exception as error:  # whatever the file may hold
        raise InputError(f"style = {str(given)!r} is not valid: {' '.join(str(error).split())}.") from None
    return {name: _plain(value) for name, value in chosen.items() if not name.startswith(NOT_OF_STYLE)}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
