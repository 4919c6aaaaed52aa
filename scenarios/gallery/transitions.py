"""Transitions: from the outcome of pre-training to the outcome of fine-tuning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.agents.outcome import LABELS
from feint.scenarios.claims.pretraining_vs_scratch import draw_ribbons
from feint.scenarios.gallery.headline import compared
from feint.scenarios.gallery.picture import Picture, Settings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

STAGES = ("pretraining", "finetuning")
EDGES = (-0.78, 1.72)  # of the axes, between which labels have room in a column


def compute(settings: Settings) -> pd.DataFrame:
    """One row a pair of outcomes: how many runs went from the one to the other."""
    import pandas as pd

    counts = compared(settings).flow()
    rows = [(before, after, counts[i, j]) for i, before in enumerate(LABELS) for j, after in enumerate(LABELS)]
    return pd.DataFrame(rows, columns=[*STAGES, "runs"])


def draw(table: pd.DataFrame) -> Figure:
    """Ribbons from left to right."""
    from matplotlib.figure import Figure

    from feint.sim.analysis.phase_diagrams import COLUMN_WIDTH

    counts = table.pivot(index=STAGES[0], columns=STAGES[1], values="runs").loc[list(LABELS), list(LABELS)]
    drawn = Figure(figsize=(COLUMN_WIDTH, 2.8), layout="constrained")
    axes = drawn.subplots()
    draw_ribbons(axes, np.asarray(counts) / int(table["runs"].sum()), STAGES)
    axes.set_xlim(*EDGES)
    return drawn


PICTURE = Picture(
    name="transitions",
    title="where pre-trained runs went in fine-tuning, outcome by outcome",
    compute=compute,
    draw=draw,
    full={"runs": 10_000},
    quick={"runs": 1000},
)
