"""Figure `cases`: outcomes of runs that begin internally aligned, corrigible or deceptive, by similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from feint.agents.errors import check_whole
from feint.agents.outcome import Outcome
from feint.scenarios.gallery.picture import Picture, Size, limits
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.results.figure_style import COLOURS, HATCHES, PAGE_WIDTH
from feint.sim.statistics.intervals import frequency_interval
from feint.sim.training.parameter_point import Point

STARTS = {"internal": "internally aligned start", "corrigible": "corrigible start", "deceptive": "deceptive start"}
TRAINED = {"both": "both stages", "finetuning": "fine-tuning alone"}
STACKED = (Outcome.DECEPTIVE, Outcome.PROXY, Outcome.CORRIGIBLE, Outcome.INTERNAL, Outcome.UNCONVERGED)
NEAREST = 0.95  # the end of similarity's prior


def protocol(start: str, trained: str, similarity: float) -> TrainingProtocol:
    """Return the training protocol of a case."""
    return (pretrained if trained == "both" else scratch)(start=start, similarity=similarity)


def compute(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per start, training, similarity and outcome."""
    runs, count = size["runs"], check_whole("levels", size["levels"], 2)
    levels = np.round(np.linspace(0, NEAREST, count), 4).tolist()
    cells = [(start, trained, level) for start in STARTS for trained in TRAINED for level in levels]
    ended = run_paired(point, [protocol(*cell) for cell in cells], range(runs), **keys)
    rows = []
    for start, trained, level in cells:
        codes = ended[protocol(start, trained, level)].outcome
        for outcome in STACKED:
            count = int((codes == outcome).sum())
            case = {"start": start, "trained": trained, "similarity": level, "outcome": outcome.label}
            rows.append({**case, "runs": runs, **limits(frequency_interval(count, runs))})
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame) -> Figure:
    """Draw one column per start and one row per training: stacked outcomes, and intervals of deception."""
    drawn = Figure(figsize=(PAGE_WIDTH, 3.9), layout="constrained")
    panels = drawn.subplots(len(TRAINED), len(STARTS), sharex=True, sharey=True)
    for i, trained in enumerate(TRAINED):
        for k, start in enumerate(STARTS):
            _draw_panel(panels[i, k], table[(table["start"] == start) & (table["trained"] == trained)])
        panels[i, 0].set_ylabel(f"{TRAINED[trained]}:\nshare of runs")
    for k, start in enumerate(STARTS):
        panels[0, k].set_title(STARTS[start])
        panels[-1, k].set_xlabel("similarity of the objectives")
    patches = [Patch(**_face(outcome), label=outcome.label) for outcome in STACKED]
    drawn.legend(handles=patches, loc="outside lower center", ncols=len(patches), frameon=False)
    drawn.suptitle(f"{int(table['runs'].iloc[0]):,} runs a point; bars: 95 % intervals of deception", fontsize=8)
    sns.despine(fig=drawn)
    return drawn


def _draw_panel(axes: Axes, rows: pd.DataFrame) -> None:
    shares = rows.pivot(index="outcome", columns="similarity", values="estimate")
    x, below = np.asarray(shares.columns, float), np.zeros(shares.shape[1])
    for outcome in STACKED:
        above = below + shares.loc[outcome.label].to_numpy()
        axes.fill_between(x, below, above, **_face(outcome))
        below = above
    seen = rows[rows["outcome"] == Outcome.DECEPTIVE.label]
    reach = np.abs(seen[["low", "high"]].to_numpy().T - seen["estimate"].to_numpy())
    axes.errorbar(
        seen["similarity"], seen["estimate"], yerr=reach, color="black", marker=".", markersize=3, capsize=1.5
    )
    axes.set(xlim=(-0.01, NEAREST + 0.01), ylim=(-0.01, 1.01), xticks=(0, 0.25, 0.5, 0.75), yticks=(0, 0.5, 1))


def _face(outcome: Outcome) -> dict[str, Any]:
    return {"facecolor": COLOURS[outcome], "hatch": HATCHES[outcome], "edgecolor": "#222222", "linewidth": 0.4}


PICTURE = Picture(
    name="cases",
    title="outcomes from an internally aligned, a corrigible and a deceptive start, by similarity of the objectives",
    compute=compute,
    draw=draw,
    full={"runs": 2000, "levels": 20},
    quick={"runs": 500, "levels": 6},
)
