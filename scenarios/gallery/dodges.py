"""Figure `dodges`: deception avoided against performance lost, for each variant of pre-training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feint.scenarios.argument.evaluate_claim import evaluation_of
from feint.scenarios.claims.dodges import AS_IT_IS, CLAIM, DODGES, loss, protocol
from feint.scenarios.gallery.labels import place
from feint.scenarios.gallery.picture import Picture, Size, limits
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.training.parameter_point import Point

FRONT, BEHIND = "#d55e00", "#8c8c8c"
AXES = ("lost", "avoided")


def compute(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per dodge; intervals hold for all dodges at once (Bonferroni)."""
    protocols = [AS_IT_IS, *map(protocol, DODGES)]
    ended = run_paired(point, protocols, range(size["runs"]), **keys)
    avoided = evaluation_of(CLAIM, ended).intervals
    rows = []
    for name, (words, _) in DODGES.items():
        lost = loss(name).measured(ended, CLAIM.confidence(CONFIDENCE))
        extra = ended[protocol(name)].all_steps.mean() - ended[AS_IT_IS].all_steps.mean()
        cells = {f"avoided_{end}": value for end, value in limits(avoided[name]).items()}
        cells |= {f"lost_{end}": value for end, value in limits(lost).items()}
        rows.append({"dodge": name, "words": words, "runs": size["runs"], **cells, "extra_steps": float(extra)})
    table = pd.DataFrame(rows)
    return table.assign(front=on_front(table["avoided_estimate"].to_numpy(), table["lost_estimate"].to_numpy()))


def on_front(avoided: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Return which dodges are on the Pareto front: no other avoids more for as little, or as much for less."""
    more, less = avoided[None] >= avoided[:, None], lost[None] <= lost[:, None]
    strictly = (avoided[None] > avoided[:, None]) | (lost[None] < lost[:, None])
    return np.logical_not(np.any(more & less & strictly, axis=1))


def draw(table: pd.DataFrame) -> Figure:
    """Draw points with intervals in both directions, the Pareto front in colour and joined by a line."""
    drawn = Figure(figsize=(PAGE_WIDTH, 3.4), layout="constrained")
    axes = drawn.subplots()
    for front, colour, marker in ((False, BEHIND, "s"), (True, FRONT, "o")):
        _draw_points(axes, table[table["front"] == front], color=colour, marker=marker)
    front = table[table["front"]].sort_values("lost_estimate")
    axes.step(front["lost_estimate"], front["avoided_estimate"], where="post", color=FRONT, linewidth=1, zorder=1)
    axes.axhline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
    axes.axvline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
    axes.set(xlabel="performance lost", ylabel="deception avoided")
    axes.margins(x=0.08, y=0.1)
    axes.set_title(
        f"Dodges, {int(table['runs'].iloc[0]):,} paired runs; intervals hold for all at once\n"
        "circles: the Pareto front of the estimates (more avoided for less lost); squares: behind it"
    )
    sns.despine(fig=drawn)
    points = table[["lost_estimate", "avoided_estimate"]].to_numpy()
    bars = table[["lost_low", "lost_high", "avoided_low", "avoided_high"]].to_numpy()
    place(axes, points, table["dodge"].tolist(), bars)
    return drawn


def _draw_points(axes: Axes, rows: pd.DataFrame, **look: Any) -> None:
    reach = [np.abs(rows[[f"{a}_low", f"{a}_high"]].to_numpy().T - rows[f"{a}_estimate"].to_numpy()) for a in AXES]
    axes.errorbar(
        rows["lost_estimate"],
        rows["avoided_estimate"],
        xerr=reach[0],
        yerr=reach[1],
        fmt="none",
        ecolor=look["color"],
        elinewidth=0.9,
    )
    axes.scatter(
        rows["lost_estimate"], rows["avoided_estimate"], s=22, edgecolor="black", linewidth=0.5, zorder=3, **look
    )


PICTURE = Picture(
    name="dodges",
    title="variants of pre-training: deception avoided against performance lost, with the Pareto front",
    compute=compute,
    draw=draw,
    full={"runs": 10_000},
    quick={"runs": 1000},
)
