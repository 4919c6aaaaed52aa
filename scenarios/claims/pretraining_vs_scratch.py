"""Headline: does pre-training + fine-tuning favour deception?

Claim (Xu, "Pre-Training + Fine-Tuning Favors Deception", 2021, second and last paragraph). With the capability of the
resulting model held constant, training on Y and then fine-tuning on X ends in deceptive alignment more often than
training on X directly.

Experiment. `compare`: both ways of training from the same starts and on the same fine-tuning noise, each stopped as
soon as its performance reaches the target.

Against it would count a paired difference in deception whose interval ends at or below zero; one that holds zero
decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import difference
from feint.sim.ensembles.comparison import Comparison
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, pretrained, scratch
from feint.sim.results.figure_style import COLOURS, PAGE_WIDTH, STYLE, face
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CLAIM = Claim(
    number=1,
    name="headline",
    title="Pre-training + fine-tuning favours deception",
    source=XU_2021,
    section="second and last paragraph",
    statement="With the capability of the resulting model held constant, pre-training + fine-tuning ends in deceptive "
    "alignment more often than training from scratch.",
    parts=(
        Part(
            name="difference",
            estimand=difference("deception, pre-training + fine-tuning minus from scratch", pretrained(), scratch()),
            rule=rises(),
        ),
    ),
)

ARM_COLOURS = {FROM_SCRATCH: "#d9d9d9", PRETRAIN_FINETUNE: "#7f7f7f"}
GAP = 0.03  # white space between the blocks of a flow, in shares of the runs
BLOCK = 0.06  # width of a block
LINE = 0.055  # height of a line of text


def figure(comparison: Comparison) -> Figure:
    """Outcome frequencies of both arms with their intervals, and the flow from the first stage to the last."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, 3.1), layout="constrained")
        bars, flow = drawn.subplots(1, 2, width_ratios=(1.15, 1))
        draw_frequencies(bars, comparison)
        draw_flow(flow, comparison)
        sns.despine(ax=bars)
    return drawn


def draw_frequencies(axes: Axes, comparison: Comparison) -> None:
    """Bars: the share of runs that ended as each type, by arm, with intervals."""
    draw_shares(axes, shares(comparison), comparison.runs, comparison.difference())


def shares(comparison: Comparison) -> pd.DataFrame:
    """One row an arm and outcome: the share of runs that ended so, with its limits."""
    import pandas as pd

    rows = []
    for arm in comparison.arms:
        for outcome in Outcome:
            interval = comparison.frequency(arm, outcome)
            rows.append((outcome.label, arm, interval.estimate, interval.low, interval.high))
    return pd.DataFrame(rows, columns=["outcome", "arm", "estimate", "low", "high"])


def draw_shares(axes: Axes, table: pd.DataFrame, runs: int, difference: Interval) -> None:
    """Bars of a table as `shares` gives it."""
    import seaborn as sns

    table = table.assign(arm=table["arm"].map(ARM_NAMES))
    palette = {ARM_NAMES[arm]: colour for arm, colour in ARM_COLOURS.items()}
    sns.barplot(table, y="outcome", x="estimate", hue="arm", palette=palette, ax=axes, saturation=1, errorbar=None)
    for bars, (_, arm) in zip(list(axes.containers), table.groupby("arm", sort=False), strict=True):
        middle = [bar.get_y() + bar.get_height() / 2 for bar in bars]
        reach = np.abs(arm[["low", "high"]].to_numpy().T - arm["estimate"].to_numpy())
        axes.errorbar(arm["estimate"], middle, xerr=reach, fmt="none", ecolor="black", elinewidth=0.9, capsize=2)
    axes.set(ylabel="", xlabel=f"share of {runs:,} runs", xlim=(0, 1))
    axes.tick_params(axis="y", length=0)
    axes.set_title(
        f"Deception, paired difference {difference.estimate:+.3f}\n"
        f"{100 * difference.confidence:g} % interval {difference.low:+.3f} to {difference.high:+.3f}"
    )
    axes.legend(title=None, frameon=False, loc="upper center", bbox_to_anchor=(0.4, -0.2), ncols=2)


def draw_flow(axes: Axes, comparison: Comparison) -> None:
    """Ribbons: from the outcome of the first stage, at the left, to the final one."""
    before, *_, after = comparison.pretrained.curriculum.names
    draw_ribbons(axes, comparison.flow() / comparison.runs, (before, after))


def draw_ribbons(axes: Axes, shares: np.ndarray, stages: tuple[str, str]) -> None:
    """Ribbons of shares of the runs, by outcome before and after (outcomes, outcomes)."""
    left, right = _stack(shares.sum(axis=1)), _stack(shares.sum(axis=0))
    out, into = left.copy(), right.copy()
    for i in range(len(Outcome)):
        for j, after in enumerate(Outcome):
            if shares[i, j] > 0:
                _ribbon(axes, out[i], into[j], shares[i, j], after)
                out[i] += shares[i, j]
                into[j] += shares[i, j]
    _column(axes, -BLOCK, left, shares.sum(axis=1), "right")
    _column(axes, 1.0, right, shares.sum(axis=0), "left")
    axes.set(xlim=(-0.55, 1.55), ylim=(1 + GAP * len(LABELS), -GAP), xticks=(0, 1), xticklabels=stages, yticks=())
    axes.set_title("Where the pre-trained runs went,\noutcome by outcome")
    axes.tick_params(axis="x", length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _stack(heights: np.ndarray) -> np.ndarray:
    """Upper edges of blocks laid one under the other; an empty one takes no room."""
    taken = heights + np.where(heights > 0, GAP, 0.0)
    return np.concatenate([[0.0], np.cumsum(taken)[:-1]])


def _ribbon(axes: Axes, top_left: float, top_right: float, height: float, outcome: Outcome) -> None:
    x = np.linspace(0, 1, 50)
    top = top_left + (top_right - top_left) * (3 * x**2 - 2 * x**3)
    axes.fill_between(x, top, top + height, color=COLOURS[outcome], alpha=0.65, linewidth=0)


def _column(axes: Axes, x: float, tops: np.ndarray, heights: np.ndarray, side: str) -> None:
    """A column of blocks with a label each, labels kept apart."""
    lowest = -1.0
    for outcome, top, height in zip(Outcome, tops, heights, strict=True):
        if height == 0:
            continue
        axes.bar(x, height, BLOCK, bottom=top, align="edge", **face(outcome))
        lowest = max(top + height / 2, lowest + LINE)
        at = x - 0.03 if side == "right" else x + BLOCK + 0.03
        axes.text(at, lowest, f"{outcome.label} {_percent(height)}", ha=side, va="center", fontsize=7.5)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
