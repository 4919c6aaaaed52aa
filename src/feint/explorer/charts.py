"""Charts of the page: bars of both arms, their difference, the flow between outcomes, and one run."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, Range1d, Span, Whisker
from bokeh.plotting import figure

from feint.agents.outcome import LABELS, Outcome
from feint.explorer.state import Life, Tally
from feint.sim.ensembles.comparison_figure import GAP, percent, stacked
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.results.figure_style import COLOURS, HATCHES
from feint.sim.results.provenance import data_beside

INK, PALE, SIZE = "#222222", "#d0d0d0", "12px"
ROOM = 1.2  # room for labels beside the flow, whose ribbons are 1 wide
PATTERNS = {"": " ", "..": ".", "///": "/", "xx": "x", "\\\\\\": "\\"}  # Bokeh's names of printed hatches
OFFSETS = {FROM_SCRATCH: -0.2, PRETRAIN_FINETUNE: 0.2}
FADED = {FROM_SCRATCH: 0.3, PRETRAIN_FINETUNE: 1.0}
COLUMNS = [COLOURS[kind] for kind in Outcome]
CURVES: dict[str, tuple[str, str, str]] = data_beside(__file__, "assets/page.toml")["curves"]
"""Label, colour and dashes of the curves of a run."""


def _sheet(height: int, **look: Any) -> figure:
    """Return an empty figure in the page's style."""
    sheet = figure(height=height, sizing_mode="stretch_width", toolbar_location=None, tools="", **look)
    sheet.xgrid.grid_line_color = sheet.ygrid.grid_line_color = None
    sheet.outline_line_color = None
    sheet.min_border_right = 16
    for axis in (*sheet.xaxis, *sheet.yaxis):
        axis.update(major_label_text_font_size=SIZE, axis_label_text_font_size=SIZE, minor_tick_line_color=None)
        axis.update(axis_label_text_font_style="normal", major_label_text_color=INK)
    return sheet


def _source(*columns: str) -> ColumnDataSource:
    """Return an empty source with these columns."""
    return ColumnDataSource({column: [] for column in columns})


class Bars:
    """Share of runs by outcome with intervals: a pale bar from scratch above a full one with pre-training."""

    def __init__(self) -> None:
        columns = ("y", "estimate", "low", "high", "label", "colour", "hatch", "converged")
        self.sources = {arm: _source(*columns) for arm in OFFSETS}
        self.sheet = _sheet(270, x_range=Range1d(start=0, end=1.14), y_range=Range1d(start=len(LABELS) - 0.5, end=-0.5))
        self.sheet.xaxis.ticker = FixedTicker(ticks=[0, 0.25, 0.5, 0.75, 1])
        self.sheet.yaxis.ticker = FixedTicker(ticks=list(range(len(LABELS))))
        self.sheet.yaxis.major_label_overrides = dict(enumerate(LABELS))
        self.sheet.yaxis.update(major_tick_line_color=None, axis_line_color=None)
        self.sheet.xaxis.axis_label = "share of the runs"
        for arm, source in self.sources.items():
            self._draw(arm, source)

    def _draw(self, arm: str, source: ColumnDataSource) -> None:
        look = {"fill_color": "colour", "fill_alpha": FADED[arm], "line_color": INK, "line_width": 0.6}
        if arm == PRETRAIN_FINETUNE:
            look |= {"hatch_pattern": "hatch", "hatch_alpha": 0.5, "hatch_scale": 7, "hatch_weight": 0.7}
        self.sheet.hbar(y="y", right="estimate", height=0.36, source=source, **look)
        whisker = Whisker(dimension="width", base="y", lower="low", upper="high", source=source, line_color=INK)
        for head in (whisker.upper_head, whisker.lower_head):
            head.update(size=6, line_color=INK)  # pyright: ignore[reportOptionalMemberAccess]
        self.sheet.add_layout(whisker)
        self.sheet.scatter(x="converged", y="y", marker="diamond", size=8, source=source, color="white", line_color=INK)
        self.sheet.text(
            x="high", y="y", text="label", x_offset=6, source=source,
            text_font_size=SIZE, text_baseline="middle", text_color=INK,
        )  # fmt: skip

    def show(self, tally: Tally) -> None:
        """Draw these counts."""
        for arm, source in self.sources.items():
            shares = [tally.frequency(arm, kind) for kind in Outcome]
            source.data = {
                "y": [kind + OFFSETS[arm] for kind in Outcome],
                **{name: [getattr(share, name) for share in shares] for name in ("estimate", "low", "high")},
                "label": [f"{share.estimate:.3f}" for share in shares],
                "colour": COLUMNS,
                "converged": [tally.frequency(arm, kind, converged=True).estimate for kind in Outcome],
                "hatch": [PATTERNS[HATCHES[kind]] for kind in Outcome],
            }


class Difference:
    """The paired difference in deception, as a point with its interval between -1 and 1."""

    def __init__(self) -> None:
        self.source = _source("y", "estimate", "low", "high")
        self.sheet = _sheet(84, x_range=Range1d(start=-1.02, end=1.02), y_range=Range1d(start=-1, end=1))
        self.sheet.yaxis.visible = False
        self.sheet.xaxis.ticker = FixedTicker(ticks=[-1, -0.5, 0, 0.5, 1])
        self.sheet.xaxis.axis_label = "← less deception after pre-training · more →"
        self.sheet.add_layout(Span(location=0, dimension="height", line_color=PALE, line_width=2))
        self.sheet.segment(x0="low", x1="high", y0="y", y1="y", line_width=3, color=INK, source=self.source)
        self.sheet.scatter(
            x="estimate", y="y", size=11, color=COLOURS[Outcome.DECEPTIVE], line_color=INK, source=self.source
        )

    def show(self, tally: Tally) -> None:
        """Draw these counts."""
        gap = tally.difference()
        self.source.data = {"y": [0], "estimate": [gap.estimate], "low": [gap.low], "high": [gap.high]}


class Flow:
    """Ribbons from the outcomes of pre-training, at the left, to those of fine-tuning."""

    def __init__(self) -> None:
        self.ribbons = _source("xs", "ys", "colour")
        self.blocks = _source("left", "right", "top", "bottom", "colour")
        self.labels = {side: _source("x", "y", "label") for side in ("right", "left")}
        self.sheet = _sheet(
            250,
            x_range=Range1d(start=-ROOM, end=1 + ROOM),
            y_range=Range1d(start=1 + GAP * len(LABELS), end=-GAP),
            frame_align=False,  # in a column of charts the others' axes would take the room of its labels
            name="ribbons",
        )
        self.sheet.axis.visible = False
        self.sheet.min_border_right = 0
        self.sheet.patches(xs="xs", ys="ys", fill_color="colour", fill_alpha=0.65, line_color=None, source=self.ribbons)
        self.sheet.quad(
            left="left", right="right", top="top", bottom="bottom",
            fill_color="colour", line_color=INK, line_width=0.6, source=self.blocks,
        )  # fmt: skip
        for side, source in self.labels.items():
            look: Any = {"text_align": side, "text_baseline": "middle", "text_font_size": SIZE, "text_color": INK}
            self.sheet.text(x="x", y="y", text="label", source=source, **look)

    def show(self, tally: Tally) -> None:
        """Draw these counts."""
        shares = tally.flow / tally.runs
        before, after = shares.sum(axis=1), shares.sum(axis=0)
        tops = stacked(before), stacked(after)
        self.ribbons.data = _ribbons(shares, *tops)
        heights, upper = np.concatenate([before, after]), np.concatenate(tops)
        left = np.repeat([-0.06, 1.0], len(LABELS))
        sides = {"left": left, "right": left + 0.06, "top": upper, "bottom": upper + heights, "colour": COLUMNS * 2}
        self.blocks.data = {name: np.array(values)[heights > 0].tolist() for name, values in sides.items()}
        for side, heights, top, x in (("right", before, tops[0], -0.09), ("left", after, tops[1], 1.09)):
            self.labels[side].data = _labels(heights, top, x)


def _ribbons(shares: np.ndarray, left: np.ndarray, right: np.ndarray) -> Any:
    x = np.linspace(0, 1, 30)
    ease, out, into = 3 * x**2 - 2 * x**3, left.copy(), right.copy()
    data: dict[str, list[Any]] = {"xs": [], "ys": [], "colour": []}
    for i, j in zip(*np.nonzero(shares), strict=True):
        top = out[i] + (into[j] - out[i]) * ease
        data["xs"].append([*x, *x[::-1]])
        data["ys"].append([*top, *(top + shares[i, j])[::-1]])
        data["colour"].append(COLUMNS[j])
        out[i] += shares[i, j]
        into[j] += shares[i, j]
    return data


def _labels(heights: np.ndarray, tops: np.ndarray, x: float) -> Any:
    """Return one label per block, kept apart."""
    places, labels, lowest = [], [], -1.0
    for label, height, top in zip(LABELS, heights, tops, strict=True):
        if height > 0:
            lowest = max(top + height / 2, lowest + 0.075)
            places.append(lowest)
            labels.append(f"{label} {percent(height) if height >= 0.0005 else '<0.1 %'}")
    return {"x": [x] * len(places), "y": places, "label": labels}


class Lives:
    """Readings of one run along one stage."""

    def __init__(self, label: str) -> None:
        self.source = _source("step", *CURVES)
        self.sheet = _sheet(220, y_range=Range1d(start=-0.03, end=1.06), x_range=Range1d(start=0, end=1))
        self.sheet.xaxis.axis_label = f"SGD steps of {label}"
        self.sheet.xaxis.ticker.desired_num_ticks = 4  # pyright: ignore[reportAttributeAccessIssue]
        self.sheet.yaxis.ticker = FixedTicker(ticks=[0, 0.5, 1])
        for name, (_, colour, dash) in CURVES.items():
            self.sheet.line("step", name, source=self.source, color=colour, line_dash=dash, line_width=2)

    def show(self, life: Life, stage: int) -> None:
        """Draw one stage of one run."""
        read = life.readings[stage]
        self.source.data = {name: np.asarray(read[name], float) for name in self.source.column_names}
        self.sheet.x_range.update(end=max(1.0, float(read["step"][-1])))
