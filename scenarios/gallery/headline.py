"""Figures `headline` and `transitions`: how each protocol ends, and where pre-trained runs went in fine-tuning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from feint.agents.outcome import LABELS
from feint.scenarios.gallery.picture import Picture, Size, interval_of, limits, rows_of
from feint.sim.ensembles.comparison import CompareRequest, Comparison, draw_ribbons, draw_shares
from feint.sim.ensembles.protocols import PRETRAIN_FINETUNE
from feint.sim.results.figure_style import COLUMN_WIDTH
from feint.sim.training.parameter_point import Point

DIFFERENCE = "difference"  # in place of an arm
STAGES = ("pretraining", "finetuning")
EDGES = (-0.78, 1.72)  # of the axes, between which labels have room in a column


def _comparison(point: Point, size: Size, *, seed: int, precision: str, threads: int | None) -> Comparison:
    """Compare both protocols at a point."""
    return CompareRequest(point=point, runs=size["runs"], seed=seed, precision=precision).run(threads=threads)


def compute_headline(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per arm and outcome, and one for the difference."""
    comparison = _comparison(point, size, **keys)
    last = {"arm": DIFFERENCE, "outcome": "deceptive", **limits(comparison.difference())}
    return pd.concat([comparison.shares(), pd.DataFrame([last])], ignore_index=True).assign(runs=size["runs"])


def draw_headline(table: pd.DataFrame) -> Figure:
    """Draw bars with intervals."""
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


def compute_transitions(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per pair of outcomes: how many runs went from one to the other."""
    counts = _comparison(point, size, **keys).flow()
    rows = [(before, after, counts[i, j]) for i, before in enumerate(LABELS) for j, after in enumerate(LABELS)]
    return pd.DataFrame(rows, columns=[*STAGES, "runs"])


def draw_transitions(table: pd.DataFrame) -> Figure:
    """Draw ribbons from left to right."""
    counts = table.pivot(index=STAGES[0], columns=STAGES[1], values="runs").loc[list(LABELS), list(LABELS)]
    drawn = Figure(figsize=(COLUMN_WIDTH, 2.8), layout="constrained")
    axes = drawn.subplots()
    draw_ribbons(axes, np.asarray(counts) / int(table["runs"].sum()), STAGES)
    axes.set_xlim(*EDGES)
    return drawn


HEADLINE = Picture(
    name="headline",
    title=f"how often each training protocol ends as each type; deception, {PRETRAIN_FINETUNE} minus from_scratch",
    compute=compute_headline,
    draw=draw_headline,
    full={"runs": 10_000},
    quick={"runs": 1000},
)
TRANSITIONS = Picture(
    name="transitions",
    title="where pre-trained runs went in fine-tuning, outcome by outcome",
    compute=compute_transitions,
    draw=draw_transitions,
    full={"runs": 10_000},
    quick={"runs": 1000},
)
