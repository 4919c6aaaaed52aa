"""Dodges: deception avoided against performance lost, for each way of doing pre-training otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.argument.evaluate_claim import evaluation_of
from feint.scenarios.claims.dodges import AS_IT_IS, CLAIM, DODGES, loss, protocol
from feint.scenarios.gallery.labels import place
from feint.scenarios.gallery.picture import Picture, Settings, limits
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.statistics.intervals import CONFIDENCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRONT, BEHIND = "#d55e00", "#8c8c8c"


def compute(settings: Settings) -> pd.DataFrame:
    """One row a dodge; intervals hold for all dodges at once (Bonferroni)."""
    import pandas as pd

    protocols = [AS_IT_IS, *map(protocol, DODGES)]
    ended = run_paired(settings.point, protocols, range(settings.runs), **settings.common)
    avoided = evaluation_of(CLAIM, ended).intervals
    rows = []
    for name, (words, _) in DODGES.items():
        lost = loss(name).measured(ended, CLAIM.confidence(CONFIDENCE))
        extra = ended[protocol(name)].all_steps.mean() - ended[AS_IT_IS].all_steps.mean()
        told = {**_named("avoided", limits(avoided[name])), **_named("lost", limits(lost)), "extra_steps": float(extra)}
        rows.append({"dodge": name, "words": words, "runs": settings.runs, **told})
    table = pd.DataFrame(rows)
    return table.assign(front=on_front(table["avoided_estimate"].to_numpy(), table["lost_estimate"].to_numpy()))


def _named(name: str, cells: dict[str, float]) -> dict[str, float]:
    return {f"{name}_{each}": value for each, value in cells.items()}


def on_front(avoided: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Which dodges no other one beats: none avoids as much or more for as little or less, and one of both strictly."""
    more, less = avoided[None] >= avoided[:, None], lost[None] <= lost[:, None]
    strictly = (avoided[None] > avoided[:, None]) | (lost[None] < lost[:, None])
    return np.logical_not(np.any(more & less & strictly, axis=1))


def draw(table: pd.DataFrame) -> Figure:
    """Points with intervals both ways, the front in colour and joined by a line."""
    import seaborn as sns
    from matplotlib.figure import Figure

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
    reach = [np.abs(rows[[f"{a}_low", f"{a}_high"]].to_numpy().T - rows[f"{a}_estimate"].to_numpy()) for a in _AXES]
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


_AXES = ("lost", "avoided")

PICTURE = Picture(
    name="dodges",
    title="ways of doing pre-training otherwise: deception avoided against performance lost, with the Pareto front",
    compute=compute,
    draw=draw,
    full={"runs": 10_000},
    quick={"runs": 1000},
)
