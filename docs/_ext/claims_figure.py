"""Draws a claim: each part's interval on its declared rule, and the shares of the prior in which the claim holds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from feint.sim.analysis.claims import HOLDS, KINDS, NEITHER, REVERSED, Part
from feint.sim.results.figure_style import PAGE_WIDTH, canvas
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {HOLDS: "#56b4e9", REVERSED: "#d55e00", NEITHER: "#e8e8e8"}
FADED = 0.35  # of the ranges behind an interval
WORDS = 44  # characters per line of an estimand's words


def figure(parts: Sequence[tuple[Part, Interval]], prior: Mapping[str, Any]) -> Figure:
    """Draw one row per part, and below them a bar of shares of the prior."""
    import seaborn as sns

    with canvas((PAGE_WIDTH, 0.52 * len(parts) + 1.1)) as drawn:
        panels = drawn.subplots(len(parts) + 1, 1, height_ratios=[1.0] * len(parts) + [1.2], squeeze=False)[:, 0]
        for panel, (part, interval) in zip(panels, parts, strict=False):
            draw_part(panel, part, interval)
        draw_prior(panels[-1], prior)
        for panel in panels:
            sns.despine(ax=panel, left=True)
    return drawn


def draw_part(axes: Axes, part: Part, interval: Interval) -> None:
    """Draw an interval in front of the ranges that count for and against the claim."""
    ends = [end for limits in (*part.rule.holds, *part.rule.reverses) for end in limits if abs(end) < float("inf")]
    low, high = min(interval.low, *ends, 0), max(interval.high, *ends, 0)
    room = 0.08 * (high - low or 1)
    axes.set(xlim=(low - room, high + room), ylim=(-1, 1))
    for kind, ranges in ((REVERSED, part.rule.reverses), (HOLDS, part.rule.holds)):
        for a, b in ranges:
            axes.axvspan(max(a, low - room), min(b, high + room), color=COLOURS[kind], alpha=FADED, linewidth=0)
    reach = [[interval.estimate - interval.low], [interval.high - interval.estimate]]
    axes.errorbar([interval.estimate], [0], xerr=reach, fmt="o", color="black", markersize=3, capsize=2, linewidth=1)
    words = part.estimand.words + ("" if part.tested else " (shown)")
    axes.set_yticks([0], [textwrap.fill(words, WORDS)])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=6.5, pad=1)


def draw_prior(axes: Axes, prior: Mapping[str, Any]) -> None:
    """Draw the shares of the prior as one bar, with the interval of the share that holds."""
    left = 0.0
    for kind in KINDS:
        share = prior[kind]["estimate"]
        hatch = "///" if kind == REVERSED else ""
        axes.barh(
            [0], [share], left=left, color=COLOURS[kind], hatch=hatch, edgecolor="#222222", linewidth=0.5, label=kind
        )
        left += share
    holds = prior[HOLDS]
    axes.errorbar(
        [holds["estimate"]],
        [0],
        xerr=[[holds["estimate"] - holds["low"]], [holds["high"] - holds["estimate"]]],
        fmt="none",
        ecolor="black",
        elinewidth=0.9,
        capsize=2,
    )
    axes.set(xlim=(0, 1), ylim=(-0.6, 0.6))
    axes.set_yticks([0], ["share of the prior"])
    axes.tick_params(axis="y", length=0)
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.5))
