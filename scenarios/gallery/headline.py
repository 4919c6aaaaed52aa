"""Headline: how often each way of training ends as each type, and the paired difference in deception."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feint.scenarios.claims.pretraining_vs_scratch import draw_shares, shares
from feint.scenarios.gallery.picture import Picture, Settings, interval_of, limits, rows_of
from feint.sim.ensembles.comparison import Comparison, compare
from feint.sim.ensembles.protocols import PRETRAIN_FINETUNE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DIFFERENCE = "difference"  # stands in place of an arm


def compared(settings: Settings) -> Comparison:
    """Both ways of training at the point."""
    point = settings.point
    keys = {"start": point.start, "match": point.match, **settings.common}
    return compare(point.curriculum, model=point.model, runs=settings.runs, **keys)


def compute(settings: Settings) -> pd.DataFrame:
    """One row an arm and outcome, and one for the difference."""
    import pandas as pd

    found = compared(settings)
    last = {"arm": DIFFERENCE, "outcome": "deceptive", **limits(found.difference())}
    return pd.concat([shares(found), pd.DataFrame([last])], ignore_index=True).assign(runs=settings.runs)


def draw(table: pd.DataFrame) -> Figure:
    """Bars with intervals."""
    import seaborn as sns
    from matplotlib.figure import Figure

    from feint.sim.analysis.phase_diagrams import COLUMN_WIDTH

    is_difference = table["arm"] == DIFFERENCE
    drawn = Figure(figsize=(COLUMN_WIDTH, 2.9), layout="constrained")
    axes = drawn.subplots()
    difference = interval_of(rows_of(table[is_difference])[0])
    draw_shares(axes, table[~is_difference], int(table["runs"].iloc[0]), difference)
    handles, labels = axes.get_legend_handles_labels()
    if legend := axes.get_legend():
        legend.remove()
    drawn.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    sns.despine(fig=drawn)
    return drawn


PICTURE = Picture(
    name="headline",
    title=f"how often each way of training ends as each type; deception, {PRETRAIN_FINETUNE} minus from_scratch",
    compute=compute,
    draw=draw,
    full={"runs": 10_000},
    quick={"runs": 1000},
)
