"""Tools of the notebooks: figures shown on the page, and sliders with which a reader changes them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from math import log10
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE
from feint.sim.statistics.intervals import Interval
from feint.sim.sweeps.factors import factor_of
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS = 110  # dots per inch
STEPS = 100  # steps from one end of a dial to the other
PICTURE = "image/png"


@dataclass(frozen=True, kw_only=True)
class Dial:
    """A number that a reader can change; raises `InputError` if it is not between its ends."""

    value: float  #: present value
    low: float  #: lower end
    high: float  #: upper end
    log: bool = False  #: whether its scale is logarithmic

    def __post_init__(self) -> None:
        if self.log and self.low <= 0:
            raise InputError(f"low = {self.low!r} is not valid for a dial with log = True: it must be above 0.")
        if not self.low <= self.value <= self.high:
            ends = f"from {self.low:g} to {self.high:g}"
            raise InputError(f"value = {self.value!r} is not valid for a dial: it must be {ends}.")

    def slider(self, name: str) -> Any:
        """Return the dial as a widget, which reports a change once it is released."""
        widgets = load_extra("ipywidgets", "a dial")
        kind = widgets.FloatLogSlider if self.log else widgets.FloatSlider
        low, high = (log10(end) if self.log else end for end in (self.low, self.high))
        look = {"layout": {"width": "36em"}, "style": {"description_width": "16em"}, "continuous_update": False}
        return kind(value=self.value, min=low, max=high, step=(high - low) / STEPS, description=name, **look)


def premises(*names: str, point: Point | None = None) -> dict[str, Dial]:
    """Return dials of parameters, by their dotted names in a study, over the whole prior; raises `InputError`."""
    point = Point() if point is None else point
    factors = {name: factor_of(name, "prior", point.model, point.curriculum) for name in names}
    return {name: Dial(value=f.base, low=f.low, high=f.high, log=f.log) for name, f in factors.items()}


def house_look() -> None:
    """Use the style of Feint's figures for everything that is drawn in this process from now on."""
    import matplotlib as mpl
    import seaborn as sns

    sns.set_style("ticks")
    mpl.rcParams.update({**STYLE, "axes.spines.top": False, "axes.spines.right": False})


def sheet(height: float, columns: int = 1, **look: Any) -> tuple[Figure, Any]:
    """Return an empty figure as wide as a page and `height` inches high, and its axes; `look` goes to `subplots`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE_WIDTH, height), layout="constrained")
    return figure, figure.subplots(1, columns, **look)


def lines(axes: Axes, intervals: Mapping[str, Interval], **look: Any) -> None:
    """Draw one line per interval from the top down, its estimate as a point; `look` goes to `errorbar`."""
    at = range(len(intervals))
    estimates, low, high = np.array([(row.estimate, row.low, row.high) for row in intervals.values()]).T
    look = {"fmt": "o", "markersize": 4, "color": "black", "capsize": 2, **look}
    axes.errorbar(estimates, at, xerr=[estimates - low, high - estimates], **look)
    axes.set_yticks(at, list(intervals))
    axes.set_ylim(len(intervals) - 0.5, -0.5)


def show(figure: Figure) -> None:
    """Show a figure on the notebook's page."""
    _display(_png(figure), "a figure")


def turn(draw: Callable[[dict[str, float]], Figure], dials: Mapping[str, Dial]) -> None:
    """Show the figure that `draw` makes of the dials' values, with one slider per dial.

    The figure is drawn again whenever a slider is released. Without ipywidgets, or on a page without sliders, the
    figure of the dials' present values is shown.
    """
    values = {name: dial.value for name, dial in dials.items()}
    picture, page = _png(draw(values)), None
    try:
        widgets = load_extra("ipywidgets", "turning a dial")
        sliders, image = {name: dial.slider(name) for name, dial in dials.items()}, widgets.Image(value=picture)

        def redraw(_: object) -> None:
            image.value = _png(draw({name: slider.value for name, slider in sliders.items()}))

        for slider in sliders.values():
            slider.observe(redraw, "value")
        page = widgets.VBox([*sliders.values(), image])._repr_mimebundle_()
    except InputError as missing:
        print(f"The picture cannot be changed: {missing}")
    _display(picture, ", ".join(f"{name} = {value:g}" for name, value in values.items()), page)


def _display(picture: bytes, words: str, page: Mapping[str, Any] | None = None) -> None:
    still = {PICTURE: b64encode(picture).decode(), "text/plain": words}
    load_extra("IPython.display", "a notebook").display({**(page or {}), **still}, raw=True)


def _png(figure: Figure) -> bytes:
    """Return a figure as a PNG file."""
    import matplotlib as mpl

    file = BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(file, format="png", dpi=DOTS, metadata={"Software": "Feint"})
    return file.getvalue()
