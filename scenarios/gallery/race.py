"""Figure `race`: how far runs follow the objective that they point at, and the instrumental gate, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feint.agents.errors import check_whole
from feint.agents.outcome import Outcome
from feint.scenarios.gallery.picture import Picture, Size
from feint.sim.ensembles.paired_runs import read_checkpoints
from feint.sim.ensembles.protocols import ARM_NAMES, TrainingProtocol
from feint.sim.results.figure_style import COLOURS, PAGE_WIDTH
from feint.sim.training.parameter_point import Point

READINGS = {  # label, colour, line style
    "following": ("pointer  (1 − β) π", COLOURS[Outcome.CORRIGIBLE], "--"),
    "instrumental": ("gate  ψ", COLOURS[Outcome.DECEPTIVE], "-"),
}
QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
TRAINING = "training"  # the row with the share of the runs that have not stopped
DECADES = (0, 1, 10, 100, 1000, 10_000, 100_000)


def compute(point: Point, size: Size, *, seed: int, precision: str, threads: int | None) -> pd.DataFrame:
    """Return one row per arm, step and reading: quantiles over the runs."""
    runs, count = size["runs"], check_whole("steps", size["steps"], 2)
    most = point.curriculum[-1].steps
    at = np.unique(np.round(np.geomspace(1, most + 1, count)).astype(int) - 1).tolist()
    rows = []
    for arm in ARM_NAMES:
        spec = TrainingProtocol(arm).spec(point, seed=seed, precision=precision)
        checkpoints = read_checkpoints(spec, range(runs), at, threads=threads)
        for i, step in enumerate(at):
            place = {"arm": arm, "step": step, "runs": runs}
            for name in READINGS:
                values = np.nanquantile(getattr(checkpoints.readings, name)[i], list(QUANTILES.values()))
                rows.append({**place, "reading": name, **dict(zip(QUANTILES, values.tolist(), strict=True))})
            rows.append({**place, "reading": TRAINING, "median": float(checkpoints.running[i].mean())})
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame) -> Figure:
    """Draw one panel per arm: medians and bands, and the share of the runs that are still in training."""
    drawn = Figure(figsize=(PAGE_WIDTH, 2.9), layout="constrained")
    panels = drawn.subplots(1, len(ARM_NAMES), sharex=True, sharey=True)
    for panel, (arm, words) in zip(panels, ARM_NAMES.items(), strict=True):
        _draw_arm(panel, table[table["arm"] == arm])
        panel.set(title=words, xlabel="SGD step of fine-tuning", xscale="log", ylim=(-0.02, 1.02))
    ticks = [tick for tick in DECADES if tick <= table["step"].max()]
    panels[0].set_xticks([tick + 1 for tick in ticks], [f"{tick:,}" for tick in ticks])
    panels[0].minorticks_off()
    panels[0].set_ylabel("median over runs, with bands")
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    sns.despine(fig=drawn)
    return drawn


def _draw_arm(axes: Axes, rows: pd.DataFrame) -> None:
    for name, (words, colour, line) in READINGS.items():
        seen = rows[rows["reading"] == name]
        x = seen["step"] + 1
        axes.fill_between(x, seen["q05"], seen["q95"], color=colour, alpha=0.12, linewidth=0)
        axes.fill_between(x, seen["q25"], seen["q75"], color=colour, alpha=0.28, linewidth=0)
        axes.plot(x, seen["median"], line, color=colour, linewidth=1.6, label=words)
    still = rows[rows["reading"] == TRAINING]
    axes.plot(still["step"] + 1, still["median"], ":", color="black", linewidth=1.0, label="share still in training")
    for alpha, words in ((0.28, "half of the runs"), (0.12, "nine tenths")):
        axes.fill_between([], [], [], color="#444444", alpha=alpha, linewidth=0, label=words)


PICTURE = Picture(
    name="race",
    title="the instrumental gate against the pointer along fine-tuning: median and bands over runs",
    compute=compute,
    draw=draw,
    full={"runs": 4000, "steps": 80},
    quick={"runs": 500, "steps": 40},
)
