"""Figure `phases`: the most frequent outcome, and the sign of the difference, over two parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from feint.agents.errors import check_whole
from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.gallery.picture import Picture, Size
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.phase_diagrams import phase_diagram
from feint.sim.analysis.response_surface import DIFFERENCE, Layer, Response, counted
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.sweeps.study import Study
from feint.sim.training.parameter_point import Point

X, Y = "similarity", "plasticity_gate"
ARMS = (FROM_SCRATCH, PRETRAIN_FINETUNE)


def compute(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per grid point: runs of each arm that ended as each type, and as deceptive in one arm only."""
    count = check_whole("levels", size["levels"], 2)
    cells = [(x, y) for x in _rounded(np.linspace(0, 0.95, count)) for y in _rounded(np.geomspace(0.2, 20, count))]
    protocols = {(cell, arm): TrainingProtocol(arm, ((X, cell[0]), (Y, cell[1]))) for cell in cells for arm in ARMS}
    ended = run_paired(point, protocols.values(), range(size["runs"]), **keys)
    return pd.DataFrame([_row(cell, *(ended[protocols[cell, arm]] for arm in ARMS)) for cell in cells])


def _rounded(levels: np.ndarray) -> list[float]:
    return [float(f"{level:.6g}") for level in levels]


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
    """Draw a map of each arm's most frequent outcome, and one of the difference with its sign."""
    levels = {name: sorted(set(table[name].tolist())) for name in (X, Y)}
    study = Study(vary=levels, runs=int(table["runs"].iloc[0]))
    phases = [Layer(responses=tuple(_response(study, table, arm, label) for label in LABELS)) for arm in ARMS]
    layers = [*phases, Layer(responses=(_response(study, table, DIFFERENCE),))]
    return phase_diagram(layers, (X, Y)).figure()


def _response(study: Study, table: pd.DataFrame, of: str, outcome: str = DECEPTIVE) -> Response:
    """Return the response that a sweep of the grid would give."""
    names = ("gained", "lost") if of == DIFFERENCE else (f"{of}_{outcome}",)
    gained, *lost = (table[name].to_numpy() for name in names)
    return counted(study, table[[X, Y]], gained, *lost, runs=table["runs"].to_numpy(), of=of, outcome=outcome)


PICTURE = Picture(
    name="phases",
    title="the most frequent outcome of each training protocol, and the sign of the difference in deception, over "
    "similarity and the plasticity of the gate",
    compute=compute,
    draw=draw,
    full={"runs": 400, "levels": 14},
    quick={"runs": 100, "levels": 8},
)
