"""What notebooks share: a sheet to draw on, figures shown on the page, and dials that a reader can turn."""

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

DOTS = 110  # an inch
STEPS = 100  # from one end of a dial to the other
PICTURE = "image/png"


@dataclass(frozen=True, kw_only=True)
class Dial:
    """A number that can be turned; raises `InputError` where it does not stand between its ends."""

    value: float
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high or (self.log and self.low <= 0):
            ends = f"from {self.low:g} to {self.high:g}" + ", both above 0" * self.log
            raise InputError(f"value = {self.value!r} is not valid for a dial: it must be {ends}.")

    def slider(self, name: str) -> Any:
        """As a widget, which tells of a change once it is let go."""
        widgets = load_extra("ipywidgets", "a dial")
        look: dict[str, Any] = {"description": name, "continuous_update": False, "value": self.value}
        look |= {"layout": {"width": "36em"}, "style": {"description_width": "16em"}}
        if self.log:
            low, high = log10(self.low), log10(self.high)
            return widgets.FloatLogSlider(min=low, max=high, step=(high - low) / STEPS, **look)
        return widgets.FloatSlider(min=self.low, max=self.high, step=(self.high - self.low) / STEPS, **look)


def premises(*names: str, point: Point | None = None) -> dict[str, Dial]:
    """Dials of parameters, by dotted names as a study has them, from end to end of the prior; raises `InputError`."""
    point = Point() if point is None else point
    dials = {}
    for name in names:
        factor = factor_of(name, "prior", point.model, point.curriculum)
        dials[name] = Dial(value=factor.base, low=factor.low, high=factor.high, log=factor.log)
    return dials


def house_look() -> None:
    """The look of the house's figures, for all that is drawn in this process from now on."""
    import matplotlib as mpl
    import seaborn as sns

    sns.set_style("ticks")
    mpl.rcParams.update({**STYLE, "axes.spines.top": False, "axes.spines.right": False})


def sheet(height: float, columns: int = 1, **look: Any) -> tuple[Figure, Any]:
    """An empty figure as wide as a page and so many inches high, and its axes; `look` goes to `subplots`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE_WIDTH, height), layout="constrained")
    return figure, figure.subplots(1, columns, **look)


def lines(axes: Axes, intervals: Mapping[str, Interval], **look: Any) -> None:
    """A line an interval from the top down, its estimate a point; `look` goes to `errorbar`."""
    at, shown = range(len(intervals)), list(intervals.values())
    estimates, low, high = zip(*((interval.estimate, interval.low, interval.high) for interval in shown), strict=True)
    reach = np.array([np.subtract(estimates, low), np.subtract(high, estimates)])
    axes.errorbar(estimates, at, xerr=reach, **{"fmt": "o", "markersize": 4, "color": "black", "capsize": 2, **look})
    axes.set_yticks(at, list(intervals))
    axes.set_ylim(len(intervals) - 0.5, -0.5)


def show(figure: Figure) -> None:
    """Put a figure on the notebook's page."""
    page = {PICTURE: _text(drawn(figure)), "text/plain": "a figure"}
    load_extra("IPython.display", "a notebook").display(page, raw=True)


def turn(draw: Callable[[dict[str, float]], Figure], dials: Mapping[str, Dial]) -> None:
    """Show what is drawn of the dials' values, with a slider a dial; where a page has no sliders, as they stand now.

    The picture is drawn anew when a slider is let go. Without ipywidgets the same picture is there, still.
    """
    stands = {name: dial.value for name, dial in dials.items()}
    still = drawn(draw(stands))
    page = {PICTURE: _text(still), "text/plain": ", ".join(f"{name} = {value:g}" for name, value in stands.items())}
    try:
        page = {**_with_sliders(draw, dials, still), **page}
    except InputError as missing:
        print(f"The picture stands still: {missing}")
    load_extra("IPython.display", "a notebook").display(page, raw=True)


def _with_sliders(
    draw: Callable[[dict[str, float]], Figure], dials: Mapping[str, Dial], still: bytes
) -> Mapping[str, Any]:
    """Sliders above a picture, as a page with widgets shows them."""
    widgets = load_extra("ipywidgets", "turning a dial")
    sliders, picture = {name: dial.slider(name) for name, dial in dials.items()}, widgets.Image(value=still)

    def anew(_: object) -> None:
        picture.value = drawn(draw({name: slider.value for name, slider in sliders.items()}))

    for slider in sliders.values():
        slider.observe(anew, "value")
    return widgets.VBox([*sliders.values(), picture])._repr_mimebundle_()


def drawn(figure: Figure) -> bytes:
    """A figure as a picture in pixels."""
    import matplotlib as mpl

    file = BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(file, format="png", dpi=DOTS, metadata={"Software": "Feint"})
    return file.getvalue()


def _text(picture: bytes) -> str:
    return b64encode(picture).decode()
