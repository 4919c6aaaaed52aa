"""The phase diagram: which outcome is the most frequent, and the sign of the difference, over two parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.gallery.picture import Picture, Settings, check_size
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.response_surface import DIFFERENCE, Response, counted
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from feint.sim.sweeps.study import Study

X, Y = "similarity", "plasticity_gate"
ARMS = (FROM_SCRATCH, PRETRAIN_FINETUNE)


def compute(settings: Settings) -> pd.DataFrame:
    """One row a point of the grid: how many runs of each arm ended as each type, and in one arm alone in deception."""
    import pandas as pd

    check_size("levels", settings.size["levels"], 2)
    cells = [(x, y) for x in _levels(0, 0.95, settings) for y in _levels(0.2, 20, settings, log=True)]
    protocols = {(cell, arm): TrainingProtocol(arm, ((X, cell[0]), (Y, cell[1]))) for cell in cells for arm in ARMS}
    ended = run_paired(settings.point, protocols.values(), range(settings.runs), **settings.common)
    return pd.DataFrame([_row(cell, *(ended[protocols[cell, arm]] for arm in ARMS)) for cell in cells])


def _levels(low: float, high: float, settings: Settings, *, log: bool = False) -> list[float]:
    """Levels over a prior."""
    space: Any = np.geomspace if log else np.linspace
    return [float(f"{level:.6g}") for level in space(low, high, settings.size["levels"])]


def _row(cell: tuple[float, float], scratch: RunOutcomes, pretrained: RunOutcomes) -> dict[str, Any]:
    with_it, without = (ended.outcome == Outcome.DECEPTIVE for ended in (pretrained, scratch))
    counts = {
        f"{arm}_{label}": int((ended.outcome == code).sum())
        for arm, ended in zip(ARMS, (scratch, pretrained), strict=True)
        for code, label in enumerate(LABELS)
    }
    alone = {"gained": int((with_it & ~without).sum()), "lost": int((without & ~with_it).sum())}
    return {X: cell[0], Y: cell[1], "runs": len(scratch), **counts, **alone}


def draw(table: pd.DataFrame) -> Figure:
    """A map of each arm's most frequent outcome, and one of the difference with its sign."""
    from feint.sim.analysis.grid_slices import section
    from feint.sim.analysis.phase_diagrams import figure
    from feint.sim.analysis.plotted_responses import Layer
    from feint.sim.sweeps.study import Study

    levels = {name: sorted(set(table[name].tolist())) for name in (X, Y)}
    study = Study(vary=levels, runs=int(table["runs"].iloc[0]))
    phases = [Layer(responses=tuple(_response(study, table, arm, label) for label in LABELS)) for arm in ARMS]
    return figure(section([*phases, Layer(responses=(_response(study, table, DIFFERENCE),))], (X, Y)))


def _response(study: Study, table: pd.DataFrame, of: str, outcome: str = DECEPTIVE) -> Response:
    """What a sweep of the grid would give."""
    names = ("gained", "lost") if of == DIFFERENCE else (f"{of}_{outcome}",)
    gained, *lost = (table[name].to_numpy() for name in names)
    return counted(study, table[[X, Y]], gained, *lost, runs=table["runs"].to_numpy(), of=of, outcome=outcome)


PICTURE = Picture(
    name="phases",
    title="the most frequent outcome of each way of training, and the sign of the difference in deception, over "
    "similarity and the plasticity of the gate",
    compute=compute,
    draw=draw,
    full={"runs": 400, "levels": 14},
    quick={"runs": 100, "levels": 8},
)
